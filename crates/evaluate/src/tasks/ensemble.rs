//! Scores of an ensemble against the value that came.

use crate::series::mean;

/// The values of an ensemble, ascending.
#[derive(Clone, Debug)]
pub(crate) struct Ensemble {
    sorted: Vec<f64>,
    /// `1 / (2 M²) Σ_ij |x_i - x_j|`.
    half_spread: f64,
}

impl Ensemble {
    pub(crate) fn of(mut values: Vec<f64>) -> Ensemble {
        values.sort_unstable_by(f64::total_cmp);
        let count = values.len() as f64;
        let weighted = |(i, value): (usize, &f64)| (2.0 * i as f64 + 1.0 - count) * value;
        let half_spread = values.iter().enumerate().map(weighted).sum::<f64>() / (count * count);
        Ensemble { sorted: values, half_spread }
    }

    /// The continuous ranked probability score of the ensemble as it stands,
    /// `E|X - y| - 1 / (2 M²) Σ_ij |x_i - x_j|` (Hersbach 2000). The fair estimator (Ferro 2014) is for members
    /// that are drawn independently of each other; those of a pooled ensemble are spread on purpose.
    pub(crate) fn crps(&self, value: f64) -> f64 {
        mean(&self.sorted.iter().map(|member| (member - value).abs()).collect::<Vec<_>>()) - self.half_spread
    }

    /// The value at place `p (M + 1)` of the ascending members, counted from 1, between two of them by
    /// linear interpolation. A value that is exchangeable with the members is below the one at a whole
    /// place k with probability k / (M + 1), so the interval covers exactly its share there.
    pub(crate) fn quantile(&self, p: f64) -> f64 {
        let last = self.sorted.len() - 1;
        let place = (p * (self.sorted.len() + 1) as f64 - 1.0).clamp(0.0, last as f64);
        let below = (place.floor() as usize).min(last);
        let above = (below + 1).min(last);
        self.sorted[below] + (place - below as f64) * (self.sorted[above] - self.sorted[below])
    }

    /// The central interval of that share.
    pub(crate) fn interval(&self, share: f64) -> [f64; 2] {
        [self.quantile((1.0 - share) / 2.0), self.quantile((1.0 + share) / 2.0)]
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The number of members below the value, and of those equal to it.
    pub(crate) fn rank(&self, value: f64) -> (usize, usize) {
        let below = self.sorted.partition_point(|&member| member < value);
        (below, self.sorted.partition_point(|&member| member <= value) - below)
    }

    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;
    use crate::tasks::gaussian;

    #[test]
    fn the_score_is_that_of_all_pairs() {
        let members = [3.0, -1.0, 2.5, 0.5];
        let pairs: f64 = members.iter().flat_map(|a| members.iter().map(move |b| f64::abs(a - b))).sum();
        let expected = members.iter().map(|x| f64::abs(x - 1.0)).sum::<f64>() / 4.0 - pairs / 32.0;
        assert!((Ensemble::of(members.to_vec()).crps(1.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn a_single_member_scores_its_distance_and_a_spread_of_quantiles_the_integral() {
        assert_eq!(Ensemble::of(vec![3.0]).crps(1.0), 2.0);
        // Of members -1, 0 and 2: the integral of the squared difference of the step functions, by hand. Below
        // the value 0.5 the shares are 1/3 over 1 K and 2/3 over 0.5 K, above it 1/3 is left over 1.5 K.
        let expected = 1.0 / 9.0 + 0.5 * 4.0 / 9.0 + 1.5 / 9.0;
        assert!((Ensemble::of(vec![2.0, -1.0, 0.0]).crps(0.5) - expected).abs() < 1e-12);
    }

    #[test]
    fn a_large_normal_ensemble_scores_as_the_closed_form() {
        let mut noise = Noise(5);
        let ensemble = Ensemble::of((0..40_000).map(|_| 2.0 + 3.0 * noise.normal()).collect());
        for value in [-4.0, 1.0, 2.0, 6.5] {
            let expected = gaussian::crps(value, 2.0, 3.0);
            // The standard error of the mean distance is about 0.01; the noise is a sum of uniform ones.
            assert!((ensemble.crps(value) - expected).abs() < 0.05, "{value}");
        }
    }

    #[test]
    fn an_exchangeable_value_is_covered_by_the_nominal_share() {
        let mut noise = Noise(9);
        // 19 members put the ends of the 90 % interval on the first and the last member.
        let cases = 40_000;
        let mut inside = 0;
        for _ in 0..cases {
            let [low, high] = Ensemble::of((0..19).map(|_| noise.normal()).collect()).interval(0.9);
            inside += usize::from((low..=high).contains(&noise.normal()));
        }
        let share = inside as f64 / cases as f64;
        // Four standard errors.
        assert!((share - 0.9).abs() < 0.006, "{share}");
    }
}
