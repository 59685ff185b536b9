//! What is benchmarked and what comes out, as `xtask` asks for it and prints it with `--json`, and as the
//! benchmarks' binary takes it and answers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::nearest;

/// The benchmarks, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Benchmark {
    /// One step of training: forward, backward, Adam.
    TrainStep,
    /// The loss on validation windows.
    Validation,
    /// Latents to standardised hours, in memory.
    Decode,
    /// The article's model to a Parquet file of hours.
    Generate,
    /// The same with the preset `isotherm`, whose noise is drawn hour by hour.
    GenerateIsotherm,
    /// Missing hours of a series, drawn by a trained model.
    Impute,
    /// The hours that follow a series.
    Forecast,
    /// Faults of a series.
    Detect,
    /// The stage of that name, as a process.
    Ingest,
    Preprocess,
    Evaluate,
    /// A second `run-all`, which runs nothing; the cache holds 200 entries and 2 GB.
    CachedRunAll,
    /// `status` with the same cache.
    Status,
}

impl Benchmark {
    pub const ALL: [Benchmark; 13] = [
        Benchmark::TrainStep,
        Benchmark::Validation,
        Benchmark::Decode,
        Benchmark::Generate,
        Benchmark::GenerateIsotherm,
        Benchmark::Impute,
        Benchmark::Forecast,
        Benchmark::Detect,
        Benchmark::Ingest,
        Benchmark::Preprocess,
        Benchmark::Evaluate,
        Benchmark::CachedRunAll,
        Benchmark::Status,
    ];

    /// As in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Benchmark::TrainStep => "train-step",
            Benchmark::Validation => "validation",
            Benchmark::Decode => "decode",
            Benchmark::Generate => "generate",
            Benchmark::GenerateIsotherm => "generate-isotherm",
            Benchmark::Impute => "impute",
            Benchmark::Forecast => "forecast",
            Benchmark::Detect => "detect",
            Benchmark::Ingest => "ingest",
            Benchmark::Preprocess => "preprocess",
            Benchmark::Evaluate => "evaluate",
            Benchmark::CachedRunAll => "cached-run-all",
            Benchmark::Status => "status",
        }
    }

    /// The benchmark of that name.
    ///
    /// # Errors
    /// A sentence that lists the benchmarks and proposes the nearest.
    pub fn named(name: &str) -> Result<Benchmark, String> {
        let names = || Benchmark::ALL.into_iter().map(Benchmark::name);
        Benchmark::ALL.into_iter().find(|benchmark| benchmark.name() == name).ok_or_else(|| {
            let proposal = nearest(name, names()).map(|near| format!("; did you mean {near:?}?"));
            format!(
                "there is no benchmark {name:?}; the benchmarks are {}{}",
                names().collect::<Vec<_>>().join(", "),
                proposal.unwrap_or_default()
            )
        })
    }
}

/// How the model is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// Losses, gradients and Adam written out, on the CPU.
    Fast,
    /// burn's automatic differentiation and optimiser around encoder and decoder as one operation each,
    /// on the CPU: what its bookkeeping costs.
    Operations,
    /// burn's operations alone, on every device.
    Portable,
}

impl Path {
    pub fn name(self) -> &'static str {
        match self {
            Path::Fast => "fast",
            Path::Operations => "operations",
            Path::Portable => "portable",
        }
    }
}

/// What is measured. Two results belong to each other if their cases are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: Benchmark,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Path>,
    /// The model's `preset`, where it is not the article's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Sequences of a training step, windows of a validation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_hours: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<usize>,
    /// Of each member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<usize>,
    /// The files that a stage reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

impl Case {
    pub fn of(name: Benchmark) -> Case {
        Case {
            name,
            path: None,
            preset: None,
            batch: None,
            filters: None,
            length_hours: None,
            members: None,
            years: None,
            data: None,
        }
    }

    /// All but name and path, in words: `batch 32, 40 filters, 1536 hours`.
    pub fn describe(&self) -> String {
        let number = |value: Option<usize>, unit: &str| value.map(|value| format!("{value} {unit}"));
        let words = [
            self.preset.as_ref().map(|preset| format!("preset {preset}")),
            self.batch.map(|batch| format!("batch {batch}")),
            number(self.filters, "filters"),
            number(self.length_hours, "hours"),
            match (self.members, self.years) {
                (Some(members), Some(years)) => Some(format!("{members} x {years} years")),
                (members, years) => number(members, "members").or(number(years, "years")),
            },
            self.data.clone(),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub median_ms: f64,
    pub fastest_ms: f64,
    pub slowest_ms: f64,
    /// How often it was measured.
    pub samples: usize,
    /// Achieved in the median, where the work is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gflops: Option<f64>,
    /// What matrix products of the same shapes reach, all cores at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_gflops: Option<f64>,
    /// Largest resident set of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_mb: Option<f64>,
}

impl Outcome {
    /// Of at least one measurement.
    ///
    /// # Errors
    /// A sentence, when there is none.
    pub fn of(mut milliseconds: Vec<f64>) -> Result<Outcome, String> {
        milliseconds.sort_by(f64::total_cmp);
        let samples = milliseconds.len();
        let (Some(&fastest_ms), Some(&slowest_ms)) = (milliseconds.first(), milliseconds.last()) else {
            return Err("nothing was measured".to_string());
        };
        let median_ms = (milliseconds[(samples - 1) / 2] + milliseconds[samples / 2]) / 2.0;
        let (gflops, peak_gflops, peak_memory_mb) = (None, None, None);
        Ok(Outcome { median_ms, fastest_ms, slowest_ms, samples, gflops, peak_gflops, peak_memory_mb })
    }

    /// The names of its fields in JSON.
    const FIELDS: [&str; 7] =
        ["median_ms", "fastest_ms", "slowest_ms", "samples", "gflops", "peak_gflops", "peak_memory_mb"];
}

/// A case and what came out; in JSON one flat object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Measured {
    pub case: Case,
    pub outcome: Outcome,
}

impl From<Measured> for Map<String, Value> {
    fn from(measured: Measured) -> Map<String, Value> {
        let parts = [serde_json::to_value(measured.case), serde_json::to_value(measured.outcome)];
        let objects = parts.into_iter().flatten().filter_map(|part| part.as_object().cloned());
        objects.flatten().collect()
    }
}

impl TryFrom<Map<String, Value>> for Measured {
    type Error = serde_json::Error;

    fn try_from(object: Map<String, Value>) -> serde_json::Result<Measured> {
        let (outcome, case): (Map<_, _>, Map<_, _>) =
            object.into_iter().partition(|(key, _)| Outcome::FIELDS.contains(&key.as_str()));
        Ok(Measured {
            case: serde_json::from_value(case.into())?,
            outcome: serde_json::from_value(outcome.into())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_is_one_flat_object_both_ways() {
        let text = json!({
            "name": "train-step", "path": "fast", "batch": 32, "filters": 40, "length_hours": 1536,
            "median_ms": 10.5, "fastest_ms": 10.0, "slowest_ms": 12.0, "samples": 40, "gflops": 89.0,
        });
        let measured: Measured = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(measured.case.path, Some(Path::Fast));
        assert_eq!(measured.outcome.gflops, Some(89.0));
        assert_eq!(serde_json::to_value(measured).unwrap(), text);
    }

    #[test]
    fn an_unknown_field_of_a_result_is_refused() {
        let text =
            json!({"name": "decode", "median_ms": 1, "fastest_ms": 1, "slowest_ms": 1, "samples": 1, "x": 2});
        let error = serde_json::from_value::<Measured>(text).unwrap_err().to_string();
        assert!(error.starts_with("unknown field `x`"), "{error}");
    }

    #[test]
    fn names_on_the_command_line_and_in_json_are_the_same() {
        for benchmark in Benchmark::ALL {
            assert_eq!(serde_json::to_value(benchmark).unwrap(), benchmark.name());
            assert_eq!(Benchmark::named(benchmark.name()), Ok(benchmark));
        }
        for path in [Path::Fast, Path::Operations, Path::Portable] {
            assert_eq!(serde_json::to_value(path).unwrap(), path.name());
        }
    }

    #[test]
    fn an_unknown_benchmark_proposes_the_nearest() {
        assert_eq!(
            Benchmark::named("trainstep").unwrap_err(),
            "there is no benchmark \"trainstep\"; the benchmarks are train-step, validation, decode, generate, \
             generate-isotherm, impute, forecast, detect, ingest, preprocess, evaluate, cached-run-all, status; did you mean \"train-step\"?"
        );
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        let median = |samples: &[f64]| Outcome::of(samples.to_vec()).map(|outcome| outcome.median_ms);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Ok(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Ok(2.5));
        assert_eq!(median(&[]), Err("nothing was measured".to_string()));
    }

    #[test]
    fn a_case_is_described_without_what_does_not_apply() {
        let case = Case { batch: Some(32), filters: Some(40), ..Case::of(Benchmark::TrainStep) };
        assert_eq!(case.describe(), "batch 32, 40 filters");
        let case = Case { members: Some(100), years: Some(1), ..Case::of(Benchmark::Decode) };
        assert_eq!(case.describe(), "100 x 1 years");
        let case = Case { members: Some(100), length_hours: Some(240), ..Case::of(Benchmark::Forecast) };
        assert_eq!(case.describe(), "240 hours, 100 members");
    }
}
