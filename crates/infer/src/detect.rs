//! Hours that do not look like the place's weather: likelihood ratios of what each kind of fault would leave,
//! by the model's density of an hour given the ones before it, held against the same of years without faults.

mod clock;
mod departures;
mod detector;
mod slips;
mod slow;
mod steps;
mod tail;

use contract::stage::{Inputs, read_json};

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::which::Which;
use clock::Scorer;
use departures::Departures;
pub use detector::{Detector, Seen};
use detector::{Faultless, Found};

/// What counts as an alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectSettings {
    /// Events a year that a series without faults may have.
    pub false_alarms_per_year: f64,
}

/// The kinds of faults that events are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// One hour or a few far off.
    Spike,
    /// The same value for too long.
    Stuck,
    /// A slowly growing departure.
    Drift,
    /// A departure that begins at once and stays.
    LevelShift,
    /// The daily course at the wrong time, as after a time-zone slip.
    WrongPhase,
}

impl FaultKind {
    pub const ALL: [FaultKind; 5] =
        [FaultKind::Spike, FaultKind::Stuck, FaultKind::Drift, FaultKind::LevelShift, FaultKind::WrongPhase];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Spike => "spike",
            FaultKind::Stuck => "stuck",
            FaultKind::Drift => "drift",
            FaultKind::LevelShift => "level-shift",
            FaultKind::WrongPhase => "wrong-phase",
        }
    }
}

/// A run of hours that is not the place's weather.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: FaultKind,
    /// Number of its first hour.
    pub start: usize,
    /// Number of the hour after its last.
    pub end: usize,
    /// Events as strong a year in a series without faults.
    pub expected_per_year: f64,
    /// What was seen, for people: `2.3 K above what the hours before it lead to`.
    pub evidence: String,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    /// For each hour, how often an hour without fault looks at least as odd; NaN where it is missing.
    pub p_values: Vec<f32>,
    /// By their first hour.
    pub events: Vec<Event>,
}

/// In the model folder: how large departures are without faults.
pub const DETECTOR: &str = "detector.json";
/// Fewer hours than this say nothing.
pub const FEWEST_HOURS: usize = 192;

/// Looks for faults.
///
/// # Errors
/// When too few hours are there, or the model fails.
pub fn detect(
    model: &TrainedModel,
    detector: &Detector,
    observed: &ObservedHours,
    settings: DetectSettings,
) -> anyhow::Result<Detection> {
    let there: Vec<bool> = observed.values.iter().map(|value| !value.is_nan()).collect();
    let count = there.iter().filter(|there| **there).count();
    anyhow::ensure!(
        count > 0,
        "all {} hours are missing; wanted at least {FEWEST_HOURS} hours with values",
        there.len()
    );
    anyhow::ensure!(
        count >= FEWEST_HOURS,
        "the series has {count} hours with values; wanted at least {FEWEST_HOURS} to look for faults in"
    );
    let scorer = Scorer::new(model)?;
    let Departures { found } = Departures::of(&scorer, &observed.values, observed.local_us(model, 0))?;
    let p_values = detector.p_values(&Faultless { there, departures: &found });
    let events = detector.events(&found, settings.false_alarms_per_year);
    let events = events.into_iter().map(|found| event(model, observed, found)).collect();
    Ok(Detection { p_values, events })
}

impl Detector {
    /// Reads what the `calibrate` stage left.
    ///
    /// # Errors
    /// When the file is missing or of another format version.
    pub fn read(inputs: &Inputs) -> anyhow::Result<Detector> {
        read_json(inputs.path(&format!("{}/{DETECTOR}", Which::of(inputs).calibration()))?)
    }

    /// Learns from stretches of years without faults.
    ///
    /// # Errors
    /// When the model fails, or no hour is there.
    pub fn learn(model: &TrainedModel, years: &[ObservedHours], seen: Seen) -> anyhow::Result<Detector> {
        let scorer = Scorer::new(model)?;
        let departures =
            years.iter().map(|hours| Departures::of(&scorer, &hours.values, hours.local_us(model, 0)));
        let departures = departures.collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(
            years.iter().any(|hours| hours.values.iter().any(|value| !value.is_nan())),
            "there are no training hours to calibrate the detector with"
        );
        Ok(Detector::of(&faultless(years, &departures), seen))
    }
}

/// Stretches with what was found in them.
fn faultless<'a>(stretches: &[ObservedHours], departures: &'a [Departures]) -> Vec<Faultless<'a>> {
    let both = stretches.iter().zip(departures);
    both.map(|(hours, departures)| Faultless {
        there: hours.values.iter().map(|value| !value.is_nan()).collect(),
        departures: &departures.found,
    })
    .collect()
}

/// An event with its evidence in words.
fn event(model: &TrainedModel, observed: &ObservedHours, found: Found) -> Event {
    let departure = found.departure;
    let hours = departure.end - departure.start;
    let unit = model.variable.canonical_unit;
    // The size in canonical units, at the climate's centre of the event's last hour.
    let mut ends = [0.0, departure.size as f32];
    observed.restore(model, departure.end - 1, &mut ends);
    let size = f64::from(ends[1] - ends[0]);
    let side = if size < 0.0 { "below" } else { "above" };
    let evidence = match departure.kind {
        FaultKind::Spike => format!("{:.1} {unit} {side} what the hours around lead to", size.abs()),
        FaultKind::Stuck => {
            format!("the value {} {unit} repeated {hours} times", observed.values[departure.start])
        }
        FaultKind::Drift => {
            format!("a ramp to {:.1} {unit} {side} what is expected, then back at once", size.abs())
        }
        FaultKind::LevelShift => {
            format!("{:.1} {unit} {side} what is expected, from one hour to another", size.abs())
        }
        FaultKind::WrongPhase if departure.size > 0.0 => {
            format!("the daily course fits a clock {} h behind better", departure.size)
        }
        FaultKind::WrongPhase => format!("the daily course fits a clock {} h ahead better", -departure.size),
    };
    Event {
        kind: departure.kind,
        start: departure.start,
        end: departure.end,
        expected_per_year: found.expected_per_year,
        evidence: format!("{evidence} (log likelihood ratio {:.0})", departure.score),
    }
}
