//! The series as a polars frame: local time, whole years, yearly means, and the steps from ingested
//! values to standardised ones.

use std::sync::Arc;

use contract::artifact::Split;
use contract::calendar::{HOUR_US, Moment, UtcOffset, YearClock, year_start_us};
use contract::transform::{Marginals, Scaler, Trend};
use polars::prelude::*;
use polars::series::IsSorted;

use crate::config::MarginalsKind;
use crate::yearly_mean;
use crate::years::YearCount;

const TIME: &str = "time";
const LOCAL_TIME: &str = "local_time";
const YEAR: &str = "year";
const VALUE: &str = "value";

/// The ingested hours with their local time and year.
#[derive(Clone)]
pub(crate) struct Series {
    frame: LazyFrame,
    offset: UtcOffset,
    past_hour_us: i64,
}

impl Series {
    /// `time` in microseconds UTC; `values` in canonical units, NaN where missing.
    ///
    /// # Errors
    /// Those of polars.
    pub(crate) fn new(time: &[i64], values: &[f32], offset: UtcOffset) -> anyhow::Result<Series> {
        let values = values.iter().map(|&value| (!value.is_nan()).then_some(f64::from(value)));
        Series::of(time, values.collect_ca(VALUE.into()), offset)
    }

    /// The values at those times, which ascend.
    fn of(time: &[i64], values: Float64Chunked, offset: UtcOffset) -> anyhow::Result<Series> {
        let local: Vec<i64> = time.iter().map(|&time| offset.to_local(time)).collect();
        let mut clock = YearClock::default();
        let years: Vec<i32> = local.iter().map(|&local| i32::from(clock.moment(local).year)).collect();
        let mut years = Column::new(YEAR.into(), years);
        // Years are groups of neighbours then, and need no hashes.
        years.set_sorted_flag(IsSorted::Ascending);
        let columns = vec![
            Column::new(TIME.into(), time),
            Column::new(LOCAL_TIME.into(), local),
            years,
            values.with_name(VALUE.into()).into_column(),
        ];
        let past_hour_us = time.first().map_or(0, |first| first.rem_euclid(HOUR_US));
        Ok(Series { frame: DataFrame::new(time.len(), columns)?.lazy(), offset, past_hour_us })
    }

    /// How long after the whole hours of UTC its hours lie.
    pub(crate) fn past_hour_us(&self) -> i64 {
        self.past_hour_us
    }

    /// The observed hours of each local year, in order.
    ///
    /// # Errors
    /// Those of polars.
    pub(crate) fn year_counts(&self) -> anyhow::Result<Vec<YearCount>> {
        let counts = self.frame.clone().group_by([col(YEAR)]).agg([col(VALUE).count().cast(DataType::Int64)]);
        let counts = counts.sort([YEAR], SortMultipleOptions::default()).collect()?;
        let years = counts.column(YEAR)?.i32()?.into_no_null_iter();
        let hours = counts.column(VALUE)?.i64()?.into_no_null_iter();
        years.zip(hours).map(|(year, hours)| Ok(YearCount { year: i16::try_from(year)?, hours })).collect()
    }

    /// A row for every hour of these local years, missing where nothing was observed.
    ///
    /// # Errors
    /// Those of polars.
    pub(crate) fn whole_years(&self, years: &[i16]) -> anyhow::Result<Series> {
        let hours = years.iter().flat_map(|&year| {
            let first = self.offset.first_hour_from(year_start_us(year), self.past_hour_us);
            let end = self.offset.first_hour_from(year_start_us(year + 1), self.past_hour_us);
            (first..end).step_by(HOUR_US as usize)
        });
        let time: Vec<i64> = hours.map(|local| self.offset.to_utc(local)).collect();
        let observed = self.frame.clone().select([col(TIME), col(VALUE)]).collect()?;
        let first = observed.column(TIME)?.i64()?.first();
        let observed = observed.column(VALUE)?.f64()?;
        // The series is hourly: an hour's row follows from its time.
        let value = |&time: &i64| {
            let since = time - first?;
            let row = usize::try_from(since / HOUR_US).ok().filter(|_| since >= 0 && since % HOUR_US == 0)?;
            (row < observed.len()).then(|| observed.get(row)).flatten()
        };
        Series::of(&time, time.iter().map(value).collect_ca(VALUE.into()), self.offset)
    }

    /// The mean of each of these years, over its observed hours. Of a year that lacks more than one in a hundred, the
    /// mean departure from the climatology of these years takes the place of the mean, so that a missing winter does
    /// not warm it ([`crate::yearly_mean`]).
    ///
    /// # Errors
    /// Those of polars.
    pub(crate) fn yearly_means(&self, years: &[i16]) -> anyhow::Result<Vec<(i16, f64)>> {
        let means = self.frame.clone().group_by([col(YEAR)]).agg([col(VALUE).mean()]);
        let means = means.sort([YEAR], SortMultipleOptions::default()).collect()?;
        let all = means.column(YEAR)?.i32()?.into_no_null_iter().zip(means.column(VALUE)?.f64()?.iter());
        let wanted = all.filter_map(|(year, mean)| Some((i16::try_from(year).ok()?, mean?)));
        let mut means: Vec<(i16, f64)> = wanted.filter(|(year, _)| years.contains(year)).collect();
        let (local_times, values) = self.hours()?;
        yearly_mean::balance(&local_times, &values, &mut means);
        Ok(means)
    }

    /// The local time and the value of each hour, NaN where missing.
    ///
    /// # Errors
    /// Those of polars.
    pub(crate) fn hours(&self) -> anyhow::Result<(Vec<i64>, Vec<f64>)> {
        let values = self.frame.clone().select([col(VALUE)]).collect()?;
        let values = values.column(VALUE)?.f64()?.iter().map(|value| value.unwrap_or(f64::NAN));
        Ok((self.local_times()?, values.collect()))
    }

    /// The hours with the trend taken out and standardised; `fitted` tells which years the marginals
    /// are fitted on.
    ///
    /// # Errors
    /// When the fitted hours do not vary or are too few, and those of polars.
    pub(crate) fn adjust(
        &self,
        trend: &Trend,
        marginals: MarginalsKind,
        fitted: &[i16],
    ) -> anyhow::Result<Adjusted> {
        let (local_times, values) = self.hours()?;
        let mut clock = YearClock::default();
        let moments: Vec<Moment> = local_times.iter().map(|&local| clock.moment(local)).collect();
        let hours = moments.iter().zip(&values);
        let adjusted: Vec<f64> = hours.map(|(moment, value)| value - trend.departure_at(moment)).collect();
        let hours = moments.iter().zip(&adjusted);
        let of_fitted = hours.filter(|(moment, value)| fitted.contains(&moment.year) && !value.is_nan());
        let scaler = scaler(of_fitted.map(|(_, &value)| value))?;
        let marginals = match marginals {
            MarginalsKind::Scaler => Marginals::Scaler(scaler),
            MarginalsKind::NormalScores => {
                let scores =
                    marginals::normal_scores::fit(&moments, &adjusted, fitted, scaler.standard_deviation)?;
                Marginals::NormalScores(Box::new(scores))
            }
        };
        let hours = moments.iter().zip(&adjusted);
        let standardised = hours.map(|(moment, &value)| marginals.at(moment).standardise(value) as f32);
        Ok(Adjusted {
            standardised: standardised.collect(),
            adjusted: adjusted.iter().map(|&value| value as f32).collect(),
            times: local_times.iter().map(|&local| self.offset.to_utc(local)).collect(),
            marginals,
            local_times,
        })
    }

    fn local_times(&self) -> anyhow::Result<Vec<i64>> {
        let frame = self.frame.clone().select([col(LOCAL_TIME)]).collect()?;
        Ok(frame.column(LOCAL_TIME)?.i64()?.into_no_null_iter().collect())
    }
}

/// The mean and standard deviation of the fitted hours.
fn scaler(hours: impl Iterator<Item = f64> + Clone) -> anyhow::Result<Scaler> {
    let count = hours.clone().count() as f64;
    anyhow::ensure!(count > 0.0, "there are no training hours");
    let mean = hours.clone().sum::<f64>() / count;
    let variance = hours.map(|hour| (hour - mean).powi(2)).sum::<f64>() / count;
    let scaler = Scaler { mean, standard_deviation: variance.sqrt() };
    anyhow::ensure!(
        scaler.standard_deviation > 0.0,
        "every training hour has the value {}; a constant series cannot be modelled",
        scaler.mean
    );
    Ok(scaler)
}

/// The whole years, hour by hour; NaN where missing.
pub(crate) struct Adjusted {
    pub marginals: Marginals,
    pub times: Vec<i64>,
    pub local_times: Vec<i64>,
    pub adjusted: Vec<f32>,
    pub standardised: Vec<f32>,
}

/// The names of the splits as a column's values.
pub(crate) fn split_names(splits: impl Iterator<Item = Option<Split>>) -> Vec<Option<Arc<str>>> {
    let names = [Split::Train, Split::Validation, Split::Test].map(|split| (split, Arc::from(split.name())));
    let name = |split| names.iter().find(|(other, _)| *other == split).map(|(_, name)| Arc::clone(name));
    splits.map(|split| split.and_then(name)).collect()
}
