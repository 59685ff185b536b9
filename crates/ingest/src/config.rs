//! The table `[ingest]` of the pipeline file: as written, and checked.

use contract::config::{Fault, in_range};
use contract::credit;
use contract::source::{Source, SourceTable};
use contract::variable::{self, Variable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::grid::Point;
use crate::station::{Station, StationTable};

/// No ensemble is larger.
const LARGEST_MEMBER: i64 = 100_000;

/// The longest gap that a straight line may be asked to fill: a week.
const LONGEST_GAP_HOURS: i64 = 168;
/// The longest one that the daily course of the days around it may: two weeks.
const LONGEST_DIURNAL_GAP_HOURS: i64 = 336;

/// The tables that this stage reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    pub ingest: IngestTable,
}

/// Where the hours come from, and what becomes of those that are missing. Either `files` or `source` has to be given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["files"]}, {"required": ["source"]}]))]
pub struct IngestTable {
    /// Paths, folders or patterns (`*`, `?`, `[...]`) of files, relative to the repository: NetCDF of any layout, CSV,
    /// Parquet, and ZIP archives of these. Of a folder, its files that end in nc, nc4, cdf, netcdf, csv or parquet.
    #[schemars(length(min = 1), extend("examples" = [["data/raw/*.nc"]]))]
    pub files: Option<Vec<String>>,
    /// What of ERA5 is downloaded, in place of `files`.
    pub source: Option<SourceTable>,
    /// The variables of the series, by their short names in ERA5, one or more.
    #[serde(default = "default_variables")]
    #[schemars(transform = variable::list_names)]
    pub variables: Vec<String>,
    /// Latitude of the place, degrees, north positive.
    #[schemars(range(min = -90, max = 90), extend("examples" = [48.45]))]
    pub latitude_deg: f64,
    /// Longitude of the place, degrees, east positive; -180 to 180 or 0 to 360.
    #[schemars(range(min = -180, max = 360), extend("examples" = [5.59]))]
    pub longitude_deg: f64,
    /// How far from the place the nearest grid point may be, km.
    #[serde(default = "default_max_distance_km")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub max_distance_km: f64,
    /// What stands for the place among the points of a grid.
    #[serde(default)]
    pub interpolation: Interpolation,
    /// Which grid point is the nearest one: `with-values` passes by those that have none, as the sea's of land data. Not
    /// beside `interpolation = "bilinear"`.
    #[serde(default)]
    pub nearest: Nearest,
    /// The number of the member, where the files are of an ensemble.
    #[schemars(range(min = 0, max = LARGEST_MEMBER))]
    pub member: Option<i64>,
    /// The longest run of missing hours that is filled along the straight line between its neighbours.
    #[serde(default = "default_max_gap_hours")]
    #[schemars(range(min = 0, max = LONGEST_GAP_HOURS))]
    pub max_gap_hours: i64,
    /// The longest run of missing hours that is filled with the daily course of the days around it; 0 fills none so.
    #[serde(default)]
    #[schemars(range(min = 0, max = LONGEST_DIURNAL_GAP_HOURS))]
    pub max_diurnal_gap_hours: i64,
    /// What becomes of gaps that are too long to be filled.
    #[serde(default)]
    pub long_gaps: LongGaps,
    /// How the files are laid out, if they are a station's. Not beside `source` or `interpolation = "bilinear"`.
    pub station: Option<StationTable>,
    /// The data's licence, which every export carries: an SPDX identifier such as `CC-BY-4.0`, an address or a sentence.
    /// Default: what the files' attributes say, or that of `source`.
    #[schemars(length(min = 1), extend("examples" = ["CC-BY-4.0"]))]
    pub licence: Option<String>,
    /// The sentence that names whom the data are from, which every export carries. Default: what the files' attributes
    /// say, or that of `source`.
    #[schemars(length(min = 1))]
    pub attribution: Option<String>,
}

/// What stands for a place between the points of a grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// The nearest point, as it is.
    #[default]
    Nearest,
    /// The four points around the place, weighted by their distance along each axis.
    Bilinear,
}

/// Which points of a grid may stand for a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nearest {
    /// All; the stage ends where the nearest one has no values.
    #[default]
    Point,
    /// Those that have any value, within `max_distance_km`.
    WithValues,
}

/// What becomes of a gap that is too long to be filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LongGaps {
    /// The stage ends with a list of them.
    #[default]
    Refuse,
    /// The hours stay missing.
    Leave,
}

/// `[ingest]` checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `None` for the user's own files.
    pub source: Option<Source>,
    pub variables: Vec<&'static Variable>,
    pub place: Point,
    pub max_distance_km: f64,
    pub interpolation: Interpolation,
    pub nearest: Nearest,
    /// The member of an ensemble.
    pub member: Option<i64>,
    pub gaps: GapPolicy,
    /// `Some` if the files are a station's.
    pub station: Option<Station>,
    /// As stated in the pipeline file.
    pub licence: Option<String>,
    pub attribution: Option<String>,
}

/// What becomes of missing hours, by the length of the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapPolicy {
    /// Up to so many hours: the straight line between its neighbours.
    pub linear_hours: usize,
    /// Up to so many hours: the daily course of the days before and after, moved so that it fits.
    pub diurnal_hours: usize,
    pub longer: LongGaps,
}

fn stated(key: &str, text: Option<String>) -> Result<Option<String>, Fault> {
    text.map(|text| credit::checked(&format!("ingest.{key}"), text)).transpose()
}

fn default_variables() -> Vec<String> {
    vec!["t2m".to_string()]
}

fn default_max_distance_km() -> f64 {
    30.0
}

fn default_max_gap_hours() -> i64 {
    3
}

impl Config {
    /// These variables at a place, with the defaults of `[ingest]`.
    pub fn of_place(variables: Vec<&'static Variable>, place: Point) -> Config {
        Config {
            source: None,
            station: None,
            licence: None,
            attribution: None,
            variables,
            place,
            max_distance_km: default_max_distance_km(),
            interpolation: Interpolation::default(),
            nearest: Nearest::default(),
            member: None,
            gaps: GapPolicy {
                linear_hours: default_max_gap_hours().unsigned_abs() as usize,
                diurnal_hours: 0,
                longer: LongGaps::default(),
            },
        }
    }
}

impl Tables {
    /// The checked configuration.
    ///
    /// # Errors
    /// The first key whose value cannot be used.
    pub fn check(self) -> Result<Config, Fault> {
        let table = self.ingest;
        let source = match (table.files, table.source) {
            (Some(files), None) if files.is_empty() => {
                return Err(Fault::value("ingest.files", "empty", "at least one path, folder or pattern"));
            }
            (Some(_), None) => None,
            (None, Some(source)) => Some(source.check()?),
            (both, _) => {
                let seen = if both.is_some() { "both files and source" } else { "neither files nor source" };
                let message = format!("has {seen}; wanted one of them, such as files = [\"data/raw/*.nc\"]");
                return Err(Fault { key: "ingest".to_string(), message });
            }
        };
        let place = Point {
            latitude_deg: in_range("ingest.latitude_deg", table.latitude_deg, -90.0..=90.0)?,
            longitude_deg: in_range("ingest.longitude_deg", table.longitude_deg, -180.0..=360.0)?,
        };
        let max_distance_km = table.max_distance_km;
        if !(max_distance_km > 0.0 && max_distance_km.is_finite()) {
            return Err(Fault::value("ingest.max_distance_km", max_distance_km, "a distance above 0"));
        }
        let linear = in_range("ingest.max_gap_hours", table.max_gap_hours, 0..=LONGEST_GAP_HOURS)?;
        let diurnal = in_range(
            "ingest.max_diurnal_gap_hours",
            table.max_diurnal_gap_hours,
            0..=LONGEST_DIURNAL_GAP_HOURS,
        )?;
        let variables = variable::checked("ingest.variables", &table.variables)?;
        let station = table.station.map(|station| station.check(&variables)).transpose()?;
        if station.is_some() && (source.is_some() || table.interpolation == Interpolation::Bilinear) {
            let seen = if source.is_some() { "source" } else { "interpolation = \"bilinear\"" };
            let message = format!("is for files of one's own station; take it out, or {seen}");
            return Err(Fault { key: "ingest.station".to_string(), message });
        }
        if table.nearest == Nearest::WithValues && table.interpolation == Interpolation::Bilinear {
            let message =
                "is \"with-values\" beside interpolation = \"bilinear\"; wanted one of them: take one out";
            return Err(Fault { key: "ingest.nearest".to_string(), message: message.to_string() });
        }
        let member =
            table.member.map(|member| in_range("ingest.member", member, 0..=LARGEST_MEMBER)).transpose()?;
        if member.is_some() && (source.is_some() || station.is_some()) {
            let seen = if source.is_some() { "source" } else { "[ingest.station]" };
            let message = format!("is for files of an ensemble; take it out, or {seen}");
            return Err(Fault { key: "ingest.member".to_string(), message });
        }
        Ok(Config {
            source,
            variables,
            place,
            max_distance_km,
            interpolation: table.interpolation,
            nearest: table.nearest,
            member,
            gaps: GapPolicy {
                linear_hours: linear.unsigned_abs() as usize,
                diurnal_hours: diurnal.unsigned_abs() as usize,
                longer: table.long_gaps,
            },
            station,
            licence: stated("licence", table.licence)?,
            attribution: stated("attribution", table.attribution)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn with(key: &str, value: Value) -> Result<Config, String> {
        let mut tables =
            json!({"ingest": {"files": ["data/x.nc"], "latitude_deg": 48.45, "longitude_deg": 5.59}});
        tables["ingest"][key] = value;
        let tables = parse::<Tables>(tables.as_object().unwrap());
        tables.and_then(Tables::check).map_err(|fault| fault.describe("pipelines/x.toml"))
    }

    fn check(key: &str, value: Value, message: &str) {
        assert_eq!(with(key, value).unwrap_err(), format!("pipelines/x.toml: [ingest] {message}"));
    }

    #[test]
    fn a_value_out_of_range_is_named_with_the_range() {
        check("latitude_deg", json!(90.5), "latitude_deg is 90.5; wanted -90 to 90");
        check("longitude_deg", json!(-181), "longitude_deg is -181; wanted -180 to 360");
        check("max_distance_km", json!(0), "max_distance_km is 0; wanted a distance above 0");
        check("max_distance_km", json!(-3.5), "max_distance_km is -3.5; wanted a distance above 0");
        check("max_gap_hours", json!(169), "max_gap_hours is 169; wanted 0 to 168");
        check("max_gap_hours", json!(-1), "max_gap_hours is -1; wanted 0 to 168");
        check("max_diurnal_gap_hours", json!(337), "max_diurnal_gap_hours is 337; wanted 0 to 336");
        check("files", json!([]), "files is empty; wanted at least one path, folder or pattern");
    }

    #[test]
    fn a_member_is_a_number_and_of_files() {
        check("member", json!(-1), "member is -1; wanted 0 to 100000");
        let tables = json!({"ingest": {
            "source": {"kind": "cds", "start": "1990-01-01", "end": "1999-12-31"}, "latitude_deg": 48.45,
            "longitude_deg": 5.59, "member": 3,
        }});
        let checked = parse::<Tables>(tables.as_object().unwrap()).and_then(Tables::check);
        assert_eq!(
            checked.map_err(|fault| fault.describe("x.toml")).unwrap_err(),
            "x.toml: [ingest] member is for files of an ensemble; take it out, or source"
        );
    }

    #[test]
    fn either_files_or_a_source_is_given() {
        let wanted = "wanted one of them, such as files = [\"data/raw/*.nc\"]";
        let source = json!({"kind": "cds", "start": "1990-01-01", "end": "1999-12-31"});
        check("source", source.clone(), &format!("has both files and source; {wanted}"));
        check("files", Value::Null, &format!("has neither files nor source; {wanted}"));
        check(
            "source",
            json!({"kind": "cda", "start": "1990-01-01", "end": "1999-12-31"}),
            "source.kind = \"cda\": unknown variant `cda`, expected `cds` or `open-meteo`",
        );
        check(
            "source",
            json!({"kind": "cds", "begin": "1990-01-01"}),
            "source has no key \"begin\"; its keys are kind, start, end, dataset, format, url",
        );
    }

    #[test]
    fn variables_are_known_and_named_once() {
        let all = "t2m, d2m, u10, v10, u100, v100, sp, msl, ssrd, tp";
        check("variables", json!([]), &format!("variables is empty; wanted at least one of {all}"));
        check(
            "variables",
            json!(["t2n"]),
            &format!("variables has \"t2n\"; wanted {all}; did you mean \"t2m\"?"),
        );
        check(
            "variables",
            json!(["precipitation"]),
            &format!("variables has \"precipitation\"; wanted {all}"),
        );
        check(
            "variables",
            json!(["sp", "t2m", "sp"]),
            "variables has \"sp\" twice; wanted each variable once",
        );
    }

    #[test]
    fn a_licence_is_one_line_of_text() {
        let wanted = "wanted one line of text, or no such key";
        check("licence", json!(""), &format!("licence is empty; {wanted}"));
        check("attribution", json!("a\nb"), &format!("attribution is \"a\\nb\"; {wanted}"));
        let config = with("licence", json!(" CC0-1.0")).unwrap();
        assert_eq!((config.licence.as_deref(), config.attribution), (Some("CC0-1.0"), None));
    }

    #[test]
    fn an_unknown_key_and_a_wrong_type_are_named() {
        check(
            "max_gap",
            json!(3),
            "has no key \"max_gap\"; its keys are files, source, variables, latitude_deg, longitude_deg, \
             max_distance_km, interpolation, nearest, member, max_gap_hours, max_diurnal_gap_hours, long_gaps, station, licence, \
             attribution; did you mean \
             \"max_gap_hours\"?",
        );
        check(
            "latitude_deg",
            json!("48 N"),
            "latitude_deg = \"48 N\": invalid type: string \"48 N\", expected f64",
        );
    }

    #[test]
    fn a_point_with_values_is_no_interpolation() {
        let tables = json!({"ingest": {
            "files": ["data/x.nc"], "latitude_deg": 48.45, "longitude_deg": 5.59,
            "nearest": "with-values", "interpolation": "bilinear",
        }});
        let checked = parse::<Tables>(tables.as_object().unwrap()).and_then(Tables::check);
        assert_eq!(
            checked.unwrap_err().describe("x.toml"),
            "x.toml: [ingest] nearest is \"with-values\" beside interpolation = \"bilinear\"; wanted one of them: take \
             one out"
        );
        assert_eq!(with("nearest", json!("with-values")).unwrap().nearest, Nearest::WithValues);
    }

    #[test]
    fn defaults_are_those_of_the_documentation() {
        let config = with("longitude_deg", json!(360)).unwrap();
        assert_eq!(config.variables, [Variable::named("t2m").unwrap()]);
        let policy = GapPolicy { linear_hours: 3, diurnal_hours: 0, longer: LongGaps::Refuse };
        assert_eq!((config.max_distance_km, config.gaps), (30.0, policy));
        assert_eq!(config.interpolation, Interpolation::Nearest);
        assert_eq!(config.place.longitude_deg, 360.0);
    }
}
