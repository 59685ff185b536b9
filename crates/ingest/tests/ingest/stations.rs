//! A station's text files, from the file to the series.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use contract::artifact::flag;
use contract::calendar::{self, HOUR_US, parse_date};
use contract::stage::{Inputs, Outputs, Stage};
use ingest::{Ingest, Series};
use jiff::tz::TimeZoneDatabase;
use serde_json::{Value, json};

use crate::fixture::{config_at, input, read, read_station, sample, shared_file, station_config};

/// The series of one file with that text.
fn series(text: &str, variables: &[&str], station: Value) -> anyhow::Result<Series> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("station.csv");
    std::fs::write(&path, text).unwrap();
    read_station(&station_config(variables, station), &[path])
}

/// The hours that were not filled, with their values.
fn hours(series: &Series, variable: usize) -> Vec<(String, f32)> {
    let column = &series.variables[variable];
    let times = series.times().into_iter().map(calendar::format_hour);
    let all = times.zip(&column.values).zip(&column.flags);
    all.filter(|(_, flags)| **flags & flag::FILLED == 0).map(|((time, value), _)| (time, *value)).collect()
}

fn kelvin(celsius: f64) -> f32 {
    (celsius + 273.15) as f32
}

#[test]
fn the_example_of_the_documentation() {
    let text = "Station Gondrecourt;;\r\n\
                since 1999;;\r\n\
                timestamp;temp;p\r\n\
                # sensor exchanged\r\n\
                2020-01-01 00:00;-3,5;989,1\r\n\
                2020-01-01 01:00;-999;-9999\r\n\
                2020-01-01 02:00;\"-2,5\";989\r\n";
    let station = json!({
        "delimiter": ";", "decimal": ",", "skip_lines": 2, "comment": "#", "time": "timestamp",
        "time_format": "%Y-%m-%d %H:%M", "time_zone": "+01:00", "missing": ["-999", "NA", ""],
        "columns": {
            "t2m": {"column": "temp", "unit": "degC"},
            "sp": {"column": "p", "unit": "hPa", "missing": ["-9999"]},
        },
    });
    let series = series(text, &["t2m", "sp"], station).unwrap();
    assert_eq!(
        hours(&series, 0),
        [("2019-12-31T23:00".to_string(), kelvin(-3.5)), ("2020-01-01T01:00".to_string(), kelvin(-2.5))]
    );
    assert_eq!(series.variables[1].values, [98_910.0, 98_905.0, 98_900.0]);
    assert_eq!(series.variables[1].flags, [0, flag::FILLED, 0]);
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (48.45, 5.59));
    assert_eq!(series.distance_km, 0.0);
}

/// Ten-minute data of three days, and what pandas 3.0 makes of them:
/// `t.dropna().resample("1h", offset="-30min").mean()`, labelled by the middle, of hours with a count
/// of at least 3; and `r.resample("1h", closed="right", label="right").sum()`.
#[test]
fn hours_of_ten_minute_data_agree_with_pandas() {
    let start = parse_date("2021-03-01").unwrap();
    let mut text = "time,t,r\n".to_string();
    for i in 0..144 * 3 {
        let time = calendar::format_hour(start + i * HOUR_US / 6);
        let is_missing = i % 29 == 0 || (100..110).contains(&i);
        let t = if is_missing { String::new() } else { format!("{:.1}", (i * 37 % 101) as f64 / 10.0 - 3.0) };
        writeln!(text, "{time},{t},{:.1}", (i * 53 % 7) as f64 * 0.2).unwrap();
    }
    let station = json!({
        "time": "time",
        "columns": {"t2m": {"column": "t", "unit": "degC"}, "tp": {"column": "r", "unit": "mm"}},
    });
    let series = series(&text, &["t2m", "tp"], station).unwrap();
    assert_eq!((series.hours, calendar::format_hour(series.first_us)), (72, "2021-03-01T01:00".to_string()));
    let t2m = hours(&series, 0);
    assert_eq!(t2m.len(), 70);
    let expected = [
        ("2021-03-01T01:00", 275.35),
        ("2021-03-01T02:00", 273.983_34),
        ("2021-03-01T03:00", 275.983_34),
        ("2021-03-01T15:00", 275.91),
        ("2021-03-01T16:00", 275.05),
        ("2021-03-01T19:00", 274.15),
        ("2021-03-04T00:00", 275.45),
    ];
    for (time, value) in expected {
        let (_, seen) = t2m.iter().find(|(seen, _)| seen == time).unwrap();
        // A few ulp: pandas adds 273.15 after the mean, this before.
        assert!((seen - value).abs() < 1e-4, "{time} {seen} {value}");
    }
    let sum: f64 = t2m.iter().map(|(_, value)| f64::from(*value)).sum();
    assert!((sum - 19_260.37).abs() < 1e-3, "{sum}");

    let tp = hours(&series, 1);
    assert_eq!(tp.len(), 72);
    for (index, (time, value)) in [
        (0, ("2021-03-01T01:00", 4.2_f32)),
        (1, ("2021-03-01T02:00", 3.6)),
        (2, ("2021-03-01T03:00", 3.0)),
        // Five of six samples, whose sum is 2.4.
        (71, ("2021-03-04T00:00", 2.4 * 6.0 / 5.0)),
    ] {
        assert_eq!(tp[index].0, time);
        assert!((tp[index].1 - value).abs() < 1e-6, "{time}");
    }
    let sum: f64 = tp.iter().map(|(_, value)| f64::from(*value)).sum();
    assert!((sum - 258.6 - 2.4 / 5.0).abs() < 1e-4, "{sum}");
}

#[test]
fn the_hours_at_the_borders_of_files_are_whole_and_the_order_of_files_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let start = parse_date("2021-01-31").unwrap();
    let rows = |range: std::ops::Range<i64>| {
        let row = |i: i64| format!("{},{i}\n", calendar::format_hour(start + i * HOUR_US / 6));
        "time,t\n".to_string() + &range.map(row).collect::<String>()
    };
    let write = |name: &str, range| {
        let path = folder.path().join(name);
        std::fs::write(&path, rows(range)).unwrap();
        path
    };
    let config =
        station_config(&["t2m"], json!({"time": "time", "columns": {"t2m": {"column": "t", "unit": "K"}}}));
    let whole = read_station(&config, &[write("whole.csv", 0..288)]).unwrap();
    // The second begins with the last rows of the first.
    let (a, b) = (write("2021-01.csv", 0..144), write("2021-02.csv", 140..288));
    assert_eq!(read_station(&config, &[a.clone(), b.clone()]).unwrap(), whole);
    assert_eq!(read_station(&config, &[b, a]).unwrap(), whole);
}

#[test]
fn rows_out_of_order_are_sorted_and_contradictions_flagged() {
    let text = "time,t\n2020-01-01 02:00,282\n2020-01-01 00:00,280\n2020-01-01 01:00,281\n\
                2020-01-01 01:00,281.5\n2020-01-01 00:00,280.0\n";
    let station = json!({"time": "time", "columns": {"t2m": {"column": "t", "unit": "K"}}});
    let series = series(text, &["t2m"], station).unwrap();
    assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0]);
    assert_eq!(series.variables[0].flags, [0, flag::DUPLICATE, 0]);
}

#[test]
fn wind_by_speed_and_direction_is_averaged_by_components() {
    // From 350 and 10 degrees, and a calm without direction: the mean is from north.
    let text = "time,ws,wd\n2020-01-01 00:40,6,350\n2020-01-01 01:00,0,\n2020-01-01 01:20,6,10\n";
    let wind = json!({"speed": "ws", "direction": "wd", "unit": "m/s"});
    let station = json!({"time": "time", "columns": {"u10": wind, "v10": wind}});
    let series = series(text, &["u10", "v10"], station).unwrap();
    assert!(series.variables[0].values[0].abs() < 1e-6);
    let expected = -4.0 * 10.0_f64.to_radians().cos();
    assert!((f64::from(series.variables[1].values[0]) - expected).abs() < 1e-6);
}

#[test]
fn files_without_a_header_and_with_times_in_two_columns() {
    let text = "20200101 0 -3.5\n20200101 1   -3.0\n";
    let station = json!({
        "delimiter": "whitespace", "header": false, "time": ["1", "2"], "time_format": "%Y%m%d %H",
        "columns": {"t2m": {"column": "3", "unit": "degC"}},
    });
    let series = series(text, &["t2m"], station).unwrap();
    assert_eq!(series.variables[0].values, [kelvin(-3.5), kelvin(-3.0)]);
}

#[test]
fn radiation_in_joules_of_ten_minutes_is_the_power_of_the_hour() {
    // 0.3 MJ in each ten minutes are 500 W.
    let rows = (1..=6).map(|i| format!("{},300000\n", calendar::format_hour(i * HOUR_US / 6)));
    let text = "time,s\n".to_string() + &rows.collect::<String>();
    let station = json!({"time": "time", "columns": {"ssrd": {"column": "s", "unit": "J m-2"}}});
    assert_eq!(series(&text, &["ssrd"], station).unwrap().variables[0].values, [500.0]);
}

#[test]
fn the_spring_hour_that_no_clock_showed_is_kept() {
    // A logger whose clock is never moved, described as civil time: 02:00 and 03:00 are one instant.
    let text =
        "time,t\n2020-03-29 01:00,280\n2020-03-29 02:00,281\n2020-03-29 03:00,282\n2020-03-29 04:00,283\n";
    let station = json!({"time": "time", "time_zone": "Europe/Paris", "columns": {"t2m": {"column": "t", "unit": "K"}}});
    let series = series(text, &["t2m"], station).unwrap();
    assert_eq!(series.variables[0].values, [280.0, 281.0, 283.0]);
    assert_eq!(series.variables[0].flags, [0, flag::DUPLICATE, 0]);
}

/// The hours of the embedded sample that are in its file, as the CSV of a station whose clock shows
/// the time of that zone.
pub fn sample_as_csv(path: &Path, zone: &str) -> Series {
    let series = read(&config_at(48.45, 5.59, &["t2m", "sp"]), &[sample()]).unwrap();
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap();
    let mut text = "local;t;p\n".to_string();
    for (hour, time_us) in series.times().into_iter().enumerate() {
        if series.variables[0].flags[hour] & flag::FILLED == 0 {
            let local = jiff::Timestamp::from_microsecond(time_us).unwrap().to_zoned(zone.clone());
            let (t2m, sp) = (series.variables[0].values[hour], series.variables[1].values[hour]);
            writeln!(text, "{};{t2m};{sp}", local.strftime("%d/%m/%Y %H:%M")).unwrap();
        }
    }
    std::fs::write(path, text).unwrap();
    series
}

/// The description of those files.
pub fn sample_station(zone: &str) -> Value {
    json!({
        "delimiter": ";", "time": "local", "time_format": "%d/%m/%Y %H:%M", "time_zone": zone,
        "columns": {"t2m": {"column": "t", "unit": "K"}, "sp": {"column": "p", "unit": "Pa"}},
    })
}

#[test]
fn twenty_two_years_through_a_clock_with_daylight_saving_come_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    for zone in ["Europe/Paris", "Australia/Lord_Howe"] {
        let path: PathBuf = folder.path().join("station.csv");
        let mut expected = sample_as_csv(&path, zone);
        let mut seen = read_station(&station_config(&["t2m", "sp"], sample_station(zone)), &[path]).unwrap();
        expected.distance_km = 0.0;
        expected.credit = contract::credit::Credit::default();
        for series in [&mut expected, &mut seen] {
            for variable in &mut series.variables {
                variable.flags.iter_mut().for_each(|flags| *flags &= flag::FILLED);
            }
        }
        crate::fixture::assert_same_bits(&seen, &expected);
    }
}

/// The ambient temperature of an office in degrees Fahrenheit, from the Numenta anomaly benchmark:
/// hourly, with gaps, of which the longest, 173 hours, ends what is read here.
#[test]
fn a_real_station_is_read() {
    let Some(path) = shared_file("nab/ambient_temperature_system_failure.csv") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let end = text.find("2014-04-10 15:00:00").unwrap();
    let station = json!({"time": "timestamp", "columns": {"t2m": {"column": "value", "unit": "degF"}}});
    let series = series(&text[..end], &["t2m"], station).unwrap();
    let t2m = &series.variables[0];
    let count = |bit: u8| t2m.flags.iter().filter(|flags| **flags & bit != 0).count();
    assert_eq!(calendar::format_hour(series.first_us), "2013-07-04T00:00");
    assert_eq!(calendar::format_hour(series.last_us()), "2014-04-03T09:00");
    let rows = text[..end].lines().count() - 1;
    assert_eq!((rows, series.hours, count(flag::FILLED)), (6114, 6562, 6562 - 6114));
    let gaps: Vec<usize> = t2m.gaps.iter().map(|gap| gap.hours).collect();
    assert_eq!(gaps, [1, 31, 47, 159, 95, 70, 29, 2, 14]);
    assert_eq!(count(!flag::FILLED), 0);
    // 69.880_835_14 degrees Fahrenheit.
    assert!((t2m.values[0] - 294.194_9).abs() < 1e-4);
}

#[test]
fn the_artifact_of_a_station_claims_nothing_of_copernicus() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("station.csv");
    std::fs::write(&path, "time,t\n2020-01-01 00:00,280\n").unwrap();
    let config =
        station_config(&["t2m"], json!({"time": "time", "columns": {"t2m": {"column": "t", "unit": "K"}}}));
    let outputs = Outputs { folder: folder.path().join("out"), work: folder.path().join("out") };
    std::fs::create_dir(&outputs.folder).unwrap();
    let inputs = Inputs(BTreeMap::from([("files".to_string(), vec![input(&path)])]));
    Ingest::run(&config, &inputs, &outputs).unwrap();
    let source: Value = serde_json::from_slice(&std::fs::read(outputs.file("source.json")).unwrap()).unwrap();
    assert_eq!(source["credit"]["sources"], json!(["Measurements of the user's own station"]));
    assert_eq!(source["credit"]["licences"], json!([]));
    assert_eq!(source["credit"]["attributions"], json!([]));
    assert_eq!(source["distance_km"], 0.0);
    let table = tables::read(&outputs.file("series.parquet"), &[]).unwrap();
    assert_eq!(table.f32s("t2m").unwrap(), [280.0]);
}

/// Reports of an airport as they come: at 53 past, with further ones in bad weather, calms without a
/// direction, and variable winds.
#[test]
fn reports_of_an_airport() {
    let text = "station,valid,tmpf,drct,sknt\n\
                KPHX,2020-07-01 00:53,104.00,280.00,8.00\n\
                KPHX,2020-07-01 01:53,102.02,0.00,0.00\n\
                KPHX,2020-07-01 02:20,99.00,90.00,10.00\n\
                KPHX,2020-07-01 02:53,M,M,5.00\n\
                KPHX,2020-07-01 03:53,95.00,90.00,10.00\n\
                KPHX,2020-07-01 04:53,94.00,90.00,10.00\n\
                KPHX,2020-07-01 05:53,93.00,90.00,10.00\n";
    let wind = json!({"speed": "sknt", "direction": "drct", "unit": "kn"});
    let station = json!({
        "time": "valid", "missing": ["M"],
        "columns": {"t2m": {"column": "tmpf", "unit": "degF"}, "u10": wind, "v10": wind},
    });
    let series = series(text, &["t2m", "u10", "v10"], station).unwrap();
    assert_eq!(calendar::format_hour(series.first_us), "2020-07-01T01:00");
    let fahrenheit = |degrees: f64| ((degrees - 32.0) * 5.0 / 9.0 + 273.15) as f32;
    // The lines between the reports at the full hours; 03:00 has no temperature and no direction, and is the
    // mean of its neighbours. 06:00 has no report after it.
    let (two, four) = (102.02 - 3.02 * 7.0 / 27.0, 95.0 - 7.0 / 60.0);
    let expected = [104.0 - 1.98 * 7.0 / 60.0, two, (two + four) / 2.0, four, 94.0 - 7.0 / 60.0];
    for (hour, degrees) in expected.into_iter().enumerate() {
        let seen = series.variables[0].values[hour];
        assert!((seen - fahrenheit(degrees)).abs() < 1e-3, "{hour} {seen}");
    }
    assert_eq!(series.variables[0].flags, [0, 0, flag::FILLED, 0, 0]);
    let u10 = &series.variables[1];
    assert_eq!(u10.flags, [0, 0, flag::FILLED, 0, 0]);
    assert!((u10.values[1] + 10.0 * 1852.0 / 3600.0 * 7.0 / 27.0).abs() < 1e-5);
}
