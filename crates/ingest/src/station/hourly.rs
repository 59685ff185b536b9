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
//! - A single sample at the hour passes unchanged. About hourly ones that lie off it are no hour's: a state is
//!   that of the straight line between the samples before and after the hour, a rate or an amount that of the
//!   intervals that overlap the hour, each by its share ([`OffHour`]).
//!
//! The hours are those of the station's grid ([`super::time_grid`]). Data sparser than hourly leave hours out.

use contract::artifact::flag;
use contract::calendar::{self, DAY_US, HOUR_US, MINUTE_US};
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

/// Samples about an hour apart, or more, have a step of at least this.
pub(crate) const ABOUT_HOURLY_US: i64 = 45 * MINUTE_US;

/// What became of hours whose samples lie off them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct OffHour {
    pub hours: usize,
    /// Of those, left missing for want of a neighbour.
    pub missing: usize,
    /// The furthest that a nearest sample lies from its hour.
    pub furthest_us: i64,
    /// The sum of the squared differences from the nearest sample.
    squares: f64,
}

impl OffHour {
    fn add(&mut self, value: Option<f64>, nearest: f64, apart_us: i64) {
        self.hours += 1;
        self.furthest_us = self.furthest_us.max(apart_us.abs());
        match value {
            Some(value) => self.squares += (value - nearest).powi(2),
            None => self.missing += 1,
        }
    }

    /// What people should know, or `None`.
    pub(crate) fn sentence(&self, sampling: Sampling, unit: &str) -> Option<String> {
        if self.hours == 0 {
            return None;
        }
        let hours = crate::gaps::count_hours(self.hours);
        let minutes = self.furthest_us as f64 / MINUTE_US as f64;
        let rule = match sampling {
            Sampling::Instantaneous => {
                "they are taken from the straight line between the samples before and after"
            }
            Sampling::HourBefore => "they are made of the intervals that overlap them, each by its share",
        };
        let made = self.hours - self.missing;
        let cost = match made {
            0 => String::new(),
            _ => {
                format!(
                    ", {:.2} {unit} from the nearest sample on average (root mean square)",
                    (self.squares / made as f64).sqrt()
                )
            }
        };
        let missing = match self.missing {
            0 => String::new(),
            missing => format!("; {missing} without neighbours stay missing"),
        };
        Some(format!(
            "{hours} have samples only off the hour, by up to {minutes:.0} minutes: {rule}{cost}{missing}"
        ))
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

/// The hours of samples in order of time, how many hours had too few samples, and what became of those
/// whose samples lie off them. Times are counted from the station's grid.
pub(crate) fn hours(samples: &[Sample], rule: Rule) -> (Vec<Hour>, usize, OffHour) {
    let steps = usual_steps(samples);
    let mut off_hour = OffHour::default();
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
            let (hour, first, step_us) = group[0];
            let promised = HOUR_US as f64 / step_us as f64;
            if 2.0 * (group.len() as f64) < promised.min(usual_number as f64) {
                too_few += 1;
                continue;
            }
            let is_off = |(_, sample, _): &(i64, Sample, i64)| sample.time_us.rem_euclid(HOUR_US) != 0;
            if step_us >= ABOUT_HOURLY_US && group.iter().all(is_off) {
                let neighbours = Neighbours { samples, rule, step_us, hour_us: hour * HOUR_US };
                let nearest = neighbours.nearest().unwrap_or(first);
                let found = neighbours.at_hour();
                off_hour.add(found.map(|(value, _)| value), nearest.value, nearest.time_us - hour * HOUR_US);
                hours.extend(found.map(|(value, flags)| Hour {
                    time_us: hour * HOUR_US,
                    value: value as f32,
                    flags,
                }));
                continue;
            }
            let values: Vec<f64> = group.iter().map(|(_, sample, _)| sample.value).collect();
            let value = combine(&values, promised, rule.quantity);
            let flags = group.iter().fold(0, |all, (_, sample, _)| all | sample.flags);
            hours.push(Hour { time_us: hour * HOUR_US, value: value as f32, flags });
        }
    }
    (hours, too_few, off_hour)
}

/// The samples around an hour that none of them is of.
struct Neighbours<'a> {
    samples: &'a [Sample],
    rule: Rule,
    step_us: i64,
    hour_us: i64,
}

impl Neighbours<'_> {
    /// When the value of a sample holds, or its interval ends, as [`hour_of`] has it.
    fn moment_us(&self, sample: &Sample) -> i64 {
        match self.rule.time_stamp {
            TimeStamp::Instant | TimeStamp::End => sample.time_us,
            TimeStamp::Start => sample.time_us + self.step_us,
        }
    }

    /// The samples from the last two up to the hour to the first two after it.
    fn around(&self) -> impl Iterator<Item = (i64, &Sample)> {
        let after = self.samples.partition_point(|sample| self.moment_us(sample) <= self.hour_us);
        let range = after.saturating_sub(2)..(after + 2).min(self.samples.len());
        self.samples[range].iter().map(|sample| (self.moment_us(sample), sample))
    }

    /// With its moment as its time.
    fn nearest(&self) -> Option<Sample> {
        let (time_us, nearest) =
            self.around().min_by_key(|(moment_us, _)| (moment_us - self.hour_us).abs())?;
        Some(Sample { time_us, ..*nearest })
    }

    /// The value at the hour, and its flags.
    fn at_hour(&self) -> Option<(f64, u8)> {
        match self.rule.sampling {
            Sampling::Instantaneous => self.on_the_line(),
            Sampling::HourBefore => self.by_overlap(),
        }
    }

    fn on_the_line(&self) -> Option<(f64, u8)> {
        let (before_us, before) = self.around().filter(|(moment_us, _)| *moment_us <= self.hour_us).last()?;
        let (after_us, after) = self.around().find(|(moment_us, _)| *moment_us > self.hour_us)?;
        if after_us - before_us > self.step_us + self.step_us / 2 {
            return None;
        }
        let share = (self.hour_us - before_us) as f64 / (after_us - before_us) as f64;
        Some((before.value + share * (after.value - before.value), before.flags | after.flags))
    }

    /// At least half of the hour must be covered. The intervals are about an hour long, so that an amount is a rate.
    fn by_overlap(&self) -> Option<(f64, u8)> {
        let (mut sum, mut covered_us, mut flags) = (0.0, 0, 0);
        for (end_us, sample) in self.around() {
            let (from, to) = (end_us - self.step_us, end_us);
            let overlap_us = to.min(self.hour_us) - from.max(self.hour_us - HOUR_US);
            if overlap_us > 0 {
                sum += sample.value * overlap_us as f64;
                covered_us += overlap_us;
                flags |= sample.flags;
            }
        }
        (2 * covered_us >= HOUR_US).then(|| (sum / covered_us as f64, flags))
    }
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
pub(crate) fn usual_steps(samples: &[Sample]) -> Vec<i64> {
    // What is of more than a day is not of an interval.
    let step = |samples: &[Sample]| usual_step(samples).map(|step_us| step_us.min(DAY_US));
    let of_all = step(samples).unwrap_or(HOUR_US);
    let months = samples.chunk_by(|a, b| month(a.time_us) == month(b.time_us));
    months.flat_map(|of_month| vec![step(of_month).unwrap_or(of_all); of_month.len()]).collect()
}

/// The median difference. If it is a third of an hour or more, and most differences are others, as where an
/// airport adds reports to its hourly ones, there is no step but the hour.
fn usual_step(samples: &[Sample]) -> Option<i64> {
    let step_us = median_step(samples)?;
    let pairs = samples.windows(2);
    let same =
        pairs.filter(|pair| (pair[1].time_us - pair[0].time_us - step_us).abs() <= 2 * MINUTE_US).count();
    let is_irregular = (HOUR_US / 3..HOUR_US).contains(&step_us) && 2 * same < samples.len() - 1;
    Some(if is_irregular { HOUR_US } else { step_us })
}

/// The first time of a month most of whose samples lie one and the same step apart, and that step, if it is longer than
/// `longest_us`. Of a month with less than a day's worth of samples nothing is said.
pub(crate) fn coarse_month(samples: &[Sample], longest_us: i64) -> Option<(i64, i64)> {
    let mut months = samples.chunk_by(|a, b| month(a.time_us) == month(b.time_us));
    months.find_map(|of_month| {
        let step_us = median_step(of_month).filter(|step_us| *step_us > longest_us)?;
        let pairs = of_month.windows(2);
        let same = pairs.filter(|pair| pair[1].time_us - pair[0].time_us == step_us).count();
        let is_regular = of_month.len() >= 24 && 2 * same > of_month.len();
        is_regular.then_some((of_month[0].time_us, step_us))
    })
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
pub(crate) fn median(values: impl Iterator<Item = i64>) -> Option<i64> {
    let mut values: Vec<i64> = values.collect();
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (hours, ..) = hours(samples, rule);
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
            let (hours, too_few, _) = hours(&without(missing), STATE);
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
        let (hours, too_few, _) = hours(&both, STATE);
        assert_eq!((hours.len(), too_few), (59 * 24 + 1, 0));
    }

    #[test]
    fn extra_reports_in_bad_weather_do_not_take_the_hours_of_good_weather() {
        // Every third hour has two reports more, so that most of the steps are 20 minutes.
        let reports = (0..700).flat_map(|hour| match hour % 3 {
            0 => vec![(hour * 60 - 20, 1.0), (hour * 60, 1.0), (hour * 60 + 20, 1.0)],
            _ => vec![(hour * 60, 1.0)],
        });
        let (hours, too_few, _) = hours(&samples(reports), STATE);
        assert_eq!((hours.len(), too_few), (700, 0));
    }

    #[test]
    fn hourly_values_keep_their_bits() {
        let values = [0.1_f32, -0.0, 285.308_53, f32::MIN_POSITIVE / 8.0];
        let hourly =
            samples(values.iter().enumerate().map(|(hour, value)| (hour as i64 * 60, f64::from(*value))));
        for rule in [STATE, rule(Sampling::HourBefore, Quantity::Level, TimeStamp::End)] {
            let (hours, ..) = hours(&hourly, rule);
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&hours.iter().map(|hour| hour.value).collect::<Vec<_>>()), bits(&values));
        }
    }

    #[test]
    fn a_state_off_the_hour_is_that_of_the_line_between_its_neighbours() {
        // A line in time comes back as itself, wherever its samples are; the ends have one neighbour.
        let minutes = [7, 58 + 9, 120 + 14, 180 + 29, 240 + 25, 300 + 40];
        let line = samples(minutes.map(|minute| (minute, minute as f64)));
        check(&line, STATE, &[(1, 60.0), (2, 120.0), (3, 180.0), (4, 240.0)]);
        let (_, _, off_hour) = hours(&line, STATE);
        assert_eq!(
            off_hour.sentence(Sampling::Instantaneous, "K").unwrap(),
            "6 hours have samples only off the hour, by up to 29 minutes: they are taken from the straight line between \
             the samples before and after, 20.68 K from the nearest sample on average (root mean square); 2 without \
             neighbours stay missing"
        );
    }

    #[test]
    fn an_amount_off_the_hour_is_shared_out_to_the_hours_of_its_interval() {
        // Of the hour up to 1:20 a third is of the second hour; the first and the last hour lack one part.
        let amounts = samples([(20, 3.0), (80, 6.0), (140, 0.0), (200, 9.0)]);
        let rule = rule(Sampling::HourBefore, Quantity::Amount, TimeStamp::End);
        check(&amounts, rule, &[(1, 5.0), (2, 2.0), (3, 6.0)]);
        let before = samples([(-40, 3.0), (20, 6.0), (80, 0.0), (140, 9.0)]);
        check(&before, Rule { time_stamp: TimeStamp::Start, ..rule }, &[(1, 5.0), (2, 2.0), (3, 6.0)]);
    }

    #[test]
    fn sparse_data_leave_hours_out() {
        check(&samples([(0, 1.0), (180, 2.0), (360, 3.0)]), STATE, &[(0, 1.0), (3, 2.0), (6, 3.0)]);
        check(&samples([(-90, 1.0)]), STATE, &[]);
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
