//! What `trials` would leave, made from the real hours of the fixture with known errors.

use std::sync::Arc;

use contract::calendar::HOUR_US;
use tables::{Column, Table, Values};

use crate::fixture::{Run, Weather};

const MEMBERS: usize = 19;
/// Standard deviation of a member, and of the real hour, around what both are drawn from, K.
pub const SD: f64 = 2.0;
/// Hours from one gap or fault to the next.
const EVERY: usize = 500;
const GAP_HOURS: usize = 24;
/// An alarm is raised in every so manieth hour of the copy without faults.
pub const ALARM_EVERY: usize = 1461;
const FAULTY_P: f32 = 1e-6;

/// The test hours of the fixture: UTC and value.
pub struct Real {
    pub times: Vec<i64>,
    pub values: Vec<f32>,
}

impl Real {
    pub fn of(run: &Run) -> Real {
        let table = tables::read(&run.path("observed.parquet"), &[]).unwrap();
        let splits = table.texts("split").unwrap();
        let rows = (0..table.rows()).filter(|&row| splits[row].as_deref() == Some("test"));
        let rows: Vec<usize> = rows.collect();
        let (times, values) = (table.times("time").unwrap(), table.f32s("t2m_adjusted").unwrap());
        Real {
            times: rows.iter().map(|&row| times[row]).collect(),
            values: rows.iter().map(|&row| values[row]).collect(),
        }
    }

    /// True if so many hours follow without a hole.
    fn is_whole(&self, first: usize, count: usize) -> bool {
        self.times.get(first + count).is_some_and(|end| end - self.times[first] == count as i64 * HOUR_US)
    }
}

/// Writes all four files.
pub fn write(run: &Run) -> Real {
    let real = Real::of(run);
    let tables = [
        ("imputations.parquet", imputations(&real)),
        ("forecasts.parquet", forecasts(&real)),
        ("detections.parquet", detections(&real)),
        ("detected_events.parquet", events(&real)),
    ];
    for (name, table) in tables {
        tables::write(&run.path(name), &table).unwrap();
    }
    real
}

/// Members that are exchangeable with the real value.
fn member_columns(values: &[f32]) -> Vec<Column> {
    let mut noise = Weather::new(77);
    let centres: Vec<f64> = values.iter().map(|value| f64::from(*value) - SD * noise.normal()).collect();
    let column = |number: usize| {
        let values = centres.iter().map(|centre| (centre + SD * noise.normal()) as f32).collect();
        Column::with_unit(format!("member_{number}"), "K", Values::Float32(values))
    };
    (0..MEMBERS).map(column).collect()
}

fn texts(values: impl Iterator<Item = &'static str>) -> Values {
    Values::Text(values.map(|value| Some(Arc::from(value))).collect())
}

fn imputations(real: &Real) -> Table {
    let starts = (EVERY..real.times.len() - EVERY).step_by(EVERY);
    let rows: Vec<usize> = starts
        .filter(|&start| real.is_whole(start - 1, GAP_HOURS + 2))
        .flat_map(|start| start..start + GAP_HOURS)
        .collect();
    let times: Vec<i64> = rows.iter().map(|&row| real.times[row]).collect();
    let values: Vec<f32> = rows.iter().map(|&row| real.values[row]).collect();
    let mut columns = vec![
        Column::new("pattern", texts(rows.iter().map(|_| "gap-24"))),
        Column::new("local_time", Values::LocalTime(times.iter().map(|time| time + HOUR_US).collect())),
        Column::new("time", Values::Time(times)),
    ];
    columns.extend(member_columns(&values));
    Table::new(columns)
}

fn forecasts(real: &Real) -> Table {
    let (mut origins, mut horizons, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (number, origin) in (EVERY..real.times.len() - EVERY).step_by(61).enumerate() {
        if !real.is_whole(origin - 100, 400) {
            continue;
        }
        // One of them hour by hour.
        let all: Vec<usize> = if number == 10 { (1..=240).collect() } else { vec![6, 24, 48] };
        for horizon in all {
            origins.push(real.times[origin]);
            horizons.push(horizon as i32);
            values.push(real.values[origin + horizon]);
        }
    }
    let mut columns =
        vec![Column::new("origin", Values::Time(origins)), Column::new("horizon", Values::Int32(horizons))];
    columns.extend(member_columns(&values));
    Table::new(columns)
}

/// The size of the fault in each hour of the copy with level shifts: every third one is of the same size.
fn sizes(real: &Real) -> Vec<i32> {
    let size =
        |row: usize| if row % EVERY < GAP_HOURS && row >= EVERY { (row / EVERY % 3) as i32 + 1 } else { 0 };
    (0..real.times.len()).map(size).collect()
}

fn detections(real: &Real) -> Table {
    let rows = real.times.len();
    let sizes = sizes(real);
    // The same p-values again and again: of the hours without faults a tenth has at most 0.1.
    let usual = (0..rows).map(|row| (row % 100) as f32 / 100.0 + 0.005);
    let faulty = usual.clone().zip(&sizes).map(|(p, size)| if *size > 0 { FAULTY_P } else { p });
    let shifted = real.values.iter().zip(&sizes).map(|(value, size)| value + 2.0 * *size as f32);
    let times = || real.times.iter().chain(&real.times).copied();
    Table::new(vec![
        Column::new("fault", texts((0..2 * rows).map(|row| if row < rows { "none" } else { "level-shift" }))),
        Column::new("time", Values::Time(times().collect())),
        Column::new("local_time", Values::LocalTime(times().map(|time| time + HOUR_US).collect())),
        Column::with_unit(
            "t2m_adjusted",
            "K",
            Values::Float32(real.values.iter().copied().chain(shifted).collect()),
        ),
        Column::new("size", Values::Int32(std::iter::repeat_n(0, rows).chain(sizes.clone()).collect())),
        Column::new("p_value", Values::Float32(usual.clone().chain(faulty).collect())),
    ])
}

/// Alarms of an hour in the copy without faults, and one five hours into each fault of size 2 or 3.
fn events(real: &Real) -> Table {
    let sizes = sizes(real);
    let begins = |row: &usize| sizes[*row] > 1 && sizes[*row - 1] == 0;
    let in_faults = (1..sizes.len()).filter(begins).map(|row| ("level-shift", row + 5, row + GAP_HOURS));
    let of_none = (0..sizes.len()).step_by(ALARM_EVERY).map(|row| ("none", row, row + 1));
    // Weaker than what is asked for.
    let weak = [("none", 30, 40)].into_iter();
    let (mut faults, mut starts, mut ends, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((fault, start, end), rate) in
        of_none.chain(in_faults).map(|one| (one, 1.0)).chain(weak.map(|one| (one, 12.5)))
    {
        faults.push(fault);
        starts.push(real.times[start]);
        ends.push(real.times[end - 1] + HOUR_US);
        rates.push(rate);
    }
    Table::new(vec![
        Column::new("kind", texts(faults.iter().map(|_| "drift"))),
        Column::new("fault", texts(faults.iter().copied())),
        Column::new("start", Values::Time(starts)),
        Column::new("end", Values::Time(ends)),
        Column::new("expected_per_year", Values::Float64(rates)),
    ])
}
