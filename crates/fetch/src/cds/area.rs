//! The part of the grid that a place needs: the cell of 0.25 degrees around it, whose four corners a
//! bilinear interpolation reads.

use contract::calendar::DAY_US;

/// The lattice of the gridded dataset, degrees.
const STEP_DEG: f64 = 0.25;

/// `[north, west, south, east]` of the cell around a place, degrees; west from -180 to 179.75, so that
/// the cell at the date line ends at 180. A place on the lattice is the cell's south-west corner, and
/// one at the north pole lies on its north side.
pub(crate) fn cell(latitude_deg: f64, longitude_deg: f64) -> [f64; 4] {
    let south = lattice_below(latitude_deg).min(90.0 - STEP_DEG);
    let west = lattice_below(within_180(longitude_deg));
    [south + STEP_DEG, west, south, west + STEP_DEG]
}

/// The longitude between -180 (included) and 180 (not included).
pub(crate) fn within_180(longitude_deg: f64) -> f64 {
    let turned = (longitude_deg + 180.0).rem_euclid(360.0) - 180.0;
    // Adding 180 may round; what needs no turn stays as it is.
    if (-180.0..180.0).contains(&longitude_deg) { longitude_deg } else { turned }
}

fn lattice_below(degrees: f64) -> f64 {
    (degrees / STEP_DEG).floor() * STEP_DEG
}

/// Days from `first_us` to `last_us`, both counted.
pub(crate) fn days(first_us: i64, last_us: i64) -> i64 {
    (last_us - first_us) / DAY_US + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_place_lies_in_its_cell() {
        for (latitude, longitude, area) in [
            (48.45, 5.59, [48.5, 5.5, 48.25, 5.75]),
            (33.45, -112.07, [33.5, -112.25, 33.25, -112.0]),
            (33.45, 247.93, [33.5, -112.25, 33.25, -112.0]),
            (0.0, 0.0, [0.25, 0.0, 0.0, 0.25]),
            (-0.1, -0.1, [0.0, -0.25, -0.25, 0.0]),
            (90.0, 10.0, [90.0, 10.0, 89.75, 10.25]),
            (-90.0, 10.0, [-89.75, 10.0, -90.0, 10.25]),
            // At the date line, from both sides.
            (10.0, 179.9, [10.25, 179.75, 10.0, 180.0]),
            (10.0, 180.0, [10.25, -180.0, 10.0, -179.75]),
            (10.0, -180.0, [10.25, -180.0, 10.0, -179.75]),
            (10.0, -179.9, [10.25, -180.0, 10.0, -179.75]),
            (10.0, 360.0, [10.25, 0.0, 10.0, 0.25]),
        ] {
            assert_eq!(cell(latitude, longitude), area, "{latitude} {longitude}");
        }
    }

    proptest! {
        #[test]
        fn the_corners_are_on_the_lattice_and_around_the_place(
            latitude in -90.0..=90.0_f64, longitude in -180.0..=360.0_f64,
        ) {
            let [north, west, south, east] = cell(latitude, longitude);
            for edge in [north, west, south, east] {
                prop_assert_eq!((edge / STEP_DEG).fract(), 0.0);
            }
            prop_assert_eq!((north - south, east - west), (STEP_DEG, STEP_DEG));
            prop_assert!(south <= latitude && latitude <= north && (-90.0..=90.0).contains(&south));
            let turns = [longitude, longitude - 360.0];
            prop_assert!(turns.iter().any(|turn| west <= *turn + 1e-9 && *turn <= east + 1e-9));
            prop_assert!((-180.0..180.0).contains(&west));
        }
    }
}
