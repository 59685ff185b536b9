//! What stations' files have that a plain table does not: scales, footers, rows of other kinds and clocks
//! of their own.

use contract::artifact::flag;
use contract::calendar;
use ingest::Series;
use serde_json::{Value, json};

use crate::fixture::{read_station, shared_case, station_config};

fn series(text: &str, variables: &[&str], station: Value) -> anyhow::Result<Series> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("station.csv");
    std::fs::write(&path, text).unwrap();
    read_station(&station_config(variables, station), &[path])
}

/// The observed values in degrees Celsius by their hours.
fn celsius(series: &Series) -> Vec<(String, f64)> {
    let column = &series.variables[0];
    let times = series.times().into_iter().map(calendar::format_hour);
    let all = times.zip(&column.values).zip(&column.flags);
    let observed = all.filter(|(_, flags)| **flags & flag::FILLED == 0);
    observed
        .map(|((time, value), _)| (time, ((f64::from(*value) - 273.15) * 100.0).round() / 100.0))
        .collect()
}

fn check(text: &str, station: Value, expected: &[(&str, f64)]) {
    let found = celsius(&series(text, &["t2m"], station).unwrap());
    let expected: Vec<(String, f64)> =
        expected.iter().map(|(time, value)| ((*time).to_string(), *value)).collect();
    assert_eq!(found, expected);
}

/// The value at that hour of a shared case, in degrees Celsius; without the case what was expected.
fn check_case(name: &str, station: Value, expected: &[(&str, f64)]) {
    let Some(path) = shared_case(name) else { return };
    let found = celsius(&read_station(&station_config(&["t2m"], station), &[path]).unwrap());
    for (time, value) in expected {
        let at = found.iter().find(|(hour, _)| hour == time).map(|(_, value)| *value);
        assert_eq!(at, Some(*value), "{name} {time}");
    }
}

fn with(unit: &str, column: &str, more: Value) -> Value {
    let mut station = json!({"columns": {"t2m": {"column": column, "unit": unit}}});
    for (key, value) in more.as_object().unwrap() {
        station[key] = value.clone();
    }
    station
}

#[test]
fn tenths_of_a_degree_of_one_station_among_two_under_a_commented_head() {
    let text = "# BRON: KNMI\n# T : in 0.1 graden\n#\n# STN,YYYYMMDD,   HH,    T\n#\n  209,20030101,    1,   35\n  \
                209,20030101,    2,   32\n  260,20030101,    1,   65\n  260,20030101,   24,  -62\n";
    let station = json!({
        "comment": "#", "header": false, "time": ["2", "3"], "time_format": "%Y%m%d %H", "where": {"1": 260},
    });
    check(
        text,
        with("0.1 degC", "4", station.clone()),
        &[("2003-01-01T01:00", 6.5), ("2003-01-02T00:00", -6.2)],
    );
    let expected = [("2003-01-01T01:00", 6.5), ("2003-02-28T23:00", 10.9)];
    check_case("18-knmi/uurgeg_all.txt", with("0.1 degC", "4", station.clone()), &expected);
    check_case("18-knmi/uurgeg_260.txt", with("0.1 degC", "4", station), &expected);
}

#[test]
fn rows_of_which_none_is_chosen_are_an_error() {
    let text = "time,t,q\n2020-01-01 00:00,1,0\n2020-01-01 01:00,2,0\n";
    let station = with("degC", "t", json!({"time": "time", "where": {"q": ["1", "2"], "t": 5}}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, text).unwrap();
    assert_eq!(
        read_station(&station_config(&["t2m"], station), std::slice::from_ref(&path))
            .unwrap_err()
            .to_string(),
        format!(
            "{} has no row with q = 1 or 2, t = 5 among its 2; wanted at least one: correct [ingest.station] where, or \
             take the file out of [ingest] files",
            path.display()
        )
    );
}

#[test]
fn rows_are_chosen_before_their_fields_are_read() {
    let text = "time,kind,t\n2020-01-01 00:00,hour,1\nsummary,day,none\n2020-01-01 01:00,hour,2\n";
    let station = with("degC", "t", json!({"time": "time", "where": {"kind": "hour"}}));
    check(text, station, &[("2020-01-01T00:00", 1.0), ("2020-01-01T01:00", 2.0)]);
    let badc = with("degC", "air_temperature", json!({"time": "ob_time", "where": {"version_num": 1}}));
    let expected = [("2003-01-01T00:00", 3.9), ("2003-01-01T07:00", 3.5), ("2003-01-31T23:00", -7.9)];
    check_case("30-badc-end-data/midas.csv", badc, &expected);
    let metar = json!({"time": "DATE", "where": {"REPORT_TYPE": "FM-15"}});
    let first = [("2003-01-01T00:51", 3.33), ("2003-01-01T02:51", 2.78)];
    check_case("20-metar-speci/lcd.csv", with("degF", "HourlyDryBulbTemperature", metar), &first);
}

#[test]
fn a_loggers_four_lines_and_its_nan() {
    let text = "\"TOA5\",\"site\",\"CR1000\",\"1\",\"x\"\n\"TIMESTAMP\",\"RECORD\",\"AirTC_Avg\"\n\
                \"TS\",\"RN\",\"Deg C\"\n\"\",\"\",\"Avg\"\n\"2020-01-01 00:00:00\",0,1.5\n\
                \"2020-01-01 01:00:00\",1,\"NAN\"\n\"2020-01-01 02:00:00\",2,2.5\n";
    check(
        text,
        with("degC", "AirTC_Avg", json!({"time": "TIMESTAMP"})),
        &[("2020-01-01T00:00", 1.5), ("2020-01-01T02:00", 2.5)],
    );
}

#[test]
fn days_of_a_spreadsheet_are_the_stations_clock() {
    let station =
        with("degC", "Temp", json!({"time": "Date", "time_format": "excel", "time_zone": "+01:00"}));
    let text = "Date,Temp\n37622.0,3.9\n37622.041666666664,3.5\n";
    check(text, station, &[("2002-12-31T23:00", 3.9), ("2003-01-01T00:00", 3.5)]);
    let utc = with("degC", "Temp", json!({"time": "Date", "time_format": "excel"}));
    let expected = [("2003-01-01T00:00", 3.9), ("2003-03-31T23:00", 6.1)];
    check_case("22-excel-serial/excel.csv", utc, &expected);
}

#[test]
fn the_letters_of_a_zone_decide_through_the_end_of_summer_time() {
    let text = "time,temp\n10/26/2003 01:00 EDT,1\n10/26/2003 01:00 EST,2\n10/26/2003 02:00 EST,3\n";
    let station = with("degC", "temp", json!({"time": "time", "time_format": "%m/%d/%Y %H:%M %Z"}));
    check(
        text,
        station.clone(),
        &[("2003-10-26T05:00", 1.0), ("2003-10-26T06:00", 2.0), ("2003-10-26T07:00", 3.0)],
    );
    let expected = [("2003-10-01T00:00", 11.3), ("2003-11-30T23:00", 8.9)];
    check_case("23-edt-est/ny.csv", station, &expected);
}

#[test]
fn hours_counted_to_25_pass_through_the_end_of_summer_time() {
    let station =
        json!({"time": ["day", "hour"], "time_format": "%Y-%m-%d %H", "time_zone": "Europe/London"});
    let station = with("degC", "temp", station);
    let mut text = "day,hour,temp\n".to_string();
    for hour in 1..=25 {
        text.push_str(&format!("2018-10-28,{hour},{hour}\n"));
    }
    text.push_str("2018-10-29,1,26\n");
    let found = celsius(&series(&text, &["t2m"], station.clone()).unwrap());
    let values: Vec<f64> = found.iter().map(|(_, value)| *value).collect();
    assert_eq!(values, (1..=26).map(f64::from).collect::<Vec<_>>());
    assert_eq!(found[0].0, "2018-10-28T00:00");
    // The 25th hour of the day ends at its midnight, in winter time.
    let expected = [
        ("2018-03-01T01:00", -5.6),
        ("2018-03-25T23:00", 8.1),
        ("2018-10-28T00:00", 4.0),
        ("2018-10-29T00:00", 4.1),
        ("2018-10-29T01:00", 3.7),
    ];
    check_case("13-hours-to-25/london.csv", station.clone(), &expected);
    let Some(path) = shared_case("13-hours-to-25/london.csv") else { return };
    let found = celsius(&read_station(&station_config(&["t2m"], station), &[path.clone()]).unwrap());
    let hour = |row: &Vec<String>| {
        // Summer time from 25 March to 28 October, by the midnight of each day.
        let is_summer = (&row[0][5..] > "03-25") && (&row[0][5..] <= "10-28");
        let midnight = calendar::parse_date(&row[0]).unwrap() - i64::from(is_summer) * calendar::HOUR_US;
        let time = midnight + row[1].parse::<i64>().unwrap() * calendar::HOUR_US;
        (calendar::format_hour(time), row[2].parse::<f64>().unwrap())
    };
    assert_eq!(found, case_rows(&path, ',').iter().map(hour).collect::<Vec<_>>());
}

#[test]
fn a_head_and_a_footer_of_prose_are_no_rows() {
    let text = "Latitude: 48\n\nSlope: 35 deg.\ntime,G,T2m\n20030101:0030,0,3.94\n20030101:0130,0,3.53\n\nG: \
                irradiance\nT2m: temperature\n\nPVGIS (c) European Union, 2001\n";
    let station = json!({"time": "time", "time_format": "%Y%m%d:%H%M", "skip_lines": 3});
    let found = series(text, &["t2m"], with("degC", "T2m", station.clone()));
    assert!(found.is_ok(), "{found:?}");
    let mut real = station;
    real["skip_lines"] = json!(8);
    if let Some(path) = shared_case("19-pvgis/Timeseries_48.450_5.590.csv") {
        read_station(&station_config(&["t2m"], with("degC", "T2m", real)), &[path]).unwrap();
    }
}

/// The rows of a shared case after its header, split at a character.
fn case_rows(path: &std::path::Path, delimiter: char) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1);
    rows.map(|row| row.split(delimiter).map(|field| field.trim().to_string()).collect()).collect()
}

/// June ends its hours at hh:59 and July at hh:00: of both each hour has the value of its row.
#[test]
fn hours_that_end_a_minute_early_are_those_that_end_at_the_hour() {
    let Some(path) = shared_case("11-dwd-stamps/st.txt") else { return };
    let mut expected = std::collections::BTreeMap::new();
    for row in case_rows(&path, ';') {
        let [date, hour, minute] = [&row[1][..8], &row[1][8..10], &row[1][11..]];
        let day = calendar::parse_date(&format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..])).unwrap();
        let hour = hour.parse::<i64>().unwrap() + i64::from(minute == "59");
        let value = |at: usize| row[at].parse::<f64>().unwrap();
        expected.insert(day + hour * calendar::HOUR_US, (value(4) / 3600.0, value(5) + 273.15));
    }
    for time_stamp in ["end", "instant"] {
        let station = json!({
            "delimiter": ";", "time": "MESS_DATUM", "time_format": "%Y%m%d%H:%M", "time_stamp": time_stamp,
            "columns": {"ssrd": {"column": "FG_JM2", "unit": "J m-2"}, "t2m": {"column": "T", "unit": "degC"}},
        });
        let series = read_station(&station_config(&["ssrd", "t2m"], station), &[path.clone()]).unwrap();
        assert_eq!(series.times(), expected.keys().copied().collect::<Vec<_>>(), "{time_stamp}");
        for (at, (ssrd, t2m)) in expected.values().enumerate() {
            let seen = [0, 1].map(|variable| f64::from(series.variables[variable].values[at]));
            assert!(
                (seen[0] - ssrd).abs() < 1e-3 && (seen[1] - t2m).abs() < 1e-3,
                "{time_stamp} {at}: {seen:?}"
            );
        }
    }
}

#[test]
fn the_hours_of_a_half_hour_zone_are_those_of_its_clock() {
    let Some(path) = shared_case("12-half-hour-zone/short.csv") else { return };
    let station = with("degC", "temp", json!({"time": "time", "time_zone": "Asia/Kolkata"}));
    let series = read_station(&station_config(&["t2m"], station), &[path.clone()]).unwrap();
    let found = celsius(&series);
    assert_eq!(found[0], ("2002-12-31T18:30".to_string(), 14.8));
    let mut days = [[0.0_f64; 2]; 24];
    for row in case_rows(&path, ',') {
        days[row[0][11..13].parse::<usize>().unwrap()][0] += row[1].parse::<f64>().unwrap();
    }
    let offset: calendar::UtcOffset = "+05:30".parse().unwrap();
    for (time_us, value) in series.times().into_iter().zip(&series.variables[0].values) {
        let local = calendar::civil(offset.to_local(time_us));
        days[usize::from(local.hour.unsigned_abs())][1] += f64::from(*value) - 273.15;
    }
    let rows = case_rows(&path, ',').len() as f64 / 24.0;
    for (hour, [raw, seen]) in days.into_iter().enumerate() {
        assert!((raw - seen).abs() / rows < 0.01, "{hour}: {} {}", raw / rows, seen / rows);
    }
}

#[test]
fn nepal_and_a_day_saving_zone_of_half_hours_keep_their_clock() {
    for (zone, date, first) in [
        ("Asia/Kathmandu", "2020-06-01", "2020-05-31T18:15"),
        ("Australia/Adelaide", "2020-01-01", "2019-12-31T13:30"),
        ("Australia/Adelaide", "2020-06-01", "2020-05-31T14:30"),
    ] {
        let mut text = "time,temp\n".to_string();
        for hour in 0..24 {
            text.push_str(&format!("{date} {hour:02}:00,{hour}\n"));
        }
        let station = with("degC", "temp", json!({"time": "time", "time_zone": zone}));
        let found = celsius(&series(&text, &["t2m"], station).unwrap());
        assert_eq!((found.len(), found[0].clone()), (24, (first.to_string(), 0.0)), "{zone}");
    }
}

/// Routine reports at hh:51 with special ones between: the line between the reports around each full hour.
#[test]
fn reports_at_any_time_are_the_line_between_them_at_the_full_hour() {
    let Some(path) = shared_case("20-metar-speci/lcd.csv") else { return };
    let station = json!({"time": "DATE", "missing": ["", "*s"]});
    let station = with("degF", "HourlyDryBulbTemperature", station);
    let series = read_station(&station_config(&["t2m"], station), &[path.clone()]).unwrap();
    let minute = |text: &str| {
        let part = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
        calendar::parse_date(&text[..10]).unwrap() / calendar::MINUTE_US + part(11..13) * 60 + part(14..16)
    };
    let rows = case_rows(&path, ',').into_iter();
    let reports: std::collections::BTreeMap<i64, f64> =
        rows.filter_map(|row| Some((minute(&row[0]), row[2].parse::<f64>().ok()?))).collect();
    let mut compared = 0;
    for ((time_us, value), flags) in
        series.times().into_iter().zip(&series.variables[0].values).zip(&series.variables[0].flags)
    {
        let hour = time_us / calendar::MINUTE_US;
        // Next to the hour there may be a report for it, or several.
        if flags & flag::FILLED != 0 || reports.range(hour - 2..=hour + 2).next().is_some() {
            continue;
        }
        let ((before, from), (after, to)) =
            (reports.range(..=hour).next_back().unwrap(), reports.range(hour..).next().unwrap());
        let line = from + (to - from) * (hour - before) as f64 / (after - before) as f64;
        assert!(
            (f64::from(*value) - (line - 32.0) * 5.0 / 9.0 - 273.15).abs() < 1e-3,
            "{hour}: {value} {line}"
        );
        compared += 1;
    }
    assert!(compared > 1900, "{compared}");
}

#[test]
fn values_of_days_among_hours_are_left_out() {
    let Some(path) = shared_case("24-daily-among-hours/KAN_U_hour.csv") else { return };
    let mut station = station_config(&["t2m"], with("degC", "t_u", json!({"time": "time"})));
    station.gaps = ingest::GapPolicy { linear_hours: 0, diurnal_hours: 0, ..station.gaps };
    let series = read_station(&station, &[path.clone()]).unwrap();
    let found = celsius(&series);
    let hourly: Vec<f64> = case_rows(&path, ',')
        .iter()
        .filter(|row| row[0].as_str() >= "2003-03-17 00:00:00")
        .map(|row| row[1].parse::<f64>().unwrap())
        .collect();
    assert_eq!(found[0].0, "2003-03-17T00:00");
    assert_eq!(found.len(), hourly.len());
    assert!(found.iter().zip(&hourly).all(|((_, seen), raw)| (seen - raw).abs() < 0.006));
}

#[test]
fn of_a_missing_and_a_present_value_of_a_time_the_present_one_is_taken() {
    let Some(path) = shared_case("14-duplicates-half-missing/dup.csv") else { return };
    let station = with("degC", "temp", json!({"time": "time"}));
    let found = celsius(&read_station(&station_config(&["t2m"], station), &[path.clone()]).unwrap());
    let raw: Vec<f64> = case_rows(&path, ',').iter().filter_map(|row| row[1].parse().ok()).collect();
    assert_eq!(found.iter().map(|(_, value)| *value).collect::<Vec<_>>(), raw);
}
