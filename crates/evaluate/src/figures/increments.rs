//! Steps from hour to hour and from day to day.

use super::{Distance, Figure, root_mean_square};
use crate::sample::Sample;
use crate::series::{HOURS, standard_deviation};

pub(crate) fn figures() -> Vec<Figure> {
    vec![
        Figure {
            source: "wxgen (jumps); definition of this project",
            curve: Box::new(by_hour),
            shown: root_mean_square,
            distance: Distance::MeanRelativeDifference,
            ..Figure::counted(
                5,
                "increment_sd_by_hour",
                "Steps of one hour (standard deviation)",
                "Standard deviation (divisor n) of x[t] - x[t-1] for each hour of day: 24 values. Shown: the root of their mean square.",
            )
        },
        Figure {
            source: "VALUE (COST action ES1102), temporal aspects; definition of this project",
            curve: Box::new(|sample| Some(vec![day_to_day(sample)?])),
            distance: Distance::AbsoluteLogRatio,
            ..Figure::counted(
                15,
                "day_to_day_change",
                "Change from day to day (standard deviation)",
                "Standard deviation (divisor n) of the difference between the means of a day and of the day before.",
            )
        },
    ]
}

/// The standard deviation of the increment that ends at each hour of day.
fn by_hour(sample: &Sample) -> Option<Vec<f64>> {
    let mut increments = vec![Vec::with_capacity(sample.daily.len()); HOURS];
    for (index, pair) in sample.series.values.windows(2).enumerate() {
        let step = pair[1] - pair[0];
        if !step.is_nan() {
            increments[(index + 1) % HOURS].push(step);
        }
    }
    let enough = increments.iter().all(|hour| hour.len() > 1);
    enough.then(|| increments.iter().map(|hour| standard_deviation(hour, 0)).collect())
}

fn day_to_day(sample: &Sample) -> Option<f64> {
    let changes: Vec<f64> =
        sample.daily.windows(2).map(|pair| pair[1] - pair[0]).filter(|change| !change.is_nan()).collect();
    (changes.len() > 1).then(|| standard_deviation(&changes, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn increments_of_a_saw_have_the_sd_of_its_teeth() {
        // Steps of +1 and -1 alternate by day at hour 0, all others are zero.
        let sample = sample(2001, 200 * 24, |time| f64::from(civil(time).day_of_year % 2));
        let got = by_hour(&sample).unwrap();
        assert!((got[0] - 1.0).abs() < 1e-4, "{}", got[0]);
        assert!(got[1..].iter().all(|&sd| sd == 0.0));
        assert!((day_to_day(&sample).unwrap() - 1.0).abs() < 1e-4);
    }
}
