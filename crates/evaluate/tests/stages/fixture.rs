//! Plausible inputs of the stages, made in code, and a way to run the stages on them.

use std::path::{Path, PathBuf};

use contract::calendar::{HOUR_US, civil, year_phase, year_start_us};
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use evaluate::{CompareModels, Evaluate, Report, ScoreTasks};
use serde_json::{Value, json};
use tables::{Column, Table, Values};

/// What differs from the usual inputs.
#[derive(Clone)]
pub struct Case {
    pub in_sample: bool,
    /// Hours of each generated member.
    pub generated_hours: i64,
    pub members: i32,
    pub target_year: Option<i16>,
    /// Added to the generated values, K.
    pub shift_kelvin: f64,
    /// Whether rivals and broken generators are run.
    pub rivals: bool,
    /// Whether the judge is asked.
    pub judge: bool,
    /// The last observed year; the first is 2001.
    pub last_year: i16,
    /// Whether an observed hour is missing, by its local time.
    pub missing: fn(i64) -> bool,
    pub title: &'static str,
}

impl Default for Case {
    fn default() -> Case {
        Case {
            in_sample: false,
            generated_hours: 4 * 8766,
            members: 2,
            target_year: None,
            shift_kelvin: 0.0,
            rivals: false,
            judge: false,
            last_year: 2012,
            missing: |_| false,
            title: "A <place> & its weather",
        }
    }
}

/// A folder with the inputs, and the outputs of the stages.
pub struct Run {
    pub folder: tempfile::TempDir,
    rivals: bool,
    judge: bool,
}

const SLOPE_PER_YEAR: f64 = 0.04;

impl Run {
    /// Writes the inputs.
    pub fn of(case: &Case) -> Run {
        let run = Run { folder: tempfile::tempdir().unwrap(), rivals: case.rivals, judge: case.judge };
        tables::write(&run.path("observed.parquet"), &observed(case)).unwrap();
        tables::write(&run.path("held_out.parquet"), &generated(case)).unwrap();
        tables::write(&run.path("generated.parquet"), &generated(case)).unwrap();
        // The delivered model's years, prepared in the same way.
        std::fs::create_dir(run.path("delivery")).unwrap();
        tables::write(&run.path("delivery/observed.parquet"), &observed(case)).unwrap();
        run.write("delivery/transform.json", &transform(case.in_sample));
        tables::write(&run.path("history.parquet"), &history()).unwrap();
        run.write("transform.json", &transform(case.in_sample));
        run.write("source.json", &source());
        run.write("likelihood.json", &likelihood());
        run
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, value: &Value) {
        std::fs::write(self.path(name), value.to_string()).unwrap();
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    pub fn page(&self) -> String {
        std::fs::read_to_string(self.path("report.html")).unwrap()
    }

    pub fn evaluate(&self) -> anyhow::Result<()> {
        let (rivals, judge) = (self.rivals, self.judge);
        self.run::<Evaluate>(json!({"evaluate": {"rivals": rivals, "broken": rivals, "judge": judge}}))
    }

    pub fn compare_models(&self) -> anyhow::Result<()> {
        self.run::<CompareModels>(json!({}))
    }

    /// The two models are compared first, unless they have been.
    pub fn report(&self, case: &Case) -> anyhow::Result<()> {
        if !self.path("models.json").exists() {
            self.compare_models()?;
        }
        self.run::<Report>(json!({
            "ingest": {"files": ["/home/somebody/data/a.nc"], "latitude_deg": 48.45},
            "train": {"epochs": 3, "learning_rate": 0.001},
            "report": {"title": case.title},
            "stages": {"files": [], "ingest": ["files"], "train": ["ingest"], "report": ["ingest", "train"]},
        }))
    }

    /// Of the files that [`crate::trials::write`] has made.
    pub fn score_tasks(&self) -> anyhow::Result<()> {
        self.run::<ScoreTasks>(json!({}))
    }

    fn run<S: Stage>(&self, tables: Value) -> anyhow::Result<()> {
        let tables = contract::config::parse(tables.as_object().unwrap()).unwrap();
        let config = S::check(tables).unwrap();
        let mut inputs = Inputs::default();
        for read in S::READS {
            let (stage, name) = read.split_once('/').unwrap();
            let files = inputs.0.entry(stage.to_string()).or_default();
            // Of a stage that did not run, nothing is read.
            if stage == ScoreTasks::NAME && !self.path(name).exists() {
                continue;
            }
            files.push(InputFile { name: name.into(), path: self.path(name), digest: digest(name) });
        }
        let folder = self.folder.path().to_path_buf();
        S::run(&config, &inputs, &Outputs { work: folder.clone(), folder })
    }

    /// The same inputs with the file's format set to an older version.
    pub fn make_older(&self, name: &str) {
        if Path::new(name).extension().is_some_and(|extension| extension == "json") {
            let mut value = self.json(name);
            value["format"] = json!(0);
            return self.write(name, &value);
        }
        let mut table = tables::read(&self.path(name), &[]).unwrap();
        // Later keys win over the version that the writer puts first.
        table.metadata.insert("isotherm.format".to_string(), "0".to_string());
        tables::write(&self.path(name), &table).unwrap();
    }
}

/// Something that looks like a digest and tells the files apart.
pub fn digest(name: &str) -> String {
    format!("{:0>64}", name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().split_off(4))
}

fn observed(case: &Case) -> Table {
    let (start, end) = (year_start_us(2001), year_start_us(case.last_year + 1));
    let times: Vec<i64> = (0..(end - start) / HOUR_US).map(|i| start + i * HOUR_US).collect();
    let mut weather = Weather::new(3);
    let mut values: Vec<f32> = times.iter().map(|&time| weather.at(time) as f32).collect();
    values[0] = f32::NAN;
    times
        .iter()
        .zip(&mut values)
        .filter(|(time, _)| (case.missing)(**time))
        .for_each(|(_, value)| *value = f32::NAN);
    let split = |time: i64| match (civil(time).year - 2001) / 2 {
        _ if case.in_sample => (civil(time).day_of_year > 20).then_some("train"),
        1 | 3 | 5 => Some("test"),
        4 => Some("validation"),
        _ => Some("train"),
    };
    let splits = times.iter().map(|&time| split(time).map(Into::into)).collect();
    let rows = times.len();
    Table::new(vec![
        Column::new("time", Values::Time(times.iter().map(|time| time - HOUR_US).collect())),
        Column::new("local_time", Values::LocalTime(times)),
        Column::with_unit("t2m", "K", Values::Float32(values.clone())),
        Column::new("t2m_flag", Values::UInt8(vec![0; rows])),
        Column::with_unit("t2m_adjusted", "K", Values::Float32(values)),
        Column::new("split", Values::Text(splits)),
    ])
}

fn generated(case: &Case) -> Table {
    let start = year_start_us(2021);
    let (mut members, mut times, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for member in 0..case.members {
        let mut weather = Weather::new(100 + member as u64);
        for hour in 0..case.generated_hours {
            let time = start + hour * HOUR_US;
            members.push(member);
            times.push(time);
            values.push((weather.at(time) + case.shift_kelvin) as f32);
        }
    }
    let mut table = Table::new(vec![
        Column::new("member", Values::Int32(members)),
        Column::new("time", Values::Time(times.iter().map(|time| time - HOUR_US).collect())),
        Column::new("local_time", Values::LocalTime(times)),
        Column::with_unit("t2m", "K", Values::Float32(values)),
    ]);
    if let Some(year) = case.target_year {
        table.metadata.insert("target_year".to_string(), year.to_string());
    }
    table
}

fn history() -> Table {
    let column = |name: &str, offset: f64| {
        let values = (0..40).map(|epoch| offset + 2.0 * (-f64::from(epoch) / 8.0).exp()).collect();
        Column::new(name, Values::Float64(values))
    };
    Table::new(vec![
        Column::new("epoch", Values::Int32((1..=40).collect())),
        Column::new("step", Values::Int32((1..=40).map(|epoch| epoch * 10).collect())),
        column("learning_rate", 0.001),
        column("train_loss", -0.7),
        column("train_reconstruction", -0.9),
        column("train_kl", 0.2),
        column("validation_loss", -0.6),
        column("validation_reconstruction", -0.8),
        column("validation_kl", 0.2),
    ])
}

fn transform(in_sample: bool) -> Value {
    json!({
        "format": 2, "variable": "t2m", "latitude_deg": 48.5, "longitude_deg": 5.5, "utc_offset": "+01:00",
        "trend": {
            "method": "ols", "shape": "continuous", "slope_per_year": SLOPE_PER_YEAR, "by": "year",
            "interval_per_decade": [0.1, 0.7], "reference_year": 2012,
        },
        "marginals": {"scaler": {"mean": 285.0, "standard_deviation": 8.0}},
        "window_hours": 1536, "seasonal_degree": 3, "in_sample": in_sample,
        "years_left_out": ["2000 (1 % of its hours)"],
        "credit": {"licences": ["CC-BY-4.0"]},
    })
}

fn source() -> Value {
    json!({
        "format": 2, "variables": ["t2m"], "latitude_deg": 48.5, "longitude_deg": 5.5,
        "requested_latitude_deg": 48.45, "requested_longitude_deg": 5.59, "distance_km": 8.7,
        "first": "2000-12-31T23:00", "last": "2012-12-31T22:00", "hours": 105192,
        "site": "grid-point",
        "gaps": [{"variable": "t2m", "from": "2008-03-02T01:00", "to": "2008-03-02T02:00", "hours": 2, "fill": "linear"}],
        "flagged": [{"variable": "t2m", "from": "2008-04-01T00:00", "to": "2008-04-03T05:00", "hours": 54, "flag": "stuck"}],
        "files": [{"name": "a.nc", "digest": digest("a.nc file")}],
        "credit": {
            "licences": ["CC BY 4.0", "ask <us>"],
            "attributions": ["Contains modified Copernicus Climate Change Service information 2012."],
            "references": ["Hersbach et al. 2023"],
        },
    })
}

fn likelihood() -> Value {
    json!({
        "format": 2, "unit": "nat h-1", "train": {"hours": 900, "bound": 0.2},
        "validation": {"hours": 100, "bound": 0.3}, "test": {"hours": 1000, "bound": 0.25},
        "latents": {"learned": 0.13, "refitted": 0.09},
    })
}

/// A seasonal and a daily course with an autoregression from day to day and one from hour to hour.
pub struct Weather {
    state: u64,
    slow: f64,
    fast: f64,
}

impl Weather {
    pub fn new(seed: u64) -> Weather {
        Weather { state: seed, slow: 0.0, fast: 0.0 }
    }

    fn at(&mut self, local_us: i64) -> f64 {
        let turn = std::f64::consts::TAU;
        self.slow = 0.99 * self.slow + 0.3 * self.normal();
        self.fast = 0.8 * self.fast + 0.3 * self.normal();
        let year = (turn * (year_phase(local_us) - 0.55)).cos();
        let day = (turn * (f64::from(civil(local_us).hour) - 15.0) / 24.0).cos();
        284.0 + 9.0 * year + (3.0 + year) * day + self.slow + self.fast
    }

    /// Nearly normal: a sum of 12 uniform numbers from Knuth's linear congruential generator.
    pub fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            sum += (self.state >> 32) as f64 / 4_294_967_296.0;
        }
        sum
    }
}
