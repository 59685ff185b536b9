//! What people read when a file cannot be used: the exact words.

use std::path::{Path, PathBuf};

use ingest::Config;

use crate::fixture::{Data, config, config_at, hourly, read, sample, var};

/// A folder for the files of one test; `{}` in expected messages stands for its path.
struct Case(tempfile::TempDir);

impl Case {
    fn new() -> Case {
        Case(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn check(&self, config: &Config, names: &[&str], expected: &str) {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        let message = format!("{:#}", read(config, &paths).unwrap_err());
        assert_eq!(message, expected.replace("{}", &self.0.path().display().to_string()));
    }
}

fn cut(from: &Path, to: &Path, bytes: usize) {
    std::fs::write(to, &std::fs::read(from).unwrap()[..bytes]).unwrap();
}

#[test]
fn a_file_that_is_not_netcdf() {
    let case = Case::new();
    for (content, expected) in [
        (
            "\u{1}\u{2}valid_time,t2m\n",
            "{}/x.nc is not a NetCDF file: it begins with \"\\x01\\x02valid_\", wanted \"CDF\" (NetCDF-3) or \"\\x89HDF\" \
             (NetCDF-4); correct [ingest] files",
        ),
        (
            "<!DOCTYPE html>",
            "{}/x.nc is a web page, not data; download it again, and look at it if it stays so",
        ),
        (
            "PAR1\u{15}",
            "{}/x.nc is Parquet; wanted NetCDF, or ERA5's CSV: if it is a station's, describe it in [ingest.station]",
        ),
        ("", "{}/x.nc is empty; wanted a NetCDF file: download or copy it again"),
        (
            "PK\u{3}\u{4}",
            "{}/x.nc is a ZIP archive; unpack it and name the NetCDF files inside in [ingest] files",
        ),
        ("GRIB....", "{}/x.nc is a GRIB file; wanted NetCDF: download it again with the format netcdf"),
    ] {
        std::fs::write(case.path("x.nc"), content).unwrap();
        case.check(&config(), &["x.nc"], expected);
    }
}

#[test]
fn a_truncated_netcdf_3_file() {
    let case = Case::new();
    hourly(0, &[280.0; 48]).write(&case.path("whole.nc"));
    let length = std::fs::metadata(case.path("whole.nc")).unwrap().len() as usize;
    cut(&case.path("whole.nc"), &case.path("x.nc"), length - 4);
    case.check(
        &config(),
        &["x.nc"],
        &format!(
            "{{}}/x.nc is truncated: its header promises {length} bytes, it has {}; download or copy it again",
            length - 4
        ),
    );
    cut(&case.path("whole.nc"), &case.path("x.nc"), 100);
    case.check(
        &config(),
        &["x.nc"],
        "{}/x.nc is truncated: it ends inside its header, after 100 bytes; download or copy it again",
    );
}

#[test]
fn a_truncated_netcdf_4_file() {
    let case = Case::new();
    cut(&sample(), &case.path("x.nc"), 1_000_000);
    let config = config_at(48.45, 5.59, &["t2m"]);
    case.check(
        &config,
        &["x.nc"],
        "{}/x.nc is truncated: its header promises 2062981 bytes, it has 1000000; download or copy it again",
    );
    cut(&sample(), &case.path("x.nc"), 20);
    case.check(
        &config,
        &["x.nc"],
        "{}/x.nc is truncated: it ends inside its header, after 20 bytes; download or copy it again",
    );
}

#[test]
fn a_missing_variable() {
    let case = Case::new();
    hourly(0, &[280.0]).write(&case.path("a.nc"));
    hourly(1, &[280.0]).write(&case.path("b.nc"));
    let config = config_at(48.5, 5.5, &["t2m", "d2m"]);
    case.check(
        &config,
        &["a.nc"],
        "{}/a.nc has no variable \"d2m\"; it has time, latitude, longitude, t2m: correct [ingest] variables, or add \
         files that have it",
    );
    case.check(
        &config,
        &["b.nc", "a.nc"],
        "none of the 2 files has a variable \"d2m\"; {}/a.nc, for one, has time, latitude, longitude, t2m: correct \
         [ingest] variables, or add files that have it",
    );
}

#[test]
fn a_wrong_unit() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0]);
    let t2m = file.variable("t2m");
    t2m.attributes.clear();
    file.write(&case.path("none.nc"));
    let accepted = "K, kelvin, degC, °C, C, celsius, degF, °F, F";
    case.check(
        &config(),
        &["none.nc"],
        &format!("{{}}/none.nc: t2m has no attribute units; wanted one of {accepted}: add it to the file"),
    );
    file.variable("t2m").attributes.push(("units", crate::fixture::Attribute::Text("m s-1")));
    file.write(&case.path("x.nc"));
    case.check(
        &config(),
        &["x.nc"],
        &format!(
            "{{}}/x.nc: t2m has the unit \"m s-1\"; wanted one of {accepted}: convert it, or correct the attribute units"
        ),
    );
}

#[test]
fn wrong_dimensions() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions.push(("level", 2));
    file.variables[3] =
        var("t2m", &["time", "level", "latitude", "longitude"], Data::F32(vec![280.0; 4])).text("units", "K");
    file.write(&case.path("levels.nc"));
    let wanted = "wanted time, latitude and longitude with their coordinates, and others only of size 1: select or \
                  reshape";
    case.check(
        &config(),
        &["levels.nc"],
        &format!("{{}}/levels.nc: t2m has the dimensions time 2, level 2, latitude 1, longitude 1; {wanted}"),
    );

    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions = vec![("time", 2), ("station", 1)];
    file.variables.retain(|var| var.name == "time");
    file.variables.push(var("t2m", &["time", "station"], Data::F32(vec![280.0; 2])).text("units", "K"));
    file.write(&case.path("stations.nc"));
    case.check(
        &config(),
        &["stations.nc"],
        &format!("{{}}/stations.nc: t2m has the dimensions time 2, station 1; {wanted}"),
    );

    file.dimensions = vec![("time", 2), ("station", 3)];
    file.variables[1].data = Data::F32(vec![280.0; 6]);
    file.variables.push(var("latitude", &["station"], Data::F32(vec![48.5, 48.6, 48.7])));
    file.variables.push(var("longitude", &["station"], Data::F32(vec![5.5, 5.6, 5.7])));
    file.write(&case.path("list.nc"));
    case.check(
        &config(),
        &["list.nc"],
        &format!("{{}}/list.nc: t2m has the dimensions time 2, station 3; {wanted}"),
    );
}

#[test]
fn versions_that_nothing_explains() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions.push(("expver", 2));
    file.variables[3] = var("t2m", &["time", "expver", "latitude", "longitude"], Data::F32(vec![280.0; 4]))
        .text("units", "K");
    file.write(&case.path("x.nc"));
    case.check(
        &config(),
        &["x.nc"],
        "{}/x.nc: t2m has the dimension expver of size 2, and no variable expver says which of them is final (1) and \
         which preliminary (5); keep one of them",
    );
    file.variables.push(var("expver", &["expver"], Data::I32(vec![1, 7])));
    file.write(&case.path("y.nc"));
    case.check(
        &config(),
        &["y.nc"],
        "{}/y.nc: expver has the value 7; wanted 1 (final) or 5 (preliminary): keep only those",
    );
}

#[test]
fn a_place_outside_of_the_grid_is_not_interpolated() {
    let case = Case::new();
    hourly(0, &[280.0]).write(&case.path("x.nc"));
    let config = Config { interpolation: ingest::Interpolation::Bilinear, ..config_at(48.6, 5.5, &["t2m"]) };
    case.check(
        &config,
        &["x.nc"],
        "{}/x.nc: 48.6 N 5.5 E is outside of its grid, whose nearest point is 48.5 N 5.5 E; [ingest] interpolation = \
         \"bilinear\" needs points on all sides: take a file that has them, or set interpolation = \"nearest\"",
    );
}

#[test]
fn steps_without_a_unit() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions.push(("step", 1));
    file.variables.push(var("step", &["step"], Data::F64(vec![0.0])).text("units", "fortnights"));
    file.variable("t2m").dimensions = vec!["time", "step", "latitude", "longitude"];
    file.write(&case.path("x.nc"));
    case.check(
        &config(),
        &["x.nc"],
        "{}/x.nc: step has the units \"fortnights\"; wanted seconds, minutes, hours or days",
    );
}

#[test]
fn a_place_too_far_from_the_grid() {
    let case = Case::new();
    hourly(0, &[280.0]).write(&case.path("x.nc"));
    case.check(
        &config_at(48.5, 6.5, &["t2m"]),
        &["x.nc"],
        "{}/x.nc: the grid point nearest to 48.5 N 6.5 E is 48.5 N 5.5 E, 73.7 km away; [ingest] max_distance_km \
         allows 30: take a file that covers the place, or correct latitude_deg and longitude_deg",
    );
    case.check(
        &config_at(-33.9, -70.25, &["t2m"]),
        &["x.nc"],
        "{}/x.nc: the grid point nearest to 33.9 S 70.25 W is 48.5 N 5.5 E, 11831.2 km away; [ingest] \
         max_distance_km allows 30: take a file that covers the place, or correct latitude_deg and longitude_deg",
    );
}

#[test]
fn files_of_different_grids() {
    let case = Case::new();
    hourly(0, &[280.0]).write(&case.path("a.nc"));
    let mut file = hourly(1, &[281.0]);
    file.variable("latitude").data = Data::F32(vec![48.6]);
    file.write(&case.path("b.nc"));
    case.check(
        &config(),
        &["b.nc", "a.nc"],
        "the grid points nearest to the place differ: {}/a.nc has 48.5 N 5.5 E, {}/b.nc has 48.6 N 5.5 E; wanted \
         files of one grid: take one of them out of [ingest] files",
    );
}

#[test]
fn two_files_that_disagree() {
    let case = Case::new();
    hourly(0, &[280.0, 281.0, 282.0]).write(&case.path("a.nc"));
    hourly(1, &[281.0, 282.5, 283.0]).write(&case.path("b.nc"));
    case.check(
        &config(),
        &["b.nc", "a.nc"],
        "{}/a.nc and {}/b.nc disagree on t2m at 2000-01-01T02:00: 282 K and 282.5 K; wanted the same value where \
         files overlap: take one of them out of [ingest] files",
    );
}

#[test]
fn a_gap_too_long() {
    let case = Case::new();
    hourly(0, &[280.0, 281.0]).write(&case.path("a.nc"));
    hourly(6, &[286.0]).write(&case.path("b.nc"));
    case.check(
        &config(),
        &["a.nc", "b.nc"],
        "t2m has a gap that is longer than the 3 hours that [ingest] max_gap_hours allows: 2000-01-01T02:00 to \
         2000-01-01T05:00 (4 hours); add files that have these hours, leave out the files beyond, raise \
         max_gap_hours, or set long_gaps = \"leave\"",
    );
    let gaps = ingest::GapPolicy { linear_hours: 4, ..config().gaps };
    let wider = Config { gaps, ..config() };
    let series = read(&wider, &[case.path("b.nc"), case.path("a.nc")]).unwrap();
    assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0, 283.0, 284.0, 285.0, 286.0]);
}

#[test]
fn times_that_are_not_whole_hours() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0, 281.0]);
    file.variables[0] =
        var("time", &["time"], Data::I32(vec![0, 30])).text("units", "minutes since 1970-01-01");
    file.write(&case.path("x.nc"));
    case.check(
        &config(),
        &["x.nc"],
        "{}/x.nc: time has a time 30.0 minutes after 1970-01-01T00:00, not a whole hour; wanted hourly values at whole \
         hours UTC: interpolate or average the file to them",
    );
}

#[test]
fn times_that_cannot_be_decoded() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0]);
    file.variables[0] = var("time", &["time"], Data::I32(vec![0])).text("units", "months since 1970-01-01");
    file.write(&case.path("units.nc"));
    case.check(
        &config(),
        &["units.nc"],
        "{}/units.nc: time has the units \"months since 1970-01-01\"; wanted seconds, minutes, hours or days since a \
         date in UTC",
    );
    file.variables[0] = var("time", &["time"], Data::F64(vec![1e9])).text("units", "days since 1970-01-01");
    file.write(&case.path("far.nc"));
    case.check(
        &config(),
        &["far.nc"],
        "{}/far.nc: time has the value 1000000000, which is no time of the years 1 to 9999",
    );
}

#[test]
fn files_without_a_value() {
    let case = Case::new();
    hourly(0, &[f32::NAN; 3]).write(&case.path("x.nc"));
    case.check(
        &config(),
        &["x.nc"],
        "the files have no value at the place; wanted at least one hour: see [ingest] files",
    );
}

#[test]
fn numbers_that_cannot_be_understood() {
    let case = Case::new();
    let mut file = hourly(0, &[280.0]);
    file.variable("t2m").attributes.push(("_Unsigned", crate::fixture::Attribute::Text("true")));
    file.write(&case.path("unsigned.nc"));
    case.check(
        &config(),
        &["unsigned.nc"],
        "{}/unsigned.nc: t2m has the attribute _Unsigned, which is not understood; store it as floats",
    );
    file.variable("t2m").attributes.pop();
    file.variable("t2m").attributes.push(("scale_factor", crate::fixture::Attribute::Text("half")));
    file.write(&case.path("scale.nc"));
    case.check(&config(), &["scale.nc"], "{}/scale.nc: t2m has the scale_factor \"half\"; wanted a number");
}
