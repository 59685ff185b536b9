//! What the tasks leave, as tables in canonical units.

use std::sync::Arc;

use contract::artifact::column;
use contract::calendar::UtcOffset;
use contract::variable::Variable;
use tables::{Column, Table, Values};

use crate::detect::Detection;
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::posterior::Drawn;

/// The quantiles that are written beside the median, in percent.
const PERCENTS: [usize; 4] = [5, 25, 75, 95];

/// The hours that a task was given.
pub(super) struct Hours<'a> {
    pub observed: &'a ObservedHours,
    pub variable: &'static Variable,
    pub offset: UtcOffset,
}

/// A value to be exceeded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Threshold {
    /// As the user has written it, for the column's name.
    pub name: String,
    /// In the canonical unit.
    pub value: f64,
}

impl<'a> Hours<'a> {
    pub(super) fn of(model: &TrainedModel, observed: &'a ObservedHours) -> Hours<'a> {
        Hours { observed, variable: model.variable, offset: model.transform.utc_offset }
    }

    /// Every hour of the series; observed ones repeat their value in quantiles and members.
    pub(super) fn imputed(&self, drawn: &Drawn, write_members: bool) -> Table {
        let observed = &self.observed.values;
        let mut imputed = vec![0_u8; observed.len()];
        drawn.hours.iter().for_each(|&hour| imputed[hour] = 1);
        let spread = |of_row: &dyn Fn(usize) -> f32| {
            let mut values = observed.clone();
            drawn.hours.iter().enumerate().for_each(|(row, &hour)| values[hour] = of_row(row));
            values
        };
        let sorted = sorted(drawn);
        let at = |percent: usize| spread(&|row| quantile(&sorted[row], percent));
        let mut columns = self.times(0..observed.len());
        columns.push(self.column("", at(50)));
        columns.push(Column::new(format!("{}_imputed", self.variable.name), Values::UInt8(imputed)));
        columns.extend(PERCENTS.map(|percent| self.column(&percent_name(percent), at(percent))));
        if write_members {
            let member = |member: usize| {
                self.column(
                    &format!("_member_{member}"),
                    spread(&|row| drawn.values[row * drawn.members + member]),
                )
            };
            columns.extend((0..drawn.members).map(member));
        }
        Table::new(columns)
    }

    /// The hours that follow.
    pub(super) fn forecast(&self, drawn: &Drawn, thresholds: &[Threshold], write_members: bool) -> Table {
        let sorted = sorted(drawn);
        let first = drawn.hours.first().copied().unwrap_or_default();
        let horizons = drawn.hours.iter().map(|&hour| (hour - first + 1) as i32).collect();
        let mut columns = self.times(drawn.hours.iter().copied());
        columns.push(Column::new(column::HORIZON, Values::Int32(horizons)));
        let rows = |of_row: &dyn Fn(&Vec<f32>) -> f32| sorted.iter().map(of_row).collect::<Vec<f32>>();
        let mean = |row: &Vec<f32>| {
            (row.iter().map(|value| f64::from(*value)).sum::<f64>() / row.len().max(1) as f64) as f32
        };
        columns.push(self.column("_mean", rows(&mean)));
        columns.push(self.column("_median", rows(&|row| quantile(row, 50))));
        for percent in PERCENTS {
            columns.push(self.column(&percent_name(percent), rows(&|row| quantile(row, percent))));
        }
        for Threshold { name, value } in thresholds {
            let above = |row: &Vec<f32>| {
                let count = row.iter().filter(|draw| f64::from(**draw) > *value).count();
                count as f32 / row.len().max(1) as f32
            };
            let name = format!("{}_above_{name}", self.variable.name);
            columns.push(Column::new(name, Values::Float32(rows(&above))));
        }
        if write_members {
            let member = |member: usize| {
                let values =
                    (0..sorted.len()).map(|row| drawn.values[row * drawn.members + member]).collect();
                self.column(&format!("_member_{member}"), values)
            };
            columns.extend((0..drawn.members).map(member));
        }
        Table::new(columns)
    }

    /// Every hour of the series with its p-value, and the number of its event, from 1; 0 for none.
    pub(super) fn detected(&self, detection: &Detection) -> Table {
        let count = self.observed.values.len();
        let mut numbers = vec![0_i32; count];
        for (number, event) in detection.events.iter().enumerate() {
            let hours = numbers[event.start.min(count)..event.end.min(count)].iter_mut();
            hours.filter(|hour| **hour == 0).for_each(|hour| *hour = number as i32 + 1);
        }
        let mut columns = self.times(0..count);
        columns.push(self.column("", self.observed.values.clone()));
        columns.push(Column::new(column::P_VALUE, Values::Float32(detection.p_values.clone())));
        columns.push(Column::new("event", Values::Int32(numbers)));
        Table::new(columns)
    }

    /// One row an event; `end` is the hour after its last.
    pub(super) fn events(&self, detection: &Detection) -> Table {
        let events = &detection.events;
        let text = |text: &str| Some(Arc::from(text));
        let time = |hour: usize| self.observed.time_us(hour);
        Table::new(vec![
            Column::new("event", Values::Int32((1..=events.len() as i32).collect())),
            Column::new(
                column::KIND,
                Values::Text(events.iter().map(|event| text(event.kind.name())).collect()),
            ),
            Column::new(column::START, Values::Time(events.iter().map(|event| time(event.start)).collect())),
            Column::new(column::END, Values::Time(events.iter().map(|event| time(event.end)).collect())),
            Column::new("evidence", Values::Text(events.iter().map(|event| text(&event.evidence)).collect())),
            Column::new(
                column::EXPECTED_PER_YEAR,
                Values::Float64(events.iter().map(|event| event.expected_per_year).collect()),
            ),
        ])
    }

    fn times(&self, hours: impl Iterator<Item = usize>) -> Vec<Column> {
        let times: Vec<i64> = hours.map(|hour| self.observed.time_us(hour)).collect();
        let local = times.iter().map(|&time| self.offset.to_local(time)).collect();
        vec![
            Column::new(column::TIME, Values::Time(times)),
            Column::new(column::LOCAL_TIME, Values::LocalTime(local)),
        ]
    }

    fn column(&self, ending: &str, values: Vec<f32>) -> Column {
        let name = format!("{}{ending}", self.variable.name);
        Column::with_unit(name, self.variable.canonical_unit, Values::Float32(values))
    }
}

fn percent_name(percent: usize) -> String {
    format!("_p{percent:02}")
}

/// The members of each hour, ascending.
fn sorted(drawn: &Drawn) -> Vec<Vec<f32>> {
    let row = |members: &[f32]| {
        let mut members = members.to_vec();
        members.sort_unstable_by(f32::total_cmp);
        members
    };
    drawn.values.chunks(drawn.members.max(1)).map(row).collect()
}

/// The quantile of ascending values, on the line between the two around it, ranks from `1 / (M + 1)` to `M / (M + 1)`
/// (type 6 of Hyndman and Fan 1996): so an interval holds its share of values that are drawn like the members.
fn quantile(ascending: &[f32], percent: usize) -> f32 {
    let Some(last) = ascending.len().checked_sub(1) else { return f32::NAN };
    let position = ((last + 2) * percent).saturating_sub(100).min(100 * last);
    let (below, share) = (position / 100, (position % 100) as f64 / 100.0);
    let (low, high) = (f64::from(ascending[below]), f64::from(ascending[(below + 1).min(last)]));
    (low + (high - low) * share) as f32
}

#[cfg(test)]
mod tests;
