//! Time axes that are not every hour on the hour: what is refused and what is put right.

use std::path::PathBuf;

use ingest::Series;

use crate::fixture::{Data, config, config_at, hourly, read, shared_case, var};

fn total(series: &Series) -> f64 {
    series.variables[0].values.iter().map(|value| f64::from(*value)).sum()
}

fn message(path: &PathBuf, variable: &str) -> String {
    let config = config_at(48.45, 5.59, &[variable]);
    format!("{:#}", read(&config, std::slice::from_ref(path)).unwrap_err())
}

#[test]
fn a_three_hourly_grid_is_refused_whatever_the_variable() {
    for variable in ["tp", "t2m"] {
        let Some(path) = shared_case(&format!("03-three-hourly/{variable}_3h.nc")) else { return };
        let message = message(&path, variable);
        assert!(
            message.starts_with(&format!("{} has {variable} every 3 hours from ", path.display())),
            "{message}"
        );
        assert!(
            message.contains("; wanted every hour, since nothing says what stands for the hours between")
        );
    }
}

#[test]
fn sums_since_midnight_that_lack_an_hour_of_each_day_keep_their_total() {
    for name in ["full.nc", "no23.nc"] {
        let Some(path) = shared_case(&format!("04-land-sums-hour-lacking/{name}")) else { return };
        let series = read(&config_at(48.45, 5.59, &["tp"]), &[path]).unwrap();
        let millimetres = total(&series);
        assert!((millimetres - 126.55).abs() < 0.01, "{name}: {millimetres}");
    }
}

#[test]
fn days_since_1900_in_32_bits_are_rounded_to_the_hour() {
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<f32> = (0..100).map(|hour| 280.0 + hour as f32 / 8.0).collect();
    let expected = folder.path().join("expected.nc");
    hourly(0, &values).write(&expected);
    let expected = read(&config(), &[expected]).unwrap();
    let days = (0..100).map(|hour| (36_524.0 + f64::from(hour) / 24.0) as f32).collect::<Vec<_>>();
    let widened = days.iter().map(|day| f64::from(*day)).collect();
    for (name, data) in [("narrow.nc", Data::F32(days)), ("wide.nc", Data::F64(widened))] {
        let mut file = hourly(0, &values);
        file.variables[0] = var("time", &["time"], data).text("units", "days since 1900-01-01");
        let path = folder.path().join(name);
        file.write(&path);
        assert_eq!(read(&config(), &[path]).unwrap(), expected);
    }
    if let Some(path) = shared_case("05-float32-days/f4_since_1900.nc") {
        let series = read(&config_at(48.45, 5.59, &["t2m"]), &[path]).unwrap();
        assert!(series.variables[0].gaps.is_empty());
    }
}

#[test]
fn days_since_the_year_1_in_32_bits_tell_no_hours_apart() {
    let folder = tempfile::tempdir().unwrap();
    let days = (0..100).map(|hour| (730_121.0 + f64::from(hour) / 24.0) as f32).collect();
    let mut file = hourly(0, &[280.0; 100]);
    file.variables[0] = var("time", &["time"], Data::F32(days)).text("units", "days since 0001-01-01");
    let path = folder.path().join("x.nc");
    file.write(&path);
    assert_eq!(
        format!("{:#}", read(&config(), &[path.clone()]).unwrap_err()),
        format!(
            "{}: time is stored in 32 bits, in steps of 1.5 hours; wanted times that tell one hour from the next: store \
             time in 64 bits, made anew from the source",
            path.display()
        )
    );
}

/// Times in minutes since 1970 for the temperatures 280, 281 and so on, in a file.
fn at_minutes(
    folder: &std::path::Path,
    name: &str,
    minutes: &[i32],
    variable: &'static str,
    unit: &'static str,
) {
    let values: Vec<f32> = (0..minutes.len()).map(|at| 280.0 + at as f32).collect();
    let mut file = hourly(0, &values);
    file.variables[0] =
        var("time", &["time"], Data::I32(minutes.to_vec())).text("units", "minutes since 1970-01-01");
    file.variables[3] =
        var(variable, &["time", "latitude", "longitude"], Data::F32(values)).text("units", unit);
    file.write(&folder.join(name));
}

fn read_at(folder: &std::path::Path, names: &[&str], variables: &[&str]) -> Result<(i64, Vec<f32>), String> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let read = read(&config_at(48.5, 5.5, variables), &paths);
    let read = read.map_err(|error| format!("{error:#}").replace(&format!("{}/", folder.display()), ""))?;
    Ok((read.first_us / contract::calendar::MINUTE_US, read.variables[0].values.clone()))
}

#[test]
fn hours_at_half_past_are_kept_there_and_hours_next_to_the_full_one_are_its() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    at_minutes(folder, "half.nc", &[30, 90, 150], "t2m", "K");
    assert_eq!(read_at(folder, &["half.nc"], &["t2m"]), Ok((30, vec![280.0, 281.0, 282.0])));
    at_minutes(folder, "next.nc", &[59, 120, 181], "t2m", "K");
    assert_eq!(read_at(folder, &["next.nc"], &["t2m"]), Ok((60, vec![280.0, 281.0, 282.0])));
    at_minutes(folder, "rain.nc", &[30, 90, 150], "tp", "kg m-2");
    assert_eq!(
        read_at(folder, &["rain.nc"], &["tp"]).unwrap_err(),
        "rain.nc: tp is of an hour, and its times lie 30 minutes after the whole hours of UTC, where an hour may begin, \
         end or have its middle; wanted the ends of hours at whole hours: move the times of the file"
    );
    at_minutes(folder, "whole.nc", &[240, 300], "t2m", "K");
    assert_eq!(
        read_at(folder, &["half.nc", "whole.nc"], &["t2m"]).unwrap_err(),
        "t2m has the time 1970-01-01T00:30, and t2m the time 1970-01-01T04:00; wanted all files and variables at the \
         same minute of the hour: interpolate them to whole hours UTC"
    );
    at_minutes(folder, "odd.nc", &[7, 67, 127], "t2m", "K");
    assert_eq!(
        read_at(folder, &["odd.nc"], &["t2m"]).unwrap_err(),
        "odd.nc: time has a time 7.0 minutes after 1970-01-01T00:00, not a whole hour; wanted hourly values at whole \
         hours UTC: interpolate or average the file to them"
    );
}
