//! `model/detector.json`: how large departures are in years without faults, by which what is found in a series
//! becomes p-values and events a year. It is made from the training years.

use contract::artifact::FORMAT;
use serde::{Deserialize, Serialize};

use super::FaultKind;
use super::departures::Departure;
use super::tail::Tail;

/// Hours of a year, for rates.
pub(super) const YEAR_HOURS: f64 = 8766.0;
/// Events of different kinds this close are one.
const APART_HOURS: usize = 24;
/// Hours whose values count as one sample of a tail.
const BLOCK_HOURS: usize = 720;

/// A model knows the years that it was trained on better than others, the more so the fewer they are: ln of how many
/// times as large scores are elsewhere is about this over their number. Chosen on the validation years of 18 runs,
/// 1.11 times at Phoenix (24 training years) and 1.25 times at La Haute Borne (9).
const OPTIMISM_YEARS: f64 = 2.1;
const LARGEST_SCALE: f64 = 2.5;

/// Whether the model has seen the years that a detector learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    InTraining,
    Never,
}

impl Seen {
    fn scale(self, years: f64) -> f64 {
        match self {
            Seen::InTraining => (OPTIMISM_YEARS / years).exp().min(LARGEST_SCALE),
            Seen::Never => 1.0,
        }
    }
}

/// What is known about series without faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    format: u32,
    /// How many times as large scores are in other years than in those.
    scale: f64,
    /// Of hours, by kind in the order of [`FaultKind::ALL`].
    hours: Vec<Tail>,
    /// Of the smallest of an hour's probabilities, as -ln.
    smallest: Tail,
    /// Of events, by kind.
    events: Vec<Tail>,
    /// Of the rarest kind of events that were seen together, as -ln of events a year.
    rarest: Tail,
}

/// An event without words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub departure: Departure,
    pub expected_per_year: f64,
}

/// A stretch of a series without faults.
pub(super) struct Faultless<'a> {
    /// False where an hour is missing.
    pub there: Vec<bool>,
    pub departures: &'a [Departure],
}

impl Detector {
    /// Learns from years without faults.
    pub(super) fn of(stretches: &[Faultless<'_>], seen: Seen) -> Detector {
        let years = years_of(stretches);
        let (hour_weight, event_weight) = (1.0 / (years * YEAR_HOURS), 1.0 / years);
        let tails = FaultKind::ALL.map(|kind| {
            let of_hours: Vec<Vec<f64>> = stretches.iter().map(|one| hourly(one, kind)).collect();
            let of_events: Vec<f64> = stretches.iter().flat_map(|one| best_scores(one, kind)).collect();
            (
                Tail::of(of_hours.concat(), peaks(&of_hours), hour_weight, 1.0),
                Tail::of(of_events.clone(), of_events, event_weight, YEAR_HOURS),
            )
        });
        let (hours, events) = tails.into_iter().unzip();
        let nothing = || Tail::of(Vec::new(), Vec::new(), 1.0, 1.0);
        let mut detector =
            Detector { format: FORMAT, scale: 1.0, hours, events, smallest: nothing(), rarest: nothing() };
        let surprises: Vec<Vec<f64>> = stretches.iter().map(|one| detector.surprises(one)).collect();
        let smallest = Tail::of(surprises.concat(), peaks(&surprises), hour_weight, 1.0);
        let rarest = stretches.iter().flat_map(|one| detector.merged(one.departures));
        let rarest: Vec<f64> = rarest.map(|(_, rarity)| rarity).collect();
        let rarest = Tail::of(rarest.clone(), rarest, event_weight, YEAR_HOURS);
        detector.smallest = smallest;
        detector.rarest = rarest;
        detector.scale = seen.scale(years);
        detector
    }

    /// The p-value of each hour, NaN where it is missing.
    pub(super) fn p_values(&self, stretch: &Faultless<'_>) -> Vec<f32> {
        let surprises = self.surprises(stretch).into_iter().zip(&stretch.there);
        let p_value = |(surprise, there): (f64, &bool)| match there {
            true => self.smallest.exceedance(surprise).min(1.0) as f32,
            false => f32::NAN,
        };
        surprises.map(p_value).collect()
    }

    /// The events that are at most so frequent in series without faults, by their first hour.
    pub(super) fn events(&self, departures: &[Departure], at_most_per_year: f64) -> Vec<Found> {
        let merged = self.merged(departures).into_iter().map(|(departure, rarity)| Found {
            departure,
            expected_per_year: self.rarest.exceedance(rarity),
        });
        let mut found: Vec<Found> =
            merged.filter(|found| found.expected_per_year <= at_most_per_year).collect();
        found.sort_by_key(|found| (found.departure.start, found.departure.end));
        found
    }

    /// -ln of the smallest of each hour's probabilities.
    fn surprises(&self, stretch: &Faultless<'_>) -> Vec<f64> {
        let mut surprises = vec![0.0_f64; stretch.there.len()];
        for (kind, tail) in FaultKind::ALL.into_iter().zip(&self.hours) {
            for (surprise, score) in surprises.iter_mut().zip(hourly(stretch, kind)) {
                if score > 0.0 {
                    *surprise = surprise.max(-tail.log_exceedance(score / self.scale));
                }
            }
        }
        surprises
    }

    /// The rarest departures that do not overlap, of whatever kind, and -ln of their events a year.
    fn merged(&self, departures: &[Departure]) -> Vec<(Departure, f64)> {
        let kinds = FaultKind::ALL.into_iter().zip(&self.events);
        let all = kinds.flat_map(|(kind, tail)| {
            // Kept above zero up to an event an hour.
            apart(of_kind(departures, kind)).into_iter().map(move |departure| {
                (*departure, YEAR_HOURS.ln() - tail.log_exceedance(departure.score / self.scale))
            })
        });
        let mut order: Vec<(Departure, f64)> = all.collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.start.cmp(&b.0.start)));
        let mut taken = Taken::default();
        order.retain(|(departure, _)| taken.take(departure, APART_HOURS));
        order
    }
}

/// Years of hours that are there.
fn years_of(stretches: &[Faultless<'_>]) -> f64 {
    let hours: usize = stretches.iter().map(|one| one.there.iter().filter(|there| **there).count()).sum();
    hours as f64 / YEAR_HOURS
}

/// The scores of the largest departures of a kind that do not overlap.
fn best_scores(stretch: &Faultless<'_>, kind: FaultKind) -> Vec<f64> {
    apart(of_kind(stretch.departures, kind)).into_iter().map(|departure| departure.score).collect()
}

/// The largest score of one kind over each hour.
fn hourly(stretch: &Faultless<'_>, kind: FaultKind) -> Vec<f64> {
    let mut of_kind = of_kind(stretch.departures, kind);
    of_kind.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut scores = vec![0.0; stretch.there.len()];
    for departure in of_kind {
        scores[departure.start..departure.end].fill(departure.score);
    }
    scores
}

/// There can be millions of them.
fn of_kind(departures: &[Departure], kind: FaultKind) -> Vec<&Departure> {
    departures.iter().filter(|departure| departure.kind == kind).collect()
}

/// The largest values of blocks of hours.
fn peaks(series: &[Vec<f64>]) -> Vec<f64> {
    let blocks = series.iter().flat_map(|series| series.chunks(BLOCK_HOURS));
    blocks.map(|block| block.iter().copied().fold(0.0, f64::max)).collect()
}

/// The largest departures that do not overlap.
fn apart(mut departures: Vec<&Departure>) -> Vec<&Departure> {
    departures.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.start.cmp(&b.start)));
    let mut taken = Taken::default();
    departures.retain(|departure| taken.take(departure, 0));
    departures
}

/// Stretches of hours that are taken, by their start; none overlaps another.
#[derive(Default)]
struct Taken(std::collections::BTreeMap<usize, usize>);

impl Taken {
    /// Takes a stretch unless it lies less than so many hours from one that is taken.
    fn take(&mut self, departure: &Departure, hours: usize) -> bool {
        let before = self.0.range(..departure.end + hours).next_back();
        let free = before.is_none_or(|(_, end)| end + hours <= departure.start);
        if free {
            self.0.insert(departure.start, departure.end);
        }
        free
    }
}
