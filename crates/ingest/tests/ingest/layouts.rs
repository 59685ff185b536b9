//! Layouts that no file at hand has: made in code.

use contract::artifact::flag;
use contract::calendar;

use crate::fixture::{Attribute, Data, File, YEAR_2000, config, config_at, hourly, read, var};

fn read_one(file: &File) -> ingest::Series {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    file.write(&path);
    read(&config(), &[path]).unwrap()
}

#[test]
fn coordinates_are_found_by_standard_name_and_extra_dimensions_of_size_1_ignored() {
    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions = vec![("t", 2), ("height", 1), ("y", 1), ("x", 1)];
    file.variables = vec![
        var("t", &["t"], Data::F64(vec![10957.0, 10957.0 + 1.0 / 24.0]))
            .text("units", "days since 1970-01-01")
            .text("standard_name", "time"),
        var("y", &["y"], Data::F64(vec![48.5])).text("standard_name", "latitude"),
        var("x", &["x"], Data::F64(vec![365.5])).text("standard_name", "longitude"),
        var("t2m", &["x", "height", "t", "y"], Data::F32(vec![6.85, 7.85])).text("units", "degC"),
    ];
    let series = read_one(&file);
    assert_eq!(calendar::format_hour(series.first_us), "2000-01-01T00:00");
    assert_eq!(series.point.longitude_deg, 5.5);
    let celsius = |value: f32| (f64::from(value) + 273.15) as f32;
    assert_eq!(series.variables[0].values, [celsius(6.85), celsius(7.85)]);
}

#[test]
fn scalar_coordinates_stand_for_a_grid_of_one_point() {
    let mut file = hourly(0, &[280.0, 281.0]);
    for name in ["latitude", "longitude"] {
        file.variable(name).dimensions.clear();
    }
    file.variable("t2m").dimensions = vec!["time"];
    assert_eq!(read_one(&file).variables[0].values, [280.0, 281.0]);
}

#[test]
fn valid_time_wins_over_the_start_of_the_forecast() {
    let mut file = hourly(0, &[280.0, 281.0]);
    file.variables.push(
        var("valid_time", &["time"], Data::I32(vec![3600, 7200])).text("units", "seconds since 2001-01-01"),
    );
    assert_eq!(calendar::format_hour(read_one(&file).first_us), "2001-01-01T01:00");
}

#[test]
fn fill_and_missing_values_are_missing() {
    for (attribute, fill) in [("_FillValue", -999.0), ("missing_value", -999.0), ("none", 9.969_21e36)] {
        let mut file = hourly(0, &[280.0, fill, 282.0, f32::NAN, 284.0]);
        let t2m = file.variable("t2m");
        t2m.attributes.push((attribute, Attribute::F32(-999.0)));
        let series = read_one(&file);
        assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0, 283.0, 284.0], "{attribute}");
        assert_eq!(series.variables[0].flags, [0, flag::FILLED, 0, flag::FILLED, 0], "{attribute}");
    }
}

#[test]
fn missing_hours_at_the_ends_of_the_files_are_left_out() {
    let series = read_one(&hourly(0, &[f32::NAN, f32::NAN, 280.0, 281.0, f32::NAN]));
    assert_eq!(calendar::format_hour(series.first_us), "2000-01-01T02:00");
    assert_eq!(series.variables[0].values, [280.0, 281.0]);
}

#[test]
fn preliminary_hours_are_flagged() {
    let mut file = hourly(0, &[280.0, 281.0, f32::NAN, 283.0]);
    file.variables.push(var("expver", &["time"], Data::I32(vec![1, 1, 5, 5])));
    let (filled, preliminary) = (flag::FILLED, flag::PRELIMINARY);
    assert_eq!(read_one(&file).variables[0].flags, [0, 0, filled, preliminary]);
}

#[cfg(feature = "libnetcdf")]
#[test]
fn preliminary_hours_are_flagged_in_the_new_layout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    let mut file = netcdf::create(&path).unwrap();
    for (name, size) in [("valid_time", 3), ("latitude", 1), ("longitude", 1)] {
        file.add_dimension(name, size).unwrap();
    }
    let mut times = file.add_variable::<i64>("valid_time", &["valid_time"]).unwrap();
    times.put_values(&[0_i64, 3600, 7200], ..).unwrap();
    times.put_attribute("units", "seconds since 1970-01-01").unwrap();
    file.add_variable::<f64>("latitude", &["latitude"]).unwrap().put_values(&[48.5], ..).unwrap();
    file.add_variable::<f64>("longitude", &["longitude"]).unwrap().put_values(&[5.5], ..).unwrap();
    let dimensions = ["valid_time", "latitude", "longitude"];
    let mut t2m = file.add_variable::<f32>("t2m", &dimensions).unwrap();
    t2m.put_values(&[280.0_f32, 281.0, 282.0], ..).unwrap();
    t2m.put_attribute("units", "K").unwrap();
    let mut expver = file.add_string_variable("expver", &["valid_time"]).unwrap();
    // The second stays null, as in files of the wild.
    expver.put_string("0001", 0).unwrap();
    expver.put_string("0005", 2).unwrap();
    file.close().unwrap();

    let series = read(&config(), &[path]).unwrap();
    assert_eq!(series.variables[0].flags, [0, 0, flag::PRELIMINARY]);
    assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0]);
}

#[test]
fn each_variable_comes_from_the_files_that_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    hourly(0, &[280.0, 281.0]).write(&path("t.nc"));
    let mut pressure = hourly(0, &[1000.0, 1001.0]);
    pressure.variables[3] =
        var("sp", &["time", "latitude", "longitude"], Data::F32(vec![1000.0, 1001.0])).text("units", "hPa");
    pressure.write(&path("p.nc"));
    let series = read(&config_at(48.5, 5.5, &["sp", "t2m"]), &[path("t.nc"), path("p.nc")]).unwrap();
    let values: Vec<_> = series.variables.iter().map(|v| (v.variable.name, v.values.clone())).collect();
    assert_eq!(values, [("sp", vec![100_000.0, 100_100.0]), ("t2m", vec![280.0, 281.0])]);
}

#[test]
fn files_with_the_grid_in_32_and_64_bits_are_of_one_grid() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, first, latitude, longitude) in [
        ("a.nc", 0, Data::F32(vec![33.45]), Data::F32(vec![-112.05])),
        ("b.nc", 1, Data::F64(vec![33.45]), Data::F64(vec![247.95])),
    ] {
        let mut file = hourly(first, &[280.0 + first as f32]);
        file.variable("latitude").data = latitude;
        file.variable("longitude").data = longitude;
        file.write(&path(name));
    }
    let series = read(&config_at(33.45, -112.05, &["t2m"]), &[path("b.nc"), path("a.nc")]).unwrap();
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (33.45, -112.05));
    assert_eq!(series.variables[0].values, [280.0, 281.0]);
}

#[test]
fn the_day_of_the_fixture_is_the_first_of_2000() {
    let epoch_1900 = calendar::parse_date("1900-01-01").unwrap();
    let start = calendar::parse_date("2000-01-01").unwrap();
    assert_eq!(epoch_1900 + i64::from(YEAR_2000) * calendar::HOUR_US, start);
}
