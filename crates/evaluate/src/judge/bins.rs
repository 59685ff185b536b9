//! Features cut into at most 64 bins of about equally many training rows, as histogram-based boosting
//! needs them.

/// A bin fits into a byte.
pub(crate) const BINS: usize = 64;

/// All rows, feature by feature, as bins.
pub(crate) struct Binned {
    /// `columns[feature][row]`.
    pub(crate) columns: Vec<Vec<u8>>,
}

impl Binned {
    /// The bins of every row, with limits from the training rows.
    pub(crate) fn of(rows: &[Vec<f64>], training: &[usize]) -> Binned {
        let features = rows.first().map_or(0, Vec::len);
        let columns = (0..features).map(|feature| {
            let limits = limits(training.iter().map(|&row| rows[row][feature]).collect());
            rows.iter().map(|row| limits.partition_point(|&limit| limit < row[feature]) as u8).collect()
        });
        Binned { columns: columns.collect() }
    }
}

/// The largest value of each bin but the last, ascending: halfway between two values where they are
/// at most 64, quantiles otherwise.
fn limits(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    if distinct.len() <= BINS {
        return distinct.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    }
    let quantile = |bin: usize| {
        let place = (bin * (values.len() - 1)) as f64 / BINS as f64;
        (values[place.floor() as usize] + values[place.ceil() as usize]) / 2.0
    };
    let mut limits: Vec<f64> = (1..BINS).map(quantile).collect();
    limits.dedup();
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_have_a_bin_each() {
        assert_eq!(limits(vec![3.0, 1.0, 1.0, 2.0]), [1.5, 2.5]);
        assert!(limits(vec![7.0; 5]).is_empty());
    }

    #[test]
    fn many_values_fill_the_bins_evenly() {
        let rows: Vec<Vec<f64>> = (0..6400).map(|i| vec![f64::from(i * 7919 % 6400)]).collect();
        let training: Vec<usize> = (0..6400).collect();
        let mut counts = [0; BINS];
        Binned::of(&rows, &training).columns[0].iter().for_each(|&bin| counts[bin as usize] += 1);
        assert!(counts.iter().all(|count| (99..=101).contains(count)), "{counts:?}");
    }
}
