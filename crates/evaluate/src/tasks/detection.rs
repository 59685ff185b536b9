//! Faults that were put into the held-out years and what was found of them, beside a test of the autoregression's
//! residuals.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, ensure};
use contract::artifact::column;
use tables::Table;

use super::baselines::Baselines;
use super::chi_square::poisson_interval;
use super::document::{DetectionScores, DetectorScores, FalseAlarms, FaultExcerpt, FaultScores};
use super::hours::Hours;
use super::precision;
use super::residuals::{Residuals, YEAR_HOURS};
use crate::curves::hundredth;
use crate::figures::quantile;
use crate::metrics::round;

/// False alarms a year that both detectors are asked for.
pub(super) const ASKED_PER_YEAR: f64 = 12.0;
/// The copy without faults.
const NONE: &str = "none";
const SIZES: i32 = 3;
const LEVELS: [f64; 3] = [0.01, 0.05, 0.1];
/// Points of a curve that a picture can show.
const MOST_POINTS: usize = 100;
/// Hours that a picture shows on either side of a fault.
const SHOWN_HOURS: usize = 72;

/// An alarm: its hours on the grid, end exclusive, and the kind that the model takes it for.
struct Alarm {
    hours: Range<usize>,
    kind: String,
}

/// The hours of one copy of the test years, by time; the columns have a row an hour.
struct Copy<'a> {
    /// On the grid.
    hours: Vec<usize>,
    values: &'a [f32],
    sizes: &'a [i32],
    p_values: &'a [f32],
}

/// # Errors
/// When one of the files is not as `trials` writes it.
pub(crate) fn score(
    [detections, events]: [&Path; 2],
    variable: &str,
    baselines: &Baselines,
) -> anyhow::Result<DetectionScores> {
    let table = tables::read(detections, &[])?;
    let copies = copies(&table, &column::adjusted(variable), baselines.hours);
    let copies = copies.with_context(|| format!("cannot use {}", detections.display()))?;
    let table = tables::read(events, &[])?;
    let alarms =
        alarms(&table, baselines.hours).with_context(|| format!("cannot use {}", events.display()))?;
    let residuals = baselines.autoregression.as_ref().and_then(|found| Residuals::of(found, ASKED_PER_YEAR));
    let mut scores = DetectionScores::default();
    for (name, copy) in &copies {
        let alarms = alarms.get(*name).map_or(&[][..], Vec::as_slice);
        let innovations = residuals.as_ref().map(|residuals| residuals.sizes(&copy.hours, copy.values));
        let others = residuals.as_ref().zip(innovations.as_ref());
        let others = others.map(|(residuals, sizes)| residuals.alarms(&copy.hours, sizes));
        if *name == NONE {
            scores.false_alarms = Some(false_alarms(copy, alarms.len(), others.map(|others| others.len())));
            scores.p_value_shares = copy.p_value_shares();
            continue;
        }
        // Both are judged by the same hours.
        let is_scored = |row: &usize| innovations.as_ref().is_none_or(|sizes| !sizes[*row].is_nan());
        let rows: Vec<usize> = (0..copy.hours.len()).filter(is_scored).collect();
        let model: Vec<f64> = copy.p_values.iter().map(|p| -f64::from(*p)).collect();
        let faults = copy.faults();
        let judge = |scores: &[f64], alarms: &[Range<usize>]| copy.judge(&rows, scores, alarms, &faults);
        let own: Vec<Range<usize>> = alarms.iter().map(|alarm| alarm.hours.clone()).collect();
        let Some(model) = judge(&model, &own) else { continue };
        scores.excerpts.extend(copy.excerpt(name, alarms, &faults, baselines.hours));
        scores.faults.push(FaultScores {
            fault: name.to_string(),
            faults: faults.len(),
            hours: copy.sizes.iter().filter(|size| **size > 0).count(),
            model,
            autoregression: innovations.zip(others).and_then(|(sizes, others)| judge(&sizes, &others)),
        });
    }
    Ok(scores)
}

/// The copies in the order of the file.
fn copies<'a>(table: &'a Table, adjusted: &str, hours: &Hours) -> anyhow::Result<Vec<(&'a str, Copy<'a>)>> {
    let (times, values) = (table.times(column::TIME)?, table.f32s(adjusted)?);
    let (sizes, p_values) = (table.i32s(column::SIZE)?, table.f32s(column::P_VALUE)?);
    let (mut copies, mut first) = (Vec::new(), 0);
    for names in table.texts(column::FAULT)?.chunk_by(|a, b| a == b) {
        let rows = first..first + names.len();
        first = rows.end;
        let name = names[0].as_deref().context("it has a row without a fault's name")?;
        let grid = times[rows.clone()].iter().map(|&time| hours.test_hour(time));
        let grid: Vec<usize> = grid.collect::<anyhow::Result<_>>()?;
        ensure!(grid.is_sorted_by(|a, b| a < b), "the hours of {name:?} are not in the order of time");
        let (values, sizes, p_values) = (&values[rows.clone()], &sizes[rows.clone()], &p_values[rows]);
        ensure!(
            sizes.iter().all(|size| (0..=SIZES).contains(size)),
            "it has a fault of a size beyond {SIZES}"
        );
        copies.push((name, Copy { hours: grid, values, sizes, p_values }));
    }
    Ok(copies)
}

/// The events that are alarms at the rate asked for, by copy.
fn alarms(table: &Table, hours: &Hours) -> anyhow::Result<BTreeMap<String, Vec<Alarm>>> {
    let (starts, ends) = (table.times(column::START)?, table.times(column::END)?);
    let (faults, kinds) = (table.texts(column::FAULT)?, table.texts(column::KIND)?);
    let mut alarms = BTreeMap::<String, Vec<Alarm>>::new();
    for (row, &rate) in table.f64s(column::EXPECTED_PER_YEAR)?.iter().enumerate() {
        let fault = faults[row].as_deref().context("it has an event without the name of its copy")?;
        let first = hours.test_hour(starts[row])?;
        let hours = first..first + ((ends[row] - starts[row]) / contract::calendar::HOUR_US) as usize;
        if rate <= ASKED_PER_YEAR {
            let kind = kinds[row].as_deref().unwrap_or_default().to_string();
            alarms.entry(fault.to_string()).or_default().push(Alarm { hours, kind });
        }
    }
    Ok(alarms)
}

fn false_alarms(copy: &Copy, model: usize, autoregression: Option<usize>) -> FalseAlarms {
    let years = copy.hours.len() as f64 / YEAR_HOURS;
    FalseAlarms {
        asked_per_year: ASKED_PER_YEAR,
        years: round(years),
        model,
        autoregression,
        poisson_interval: poisson_interval(ASKED_PER_YEAR * years),
    }
}

impl Copy<'_> {
    fn p_value_shares(&self) -> Option<[f64; 3]> {
        let there: Vec<f64> = self.p_values.iter().filter(|p| !p.is_nan()).map(|p| f64::from(*p)).collect();
        let share =
            |level: f64| round(there.iter().filter(|p| **p <= level).count() as f64 / there.len() as f64);
        (!there.is_empty()).then(|| LEVELS.map(share))
    }

    /// The faults, as rows.
    fn faults(&self) -> Vec<Range<usize>> {
        let mut faults: Vec<Range<usize>> = Vec::new();
        for row in (0..self.sizes.len()).filter(|&row| self.sizes[row] > 0) {
            match faults.last_mut() {
                Some(last) if last.end == row && self.hours[row] == self.hours[row - 1] + 1 => last.end += 1,
                _ => faults.push(row..row + 1),
            }
        }
        faults
    }

    /// The hours on the grid from the first to the last row.
    fn on_grid(&self, rows: &Range<usize>) -> Range<usize> {
        self.hours[rows.start]..self.hours[rows.end - 1] + 1
    }

    /// Of a detector with a score an hour, larger for odder hours, and its alarms; `None` without a fault.
    fn judge(
        &self,
        rows: &[usize],
        scores: &[f64],
        alarms: &[Range<usize>],
        faults: &[Range<usize>],
    ) -> Option<DetectorScores> {
        let there = || rows.iter().filter(|&&row| !scores[row].is_nan());
        let case = |&row: &usize| (scores[row], self.sizes[row] > 0);
        let (area, curve) = precision::average(there().map(case).collect())?;
        let of_size = |size: i32| {
            let either = there().filter(|&&row| self.sizes[row] == 0 || self.sizes[row] == size);
            precision::average(either.map(case).collect()).map(|(area, _)| round(area))
        };
        let delays = faults.iter().filter_map(|fault| delay(&self.on_grid(fault), alarms));
        let mut delays: Vec<f64> = delays.collect();
        delays.sort_unstable_by(f64::total_cmp);
        Some(DetectorScores {
            area: round(area),
            area_by_size: [1, 2, 3].map(of_size),
            found: round(delays.len() as f64 / faults.len() as f64),
            delay_hours: (!delays.is_empty()).then(|| quantile(&delays, 0.5)),
            curve: thinned(&curve),
        })
    }

    /// The first of the found faults of the largest size.
    fn excerpt(
        &self,
        name: &str,
        alarms: &[Alarm],
        faults: &[Range<usize>],
        hours: &Hours,
    ) -> Option<FaultExcerpt> {
        let is_found = |fault: &&Range<usize>| {
            let on_grid = self.on_grid(fault);
            self.sizes[fault.start] == SIZES && alarms.iter().any(|alarm| overlap(&alarm.hours, &on_grid))
        };
        let fault = self.on_grid(faults.iter().find(is_found)?);
        let first = fault.start.saturating_sub(SHOWN_HOURS);
        let shown = first..fault.end + SHOWN_HOURS;
        let faulty = |at: usize| {
            let row = self.hours.binary_search(&at).ok()?;
            Some(hundredth(f64::from(self.values[row]))).filter(|value| value.is_finite())
        };
        let near = alarms.iter().filter(|alarm| overlap(&alarm.hours, &shown));
        let cut = |at: usize| at.clamp(shown.start, shown.end) - first;
        Some(FaultExcerpt {
            fault: name.to_string(),
            first: hours.local_text(first),
            truth: shown.clone().map(|at| hours.test_value(at).map(hundredth)).collect(),
            faulty: shown.clone().map(faulty).collect(),
            fault_hours: [fault.start - first, fault.end - first],
            alarms: near
                .map(|alarm| (cut(alarm.hours.start), cut(alarm.hours.end), alarm.kind.clone()))
                .collect(),
        })
    }
}

/// Hours from the fault's first one to the first in an alarm; `None` where no alarm overlaps it.
fn delay(fault: &Range<usize>, alarms: &[Range<usize>]) -> Option<f64> {
    let found = alarms.iter().filter(|alarm| overlap(alarm, fault));
    found.map(|alarm| alarm.start.saturating_sub(fault.start) as f64).min_by(f64::total_cmp)
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The points at equal steps of recall, from recall 0, where the precision is the first point's.
fn thinned(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> =
        curve.first().map(|(_, precision)| (0.0, round(*precision))).into_iter().collect();
    for &(recall, precision) in curve {
        let step = (recall * MOST_POINTS as f64).ceil();
        if points.len() <= step as usize {
            points.resize(step as usize + 1, (round(recall), round(precision)));
        }
    }
    points.dedup();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve hours with a fault of size 1 in hours 3 and 4 and one of size 2 in hours 8 to 10.
    fn copy<'a>(values: &'a [f32], sizes: &'a [i32], p_values: &'a [f32]) -> Copy<'a> {
        Copy { hours: (100..112).collect(), values, sizes, p_values }
    }

    #[test]
    fn a_detector_is_judged_by_hours_and_by_faults() {
        let values = [0.0; 12];
        let sizes = [0, 0, 0, 1, 1, 0, 0, 0, 2, 2, 2, 0];
        let copy = copy(&values, &sizes, &values);
        assert_eq!(copy.faults(), [3..5, 8..11]);
        let scores = [0.0, 0.0, 0.0, 9.0, 7.0, 8.0, 0.0, 0.0, 6.0, 6.0, 6.0, 0.0];
        let rows: Vec<usize> = (0..12).collect();
        let alarms = [101..102, 109..115];
        let found = copy.judge(&rows, &scores, &alarms, &copy.faults()).unwrap();
        // Recall rises by a fifth at precision 1, at 2/3, and by three fifths at 5/6.
        assert!((found.area - (1.0 + 2.0 / 3.0 + 3.0 * 5.0 / 6.0) / 5.0).abs() < 1e-6, "{found:?}");
        // Without the other fault's hours: 1/2 at 1, 1/2 at 2/3; and all at 3/4.
        assert_eq!(found.area_by_size, [Some(round(5.0 / 6.0)), Some(0.75), None]);
        assert_eq!((found.found, found.delay_hours), (0.5, Some(1.0)));
    }

    #[test]
    fn hours_without_a_score_do_not_count() {
        let values = [0.0; 12];
        let sizes = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let copy = copy(&values, &sizes, &values);
        let mut scores = [0.0; 12];
        (scores[3], scores[5]) = (1.0, f64::NAN);
        let found = copy.judge(&[0, 3, 5], &scores, &[], &copy.faults()).unwrap();
        assert_eq!((found.area, found.found, found.delay_hours), (1.0, 0.0, None));
    }

    #[test]
    fn shares_of_p_values_leave_out_missing_hours() {
        let values = [0.0; 12];
        let mut p_values = [0.5; 12];
        (p_values[0], p_values[1], p_values[2], p_values[3]) = (0.005, 0.03, f32::NAN, f32::NAN);
        let copy = copy(&values, &[0; 12], &p_values);
        assert_eq!(copy.p_value_shares(), Some([0.1, 0.2, 0.2]));
    }

    #[test]
    fn a_curve_keeps_its_ends() {
        let curve: Vec<(f64, f64)> = (1..=1000).map(|i| (f64::from(i) / 1000.0, 0.5)).collect();
        let thin = thinned(&curve);
        assert!(
            thin.len() <= MOST_POINTS + 1 && thin[0] == (0.0, 0.5) && thin[1] == (0.001, 0.5),
            "{thin:?}"
        );
        assert!(thin.last().unwrap().0 > 0.98);
        assert_eq!(thinned(&[(1.0, 0.9)]), [(0.0, 0.9), (1.0, 0.9)]);
    }
}
