//! The text of the file: what was decided, and comments on what else can be. The training settings are the preset's,
//! which the published numbers are made with.

use contract::preset::Preset;
use contract::source::{Kind, SourceTable};

use super::plan::{Origin, Plan};
use crate::reference::SCHEMA;

/// From so many years on, blocks of five are held out, as in the protocol; of fewer, blocks of two.
const MANY_YEARS: i64 = 40;

/// What is known of a station's tables.
#[derive(Debug)]
pub(super) enum Station {
    /// The files are none, or are to be downloaded.
    None,
    /// They are, and nobody could look into them.
    Needed,
    /// `[ingest.station]`, as `inspect` proposes it.
    Proposed(String),
}

/// The file.
pub(super) fn of(plan: &Plan, station: &Station) -> String {
    let Plan { name, title, variable, utc_offset, .. } = plan;
    let (up, title) = ("../".repeat(1 + name.matches('/').count()), quoted(title));
    let (ingest, clock, years) = (origin(plan, station), clock(plan), years(plan));
    let station = match station {
        Station::Proposed(table) => format!("{}\n\n", table.trim_end()),
        Station::None | Station::Needed => String::new(),
    };
    let (latitude, longitude) = (plan.latitude_deg, plan.longitude_deg);
    let variable = variable.name;
    let (preset, epochs) = (Preset::default().name(), Preset::default().training().epochs);
    let blocks = if span_years(plan) >= Some(MANY_YEARS) { 5 } else { 2 };
    format!(
        "\
#:schema {up}{SCHEMA}
# Every key is explained in docs/pipeline-file.md; a key that is left out has its default.
#   cargo xtask run-all {name}

[about]
title = {title}

[ingest]
{ingest}
latitude_deg = {latitude:?}
longitude_deg = {longitude:?}
variables = [\"{variable}\"]
# Gaps of up to 3 hours are filled along a straight line. A longer one stops the run with a list of all of them,
# unless it is filled with the daily course of the days around it, or left:
# max_diurnal_gap_hours = 48
# long_gaps = \"leave\"

{station}[preprocess]
variable = \"{variable}\"
{clock}
utc_offset = \"{utc_offset}\"
{years}
# Years are trained on and held out in turn, in blocks of so many; of those trained on, some validate.
block_years = {blocks}

[model]
# It carries the marginals of [preprocess] and the settings of [train] as well.
preset = \"{preset}\"

[train]
# Ten epochs are enough to see that all stages work: --set train.epochs=10
epochs = {epochs}
# device = \"cuda\"

[generate]
start = \"2001-01-01\"
# The scorecard needs many; it compares statistics of whole years.
years = 100
# exports = [\"netcdf\"]  # or \"csv\", beside Parquet

# Each of these lines adds a task with the trained model to the run (docs/tasks.md):
# [impute]
# [forecast]
# [detect]
# [trials]

[report]
title = {title}
"
    )
}

/// `files` or `source`, with what else could be there.
fn origin(plan: &Plan, station: &Station) -> String {
    match &plan.origin {
        Origin::Files(patterns) => {
            let list: Vec<_> = patterns.iter().map(|pattern| quoted(pattern)).collect();
            let (list, station) = (list.join(", "), needed(station));
            format!(
                "\
# Paths, folders or patterns, relative to the repository. `cargo xtask inspect FILE...` says what is in files.
{station}files = [{list}]"
            )
        }
        Origin::Download(source) => download(source),
    }
}

fn needed(station: &Station) -> &'static str {
    match station {
        Station::Needed => {
            "# A station's table needs [ingest.station] as well, which `inspect` writes a first version of.\n"
        }
        Station::None | Station::Proposed(_) => "",
    }
}

fn download(source: &SourceTable) -> String {
    let (kind, comment) = match source.kind {
        Kind::Cds => (
            "cds",
            "\
# ERA5 from the Copernicus Climate Data Store: needs a free account, its key in ~/.cdsapirc, and the dataset's licence
# accepted on its page (docs/data-sources.md).",
        ),
        Kind::OpenMeteo => (
            "open-meteo",
            "\
# ERA5 from the archive of Open-Meteo: needs no key, is for non-commercial use, and is rounded and adjusted to the
# elevation, so it is not bit-equal to the Climate Data Store's (docs/data-sources.md).",
        ),
    };
    let (start, end) = (quoted(&source.start), quoted(&source.end));
    format!("{comment}\nsource = {{ kind = \"{kind}\", start = {start}, end = {end} }}")
}

/// The comment above the offset.
fn clock(plan: &Plan) -> String {
    let longitude = plan.longitude_deg;
    match plan.is_solar {
        true => format!(
            "\
# Local standard time, without summer time: it says where a day and a year begin. This is the solar time of the
# longitude, round({longitude} / 15) hours; the civil standard time of the place may be another. If days are to begin
# with its clocks, look it up and change this."
        ),
        false => "# Local standard time, without summer time: it says where a day and a year begin.".to_string(),
    }
}

fn years(plan: &Plan) -> String {
    match plan.years {
        Some((first, last)) => format!("# The first and the last local year.\nyears = [{first}, {last}]"),
        None => "\
# The first and the last local year; without this, every year that has at least 90 % of its hours (min_year_coverage).
# years = [1991, 2020]"
            .to_string(),
    }
}

/// How many years there are, if that is known.
fn span_years(plan: &Plan) -> Option<i64> {
    if let Some((first, last)) = plan.years {
        return Some(i64::from(last) - i64::from(first) + 1);
    }
    match &plan.origin {
        Origin::Download(source) => source.clone().check().ok().map(|source| source.days() / 365),
        Origin::Files(_) => None,
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::answers::Wishes;
    use super::*;

    fn wishes(files: &[&str]) -> Wishes {
        let text = |value: &str| Some(value.to_string());
        let files = files.iter().map(|file| file.to_string()).collect();
        Wishes { latitude: text("48.86"), longitude: text("2.35"), files, ..Wishes::default() }
    }

    fn table(name: &str, wishes: &Wishes) -> (String, toml::Table) {
        let text = of(&Plan::of(name, wishes).unwrap(), &Station::Needed);
        let table = text.parse().unwrap();
        (text, table)
    }

    #[test]
    fn what_was_said_is_in_the_file() {
        let said = Wishes {
            title: Some("\"Paris\" \\ Île".to_string()),
            years: Some("1971 2020".to_string()),
            utc_offset_hours: Some("1".to_string()),
            ..wishes(&["data/a'b/*.nc"])
        };
        let (text, table) = table("france/paris", &said);
        assert!(text.starts_with("#:schema ../../docs/pipeline.schema.json\n"));
        assert_eq!(table["about"]["title"].as_str(), Some("\"Paris\" \\ Île"));
        assert_eq!(table["ingest"]["files"][0].as_str(), Some("data/a'b/*.nc"));
        assert_eq!(table["preprocess"]["utc_offset"].as_str(), Some("+01:00"));
        assert_eq!(table["preprocess"]["years"][1].as_integer(), Some(2020));
        assert_eq!(table["preprocess"]["block_years"].as_integer(), Some(5));
        assert!(!text.contains("solar"));
    }

    #[test]
    fn the_solar_time_is_said_to_be_one() {
        let (text, table) = table("paris", &wishes(&["x.csv"]));
        assert_eq!(table["preprocess"]["utc_offset"].as_str(), Some("+00:00"));
        assert!(text.contains(
            "# longitude, round(2.35 / 15) hours; the civil standard time of the place may be another."
        ));
        assert!(text.contains("needs [ingest.station] as well"));
        assert_eq!(table["preprocess"]["block_years"].as_integer(), Some(2));
    }

    #[test]
    fn a_download_is_a_source() {
        let text = |value: &str| Some(value.to_string());
        let (start, end) = (text("1961-01-01"), text("2020-12-31"));
        let source = Wishes { source: text("open-meteo"), start, end, ..wishes(&[]) };
        let (_, table) = table("paris", &source);
        assert_eq!(table["ingest"]["source"]["kind"].as_str(), Some("open-meteo"));
        assert_eq!(table["preprocess"]["block_years"].as_integer(), Some(5));
    }
}
