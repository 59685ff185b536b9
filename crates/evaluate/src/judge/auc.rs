//! The area under the receiver operating characteristic, which is the probability that a random
//! generated window gets a higher score than a random real one (a tie counts one half), and its
//! interval after DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, with the windows of
//! a year taken together as in Obuchowski, Biometrics 53 (1997) 567-578.

/// The normal quantile of a two-sided interval of 95 %.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// The scores of one side, each with the year that its window is of.
pub(crate) struct Scores<'a> {
    /// By dealing, one score a window.
    pub(crate) scores: Vec<&'a [f64]>,
    pub(crate) years: &'a [usize],
}

/// The area, and its 95 % interval within [0, 1].
///
/// With `V_i` the share of real scores below generated score `i`, and `W_j` the share of generated
/// scores above real score `j`, the area is the mean of either, and its variance the sum of the
/// variances of both means, where windows of the same year may depend on each other. Of several dealings
/// `V_i` and `W_j` are the means, so that the area is the mean of their areas.
pub(crate) fn auc(real: &Scores, generated: &Scores) -> (f64, [f64; 2]) {
    let above = mean_placements(generated, real);
    let below: Vec<f64> = mean_placements(real, generated).iter().map(|share| 1.0 - share).collect();
    let area = crate::series::mean(&above);
    let variance =
        variance_of_mean(&above, generated.years, area) + variance_of_mean(&below, real.years, area);
    let half = NORMAL_95 * variance.sqrt();
    (area, [(area - half).max(0.0), (area + half).min(1.0)])
}

/// The placements of each window, averaged over the dealings.
fn mean_placements(side: &Scores, others: &Scores) -> Vec<f64> {
    let mut sums = vec![0.0; side.years.len()];
    for (scores, others) in side.scores.iter().zip(&others.scores) {
        sums.iter_mut().zip(placements(scores, others)).for_each(|(sum, share)| *sum += share);
    }
    sums.iter().map(|sum| sum / side.scores.len() as f64).collect()
}

/// For each of `scores`, the share of `others` below it; ties count one half.
fn placements(scores: &[f64], others: &[f64]) -> Vec<f64> {
    let mut sorted = others.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let share = |score: f64| {
        let below = sorted.partition_point(|&other| other < score);
        let not_above = sorted.partition_point(|&other| other <= score);
        (below + not_above) as f64 / (2 * sorted.len()) as f64
    };
    scores.iter().map(|&score| share(score)).collect()
}

/// `c / (c - 1) Σ_years (Σ_windows (V_i - A))² / n²` for `c` years and `n` windows.
fn variance_of_mean(shares: &[f64], years: &[usize], area: f64) -> f64 {
    let mut sums = vec![(0.0, 0); years.iter().max().map_or(0, |last| last + 1)];
    for (share, &year) in shares.iter().zip(years) {
        sums[year].0 += share - area;
        sums[year].1 += 1;
    }
    let squares: f64 = sums.iter().map(|(sum, _)| sum * sum).sum();
    let clusters = sums.iter().filter(|(_, windows)| *windows > 0).count() as f64;
    clusters / (clusters - 1.0) * squares / (shares.len() as f64).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    /// Each window is of a year of its own.
    fn auc(real: &[f64], generated: &[f64]) -> (f64, [f64; 2]) {
        let years: Vec<usize> = (0..real.len().max(generated.len())).collect();
        super::auc(
            &Scores { scores: vec![real], years: &years[..real.len()] },
            &Scores { scores: vec![generated], years: &years[..generated.len()] },
        )
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let mut noise = Noise(3);
        // Rounded, so that there are ties.
        let mut scores = |n: usize, shift: f64| -> Vec<f64> {
            (0..n).map(|_| ((noise.normal() + shift) * 4.0).round() / 4.0).collect()
        };
        let (real, generated) = (scores(70, 0.0), scores(50, 0.6));
        let mut pairs = 0.0;
        for r in &real {
            for g in &generated {
                pairs += if g > r {
                    1.0
                } else if g == r {
                    0.5
                } else {
                    0.0
                };
            }
        }
        let (area, [low, high]) = auc(&real, &generated);
        assert!((area - pairs / 3500.0).abs() < 1e-12);
        assert!(low < area && area < high);
    }

    #[test]
    fn scores_that_never_overlap_have_area_one_and_no_spread() {
        assert_eq!(auc(&[0.1, 0.2, 0.3], &[0.4, 0.5]), (1.0, [1.0, 1.0]));
        assert_eq!(auc(&[0.4, 0.5], &[0.1, 0.2, 0.3]), (0.0, [0.0, 0.0]));
    }

    #[test]
    fn the_interval_is_that_of_de_long() {
        let real = [0.1, 0.4, 0.35, 0.8, 0.2, 0.55, 0.4];
        let generated = [0.9, 0.4, 0.6, 0.3, 0.75];
        let (area, [low, high]) = auc(&real, &generated);
        // numpy, by loops over all pairs; the upper end is 1.036 there.
        assert!((area - 0.714_285_714_285_714_2).abs() < 1e-12, "{area}");
        assert!((low - 0.392_190_199_676_039_35).abs() < 1e-12, "{low}");
        assert_eq!(high, 1.0);
    }

    #[test]
    fn the_same_window_many_times_in_a_year_is_no_more_than_one() {
        let (real, generated) = ([0.1, 0.4, 0.35, 0.8, 0.2], [0.9, 0.4, 0.6, 0.3]);
        let thrice = |scores: &[f64]| -> (Vec<f64>, Vec<usize>) {
            scores.iter().enumerate().flat_map(|(year, &score)| [(score, year); 3]).unzip()
        };
        let ((scores, years), (other_scores, other_years)) = (thrice(&real), thrice(&generated));
        let (area, interval) = super::auc(
            &Scores { scores: vec![&scores], years: &years },
            &Scores { scores: vec![&other_scores], years: &other_years },
        );
        let (expected, [low, high]) = auc(&real, &generated);
        assert!((area - expected).abs() < 1e-12);
        assert!((interval[0] - low).abs() < 1e-12 && (interval[1] - high).abs() < 1e-12);
    }
}
