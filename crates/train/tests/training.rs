//! The whole stage on a small made-up series: it learns, it resumes to the same weights, and the
//! number of threads changes nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use burn::tensor::Device;
use contract::artifact::{SEASON, STANDARDISED, TRANSFORM, WINDOWS};
use contract::calendar::{HOUR_US, year_phase, year_start_us};
use contract::season::features;
use contract::stage::{InputFile, Inputs};
use model::config::{MixtureConfig, ModelConfig, NoiseKind, PriorKind};
use model::device::DeviceKind;
use model::vae::Vae;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tables::{Column, Table, Values};
use train::config::{Schedule, TrainConfig, WindowChoice};
use train::dataset::Dataset;
use train::learner::{Fast, Learner, Portable};

const DAYS: usize = 160;
const WINDOW_HOURS: usize = 192;

/// Writes what `preprocess` would: a season, a day and some noise, the last quarter for validation.
fn write_inputs(folder: &Path) {
    let start = year_start_us(2001);
    let times: Vec<i64> = (0..DAYS as i64 * 24).map(|hour| start + hour * HOUR_US).collect();
    let noise = |row: usize| ((row as u64 * 2_654_435_761 % 1000) as f64 / 1000.0 - 0.5) * 0.1;
    let value = |(row, &time): (usize, &i64)| {
        let season = (std::f64::consts::TAU * year_phase(time)).cos();
        let day = (std::f64::consts::TAU * (row % 24) as f64 / 24.0).sin();
        (0.8 * season + 0.5 * day + noise(row)) as f32
    };
    let values = times.iter().enumerate().map(value).collect();
    let first_validation_day = DAYS * 3 / 4;
    let role = |day: usize| Some(if day < first_validation_day { "train" } else { "validation" }.into());
    let standardised = Table::new(vec![
        Column::new("local_time", Values::LocalTime(times.clone())),
        Column::new("t2m", Values::Float32(values)),
        Column::new("split", Values::Text((0..DAYS * 24).map(|row| role(row / 24)).collect())),
    ]);
    tables::write(&folder.join(STANDARDISED), &standardised).unwrap();

    let days: Vec<i64> = times.iter().copied().step_by(24).collect();
    let feature = |i: usize| days.iter().map(|&day| features(year_phase(day), 1).nth(i).unwrap()).collect();
    let season = Table::new(vec![
        Column::new("local_time", Values::LocalTime(days.clone())),
        Column::new("season_sin_1", Values::Float32(feature(0))),
        Column::new("season_cos_1", Values::Float32(feature(1))),
    ]);
    tables::write(&folder.join(SEASON), &season).unwrap();

    let starts: Vec<usize> = (0..DAYS * 24 / WINDOW_HOURS).map(|i| i * WINDOW_HOURS).collect();
    let windows = Table::new(vec![
        Column::new("first_row", Values::Int32(starts.iter().map(|&row| row as i32).collect())),
        Column::new("split", Values::Text(starts.iter().map(|row| role(row / 24)).collect())),
    ]);
    tables::write(&folder.join(WINDOWS), &windows).unwrap();

    let transform = json!({
        "format": 2, "variable": "t2m", "latitude_deg": 1.0, "longitude_deg": 2.0, "utc_offset": "+00:00",
        "trend": {"method": "none", "shape": "continuous", "slope_per_year": 0.0, "by": "year",
            "interval_per_decade": [0.0, 0.0], "reference_year": 2001},
        "marginals": {"scaler": {"mean": 280.0, "standard_deviation": 8.0}},
        "window_hours": WINDOW_HOURS, "seasonal_degree": 1, "in_sample": false,
    });
    std::fs::write(folder.join(TRANSFORM), transform.to_string()).unwrap();
}

struct Bench {
    folder: tempfile::TempDir,
    model: Value,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        write_inputs(folder.path());
        Bench { folder, model: json!({"preset": "article", "filters": 8, "latent_channels": 3}) }
    }

    /// With a prior and a noise that have memory.
    fn with_memory(refit: bool, calibrate: bool) -> Bench {
        let mixture = json!({"lags": 3, "context": 2, "hidden": 4, "components": 2});
        let model = json!({
            "preset": "isotherm", "filters": 6, "latent_channels": 3, "calibrate": calibrate,
            "prior": {"refit": refit}, "noise": mixture,
        });
        Bench { model, ..Bench::new() }
    }

    fn command(&self, name: &str, train: Value, check: bool) -> Command {
        let at = |part: &str| self.folder.path().join(part);
        for part in [name, "work"] {
            std::fs::create_dir_all(at(part)).unwrap();
        }
        let input = |file: &str| json!({"name": file, "path": at(file), "digest": ""});
        let inputs =
            json!({"preprocess": [input(STANDARDISED), input(SEASON), input(WINDOWS), input(TRANSFORM)]});
        self.request("train", name, train, inputs, check)
    }

    /// The `deliver` stage after the training `from`, on the same years.
    fn deliver(&self, from: &str, name: &str, train: Value) {
        let at = |part: &str| self.folder.path().join(part);
        std::fs::create_dir_all(at(name)).unwrap();
        let left = |file: &str| json!({"name": file, "path": at(from).join(file), "digest": ""});
        let trained = ["config.json", "weights.safetensors", "generator.json", "transform.json"];
        let mut trained = trained.map(|file| left(&format!("held_out_model/{file}"))).to_vec();
        trained.push(left("history.parquet"));
        let years = [STANDARDISED, SEASON, WINDOWS, TRANSFORM]
            .map(|file| json!({"name": format!("delivery/{file}"), "path": at(file), "digest": ""}));
        let inputs = json!({"train": trained, "prepare-delivery": years});
        let output = self.request("deliver", name, train, inputs, false).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn request(&self, stage: &str, name: &str, train: Value, inputs: Value, check: bool) -> Command {
        let at = |part: &str| self.folder.path().join(part);
        let work = if stage == "train" { at("work") } else { at(&format!("work-of-{name}")) };
        std::fs::create_dir_all(&work).unwrap();
        let request = json!({
            "format": 1, "stage": stage, "pipeline": "pipelines/x.toml",
            "config": {"model": self.model, "train": train},
            "inputs": inputs,
            "outputs": {"folder": at(name), "work": work},
            "log": at(&format!("{name}.jsonl")),
        });
        let path = at(&format!("{name}.json"));
        std::fs::write(&path, request.to_string()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_train"));
        command.arg("--request").arg(path).args(check.then_some("--check")).stdin(Stdio::null());
        command
    }

    fn run(&self, name: &str, train: Value) -> Vec<Vec<u8>> {
        let output = self.command(name, train, false).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.artifact(name)
    }

    fn artifact(&self, name: &str) -> Vec<Vec<u8>> {
        let files = [
            "held_out_model/weights.safetensors",
            "held_out_model/config.json",
            "held_out_model/transform.json",
            "history.parquet",
        ];
        files.map(|file| std::fs::read(self.folder.path().join(name).join(file)).unwrap()).to_vec()
    }

    fn history(&self, name: &str, column: &str) -> Vec<f64> {
        let table = tables::read(&self.folder.path().join(name).join("history.parquet"), &[]).unwrap();
        table.f64s(column).unwrap().to_vec()
    }
}

#[test]
fn training_lowers_the_loss_on_unseen_windows() {
    let bench = Bench::new();
    bench.run("out", json!({"epochs": 400, "batch": 8, "learning_rate": 3e-3, "seed": 1}));
    let losses = bench.history("out", "validation_loss");
    assert_eq!(losses.len(), 400);
    assert!(losses[399] < losses[0] - 0.5, "from {} to {}", losses[0], losses[399]);
    let (reconstruction, kl) =
        (bench.history("out", "validation_reconstruction"), bench.history("out", "validation_kl"));
    assert!((reconstruction[399] + kl[399] - losses[399]).abs() < 1e-6);
}

#[test]
fn a_killed_run_ends_with_the_weights_of_one_that_was_not() {
    let settings = json!({"epochs": 1500, "batch": 8, "schedule": "cosine", "patience": 1400, "seed": 2});
    let bench = Bench::new();
    let mut child = bench.command("killed", settings.clone(), false).stderr(Stdio::null()).spawn().unwrap();
    let checkpoint = || {
        let entries = std::fs::read_dir(bench.folder.path().join("work")).unwrap();
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("epoch-"))
    };
    while !checkpoint() {
        assert!(child.try_wait().unwrap().is_none(), "training ended before its first checkpoint");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!bench.folder.path().join("killed/history.parquet").exists());
    let resumed = bench.run("resumed", settings.clone());
    let log = std::fs::read_to_string(bench.folder.path().join("resumed.jsonl")).unwrap();
    assert!(log.contains("going on from epoch"), "{log}");
    let whole = Bench::new();
    assert_eq!(whole.run("whole", settings), resumed);
}

#[test]
fn what_is_delivered_is_the_judged_model_or_one_of_the_same_settings() {
    let bench = Bench::new();
    let read = |name: &str| std::fs::read(bench.folder.path().join(name)).unwrap();
    let settings = |deliver: &str, patience: Value| {
        let mut train =
            json!({"epochs": 60, "batch": 8, "learning_rate": 2e-2, "seed": 1, "deliver": deliver});
        if !patience.is_null() {
            train["patience"] = patience;
        }
        train
    };
    let with = |deliver: &str| settings(deliver, Value::Null);
    bench.run("judged", with("all-years"));
    bench.deliver("judged", "copy", with("training-years"));
    for file in ["config.json", "weights.safetensors", "generator.json", "transform.json"] {
        assert_eq!(
            read(&format!("copy/model/{file}")),
            read(&format!("judged/held_out_model/{file}")),
            "{file}"
        );
    }
    assert_eq!(read("copy/delivered_history.parquet"), read("judged/history.parquet"));

    // Trained again, on what are the same years here.
    bench.deliver("judged", "again", with("all-years"));
    assert_eq!(read("again/model/weights.safetensors"), read("judged/held_out_model/weights.safetensors"));
    assert_eq!(read("again/delivered_history.parquet"), read("judged/history.parquet"));

    // With patience the first training ends at its best epoch; nothing tells the second when to, but the first.
    let bench = Bench::new();
    let read = |name: &str| std::fs::read(bench.folder.path().join(name)).unwrap();
    let patient = || settings("all-years", json!(20));
    bench.run("patient", patient());
    let losses = bench.history("patient", "validation_loss");
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap() + 1;
    assert!(best < losses.len(), "the best of {} epochs is the last", losses.len());
    bench.deliver("patient", "timely", patient());
    let history = tables::read(&bench.folder.path().join("timely/delivered_history.parquet"), &[]).unwrap();
    assert_eq!(history.rows(), best);
    assert_eq!(read("timely/model/weights.safetensors"), read("patient/held_out_model/weights.safetensors"));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let settings = json!({"epochs": 3, "batch": 16, "windows": "fixed", "free_nats": 2.0, "clip_norm": 0.5});
    for bench in [Bench::new(), Bench::with_memory(false, false)] {
        let with_threads = |threads: &str| {
            let mut command = bench.command(threads, settings.clone(), false);
            let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            bench.artifact(threads)
        };
        assert_eq!(with_threads("1"), with_threads("2"));
    }
}

#[test]
fn both_paths_take_the_same_steps() {
    let bench = Bench::new();
    let input = |name: &str| InputFile {
        name: name.to_string(),
        path: bench.folder.path().join(name),
        digest: String::new(),
    };
    let files = [STANDARDISED, SEASON, WINDOWS, TRANSFORM].map(input).to_vec();
    let dataset = Dataset::read(&Inputs([("preprocess".to_string(), files)].into()), "preprocess").unwrap();
    let config = TrainConfig {
        epochs: 1,
        batch: 8,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        windows: WindowChoice::Random,
        patience: None,
        beta: 2.0,
        free_nats: 1.0,
        beta_2: 0.99,
        weight_decay: 0.05,
        clip_norm: Some(0.5),
        seed: 3,
        device: DeviceKind::Cpu,
    };
    let noise = NoiseKind::Mixture(MixtureConfig { lags: 5, context: 2, hidden: 6, components: 3 });
    let shape =
        ModelConfig { seasonal_degree: 1, noise, prior: PriorKind::SeasonalVar, ..ModelConfig::article() };
    let fresh = Vae::init(&shape, 3, &Device::flex()).unwrap().with_narrow_posterior();
    let mut fast = Fast::new(&config, &shape, &dataset, &fresh).unwrap();
    let mut portable = Portable::new(&config, &shape, &dataset, fresh).unwrap();
    let mut random = [ChaCha8Rng::seed_from_u64(1), ChaCha8Rng::seed_from_u64(1)];
    for step in 0..6 {
        let rows = dataset.draw_starts(9, &mut ChaCha8Rng::seed_from_u64(step));
        let of_fast = fast.step(&rows, &mut random[0], 1e-3).unwrap();
        let of_portable = portable.step(&rows, &mut random[1], 1e-3).unwrap();
        assert!((of_fast.loss - of_portable.loss).abs() < 1e-4, "{of_fast:?}, {of_portable:?}");
    }
    let ((seen, seen_kl), (wanted, wanted_kl)) = (fast.validate().unwrap(), portable.validate().unwrap());
    assert!((seen.loss - wanted.loss).abs() < 1e-4, "{seen:?}, {wanted:?}");
    for (seen, wanted) in seen_kl.iter().zip(wanted_kl) {
        assert!((seen - wanted).abs() < 1e-3, "{seen}, {wanted}");
    }
    let wanted = portable.weights().unwrap();
    for (name, weight) in fast.weights().unwrap() {
        for (seen, wanted) in weight.values.iter().zip(&wanted[&name].values) {
            // Adam's steps are of the size of the rate, whatever the gradient's.
            assert!((seen - wanted).abs() < 1e-3, "{name}: {seen}, {wanted}");
        }
    }
}

#[test]
fn free_nats_keep_latents_in_use_that_a_noise_with_memory_would_leave() {
    let kl = |free_nats: f64| {
        let bench = Bench::with_memory(false, false);
        let settings = json!({"epochs": 150, "batch": 8, "learning_rate": 5e-3, "free_nats": free_nats});
        bench.run("out", settings);
        96.0 * bench.history("out", "validation_kl")[149]
    };
    let (free, priced) = (kl(3.0), kl(0.0));
    assert!(free > 10.0 * priced, "{free} and {priced} nats per latent step");
}

#[test]
fn what_cannot_be_fitted_after_training_is_a_sentence() {
    let check = |bench: Bench, wanted: &str| {
        let output = bench.command("out", json!({"epochs": 1}), false).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(wanted), "{message}");
    };
    check(
        Bench::with_memory(true, false),
        "the prior cannot be fitted to the training years ([model.prior] refit = true): ",
    );
    check(
        Bench::with_memory(false, true),
        "error: [model] calibrate = true maps generated hours to normal scores; set [preprocess] marginals = \
         \"normal-scores\", or calibrate = false\n",
    );
}

#[test]
fn a_diverging_run_says_so() {
    let bench = Bench::new();
    let output = bench.command("out", json!({"epochs": 300, "learning_rate": 1.0}), false).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("error: training diverged: "), "{message}");
    assert!(message.trim_end().ends_with("lower [train] learning_rate = 1"), "{message}");
}

#[test]
fn cuda_without_a_gpu_is_a_sentence() {
    let bench = Bench::new();
    let output = bench.command("out", json!({"epochs": 1, "device": "cuda"}), false).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    let wanted = if cfg!(feature = "cuda") {
        "but no NVIDIA GPU answers"
    } else {
        "was built without the cargo feature `cuda`"
    };
    assert!(message.contains(wanted), "{message}");
}

#[test]
fn a_wrong_key_is_found_by_the_check_alone() {
    let bench = Bench::new();
    let output = bench.command("out", json!({"epoch": 3}), true).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let wanted = "error: pipelines/x.toml: [train] has no key \"epoch\"; its keys are epochs, batch, learning_rate, \
                  schedule, windows, patience, beta, free_nats, beta_2, weight_decay, clip_norm, deliver, seed, device; did you mean \"epochs\"?\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), wanted);
}

#[test]
fn an_artifact_of_an_older_format_is_refused() {
    let bench = Bench::new();
    let path = bench.folder.path().join(TRANSFORM);
    let text = std::fs::read_to_string(&path).unwrap().replace("\"format\":2", "\"format\":0");
    std::fs::write(&path, text).unwrap();
    let output = bench.command("out", json!({}), false).output().unwrap();
    let wanted = format!(
        "error: {} has artifact format 0, this version reads format 2; make it again with this version (`cargo xtask \
         run-all --force`)\n",
        path.display()
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), wanted);
}
