//! What the model is measured beside: simple generators that are fitted on the training half of the
//! years, and deliberately broken ones that show what the scorecard can see. Each makes a series as long
//! as the generated one's first member, on its days. To add one, write it in a file of its own and add a
//! line to [`RIVALS`].

pub(crate) mod autoregression;
mod blocks;
mod climatology;
mod copies;
mod distortions;
mod smoothing;

use crate::climatology::Climatology;
use crate::gaps::{bridged, gaps};
use crate::random::Random;
use crate::scorecard::{CandidateKind, Name};
use crate::series::{Day, HOURS, Series, is_complete};

/// Gaps of more hours are no part of a block of real days.
const LONGEST_FILLED_HOURS: usize = HOURS;

/// All rivals, then all broken generators.
pub(crate) const RIVALS: &[Rival] = &[
    rival("climatology", "Climatology, day of year x hour", climatology::repeat),
    rival("periodic_ar26", "Periodic AR(26)", autoregression::generate),
    rival("blocks_4_days", "Independent blocks of 4 days", blocks::independent::<4>),
    rival("blocks_64_days", "Independent blocks of 64 days", blocks::independent::<64>),
    rival("knn_blocks", "Chained blocks of 4 days (8 nearest neighbours)", blocks::chained),
    broken("too_smooth", "Broken: chained blocks, mean over 24 hours", smoothing::too_smooth),
    broken("no_memory", "Broken: every day by itself", blocks::independent::<1>),
    broken("shifted_phase", "Broken: training years 6 hours late", distortions::shifted_phase),
    broken("wrong_tails", "Broken: training years with stretched tails", distortions::wrong_tails),
    broken("lasting_weather", "Broken: every day's weather lasts three days", distortions::lasting_weather),
    broken("equal_months", "Broken: no month is warmer or colder than usual", distortions::equal_months),
    broken("copied_years", "Broken: training years in random order", copies::copied_years),
];

/// A generator that is no model of ours.
pub(crate) struct Rival {
    pub(crate) name: Name,
    make: Make,
}

/// 24 values for each day of [`Material::axis`], or why there are none.
type Make = fn(&Material, &mut Random) -> Result<Vec<f64>, String>;

const fn rival(name: &'static str, title: &'static str, make: Make) -> Rival {
    Rival { name: Name { name, title, kind: CandidateKind::Rival }, make }
}

const fn broken(name: &'static str, title: &'static str, make: Make) -> Rival {
    Rival { name: Name { name, title, kind: CandidateKind::Broken }, make }
}

/// What rivals are made from.
pub(crate) struct Material {
    /// The years of the training half, training and validation.
    pub(crate) training: Series,
    /// Its days without those that miss more than a day's hours in a row; shorter gaps are filled, for what
    /// is made of pieces of real years.
    pub(crate) whole: Series,
    /// The mean of each whole day.
    pub(crate) daily: Vec<f64>,
    /// The days to fill.
    pub(crate) axis: Vec<Day>,
}

impl Material {
    /// From the training half and the generated series, of whose first member the days are taken.
    pub(crate) fn of(training: &Series, generated: &Series) -> Material {
        let first = generated.days.first().map(|day| day.member);
        let days = generated.days.iter().filter(|day| Some(day.member) == first);
        let whole = whole_days(training);
        let daily = whole.daily_means();
        Material { training: training.clone(), whole, daily, axis: days.copied().collect() }
    }

    /// The 24 values of a whole training day.
    fn day(&self, index: usize) -> &[f64] {
        self.whole.day(index)
    }
}

/// The days of a series of which no gap of more than 24 hours takes a part. In shorter ones the anomalies from
/// the series' climatology go on in a straight line.
fn whole_days(training: &Series) -> Series {
    let anomalies = match is_complete(&training.values) {
        true => None,
        false => Climatology::fit(training).map(|climatology| (climatology.anomalies(training), climatology)),
    };
    let Some((anomalies, climatology)) = anomalies else { return complete_days(training, &training.values) };
    let mut filled = training.values.clone();
    for run in &training.runs {
        let hours = run.start * HOURS..run.end * HOURS;
        let bridge = bridged(&anomalies[hours.clone()]);
        for gap in gaps(&anomalies[hours.clone()]).into_iter().filter(|gap| gap.len() <= LONGEST_FILLED_HOURS)
        {
            for at in gap {
                let (day, hour) = (&training.days[run.start + at / HOURS], at % HOURS);
                filled[hours.start + at] = climatology.of_day(day)[hour] + bridge[at];
            }
        }
    }
    complete_days(training, &filled)
}

fn complete_days(series: &Series, values: &[f64]) -> Series {
    let days = series.days.iter().zip(values.chunks_exact(HOURS)).filter(|(_, values)| is_complete(values));
    let (days, values): (Vec<Day>, Vec<&[f64]>) = days.unzip();
    Series::on_days(&days, &values.concat())
}

impl Rival {
    /// The rival's series.
    ///
    /// # Errors
    /// Why the training years are too few for it.
    pub(crate) fn series(&self, material: &Material) -> Result<Series, String> {
        if material.training.days.is_empty() {
            return Err("there is no whole training year".to_string());
        }
        if material.whole.days.is_empty() {
            return Err("the training years have no day without a missing hour".to_string());
        }
        let values = (self.make)(material, &mut Random::of(self.name.name))?;
        match values.iter().all(|value| value.is_finite()) {
            true => Ok(Series::on_days(&material.axis, &values)),
            false => Err("its values do not stay finite".to_string()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sample::tests::{Noise, sample};
    use crate::series::mean;
    use contract::calendar::civil;

    /// Six training years of a course with noise, and ten years to fill.
    pub(crate) fn material() -> Material {
        let mut noise = Noise(3);
        let mut state = 0.0;
        let mut weather = |time: i64| {
            state = 0.95 * state + 0.3 * noise.normal();
            let civil = civil(time);
            let year = std::f64::consts::TAU * f64::from(civil.day_of_year) / 365.0;
            280.0 - 9.0 * year.cos() + f64::from((civil.hour - 12).abs()) / -3.0 + state
        };
        let training = sample(2001, 6 * 365 * 24 + 24, &mut weather);
        let axis = sample(2021, 10 * 365 * 24 + 48, |_| 0.0);
        Material::of(&training.series, &axis.series)
    }

    #[test]
    fn every_rival_fills_the_days_and_repeats() {
        let material = material();
        for rival in RIVALS {
            let series = rival.series(&material).expect(rival.name.name);
            assert_eq!(series.days, material.axis, "{}", rival.name.name);
            assert_eq!(series.values.len(), material.axis.len() * 24);
            assert_eq!(series.values, rival.series(&material).unwrap().values, "{}", rival.name.name);
            let average = mean(&series.values);
            assert!((average - 278.0).abs() < 1.5, "{}: mean {average}", rival.name.name);
        }
    }

    #[test]
    fn missing_training_hours_make_no_hole_in_a_rival() {
        let whole = material();
        let mut noise = Noise(8);
        let gappy = |series: &Series| {
            let mut series = series.clone();
            series.values.iter_mut().for_each(|value| {
                if noise.uniform() < 0.05 {
                    *value = f64::NAN
                }
            });
            series.values[1000 * 24..1021 * 24].fill(f64::NAN);
            series
        };
        let axis = Series::on_days(&whole.axis, &vec![0.0; whole.axis.len() * HOURS]);
        let material = Material::of(&whole.training.clone(), &axis);
        assert_eq!(material.whole.values, material.training.values);
        let material = Material::of(&{ gappy }(&whole.training), &axis);
        // The edges of the three weeks are parts of days that are lost with them.
        assert!((21..=23).contains(&(whole.training.days.len() - material.whole.days.len())));
        for rival in RIVALS {
            let series = rival.series(&material).expect(rival.name.name);
            assert!(is_complete(&series.values), "{}", rival.name.name);
            let average = mean(&series.values) - mean(&rival.series(&whole).unwrap().values);
            assert!(average.abs() < 0.25, "{}: {average}", rival.name.name);
        }
    }

    #[test]
    fn without_training_years_there_is_no_rival() {
        let material = Material::of(&Series::default(), &sample(2021, 10 * 365 * 24, |_| 0.0).series);
        for rival in RIVALS {
            assert_eq!(rival.series(&material).unwrap_err(), "there is no whole training year");
        }
    }
}
