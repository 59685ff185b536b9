//! One case's scores, and their means over many.

use super::autoregression::Normal;
use super::document::{Method, MethodScores};
use super::ensemble::Ensemble;
use super::gaussian;
use crate::metrics::round;

/// What one method scores on one hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    error: f64,
    pub(crate) crps: f64,
    /// By the central intervals of 50 and 90 %.
    covers: Option<[bool; 2]>,
}

impl Scored {
    pub(crate) fn of_ensemble(ensemble: &Ensemble, value: f64) -> Scored {
        let covers = [0.5, 0.9].map(|share| {
            let [low, high] = ensemble.interval(share);
            (low..=high).contains(&value)
        });
        let (error, crps) = ((ensemble.median() - value).abs(), ensemble.crps(value));
        Scored { error, crps, covers: Some(covers) }
    }

    pub(crate) fn of_normal(normal: Normal, value: f64) -> Scored {
        let Normal { mean, sd } = normal;
        let (crps, covers) = (gaussian::crps(value, mean, sd), gaussian::covers(value, mean, sd));
        Scored { error: (mean - value).abs(), crps, covers: Some(covers) }
    }

    pub(crate) fn of_point(point: f64, value: f64) -> Scored {
        let error = (point - value).abs();
        Scored { error, crps: error, covers: None }
    }
}

/// The sums of one method.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    method: Method,
    cases: usize,
    error: f64,
    crps: f64,
    inside: Option<[usize; 2]>,
}

impl Tally {
    pub(crate) fn of(method: Method) -> Tally {
        Tally { method, cases: 0, error: 0.0, crps: 0.0, inside: Some([0; 2]) }
    }

    pub(crate) fn add(&mut self, scored: Scored) {
        self.cases += 1;
        self.error += scored.error;
        self.crps += scored.crps;
        let both = self.inside.zip(scored.covers);
        self.inside =
            both.map(|(inside, covers)| [0, 1].map(|level| inside[level] + usize::from(covers[level])));
    }

    /// `None` without a case.
    pub(crate) fn scores(&self) -> Option<MethodScores> {
        let cases = self.cases as f64;
        (self.cases > 0).then(|| MethodScores {
            method: self.method,
            mae: round(self.error / cases),
            crps: round(self.crps / cases),
            coverage: self.inside.map(|inside| inside.map(|inside| round(inside as f64 / cases))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_over_cases_and_a_point_has_no_interval() {
        let mut tally = Tally::of(Method::Linear);
        assert_eq!(tally.scores(), None);
        tally.add(Scored::of_point(3.0, 1.0));
        tally.add(Scored::of_point(-1.0, 0.0));
        let expected = MethodScores { method: Method::Linear, mae: 1.5, crps: 1.5, coverage: None };
        assert_eq!(tally.scores(), Some(expected));
    }

    #[test]
    fn an_ensemble_and_a_normal_distribution_say_what_they_cover() {
        let mut tally = Tally::of(Method::Model);
        let ensemble = Ensemble::of((1..=19).map(f64::from).collect());
        // The central half of 19 members reaches from the fifth to the fifteenth, 90 % from the first to the last.
        for value in [5.0, 16.0, 20.0, 10.0] {
            tally.add(Scored::of_ensemble(&ensemble, value));
        }
        assert_eq!(tally.scores().unwrap().coverage, Some([0.5, 0.75]));
        let scored = Scored::of_normal(Normal { mean: 0.0, sd: 2.0 }, 3.0);
        assert_eq!(scored.covers, Some([false, true]));
    }
}
