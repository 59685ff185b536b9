//! What has to be said of data wherever they go: their licence, whom to name, what they are, what to cite. It comes
//! with the source and goes through every artifact to every export. What is not known is left out, never guessed, and
//! shown as [`NOT_STATED`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::config::Fault;
use crate::source::Provider;

/// What stands where something is shown that nobody has said.
pub const NOT_STATED: &str = "not stated";

/// The keys of the metadata of a table.
const LICENCE: &str = "licence";
const ATTRIBUTION: &str = "attribution";
const SOURCE: &str = "source";
const REFERENCES: &str = "references";

/// The licence of ERA5 since 2025-07-02, and of what Open-Meteo delivers.
const CC_BY: &str = "CC-BY-4.0";
const ERA5_REFERENCE: &str = "Hersbach, H. et al. (2023): ERA5 hourly data on single levels from 1940 to present. \
                              Copernicus Climate Change Service (C3S) Climate Data Store, \
                              https://doi.org/10.24381/cds.adbb2d47";

/// Licences that data come under, by their SPDX identifier, with the page of their text.
const KNOWN: [(&str, &str); 12] = [
    ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("CC-BY-3.0", "https://creativecommons.org/licenses/by/3.0/"),
    ("CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    ("CC-BY-NC-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
    ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
    ("CC-BY-ND-4.0", "https://creativecommons.org/licenses/by-nd/4.0/"),
    ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("ODC-By-1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    ("ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ("PDDL-1.0", "https://opendatacommons.org/licenses/pddl/1-0/"),
    ("OGL-UK-3.0", "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"),
    ("NLOD-2.0", "https://data.norge.no/nlod/en/2.0"),
];

/// What is to be said of data; each entry is one line, and entries that say the same are one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credit {
    /// SPDX identifiers, addresses, or what the source says.
    pub licences: BTreeSet<String>,
    /// Sentences that the licences ask for.
    pub attributions: BTreeSet<String>,
    /// What the data are and who made them.
    pub sources: BTreeSet<String>,
    /// What to cite.
    pub references: BTreeSet<String>,
}

impl Credit {
    /// That of downloaded data whose last hour lies in that year: a stage has no clock, so the year of the download
    /// cannot be named.
    pub fn of_provider(provider: &Provider, year: i16) -> Credit {
        let era5 = format!(
            "Contains modified Copernicus Climate Change Service information {year}. Neither the European Commission nor \
             ECMWF is responsible for any use that may be made of the Copernicus information or data it contains."
        );
        let (attributions, source) = match provider {
            Provider::Cds { .. } => (vec![era5], "ERA5 hourly data of ECMWF from the Climate Data Store"),
            Provider::OpenMeteo { .. } => (
                vec![era5, "Weather data by Open-Meteo.com (https://open-meteo.com/).".to_string()],
                "ERA5 hourly data of ECMWF from Open-Meteo.com, in its steps of rounding and adjusted to the place's \
                 elevation: not bit-equal to the Climate Data Store's",
            ),
        };
        Credit {
            licences: set([CC_BY]),
            attributions: attributions.into_iter().collect(),
            sources: set([source]),
            references: set([ERA5_REFERENCE]),
        }
    }

    /// That of data of which only is known what they are.
    pub fn of_source(source: &str) -> Credit {
        Credit { sources: set([source]), ..Credit::default() }
    }

    pub fn is_empty(&self) -> bool {
        self == &Credit::default()
    }

    /// What holds for data that are made of these and of others.
    #[must_use]
    pub fn and(mut self, other: Credit) -> Credit {
        self.licences.extend(other.licences);
        self.attributions.extend(other.attributions);
        self.sources.extend(other.sources);
        self.references.extend(other.references);
        self
    }

    /// With the licence and the attribution that the user states, in place of those found.
    #[must_use]
    pub fn stated(mut self, licence: Option<&str>, attribution: Option<&str>) -> Credit {
        if let Some(licence) = licence {
            self.licences = set([licence]);
        }
        if let Some(attribution) = attribution {
            self.attributions = set([attribution]);
        }
        self
    }

    /// As metadata of a table: several entries on a line each.
    pub fn metadata(&self) -> impl Iterator<Item = (String, String)> {
        let entries = [
            (LICENCE, &self.licences),
            (ATTRIBUTION, &self.attributions),
            (SOURCE, &self.sources),
            (REFERENCES, &self.references),
        ];
        entries.into_iter().filter_map(|(key, entries)| Some((key.to_string(), joined(entries, "\n")?)))
    }

    /// The inverse of [`Credit::metadata`].
    pub fn from_metadata(metadata: &BTreeMap<String, String>) -> Credit {
        let entries = |key: &str| {
            let lines = metadata.get(key).map(|text| text.lines()).into_iter().flatten();
            lines.filter_map(one_line).collect()
        };
        Credit {
            licences: entries(LICENCE),
            attributions: entries(ATTRIBUTION),
            sources: entries(SOURCE),
            references: entries(REFERENCES),
        }
    }

    /// All licences in one line; `None` where none is stated, as for the ones below.
    pub fn licence(&self) -> Option<String> {
        joined(&self.licences, "; ")
    }

    /// All attributions, sentence after sentence.
    pub fn attribution(&self) -> Option<String> {
        joined(&self.attributions, " ")
    }

    /// What the data are, in one line.
    pub fn source(&self) -> Option<String> {
        joined(&self.sources, "; ")
    }

    /// All that is to be cited, in one line.
    pub fn references_line(&self) -> Option<String> {
        joined(&self.references, "; ")
    }
}

/// The page of a licence's text: its address if it is one, or that of a known licence however it is written (`CC BY
/// 4.0`).
pub fn licence_url(licence: &str) -> Option<&str> {
    if licence.starts_with("https://") || licence.starts_with("http://") {
        return Some(licence);
    }
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    KNOWN.iter().find(|(id, _)| plain(id) == plain(licence)).map(|(_, url)| *url)
}

/// A text with its runs of space as one space each and without control characters; `None` where nothing is left.
pub fn one_line(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// A licence or an attribution as the user states it.
///
/// # Errors
/// When it is empty or has several lines.
pub fn checked(key: &str, text: String) -> Result<String, Fault> {
    let wanted = "one line of text, or no such key";
    if text.trim().is_empty() {
        return Err(Fault::value(key, "empty", wanted));
    }
    if text.contains(|c: char| c.is_control()) {
        return Err(Fault::value(key, format!("{text:?}"), wanted));
    }
    Ok(text.trim().to_string())
}

fn joined(entries: &BTreeSet<String>, between: &str) -> Option<String> {
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    (!entries.is_empty()).then(|| entries.join(between))
}

fn set<const N: usize>(entries: [&str; N]) -> BTreeSet<String> {
    entries.into_iter().map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Dataset, FileFormat};

    fn cds() -> Credit {
        let provider = Provider::Cds { dataset: Dataset::Gridded, format: FileFormat::Netcdf };
        Credit::of_provider(&provider, 2019)
    }

    #[test]
    fn what_is_said_of_the_store_is_what_its_licence_asks_for() {
        let credit = cds();
        assert_eq!(credit.licence().as_deref(), Some("CC-BY-4.0"));
        assert_eq!(
            credit.attribution().unwrap(),
            "Contains modified Copernicus Climate Change Service information 2019. Neither the European Commission nor \
             ECMWF is responsible for any use that may be made of the Copernicus information or data it contains."
        );
        assert!(credit.references_line().unwrap().ends_with("https://doi.org/10.24381/cds.adbb2d47"));
        let open_meteo = Credit::of_provider(&Provider::OpenMeteo { url: None }, 2019);
        let attribution = open_meteo.attribution().unwrap();
        assert!(attribution.ends_with("contains. Weather data by Open-Meteo.com (https://open-meteo.com/)."));
        assert!(open_meteo.source().unwrap().contains("not bit-equal"));
    }

    #[test]
    fn two_of_the_same_are_one_and_others_stand_side_by_side() {
        assert_eq!(cds().and(cds()), cds());
        let other = Credit { licences: set(["CC0-1.0"]), ..Credit::of_source("a station") };
        let both = other.and(cds());
        assert_eq!(both.licence().unwrap(), "CC-BY-4.0; CC0-1.0");
        assert_eq!(
            both.source().unwrap(),
            "ERA5 hourly data of ECMWF from the Climate Data Store; a station"
        );
        let metadata: BTreeMap<String, String> = both.metadata().collect();
        assert_eq!(metadata["licence"], "CC-BY-4.0\nCC0-1.0");
        assert_eq!(Credit::from_metadata(&metadata), both);
        assert!(Credit::from_metadata(&BTreeMap::new()).is_empty());
        assert_eq!(Credit::default().metadata().count(), 0);
    }

    #[test]
    fn what_the_user_states_takes_the_place_of_what_was_found() {
        let stated = cds().stated(Some("CC0-1.0"), None);
        assert_eq!(stated.licence().as_deref(), Some("CC0-1.0"));
        assert_eq!(stated.attributions, cds().attributions);
        assert_eq!(cds().stated(None, Some("By me.")).attribution().as_deref(), Some("By me."));
    }

    #[test]
    fn a_licence_is_known_however_it_is_written() {
        for text in ["CC-BY-4.0", "CC BY 4.0", "cc-by 4.0"] {
            assert_eq!(licence_url(text), Some("https://creativecommons.org/licenses/by/4.0/"));
        }
        assert_eq!(licence_url("https://example.org/l"), Some("https://example.org/l"));
        assert_eq!(licence_url("ask us"), None);
    }

    #[test]
    fn a_text_that_is_no_line_is_refused() {
        let refused = |text: &str| {
            checked("ingest.licence", text.to_string()).map_err(|fault| fault.describe("x.toml"))
        };
        assert_eq!(refused(" CC0-1.0 ").unwrap(), "CC0-1.0");
        assert_eq!(
            refused(" ").unwrap_err(),
            "x.toml: [ingest] licence is empty; wanted one line of text, or no such key"
        );
        assert_eq!(
            refused("a\nb").unwrap_err(),
            "x.toml: [ingest] licence is \"a\\nb\"; wanted one line of text, or no such key"
        );
        assert_eq!(one_line(" a\n  b\0"), Some("a b".to_string()));
        assert_eq!(one_line("\0 "), None);
    }
}
