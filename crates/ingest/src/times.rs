//! The times of a variable's values: one coordinate, or the start of a forecast and the steps from
//! it, as files made from GRIB have them.

use anyhow::{Context, bail};
use contract::calendar::{self, HOUR_US, MINUTE_US};

use crate::backend::{Attribute, NetcdfFile, Shape};
use crate::cf_time::{self, TimeUnits};
use crate::layout::{Axis, Layout, wrong_dimensions};

/// The name of the coordinate that says the time itself where others say how it came about.
const VALID_TIME: &str = "valid_time";

/// A time this close to a full hour is meant to be at it.
const NEXT_TO_HOUR_US: i64 = 2 * MINUTE_US;

/// Time zones are apart by multiples of it.
const QUARTER_US: i64 = 15 * MINUTE_US;

/// The times along some dimensions of a variable.
pub(crate) struct Times {
    /// The positions of the dimensions; none for a variable of one time.
    pub along: Vec<usize>,
    /// One for each index along them, the last dimension fastest. Microseconds since 1970.
    pub times_us: Vec<i64>,
}

impl Times {
    /// The times of `variable`, one of `all` the file's variables.
    ///
    /// # Errors
    /// What is wrong with a coordinate, as a sentence about it.
    pub(crate) fn read(
        file: &dyn NetcdfFile,
        all: &[Shape],
        variable: &Shape,
        layout: &Layout,
    ) -> anyhow::Result<Times> {
        let along: Vec<usize> =
            [&layout.time, &layout.step].into_iter().flatten().filter_map(|axis| axis.dimension).collect();
        if let Some((valid_time, along)) = valid_time(all, variable, &along) {
            let values = coordinates(file, valid_time)?;
            let times_us = instants(file, &valid_time.name, &values)?;
            let times_us = undo_32_bits(file, &valid_time.name, &values, times_us)?;
            return whole_hours(&valid_time.name, Times { along, times_us });
        }
        let Some(time) = &layout.time else { return Err(wrong_dimensions(variable)) };
        let values = read_axis(file, time)?;
        let starts = instants(file, &time.coordinate, &values)?;
        let starts = undo_32_bits(file, &time.coordinate, &values, starts)?;
        let Some(step) = &layout.step else {
            return whole_hours(&time.coordinate, Times { along, times_us: starts });
        };
        let steps = durations(file, &step.coordinate, &read_axis(file, step)?)?;
        let from =
            |start: &i64| steps.iter().map(|step| cf_time::undo_rounding(start + step)).collect::<Vec<_>>();
        let times_us = starts.iter().flat_map(from).collect();
        whole_hours(&time.coordinate, Times { along, times_us })
    }
}

/// The variable `valid_time` over all of the dimensions `along`, with its dimensions in its own
/// order.
fn valid_time<'a>(all: &'a [Shape], variable: &Shape, along: &[usize]) -> Option<(&'a Shape, Vec<usize>)> {
    let shape = all.iter().find(|shape| shape.name == VALID_TIME && shape.stored.is_number())?;
    let position = |(name, _): &(String, usize)| variable.dimensions.iter().position(|(d, _)| d == name);
    let own: Vec<usize> = shape.dimensions.iter().map(position).collect::<Option<_>>()?;
    let covers = along.iter().all(|at| own.contains(at)) && own.iter().all(|at| along.contains(at));
    covers.then_some((shape, own))
}

/// All coordinates of an axis.
///
/// # Errors
/// When they cannot be read, or are not finite.
pub(crate) fn read_axis(file: &dyn NetcdfFile, axis: &Axis) -> anyhow::Result<Vec<f64>> {
    if axis.size == 0 {
        return Ok(Vec::new());
    }
    let part = axis.dimension.map_or(Vec::new(), |_| vec![0..axis.size]);
    finite(file, &axis.coordinate, &part)
}

fn coordinates(file: &dyn NetcdfFile, shape: &Shape) -> anyhow::Result<Vec<f64>> {
    if shape.dimensions.iter().any(|(_, size)| *size == 0) {
        return Ok(Vec::new());
    }
    let part: Vec<_> = shape.dimensions.iter().map(|(_, size)| 0..*size).collect();
    finite(file, &shape.name, &part)
}

fn finite(file: &dyn NetcdfFile, name: &str, part: &[std::ops::Range<usize>]) -> anyhow::Result<Vec<f64>> {
    let coordinates = file.numbers(name, part).with_context(|| format!("cannot read {name}"))?;
    match coordinates.iter().find(|coordinate| !coordinate.is_finite()) {
        Some(bad) => bail!("{name} has the value {bad}; wanted finite coordinates"),
        None => Ok(coordinates),
    }
}

/// An attribute that is a text.
pub(crate) fn text(file: &dyn NetcdfFile, name: &str, attribute: &str) -> anyhow::Result<Option<String>> {
    Ok(match file.attribute(name, attribute)? {
        Some(Attribute::Text(text)) => Some(text),
        _ => None,
    })
}

fn instants(file: &dyn NetcdfFile, name: &str, values: &[f64]) -> anyhow::Result<Vec<i64>> {
    let (units, calendar) = (text(file, name, "units")?.unwrap_or_default(), text(file, name, "calendar")?);
    let units = TimeUnits::parse(&units, calendar.as_deref())
        .map_err(|message| anyhow::anyhow!("{name} {message}"))?;
    let instant = |&value: &f64| match units.to_us(value) {
        Some(time) => Ok(time),
        None => bail!("{name} has the value {value}, which is no time of the years 1 to 9999"),
    };
    values.iter().map(instant).collect()
}

fn durations(file: &dyn NetcdfFile, name: &str, values: &[f64]) -> anyhow::Result<Vec<i64>> {
    let units = text(file, name, "units")?.unwrap_or_default();
    let Some(unit_ns) = cf_time::unit_ns(&units) else {
        bail!("{name} has the units {units:?}; wanted seconds, minutes, hours or days");
    };
    let duration = |&value: &f64| match cf_time::duration_us(value, unit_ns) {
        Some(duration) => Ok(duration),
        None => bail!("{name} has the value {value}; wanted a step of at most some years"),
    };
    values.iter().map(duration).collect()
}

/// Times whose coordinates are stored in 32 bits, days since 1900 in steps of 6 minutes, rounded to the full hours that
/// they mean, with a warning. Those that are no further from one than 32 bits allow are; all others stay.
///
/// # Errors
/// When 32 bits cannot tell one hour from the next.
fn undo_32_bits(
    file: &dyn NetcdfFile,
    name: &str,
    values: &[f64],
    times_us: Vec<i64>,
) -> anyhow::Result<Vec<i64>> {
    let is_whole = |time_us: &i64| time_us.rem_euclid(HOUR_US) == 0;
    // A tool may have widened them later.
    let fits = |value: &f64| f64::from(*value as f32).to_bits() == value.to_bits();
    if times_us.iter().all(is_whole) || !values.iter().all(fits) {
        return Ok(times_us);
    }
    let unit = text(file, name, "units")?.unwrap_or_default();
    let unit = unit.split_once(" since ").and_then(|(unit, _)| cf_time::unit_ns(unit));
    let Some(unit_ns) = unit else { return Ok(times_us) };
    let most = values.iter().fold(0.0_f32, |most, value| most.max(value.abs() as f32));
    let step_us = f64::from(most.next_up() - most) * unit_ns as f64 / 1e3;
    let hours: Vec<i64> = times_us.iter().map(|time_us| cf_time::nearest_hour(*time_us)).collect();
    let furthest_us = times_us.iter().zip(&hours).map(|(time, hour)| (time - hour).abs()).max().unwrap_or(0);
    if step_us >= (HOUR_US / 2) as f64 {
        bail!(
            "{name} is stored in 32 bits, in steps of {:.1} hours; wanted times that tell one hour from the next: \
             store {name} in 64 bits, made anew from the source",
            step_us / HOUR_US as f64
        );
    }
    if furthest_us as f64 > step_us {
        return Ok(times_us);
    }
    tracing::warn!(
        "{name} is stored in 32 bits, in steps of {:.1} minutes; its times are rounded to the full hour, by up to {:.1} \
         minutes",
        step_us / 6e7,
        furthest_us as f64 / 6e7
    );
    Ok(hours)
}

/// Times at whole hours, next to them (hh:59), or all so many quarters of an hour after them: interval means at hh:30, or
/// hours of a clock in a zone of half hours, which are kept there.
fn whole_hours(name: &str, mut times: Times) -> anyhow::Result<Times> {
    let is_next_to = |time: &i64| (time - cf_time::nearest_hour(*time)).abs() <= NEXT_TO_HOUR_US;
    if times.times_us.iter().any(|time| time % HOUR_US != 0) && times.times_us.iter().all(is_next_to) {
        tracing::warn!("{name} has times up to 2 minutes off the full hour; they are taken for it");
        times.times_us.iter_mut().for_each(|time| *time = cf_time::nearest_hour(*time));
    }
    let past_us = times.times_us.first().map_or(0, |time| time.rem_euclid(HOUR_US));
    let is_kept = past_us % QUARTER_US == 0 && times.times_us.len() > 1;
    let is_other = |time: &&i64| time.rem_euclid(HOUR_US) != if is_kept { past_us } else { 0 };
    if let Some(time) = times.times_us.iter().find(is_other) {
        // The first that is off the hour says most.
        let time = times.times_us.iter().find(|time| *time % HOUR_US != 0).unwrap_or(time);
        let after_us = time.rem_euclid(HOUR_US);
        let (hour, minutes) = (calendar::format_hour(time - after_us), after_us as f64 / 6e7);
        bail!(
            "{name} has a time {minutes:.1} minutes after {hour}, not a whole hour; wanted hourly values at whole hours \
             UTC: interpolate or average the file to them"
        );
    }
    Ok(times)
}
