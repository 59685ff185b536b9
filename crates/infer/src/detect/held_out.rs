//! How much larger scores are in years that the model was not trained on, by which the tails of the training
//! years become those of other years. It is one factor a kind of fault: a held-out year or two say no more. With
//! one, the factor is known to about 6 %, and a rate of events to about 15 %, besides what the years differ by.

use super::tail::Tail;

/// Events so frequent in training years are what held-out years are compared by.
const LEVEL_PER_YEAR: f64 = 50.0;
/// Fewer of them to expect say nothing.
const FEWEST_EVENTS: f64 = 8.0;
/// An event so far above the level counts no more than this, so that a single one does not decide.
const MOST_NATS: f64 = 3.0;
/// Scales are looked for between these.
const SCALES: (f64, f64) = (0.8, 2.5);
/// A model knows the years that it was trained on better than others, the more so the fewer they are: ln of the
/// scale is about this over their number. It was fitted to what [`measured_scale`] gives on the validation years
/// of 18 runs: 1.11 at Phoenix (24 training years), 1.25 at La Haute Borne (9).
const OPTIMISM_YEARS: f64 = 2.1;
/// That expectation weighs as much as so many held-out years: ln of the scale measured on one year is known to
/// 0.08 (as single training years differ), while models differ from what is expected by about 0.05.
const EXPECTATION_YEARS: f64 = 2.5;

/// The factor for a kind whose events in the training years have that tail, and which has these `scores` in
/// `years` held-out years, of which there may be none.
pub(super) fn scale(tail: &Tail, trained_years: f64, scores: &[f64], years: f64) -> f64 {
    let expected = OPTIMISM_YEARS / trained_years;
    let share = years / (years + EXPECTATION_YEARS);
    let measured = measured_scale(tail, scores, years).map_or(expected, f64::ln);
    (share * measured + (1.0 - share) * expected).exp().clamp(SCALES.0, SCALES.1)
}

/// How many times as large scores are as those of a tail of events a year: so many that the events above a
/// level come as often, and lie as far above it, as the tail says. `None` where too few are wanted to say.
fn measured_scale(tail: &Tail, scores: &[f64], years: f64) -> Option<f64> {
    let level = LEVEL_PER_YEAR.min(tail.most());
    if level * years < FEWEST_EVENTS {
        return None;
    }
    let wanted = level * years * -(-MOST_NATS).exp_m1();
    let excess = |scale: f64| {
        let above = |score: &f64| (level.ln() - tail.log_exceedance(score / scale)).clamp(0.0, MOST_NATS);
        scores.iter().map(above).sum::<f64>()
    };
    let (mut low, mut high) = SCALES;
    while high - low > 1e-4 {
        let middle = 0.5 * (low + high);
        if excess(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `per_year` events a year whose excess over 5 is exponential with a mean of 2, at even quantiles.
    fn scores(per_year: f64, years: f64) -> Vec<f64> {
        let count = (per_year * years) as usize;
        (0..count).map(|rank| 5.0 - 2.0 * ((rank as f64 + 0.5) / count as f64).ln()).collect()
    }

    fn tail(years: f64) -> Tail {
        Tail::of(scores(80.0, years), scores(80.0, years), 1.0 / years, 8766.0)
    }

    #[test]
    fn many_held_out_years_say_what_the_scale_is() {
        for wanted in [1.0, 1.2, 1.5] {
            let larger: Vec<f64> = scores(80.0, 200.0).iter().map(|score| wanted * score).collect();
            // The expectation of 1 + 2.1 / 50 weighs 2.5 years of 202.5.
            let got = scale(&tail(50.0), 50.0, &larger, 200.0);
            assert!((got - wanted).abs() < 0.01, "{got} is not {wanted}");
        }
    }

    #[test]
    fn without_held_out_years_the_training_years_number_decides() {
        for (years, wanted) in [(9.0, 0.2333_f64.exp()), (24.0, 0.0875_f64.exp()), (1.0, 2.5)] {
            let got = scale(&tail(years), years, &[], 0.0);
            assert!((got - wanted).abs() < 1e-3, "{got} is not {wanted}");
        }
    }

    #[test]
    fn a_single_event_does_not_decide() {
        let usual = scores(80.0, 1.0);
        let odd = [usual.as_slice(), &[500.0]].concat();
        let change = scale(&tail(24.0), 24.0, &odd, 1.0) / scale(&tail(24.0), 24.0, &usual, 1.0);
        assert!((1.0..1.02).contains(&change), "{change}");
    }
}
