//! Places on the globe.

/// The mean radius of the earth (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// The great-circle distance of two places, each as latitude and longitude in degrees, by the haversine
/// formula.
pub fn distance_km(one: (f64, f64), other: (f64, f64)) -> f64 {
    let (from, to) = (one.0.to_radians(), other.0.to_radians());
    let east = (other.1 - one.1).to_radians();
    let chord = ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_a_three_hundred_and_sixtieth_of_the_globe() {
        let wanted = 2.0 * std::f64::consts::PI * EARTH_RADIUS_KM / 360.0;
        assert!((distance_km((48.0, 5.0), (49.0, 5.0)) - wanted).abs() < 1e-6);
        assert!(distance_km((48.0, -5.0), (48.0, 355.0)) < 1e-6);
    }
}
