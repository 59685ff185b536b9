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
