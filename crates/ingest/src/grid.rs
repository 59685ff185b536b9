//! Places on the globe, and the nearest point of a regular grid by great-circle distance. The
//! globe is a sphere, and nothing is interpolated between points.

use std::fmt;

/// The mean radius of the Earth (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

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

    /// The great-circle distance, by the haversine formula.
    pub(crate) fn distance_km(self, other: Point) -> f64 {
        let (from, to) = (self.latitude_deg.to_radians(), other.latitude_deg.to_radians());
        let east = (other.longitude_deg - self.longitude_deg).to_radians();
        let chord = ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
        2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

/// A grid point and its distance from the place that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nearest {
    pub latitude_index: usize,
    pub longitude_index: usize,
    /// Rounded, so that files that store it in 32 and in 64 bits agree.
    pub point: Point,
    pub distance_km: f64,
}

/// The point of the grid of these coordinates that is nearest to `place`; of two as near the
/// southern one, then the western one, however the grid is stored. `None` for an empty grid.
pub(crate) fn nearest(latitudes_deg: &[f64], longitudes_deg: &[f64], place: Point) -> Option<Nearest> {
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
    Some(Nearest {
        latitude_index,
        longitude_index,
        point: Point { latitude_deg, longitude_deg }.rounded(),
        distance_km: distance(latitude_deg),
    })
}

/// A longitude or a difference of longitudes in [-180, 180).
fn wrapped(degrees: f64) -> f64 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            let nearest = nearest(&latitudes, &longitudes, place).unwrap();
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
            let one = nearest(&latitudes, &east, place).unwrap();
            let other = nearest(&north_first, &west, place).unwrap();
            prop_assert!((one.distance_km - other.distance_km).abs() < 1e-6);
        }
    }

    #[test]
    fn the_nearest_point_may_lie_across_the_date_line() {
        let nearest = nearest(&[10.0, 0.0], &[0.0, 120.0, 180.25], at(1.0, 179.9)).unwrap();
        assert_eq!((nearest.latitude_index, nearest.longitude_index), (1, 2));
        assert_eq!(nearest.point, at(0.0, -179.75));
    }

    #[test]
    fn of_two_points_as_near_the_southern_and_western_one_is_taken() {
        for longitudes in [[10.0, 20.0], [20.0, 10.0], [370.0, 380.0]] {
            let nearest = nearest(&[-1.0, 1.0], &longitudes, at(0.0, 15.0)).unwrap();
            assert_eq!(nearest.point, at(-1.0, 10.0));
        }
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
