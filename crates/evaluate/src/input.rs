//! The tables that `evaluate` compares, as series of whole days. Only the columns that it needs are
//! read.

use std::path::Path;

use anyhow::{Context, bail};
use contract::artifact::{Split, column};
use contract::transform::Transform;
use tables::Table;

use crate::series::{Hour, Series};

/// The real hours, moved to the reference year's climate.
pub(crate) struct Observed {
    local_us: Vec<i64>,
    values: Vec<f32>,
    splits: Vec<Option<Split>>,
}

impl Observed {
    /// # Errors
    /// When the file is not as `preprocess` writes it.
    pub(crate) fn read(path: &Path, transform: &Transform) -> anyhow::Result<Observed> {
        let adjusted = column::adjusted(&transform.variable);
        let table = tables::read(path, &[column::LOCAL_TIME, &adjusted, column::SPLIT])?;
        let parse = || -> anyhow::Result<Observed> {
            let local_us = table.times(column::LOCAL_TIME)?;
            check_ascending(local_us, &vec![0; local_us.len()])?;
            let splits = table.texts(column::SPLIT)?.iter().map(|name| split(name.as_deref()));
            Ok(Observed {
                local_us: local_us.to_vec(),
                values: table.f32s(&adjusted)?.to_vec(),
                splits: splits.collect::<anyhow::Result<_>>()?,
            })
        };
        parse().with_context(|| format!("cannot use {}", path.display()))
    }

    /// All whole years.
    pub(crate) fn all(&self) -> Series {
        self.series(|_| true)
    }

    /// The whole years of some splits.
    pub(crate) fn of_splits(&self, splits: &[Split]) -> Series {
        self.series(|row| self.splits[row].is_some_and(|split| splits.contains(&split)))
    }

    /// The whole ones of the years in `years`.
    pub(crate) fn of_years(&self, years: std::ops::RangeInclusive<i16>) -> Series {
        self.series(|row| years.contains(&contract::calendar::year(self.local_us[row])))
    }

    fn series(&self, keep: impl Fn(usize) -> bool) -> Series {
        let rows = (0..self.values.len()).filter(|&row| keep(row));
        let hours = rows.map(|row| Hour {
            member: 0,
            local_us: self.local_us[row],
            value: f64::from(self.values[row]),
        });
        Series::of(hours).whole_years()
    }
}

fn split(name: Option<&str>) -> anyhow::Result<Option<Split>> {
    let Some(name) = name else { return Ok(None) };
    let split = Split::from_name(name);
    split.map(Some).with_context(|| format!("split {name:?} is none of train, validation, test"))
}

/// The generated hours, in the reference year's climate.
pub(crate) struct Generated {
    pub(crate) series: Series,
    /// The year that they were generated for, if another than the reference year, and by how much they
    /// were moved back, in the canonical unit.
    pub(crate) moved: Option<(i16, f64)>,
}

impl Generated {
    /// # Errors
    /// When the file is not as `generate` writes it.
    pub(crate) fn read(path: &Path, transform: &Transform) -> anyhow::Result<Generated> {
        let variable = transform.variable.as_str();
        let table = tables::read(path, &[column::MEMBER, column::LOCAL_TIME, variable])?;
        generated(&table, transform).with_context(|| format!("cannot use {}", path.display()))
    }
}

fn generated(table: &Table, transform: &Transform) -> anyhow::Result<Generated> {
    let moved = match table.metadata.get("target_year") {
        None => None,
        Some(text) => {
            let year: i16 = text.parse().with_context(|| format!("its target_year {text:?} is no year"))?;
            Some((year, transform.trend.shift_to(year)))
        }
    };
    let shift = moved.map_or(0.0, |(_, shift)| shift);
    let (members, times) = (table.i32s(column::MEMBER)?, table.times(column::LOCAL_TIME)?);
    check_ascending(times, members)?;
    let rows = members.iter().zip(times).zip(table.f32s(&transform.variable)?);
    let series = Series::of(rows.map(|((&member, &local_us), &value)| Hour {
        member,
        local_us,
        value: f64::from(value) - shift,
    }));
    Ok(Generated { series, moved })
}

fn check_ascending(times: &[i64], members: &[i32]) -> anyhow::Result<()> {
    let rows = || members.iter().zip(times);
    match rows().zip(rows().skip(1)).position(|(row, next)| row >= next) {
        None => Ok(()),
        Some(row) => bail!(
            "its rows {row} and {} are not in the order of member and time ({} is not before {})",
            row + 1,
            contract::calendar::format_hour(times[row]),
            contract::calendar::format_hour(times[row + 1]),
        ),
    }
}
