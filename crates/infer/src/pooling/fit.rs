//! The correction's fit: hours of the validation years are hidden or lie ahead, and are drawn without it.

use contract::artifact::FORMAT;

use super::{Hat, Knot, Pooling, moments};
use crate::forecast::{self, ForecastSettings, LONGEST_HOURS};
use crate::hidden::PATTERNS;
use crate::linear::{Linear, Standardised};
use crate::model_folder::TrainedModel;
use crate::observed::{ObservedHours, SHORTEST_HOURS};
use crate::posterior::{Draws, Posterior};

/// Standard deviations of the draws at which the correction is fitted.
const DEVIATIONS: [f64; 6] = [0.0, 0.15, 0.35, 0.6, 0.8, 1.0];
const DRAWS: usize = 40;
const SEED: u64 = 11;
/// Hours from one forecast to the next, and from one hour of it that is looked at to the next.
const ORIGIN_EVERY: usize = 122;
const HOUR_EVERY: usize = 5;
/// Hours of the weather are alike for about so long: so many count as one.
const ALIKE_HOURS: f64 = 48.0;
/// Each prior weighs as much as so many independent hours.
const PRIOR: f64 = 10.0;
/// Without any evidence two opinions count the same.
const EQUAL_WEIGHT: f64 = 0.5;
const LEAST_DAMPING: f64 = 0.5;
const SPREADS: (f64, f64) = (0.8, 1.6);

/// A drawn hour and what it was; all standardised.
#[derive(Clone, Copy, Debug)]
struct Case {
    mean: f64,
    deviation: f64,
    /// From the mean down to the quantile of 5 %, and up to that of 95 %.
    half_widths: [f64; 2],
    linear: f64,
    truth: f64,
}

impl Pooling {
    /// Fits the autoregression on the training hours and the correction on held-out ones, of which there may be
    /// none.
    ///
    /// # Errors
    /// When the model fails.
    pub fn learn(
        model: &TrainedModel,
        trained: &[ObservedHours],
        held_out: &[ObservedHours],
    ) -> anyhow::Result<Pooling> {
        let stretches: Vec<Standardised> = trained.iter().map(|hours| standardised(model, hours)).collect();
        let mut pooling = Pooling { format: FORMAT, linear: Linear::fit(&stretches), knots: Vec::new() };
        let posterior = Posterior::new(model, None)?;
        let mut cases = Vec::new();
        for hours in held_out.iter().filter(|hours| hours.values.len() >= SHORTEST_HOURS) {
            let truth = standardised(model, hours);
            for pattern in PATTERNS {
                let mut observed = hours.clone();
                let hidden = pattern.hidden(hours.values.len(), SEED);
                hidden.into_iter().for_each(|hour| observed.values[hour] = f32::NAN);
                let drawn =
                    posterior.scores(&observed, Draws { members: DRAWS, seed: SEED, following: 0 })?;
                let linear = pooling.means(&standardised(model, &observed), &drawn.hours);
                cases.extend(self::cases(&truth, &drawn.hours, &drawn.values, &linear));
            }
            let last = hours.values.len().saturating_sub(LONGEST_HOURS);
            for origin in (SHORTEST_HOURS..last).step_by(ORIGIN_EVERY) {
                cases.extend(pooling.ahead(&posterior, hours, &truth, origin)?);
            }
        }
        pooling.knots = knots(&cases, pooling.linear.is_some());
        Ok(pooling)
    }

    /// The hours after `origin`.
    fn ahead(
        &self,
        posterior: &Posterior<'_>,
        hours: &ObservedHours,
        truth: &Standardised,
        origin: usize,
    ) -> anyhow::Result<Vec<Case>> {
        let seen = ObservedHours { first_us: hours.first_us, values: hours.values[..=origin].to_vec() };
        if seen.values[origin].is_nan() {
            return Ok(Vec::new());
        }
        let settings = ForecastSettings { hours: LONGEST_HOURS, members: DRAWS, seed: SEED };
        let drawn = forecast::scores(posterior, &seen, settings)?;
        let mut series = Standardised { hours: truth.hours[..=origin].to_vec(), ..*truth };
        series.hours.resize(origin + 1 + LONGEST_HOURS, f32::NAN);
        let linear = self.means(&series, &drawn.hours);
        Ok(cases(truth, &drawn.hours, &drawn.values, &linear).step_by(HOUR_EVERY).collect())
    }
}

fn standardised(model: &TrainedModel, hours: &ObservedHours) -> Standardised {
    Standardised { first_local_us: hours.local_us(model, 0), hours: hours.standardised(model) }
}

/// Those whose true value is there; `draws` are `[hour][draw]`.
fn cases<'a>(
    truth: &'a Standardised,
    hours: &'a [usize],
    draws: &'a [f32],
    linear: &'a [f64],
) -> impl Iterator<Item = Case> + 'a {
    let of_hours = hours.iter().zip(draws.chunks_exact(DRAWS)).zip(linear);
    let case = |((hour, draws), linear): ((&usize, &[f32]), &f64)| {
        let (mean, deviation) = moments(draws);
        let mut sorted = draws.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let half_widths = [mean - quantile(&sorted, 0.05), quantile(&sorted, 0.95) - mean];
        Case { mean, deviation, half_widths, linear: *linear, truth: f64::from(truth.hours[*hour]) }
    };
    of_hours.map(case).filter(|case| !case.truth.is_nan())
}

/// At place `p (n + 1)` of ascending values, as ensembles are scored.
fn quantile(sorted: &[f32], p: f64) -> f64 {
    let place = (p * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, (sorted.len() - 1) as f64);
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let [low, high] = [below, above].map(|place| f64::from(sorted[place]));
    low + (place - below as f64) * (high - low)
}

/// The fit; none without a case.
fn knots(cases: &[Case], has_linear: bool) -> Vec<Knot> {
    if cases.is_empty() {
        return Vec::new();
    }
    let blank = |deviation| Knot { deviation, weight: 0.0, damping: 1.0, spread: 1.0 };
    let mut knots = DEVIATIONS.map(blank);
    let hats: Vec<Hat> = cases.iter().filter_map(|case| Hat::at(&DEVIATIONS, case.deviation)).collect();
    if has_linear {
        let pair = |case: &Case| (case.linear - case.mean, case.truth - case.mean);
        let found = slopes(cases, &hats, EQUAL_WEIGHT, |case, _| pair(case));
        knots.iter_mut().zip(found).for_each(|(knot, found)| knot.weight = found.clamp(0.0, 1.0));
    }
    let of_weights = knots;
    let pooled = |case: &Case, hat: Hat| {
        case.mean + hat.between(|knot| of_weights[knot].weight) * (case.linear - case.mean)
    };
    let found = slopes(cases, &hats, 1.0, |case, hat| (pooled(case, hat), case.truth));
    // At 0 the hour is known.
    for (knot, found) in knots.iter_mut().zip(found).skip(1) {
        knot.damping = found.clamp(LEAST_DAMPING, 1.0);
    }
    let of_dampings = knots;
    let ratio = |case: &Case, hat: Hat| {
        let error = case.truth - hat.between(|knot| of_dampings[knot].damping) * pooled(case, hat);
        error.abs() / case.half_widths[usize::from(error > 0.0)].max(f64::MIN_POSITIVE)
    };
    let ratios: Vec<f64> = cases.iter().zip(&hats).map(|(case, hat)| ratio(case, *hat)).collect();
    for (number, knot) in knots.iter_mut().enumerate() {
        knot.spread = spread(&ratios, &hats, number).clamp(SPREADS.0, SPREADS.1);
    }
    knots.to_vec()
}

/// By how much a case belongs to a knot.
fn share(hat: &Hat, knot: usize) -> f64 {
    let below = if hat.below == knot { 1.0 - hat.share } else { 0.0 };
    below + if hat.above == knot { hat.share } else { 0.0 }
}

/// For each knot the slope of `y = slope x`, with a prior.
fn slopes(
    cases: &[Case],
    hats: &[Hat],
    prior: f64,
    pair: impl Fn(&Case, Hat) -> (f64, f64),
) -> [f64; DEVIATIONS.len()] {
    let mut sums = [(0.0, 0.0, 0.0); DEVIATIONS.len()];
    for (case, hat) in cases.iter().zip(hats) {
        let (x, y) = pair(case, *hat);
        for knot in [hat.below, hat.above] {
            let weight = share(hat, knot);
            let sum = &mut sums[knot];
            *sum = (sum.0 + weight * x * y, sum.1 + weight * x * x, sum.2 + weight);
        }
    }
    sums.map(|(xy, xx, weight)| {
        if xx <= 0.0 {
            return prior;
        }
        let of_prior = PRIOR * ALIKE_HOURS * xx / weight;
        (xy + of_prior * prior) / (xx + of_prior)
    })
}

/// The ratio that nine in ten of a knot's cases do not exceed, with the prior 1.
fn spread(ratios: &[f64], hats: &[Hat], knot: usize) -> f64 {
    let mut weighted: Vec<(f64, f64)> = ratios
        .iter()
        .zip(hats)
        .map(|(ratio, hat)| (*ratio, share(hat, knot)))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    let found = weighted.iter().find(|(_, weight)| {
        below += weight;
        below >= 0.9 * total
    });
    let independent = total / ALIKE_HOURS;
    let share = independent / (independent + PRIOR);
    found.map_or(1.0, |(ratio, _)| 1.0 + share * (ratio - 1.0))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Draws with the deviation d around m, and an autoregression's mean a near it; the truth is normal around
    /// `mean(m, a, d)` and `width` times as wide.
    fn made_up(count: usize, mean: impl Fn(f64, f64, f64) -> f64, width: f64) -> Vec<Case> {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let mut normal = move || -> f64 { StandardNormal.sample(&mut random) };
        let mut place = ChaCha8Rng::seed_from_u64(5);
        let case = |_| {
            let deviation = place.random_range(0.0..1.0);
            let m = normal();
            let a = m + deviation * normal();
            let half = 1.644_853_6 * deviation;
            let truth = mean(m, a, deviation) + width * deviation * normal();
            Case { mean: m, deviation, half_widths: [half; 2], linear: a, truth }
        };
        (0..count).map(case).collect()
    }

    #[test]
    fn a_known_weight_and_spread_are_found() {
        // Enough cases that the priors hardly matter.
        let cases = made_up(300_000, |m, a, _| m + 0.3 * (a - m), 1.25);
        for knot in knots(&cases, true) {
            assert!((knot.weight - 0.3).abs() < 0.02 && (knot.damping - 1.0).abs() < 0.02, "{knot:?}");
            assert!((knot.spread - 1.25).abs() < 0.03, "{knot:?}");
        }
    }

    #[test]
    fn a_mean_that_goes_too_far_is_damped_the_more_the_less_is_known() {
        let cases = made_up(300_000, |m, _, d| (1.0 - 0.4 * d) * m, 1.0);
        for knot in knots(&cases, false) {
            assert!(
                (knot.damping - (1.0 - 0.4 * knot.deviation)).abs() < 0.04,
                "{knot:?}: it is that of the cases around"
            );
            assert!(knot.weight == 0.0 && (knot.spread - 1.0).abs() < 0.03, "{knot:?}");
        }
    }

    #[test]
    fn a_few_cases_hardly_move_the_priors() {
        for knot in knots(&made_up(200, |m, _, d| (1.0 - 0.8 * d) * m, 3.0), true) {
            assert!((knot.weight - 0.5).abs() < 0.1 && knot.damping > 0.9 && knot.spread < 1.3, "{knot:?}");
        }
        assert!(knots(&[], true).is_empty());
    }
}
