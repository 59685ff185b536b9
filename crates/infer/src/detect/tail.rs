//! How often a statistic of series without faults is at least as large as a value: measured, and beyond the
//! largest values seen an exponential tail.

use serde::{Deserialize, Serialize};

/// The exceedance of a statistic: a probability, or events a year.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// Values, descending, from the one that begins the exponential tail on.
    values: Vec<f64>,
    /// How often a value at least as large is seen; ascending.
    exceedances: Vec<f64>,
    /// Mean excess beyond the first value.
    scale: f64,
    /// The exceedance of values below the last.
    rest: f64,
}

/// Of so many of the largest values the tail is made.
const TAIL_VALUES: usize = 20;
/// Statistics are in nats, of which a tail is hardly shorter than half a one.
const SMALLEST_SCALE: f64 = 0.5;
/// Each value kept lies so much farther down the ranks than the one before it.
const RANK_STEP: f64 = 1.12;

impl Tail {
    /// The tail of those values, each of which counts `weight`; `rest` is the exceedance of anything smaller.
    /// Of values that come in clusters `peaks` are the largest of each: how far the tail reaches is theirs to
    /// say, because a cluster is one sample of it.
    pub fn of(mut values: Vec<f64>, mut peaks: Vec<f64>, weight: f64, rest: f64) -> Tail {
        for sorted in [&mut values, &mut peaks] {
            sorted.retain(|value| *value > 0.0);
            sorted.sort_by(|a, b| b.total_cmp(a));
        }
        let Some(start) = TAIL_VALUES.min(peaks.len()).checked_sub(1) else {
            // Never seen: once in all that was looked at would have been seen.
            return Tail { values: vec![f64::MIN_POSITIVE], exceedances: vec![weight], scale: 1.0, rest };
        };
        let excess: f64 = peaks[..start].iter().map(|value| value - peaks[start]).sum();
        let mut tail = Tail {
            values: Vec::new(),
            exceedances: Vec::new(),
            scale: (excess / start.max(1) as f64).max(SMALLEST_SCALE),
            rest,
        };
        let mut rank = values.partition_point(|value| *value >= peaks[start]).max(1);
        while rank <= values.len() {
            tail.values.push(values[rank - 1]);
            tail.exceedances.push(rank as f64 * weight);
            rank = (rank + 1).max((rank as f64 * RANK_STEP) as usize);
        }
        tail
    }

    /// How often a value at least as large is seen.
    pub fn exceedance(&self, value: f64) -> f64 {
        self.log_exceedance(value).exp()
    }

    /// ln of that, which does not become 0 however far the value lies in the tail.
    pub fn log_exceedance(&self, value: f64) -> f64 {
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else {
            return self.rest.ln();
        };
        if value >= *first {
            return self.exceedances[0].ln() - (value - first) / self.scale;
        }
        if value < *last {
            return self.rest.ln();
        }
        let after = self.values.partition_point(|kept| *kept > value).max(1);
        let (high, low) = (self.values[after - 1], self.values[after]);
        let part = if high > low { (high - value) / (high - low) } else { 1.0 };
        let (fewer, more) = (self.exceedances[after - 1].ln(), self.exceedances[after].ln());
        fewer + part * (more - fewer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceedances_of_an_exponential_are_known() {
        let count = 100_000;
        let values: Vec<f64> =
            (1..=count).map(|rank| -((rank as f64 - 0.5) / f64::from(count)).ln()).collect();
        let tail = Tail::of(values.clone(), values, 1.0 / f64::from(count), 1.0);
        // The last lies beyond all values.
        for (value, tolerance) in [(0.1, 0.01), (1.0, 0.01), (5.0, 0.01), (9.0, 0.1), (14.0, 0.3)] {
            let wanted: f64 = (-value as f64).exp();
            let got = tail.exceedance(value);
            assert!((got / wanted - 1.0).abs() < tolerance, "{value}: {got} is not {wanted}");
        }
        assert_eq!(tail.exceedance(-1.0), 1.0);
        let unseen = Tail::of(vec![0.0], vec![0.0], 0.01, 0.5);
        assert_eq!(unseen.exceedance(0.0), 0.5);
        assert!((unseen.exceedance(3.0) - 0.01 * (-3.0_f64).exp()).abs() < 1e-12);
    }
}
