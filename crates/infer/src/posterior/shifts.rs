//! What later hours say about each missing hour of an episode: a guide ([`super::guide`]) whose precision and
//! coupling are the same for all latents, and whose shift is a linear function of them. It is found by the
//! backward recursion of the shift, once for the mode and once for each latent's part.

/// Latents that go through the recursion at once.
const BLOCK: usize = 8;

/// One hour near the mode, and its guide.
#[derive(Debug, Default)]
pub(super) struct LinearStep {
    pub slopes: Vec<f64>,
    pub by_variance: f64,
    /// The mean where the hours before are 0 and the latents are the mode's.
    pub constant: f64,
    /// By the open latents that reach it, from `first_latent` on.
    pub by_latents: Vec<f64>,
    pub first_latent: usize,
    /// Of the hour itself in the information that later hours hold.
    pub precision: f64,
    /// Of the hours before it with it.
    pub coupling: Vec<f32>,
    /// The shift where the latents are the mode's.
    pub shift: f64,
    /// What the open latents from `first_shifted` on do to it.
    pub shift_by_latents: Vec<f32>,
    pub first_shifted: usize,
}

/// Fills in the shifts from all else. `seen` says what was observed, by the number of the hour in the
/// episode; there must be lags.
pub(super) fn fill(hours: &mut [LinearStep], seen: impl Fn(usize) -> Option<f64>) {
    let mut state = State::<1>::new(hours);
    for at in (0..hours.len()).rev() {
        hours[at].shift = state.shift[0][0];
        state.step(&hours[at], [hours[at].constant], seen(at));
    }
    let latents =
        hours.iter().map(|hour| hour.first_latent + hour.by_latents.len()).max().unwrap_or_default();
    for first in (0..latents).step_by(BLOCK) {
        let width = BLOCK.min(latents - first);
        let reaches = |hour: &LinearStep| {
            hour.first_latent < first + width && first < hour.first_latent + hour.by_latents.len()
        };
        let (Some(start), Some(last)) = (hours.iter().position(reaches), hours.iter().rposition(reaches))
        else {
            continue;
        };
        let mut state = State::<BLOCK>::new(hours);
        for at in (0..=last).rev() {
            let observed = seen(at);
            let hour = &mut hours[at];
            if observed.is_none() {
                hour.append(first, &state.shift[0][..width]);
            }
            if at < start && state.is_zero() {
                break;
            }
            state.step(hour, hour.part::<BLOCK>(first), observed.map(|_| 0.0));
        }
    }
}

impl LinearStep {
    /// What a block of latents does to the mean.
    fn part<const WIDTH: usize>(&self, first: usize) -> [f64; WIDTH] {
        std::array::from_fn(|number| match (first + number).checked_sub(self.first_latent) {
            Some(at) => self.by_latents.get(at).copied().unwrap_or_default(),
            None => 0.0,
        })
    }

    fn append(&mut self, first: usize, shifts: &[f64]) {
        if self.shift_by_latents.is_empty() {
            self.first_shifted = first;
        }
        self.shift_by_latents.resize(first - self.first_shifted, 0.0);
        self.shift_by_latents.extend(shifts.iter().map(|&shift| shift as f32));
    }
}

/// The shift of the last hours, the last first, for several constants of the mean.
struct State<const WIDTH: usize> {
    shift: Vec<[f64; WIDTH]>,
}

impl<const WIDTH: usize> State<WIDTH> {
    /// No information.
    fn new(hours: &[LinearStep]) -> State<WIDTH> {
        State { shift: vec![[0.0; WIDTH]; hours.first().map_or(0, |hour| hour.slopes.len())] }
    }

    fn is_zero(&self) -> bool {
        self.shift.iter().flatten().all(|shift| *shift == 0.0)
    }

    /// Goes from the state whose first hour is this one to the state before it: [`super::guide::Backward::step`]
    /// with precision and coupling known.
    fn step(&mut self, hour: &LinearStep, constant: [f64; WIDTH], observed: Option<f64>) {
        let first = self.shift[0];
        self.shift.copy_within(1.., 0);
        if let Some(last) = self.shift.last_mut() {
            *last = [0.0; WIDTH];
        }
        let by_variance = hour.by_variance;
        // What is multiplied with the slopes, and with the coupling.
        let (mut by_slope, mut by_coupling) = ([0.0; WIDTH], [0.0; WIDTH]);
        for number in 0..WIDTH {
            let constant = constant[number] * by_variance;
            (by_slope[number], by_coupling[number]) = match observed {
                Some(value) => (value * by_variance - constant, value),
                None => {
                    let factor = (constant + first[number]) / (hour.precision + by_variance);
                    (factor * by_variance - constant, factor)
                }
            };
        }
        for ((shift, slope), coupled) in self.shift.iter_mut().zip(&hour.slopes).zip(&hour.coupling) {
            let coupled = f64::from(*coupled);
            for number in 0..WIDTH {
                shift[number] += slope * by_slope[number] - coupled * by_coupling[number];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::noise::sampler::LinearHour;

    use super::super::guide::Backward;
    use super::*;

    const LAGS: usize = 3;
    const LATENTS: usize = 11;

    fn number(i: usize) -> f64 {
        (i as f64 * 1.7).sin()
    }

    /// Sixty hours, each reached by some of eleven latents; forty of them are seen.
    fn hours() -> (Vec<LinearStep>, impl Fn(usize) -> Option<f64>) {
        let hour = |at: usize| {
            let first_latent = (at / 10).min(6);
            LinearStep {
                slopes: (0..LAGS).map(|lag| 0.4 * number(at + lag)).collect(),
                by_variance: 2.0 + number(at),
                constant: 0.3 * number(3 * at),
                by_latents: (0..LATENTS - 6).map(|latent| 0.5 * number(at + 7 * latent)).collect(),
                first_latent,
                ..LinearStep::default()
            }
        };
        let seen = |at: usize| (at % 9 > 2 || (20..30).contains(&at)).then(|| number(5 * at));
        ((0..60).map(hour).collect(), seen)
    }

    /// The guides by the whole recursion, for a departure of the latents from the mode.
    fn guides(
        hours: &[LinearStep],
        seen: impl Fn(usize) -> Option<f64>,
        moved: &[f64],
    ) -> Vec<super::super::guide::Guide> {
        let mut backward = Backward::new(LAGS);
        let mut guides = Vec::new();
        for (at, hour) in hours.iter().enumerate().rev() {
            guides.push(backward.guide());
            let by_latents = hour.by_latents.iter().zip(&moved[hour.first_latent..]);
            let constant = hour.constant + by_latents.map(|(slope, moved)| slope * moved).sum::<f64>();
            let linear = LinearHour {
                mean: 0.0,
                variance: 1.0 / hour.by_variance,
                slopes: hour.slopes.clone(),
                by_context: Vec::new(),
            };
            backward.step(&linear, constant, seen(at).map(|value| value as f32));
        }
        guides.reverse();
        guides
    }

    #[test]
    fn shifts_are_those_of_the_whole_recursion_for_any_latents() {
        let (mut hours, seen) = hours();
        let moved: Vec<f64> = (0..LATENTS).map(|latent| number(latent + 100)).collect();
        let wanted = guides(&hours, &seen, &moved);
        for (hour, guide) in hours.iter_mut().zip(&wanted) {
            hour.precision = guide.precision;
            hour.coupling = guide.coupling.clone();
            hour.coupling.resize(LAGS, 0.0);
        }
        fill(&mut hours, &seen);
        for (at, (hour, guide)) in hours.iter().zip(&wanted).enumerate().filter(|(at, _)| seen(*at).is_none())
        {
            let by_latents = hour.shift_by_latents.iter().zip(&moved[hour.first_shifted..]);
            let shift = hour.shift + by_latents.map(|(slope, moved)| f64::from(*slope) * moved).sum::<f64>();
            // Slopes and couplings are kept in 32 bits.
            assert!((shift - guide.shift).abs() < 1e-5, "hour {at}: {shift} is not {}", guide.shift);
        }
    }
}
