//! Gridded files made after public bug reports. Values are those that netCDF4 for Python shows.

use crate::fixture::{config_at, read, shared_case};

/// The first values at a place, and the grid point that they are of.
fn first(case: &str, latitude_deg: f64, longitude_deg: f64) -> Option<(Vec<f32>, String)> {
    let path = shared_case(case)?;
    let series = read(&config_at(latitude_deg, longitude_deg, &["t2m"]), &[path]).unwrap();
    Some((series.variables[0].values[..2].to_vec(), series.point.to_string()))
}

#[test]
fn grids_that_cross_the_prime_meridian_or_the_date_line_are_whole_there() {
    let Some((values, point)) = first("06-prime-meridian/global.nc", 51.5, -0.2) else { return };
    assert_eq!((values, point.as_str()), (vec![280.975, 280.975], "51.5 N 0.25 W"));
    let (values, point) = first("06-prime-meridian/pieces.nc", 51.5, -0.2).unwrap();
    assert_eq!((values, point.as_str()), (vec![280.975, 280.975], "51.5 N 0.25 W"));
    // The nearest of a grid that begins at 180 W.
    let (values, point) = first("06-prime-meridian/pole.nc", 89.75, 179.95).unwrap();
    assert_eq!((values, point.as_str()), (vec![279.0, 279.0], "89.75 N 180 W"));
}

#[test]
fn an_hour_that_is_there_twice_counts_once_or_is_refused() {
    let config = config_at(48.5, 5.5, &["t2m"]);
    let Some(path) = shared_case("02-duplicate-times/same.nc") else { return };
    let series = read(&config, &[path]).unwrap();
    assert_eq!(series.variables[0].values.len(), 288);
    assert_eq!(series.variables[0].values[..2], [270.392_55, 270.267_88]);
    let path = shared_case("02-duplicate-times/differ.nc").unwrap();
    assert_eq!(
        format!("{:#}", read(&config, &[path.clone()]).unwrap_err()),
        format!(
            "{} gives two values for t2m at 2014-01-31T00:00 (and at 19 hours more): 273.47653 K and 273.97653 K; \
             wanted each hour once: take it out of [ingest] files, or download it again",
            path.display()
        )
    );
}

#[test]
fn files_of_two_grids_are_refused() {
    let folder = "09-land-and-single-levels";
    let Some(land) = shared_case(&format!("{folder}/land_t2m.nc")) else { return };
    let single = shared_case(&format!("{folder}/single_msl.nc")).unwrap();
    let config = config_at(48.5, 5.6, &["t2m", "msl"]);
    assert_eq!(
        format!("{:#}", read(&config, &[single.clone(), land.clone()]).unwrap_err()),
        format!(
            "the grid points nearest to the place differ: {} has 48.5 N 5.5 E, {} has 48.5 N 5.6 E; wanted files of one \
             grid: take one of them out of [ingest] files",
            single.display(),
            land.display()
        )
    );
}
