//! Grid points without values, as the sea's in data of the land.

use std::path::{Path, PathBuf};

use ingest::{Config, Nearest};

use crate::fixture::{Data, config, config_at, hourly, read, shared_case, var};

/// Two points on a parallel, of which the nearer one to [`config`]'s place is masked; both at `is_all`.
fn file(path: &Path, is_all: bool) {
    let mut file = hourly(0, &[280.0, 281.0]);
    file.dimensions[2] = ("longitude", 2);
    file.variables[2].data = Data::F32(vec![5.5, 5.75]);
    let other = |value: f32| if is_all { f32::NAN } else { value };
    let values = vec![f32::NAN, other(284.0), f32::NAN, other(285.0)];
    file.variables[3] = var("t2m", &["time", "latitude", "longitude"], Data::F32(values)).text("units", "K");
    file.write(path);
}

#[test]
fn a_masked_point_is_named_with_the_nearest_one_that_has_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    file(&path, false);
    assert_eq!(
        format!("{:#}", read(&config(), &[path.clone()]).unwrap_err()),
        format!(
            "{} has no t2m at 48.5 N 5.5 E, the grid point nearest to the place (0.0 km), as land data have none at sea; \
             the nearest point with values is 48.5 N 5.75 E, 18.4 km from the place: set [ingest] nearest = \
             \"with-values\" to take it, or correct latitude_deg and longitude_deg",
            path.display()
        )
    );
    let with_values = Config { nearest: Nearest::WithValues, ..config() };
    let series = read(&with_values, &[path.clone()]).unwrap();
    assert_eq!(series.variables[0].values, [284.0, 285.0]);
    assert_eq!((series.point.longitude_deg, series.distance_km), (5.75, 18.42));
    let near = Config { max_distance_km: 10.0, ..with_values };
    let nothing = "the files have no value at the place; wanted at least one hour: see [ingest] files";
    assert_eq!(format!("{:#}", read(&near, &[path.clone()]).unwrap_err()), nothing);
    let path = folder.path().join("all.nc");
    file(&path, true);
    assert_eq!(format!("{:#}", read(&config(), &[path]).unwrap_err()), nothing);
}

#[test]
fn the_sea_beside_the_land_of_the_case_is_passed_by() {
    let Some(path) = shared_case("07-sea-mask/land.nc") else { return };
    let files: [PathBuf; 1] = [path];
    let config = config_at(48.5, 5.6, &["t2m"]);
    let message = format!("{:#}", read(&config, &files).unwrap_err());
    assert!(
        message.contains("the nearest point with values is 48.5 N 5.7 E, 7.4 km from the place"),
        "{message}"
    );
    let series = read(&Config { nearest: Nearest::WithValues, ..config }, &files).unwrap();
    assert_eq!(series.point.to_string(), "48.5 N 5.7 E");
}
