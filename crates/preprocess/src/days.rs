//! Seasonal features of each local day.

use contract::artifact::column;
use contract::calendar::{DAY_HOURS, year_phase};
use contract::season::features;
use tables::{Column, Table, Values};

/// One row a day: its first hour, and the harmonics of the phase of year at that hour.
pub(crate) fn seasonal_table(local_times: &[i64], degree: usize) -> Table {
    let first_hours: Vec<i64> = local_times.iter().copied().step_by(DAY_HOURS).collect();
    let mut by_feature: Vec<Vec<f32>> = vec![Vec::with_capacity(first_hours.len()); 2 * degree];
    for &hour in &first_hours {
        for (values, feature) in by_feature.iter_mut().zip(features(year_phase(hour), degree)) {
            values.push(feature);
        }
    }
    let sines = (1..=degree).map(column::season_sin);
    let names = sines.chain((1..=degree).map(column::season_cos));
    let mut columns = vec![Column::new(column::LOCAL_TIME, Values::LocalTime(first_hours))];
    columns.extend(names.zip(by_feature).map(|(name, values)| Column::new(name, Values::Float32(values))));
    Table::new(columns)
}

#[cfg(test)]
mod tests {
    use contract::calendar::{DAY_US, HOUR_US, year_start_us};

    use super::*;

    #[test]
    fn a_day_of_a_leap_year_has_its_true_phase() {
        let start = year_start_us(2000);
        let hours: Vec<i64> = (0..366 * 24).map(|hour| start + hour * HOUR_US).collect();
        let table = seasonal_table(&hours, 1);
        assert_eq!(table.rows(), 366);
        assert_eq!(table.times("local_time").unwrap()[183], start + 183 * DAY_US);
        // Half of the year has passed.
        assert!(table.f32s("season_sin_1").unwrap()[183].abs() < 1e-6);
        assert!((table.f32s("season_cos_1").unwrap()[183] + 1.0).abs() < 1e-6);
    }
}
