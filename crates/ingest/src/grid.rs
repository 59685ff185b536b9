//! Places on the globe, and the points of a regular grid that stand for one: the nearest by
//! great-circle distance, or those around it. The globe is a sphere.

use std::fmt;

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North positive.
    pub latitude_deg: f64,
    /// East positive.
    pub longitude_deg: f64,
}

impl fmt::Display for Point {
    /// `48.45 N 5.59 E`, to 10 metres.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = self.rounded();
        let (latitude, longitude) = (rounded.latitude_deg, rounded.longitude_deg);
        let north = if latitude < 0.0 { 'S' } else { 'N' };
        let east = if longitude < 0.0 { 'W' } else { 'E' };
        write!(f, "{} {north} {} {east}", latitude.abs(), longitude.abs())
    }
}

impl Point {
    /// The same place, longitude in [-180, 180), without the digits beyond 10 metres: those that a
    /// coordinate stored in 32 bits makes up.
    pub(crate) fn rounded(self) -> Point {
        let round = |degrees: f64| (degrees * 1e4).round() / 1e4 + 0.0;
        let longitude_deg = round(wrapped(self.longitude_deg));
        let longitude_deg = if longitude_deg >= 180.0 { longitude_deg - 360.0 } else { longitude_deg };
        Point { latitude_deg: round(self.latitude_deg), longitude_deg }
    }

    /// The great-circle distance.
    pub(crate) fn distance_km(self, other: Point) -> f64 {
        let degrees = |point: Point| (point.latitude_deg, point.longitude_deg);
        contract::place::distance_km(degrees(self), degrees(other))
    }
}

/// Where the values of a column are from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Site {
    /// Rounded, so that files that store it in 32 and in 64 bits agree.
    pub point: Point,
    /// From the place that was asked for.
    pub distance_km: f64,
}

/// A grid point with its share of the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Corner {
    pub latitude_index: usize,
    pub longitude_index: usize,
    pub weight: f64,
}

/// The point of the grid of these coordinates that is nearest to `place`; of two as near the
/// southern one, then the western one, however the grid is stored. `None` for an empty grid.
pub(crate) fn nearest(latitudes_deg: &[f64], longitudes_deg: &[f64], place: Point) -> Option<(Site, Corner)> {
    // On every parallel the nearest point is the one with the least difference of longitude.
    let (longitude_index, longitude_deg) = longitudes_deg.iter().copied().enumerate().min_by(|a, b| {
        let key = |longitude: f64| (wrapped(longitude - place.longitude_deg).abs(), wrapped(longitude));
        key(a.1).0.total_cmp(&key(b.1).0).then(key(a.1).1.total_cmp(&key(b.1).1))
    })?;
    let distance = |latitude_deg| Point { latitude_deg, longitude_deg }.distance_km(place);
    let (latitude_index, latitude_deg) = latitudes_deg
        .iter()
        .copied()
        .enumerate()
        .min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)).then(a.1.total_cmp(&b.1)))?;
    let site =
        Site { point: Point { latitude_deg, longitude_deg }.rounded(), distance_km: distance(latitude_deg) };
    Some((site, Corner { latitude_index, longitude_index, weight: 1.0 }))
}

/// The points of the grid from the nearest to `place` to the furthest within `max_distance_km`, the nearest itself left
/// out; at most `most`.
pub(crate) fn next_nearest(
    latitudes_deg: &[f64],
    longitudes_deg: &[f64],
    place: Point,
    max_distance_km: f64,
    most: usize,
) -> Vec<(Site, Corner)> {
    let mut points: Vec<(Site, Corner)> = Vec::new();
    for (latitude_index, &latitude_deg) in latitudes_deg.iter().enumerate() {
        for (longitude_index, &longitude_deg) in longitudes_deg.iter().enumerate() {
            let point = Point { latitude_deg, longitude_deg };
            let distance_km = point.distance_km(place);
            if distance_km <= max_distance_km {
                let corner = Corner { latitude_index, longitude_index, weight: 1.0 };
                points.push((Site { point: point.rounded(), distance_km }, corner));
            }
        }
    }
    points.sort_by(|(a, _), (b, _)| {
        let key = |site: &Site| (site.point.latitude_deg, site.point.longitude_deg);
        let distance = (a.distance_km * 1e6).round().total_cmp(&(b.distance_km * 1e6).round());
        distance.then(key(a).0.total_cmp(&key(b).0)).then(key(a).1.total_cmp(&key(b).1))
    });
    points.into_iter().skip(1).take(most).collect()
}

/// The points of the grid around `place` with the weights of bilinear interpolation in degrees: four,
/// or fewer where the place is on a line of the grid. `None` outside of the grid.
pub(crate) fn bilinear(latitudes_deg: &[f64], longitudes_deg: &[f64], place: Point) -> Option<Vec<Corner>> {
    let north: Vec<f64> = latitudes_deg.iter().map(|latitude| latitude - place.latitude_deg).collect();
    let east: Vec<f64> =
        longitudes_deg.iter().map(|longitude| wrapped(longitude - place.longitude_deg)).collect();
    let rows = neighbours(&north)?;
    let columns = neighbours(&east)?;
    if let [(west, _), (east_of, _)] = columns.as_slice()
        && !share_a_cell(longitudes_deg, *west, *east_of)
    {
        return None;
    }
    let corner = |&(latitude_index, row): &(usize, f64), &(longitude_index, column): &(usize, f64)| Corner {
        latitude_index,
        longitude_index,
        weight: row * column,
    };
    Some(rows.iter().flat_map(|row| columns.iter().map(move |column| corner(row, column))).collect())
}

/// A place this close to a line of the grid, about 10 m, is on it: coordinates in 32 bits are no
/// better.
const ON_LINE_DEG: f64 = 1e-4;

/// The coordinates on both sides of 0 with their weights; one of them if it is 0.
fn neighbours(offsets_deg: &[f64]) -> Option<Vec<(usize, f64)>> {
    let each = || offsets_deg.iter().copied().enumerate();
    if let Some((index, _)) = each().find(|(_, offset)| offset.abs() < ON_LINE_DEG) {
        return Some(vec![(index, 1.0)]);
    }
    let (below, from) = each().filter(|(_, offset)| *offset < 0.0).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (above, to) = each().filter(|(_, offset)| *offset > 0.0).min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(vec![(below, to / (to - from)), (above, -from / (to - from))])
}

/// True if two longitudes are neighbours: in the file, or across the seam of a grid around the globe.
fn share_a_cell(longitudes_deg: &[f64], west: usize, east: usize) -> bool {
    let gap = |from: usize, to: usize| wrapped(longitudes_deg[to] - longitudes_deg[from]).abs();
    west.abs_diff(east) == 1 || gap(west, east) < 1.01 * gap(0, 1)
}

/// A longitude or a difference of longitudes in [-180, 180).
fn wrapped(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use contract::place::EARTH_RADIUS_KM;

    use super::*;

    fn at(latitude_deg: f64, longitude_deg: f64) -> Point {
        Point { latitude_deg, longitude_deg }
    }

    #[test]
    fn distances_agree_with_arcs_of_known_length() {
        let quarter = EARTH_RADIUS_KM * std::f64::consts::FRAC_PI_2;
        for (a, b, distance) in [
            (at(0.0, 0.0), at(0.0, 90.0), quarter),
            (at(0.0, 10.0), at(90.0, -77.0), quarter),
            (at(45.0, 0.0), at(-45.0, 180.0), 2.0 * quarter),
            (at(0.0, 179.5), at(0.0, -179.5), quarter / 90.0),
            (at(60.0, 350.0), at(61.0, -10.0), quarter / 90.0),
            (at(33.45, -112.05), at(33.45, 247.95), 0.0),
        ] {
            // A micrometre: far below the precision of the radius.
            assert!((a.distance_km(b) - distance).abs() < 1e-9, "{a} to {b}: {}", a.distance_km(b));
        }
    }

    /// Brute force over all grid points, on unit vectors.
    fn brute_force_cosine(latitudes: &[f64], longitudes: &[f64], place: Point) -> f64 {
        let vector = |p: Point| {
            let (lat, lon) = (p.latitude_deg.to_radians(), p.longitude_deg.to_radians());
            [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
        };
        let cosine = |p: Point| vector(p).iter().zip(vector(place)).map(|(a, b)| a * b).sum::<f64>();
        let points = latitudes.iter().flat_map(|lat| longitudes.iter().map(|lon| at(*lat, *lon)));
        points.map(cosine).fold(f64::MIN, f64::max)
    }

    proptest! {
        #[test]
        fn the_nearest_point_agrees_with_brute_force(
            latitudes in prop::collection::vec(-90.0_f64..=90.0, 1..12),
            longitudes in prop::collection::vec(-180.0_f64..=360.0, 1..12),
            latitude in -90.0_f64..=90.0, longitude in -180.0_f64..=360.0,
        ) {
            let place = at(latitude, longitude);
            let (nearest, _) = nearest(&latitudes, &longitudes, place).unwrap();
            let cosine = (nearest.distance_km / EARTH_RADIUS_KM).cos();
            let best = brute_force_cosine(&latitudes, &longitudes, place);
            prop_assert!((cosine - best).abs() < 1e-12, "{} {}", cosine, best);
        }

        #[test]
        fn storage_order_and_longitude_convention_change_nothing(
            latitude in -90.0_f64..=90.0, longitude in -180.0_f64..=180.0,
        ) {
            let place = at(latitude, longitude);
            let latitudes: Vec<f64> = (0..=36).map(|i| f64::from(i) * 5.0 - 90.0).collect();
            let east: Vec<f64> = (0..72).map(|i| f64::from(i) * 5.0).collect();
            let west: Vec<f64> = east.iter().map(|lon| if *lon > 180.0 { lon - 360.0 } else { *lon }).rev().collect();
            let north_first: Vec<f64> = latitudes.iter().rev().copied().collect();
            let (one, _) = nearest(&latitudes, &east, place).unwrap();
            let (other, _) = nearest(&north_first, &west, place).unwrap();
            prop_assert!((one.distance_km - other.distance_km).abs() < 1e-6);
        }
    }

    #[test]
    fn the_nearest_point_may_lie_across_the_date_line() {
        let (site, corner) = nearest(&[10.0, 0.0], &[0.0, 120.0, 180.25], at(1.0, 179.9)).unwrap();
        assert_eq!((corner.latitude_index, corner.longitude_index), (1, 2));
        assert_eq!(site.point, at(0.0, -179.75));
    }

    #[test]
    fn of_two_points_as_near_the_southern_and_western_one_is_taken() {
        for longitudes in [[10.0, 20.0], [20.0, 10.0], [370.0, 380.0]] {
            let (site, _) = nearest(&[-1.0, 1.0], &longitudes, at(0.0, 15.0)).unwrap();
            assert_eq!(site.point, at(-1.0, 10.0));
        }
    }

    proptest! {
        /// A field that is linear along each axis comes back exactly, but for rounding.
        #[test]
        fn bilinear_weights_reproduce_a_bilinear_field(
            latitude in -89.9_f64..89.9, longitude in -180.0_f64..180.0, north_first: bool, to_360: bool,
        ) {
            let mut latitudes: Vec<f64> = (0..=90).map(|i| f64::from(i) * 2.0 - 90.0).collect();
            let mut longitudes: Vec<f64> = (0..180).map(|i| f64::from(i) * 2.0 - 180.0).collect();
            if north_first {
                latitudes.reverse();
            }
            if to_360 {
                longitudes = (0..180).map(|i| f64::from(i) * 2.0).collect();
            }
            let corners = bilinear(&latitudes, &longitudes, at(latitude, longitude)).unwrap();
            // Seen from the place, longitudes have no seam.
            let field = |lat: f64, east: f64| 3.0 + 0.5 * lat - 0.25 * east + 0.01 * lat * east;
            let value: f64 = corners.iter().map(|corner| {
                let east = wrapped(longitudes[corner.longitude_index] - longitude);
                corner.weight * field(latitudes[corner.latitude_index], east)
            }).sum();
            // A place this close to a line counts as on it.
            prop_assert!((value - field(latitude, 0.0)).abs() < 2.0 * ON_LINE_DEG, "{value}");
            prop_assert!((corners.iter().map(|corner| corner.weight).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn outside_of_a_grid_nothing_is_interpolated() {
        let (latitudes, longitudes) = ([50.0, 49.75], [5.0, 5.25, 5.5]);
        for (latitude, longitude) in [(50.1, 5.1), (49.7, 5.1), (49.8, 4.9), (49.8, 5.6), (49.8, 185.1)] {
            assert_eq!(bilinear(&latitudes, &longitudes, at(latitude, longitude)), None);
        }
        assert_eq!(bilinear(&latitudes, &longitudes, at(50.0, 5.25)).unwrap().len(), 1);
        assert_eq!(bilinear(&latitudes, &longitudes, at(49.9, 5.25)).unwrap().len(), 2);
        assert_eq!(bilinear(&latitudes, &longitudes, at(49.9, 5.3)).unwrap().len(), 4);
    }

    #[test]
    fn points_print_without_the_noise_of_32_bits() {
        for (point, text) in [
            (at(f64::from(33.45_f32), f64::from(-112.05_f32)), "33.45 N 112.05 W"),
            (at(-12.0, 359.75), "12 S 0.25 W"),
            (at(0.0, 180.0), "0 N 180 W"),
            (at(-0.00001, -0.00001), "0 N 0 E"),
            (at(1.0, 179.99999), "1 N 180 W"),
        ] {
            assert_eq!(point.to_string(), text);
        }
    }
}
