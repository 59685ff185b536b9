//! The stage: `ingest/series.parquet` to the observed years, the standardised hours, the seasonal
//! features, the windows and the transform.

use std::collections::HashMap;

use anyhow::{Context, bail};
use contract::artifact::{
    DELIVERY, FORMAT, OBSERVED, SEASON, SERIES, STANDARDISED, Split, TRANSFORM, WINDOWS, column,
};
use contract::calendar::{HOUR_US, MINUTE_US, UtcOffset, YearClock};
use contract::config::Fault;
use contract::credit::Credit;
use contract::missing::MissingFlags;
use contract::preset::Delivery;
use contract::stage::{Inputs, Outputs, Stage};
use contract::transform::{Transform, TrendBy, TrendMethod};
use tables::{Column, Table, Values};

use crate::config::{Config, DeliveryTables, SplitPlan, Tables, TrendByKind};
use crate::series::{Adjusted, Series, split_names};
use crate::windows::{Hour, Window};
use crate::{days, slope_pattern, split, trend, windows, years};

/// The `preprocess` stage.
pub struct Preprocess;

impl Stage for Preprocess {
    const NAME: &'static str = "preprocess";
    const READS: &'static [&'static str] = &["ingest/series.parquet"];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        prepare(config, For::Verdict, inputs, outputs)
    }
}

/// The `prepare-delivery` stage: the same of the years that the delivered model is fitted to, in a folder.
pub struct PrepareDelivery;

impl Stage for PrepareDelivery {
    const NAME: &'static str = "prepare-delivery";
    const READS: &'static [&'static str] = Preprocess::READS;
    type Tables = DeliveryTables;
    type Config = (Config, Delivery);

    fn check(tables: DeliveryTables) -> Result<(Config, Delivery), Fault> {
        tables.check()
    }

    fn run((config, delivery): &Self::Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let folder = outputs.file(DELIVERY);
        std::fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let outputs = Outputs { folder, work: outputs.work.clone() };
        prepare(config, For::Delivery(*delivery), inputs, &outputs)
    }
}

/// Which of the two models the years are prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// The one that held-out years judge. People are told what was found.
    Verdict,
    /// The one that is delivered.
    Delivery(Delivery),
}

impl For {
    /// True where no year is held out.
    fn takes_all_years(self) -> bool {
        self == For::Delivery(Delivery::AllYears)
    }
}

fn prepare(config: &Config, purpose: For, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
    let ingested = Ingested::read(config, inputs)?;
    let utc_offset = config.utc_offset.map_or_else(|| ingested.solar_offset(), Ok)?;
    let series = Series::new(&ingested.times, &ingested.usable_values(config.exclude), utc_offset)?;
    let chosen = years::choose(config.years, config.min_year_coverage, &series.year_counts()?)?;
    let roles = roles(config, &chosen.years)?;
    let is_fitted = |split: Option<Split>| split.is_none_or(|split| split == Split::Train);
    let is_fitted = |role: &&(i16, Option<Split>)| purpose.takes_all_years() || is_fitted(role.1);
    let fitted: Vec<i16> = roles.iter().filter(is_fitted).map(|(year, _)| *year).collect();

    let series = series.whole_years(&chosen.years)?;
    let last = chosen.years.last().copied().context("there are no years")?;
    let reference_year = config.reference_year.unwrap_or(last);
    let means = series.yearly_means(&fitted)?;
    let mut trend = trend::fit(config.trend, config.trend_shape, reference_year, &means)?;
    if config.trend_by == TrendByKind::MonthHour {
        let (local_times, values) = series.hours()?;
        trend.by = TrendBy::MonthHour(slope_pattern::fit(&local_times, &values, &fitted)?);
    }
    let adjusted = series.adjust(&trend, config.marginals, &fitted)?;

    let transform = Transform {
        format: FORMAT,
        variable: config.variable.name.to_string(),
        latitude_deg: ingested.latitude_deg,
        longitude_deg: ingested.longitude_deg,
        utc_offset,
        minutes_past_hour: series.past_hour_us() / MINUTE_US,
        trend,
        marginals: adjusted.marginals.clone(),
        window_hours: config.window_hours,
        seasonal_degree: config.seasonal_degree,
        in_sample: matches!(config.split, SplitPlan::Article { .. }),
        exclude: config.exclude,
        credit: ingested.credit.clone(),
        years_left_out: chosen.dropped.clone(),
    };
    let dealt = Dealt::of(config, &adjusted, &roles)?;
    match purpose {
        For::Verdict => {
            for dropped in &chosen.dropped {
                tracing::warn!("left out the local year {dropped}");
            }
            ingested.warn_of_excluded(config.exclude);
            if config.utc_offset.is_none() {
                warn_of_offset(&transform);
            }
            describe(config, &transform, &roles);
            dealt.warn_of_unused(config);
        }
        For::Delivery(Delivery::AllYears) => {
            tracing::info!("the delivered model is fitted to all {} years", fitted.len());
        }
        For::Delivery(Delivery::TrainingYears) => {
            tracing::info!("the delivered model is fitted to the {} training years", fitted.len());
        }
    }
    let dealt = if purpose.takes_all_years() { dealt.all_trained_on(config.window_hours) } else { dealt };
    write_artifacts(config, outputs, &ingested, &adjusted, &dealt, &transform)
}

/// With a smaller share of the hours in windows, people are told.
const LEAST_USED: f64 = 0.75;

/// What `ingest` left, with the place.
struct Ingested {
    times: Vec<i64>,
    values: Vec<f32>,
    flags: Vec<u8>,
    latitude_deg: f64,
    longitude_deg: f64,
    credit: Credit,
}

impl Ingested {
    fn read(config: &Config, inputs: &Inputs) -> anyhow::Result<Ingested> {
        let path = inputs.path(&format!("ingest/{SERIES}"))?;
        let name = config.variable.name;
        let flag = column::flag(name);
        let table = tables::read(path, &[column::TIME, name, &flag]).with_context(|| {
            format!("[preprocess] variable = {name:?} must be among the [ingest] variables")
        })?;
        let degrees = |key: &str| -> anyhow::Result<f64> {
            let text = table.metadata.get(key).with_context(|| format!("{} lacks {key}", path.display()))?;
            text.parse().with_context(|| format!("{key} of {} is {text:?}, wanted degrees", path.display()))
        };
        let times = table.times(column::TIME)?.to_vec();
        if let Some(at) = times.windows(2).position(|pair| pair[1] - pair[0] != HOUR_US) {
            bail!("{} is not hourly after row {at}; ingest it again", path.display());
        }
        Ok(Ingested {
            times,
            values: table.f32s(name)?.to_vec(),
            flags: table.u8s(&flag)?.to_vec(),
            latitude_deg: degrees("latitude_deg")?,
            longitude_deg: degrees("longitude_deg")?,
            credit: Credit::from_metadata(&table.metadata),
        })
    }
}

impl Ingested {
    /// The values, NaN where an hour is missing for its flags.
    fn usable_values(&self, exclude: MissingFlags) -> Vec<f32> {
        exclude.values(&self.values, &self.flags)
    }

    fn warn_of_excluded(&self, exclude: MissingFlags) {
        let excluded = self.flags.iter().filter(|flags| exclude.is_among(**flags)).count();
        if excluded > 0 {
            tracing::warn!("{excluded} hours are left out for their flags ([preprocess] exclude)");
        }
    }

    /// The solar time of the longitude, in full hours.
    fn solar_offset(&self) -> anyhow::Result<UtcOffset> {
        let longitude = self.longitude_deg;
        UtcOffset::solar(longitude)
            .with_context(|| format!("longitude {longitude} has no solar time; give [preprocess] utc_offset"))
    }

    /// The value and the flags of the hour at that time; missing outside of the series.
    fn at(&self, time: i64) -> (f32, u8) {
        let first = self.times.first().copied().unwrap_or(i64::MAX);
        let row = usize::try_from((time.saturating_sub(first)) / HOUR_US).ok().filter(|_| time >= first);
        row.filter(|row| *row < self.values.len())
            .map_or((f32::NAN, 0), |row| (self.values[row], self.flags[row]))
    }
}

/// Says that the clock is the longitude's.
fn warn_of_offset(transform: &Transform) {
    tracing::warn!(
        "local time is UTC{}, the solar time of longitude {}: it says where a day and a year begin; if the civil standard \
         time is another, set [preprocess] utc_offset",
        transform.utc_offset,
        transform.longitude_deg
    );
}

/// The split of each year; `None` where windows and not years are dealt.
fn roles(config: &Config, years: &[i16]) -> anyhow::Result<Vec<(i16, Option<Split>)>> {
    Ok(match config.split {
        SplitPlan::Article { .. } => years.iter().map(|&year| (year, None)).collect(),
        SplitPlan::Blocks { block_years, block_offset, validation_years } => {
            let split = split::by_blocks(years, block_years, block_offset, validation_years)?;
            split.into_iter().map(|(year, split)| (year, Some(split))).collect()
        }
    })
}

/// Tells people what was found.
fn describe(config: &Config, transform: &Transform, roles: &[(i16, Option<Split>)]) {
    let count = |wanted| roles.iter().filter(|(_, split)| *split == wanted).count();
    match config.split {
        SplitPlan::Article { .. } => {
            tracing::warn!(
                "split = \"article\": trend and scale see all {} years, results are in-sample",
                roles.len()
            );
        }
        SplitPlan::Blocks { .. } => tracing::info!(
            "{} training, {} validation and {} test years",
            count(Some(Split::Train)),
            count(Some(Split::Validation)),
            count(Some(Split::Test)),
        ),
    }
    let (trend, unit) = (&transform.trend, config.variable.canonical_unit);
    if trend.method != TrendMethod::None {
        let [low, high] = trend.interval_per_decade;
        let decade = 10.0 * trend.slope_per_year;
        tracing::info!(
            "trend {decade:+.2} {unit} per decade (95 % interval {low:+.2} to {high:+.2}), moved to {}",
            trend.reference_year
        );
    }
}

/// What each hour is for, and the fixed windows.
struct Dealt {
    hours: Vec<Hour>,
    windows: Vec<Window>,
    /// True for the article's split, which deals windows and not years.
    by_windows: bool,
}

impl Dealt {
    fn of(config: &Config, adjusted: &Adjusted, roles: &[(i16, Option<Split>)]) -> anyhow::Result<Dealt> {
        let role: HashMap<i16, Option<Split>> = roles.iter().copied().collect();
        let mut clock = YearClock::default();
        let hours: Vec<Hour> = adjusted
            .local_times
            .iter()
            .zip(&adjusted.standardised)
            .map(|(&local_us, value)| {
                let split = role.get(&clock.moment(local_us).year).copied().flatten();
                Hour { local_us, split, missing: value.is_nan() }
            })
            .collect();
        let windows = match config.split {
            SplitPlan::Article { seed } => windows::shuffle(&hours, config.window_hours, seed),
            SplitPlan::Blocks { .. } => windows::tile(&hours, config.window_hours),
        };
        for split in [Split::Train, Split::Validation] {
            if !windows.iter().any(|window| window.split == split) {
                bail!(
                    "no window of [preprocess] window_hours = {} fits into the {} hours, of which at most {} follow each \
                     other without a missing one; choose shorter windows or more years, or let [ingest] max_gap_hours \
                     and max_diurnal_gap_hours fill short gaps",
                    config.window_hours,
                    split.name(),
                    windows::longest_run(&hours, split)
                );
            }
        }
        Ok(Dealt { hours, windows, by_windows: matches!(config.split, SplitPlan::Article { .. }) })
    }

    /// Every hour is trained on. The windows that validated still do, so that both histories are of the same hours.
    fn all_trained_on(self, window_hours: usize) -> Dealt {
        let trained = |hour: Hour| Hour { split: Some(Split::Train), ..hour };
        let hours: Vec<Hour> = self.hours.into_iter().map(trained).collect();
        let mut windows = windows::tile(&hours, window_hours);
        windows.extend(self.windows.into_iter().filter(|window| window.split == Split::Validation));
        Dealt { hours, windows, by_windows: false }
    }

    /// The split of each hour.
    fn splits(&self, window_hours: usize) -> Vec<Option<Split>> {
        let mut splits: Vec<Option<Split>> = self.hours.iter().map(|hour| hour.split).collect();
        if self.by_windows {
            for window in &self.windows {
                splits[window.first_row..window.first_row + window_hours].fill(Some(window.split));
            }
        }
        splits
    }

    /// Says so where missing hours keep much of the training years out of all windows.
    fn warn_of_unused(&self, config: &Config) {
        let is_training = |hour: &&Hour| !hour.missing && hour.split != Some(Split::Test);
        let there = self.hours.iter().filter(is_training).count();
        let used =
            self.windows.iter().filter(|window| window.split != Split::Test).count() * config.window_hours;
        if (used as f64) < LEAST_USED * there as f64 {
            tracing::warn!(
                "training and validation windows of {} hours hold {:.0} % of the hours of their years, since none may \
                 hold a missing hour; a smaller [preprocess] window_hours, or [ingest] max_gap_hours and \
                 max_diurnal_gap_hours, let more be learned from",
                config.window_hours,
                100.0 * used as f64 / there as f64
            );
        }
    }
}

fn write_artifacts(
    config: &Config,
    outputs: &Outputs,
    ingested: &Ingested,
    adjusted: &Adjusted,
    dealt: &Dealt,
    transform: &Transform,
) -> anyhow::Result<()> {
    let (name, unit) = (config.variable.name, config.variable.canonical_unit);
    let (splits, windows) = (dealt.splits(config.window_hours), &dealt.windows);
    let local_time = || Column::new(column::LOCAL_TIME, Values::LocalTime(adjusted.local_times.clone()));
    let split = || Column::new(column::SPLIT, Values::Text(split_names(splits.iter().copied())));
    let (values, flags) = adjusted.times.iter().map(|&time| ingested.at(time)).unzip();
    let mut observed = Table::new(vec![
        Column::new(column::TIME, Values::Time(adjusted.times.clone())),
        local_time(),
        Column::with_unit(name, unit, Values::Float32(values)),
        Column::new(column::flag(name), Values::UInt8(flags)),
        Column::with_unit(column::adjusted(name), unit, Values::Float32(adjusted.adjusted.clone())),
        split(),
    ]);
    observed.metadata.extend(transform.credit.metadata());
    let standardised = Table::new(vec![
        local_time(),
        Column::with_unit(name, "1", Values::Float32(adjusted.standardised.clone())),
        split(),
    ]);
    // The two long ones side by side.
    std::thread::scope(|scope| {
        let observed = scope.spawn(|| tables::write(&outputs.file(OBSERVED), &observed));
        tables::write(&outputs.file(STANDARDISED), &standardised)?;
        observed.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let season = days::seasonal_table(&adjusted.local_times, config.seasonal_degree);
    tables::write(&outputs.file(SEASON), &season)?;
    let first_rows =
        windows.iter().map(|window| i32::try_from(window.first_row)).collect::<Result<_, _>>()?;
    let windows = Table::new(vec![
        Column::new(column::FIRST_ROW, Values::Int32(first_rows)),
        Column::new(
            column::SPLIT,
            Values::Text(split_names(windows.iter().map(|window| Some(window.split)))),
        ),
    ]);
    tables::write(&outputs.file(WINDOWS), &windows)?;
    outputs.write_json(TRANSFORM, transform)
}
