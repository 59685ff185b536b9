//! One value for longer than weather holds still: repeated streaks, with the limits of HadISD (Dunn et
//! al. 2012, Climate of the Past 8, 1649-1679, table 4) by variable and resolution. Missing hours do
//! not end a run, and do not count. Calms, dry hours and nights are no faults: values next to zero
//! are left alone in wind, rain and radiation.

use contract::artifact::flag;
use contract::calendar::HOUR_US;
use contract::variable::Variable;

use super::{resolution, usual_step};
use crate::dataset::Hour;

/// The longest runs that are not suspicious, in hours, of values to tenths, to halves and to whole
/// units.
struct Limits {
    /// What halves and wholes are of, in the canonical unit: a degree, a hectopascal, a metre a
    /// second.
    unit: f64,
    hours: [usize; 3],
    /// Values up to this much from zero are no faults.
    exempt_up_to: Option<f64>,
}

fn limits(variable: &Variable) -> Limits {
    let (unit, hours, exempt_up_to) = match variable.name {
        "d2m" => (1.0, [48, 60, 80], None),
        "sp" | "msl" => (100.0, [72, 100, 120], None),
        "u10" | "v10" | "u100" | "v100" => (1.0, [24, 30, 40], Some(0.5)),
        "ssrd" => (10.0, [24, 24, 24], Some(5.0)),
        "tp" => (1.0, [24, 24, 24], Some(0.05)),
        _ => (1.0, [24, 30, 40], None),
    };
    Limits { unit, hours, exempt_up_to }
}

/// Flags the hours of runs of one value over more than `limit` hours, by default by the variable and
/// the resolution of its values. `hours` are in order of time.
pub(super) fn flag(variable: &Variable, hours: &mut [Hour], limit: Option<usize>) {
    let Some(step_us) = usual_step(hours) else { return };
    let limits = limits(variable);
    let limit = limit.unwrap_or_else(|| {
        // Halfway between a tenth and a half, and between a half and a whole.
        let resolution = resolution(hours) / limits.unit;
        let coarseness = [0.3, 0.75].iter().filter(|border| resolution > **border).count();
        limits.hours[coarseness]
    });
    for run in hours.chunk_by_mut(|a, b| a.value == b.value) {
        let is_exempt = limits.exempt_up_to.is_some_and(|zero| f64::from(run[0].value).abs() <= zero);
        if !is_exempt && run.len() as i64 * step_us > limit as i64 * HOUR_US {
            run.iter_mut().for_each(|hour| hour.flags |= flag::STUCK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flagged, series};
    use super::*;

    /// Values that never repeat, with a run of one in the middle.
    fn with_run(name: &str, value: f32, length: usize, step: f32, limit: Option<usize>) -> Vec<usize> {
        let before = (0..200).map(|hour| 100.0 + step * (hour % 50) as f32);
        let after = before.clone();
        let mut hours = series(before.chain(std::iter::repeat_n(value, length)).chain(after));
        flag(Variable::named(name).unwrap(), &mut hours, limit);
        flagged(&hours, flag::STUCK)
    }

    #[test]
    fn runs_longer_than_the_limit_of_their_resolution_are_flagged() {
        for (name, step, limit) in [
            ("t2m", 0.1, 24),
            ("t2m", 0.5, 30),
            ("t2m", 1.0, 40),
            ("d2m", 0.1, 48),
            ("sp", 100.0, 120),
            ("sp", 10.0, 72),
            ("u10", 1.0, 40),
            ("tp", 0.1, 24),
        ] {
            assert_eq!(with_run(name, 90.0, limit, step, None), Vec::<usize>::new(), "{name} {step}");
            let expected: Vec<usize> = (200..200 + limit + 1).collect();
            assert_eq!(with_run(name, 90.0, limit + 1, step, None), expected, "{name} {step}");
        }
    }

    #[test]
    fn a_limit_of_the_table_holds_for_all() {
        assert_eq!(with_run("sp", 90.0, 12, 1.0, Some(12)), Vec::<usize>::new());
        assert_eq!(with_run("sp", 90.0, 13, 1.0, Some(12)).len(), 13);
    }

    #[test]
    fn calms_dry_spells_and_nights_are_no_faults() {
        for name in ["u10", "v100", "tp", "ssrd"] {
            assert_eq!(with_run(name, 0.0, 500, 0.1, None), Vec::<usize>::new(), "{name}");
        }
        assert_eq!(with_run("t2m", 0.0, 500, 0.1, None).len(), 500);
    }

    #[test]
    fn missing_hours_do_not_end_a_run() {
        let mut hours = series(std::iter::repeat_n(280.0, 40));
        hours.drain(10..20);
        flag(Variable::named("t2m").unwrap(), &mut hours, None);
        assert_eq!(flagged(&hours, flag::STUCK).len(), 30);
    }

    #[test]
    fn sparse_values_count_with_their_step() {
        let mut hours = series(std::iter::repeat_n(280.0, 9));
        for (index, hour) in hours.iter_mut().enumerate() {
            hour.time_us = index as i64 * 3 * HOUR_US;
        }
        flag(Variable::named("t2m").unwrap(), &mut hours, None);
        assert_eq!(flagged(&hours, flag::STUCK).len(), 9);
    }
}
