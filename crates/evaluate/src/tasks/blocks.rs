//! How certain the difference between two methods' scores is: blocks of 30 days are drawn with replacement, since
//! the errors of neighbouring days are alike.

use std::collections::BTreeMap;

use contract::calendar::DAY_US;

use super::document::Change;
use crate::metrics::round;
use crate::random::Random;

const BLOCK_DAYS: i64 = 30;
const DRAWS: usize = 1000;

/// The sums of two methods' scores in each block of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocks(BTreeMap<i64, [f64; 2]>);

impl Blocks {
    /// A case at that time, with the scores of the model and of the other method.
    pub(crate) fn add(&mut self, time_us: i64, scores: [f64; 2]) {
        let sums = self.0.entry(time_us.div_euclid(BLOCK_DAYS * DAY_US)).or_default();
        (sums[0], sums[1]) = (sums[0] + scores[0], sums[1] + scores[1]);
    }

    /// `None` without a case. `purpose` names the stream of random numbers.
    pub(crate) fn change(&self, purpose: &str) -> Option<Change> {
        let sums: Vec<[f64; 2]> = self.0.values().copied().collect();
        if sums.is_empty() {
            return None;
        }
        let mut random = Random::of(purpose);
        let mut drawn: Vec<f64> =
            (0..DRAWS).map(|_| percent((0..sums.len()).map(|_| random.choose(&sums)))).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| round(drawn[(share * (DRAWS - 1) as f64).round() as usize]);
        let percent = round(percent(sums.iter().copied()));
        Some(Change { percent, interval_percent: [at(0.025), at(0.975)] })
    }
}

fn percent(sums: impl Iterator<Item = [f64; 2]>) -> f64 {
    let [model, other] = sums.fold([0.0; 2], |total, sums| [total[0] + sums[0], total[1] + sums[1]]);
    100.0 * (model / other - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_always_differ_alike_do_so_for_certain() {
        let mut blocks = Blocks::default();
        (0..200).for_each(|day| blocks.add(day * DAY_US, [0.9 * day as f64, day as f64]));
        let change = blocks.change("test").unwrap();
        assert!((change.percent + 10.0).abs() < 1e-4, "{change:?}");
        assert!(change.interval_percent.iter().all(|limit| (limit + 10.0).abs() < 1e-4), "{change:?}");
        assert_eq!(Blocks::default().change("test"), None);
    }

    #[test]
    fn the_interval_is_that_of_the_mean_of_independent_blocks() {
        let mut blocks = Blocks::default();
        // 400 blocks in which the model scores 0.5 or 1.5 by turns of chance, the other always 1.
        let mut random = Random::of("coin");
        for block in 0..400 {
            let model = random.choose(&[0.5, 1.5]);
            (0..30).for_each(|day| blocks.add((block * 30 + day) * DAY_US, [model, 1.0]));
        }
        let change = blocks.change("test").unwrap();
        // The standard error is 50 % / sqrt(400) = 2.5 %.
        let half = (change.interval_percent[1] - change.interval_percent[0]) / 2.0;
        assert!((half - 1.96 * 2.5).abs() < 0.6, "{change:?}");
    }
}
