//! Values from the lanes' densities, and their logarithms.

use super::Lanes;
use crate::fast::lanes::{LANES, Row};
use crate::fast::vector::{exp, ln, vectorised};
use crate::noise::sampler::LARGEST_VALUE;

/// A factor `exp(-precision x^2 / 2 + shift x)` that hours are drawn with besides their density.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    pub precision: f32,
    pub shift: Row,
}

/// What a draw is made from.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// Uniform from 0 to 1.
    pub uniform: Row,
    /// Standard normal.
    pub normal: Row,
}

impl Lanes {
    /// Adds the log density of a value that all lanes have.
    pub fn score(&self, value: f32, log_weight: &mut [f64; LANES]) {
        score(self, value, log_weight);
    }

    /// Draws a value of each lane from its density times the factor; adds the log of the density over what
    /// it was drawn from, up to nothing.
    pub fn draw(&self, factor: Factor, chance: &Chance, log_weight: &mut [f64; LANES]) -> Row {
        draw(self, factor, chance, log_weight)
    }
}

vectorised! {
    fn score(lanes: &Lanes, value: f32, log_weight: &mut [f64; LANES]) {
        let (mut largest, mut largest_logit) = ([f32::MIN; LANES], [f32::MIN; LANES]);
        let term = |[logits, means, log_sigmas]: &[Row; 3], lane: usize| {
            let scaled = (value - lanes.centre[lane] - means[lane]) * exp(-log_sigmas[lane]);
            logits[lane] - log_sigmas[lane] - 0.5 * scaled * scaled
        };
        for component in &lanes.components {
            for lane in 0..LANES {
                largest[lane] = largest[lane].max(term(component, lane));
                largest_logit[lane] = largest_logit[lane].max(component[0][lane]);
            }
        }
        let (mut sum, mut of_logits) = (Row::default(), Row::default());
        for component in &lanes.components {
            for lane in 0..LANES {
                sum[lane] += exp(term(component, lane) - largest[lane]);
                of_logits[lane] += exp(component[0][lane] - largest_logit[lane]);
            }
        }
        const HALF_LN_TWO_PI: f32 = 0.918_938_5;
        for lane in 0..LANES {
            let log = ln(sum[lane] / of_logits[lane]) + largest[lane] - largest_logit[lane];
            log_weight[lane] += f64::from(log - HALF_LN_TWO_PI);
        }
    }
}

vectorised! {
    /// With `b = 1 / sigma^2`, `a = b + precision` and the mean m, a component times the factor is
    /// `sqrt(b / a) exp(shift m - precision m^2 / 2 + g^2 / (2 a)) N(m + g / a, 1 / a)`, `g = shift - precision m`.
    /// All values are counted from the lane's centre, so that nothing large is taken from anything large.
    fn draw(lanes: &Lanes, factor: Factor, chance: &Chance, log_weight: &mut [f64; LANES]) -> Row {
        let precision = factor.precision;
        let mut shift = factor.shift;
        for lane in 0..LANES {
            shift[lane] -= precision * lanes.centre[lane];
        }
        let (mut largest, mut largest_logit) = ([f32::MIN; LANES], [f32::MIN; LANES]);
        let after = |[_, means, log_sigmas]: &[Row; 3], lane: usize| {
            let before = exp(-2.0 * log_sigmas[lane]);
            let after = before + precision;
            (before / after, 1.0 / after, shift[lane] - precision * means[lane])
        };
        let term = |component: &[Row; 3], by_after: f32, g: f32, lane: usize| {
            let [logits, means, _] = component;
            let (mean, half_g) = (means[lane], 0.5 * g);
            logits[lane] + mean * (shift[lane] - 0.5 * precision * mean) + half_g * g * by_after
        };
        for component in &lanes.components {
            for lane in 0..LANES {
                let (_, by_after, g) = after(component, lane);
                largest[lane] = largest[lane].max(term(component, by_after, g, lane));
                largest_logit[lane] = largest_logit[lane].max(component[0][lane]);
            }
        }
        let (mut sum, mut of_logits) = (Row::default(), Row::default());
        for component in &lanes.components {
            for lane in 0..LANES {
                let (share, by_after, g) = after(component, lane);
                sum[lane] += share.sqrt() * exp(term(component, by_after, g, lane) - largest[lane]);
                of_logits[lane] += exp(component[0][lane] - largest_logit[lane]);
            }
        }
        // The component is the first whose weight and those before it exceed the share of the sum.
        let (mut left, mut centre, mut variance) = (Row::default(), Row::default(), Row::default());
        for lane in 0..LANES {
            left[lane] = chance.uniform[lane] * sum[lane];
        }
        for (number, component) in lanes.components.iter().enumerate() {
            let is_first = number == 0;
            for lane in 0..LANES {
                let (share, by_after, g) = after(component, lane);
                let open = is_first || left[lane] >= 0.0;
                centre[lane] = if open { component[1][lane] + g * by_after } else { centre[lane] };
                variance[lane] = if open { by_after } else { variance[lane] };
                left[lane] -= share.sqrt() * exp(term(component, by_after, g, lane) - largest[lane]);
            }
        }
        let mut values = Row::default();
        for lane in 0..LANES {
            let drawn = centre[lane] + variance[lane].sqrt() * chance.normal[lane];
            let value = (lanes.centre[lane] + drawn).max(-LARGEST_VALUE).min(LARGEST_VALUE);
            let drawn = value - lanes.centre[lane];
            let log_total = ln(sum[lane] / of_logits[lane]) + largest[lane] - largest_logit[lane];
            log_weight[lane] += f64::from(log_total - (shift[lane] - 0.5 * precision * drawn) * drawn);
            values[lane] = value;
        }
        values
    }
}
