//! What the tasks need beside the model does not depend on hours that `[preprocess] exclude` takes out.

use std::path::Path;

use burn::tensor::Device;
use contract::artifact::flag;
use contract::calendar::{HOUR_US, year_phase, year_start_us};
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use infer::calibrate::Calibrate;
use model::config::ModelConfig;
use model::vae::Vae;
use model::weights;
use serde_json::json;
use tables::{Column, Table, Values};

/// A model folder with random weights; hours with the flags named are missing.
fn write_model(folder: &Path, exclude: &[&str]) {
    let config = ModelConfig { filters: 6, latent_channels: 3, ..ModelConfig::article() };
    let vae = Vae::init(&config, 11, &Device::flex()).unwrap();
    let weights = weights::to_bytes(&vae.parameters().unwrap()).unwrap();
    std::fs::write(folder.join("weights.safetensors"), weights).unwrap();
    std::fs::write(folder.join("config.json"), json!({"format": 2, "model": config}).to_string()).unwrap();
    let generator = json!({
        "format": 2, "path_prior": null, "learned_kl": null, "refitted_kl": null, "persistence": null, "calibration": null,
    });
    std::fs::write(folder.join("generator.json"), generator.to_string()).unwrap();
    let transform = json!({
        "format": 2, "variable": "t2m", "latitude_deg": 48.5, "longitude_deg": 5.5, "utc_offset": "+00:00",
        "trend": {"method": "none", "shape": "continuous", "slope_per_year": 0.0, "by": "year",
            "interval_per_decade": [0.0, 0.0], "reference_year": 2003},
        "marginals": {"scaler": {"mean": 283.0, "standard_deviation": 8.0}},
        "window_hours": 1536, "seasonal_degree": 3, "in_sample": false, "exclude": exclude,
    });
    std::fs::write(folder.join("transform.json"), transform.to_string()).unwrap();
}

/// `detector.json` and `pooling.json` of three years in which one hour of July has that value and those flags.
fn calibrate(value: f32, flags: u8, exclude: &[&str]) -> [String; 2] {
    let folder = tempfile::tempdir().unwrap();
    write_model(folder.path(), exclude);
    let times: Vec<i64> = (year_start_us(2001)..year_start_us(2004)).step_by(HOUR_US as usize).collect();
    let course = |(row, &time): (usize, &i64)| {
        let season = 10.0 * (std::f64::consts::TAU * year_phase(time)).cos();
        (283.0 - season + 3.0 * (row as f64 * 0.7).sin() + 2.0 * (row as f64 * 0.013).cos()) as f32
    };
    let mut values: Vec<f32> = times.iter().enumerate().map(course).collect();
    let mut flagged = vec![0; times.len()];
    let row = (365 + 195) * 24 + 12;
    (values[row], flagged[row]) = (value, flags);
    let table = Table::new(vec![
        Column::new("time", Values::Time(times.clone())),
        Column::new("local_time", Values::LocalTime(times.clone())),
        Column::with_unit("t2m", "K", Values::Float32(values)),
        Column::new("t2m_flag", Values::UInt8(flagged)),
        Column::new("split", Values::Text(vec![Some("train".into()); times.len()])),
    ]);
    tables::write(&folder.path().join("observed.parquet"), &table).unwrap();
    let file = |name: &str, inside: &str| InputFile {
        name: inside.to_string(),
        path: folder.path().join(name),
        digest: String::new(),
    };
    let model = ["config.json", "weights.safetensors", "generator.json", "transform.json"];
    let model = model.map(|name| file(name, &format!("model/{name}"))).to_vec();
    let observed = vec![file("observed.parquet", "delivery/observed.parquet")];
    let inputs = Inputs([("deliver".to_string(), model), ("prepare-delivery".to_string(), observed)].into());
    let folder = folder.path().to_path_buf();
    Calibrate::run(&(), &inputs, &Outputs { folder: folder.clone(), work: folder.clone() }).unwrap();
    ["detector.json", "pooling.json"]
        .map(|name| std::fs::read_to_string(folder.join("model").join(name)).unwrap())
}

#[test]
fn a_flagged_hour_is_as_if_it_were_empty() {
    let exclude = ["out-of-range", "spike", "stuck"];
    let empty = calibrate(f32::NAN, 0, &exclude);
    for flags in [flag::OUT_OF_RANGE | flag::SPIKE, flag::SPIKE, flag::STUCK] {
        assert!(calibrate(372.15, flags, &exclude) == empty, "{flags}");
    }
    // A straight line is no observation either.
    assert!(calibrate(290.0, flag::FILLED, &exclude) == empty);
    // What is not excluded counts: the hour of 99 degC widens what is usual in July.
    let counted = calibrate(372.15, flag::SPIKE, &[]);
    assert!(counted[0] != empty[0] && counted[1] != empty[1]);
}
