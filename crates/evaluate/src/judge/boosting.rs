//! Gradient-boosted trees for two classes: the score of a row is the log odds of its being of the
//! second class, and each tree takes a step down the logistic loss (Friedman, Greedy function
//! approximation, Annals of Statistics 29, 2001). Growth, leaves and bins are those of scikit-learn's
//! `HistGradientBoostingClassifier` without regularisation. Nothing is random.

use super::bins::Binned;
use super::tree::{Slope, Tree};

pub(crate) struct Settings {
    pub(crate) trees: usize,
    /// Splits from the root to a leaf, at most.
    pub(crate) depth: usize,
    pub(crate) learning_rate: f64,
    /// Training rows of a leaf, at least.
    pub(crate) least_rows: usize,
}

/// The scores (log odds) of all rows after fitting to the training rows, `classes` telling which rows
/// are of the second class. Both classes must be among the training rows.
pub(crate) fn scores(
    rows: &[Vec<f64>],
    classes: &[bool],
    training: &[usize],
    settings: &Settings,
) -> Vec<f64> {
    let table = Binned::of(rows, training);
    let seconds = training.iter().filter(|&&row| classes[row]).count() as f64;
    let prior = (seconds / (training.len() as f64 - seconds)).ln();
    let mut scores = vec![prior; rows.len()];
    for _ in 0..settings.trees {
        let slopes: Vec<Slope> =
            scores.iter().zip(classes).map(|(&score, &is_second)| slope(score, is_second)).collect();
        let tree = Tree::grow(&table, &slopes, &mut training.to_vec(), settings);
        scores.iter_mut().enumerate().for_each(|(row, score)| *score += tree.value(&table, row));
    }
    scores
}

/// Of the loss `ln(1 + exp(-score))` or `ln(1 + exp(score))`.
fn slope(score: f64, is_second: bool) -> Slope {
    let probability = 1.0 / (1.0 + (-score).exp());
    let target = if is_second { 1.0 } else { 0.0 };
    Slope { gradient: probability - target, hessian: probability * (1.0 - probability) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    /// The same boosting on the values themselves: every threshold of every feature is tried, and the
    /// loss is summed anew for each.
    fn brute_force(rows: &[Vec<f64>], classes: &[bool], settings: &Settings) -> Vec<f64> {
        let seconds = classes.iter().filter(|&&class| class).count() as f64;
        let mut scores = vec![(seconds / (classes.len() as f64 - seconds)).ln(); rows.len()];
        for _ in 0..settings.trees {
            let slopes: Vec<_> = scores.iter().zip(classes).map(|(&s, &class)| slope(s, class)).collect();
            let mut leaves = vec![(0..rows.len()).collect::<Vec<usize>>()];
            for _ in 0..settings.depth {
                leaves = leaves.iter().flat_map(|leaf| divide(rows, &slopes, leaf, settings)).collect();
            }
            for leaf in leaves {
                let (gradient, hessian) = sums(&slopes, &leaf);
                leaf.iter().for_each(|&row| scores[row] -= settings.learning_rate * gradient / hessian);
            }
        }
        scores
    }

    fn sums(slopes: &[Slope], leaf: &[usize]) -> (f64, f64) {
        leaf.iter().fold((0.0, 0.0), |(g, h), &row| (g + slopes[row].gradient, h + slopes[row].hessian))
    }

    fn divide(rows: &[Vec<f64>], slopes: &[Slope], leaf: &[usize], settings: &Settings) -> Vec<Vec<usize>> {
        let score = |part: &[usize]| {
            let (gradient, hessian) = sums(slopes, part);
            gradient * gradient / hessian
        };
        let mut best = (0.0, vec![leaf.to_vec()]);
        let features = 0..rows[0].len();
        let splits = features.flat_map(|feature| leaf.iter().map(move |&limit| (feature, limit)));
        for (feature, limit) in splits {
            let is_low = |row: &usize| rows[*row][feature] <= rows[limit][feature];
            let (low, high): (Vec<usize>, Vec<usize>) = leaf.iter().partition(|row| is_low(row));
            if low.len().min(high.len()) < settings.least_rows {
                continue;
            }
            let gain = score(&low) + score(&high) - score(leaf);
            // The same split by another feature or in another order of sums is no better.
            if gain > best.0 + 1e-9 {
                best = (gain, vec![low, high]);
            }
        }
        best.1
    }

    #[test]
    fn scores_are_those_of_exact_greedy_splits() {
        let mut noise = Noise(11);
        let rows: Vec<Vec<f64>> = (0..60).map(|_| (0..4).map(|_| noise.normal()).collect()).collect();
        let classes: Vec<bool> =
            rows.iter().map(|row| row[0] * row[1] + row[2] + 0.5 * noise.normal() > 0.2).collect();
        let settings = Settings { trees: 12, depth: 3, learning_rate: 0.2, least_rows: 4 };
        let all: Vec<usize> = (0..rows.len()).collect();
        let found = scores(&rows, &classes, &all, &settings);
        let expected = brute_force(&rows, &classes, &settings);
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() < 1e-9, "row {row}: {found}, by brute force {expected}");
        }
    }

    #[test]
    fn scores_agree_with_scikit_learn() {
        let row = |i: i64| vec![(i * 37 % 61) as f64, (i * i % 23) as f64, (i * 11 % 19) as f64];
        let rows: Vec<Vec<f64>> = (0..60).map(row).collect();
        let is_second = |(i, row): (usize, &Vec<f64>)| {
            (row[0] + 3.0 * row[1] - 2.0 * row[2] + 5.0 * (i % 7) as f64 > 40.0) != (i % 11 == 3)
        };
        let classes: Vec<bool> = rows.iter().enumerate().map(is_second).collect();
        let settings = Settings { trees: 6, depth: 2, learning_rate: 0.3, least_rows: 5 };
        let check = |training: usize, expected: [f64; 7]| {
            let training: Vec<usize> = (0..training).collect();
            let scores = scores(&rows, &classes, &training, &settings);
            for (row, expected) in [0, 7, 13, 22, 31, 40, 59].into_iter().zip(expected) {
                // Its slopes are 32-bit numbers, and the literals have six decimals.
                assert!((scores[row] - expected).abs() < 3e-6, "row {row}: {} {expected}", scores[row]);
            }
        };
        // HistGradientBoostingClassifier(max_iter=6, max_depth=2, max_leaf_nodes=None,
        // min_samples_leaf=5, learning_rate=0.3, max_bins=64, early_stopping=False) of version 1.9.
        check(60, [-1.182338, -1.182338, 2.378183, -2.449683, 1.332458, 0.740274, 2.028505]);
        check(40, [-1.342417, -0.545121, 1.983381, -2.361936, 0.594248, 0.718098, 1.983381]);
    }
}
