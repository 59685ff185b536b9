//! Real ERA5 files in all layouts at hand, against values that Python's netCDF4 1.7 and numpy read
//! from them. Every file is read by every backend of the build ([`crate::fixture::read`]).

use std::path::PathBuf;

use contract::artifact::flag;
use contract::calendar;
use ingest::{Series, VariableSeries};

use crate::fixture::{config_at, read, sample, shared, shared_file};

fn check(variable: &VariableSeries, first_bits: u32, last: f32, mean: f64, min: f32, max: f32) {
    let (name, values) = (variable.variable.name, &variable.values);
    assert_eq!(values[0].to_bits(), first_bits, "{name}");
    assert_eq!(*values.last().unwrap(), last, "{name}");
    // Filled hours are not in the oracle's mean. Summing in another order moves it by some 1e-15.
    let real = values.iter().zip(&variable.flags).filter(|(_, flags)| **flags & flag::FILLED == 0);
    let (sum, count) = real.fold((0.0, 0), |(sum, count), (value, _)| (sum + f64::from(*value), count + 1));
    assert!((sum / f64::from(count) / mean - 1.0).abs() < 1e-12, "{name}: {}", sum / f64::from(count));
    assert_eq!(values.iter().copied().fold(f32::MAX, f32::min), min, "{name}");
    assert_eq!(values.iter().copied().fold(f32::MIN, f32::max), max, "{name}");
}

fn span(series: &Series) -> (String, String, usize) {
    (calendar::format_hour(series.first_us), calendar::format_hour(series.last_us()), series.hours)
}

fn expected_span(first: &str, last: &str, hours: usize) -> (String, String, usize) {
    (first.to_string(), last.to_string(), hours)
}

#[test]
fn the_embedded_sample_agrees_with_python_and_its_gap_is_filled() {
    let config = config_at(48.45, 5.59, &["t2m", "u100", "v100", "sp"]);
    let series = read(&config, &[sample()]).unwrap();
    assert_eq!(span(&series), expected_span("1999-01-01T00:00", "2020-05-08T21:00", 187_174));
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (48.45, 5.59));
    assert_eq!(series.distance_km, 0.0);
    let [t2m, u100, v100, sp] = series.variables.as_slice() else { panic!("four variables") };
    check(t2m, 1_133_166_477, 289.910_22, 283.565_910_279_680_8, 258.217_65, 312.173_1);
    check(u100, 3_230_570_873, -3.029_372_2, 1.139_270_918_213_343_1, -14.981_56, 26.078_688);
    check(v100, 1_084_227_564, -1.817_730_7, 1.107_650_526_296_788, -12.952_641_5, 20.691_58);
    check(sp, 1_203_600_996, 97_547.74, 97_740.653_812_694_67, 93_459.055, 100_383.26);

    // 285.41083 K before and 284.72305 K after the gap.
    let gap = 187_102..187_104;
    assert_eq!(t2m.gaps.len(), 1);
    assert_eq!(calendar::format_hour(t2m.gaps[0].from_us), "2020-05-05T22:00");
    assert_eq!(t2m.gaps[0].hours, 2);
    assert_eq!(t2m.values[gap.clone()], [285.181_57, 284.952_3]);
    let flagged: Vec<usize> = (0..series.hours).filter(|hour| t2m.flags[*hour] == flag::FILLED).collect();
    assert_eq!(flagged, gap.collect::<Vec<_>>());
}

#[test]
fn phoenix_in_the_new_layout_agrees_with_python() {
    let Some(mut paths) = shared("phoenix") else { return };
    paths.rotate_left(5);
    paths.swap(1, 12);
    let series = read(&config_at(33.45, -112.05, &["t2m"]), &paths).unwrap();
    assert_eq!(span(&series), expected_span("1970-01-01T00:00", "2020-12-31T23:00", 447_072));
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (33.45, -112.05));
    check(&series.variables[0], 1_133_422_462, 288.402, 296.018_464_050_896_4, 267.911_9, 321.837_22);
    assert!(series.variables[0].flags.iter().all(|flags| *flags == 0));
}

#[test]
fn every_corner_of_phoenix_is_the_same_by_both_backends() {
    let Some(paths) = shared("phoenix") else { return };
    for (latitude, longitude) in [(33.7, -112.3), (33.7, 248.2), (33.2, -112.05)] {
        let series = read(&config_at(latitude, longitude, &["t2m"]), &paths[..2]).unwrap();
        assert_eq!(series.distance_km, 0.0);
        assert_eq!(series.hours, 26_304 + 26_280);
    }
}

#[test]
fn legacy_months_with_packings_of_their_own_agree_with_python() {
    let Some(mut paths) = shared("layouts/legacy_netcdf3_monthly_packed") else { return };
    paths.reverse();
    let series = read(&config_at(57.7, 12.1, &["t2m", "sp"]), &paths).unwrap();
    assert_eq!(span(&series), expected_span("2003-01-01T00:00", "2003-12-31T23:00", 8760));
    let [t2m, sp] = series.variables.as_slice() else { panic!("two variables") };
    check(t2m, 1_132_867_840, 263.440_03, 280.719_249_068_656_5, 249.844_57, 302.371_83);
    check(sp, 1_204_085_777, 102_073.74, 100_789.195_962_649_83, 97_093.25, 103_964.81);
}

fn layout(name: &str) -> Option<PathBuf> {
    shared("layouts")?.into_iter().find(|path| path.ends_with(name))
}

#[test]
fn unsigned_packing_and_unlimited_time_agree_with_python() {
    let Some(path) = layout("cdo_uint16_unlimited.nc") else { return };
    let series = read(&config_at(50.7, 6.05, &["t2m"]), &[path]).unwrap();
    assert_eq!(span(&series), expected_span("2015-01-01T00:00", "2015-01-06T19:00", 140));
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (50.75, 6.0));
    check(&series.variables[0], 1_133_020_645, 275.420_38, 274.806_011_526_925_2, 271.483_5, 280.181_27);
}

#[test]
fn a_place_in_the_west_is_found_in_longitudes_to_360() {
    let Some(path) = layout("legacy_lon360_single_step.nc") else { return };
    let series = read(&config_at(60.1, -20.1, &["t2m"]), &[path]).unwrap();
    assert_eq!(span(&series), expected_span("2021-03-01T12:00", "2021-03-01T12:00", 1));
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (60.0, -20.0));
    check(&series.variables[0], 1_133_306_391, 281.766_33, 281.766_326_904_296_9, 281.766_33, 281.766_33);
}

#[test]
fn real_files_that_have_lost_their_last_bytes_are_refused() {
    let folders = ["phoenix", "layouts", "layouts/legacy_netcdf3_monthly_packed"];
    for path in folders.into_iter().filter_map(shared).filter_map(|paths| paths.into_iter().next()) {
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("x.nc");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&cut, &whole[..whole.len() - 4]).unwrap();
        let message = read(&config_at(50.0, 6.0, &["t2m"]), &[cut]).unwrap_err().to_string();
        assert!(message.contains("is truncated: its header promises"), "{}: {message}", path.display());
    }
}

#[test]
fn a_file_packed_with_too_narrow_a_scale_is_refused() {
    let Some(path) = shared_file("../cases/08-packing-wrapped/wrapped.nc") else { return };
    let error = format!("{:#}", read(&config_at(48.45, 5.59, &["t2m"]), &[path.clone()]).unwrap_err());
    let beginning = format!("{}: t2m jumps ", path.display());
    assert!(error.starts_with(&beginning) && error.contains("the values have wrapped around"), "{error}");
}
