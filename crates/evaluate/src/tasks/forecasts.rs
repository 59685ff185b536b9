//! Forecasts of the held-out years, beside persistence, the climatology and the autoregression's.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use contract::artifact::column;
use contract::calendar::{DAY_US, HOUR_US};
use tables::Table;

use super::baselines::Baselines;
use super::blocks::Blocks;
use super::chi_square;
use super::document::{Fan, HorizonScores, Method, Pit};
use super::ensemble::Ensemble;
use super::hours::Hours;
use super::members::Members;
use super::scored::{Scored, Tally};
use crate::curves::hundredth;
use crate::metrics::round;
use crate::random::Random;
use crate::series::{HOURS, Series};

/// What is scored; other horizons are for pictures.
pub(super) const HORIZONS: [usize; 6] = [6, 24, 48, 72, 96, 240];
/// Origins of the test of flatness are at least this far apart.
const APART_US: i64 = 15 * DAY_US;
const BINS: usize = 10;
/// Hours that a picture shows before the origin.
const SEEN_HOURS: usize = 96;
/// Hours from one error of persistence to the next: every hour of the day has its turn.
const EVERY_HOURS: usize = 61;

/// Scores by horizon, and forecasts to draw.
///
/// # Errors
/// When the file is not as `trials` writes it.
pub(crate) fn score(
    path: &Path,
    baselines: &mut Baselines,
) -> anyhow::Result<(Vec<HorizonScores>, Vec<Fan>)> {
    let table = tables::read(path, &[])?;
    let mut score = || -> anyhow::Result<_> {
        let forecasts = Forecasts::of(&table, baselines.hours)?;
        let scores = HORIZONS.into_iter().filter_map(|horizon| forecasts.score(horizon, baselines));
        Ok((scores.collect(), forecasts.fans(baselines.hours)))
    };
    score().with_context(|| format!("cannot use {}", path.display()))
}

struct Forecasts<'a> {
    members: Members<'a>,
    /// By origin, on the grid of hours: the horizons with their rows.
    origins: BTreeMap<usize, Vec<(usize, usize)>>,
}

impl Forecasts<'_> {
    fn of<'a>(table: &'a Table, hours: &Hours) -> anyhow::Result<Forecasts<'a>> {
        let (times, horizons) = (table.times(column::ORIGIN)?, table.i32s(column::HORIZON)?);
        let mut origins = BTreeMap::<usize, Vec<(usize, usize)>>::new();
        for (row, (&time, &horizon)) in times.iter().zip(horizons).enumerate() {
            ensure!(horizon > 0, "row {row} has the horizon {horizon}; wanted at least 1 hour");
            let origin = hours.test_hour(time)?;
            hours.test_hour(time + i64::from(horizon) * HOUR_US)?;
            origins.entry(origin).or_default().push((horizon as usize, row));
        }
        Ok(Forecasts { members: Members::of(table)?, origins })
    }

    /// `None` where there is no forecast for so many hours.
    fn score(&self, horizon: usize, baselines: &mut Baselines) -> Option<HorizonScores> {
        let methods = [Method::Model, Method::Persistence, Method::Climatology, Method::Autoregression];
        let mut tallies = methods.map(Tally::of);
        let mut blocks = Blocks::default();
        let mut ranks = Ranks::new(horizon);
        let persistence = persistence_errors(&baselines.hours.training, horizon);
        for (&origin, rows) in &self.origins {
            let Some(&(_, row)) = rows.iter().find(|(found, _)| *found == horizon) else { continue };
            let (at, time) = (origin + horizon, baselines.hours.time_us(origin));
            let Some(truth) = baselines.hours.test_value(at) else { continue };
            let ensemble = self.members.ensemble(row);
            let model = Scored::of_ensemble(&ensemble, truth);
            tallies[0].add(model);
            ranks.add(time, &ensemble, truth);
            let last = baselines.hours.test_value(origin + horizon - HOURS * horizon.div_ceil(HOURS));
            if let Some((errors, last)) = persistence.as_ref().zip(last) {
                tallies[1].add(Scored::of_ensemble(errors, truth - last));
            }
            tallies[2].add(Scored::of_ensemble(baselines.usual(at), truth));
            let normal = baselines.autoregression.as_ref().and_then(|found| found.forecast(origin, horizon));
            if let Some(normal) = normal {
                let other = Scored::of_normal(normal, truth);
                blocks.add(time, [model.crps, other.crps]);
                tallies[3].add(other);
            }
        }
        let methods: Vec<_> = tallies.iter().filter_map(Tally::scores).collect();
        (ranks.origins > 0).then(|| HorizonScores {
            horizon_hours: horizon,
            origins: ranks.origins,
            methods,
            beside_autoregression: blocks.change(&format!("forecast {horizon}")),
            pit: ranks.pit(),
        })
    }

    /// Those that have every hour from the first on.
    fn fans(&self, hours: &Hours) -> Vec<Fan> {
        let is_whole = |rows: &[(usize, usize)]| {
            rows.len() > HORIZONS.len()
                && rows.iter().zip(1..).all(|((horizon, _), wanted)| *horizon == wanted)
        };
        let shown = |at: usize| hours.test_value(at).map(hundredth);
        let fan = |(&origin, rows): (&usize, &Vec<(usize, usize)>)| Fan {
            origin: hours.local_text(origin),
            first: hours.local_text((origin + 1).saturating_sub(SEEN_HOURS)),
            seen: ((origin + 1).saturating_sub(SEEN_HOURS)..=origin).map(shown).collect(),
            truth: rows.iter().map(|(horizon, _)| shown(origin + horizon)).collect(),
            ahead: self.members.spread(rows.iter().map(|(_, row)| *row)),
        };
        self.origins.iter().filter(|(_, rows)| is_whole(rows)).map(fan).collect()
    }
}

/// In the training years, the value minus the last one of the same hour of the day that the origin has seen.
fn persistence_errors(training: &Series, horizon: usize) -> Option<Ensemble> {
    let back = HOURS * horizon.div_ceil(HOURS);
    let errors = training.runs.iter().flat_map(|run| {
        let values = &training.values[run.start * HOURS..run.end * HOURS];
        (back..values.len()).step_by(EVERY_HOURS).map(move |at| values[at] - values[at - back])
    });
    let errors: Vec<f64> = errors.filter(|error| !error.is_nan()).collect();
    (errors.len() > 1).then(|| Ensemble::of(errors))
}

/// Where the values that came lie among their ensembles.
struct Ranks {
    random: Random,
    counts: [u32; BINS],
    origins: usize,
    tested: [u32; BINS],
    last_tested_us: Option<i64>,
}

impl Ranks {
    fn new(horizon: usize) -> Ranks {
        let random = Random::of(&format!("ranks {horizon}"));
        Ranks { random, counts: [0; BINS], origins: 0, tested: [0; BINS], last_tested_us: None }
    }

    /// With the value's rank among the members drawn at random where it is equal to some, and its place within
    /// the rank as well: exactly uniform where the value is exchangeable with the members.
    fn add(&mut self, time_us: i64, ensemble: &Ensemble, truth: f64) {
        let (below, equal) = ensemble.rank(truth);
        let steps = 1_usize << 20;
        let place = self.random.below((equal + 1) * steps) as f64 / steps as f64;
        let share = (below as f64 + place) / (ensemble.len() + 1) as f64;
        let bin = ((share * BINS as f64) as usize).min(BINS - 1);
        self.counts[bin] += 1;
        self.origins += 1;
        if self.last_tested_us.is_none_or(|last| time_us - last >= APART_US) {
            self.tested[bin] += 1;
            self.last_tested_us = Some(time_us);
        }
    }

    fn pit(&self) -> Pit {
        let tested = f64::from(self.tested.iter().sum::<u32>());
        let expected = tested / BINS as f64;
        let square = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
        let chi_square = self.tested.iter().map(square).sum::<f64>();
        Pit {
            counts: self.counts,
            tested_origins: tested as usize,
            chi_square: round(chi_square),
            p_value: round(chi_square::upper(BINS - 1, chi_square)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    fn pit(spread: f64) -> Pit {
        let mut noise = Noise(3);
        let mut ranks = Ranks::new(6);
        for origin in 0..4000 {
            let ensemble = Ensemble::of((0..50).map(|_| spread * noise.normal()).collect());
            ranks.add(origin * 5 * DAY_US, &ensemble, noise.normal());
        }
        ranks.pit()
    }

    #[test]
    fn ranks_of_an_exchangeable_value_are_flat_and_others_are_not() {
        let flat = pit(1.0);
        assert_eq!((flat.tested_origins, flat.counts.iter().sum::<u32>()), (1334, 4000));
        assert!(flat.p_value > 0.01, "{flat:?}");
        let narrow = pit(0.6);
        assert!(narrow.p_value < 1e-6 && narrow.counts[0] > 2 * narrow.counts[4], "{narrow:?}");
    }

    #[test]
    fn a_value_equal_to_members_has_any_of_their_ranks() {
        let mut ranks = Ranks::new(6);
        let ensemble = Ensemble::of(vec![1.0; 19]);
        (0..2000).for_each(|origin| ranks.add(origin * APART_US, &ensemble, 1.0));
        assert!(ranks.pit().p_value > 0.01, "{:?}", ranks.pit());
    }
}
