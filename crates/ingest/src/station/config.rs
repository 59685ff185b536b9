//! The table `[ingest.station]`: as written, and checked. It describes the user's own files: how
//! they are laid out, what their times mean, and which column is which variable.

use std::collections::BTreeMap;

use contract::config::{Fault, in_range, nearest};
use contract::variable::Variable;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::JsonSchema;
use serde::Deserialize;

use super::chosen::{self, Choice, Values};
use super::column::{Component, Decimal, Measured, Missing, Quantity, StationColumn};
use super::hourly::TimeStamp;
use super::names::Names;
use super::timestamp::TimeFormat;
use crate::delimited::{Delimiter, Header, Layout};
use crate::quality::{Quality, QualityTable};

/// Texts that mean a missing value where the table does not list its own.
pub(crate) const MISSING: [&str; 6] = ["", "NA", "NaN", "NAN", "nan", "null"];

/// No file has more lines before its header.
const MOST_SKIPPED_LINES: i64 = 100_000;

/// No clock is further from UTC.
const LARGEST_OFFSET_SECONDS: i32 = 18 * 3600;

/// How a station's files are laid out, what their times mean, and which column is which variable. `cargo xtask
/// inspect FILE` writes a first version of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StationTable {
    /// What stands between the columns of a text file: one character such as `,` or `;`, or `tab`, or `whitespace`.
    #[serde(default = "comma")]
    delimiter: String,
    /// What stands before the decimals of a text file: `.`, or `,` if the delimiter is another.
    #[serde(default = "point")]
    #[schemars(extend("enum" = [".", ","]))]
    decimal: String,
    /// How many lines there are before the header. The heads of BADC-CSV and TOA5 are known, and not counted.
    #[serde(default)]
    #[schemars(range(min = 0, max = MOST_SKIPPED_LINES))]
    skip_lines: i64,
    /// Lines that begin with this text are left out.
    #[schemars(length(min = 1), extend("examples" = ["#"]))]
    comment: Option<String>,
    /// The table ends before the first line that begins with this text. Without it, lines with fewer fields than the
    /// table's are left out at the end of a file, if an empty line or `end data` stands before them.
    #[schemars(length(min = 1), extend("examples" = ["end data"]))]
    footer: Option<String>,
    /// Whether there is a line with the columns' names. Without one, the columns are called `1`, `2` and so on.
    #[serde(default = "yes")]
    header: bool,
    /// The column of the time, or a list of columns whose texts are joined by a blank.
    time: Names,
    /// How times are written: a pattern of strftime, `unix` for seconds since 1970, `unix-ms` for milliseconds, or
    /// `excel` for the days of spreadsheets; ISO 8601 without it. The hour 24 is the next midnight; with an hour 25,
    /// hours are counted from midnight. `%Z` stands for the letters of a zone, such as `EST`.
    #[schemars(extend("examples" = ["%d.%m.%Y %H:%M", "unix"]))]
    time_format: Option<String>,
    /// What the clock shows: `UTC`, an offset such as `+01:00`, or a civil time zone such as `Europe/Paris`, with its
    /// summer time.
    #[serde(default = "utc")]
    time_zone: String,
    /// What the time of a sample is to the interval that its value is of.
    #[serde(default)]
    time_stamp: TimeStamp,
    /// Texts that mean a missing value; one such as `*s` means all that end like it.
    #[schemars(extend("default" = MISSING))]
    missing: Option<Vec<String>>,
    /// Where each variable is, by its short name: one for each of `[ingest] variables`.
    columns: BTreeMap<String, ColumnTable>,
    /// The rows that are taken: for each of these columns its values.
    #[serde(default, rename = "where")]
    #[schemars(extend("examples" = [{"station": "260", "quality": ["0", "1"]}]))]
    rows: BTreeMap<String, Values>,
    /// What is looked for among the hours.
    #[serde(default)]
    quality: QualityTable,
}

/// Where one variable is: in `column`, or for a component of the wind in `speed` and `direction`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ColumnTable {
    /// The column of the values.
    column: Option<String>,
    /// For a component of the wind: the column of its speed.
    speed: Option<String>,
    /// For a component of the wind: the column of the direction it comes from, degrees clockwise from north.
    direction: Option<String>,
    /// The unit of the values, or of the speed, as in docs/data-sources.md: `degC`, `m/s`, `hPa`, `mm`, `W m-2`; or so
    /// many of it: `0.1 degC`.
    unit: String,
    /// Texts that mean a missing value in this column, besides those of the table.
    #[serde(default)]
    missing: Vec<String>,
}

fn comma() -> String {
    ",".to_string()
}

fn point() -> String {
    ".".to_string()
}

fn yes() -> bool {
    true
}

fn utc() -> String {
    "UTC".to_string()
}

/// `[ingest.station]` checked.
#[derive(Clone, Debug)]
pub struct Station {
    pub(crate) layout: Layout,
    pub(crate) decimal: Decimal,
    pub(crate) time: Vec<String>,
    pub(crate) time_format: TimeFormat,
    pub(crate) time_zone: TimeZone,
    pub(crate) time_stamp: TimeStamp,
    /// A row is taken if all of them take it.
    pub(crate) choices: Vec<Choice>,
    /// One for each variable of `[ingest]`, in its order.
    pub(crate) columns: Vec<StationColumn>,
    pub(crate) quality: Quality,
}

impl StationTable {
    /// The description of the files that have `variables`.
    ///
    /// # Errors
    /// The first key whose value cannot be used.
    pub(crate) fn check(self, variables: &[&'static Variable]) -> Result<Station, Fault> {
        let decimal = decimal(&self.decimal)?;
        let delimiter = delimiter(&self.delimiter)?;
        if decimal == Decimal::Comma && delimiter == Delimiter::Character(',') {
            let wanted = "another delimiter, such as \";\", or a decimal point";
            return Err(Fault::value("ingest.station.decimal", "\",\" as the delimiter is", wanted));
        }
        let skipped = in_range("ingest.station.skip_lines", self.skip_lines, 0..=MOST_SKIPPED_LINES)?;
        if self.comment.as_deref() == Some("") {
            return Err(Fault::value("ingest.station.comment", "empty", "what comments begin with"));
        }
        if self.footer.as_deref() == Some("") {
            return Err(Fault::value(
                "ingest.station.footer",
                "empty",
                "what the first line after the table begins with",
            ));
        }
        if self.time.0.is_empty() || self.time.0.iter().any(String::is_empty) {
            return Err(Fault::value("ingest.station.time", "empty", "the column of the time"));
        }
        let missing = self.missing.unwrap_or_else(|| MISSING.map(str::to_string).to_vec());
        let header = if self.header { Header::FirstLine } else { Header::Numbers };
        Ok(Station {
            layout: Layout {
                delimiter,
                skip_lines: skipped.unsigned_abs() as usize,
                comment: self.comment,
                footer: self.footer,
                header,
            },
            decimal,
            time: self.time.0,
            time_format: TimeFormat::check("ingest.station.time_format", self.time_format.as_deref())?,
            time_zone: time_zone(&self.time_zone)?,
            time_stamp: self.time_stamp,
            choices: chosen::check(self.rows)?,
            columns: columns(self.columns, variables, &missing, decimal)?,
            quality: self.quality.check()?,
        })
    }
}

fn delimiter(text: &str) -> Result<Delimiter, Fault> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab", _, _) => Ok(Delimiter::Character('\t')),
        ("whitespace", _, _) => Ok(Delimiter::Whitespace),
        (_, Some(one), None) if !one.is_alphanumeric() && !matches!(one, '"' | '\n' | '\r' | ' ') => {
            Ok(Delimiter::Character(one))
        }
        _ => {
            let wanted = "one character such as \",\" or \";\", or \"tab\", or \"whitespace\"";
            Err(Fault::value("ingest.station.delimiter", format!("{text:?}"), wanted))
        }
    }
}

fn decimal(text: &str) -> Result<Decimal, Fault> {
    match text {
        "." => Ok(Decimal::Point),
        "," => Ok(Decimal::Comma),
        _ => Err(Fault::value("ingest.station.decimal", format!("{text:?}"), "\".\" or \",\"")),
    }
}

/// `UTC`, an offset such as `+01:00`, or a name of the bundled time zone database.
fn time_zone(text: &str) -> Result<TimeZone, Fault> {
    if text.starts_with(['+', '-']) {
        let parts = ["%:z", "%z"].iter().find_map(|pattern| BrokenDownTime::parse(pattern, text).ok());
        let offset = parts.and_then(|parts| parts.offset());
        if let Some(offset) = offset.filter(|offset| offset.seconds().abs() <= LARGEST_OFFSET_SECONDS) {
            return Ok(TimeZone::fixed(offset));
        }
    }
    let database = TimeZoneDatabase::bundled();
    database.get(text).map_err(|_| {
        let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        let proposal = nearest(text, names.iter().map(String::as_str));
        let proposal = proposal.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        let wanted = format!(
            "\"UTC\", an offset such as \"+01:00\", or a time zone such as \"Europe/Paris\"{proposal}"
        );
        Fault::value("ingest.station.time_zone", format!("{text:?}"), wanted)
    })
}

fn columns(
    mut tables: BTreeMap<String, ColumnTable>,
    variables: &[&'static Variable],
    missing: &[String],
    decimal: Decimal,
) -> Result<Vec<StationColumn>, Fault> {
    let mut columns = Vec::new();
    for variable in variables {
        let Some(table) = tables.remove(variable.name) else {
            let message = format!(
                "has no {name}, which [ingest] variables asks for; wanted {name} = {{ column = \"...\", unit = \
                 \"{}\" }}",
                variable.canonical_unit,
                name = variable.name
            );
            return Err(Fault { key: "ingest.station.columns".to_string(), message });
        };
        columns.push(column(table, variable, missing, decimal)?);
    }
    if let Some((name, _)) = tables.first_key_value() {
        let names: Vec<&str> = variables.iter().map(|variable| variable.name).collect();
        let names = names.join(", ");
        let message = format!("has {name:?}; wanted the variables of [ingest] variables: {names}");
        return Err(Fault { key: "ingest.station.columns".to_string(), message });
    }
    Ok(columns)
}

fn column(
    table: ColumnTable,
    variable: &'static Variable,
    missing: &[String],
    decimal: Decimal,
) -> Result<StationColumn, Fault> {
    let key = |key: &str| format!("ingest.station.columns.{}{key}", variable.name);
    let component = match variable.cf_standard_name {
        "eastward_wind" => Some(Component::Eastward),
        "northward_wind" => Some(Component::Northward),
        _ => None,
    };
    let measured = match (table.column, table.speed, table.direction, component) {
        (Some(column), None, None, _) => Measured::Value { column },
        (None, Some(speed), Some(direction), Some(component)) => {
            Measured::Wind { speed, direction, component }
        }
        _ => {
            let wanted = match component {
                Some(_) => "either column, or speed and direction",
                None => "the key column, and neither speed nor direction",
            };
            return Err(Fault {
                key: key(""),
                message: format!("does not say where it is; wanted {wanted}"),
            });
        }
    };
    let Some(unit) = variable.unit(&table.unit) else {
        let names = variable.accepted_unit_names();
        let wanted =
            format!("one of {names}, or so many of one, such as \"0.1 {}\"", variable.canonical_unit);
        return Err(Fault::value(&key(".unit"), format!("{:?}", table.unit), wanted));
    };
    let missing = missing.iter().chain(&table.missing).cloned().collect();
    Ok(StationColumn {
        variable,
        measured,
        quantity: Quantity::of(variable, unit.name),
        unit_name: table.unit,
        unit: (unit.scale != 1.0 || unit.offset != 0.0).then_some(unit),
        missing: Missing::new(missing, decimal),
    })
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use crate::config::{Config, Tables};

    fn with(key: &str, value: Value) -> Result<Config, String> {
        let mut tables = json!({"ingest": {
            "files": ["x.csv"], "latitude_deg": 48.45, "longitude_deg": 5.59, "variables": ["t2m", "u10"],
            "station": {
                "time": "timestamp",
                "columns": {"t2m": {"column": "temp", "unit": "degC"}, "u10": {"column": "u", "unit": "m/s"}},
            },
        }});
        tables["ingest"]["station"][key] = value;
        let tables = parse::<Tables>(tables.as_object().unwrap());
        tables.and_then(Tables::check).map_err(|fault| fault.describe("x.toml"))
    }

    fn check(key: &str, value: Value, message: &str) {
        assert_eq!(with(key, value).unwrap_err(), format!("x.toml: [ingest] station{message}"));
    }

    #[test]
    fn keys_that_cannot_be_used_are_named() {
        let wanted = "wanted one character such as \",\" or \";\", or \"tab\", or \"whitespace\"";
        for text in ["", ";;", "a", "\"", " "] {
            check("delimiter", json!(text), &format!(".delimiter is {text:?}; {wanted}"));
        }
        check("decimal", json!("·"), ".decimal is \"·\"; wanted \".\" or \",\"");
        check(
            "decimal",
            json!(","),
            ".decimal is \",\" as the delimiter is; wanted another delimiter, such as \";\", or a decimal point",
        );
        check("skip_lines", json!(-1), ".skip_lines is -1; wanted 0 to 100000");
        check("comment", json!(""), ".comment is empty; wanted what comments begin with");
        check("time", json!([]), ".time is empty; wanted the column of the time");
        check(
            "time",
            json!(3),
            ".time = 3: invalid type: integer `3`, expected a column or a list of columns",
        );
        check(
            "time_stamp",
            json!("middle"),
            ".time_stamp = \"middle\": unknown variant `middle`, expected one of `instant`, `start`, `end`",
        );
        check(
            "delimeter",
            json!(";"),
            " has no key \"delimeter\"; its keys are delimiter, decimal, skip_lines, comment, footer, header, \
             time, time_format, time_zone, time_stamp, missing, columns, where, quality; did you mean \"delimiter\"?",
        );
    }

    #[test]
    fn time_zones_that_do_not_exist_are_named() {
        let wanted = "wanted \"UTC\", an offset such as \"+01:00\", or a time zone such as \"Europe/Paris\"";
        for (text, proposal) in
            [("Europe/Pariss", "; did you mean \"Europe/Paris\"?"), ("+25:00", ""), ("", "")]
        {
            check("time_zone", json!(text), &format!(".time_zone is {text:?}; {wanted}{proposal}"));
        }
        for text in ["UTC", "+01:00", "-0930", "Europe/Paris", "Australia/Lord_Howe"] {
            assert!(with("time_zone", json!(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn each_variable_has_its_column_and_a_known_unit() {
        let u10 = json!({"column": "u", "unit": "m/s"});
        let with_t2m = |t2m: Value| json!({"t2m": t2m, "u10": u10});
        check(
            "columns",
            json!({"u10": u10}),
            ".columns has no t2m, which [ingest] variables asks for; wanted t2m = { column = \"...\", unit = \"K\" }",
        );
        check(
            "columns",
            json!({"t2m": {"column": "t", "unit": "K"}, "u10": u10, "sp": {"column": "p", "unit": "hPa"}}),
            ".columns has \"sp\"; wanted the variables of [ingest] variables: t2m, u10",
        );
        check(
            "columns",
            with_t2m(json!({"column": "t", "unit": "hPa"})),
            ".columns.t2m.unit is \"hPa\"; wanted one of K, kelvin, degC, °C, C, celsius, degF, °F, F, or so many of one, \
             such as \"0.1 K\"",
        );
        check("columns", with_t2m(json!({"column": "t"})), ".columns.t2m : missing field `unit`");
        check(
            "columns",
            with_t2m(json!({"speed": "ws", "direction": "wd", "unit": "K"})),
            ".columns.t2m does not say where it is; wanted the key column, and neither speed nor direction",
        );
        check(
            "columns",
            json!({"t2m": {"column": "t", "unit": "K"}, "u10": {"speed": "ws", "unit": "m/s"}}),
            ".columns.u10 does not say where it is; wanted either column, or speed and direction",
        );
    }

    #[test]
    fn a_scale_stands_before_a_known_unit() {
        let with_unit = |unit: &str| {
            with(
                "columns",
                json!({"t2m": {"column": "t", "unit": unit}, "u10": {"column": "u", "unit": "m/s"}}),
            )
        };
        assert!(with_unit("0.1 degC").is_ok());
        for unit in ["0 degC", "-1 degC", "nan degC", "0.1 hPa", "0.1"] {
            assert_eq!(
                with_unit(unit).unwrap_err(),
                format!(
                    "x.toml: [ingest] station.columns.t2m.unit is {unit:?}; wanted one of K, kelvin, degC, °C, C, celsius, \
                     degF, °F, F, or so many of one, such as \"0.1 K\""
                )
            );
        }
    }

    #[test]
    fn rows_are_chosen_by_texts_and_whole_numbers() {
        assert!(with("where", json!({"station": "260", "quality": [0, "1"]})).is_ok());
        check("where", json!({"quality": []}), ".where.quality is empty; wanted at least one value");
        check(
            "footer",
            json!(""),
            ".footer is empty; wanted what the first line after the table begins with",
        );
    }

    #[test]
    fn a_station_is_neither_downloaded_nor_a_grid() {
        let mut tables = json!({"ingest": {
            "files": ["x.csv"], "latitude_deg": 48.45, "longitude_deg": 5.59, "interpolation": "bilinear",
            "station": {"time": "t", "columns": {"t2m": {"column": "temp", "unit": "degC"}}},
        }});
        let check = |tables: &Value, seen: &str| {
            let fault = parse::<Tables>(tables.as_object().unwrap()).unwrap().check().unwrap_err();
            assert_eq!(
                fault.describe("x.toml"),
                format!("x.toml: [ingest] station is for files of one's own station; take it out, or {seen}")
            );
        };
        check(&tables, "interpolation = \"bilinear\"");
        let ingest = tables["ingest"].as_object_mut().unwrap();
        ingest.remove("files");
        ingest
            .insert("source".to_string(), json!({"kind": "cds", "start": "2020-01-01", "end": "2020-12-31"}));
        check(&tables, "source");
    }

    #[test]
    fn a_list_of_time_columns_and_wind_by_its_direction_are_accepted() {
        assert!(with("time", json!(["date", "hour"])).is_ok());
        let wind = json!({"speed": "ws", "direction": "wd", "unit": "m/s", "missing": ["99.9"]});
        assert!(with("columns", json!({"t2m": {"column": "t", "unit": "K"}, "u10": wind})).is_ok());
    }
}
