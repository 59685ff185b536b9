//! What people read when a station's file cannot be used: the exact words.

use ingest::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{hourly, read_station, station_config};

/// The message about a file of these bytes; `{}` in `expected` stands for its path.
fn check_bytes(bytes: &[u8], config: &Config, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("station.csv");
    std::fs::write(&path, bytes).unwrap();
    let message = format!("{:#}", read_station(config, std::slice::from_ref(&path)).unwrap_err());
    assert_eq!(message, expected.replace("{}", &path.display().to_string()));
}

fn station(key: &str, value: Value) -> Config {
    let mut station = json!({"time": "timestamp", "columns": {"t2m": {"column": "temp", "unit": "degC"}}});
    station[key] = value;
    station_config(&["t2m"], station)
}

fn check(text: &str, expected: &str) {
    check_bytes(text.as_bytes(), &station("header", json!(true)), expected);
}

const HEADER: &str = "timestamp,temp\n2020-01-01 00:00,1\n";
const ADVICE: &str =
    ": correct it, or list it under missing in [ingest.station] if it means that there is no value";

#[test]
fn files_without_rows() {
    check("", "{} is empty; wanted a station's CSV or Parquet file: copy it again");
    check("\n\n", "{} has no rows");
    check(
        "timestamp,temp\n",
        "the files have no value at the place; wanted at least one hour: see [ingest] files",
    );
    check_bytes(
        HEADER.as_bytes(),
        &station("skip_lines", json!(5)),
        "{} has 2 lines; skip_lines leaves out 5",
    );
}

#[test]
fn files_of_another_kind() {
    let wanted = "wanted a station's CSV or Parquet file, as [ingest.station] describes it: correct [ingest] files, or \
                  take [ingest.station] out";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    hourly(0, &[280.0]).write(&path);
    let message =
        read_station(&station("header", json!(true)), std::slice::from_ref(&path)).unwrap_err().to_string();
    assert_eq!(message, format!("{} is a NetCDF file; {wanted}", path.display()));
    check("PK\u{3}\u{4}", &format!("{{}} is a ZIP archive; {wanted}"));
    check("<html>", &format!("{{}} is a web page; {wanted}"));
    check("\u{1}\u{2}", &format!("{{}} is neither text nor Parquet; {wanted}"));
    check_bytes(b"\xff\xfet\0i\0", &station("header", json!(true)), "{} is UTF-16; save it as UTF-8");
}

#[test]
fn columns_that_are_not_there() {
    check(
        "timestamp;temp\n2020-01-01 00:00;1\n",
        "{} has no column \"timestamp\", for [ingest.station] time; it has timestamp;temp; is delimiter = \";\" meant?",
    );
    check(
        "Timestamp,temp\n",
        "{} has no column \"timestamp\", for [ingest.station] time; it has Timestamp, temp; did you mean \"Timestamp\"?",
    );
    check(
        "timestamp,temp (°C),p\n",
        "{} has no column \"temp\", for [ingest.station] columns.t2m; it has timestamp, temp (°C), p; did you mean \
         \"temp (°C)\"?",
    );
    check(
        "timestamp,temp,temp\n",
        "{} has several columns \"temp\", for [ingest.station] columns.t2m; wanted one: rename the others",
    );
}

#[test]
fn rows_that_are_no_rows() {
    check(&format!("{HEADER}2020-01-01 01:00\n"), "{}: line 3: it has 1 field, wanted 2 as in the first row");
    check(
        &format!("{HEADER}\r\n2020-01-01 01:00,2,x\r\n"),
        "{}: line 4: it has 3 fields, wanted 2 as in the first row",
    );
    check(&format!("{HEADER}2020-01-01 01:00,\"2\n"), "{}: line 3: a quote (\") is opened and not closed");
    check(
        "timestamp,temp\r2020-01-01 00:00,1\r",
        "{}: line 1: it has a carriage return inside; save the file with ordinary line ends",
    );
}

#[test]
fn numbers_that_are_none() {
    check(
        &format!("{HEADER}2020-01-01 01:00,cold\n"),
        &format!("{{}}: line 3: temp has \"cold\"; wanted a number{ADVICE}"),
    );
    check(
        &format!("{HEADER}2020-01-01 01:00,-inf\n"),
        &format!("{{}}: line 3: temp has \"-inf\"; wanted a number{ADVICE}"),
    );
    check(
        &format!("{HEADER}2020-01-01 01:00,\"1,5\"\n"),
        &format!(
            "{{}}: line 3: temp has \"1,5\"; wanted a number with a decimal point (decimal = \",\" reads commas){ADVICE}"
        ),
    );
    let config = station("missing", json!(["-999"]));
    check_bytes(
        format!("{HEADER}2020-01-01 01:00,NaN\n").as_bytes(),
        &config,
        &format!("{{}}: line 3: temp has \"NaN\"; wanted a number{ADVICE}"),
    );
    // Latin-1, as it was.
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend(b"2020-01-01 01:00,1\xb0\n");
    check_bytes(&bytes, &config, &format!("{{}}: line 3: temp has \"1°\"; wanted a number{ADVICE}"));
}

#[test]
fn times_that_are_none() {
    check(
        &format!("{HEADER}01/01/2020 01:00,2\n"),
        "{}: line 3: the time is \"01/01/2020 01:00\"; wanted an ISO 8601 time such as \"2001-12-31 23:00\": correct the \
         row, or [ingest.station] time_format",
    );
    check_bytes(
        HEADER.as_bytes(),
        &station("time_format", json!("%d.%m.%Y %H:%M")),
        "{}: line 2: the time is \"2020-01-01 00:00\"; wanted a time as \"%d.%m.%Y %H:%M\" describes it, such as \
         \"31.12.2001 23:00\": correct the row, or [ingest.station] time_format",
    );
    check_bytes(
        HEADER.as_bytes(),
        &station("time_format", json!("unix-ms")),
        "{}: line 2: the time is \"2020-01-01 00:00\"; wanted milliseconds since 1970, such as \"1009839600000\": \
         correct the row, or [ingest.station] time_format",
    );
    check(
        &format!("{HEADER},2\n"),
        "{}: line 3: the time is \"\"; wanted an ISO 8601 time such as \"2001-12-31 23:00\": correct the row, or \
         [ingest.station] time_format",
    );
    check_bytes(
        b"timestamp,temp\n9999-12-31 23:00,1\n",
        &station("time_zone", json!("-05:00")),
        "{}: the time 9999-12-31T23:00:00 lies outside the years -9999 to 9999",
    );
}

#[test]
fn years_that_are_none() {
    check_bytes(
        b"timestamp,temp\n31/12/99 23:00,1\n",
        &station("time_format", json!("%d/%m/%Y %H:%M")),
        "{} has the time 0099-12-31T23:00 UTC; wanted the years 1700 to 2300: correct the row, or [ingest.station] \
         time_format",
    );
}

#[test]
fn amounts_that_cannot_be_shared_out() {
    let station = json!({"time": "timestamp", "columns": {"tp": {"column": "rain", "unit": "mm"}}});
    check_bytes(
        b"timestamp,rain\n2020-01-01 00:00,1\n2020-01-01 03:00,1\n2020-01-01 06:00,2\n",
        &station_config(&["tp"], station),
        "tp has amounts in \"mm\" every 3.0 hours; wanted at least one an hour, since nothing says how to share an amount \
         out: give hourly ones, or take tp out of [ingest] variables",
    );
}

#[test]
fn amounts_of_one_month_that_cannot_be_shared_out() {
    let station = json!({"time": "timestamp", "columns": {"tp": {"column": "rain", "unit": "mm"}}});
    let row =
        |month: usize, hour: usize| format!("2020-{month:02}-{:02} {:02}:00,1\n", 1 + hour / 24, hour % 24);
    let rows = (0..744).map(|hour| row(1, hour)).chain((0..232).map(|step| row(2, 3 * step)));
    let text: String = ["timestamp,rain\n".to_string()].into_iter().chain(rows).collect();
    check_bytes(
        text.as_bytes(),
        &station_config(&["tp"], station),
        "tp has amounts in \"mm\" every 3.0 hours in the month of 2020-02-01T00:00; wanted at least one an hour, since \
         nothing says how to share an amount out: give hourly ones, or take the rows of that time out",
    );
}

#[test]
fn winds_that_cannot_be() {
    let wind = json!({"speed": "ws", "direction": "wd", "unit": "kn"});
    let config =
        station_config(&["u10", "v10"], json!({"time": "timestamp", "columns": {"u10": wind, "v10": wind}}));
    check_bytes(
        b"timestamp,ws,wd\n2020-01-01 00:00,5,990\n",
        &config,
        &format!("{{}}: line 2: wd has 990; wanted 0 to 360 degrees{ADVICE}"),
    );
}

#[test]
fn of_several_bad_files_the_first_by_name_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["b.csv", "a.csv"].map(|name| folder.path().join(name));
    for path in &paths {
        std::fs::write(path, "time,temp\n").unwrap();
    }
    let message = read_station(&station("header", json!(true)), &paths).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{} has no column", paths[1].display())), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Fields that are on the edge of something, in any order.
    #[test]
    fn no_text_ends_in_a_panic(
        rows in prop::collection::vec((
            prop::sample::select(vec![
                "2020-10-25 02:30", "2020-10-25 02:30", "2020-03-29 02:30", "2020-03-29", "1700-01-01", "2300-12-31 23:59:59.9",
                "9999-12-31 23:59", "-009999-01-02", "2020-10-25T02:30Z", "2020-02-30", "", "24:00", "2020-12-31 24:00",
                "1883-11-18 12:03:58", "2021-01-01 00:07",
            ]),
            prop::sample::select(vec!["1", "-0", "1e38", "1e39", "-999", "", "NA", "\"", "1,2", "-1e-300", "280.5"]),
        ), 0..12),
        zone in prop::sample::select(vec!["UTC", "Europe/Paris", "America/New_York", "-18:00", "Pacific/Apia"]),
        time_stamp in prop::sample::select(vec!["instant", "start", "end"]),
    ) {
        let text: String = rows.iter().map(|(time, value)| format!("{time},{value}\n")).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("station.csv");
        std::fs::write(&path, "timestamp,temp\n".to_string() + &text).unwrap();
        let station = json!({
            "time": "timestamp", "time_zone": zone, "time_stamp": time_stamp,
            "columns": {"tp": {"column": "temp", "unit": "mm"}, "t2m": {"column": "temp", "unit": "K"}},
        });
        if let Ok(series) = read_station(&station_config(&["tp", "t2m"], station), &[path]) {
            prop_assert!(series.variables.iter().all(|variable| variable.values.iter().all(|value| value.is_finite())));
        }
    }
}
