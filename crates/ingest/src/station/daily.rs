//! Values of days among those of hours: a station that sends its daily means through the winter, say. They stand at
//! one time of the day, and are no hour's.

use contract::calendar::{DAY_US, HOUR_US};

use super::hourly::{self, Sample};

/// So many values a day apart in a row are of days.
const FEWEST: usize = 5;

/// Takes the values of days out of samples in order of time, each once, where most are hourly or finer. What is
/// left, and those taken out.
pub(crate) fn split(samples: Vec<Sample>) -> (Vec<Sample>, Vec<Sample>) {
    if hourly::median_step(&samples).is_none_or(|step_us| step_us > HOUR_US) {
        return (samples, Vec::new());
    }
    let (mut hours, mut days) = (Vec::with_capacity(samples.len()), Vec::new());
    let mut from = 0;
    for run in samples.chunk_by(|a, b| b.time_us - a.time_us == DAY_US) {
        let to = from + run.len();
        // The first may be the last of the hours before, and the last the first of those after.
        let follows = |at: usize| {
            at > 0 && at < samples.len() && samples[at].time_us - samples[at - 1].time_us <= HOUR_US
        };
        let of_days = if run.len() < FEWEST {
            to..to
        } else {
            from + usize::from(follows(from))..to - usize::from(follows(to))
        };
        for (at, sample) in (from..).zip(run) {
            if of_days.contains(&at) { days.push(*sample) } else { hours.push(*sample) }
        }
        from = to;
    }
    (hours, days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hours: impl IntoIterator<Item = i64>, days: usize) {
        let sample = |hour| Sample { time_us: hour * HOUR_US, value: 1.0, flags: 0 };
        let all: Vec<Sample> = hours.into_iter().map(sample).collect();
        let (left, taken) = split(all.clone());
        assert_eq!((left.len(), taken.len()), (all.len() - days, days));
    }

    #[test]
    fn days_in_a_row_among_hours_are_taken_out() {
        let hourly = 240..1000;
        check((0..10).map(|day| day * 24).chain(hourly.clone()), 10);
        check(hourly.clone().chain((42..50).map(|day| day * 24)), 8);
        check(hourly.clone().chain((1..8).map(|day| 999 + day * 24)), 7);
        check((0..4).map(|day| 120 + day * 24).chain(hourly.clone()), 0);
        check((0..100).map(|day| day * 24), 0);
        check((0..1000).filter(|hour| hour / 24 != 3), 0);
    }
}
