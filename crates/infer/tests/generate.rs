//! The whole stage with a model of random weights: what an hour depends on, and what it does not.

use std::path::Path;

use burn::tensor::Device;
use contract::calendar::{HOUR_US, year_start_us};
use contract::config::parse;
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use infer::generator::CHUNK_HOURS;
use infer::stage::Generate;
use model::config::{DecoderKernel, MixtureConfig, ModelConfig, NoiseKind, PriorKind};
use model::vae::Vae;
use model::weights;
use serde_json::{Value, json};

const SLOPE: f64 = 0.04;

/// A model folder with random weights.
fn write_model(folder: &Path, offset: &str) {
    let config = ModelConfig { filters: 6, latent_channels: 3, ..ModelConfig::article() };
    let vae = Vae::init(&config, 11, &Device::flex()).unwrap();
    std::fs::write(
        folder.join("weights.safetensors"),
        weights::to_bytes(&vae.parameters().unwrap()).unwrap(),
    )
    .unwrap();
    std::fs::write(folder.join("config.json"), json!({"format": 2, "model": config}).to_string()).unwrap();
    let generator = json!({
        "format": 2, "path_prior": null, "learned_kl": null, "refitted_kl": null, "persistence": null, "calibration": null,
    });
    std::fs::write(folder.join("generator.json"), generator.to_string()).unwrap();
    let transform = json!({
        "format": 2, "variable": "t2m", "latitude_deg": 18.5, "longitude_deg": 73.75, "utc_offset": offset,
        "trend": {"method": "ols", "shape": "continuous", "slope_per_year": SLOPE, "by": "year",
            "interval_per_decade": [0.3, 0.5], "reference_year": 2010},
        "marginals": {"scaler": {"mean": 298.0, "standard_deviation": 5.0}},
        "window_hours": 1536, "seasonal_degree": 3, "in_sample": false,
        "credit": {"licences": ["CC-BY-4.0"], "attributions": ["By A.", "By B."], "sources": ["a reanalysis"]},
    });
    std::fs::write(folder.join("transform.json"), transform.to_string()).unwrap();
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(offset: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        write_model(folder.path(), offset);
        Bench { folder }
    }

    fn generate(&self, table: Value) -> anyhow::Result<()> {
        let tables = json!({"generate": table});
        let config = Generate::check(parse(tables.as_object().unwrap()).unwrap()).unwrap();
        let files = ["config.json", "weights.safetensors", "generator.json", "transform.json"].map(|name| {
            InputFile {
                name: format!("model/{name}"),
                path: self.folder.path().join(name),
                digest: String::new(),
            }
        });
        let inputs = Inputs([("deliver".to_string(), files.to_vec())].into());
        let folder = self.folder.path().to_path_buf();
        Generate::run(&config, &inputs, &Outputs { folder: folder.clone(), work: folder })
    }

    fn values(&self, table: Value) -> Vec<f32> {
        self.generate(table).unwrap();
        self.table().f32s("t2m").unwrap().to_vec()
    }

    fn table(&self) -> tables::Table {
        tables::read(&self.folder.path().join("generated.parquet"), &[]).unwrap()
    }
}

#[test]
fn an_hour_does_not_depend_on_how_many_are_generated_with_it() {
    let bench = Bench::new("+05:30");
    for noise in [false, true] {
        let hours = 2 * CHUNK_HOURS + 1000;
        let settings = |hours: usize, members: usize| json!({"start": "2021-01-01", "hours": hours, "members": members, "noise": noise});
        let whole = bench.values(settings(hours, 2));
        assert_eq!(whole.len(), 2 * hours);
        assert_ne!(whole[..hours], whole[hours..]);
        for (part, members) in [(1, 1), (100, 3), (CHUNK_HOURS + 1, 1), (hours, 1)] {
            let values = bench.values(settings(part, members));
            assert_eq!(values[..part], whole[..part], "{part} hours");
        }
    }
}

/// A model whose noise and prior have memory: a mixture, a chain with a slow component, a calibration.
fn with_memory() -> Bench {
    let bench = Bench::new("+05:30");
    let shape = MixtureConfig { lags: 5, context: 2, hidden: 4, components: 2 };
    let config = ModelConfig {
        filters: 6,
        latent_channels: 2,
        decoder: DecoderKernel::Wide,
        prior: PriorKind::SeasonalVar,
        noise: NoiseKind::Mixture(shape),
        ..ModelConfig::article()
    };
    let vae = Vae::init(&config, 11, &Device::flex()).unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(bench.folder.path().join(name), bytes).unwrap();
    write("weights.safetensors", weights::to_bytes(&vae.parameters().unwrap()).unwrap());
    write("config.json", json!({"format": 2, "model": config}).to_string().into_bytes());
    let season = |value: f64, features: usize| -> Vec<f64> {
        (0..2 * features).map(|i| if i < 2 { value } else { 0.1 }).collect()
    };
    let prior = json!({
        "channels": 2, "mean": season(0.3, 7), "variance": season(1.0, 3), "variance_floor": [0.1, 0.1],
        "coefficients": [0.5, 0.1, -0.2, 0.3], "innovation": [0.6, 0.1, 0.1, 0.8],
        "slow": [{"steps": 40.0, "loading": [0.4, -0.1]}],
    });
    let generator = json!({
        "format": 2, "path_prior": prior, "learned_kl": 0.1, "refitted_kl": 0.1, "persistence": null, "calibration": null,
    });
    write("generator.json", generator.to_string().into_bytes());
    bench
}

#[test]
fn hours_with_memory_do_not_depend_on_how_many_are_generated_with_them() {
    let bench = with_memory();
    let hours = CHUNK_HOURS + 500;
    let settings =
        |hours: usize, members: usize| json!({"start": "2021-01-01", "hours": hours, "members": members});
    let whole = bench.values(settings(hours, 3));
    assert_ne!(whole[..hours], whole[hours..2 * hours]);
    for (part, members) in [(1, 1), (200, 9), (CHUNK_HOURS + 1, 1), (hours, 2)] {
        let values = bench.values(settings(part, members));
        assert_eq!(values[..part], whole[..part], "{part} hours");
        if members > 1 {
            assert_eq!(values[part..part + part], whole[hours..hours + part], "{part} hours of member 1");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_hour() {
    let bench = with_memory();
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bench.values(json!({"start": "2021-01-01", "hours": 3000, "members": 5})))
    };
    assert_eq!(with_threads(1), with_threads(3));
}

#[test]
fn a_mixture_without_its_noise_is_refused() {
    let error =
        with_memory().generate(json!({"start": "2021-01-01", "hours": 5, "noise": false})).unwrap_err();
    let wanted = "[generate] noise = false: the model's noise is a mixture, which draws each hour whole, and there is no \
                  mean without it; leave noise = true";
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn seeds_differ_and_the_same_seed_gives_the_same_bytes() {
    let bench = Bench::new("+05:30");
    let bytes = |seed: u32| {
        bench.generate(json!({"start": "2021-01-01", "hours": 500, "seed": seed})).unwrap();
        std::fs::read(bench.folder.path().join("generated.parquet")).unwrap()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn noise_has_the_models_deviation() {
    let bench = Bench::new("+05:30");
    let with = |noise: bool| bench.values(json!({"start": "2021-01-01", "years": 5, "noise": noise}));
    let (quiet, noisy) = (with(false), with(true));
    let differences = quiet.iter().zip(&noisy).map(|(a, b)| f64::from(b - a));
    let variance = differences.map(|d| d * d).sum::<f64>() / quiet.len() as f64;
    // A fresh model has a noise variance of 1 in standardised units, and the deviation is 5 K; of
    // 43,824 independent hours the deviation is known to 0.34 %, of which 5 times are allowed.
    assert!((variance.sqrt() / 5.0 - 1.0).abs() < 0.017, "{}", variance.sqrt());
}

#[test]
fn a_target_year_shifts_by_the_trend() {
    let bench = Bench::new("+05:30");
    let reference = bench.values(json!({"start": "2021-01-01", "hours": 300}));
    let future = bench.values(json!({"start": "2021-01-01", "hours": 300, "target_year": 2060}));
    for (reference, future) in reference.iter().zip(&future) {
        assert!((f64::from(future - reference) - SLOPE * 50.0).abs() < 1e-4);
    }
    assert_eq!(bench.table().metadata["target_year"], "2060");
}

/// A transform with a map to normal scores whose spread and skewness follow the season, and a trend
/// by month and hour; the hours of two target years from one seed.
#[test]
fn a_trend_by_month_and_hour_moves_the_mean_as_asked_and_leaves_the_anomalies() {
    let bench = Bench::new("+05:30");
    let path = bench.folder.path().join("transform.json");
    let mut transform: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let mut pattern = [[0.0; 5]; 5];
    (pattern[2][0], pattern[0][1], pattern[3][4]) = (0.02, 0.01, -0.005);
    transform["trend"]["by"] = json!({"month-hour": {"coefficients": pattern}});
    let knots = |scale: f64| [-9.0, -6.5, -4.5, -3.0, -1.4, 0.1, 1.5, 2.7, 3.7, 4.5, 5.0].map(|k| scale * k);
    let quantiles: Vec<Vec<[f64; 11]>> = (0..24)
        .map(|hour| (0..9).map(|term| knots([1.0, 0.0, 0.3, 0.01 * f64::from(hour)][term.min(3)])).collect())
        .collect();
    let mean: Vec<Vec<f64>> = (0..24)
        .map(|hour| (0..13).map(|term| if term == 0 { 298.0 + f64::from(hour) } else { 0.5 }).collect())
        .collect();
    transform["marginals"] = json!({"normal-scores": {"mean": mean, "quantiles": quantiles, "minimum_step": 0.01, "tails": [1.0, 1.0]}});
    std::fs::write(&path, transform.to_string()).unwrap();
    let transform: contract::transform::Transform = serde_json::from_value(transform).unwrap();

    let of_year = |year: i16| {
        bench
            .values(json!({"start": "2021-01-01", "years": 4, "seed": 3, "noise": true, "target_year": year}))
    };
    let (near, far) = (of_year(2020), of_year(2070));
    let table = bench.table();
    let local = table.times("local_time").unwrap();
    let difference: Vec<f64> = near.iter().zip(&far).map(|(a, b)| f64::from(*b) - f64::from(*a)).collect();
    let mean = difference.iter().sum::<f64>() / difference.len() as f64;
    assert!((mean - SLOPE * 50.0).abs() < 1e-5, "{mean}");
    assert!(difference.iter().any(|difference| (difference - mean).abs() > 1.0));
    for (row, difference) in difference.iter().enumerate() {
        // 32-bit floats near 300 K are 3e-5 K apart.
        let asked = transform.shift_to(2070, local[row]) - transform.shift_to(2020, local[row]);
        assert!((difference - asked).abs() < 7e-5, "row {row}: {difference} is not {asked}");
    }
    // The same day and hour of two years with 365 days: the climate moves, the anomaly does not.
    for row in 0..8760 {
        assert!((difference[row] - difference[row + 8760]).abs() < 1e-4, "row {row}");
    }
}

#[test]
fn times_are_hours_of_local_days_up_to_the_end_of_the_calendar() {
    let bench = Bench::new("-03:30");
    bench.generate(json!({"start": "9990-01-01", "years": 10, "members": 2})).unwrap();
    let table = bench.table();
    let (time, local) = (table.times("time").unwrap(), table.times("local_time").unwrap());
    let hours = table.rows() / 2;
    assert_eq!(hours as i64, (year_start_us(10000) - year_start_us(9990)) / HOUR_US);
    assert_eq!(local[0], year_start_us(9990) + HOUR_US / 2);
    assert_eq!(time[0] % HOUR_US, 0);
    assert!(local[..hours].windows(2).all(|pair| pair[1] - pair[0] == HOUR_US));
    assert_eq!(local[..hours], local[hours..]);
    assert_eq!(table.i32s("member").unwrap()[hours - 1..=hours], [0, 1]);
}

#[test]
fn netcdf_and_csv_hold_the_same_hours_in_the_unit_asked_for() {
    let bench = Bench::new("+05:30");
    let exports = json!(["netcdf", "csv"]);
    let settings =
        json!({"start": "2021-01-01", "hours": 50, "members": 3, "exports": exports, "unit": "degC"});
    let kelvin = bench.values(settings);
    let file = netcdf_reader::NcFile::open(bench.folder.path().join("generated.nc")).unwrap();
    let values = file.read_variable_as_f64("t2m").unwrap();
    assert_eq!(values.shape(), [3, 50]);
    for (celsius, kelvin) in values.iter().zip(&kelvin) {
        assert!((celsius - (f64::from(*kelvin) - 273.15)).abs() < 1e-4);
    }
    let time = file.read_variable_as_f64("time").unwrap();
    assert!(time.iter().enumerate().all(|(hour, &time)| time == hour as f64));
    let longitude = file.read_variable_as_f64("longitude").unwrap();
    assert_eq!(longitude.iter().copied().collect::<Vec<_>>(), [73.75]);

    let text = std::fs::read_to_string(bench.folder.path().join("generated.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "member,time_utc,local_time,t2m [degC]");
    assert_eq!(lines.len(), 151);
    let celsius = f64::from(kelvin[50]) - 273.15;
    assert_eq!(lines[51], format!("1,2020-12-31T19:00Z,2021-01-01T00:30,{celsius:.3}"));
}

#[test]
fn every_export_names_the_licence_of_the_models_data() {
    let bench = Bench::new("+05:30");
    bench.generate(json!({"start": "2021-01-01", "hours": 5, "exports": ["netcdf", "csv"]})).unwrap();
    let made = "Isotherm, a variational autoencoder trained on hourly weather";

    let metadata = bench.table().metadata;
    assert_eq!(metadata["licence"], "CC-BY-4.0");
    assert_eq!(metadata["attribution"], "By A.\nBy B.");
    assert_eq!(metadata["source"], format!("{made}\na reanalysis"));

    let file = netcdf_reader::NcFile::open(bench.folder.path().join("generated.nc")).unwrap();
    let attribute = |name: &str| match &file.global_attribute(name).unwrap().value {
        netcdf_reader::NcAttrValue::Chars(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(attribute("license"), "CC-BY-4.0");
    assert_eq!(attribute("acknowledgement"), "By A. By B.");
    assert_eq!(attribute("source"), format!("{made}; a reanalysis"));

    let text = std::fs::read_to_string(bench.folder.path().join("generated.csv-metadata.json")).unwrap();
    let description: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(description["url"], "generated.csv");
    assert_eq!(description["dc:license"], json!([{"@id": "https://creativecommons.org/licenses/by/4.0/"}]));
    assert_eq!(description["schema:creditText"], json!(["By A.", "By B."]));
    let columns = description["tableSchema"]["columns"].as_array().unwrap();
    let titles: Vec<&str> = columns.iter().map(|column| column["titles"].as_str().unwrap()).collect();
    let header = std::fs::read_to_string(bench.folder.path().join("generated.csv")).unwrap();
    assert_eq!(titles.join(","), header.lines().next().unwrap());
    assert_eq!(columns[3]["schema:unitText"], "K");
}

#[test]
fn a_unit_of_another_variable_is_refused_before_anything_is_written() {
    let bench = Bench::new("+05:30");
    let settings = json!({"start": "2021-01-01", "hours": 5, "exports": ["csv"], "unit": "Pa"});
    let error = bench.generate(settings).unwrap_err();
    let wanted = "[generate] unit = \"Pa\" is no unit of t2m; wanted one of K, kelvin, degC, °C, C, celsius, degF, °F, F";
    assert_eq!(error.to_string(), wanted);
    assert!(!bench.folder.path().join("generated.parquet").exists());
}

#[test]
fn weights_that_do_not_fit_their_configuration_are_named() {
    let bench = Bench::new("+05:30");
    let config = ModelConfig { filters: 7, latent_channels: 3, ..ModelConfig::article() };
    let document = json!({"format": 2, "model": config});
    std::fs::write(bench.folder.path().join("config.json"), document.to_string()).unwrap();
    let error = bench.generate(json!({"start": "2021-01-01", "hours": 5})).unwrap_err();
    let wanted = format!(
        "{} does not fit the model's configuration: encoder.0.kernel has shape [5, 1, 6], the model's configuration \
         wants [5, 1, 7]",
        bench.folder.path().join("weights.safetensors").display()
    );
    assert_eq!(format!("{error:#}"), wanted);
}
