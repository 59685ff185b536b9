//! A station's samples, at whatever times, made hours:
//!
//! - A variable that is the state at the full hour is the mean of the samples in
//!   `[hour - 30 min, hour + 30 min)`; one that is the mean rate of the hour before, of those in
//!   `(hour - 1 h, hour]`. A sample that is of an interval counts where the middle of its interval
//!   lies, or its end.
//! - Amounts (rain in mm, radiation in J m-2) are summed instead.
//! - An hour needs at least half of the samples that the usual step of its month promises, the median
//!   difference of times, or half of those of the month's median hour, if that is fewer; else it is
//!   missing. A sum that lacks some of the samples promised is scaled up to the hour.
//! - A single sample passes unchanged.
//!
//! Data sparser than hourly leave hours out; nothing is interpolated here.

use contract::artifact::flag;
use contract::calendar::{self, DAY_US, HOUR_US};
use contract::variable::Sampling;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Quantity;
use crate::dataset::Hour;

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub time_us: i64,
    /// In the canonical unit.
    pub value: f64,
    /// Bits of [`flag`].
    pub flags: u8,
}

/// What the time of a sample is to the interval that its value is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TimeStamp {
    /// The value is of that moment; an amount, of the interval that ends there.
    #[default]
    Instant,
    /// The interval starts then.
    Start,
    /// The interval ends then.
    End,
}

/// How samples become hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub sampling: Sampling,
    pub quantity: Quantity,
    pub time_stamp: TimeStamp,
}

/// Samples of the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Duplicates {
    /// Rows that say the same again.
    pub repeated: usize,
    /// Times with more than one value.
    pub contradicted: usize,
    pub first_contradicted_us: Option<i64>,
}

impl Duplicates {
    /// What people should know about the contradictions, or `None`.
    pub(crate) fn sentence(self) -> Option<String> {
        let first = calendar::format_hour(self.first_contradicted_us?);
        let times = match self.contradicted {
            1 => "1 time has".to_string(),
            times => format!("{times} times have"),
        };
        Some(format!("{times} several values ({first} UTC the first); the first of each is kept and flagged"))
    }
}

/// Puts samples in order of time. Of those of one time the first stays, and is flagged if another
/// has a different value.
pub(crate) fn unique(mut samples: Vec<Sample>) -> (Vec<Sample>, Duplicates) {
    samples.sort_by_key(|sample| sample.time_us);
    let mut duplicates = Duplicates::default();
    let mut unique: Vec<Sample> = Vec::with_capacity(samples.len());
    for same_time in samples.chunk_by(|a, b| a.time_us == b.time_us) {
        let mut first = same_time[0];
        let others = same_time.iter().filter(|sample| sample.value != first.value).count();
        duplicates.repeated += same_time.len() - 1 - others;
        if others > 0 {
            duplicates.contradicted += 1;
            duplicates.first_contradicted_us.get_or_insert(first.time_us);
            first.flags |= flag::DUPLICATE;
        }
        unique.push(first);
    }
    (unique, duplicates)
}

/// The hours of samples in order of time, and how many hours had too few samples.
pub(crate) fn hours(samples: &[Sample], rule: Rule) -> (Vec<Hour>, usize) {
    let steps = usual_steps(samples);
    let mut keyed: Vec<(i64, Sample, i64)> = samples
        .iter()
        .zip(&steps)
        .map(|(sample, step_us)| (hour_of(sample.time_us, *step_us, rule), *sample, *step_us))
        .collect();
    // Out of order only where the step changes; samples of one hour stay in theirs.
    keyed.sort_by_key(|(hour, _, _)| *hour);
    let grouped: Vec<&[(i64, Sample, i64)]> = keyed.chunk_by(|a, b| a.0 == b.0).collect();
    let month_of = |group: &&[(i64, Sample, i64)]| month(group[0].0 * HOUR_US);
    let (mut hours, mut too_few) = (Vec::new(), 0);
    for of_month in grouped.chunk_by(|a, b| month_of(a) == month_of(b)) {
        let usual_number = median(of_month.iter().map(|group| group.len() as i64)).unwrap_or(1);
        for group in of_month {
            let (hour, _, step_us) = group[0];
            let promised = HOUR_US as f64 / step_us as f64;
            if 2.0 * (group.len() as f64) < promised.min(usual_number as f64) {
                too_few += 1;
                continue;
            }
            let values: Vec<f64> = group.iter().map(|(_, sample, _)| sample.value).collect();
            let value = combine(&values, promised, rule.quantity);
            let flags = group.iter().fold(0, |all, (_, sample, _)| all | sample.flags);
            hours.push(Hour { time_us: hour * HOUR_US, value: value as f32, flags });
        }
    }
    (hours, too_few)
}

/// The hour, counted from 1970, that a sample belongs to.
fn hour_of(time_us: i64, step_us: i64, rule: Rule) -> i64 {
    match rule.sampling {
        Sampling::Instantaneous => {
            let middle_us = match rule.time_stamp {
                TimeStamp::Instant => time_us,
                TimeStamp::Start => time_us + step_us / 2,
                TimeStamp::End => time_us - step_us / 2,
            };
            (middle_us + HOUR_US / 2).div_euclid(HOUR_US)
        }
        Sampling::HourBefore => {
            let end_us = match rule.time_stamp {
                TimeStamp::Instant | TimeStamp::End => time_us,
                TimeStamp::Start => time_us + step_us,
            };
            (end_us + HOUR_US - 1).div_euclid(HOUR_US)
        }
    }
}

fn combine(values: &[f64], promised: f64, quantity: Quantity) -> f64 {
    let sum = || values.iter().sum::<f64>();
    let number = values.len() as f64;
    match (values, quantity) {
        ([one], Quantity::Level) => *one,
        (_, Quantity::Level) => sum() / number,
        // Seven samples in an hour of 6.67 are all of them, and so are six.
        (_, Quantity::Amount) if number >= promised.floor() => sum(),
        (_, Quantity::Amount) => sum() * promised / number,
    }
}

/// The median difference between times of the calendar month, for each sample.
fn usual_steps(samples: &[Sample]) -> Vec<i64> {
    // What is of more than a day is not of an interval.
    let step = |samples: &[Sample]| median_step(samples).map(|step_us| step_us.min(DAY_US));
    let of_all = step(samples).unwrap_or(HOUR_US);
    let months = samples.chunk_by(|a, b| month(a.time_us) == month(b.time_us));
    months.flat_map(|of_month| vec![step(of_month).unwrap_or(of_all); of_month.len()]).collect()
}

fn month(time_us: i64) -> (i16, i8) {
    let civil = calendar::civil(time_us);
    (civil.year, civil.month)
}

/// The median difference between consecutive times; `None` with fewer than two samples.
pub(crate) fn median_step(samples: &[Sample]) -> Option<i64> {
    median(samples.windows(2).map(|pair| pair[1].time_us - pair[0].time_us))
}

/// The median, the lower one of two in the middle.
fn median(values: impl Iterator<Item = i64>) -> Option<i64> {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: i64 = 60_000_000;

    fn rule(sampling: Sampling, quantity: Quantity, time_stamp: TimeStamp) -> Rule {
        Rule { sampling, quantity, time_stamp }
    }

    const STATE: Rule =
        Rule { sampling: Sampling::Instantaneous, quantity: Quantity::Level, time_stamp: TimeStamp::Instant };

    /// Samples so many minutes after 1970.
    fn samples(values: impl IntoIterator<Item = (i64, f64)>) -> Vec<Sample> {
        let sample = |(minute, value)| Sample { time_us: minute * MINUTE_US, value, flags: 0 };
        values.into_iter().map(sample).collect()
    }

    /// Hours since 1970 with their values.
    fn check(samples: &[Sample], rule: Rule, expected: &[(i64, f32)]) {
        let (hours, _) = hours(samples, rule);
        let seen: Vec<_> = hours.iter().map(|hour| (hour.time_us / HOUR_US, hour.value)).collect();
        assert_eq!(seen, expected, "{rule:?}");
    }

    #[test]
    fn a_state_is_the_mean_around_the_hour() {
        // A line: the mean of [h - 30 min, h + 30 min) in steps of 10 is that at h - 5 min.
        let line = samples((3..=26).map(|step| (step * 10, step as f64 * 10.0)));
        check(&line, STATE, &[(1, 55.0), (2, 115.0), (3, 175.0), (4, 235.0)]);
        // The means of 10 minutes, stamped at their ends and at their starts.
        let end = Rule { time_stamp: TimeStamp::End, ..STATE };
        let start = Rule { time_stamp: TimeStamp::Start, ..STATE };
        check(&line[1..], end, &[(1, 65.0), (2, 125.0), (3, 185.0), (4, 240.0)]);
        check(&line, start, &[(1, 55.0), (2, 115.0), (3, 175.0), (4, 235.0)]);
    }

    #[test]
    fn a_rate_is_the_mean_of_the_hour_before() {
        let line = samples((1..=12).map(|step| (step * 10, step as f64)));
        let rate = |time_stamp| rule(Sampling::HourBefore, Quantity::Level, time_stamp);
        check(&line, rate(TimeStamp::End), &[(1, 3.5), (2, 9.5)]);
        check(&line, rate(TimeStamp::Instant), &[(1, 3.5), (2, 9.5)]);
        // Starts at 10 to 120 minutes are ends at 20 to 130: the last hour has 1 of 6 samples.
        check(&line, rate(TimeStamp::Start), &[(1, 3.0), (2, 8.5)]);
    }

    #[test]
    fn amounts_are_summed_and_rates_averaged_to_the_same() {
        // 0.2 mm in 10 minutes are 1.2 mm in an hour.
        let amounts = samples((1..=6).map(|step| (step * 10, 0.25)));
        let rates = samples((1..=6).map(|step| (step * 10, 1.5)));
        check(&amounts, rule(Sampling::HourBefore, Quantity::Amount, TimeStamp::End), &[(1, 1.5)]);
        check(&rates, rule(Sampling::HourBefore, Quantity::Level, TimeStamp::End), &[(1, 1.5)]);
        // Four of six: the sum is scaled up.
        let amounts: Vec<Sample> =
            samples((1..=12).filter(|step| *step != 2 && *step != 3).map(|step| (step * 10, 0.25)));
        check(&amounts, rule(Sampling::HourBefore, Quantity::Amount, TimeStamp::End), &[(1, 1.5), (2, 1.5)]);
    }

    #[test]
    fn an_hour_needs_half_of_its_samples() {
        // A day; the hour 2 has the steps 9 to 14, the hours 0 and 24 have three at the ends.
        let without = |missing: std::ops::Range<i64>| {
            samples((0..144).filter(|step| !missing.contains(step)).map(|step| (step * 10, 1.0)))
        };
        let present = |missing: std::ops::Range<i64>| {
            let (hours, too_few) = hours(&without(missing), STATE);
            (hours.iter().map(|hour| hour.time_us / HOUR_US).collect::<Vec<_>>(), too_few)
        };
        assert_eq!(present(9..12), ((0..25).collect(), 0));
        assert_eq!(present(9..13), ((0..25).filter(|hour| *hour != 2).collect(), 1));
        assert_eq!(present(9..15), ((0..25).filter(|hour| *hour != 2).collect(), 0));
    }

    #[test]
    fn a_station_that_changes_its_step_keeps_all_its_hours() {
        // Hourly in January 1970, every ten minutes in February.
        let january = (0..31 * 24).map(|hour| hour * 60);
        let february = (0..28 * 144).map(|step| 31 * 24 * 60 + step * 10);
        let both = samples(january.chain(february).map(|minute| (minute, 1.0)));
        let (hours, too_few) = hours(&both, STATE);
        assert_eq!((hours.len(), too_few), (59 * 24 + 1, 0));
    }

    #[test]
    fn extra_reports_in_bad_weather_do_not_take_the_hours_of_good_weather() {
        // Every third hour has two reports more, so that most of the steps are 20 minutes.
        let reports = (0..700).flat_map(|hour| match hour % 3 {
            0 => vec![(hour * 60 - 20, 1.0), (hour * 60, 1.0), (hour * 60 + 20, 1.0)],
            _ => vec![(hour * 60, 1.0)],
        });
        let (hours, too_few) = hours(&samples(reports), STATE);
        assert_eq!((hours.len(), too_few), (700, 0));
    }

    #[test]
    fn hourly_values_keep_their_bits() {
        let values = [0.1_f32, -0.0, 285.308_53, f32::MIN_POSITIVE / 8.0];
        let hourly =
            samples(values.iter().enumerate().map(|(hour, value)| (hour as i64 * 60, f64::from(*value))));
        for rule in [STATE, rule(Sampling::HourBefore, Quantity::Level, TimeStamp::End)] {
            let (hours, _) = hours(&hourly, rule);
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&hours.iter().map(|hour| hour.value).collect::<Vec<_>>()), bits(&values));
        }
    }

    #[test]
    fn hourly_values_off_the_hour_go_to_the_nearest() {
        let metar = samples((0..4).map(|hour| (hour * 60 + 53, hour as f64)));
        check(&metar, STATE, &[(1, 0.0), (2, 1.0), (3, 2.0), (4, 3.0)]);
        let early = samples((0..4).map(|hour| (hour * 60 + 29, hour as f64)));
        check(&early, STATE, &[(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.0)]);
    }

    #[test]
    fn sparse_data_leave_hours_out() {
        check(&samples([(0, 1.0), (180, 2.0), (360, 3.0)]), STATE, &[(0, 1.0), (3, 2.0), (6, 3.0)]);
        check(&samples([(-90, 1.0)]), STATE, &[(-1, 1.0)]);
    }

    #[test]
    fn of_several_values_of_a_time_the_first_stays_flagged() {
        let rows = samples([(60, 1.0), (0, 5.0), (60, 1.0), (120, 2.0), (120, 3.0), (120, 2.0)]);
        let (unique, duplicates) = unique(rows);
        let seen: Vec<_> = unique.iter().map(|s| (s.time_us / MINUTE_US, s.value, s.flags)).collect();
        assert_eq!(seen, [(0, 5.0, 0), (60, 1.0, 0), (120, 2.0, flag::DUPLICATE)]);
        let expected =
            Duplicates { repeated: 2, contradicted: 1, first_contradicted_us: Some(120 * MINUTE_US) };
        assert_eq!(duplicates, expected);
        assert_eq!(
            duplicates.sentence().unwrap(),
            "1 time has several values (1970-01-01T02:00 UTC the first); the first of each is kept and flagged"
        );
    }
}
