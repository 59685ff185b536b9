//! Layouts that no file at hand has: made in code.

use contract::artifact::flag;
use contract::calendar;

use crate::fixture::{Attribute, Data, File, Var, YEAR_2000, config, config_at, hourly, read, var};

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

/// Of the old Climate Data Store: an hour is NaN in one version or the other, in some months in none.
#[test]
fn final_and_preliminary_values_side_by_side_are_merged() {
    const NAN: f32 = f32::NAN;
    for (order, versions, values) in [
        (
            ["time", "expver", "latitude", "longitude"],
            vec![1, 5],
            vec![280.0, NAN, 281.0, 291.0, NAN, 282.0, NAN, NAN, 284.0, NAN],
        ),
        (
            ["expver", "latitude", "longitude", "time"],
            vec![5, 1],
            vec![NAN, 291.0, 282.0, NAN, NAN, 280.0, 281.0, NAN, NAN, 284.0],
        ),
    ] {
        let mut file = hourly(0, &[0.0; 5]);
        file.dimensions.push(("expver", 2));
        file.variables.push(var("expver", &["expver"], Data::I32(versions)));
        file.variables[3] = var("t2m", &order, Data::F32(values)).text("units", "K");
        let t2m = &read_one(&file).variables[0];
        assert_eq!(t2m.values, [280.0, 281.0, 282.0, 283.0, 284.0], "{order:?}");
        assert_eq!(t2m.flags, [0, 0, flag::PRELIMINARY, flag::FILLED, 0], "{order:?}");
    }
}

/// The start of a forecast and the steps from it, in the four forms that xarray and cfgrib write.
#[test]
fn forecasts_and_their_steps_give_the_hours_that_they_are_valid_for() {
    let start = |hours: &[i32]| {
        let hours = hours.iter().map(|hour| YEAR_2000 + hour).collect();
        Data::I32(hours)
    };
    let since = "hours since 1900-01-01";
    let with = |time: Var, dimensions: &[&'static str], sizes: &[(&'static str, usize)], more: Vec<Var>| {
        let mut file = hourly(0, &[280.0, 281.0, 282.0, 283.0]);
        file.dimensions = [sizes, &[("latitude", 1), ("longitude", 1)]].concat();
        file.variables[0] = time;
        file.variable("t2m").dimensions = [dimensions, &["latitude", "longitude"]].concat();
        file.variables.extend(more);
        file
    };
    let steps = |steps: Vec<f64>| var("step", &["step"], Data::F64(steps)).text("units", "hours");

    let scalar = || var("time", &[], start(&[-6])).text("units", since);
    let one_start = with(scalar(), &["step"], &[("step", 4)], vec![steps(vec![6.0, 7.0, 8.0, 9.0])]);

    let valid = var("valid_time", &["step"], start(&[0, 1, 2, 3])).text("units", since);
    let said = with(scalar(), &["step"], &[("step", 4)], vec![steps(vec![0.0; 4]), valid]);

    let two = || var("time", &["time"], start(&[-6, -4])).text("units", since);
    let sizes = [("time", 2), ("step", 2)];
    let summed = with(two(), &["time", "step"], &sizes, vec![steps(vec![6.0, 7.0])]);

    // The coordinate has its dimensions the other way round.
    let valid = var("valid_time", &["step", "time"], start(&[0, 2, 1, 3])).text("units", since);
    let table = with(two(), &["time", "step"], &sizes, vec![steps(vec![0.0; 2]), valid]);

    for file in [one_start, said, summed, table] {
        let series = read_one(&file);
        assert_eq!(calendar::format_hour(series.first_us), "2000-01-01T00:00");
        assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0, 283.0]);
    }
}

#[test]
fn a_single_field_has_scalar_times() {
    let mut file = hourly(0, &[280.0]);
    file.variables[0] =
        var("time", &[], Data::I32(vec![YEAR_2000 - 6])).text("units", "hours since 1900-01-01");
    file.variables.push(var("step", &[], Data::F64(vec![0.25])).text("units", "days"));
    file.variable("t2m").dimensions = vec!["latitude", "longitude"];
    let series = read_one(&file);
    assert_eq!(calendar::format_hour(series.first_us), "2000-01-01T00:00");
    assert_eq!(series.variables[0].values, [280.0]);
}

#[test]
fn a_place_between_grid_points_can_be_interpolated() {
    let mut file = hourly(0, &[0.0; 2]);
    file.dimensions = vec![("time", 2), ("latitude", 2), ("longitude", 2)];
    file.variable("latitude").dimensions = vec!["latitude"];
    file.variable("latitude").data = Data::F32(vec![48.75, 48.5]);
    file.variable("longitude").data = Data::F32(vec![5.5, 5.75]);
    file.variable("t2m").data = Data::F32(vec![280.0, 284.0, 288.0, 292.0, 280.0, 284.0, 288.0, f32::NAN]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    file.write(&path);
    let config = ingest::Config {
        interpolation: ingest::Interpolation::Bilinear,
        ..config_at(48.5625, 5.625, &["t2m"])
    };
    // A quarter of the way north, half of it east; the second hour lacks a corner.
    let series = read(&config, std::slice::from_ref(&path)).unwrap();
    assert_eq!(series.variables[0].values, [0.75 * (288.0 + 2.0) + 0.25 * (280.0 + 2.0)]);
    assert_eq!((series.point, series.distance_km), (config.place, 0.0));
    // On a line of the grid the missing corner has no weight.
    let on_line = ingest::Config { place: ingest::Point { longitude_deg: 5.5, ..config.place }, ..config };
    assert_eq!(read(&on_line, &[path]).unwrap().variables[0].values, [286.0, 286.0]);
}

#[test]
fn variables_are_found_by_the_names_that_other_tools_give_them() {
    for (name, long_name) in
        [("2m_temperature", "x"), ("VAR_2T", "2 metre temperature"), ("var167", "2 Metre Temperature")]
    {
        let mut file = hourly(0, &[280.0]);
        file.variable("t2m").name = name;
        file.variable(name).attributes.push(("long_name", Attribute::Text(long_name)));
        assert_eq!(read_one(&file).variables[0].values, [280.0], "{name}");
    }
}

#[test]
fn accumulations_become_rates_of_the_hour_before() {
    let mut file = hourly(0, &[0.0, 0.0025]);
    file.variables[3] =
        var("tp", &["time", "latitude", "longitude"], Data::F32(vec![0.0, 0.0025])).text("units", "m");
    file.variables.push(
        var("ssrd", &["time", "latitude", "longitude"], Data::F32(vec![3.6e6, 0.0])).text("units", "J m**-2"),
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    file.write(&path);
    let series = read(&config_at(48.5, 5.5, &["tp", "ssrd"]), &[path]).unwrap();
    // In millimetres an hour; 0.0025 is not exact in 32 bits.
    assert_eq!(series.variables[0].values, [0.0, (f64::from(0.0025_f32) * 1000.0) as f32]);
    assert_eq!(series.variables[1].values, [1000.0, 0.0]);
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
