//! A monotone curve from normal scores to values through [`KNOTS`] knots: Fritsch and Carlson's cubic
//! (1980) with the slopes of scipy's `PchipInterpolator`, and its exact inverse. Where the knots come
//! from is in [`crate::normal_scores`].

/// Number of knots.
pub const KNOTS: usize = 11;
/// The first knot's normal score; the last one's is its opposite.
pub const FIRST_SCORE: f64 = -2.5;
/// Normal scores between neighbouring knots.
pub const SCORE_STEP: f64 = 0.5;

/// Steps of Newton's method at most; 5 are usual, and halving alone needs 53.
const MOST_STEPS: usize = 60;
/// Newton's method ends when the place within a segment moves by less.
const PRECISION: f64 = 4.0 * f64::EPSILON;

/// A strictly increasing curve with a continuous slope. Between the knots it is a cubic. Outside it
/// is a line whose slope is given as a factor of the outer segment's. The cubic has this slope at its
/// ends, so that a density does not jump there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonotoneCubic {
    values: [f64; KNOTS],
    /// d value / d score at the knots.
    slopes: [f64; KNOTS],
}

impl MonotoneCubic {
    /// The curve through these values, which must increase strictly. `tails` are the slopes below the
    /// first knot and above the last over those of the outer segments, more than 0 and at most 3.
    pub fn through(values: [f64; KNOTS], tails: [f64; 2]) -> MonotoneCubic {
        let secant = |segment: usize| (values[segment + 1] - values[segment]) / SCORE_STEP;
        let mut slopes = [0.0; KNOTS];
        slopes[0] = tails[0] * secant(0);
        slopes[KNOTS - 1] = tails[1] * secant(KNOTS - 2);
        for (knot, slope) in slopes.iter_mut().enumerate().take(KNOTS - 1).skip(1) {
            let (before, after) = (secant(knot - 1), secant(knot));
            // The harmonic mean, at most twice the smaller one: no segment overshoots.
            *slope = 2.0 * before * after / (before + after);
        }
        MonotoneCubic { values, slopes }
    }

    /// The value of that score.
    pub fn value(&self, score: f64) -> f64 {
        match Place::of(score) {
            Place::Below(distance) => self.values[0] + distance * self.slopes[0],
            Place::Above(distance) => self.values[KNOTS - 1] + distance * self.slopes[KNOTS - 1],
            Place::Inside(segment, t) => self.values[segment] + self.segment(segment).rise(t),
        }
    }

    /// d value / d score at that score; positive everywhere.
    pub fn slope(&self, score: f64) -> f64 {
        match Place::of(score) {
            Place::Below(_) => self.slopes[0],
            Place::Above(_) => self.slopes[KNOTS - 1],
            Place::Inside(segment, t) => self.segment(segment).rise_per_t(t) / SCORE_STEP,
        }
    }

    /// The score of that value.
    pub fn score(&self, value: f64) -> f64 {
        if value <= self.values[0] {
            return FIRST_SCORE + (value - self.values[0]) / self.slopes[0];
        }
        if value >= self.values[KNOTS - 1] {
            return -FIRST_SCORE + (value - self.values[KNOTS - 1]) / self.slopes[KNOTS - 1];
        }
        let above = self.values.partition_point(|&knot| knot <= value);
        let segment = above.clamp(1, KNOTS - 1) - 1;
        let t = self.segment(segment).inverse(value - self.values[segment]);
        FIRST_SCORE + SCORE_STEP * (segment as f64 + t)
    }

    fn segment(&self, segment: usize) -> Segment {
        let (first, last) = (SCORE_STEP * self.slopes[segment], SCORE_STEP * self.slopes[segment + 1]);
        let rise = self.values[segment + 1] - self.values[segment];
        Segment {
            linear: first,
            square: 3.0 * rise - 2.0 * first - last,
            cube: first + last - 2.0 * rise,
            rise,
        }
    }
}

/// Where a score lies: beyond the knots and by how much, or in which segment and where in [0, 1].
enum Place {
    Below(f64),
    Above(f64),
    Inside(usize, f64),
}

impl Place {
    fn of(score: f64) -> Place {
        if score < FIRST_SCORE {
            return Place::Below(score - FIRST_SCORE);
        }
        if score > -FIRST_SCORE {
            return Place::Above(score + FIRST_SCORE);
        }
        // A NaN lies in the first segment, at NaN.
        let position = (score - FIRST_SCORE) / SCORE_STEP;
        let segment = (position as usize).min(KNOTS - 2);
        Place::Inside(segment, position - segment as f64)
    }
}

/// The rise of the curve above a segment's first knot, `t (linear + t (square + t cube))` for t in [0, 1].
struct Segment {
    linear: f64,
    square: f64,
    cube: f64,
    /// At t = 1.
    rise: f64,
}

impl Segment {
    fn rise(&self, t: f64) -> f64 {
        t * (self.linear + t * (self.square + t * self.cube))
    }

    fn rise_per_t(&self, t: f64) -> f64 {
        self.linear + t * (2.0 * self.square + 3.0 * t * self.cube)
    }

    /// Where the rise is `wanted`: Newton's method, halving the bracket where it would leave it.
    fn inverse(&self, wanted: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        let mut t = wanted / self.rise;
        for _ in 0..MOST_STEPS {
            let excess = self.rise(t) - wanted;
            if excess > 0.0 {
                high = t;
            } else {
                low = t;
            }
            let newton = t - excess / self.rise_per_t(t);
            let next = if (low..=high).contains(&newton) { newton } else { 0.5 * (low + high) };
            let moved = (next - t).abs();
            t = next;
            if moved <= PRECISION {
                break;
            }
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// sqrt(3 / 7) and sqrt(1 / 5).
    const TAILS: [f64; 2] = [0.654_653_670_707_977_1, 0.447_213_595_499_957_9];
    const VALUES: [f64; KNOTS] = [-9.0, -7.5, -4.0, -3.9, -2.0, 0.5, 1.5, 1.501, 4.0, 9.0, 10.0];

    /// Score, value and slope by scipy: a `CubicHermiteSpline` with the slopes of `PchipInterpolator` at
    /// the inner knots, and 3 sqrt(3 / 7) and 2 sqrt(1 / 5) at the ends.
    const SCIPY: [(f64, f64, f64); 11] = [
        (-2.5, -9.0, 1.9639610121239313),
        (-2.3, -8.532194807127077, 2.7403246785451287),
        (-1.87, -6.6239692888888895, 8.641204444444444),
        (-1.25, -3.9494444444444445, 0.10777777777777792),
        (-0.6, -2.4678836363636365, 4.923418181818181),
        (0.0, 0.5, 2.8571428571428568),
        (0.1, 0.7867932067932069, 2.833166833166833),
        (0.77, 1.5005200070090996, 0.001020667980339548),
        (1.2, 2.0610212295126282, 5.063875823417522),
        (1.95, 8.75499199893319, 6.366968929190556),
        (2.49, 9.99087925459097, 0.9298129950157887),
    ];

    #[test]
    fn values_and_slopes_agree_with_scipy() {
        let curve = MonotoneCubic::through(VALUES, TAILS);
        for (score, value, slope) in SCIPY {
            assert!((curve.value(score) - value).abs() < 1e-12, "value at {score}");
            assert!((curve.slope(score) - slope).abs() < 1e-11, "slope at {score}");
            assert!((curve.score(value) - score).abs() < 1e-11, "score of {value}");
        }
    }

    #[test]
    fn tails_are_lines_with_the_slopes_given() {
        let curve = MonotoneCubic::through(VALUES, TAILS);
        for (score, value) in [
            (-3.0, -9.981980506061966),
            (-6.0, -15.87386354243376),
            (3.0, 10.447213595499958),
            (6.0, 13.130495168499706),
        ] {
            assert!((curve.value(score) - value).abs() < 1e-12, "value at {score}");
            assert!((curve.score(value) - score).abs() < 1e-12, "score of {value}");
        }
    }

    #[test]
    fn a_missing_value_stays_missing() {
        let curve = MonotoneCubic::through(VALUES, TAILS);
        assert!(curve.value(f64::NAN).is_nan());
        assert!(curve.score(f64::NAN).is_nan());
    }

    /// Curves around a temperature in K, with steps from the smallest that are kept to huge ones.
    fn curves() -> impl Strategy<Value = MonotoneCubic> {
        proptest::collection::vec(-2.0..1.0_f64, KNOTS - 1).prop_map(|exponents| {
            let mut values = [280.0; KNOTS];
            for (knot, exponent) in exponents.iter().enumerate() {
                values[knot + 1] = values[knot] + 10.0_f64.powf(*exponent);
            }
            MonotoneCubic::through(values, [0.8, 1.2])
        })
    }

    proptest! {
        #[test]
        fn the_way_there_and_back_changes_nothing(curve in curves(), score in -6.0..6.0_f64) {
            let value = curve.value(score);
            prop_assert!((curve.value(curve.score(value)) - value).abs() < 1e-9);
            // Values near 300 K are known to 6e-14 K, and the slope is at least 0.02 K.
            prop_assert!((curve.score(value) - score).abs() < 1e-9, "{}", curve.score(value));
        }

        #[test]
        fn the_curve_increases_and_its_slope_is_the_limit_of_secants(
            curve in curves(), score in -6.0..6.0_f64,
        ) {
            let step = 1e-5;
            let secant = (curve.value(score + step) - curve.value(score - step)) / (2.0 * step);
            let slope = curve.slope(score);
            prop_assert!(slope > 0.0);
            // The second derivative is at most 6 x 20 K a segment's square.
            prop_assert!((secant - slope).abs() < 1e-2, "{secant} is not {slope}");
        }
    }
}
