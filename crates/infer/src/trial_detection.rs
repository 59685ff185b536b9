//! The detector's part of the `trials` stage: faults put into the test years, and what is found of them. How
//! good that is, `evaluate` says.

use contract::artifact::{DETECTED_EVENTS, DETECTIONS, column};
use contract::calendar::HOUR_US;
use contract::stage::Outputs;
use tables::{Column, Table, Values};

use crate::calibrate::stretches;
use crate::detect::{DetectSettings, Detection, Detector, FaultKind, detect};
use crate::faults::{Faulty, inject};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::purpose::seed_of;

/// False alarms a year that the trials ask for.
const FALSE_ALARMS_PER_YEAR: f64 = 12.0;
const SEED: u64 = 6;
/// The copy without faults.
const NONE: &str = "none";

/// The rows of both files.
#[derive(Default)]
struct Rows {
    fault: Vec<&'static str>,
    time: Vec<i64>,
    local_time: Vec<i64>,
    adjusted: Vec<f32>,
    size: Vec<i32>,
    p_value: Vec<f32>,
    event_fault: Vec<&'static str>,
    event_kind: Vec<&'static str>,
    event_start: Vec<i64>,
    event_end: Vec<i64>,
    event_rate: Vec<f64>,
}

/// Puts faults of each kind into hours of the test years, looks for them and writes `detections.parquet` and
/// `detected_events.parquet`. `times` are UTC, ascending; `adjusted` are canonical units in the reference
/// year's climate, NaN where missing. Stretches too short to look at are left out.
///
/// # Errors
/// When the model fails or a file cannot be written.
pub fn run(
    model: &TrainedModel,
    detector: &Detector,
    times: &[i64],
    adjusted: &[f32],
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let stretches: Vec<Stretch> = stretches(times, 0..times.len())
        .into_iter()
        .map(|rows| Stretch::of(model, times[rows.start], &adjusted[rows]))
        .filter(|stretch| {
            stretch.observed.values.iter().filter(|v| !v.is_nan()).count() >= crate::detect::FEWEST_HOURS
        })
        .collect();
    let sd = standard_deviation(model, &stretches);
    let mut rows = Rows::default();
    for kind in std::iter::once(None).chain(FaultKind::ALL.map(Some)) {
        for (number, stretch) in (0_u64..).zip(&stretches) {
            let values = &stretch.observed.values;
            let faulty = match kind {
                None => Faulty { values: values.clone(), sizes: vec![0; values.len()] },
                Some(kind) => inject(values, kind, sd, seed_of(SEED, kind.name(), number)),
            };
            let observed = ObservedHours { first_us: stretch.observed.first_us, values: faulty.values };
            let settings = DetectSettings { false_alarms_per_year: FALSE_ALARMS_PER_YEAR };
            let detection = detect(model, detector, &observed, settings)?;
            rows.append(
                kind.map_or(NONE, FaultKind::name),
                model,
                stretch,
                &observed,
                &faulty.sizes,
                detection,
            );
        }
    }
    rows.write(model, outputs)
}

/// Consecutive hours, and what the trend adds to each.
struct Stretch {
    observed: ObservedHours,
    departures: Vec<f64>,
}

impl Stretch {
    fn of(model: &TrainedModel, first_us: i64, adjusted: &[f32]) -> Stretch {
        let offset = model.transform.utc_offset;
        let departure =
            |hour: usize| model.transform.trend.departure(offset.to_local(first_us + hour as i64 * HOUR_US));
        let departures: Vec<f64> = (0..adjusted.len()).map(departure).collect();
        let values = adjusted.iter().zip(&departures);
        let values = values.map(|(adjusted, departure)| (f64::from(*adjusted) + departure) as f32).collect();
        Stretch { observed: ObservedHours { first_us, values }, departures }
    }
}

/// Of the hours around their climatology: where a standardised hour would be 0.
fn standard_deviation(model: &TrainedModel, stretches: &[Stretch]) -> f64 {
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for stretch in stretches {
        let mut transform = model.transform.cursor();
        for (hour, value) in stretch.observed.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let centre = transform.at(stretch.observed.local_us(model, hour)).restore(0.0);
            let anomaly = f64::from(*value) - stretch.departures[hour] - centre;
            sum += anomaly;
            squares += anomaly * anomaly;
            count += 1.0;
        }
    }
    let mean = sum / f64::max(count, 1.0);
    (squares / f64::max(count, 1.0) - mean * mean).max(0.0).sqrt()
}

impl Rows {
    fn append(
        &mut self,
        copy: &'static str,
        model: &TrainedModel,
        stretch: &Stretch,
        observed: &ObservedHours,
        sizes: &[i32],
        detection: Detection,
    ) {
        let hours = observed.values.len();
        self.fault.extend(std::iter::repeat_n(copy, hours));
        self.time.extend((0..hours).map(|hour| observed.time_us(hour)));
        self.local_time.extend((0..hours).map(|hour| observed.local_us(model, hour)));
        let adjusted = observed.values.iter().zip(&stretch.departures);
        self.adjusted.extend(adjusted.map(|(value, departure)| (f64::from(*value) - departure) as f32));
        self.size.extend(sizes);
        self.p_value.extend(detection.p_values);
        for event in detection.events {
            self.event_fault.push(copy);
            self.event_kind.push(event.kind.name());
            self.event_start.push(observed.time_us(event.start));
            self.event_end.push(observed.time_us(event.end));
            self.event_rate.push(event.expected_per_year);
        }
    }

    fn write(self, model: &TrainedModel, outputs: &Outputs) -> anyhow::Result<()> {
        let texts =
            |values: Vec<&str>| Values::Text(values.into_iter().map(|text| Some(text.into())).collect());
        let variable = model.variable;
        let detections = Table::new(vec![
            Column::new(column::FAULT, texts(self.fault)),
            Column::new(column::TIME, Values::Time(self.time)),
            Column::new(column::LOCAL_TIME, Values::LocalTime(self.local_time)),
            Column::with_unit(
                column::adjusted(&model.transform.variable),
                variable.canonical_unit,
                Values::Float32(self.adjusted),
            ),
            Column::new(column::SIZE, Values::Int32(self.size)),
            Column::new(column::P_VALUE, Values::Float32(self.p_value)),
        ]);
        tables::write(&outputs.file(DETECTIONS), &detections)?;
        let events = Table::new(vec![
            Column::new(column::FAULT, texts(self.event_fault)),
            Column::new(column::KIND, texts(self.event_kind)),
            Column::new(column::START, Values::Time(self.event_start)),
            Column::new(column::END, Values::Time(self.event_end)),
            Column::new(column::EXPECTED_PER_YEAR, Values::Float64(self.event_rate)),
        ]);
        tables::write(&outputs.file(DETECTED_EVENTS), &events)
    }
}
