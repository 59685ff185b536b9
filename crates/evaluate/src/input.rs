//! The tables that `evaluate` compares, as series of days. Only the columns that it needs are
//! read.

use std::path::Path;

use anyhow::{Context, bail};
use contract::artifact::{Split, column};
use contract::transform::Transform;
use tables::Table;

use crate::series::{Hour, REAL_SHARE, Series};

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

    /// All years.
    pub(crate) fn all(&self) -> Series {
        self.series(|_| true)
    }

    /// The years of some splits.
    pub(crate) fn of_splits(&self, splits: &[Split]) -> Series {
        self.series(|row| self.splits[row].is_some_and(|split| splits.contains(&split)))
    }

    /// Those of such years.
    pub(crate) fn among(&self, years: &std::collections::BTreeSet<i16>) -> Series {
        self.series(|row| years.contains(&contract::calendar::year(self.local_us[row])))
    }

    /// Those of the years in `years`.
    pub(crate) fn of_years(&self, years: std::ops::RangeInclusive<i16>) -> Series {
        self.series(|row| years.contains(&contract::calendar::year(self.local_us[row])))
    }

    /// The years that have too few hours, each with the share of its days that have enough.
    pub(crate) fn unused(&self) -> Vec<(i16, f64)> {
        let all = self.days(|_| true);
        let shares =
            all.year_days().into_iter().map(|year| (all.days[year.start].year, all.day_share(&year)));
        shares.filter(|(_, share)| *share < REAL_SHARE).collect()
    }

    fn series(&self, keep: impl Fn(usize) -> bool) -> Series {
        self.days(keep).real_years()
    }

    fn days(&self, keep: impl Fn(usize) -> bool) -> Series {
        let rows = (0..self.values.len()).filter(|&row| keep(row));
        let hours = rows.map(|row| Hour {
            member: 0,
            local_us: self.local_us[row],
            value: f64::from(self.values[row]),
        });
        Series::of(hours)
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
    /// were moved back on average over the year, in the canonical unit.
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
    let target = table.metadata.get("target_year").map(|text| -> anyhow::Result<i16> {
        text.parse().with_context(|| format!("its target_year {text:?} is no year"))
    });
    let target = target.transpose()?;
    let (members, times) = (table.i32s(column::MEMBER)?, table.times(column::LOCAL_TIME)?);
    check_ascending(times, members)?;
    let rows = members.iter().zip(times).zip(table.f32s(&transform.variable)?);
    let mut cursor = transform.cursor();
    let series = Series::of(rows.map(|((&member, &local_us), &value)| {
        let shift = target.map_or(0.0, |year| cursor.shift_to(year, local_us));
        Hour { member, local_us, value: f64::from(value) - shift }
    }));
    // A day with few hours is an end of the series.
    Ok(Generated {
        series: series.with_usable_days(),
        moved: target.map(|year| (year, transform.trend.mean_shift_to(year))),
    })
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

#[cfg(test)]
mod tests {
    use contract::calendar::{HOUR_US, year_start_us};
    use serde_json::json;
    use tables::{Column, Values};

    use super::*;

    #[test]
    fn hours_of_another_climate_are_moved_back_by_season_and_hour() {
        let mut coefficients = [[0.0; 5]; 5];
        (coefficients[2][0], coefficients[0][1]) = (0.03, -0.02);
        let transform: Transform = serde_json::from_value(json!({
            "format": 2, "variable": "t2m", "latitude_deg": 1.0, "longitude_deg": 2.0, "utc_offset": "+00:00",
            "trend": {
                "method": "ols", "shape": "continuous", "slope_per_year": 0.04,
                "by": {"month-hour": {"coefficients": coefficients}},
                "interval_per_decade": [0.3, 0.5], "reference_year": 2010,
            },
            "marginals": {"scaler": {"mean": 280.0, "standard_deviation": 8.0}},
            "window_hours": 1536, "seasonal_degree": 3, "in_sample": false,
        }))
        .unwrap();
        let times: Vec<i64> = (0..8760).map(|hour| year_start_us(2021) + hour * HOUR_US).collect();
        let of_2060 = times.iter().map(|&local_us| (280.0 + transform.shift_to(2060, local_us)) as f32);
        let mut table = Table::new(vec![
            Column::new("member", Values::Int32(vec![0; times.len()])),
            Column::new("t2m", Values::Float32(of_2060.collect())),
            Column::new("local_time", Values::LocalTime(times)),
        ]);
        table.metadata.insert("target_year".to_string(), "2060".to_string());
        let read = generated(&table, &transform).unwrap();
        assert_eq!(read.moved, Some((2060, 2.0)));
        assert_eq!(read.series.values.len(), 8760);
        // 32-bit floats near 280 K are 3e-5 K apart.
        assert!(read.series.values.iter().all(|value| (value - 280.0).abs() < 2e-5));
    }
}
