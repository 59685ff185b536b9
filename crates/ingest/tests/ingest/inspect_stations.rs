//! What `inspect` proposes for stations' files, given back to the reader, and the values held against the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::artifact::flag;
use contract::calendar::{self, HOUR_US, MINUTE_US};
use contract::config::parse;
use ingest::{Config, Tables};
use serde_json::{Map, Value, json};

use crate::fixture::{read_station, shared_case};
use crate::inspect::inspect;

/// What the proposal says is open, and the configuration that it makes with the changes to `[ingest.station]`.
fn proposed(path: &Path, changes: &[(&str, Value)]) -> (Vec<String>, Config) {
    let (text, report) = inspect(&[path.to_path_buf()]);
    assert!(!text.contains("Nothing here"), "{text}");
    let text = report["together"]["ingest"].as_str().unwrap();
    let open = text.lines().filter_map(|line| line.strip_prefix("# ").map(str::to_string)).collect();
    let mut tables: Map<String, Value> = toml::from_str(text).unwrap();
    tables["ingest"]["long_gaps"] = json!("leave");
    for (key, value) in changes {
        tables["ingest"]["station"][*key] = value.clone();
    }
    (
        open,
        parse::<Tables>(&tables)
            .unwrap()
            .check()
            .unwrap_or_else(|fault| panic!("{}\n{text}", fault.describe("x"))),
    )
}

/// Minutes since 1970 of a time whose digits are year, month, day, hour and minute in this order.
fn minutes(text: &str) -> i64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let date = format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..8]);
    let number = |range: std::ops::Range<usize>| digits.get(range).map_or(0, |part| part.parse().unwrap());
    calendar::parse_date(&date).unwrap() / MINUTE_US + number(8..10) * 60 + number(10..12)
}

/// Holds the series of the first variable against the rows of the file: minutes since 1970 and degrees Celsius.
fn check(path: &Path, open: &[&str], changes: &[(&str, Value)], rows: impl Fn(&str) -> Option<(i64, f64)>) {
    let (seen, config) = proposed(path, changes);
    assert_eq!(seen, open, "{}", path.display());
    let series = read_station(&config, &[path.to_path_buf()]).unwrap();
    let text: String = std::fs::read(path).unwrap().into_iter().map(char::from).collect();
    let expected: BTreeMap<i64, f64> = text.lines().filter_map(rows).collect();
    let t2m = series.variables.iter().find(|column| column.variable.name == "t2m").unwrap();
    let observed = series.times().into_iter().zip(&t2m.values).zip(&t2m.flags);
    let observed = observed.filter(|((_, value), flags)| !value.is_nan() && **flags & flag::FILLED == 0);
    let observed: BTreeMap<i64, f64> =
        observed.map(|((time, value), _)| (time / MINUTE_US, f64::from(*value) - 273.15)).collect();
    let times = |hours: &BTreeMap<i64, f64>| hours.keys().copied().collect::<Vec<_>>();
    assert_eq!(times(&observed), times(&expected), "{}", path.display());
    for (time, value) in expected {
        assert!(
            (observed[&time] - value).abs() < 0.01,
            "{} {time}: {} {value}",
            path.display(),
            observed[&time]
        );
    }
}

fn check_case(name: &str, open: &[&str], rows: impl Fn(&str) -> Option<(i64, f64)>) {
    if let Some(path) = shared_case(name) {
        check(&path, open, &[], rows);
    }
}

const CLOCK: &str = "time_zone: nothing says what the clock shows; UTC is a guess";
const DEGREES: &str = "columns.t2m.unit: nothing says it; degC is a guess";

fn field(line: &str, delimiter: char, at: usize) -> &str {
    line.split(delimiter).nth(at).unwrap_or_default().trim()
}

/// A row whose time and value are these fields; `None` for what begins with no digit, or has no number.
fn row(line: &str, delimiter: char, (time, value): (usize, usize), scale: f64) -> Option<(i64, f64)> {
    let text = field(line, delimiter, time);
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
    let value = field(line, delimiter, value).parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some((minutes(text), value * scale))
}

#[test]
fn midas_in_badc_csv() {
    let version = "where: there are several versions of some rows; 1, the checked one, is taken";
    check_case("30-badc-end-data/midas.csv", &[CLOCK, DEGREES, version], |line| {
        row(line, ',', (0, 3), 1.0).filter(|_| field(line, ',', 2) == "1")
    });
}

#[test]
fn knmi_has_tenths_of_a_degree_and_hours_to_24() {
    let of = |line: &str| {
        let (day, hour) = (field(line, ',', 1), field(line, ',', 2));
        let value = field(line, ',', 3).parse::<f64>().ok()?;
        Some((minutes(day) + hour.parse::<i64>().ok()? * 60, value / 10.0))
    };
    let dew = "columns.d2m.unit: nothing says it; 0.1 degC is a guess";
    check_case("18-knmi/uurgeg_260.txt", &[CLOCK, dew], |line| {
        of(line).filter(|_| line.trim().starts_with("260"))
    });
    check_case(
        "18-knmi/uurgeg_all.txt",
        &[CLOCK, dew, "where: the file has the stations 209, 260; one is taken"],
        |line| of(line).filter(|_| line.trim().starts_with("209")),
    );
}

#[test]
fn pvgis_has_a_head_and_a_footer() {
    check_case("19-pvgis/Timeseries_48.450_5.590.csv", &[CLOCK, DEGREES], |line| row(line, ',', (0, 3), 1.0));
}

#[test]
fn the_german_weather_service() {
    check_case(
        "11-dwd-stamps/st.txt",
        &[CLOCK, DEGREES, "columns.ssrd.unit: nothing says it; J cm-2 is a guess"],
        |line| {
            let (minutes, value) = row(&line[line.find(';')? + 1..], ';', (0, 4), 1.0)?;
            Some(((minutes + 2) / 60 * 60, value))
        },
    );
}

/// Of the two columns of the radiation the one in J cm-2 is taken, whose unit is known by its name.
#[test]
fn the_radiation_of_the_german_weather_service_is_in_joules() {
    let Some(path) = shared_case("11-dwd-stamps/st.txt") else { return };
    let (_, config) = proposed(&path, &[]);
    let series = read_station(&config, &[path.clone()]).unwrap();
    let ssrd = series.variables.iter().find(|column| column.variable.name == "ssrd").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let joules = text.lines().skip(1).map(|line| field(line, ';', 4).parse::<f64>().unwrap());
    let sum: f64 = ssrd.values.iter().map(|value| f64::from(*value) * 3600.0).sum();
    assert!((sum / joules.sum::<f64>() - 1.0).abs() < 1e-6);
}

#[test]
fn open_meteo_says_its_unit_and_its_offset() {
    check_case("29-open-meteo-csv/open-meteo-48.45N5.59E300m.csv", &[], |line| {
        Some(line).filter(|line| line.starts_with("2003")).and_then(|line| row(line, ',', (0, 1), 1.0))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let text = "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n19.0,73.0,9.0,19800,\
                Asia/Kolkata,IST\n\ntime,temperature_2m (°F)\n2003-01-01T00:00,50\n2003-01-01T01:00,59\n2003-01-01T02:00,68\n";
    std::fs::write(&path, text).unwrap();
    check(&path, &[], &[], |line| {
        let (minutes, fahrenheit) = Some(line)
            .filter(|line| line.starts_with("2003"))
            .and_then(|line| row(line, ',', (0, 1), 1.0))?;
        Some((minutes - 330, (fahrenheit - 32.0) * 5.0 / 9.0))
    });
}

#[test]
fn a_loggers_file_says_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("CR1000.dat");
    let mut text = "\"TOA5\",\"site\",\"CR1000\",\"1\",\"x\",\"CPU:a.CR1\",\"2\",\"Table1\"\r\n\
                    \"TIMESTAMP\",\"RECORD\",\"BattV_Min\",\"AirTC_Avg\"\r\n\"TS\",\"RN\",\"Volts\",\"Deg C\"\r\n\
                    \"\",\"\",\"Min\",\"Avg\"\r\n".to_string();
    for hour in 0..48 {
        let value = if hour == 5 { "\"NAN\"".to_string() } else { format!("{:.2}", f64::from(hour) / 4.0) };
        text.push_str(&format!(
            "\"2020-01-{:02} {:02}:00:00\",{hour},12.6,{value}\r\n",
            1 + hour / 24,
            hour % 24
        ));
    }
    std::fs::write(&path, text).unwrap();
    check(&path, &[CLOCK], &[], |line| row(&line.replace('"', ""), ',', (0, 3), 1.0));
}

#[test]
fn other_stations_of_the_cases() {
    let excel = |line: &str| {
        let days: f64 = field(line, ',', 0).parse().ok()?;
        Some((((days - 25569.0) * 24.0).round() as i64 * 60, field(line, ',', 1).parse().ok()?))
    };
    check_case("22-excel-serial/excel.csv", &[CLOCK, DEGREES], excel);
    check_case("12-half-hour-zone/short.csv", &[CLOCK, DEGREES], |line| row(line, ',', (0, 1), 1.0));
    check_case("14-duplicates-half-missing/dup.csv", &[CLOCK, DEGREES], |line| row(line, ',', (0, 1), 1.0));
    check_case("23-edt-est/ny.csv", &[DEGREES], |line| {
        let (clock, zone) = (field(line, ',', 0), if line.contains("EDT") { 4 } else { 5 });
        let date = format!("{}{}{}", clock.get(6..10)?, &clock[..2], &clock[3..5]);
        let hour = clock[11..13].parse::<i64>().ok()? + zone;
        Some((minutes(&date) + hour * 60, field(line, ',', 1).parse().ok()?))
    });
    check_case("15-bom-hm01x/HM01X_Data_059040.txt", &[CLOCK], |line| {
        let digits: String = (7..12).map(|at| field(line, ',', at)).collect();
        digits.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
        Some((minutes(&digits), field(line, ',', 14).parse().ok()?))
    });
}

#[test]
fn the_key_that_is_missing_is_named() {
    let Some(path) = shared_case("13-hours-to-25/london.csv") else { return };
    let (open, _) = proposed(&path, &[]);
    assert_eq!(
        open,
        [
            "time_zone: the hour 25 occurs, so that the clock has summer time; wanted its civil zone, such as \
             \"Europe/London\"",
            DEGREES,
            "it does not read the file yet: 2018-10-28 has the hour 25, and 24 hours in its time zone; wanted hours counted \
             from midnight, as the hour 25 is one: correct the row, or [ingest.station] time_zone to the civil zone, such \
             as \"Europe/London\"",
        ]
    );
    let (_, config) = proposed(&path, &[("time_zone", json!("Europe/London"))]);
    let series = read_station(&config, &[path]).unwrap();
    assert_eq!(calendar::format_hour(series.first_us), "2018-03-01T01:00");
    assert_eq!(series.hours as i64 * HOUR_US, series.last_us() - series.first_us + HOUR_US);
}

#[test]
fn a_text_that_is_no_table_names_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "A letter\nof some lines\n").unwrap();
    let (text, _) = inspect(&[path]);
    assert!(
        text.ends_with(
            "Nothing here was found to be a table; if it is one, describe it in [ingest.station]: delimiter, skip_lines, \
             comment, header, time, time_format, time_zone, columns (docs/data-sources.md).\n"
        ),
        "{text}"
    );
}

#[test]
fn examples_of_parquet_are_values() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("x.parquet");
    let table = tables::Table::new(vec![
        tables::Column::new("time", tables::Values::Time((0..48).map(|hour| hour * HOUR_US).collect())),
        tables::Column::with_unit(
            "temp",
            "degC",
            tables::Values::Float32((0..48).map(|hour| hour as f32 / 2.0 + 3.5).collect()),
        ),
    ]);
    tables::write(&path, &table).unwrap();
    let (text, _) = inspect(std::slice::from_ref(&path));
    assert!(text.contains("column    \"temp\", for example \"3.5\"\n"), "{text}");
    let (open, config) = proposed(&path, &[]);
    assert_eq!(open, Vec::<String>::new());
    let series = read_station(&config, &[path]).unwrap();
    assert_eq!((series.first_us, series.hours), (0, 48));
    assert!((series.variables[0].values[2] - 277.65).abs() < 1e-4);
}

#[test]
fn units_behind_names_are_known_and_examples_are_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    let text = "pressure_hPa,t_C,td_F,time_utc\n,,50,2020-01-01 00:00\n1002,1.5,50,2020-01-01 01:00\n1003,2.5,50,2020-01-01 02:00\n";
    std::fs::write(&path, text).unwrap();
    let (shown, report) = inspect(std::slice::from_ref(&path));
    assert!(shown.contains("column    \"t_C\", for example \"1.5\"\n"), "{shown}");
    let proposed = report["together"]["ingest"].as_str().unwrap();
    assert!(
        proposed.ends_with(
            "variables = [\"t2m\", \"d2m\", \"sp\"]\n\n[ingest.station]\ntime = \"time_utc\"\ntime_zone = \"UTC\"\n\
             columns = { d2m = { column = \"td_F\", unit = \"F\" }, sp = { column = \"pressure_hPa\", unit = \"hPa\" }, \
             t2m = { column = \"t_C\", unit = \"C\" } }\n"
        ),
        "{proposed}"
    );
}
