//! The whole stage on made-up series, against loops over the definitions.

use std::path::Path;

use contract::artifact::{OBSERVED, SEASON, SERIES, STANDARDISED, TRANSFORM, WINDOWS, flag};
use contract::calendar::{
    HOUR_US, UtcOffset, civil, decimal_year, hours_in_year, year, year_phase, year_start_us,
};
use contract::config::parse;
use contract::stage::{InputFile, Inputs, Outputs, Stage, read_json};
use contract::transform::{Marginals, Transform};
use preprocess::stage::Preprocess;
use serde_json::{Value, json};
use tables::{Column, Table, Values};

struct Run {
    folder: tempfile::TempDir,
    times: Vec<i64>,
    values: Vec<f32>,
}

/// Hours of `[first, last]` in UTC with a season, a day and a trend of 0.05 K a year.
fn series(first: i16, last: i16) -> (Vec<i64>, Vec<f32>) {
    let times: Vec<i64> = (year_start_us(first)..year_start_us(last + 1)).step_by(HOUR_US as usize).collect();
    let value = |&time: &i64| {
        let season = 10.0 * (std::f64::consts::TAU * year_phase(time)).cos();
        let day = 4.0 * (std::f64::consts::TAU * f64::from(civil(time).hour) / 24.0).sin();
        (285.0 + 0.05 * (decimal_year(time) - 2000.0) - season + day) as f32
    };
    let values = times.iter().map(value).collect();
    (times, values)
}

impl Run {
    fn new((times, values): (Vec<i64>, Vec<f32>)) -> Run {
        let flags = times.iter().map(|time| u8::from(time % (7 * HOUR_US) == 0)).collect();
        Run::with_flags((times, values), flags)
    }

    fn with_flags((times, values): (Vec<i64>, Vec<f32>), flags: Vec<u8>) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let mut table = Table::new(vec![
            Column::new("time", Values::Time(times.clone())),
            Column::with_unit("t2m", "K", Values::Float32(values.clone())),
            Column::new("t2m_flag", Values::UInt8(flags)),
        ]);
        table.metadata.insert("latitude_deg".to_string(), "48.5".to_string());
        table.metadata.insert("longitude_deg".to_string(), "5.5".to_string());
        table.metadata.insert("licence".to_string(), "CC0-1.0".to_string());
        tables::write(&folder.path().join(SERIES), &table).unwrap();
        Run { folder, times, values }
    }

    fn preprocess(&self, table: Value) -> anyhow::Result<()> {
        let tables = json!({"preprocess": table});
        let tables = parse(tables.as_object().unwrap()).unwrap();
        let config = Preprocess::check(tables).unwrap();
        let file =
            InputFile { name: SERIES.to_string(), path: self.path().join(SERIES), digest: String::new() };
        let inputs = Inputs([("ingest".to_string(), vec![file])].into());
        let outputs = Outputs { folder: self.path().to_path_buf(), work: self.path().to_path_buf() };
        Preprocess::run(&config, &inputs, &outputs)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn table(&self, name: &str) -> Table {
        tables::read(&self.path().join(name), &[]).unwrap()
    }

    fn transform(&self) -> Transform {
        read_json(&self.path().join(TRANSFORM)).unwrap()
    }
}

fn check_that_training_years_alone_are_seen(marginals: &str, trend_by: &str) {
    let settings = json!({
        "utc_offset": "+01:00", "block_years": 1, "validation_years": 1, "marginals": marginals, "trend_by": trend_by,
    });
    let (times, mut values) = series(2001, 2010);
    let clean = Run::new((times.clone(), values.clone()));
    clean.preprocess(settings.clone()).unwrap();
    // Every year that is not for training becomes absurd; what was fitted stays the same.
    let splits = clean.table(OBSERVED);
    let (local, split) = (splits.times("local_time").unwrap(), splits.texts("split").unwrap());
    let training: std::collections::BTreeSet<i16> = local
        .iter()
        .zip(split)
        .filter(|(_, split)| split.as_deref() == Some("train"))
        .map(|(&local, _)| year(local))
        .collect();
    assert_eq!(training.len(), 4);
    for (time, value) in times.iter().zip(&mut values) {
        if !training.contains(&year(time + HOUR_US)) {
            *value += 1000.0;
        }
    }
    let absurd = Run::new((times, values));
    absurd.preprocess(settings).unwrap();
    assert_eq!(clean.transform(), absurd.transform());
}

#[test]
fn what_is_fitted_sees_training_years_only() {
    for marginals in ["scaler", "normal-scores"] {
        for trend_by in ["year", "month-hour"] {
            check_that_training_years_alone_are_seen(marginals, trend_by);
        }
    }
}

/// A warming of 0.05 K a year and 0.03 K more in winter, with a disturbance that no harmonic follows.
#[test]
fn normal_scores_and_a_trend_by_month_and_hour_come_back_as_they_went() {
    let (times, mut values) = series(2001, 2020);
    for (row, (&time, value)) in times.iter().zip(&mut values).enumerate() {
        let season = (std::f64::consts::TAU * year_phase(time)).cos();
        let disturbance = 3.0 * (row as f64 * 0.7).sin() + (row as f64 * 0.013).cos();
        *value += (0.03 * season * (decimal_year(time) - 2000.0) + disturbance) as f32;
    }
    let run = Run::new((times, values));
    run.preprocess(json!({"utc_offset": "-03:30", "marginals": "normal-scores", "trend_by": "month-hour"}))
        .unwrap();
    let transform = run.transform();
    let (observed, standardised) = (run.table(OBSERVED), run.table(STANDARDISED));
    let local = observed.times("local_time").unwrap();
    let winter = transform.shift_to(2021, year_start_us(2005)) - transform.trend.mean_shift_to(2021);
    let summer = transform.shift_to(2021, year_start_us(2005) + 4380 * HOUR_US);
    assert!((winter - 0.03).abs() < 0.01, "{winter}");
    assert!((summer - transform.trend.mean_shift_to(2021) + 0.03).abs() < 0.01, "{summer}");
    let columns = observed.f32s("t2m").unwrap().iter().zip(observed.f32s("t2m_adjusted").unwrap());
    let mut cursor = transform.cursor();
    for (row, ((value, adjusted), z)) in columns.zip(standardised.f32s("t2m").unwrap()).enumerate() {
        if value.is_nan() {
            assert!(adjusted.is_nan() && z.is_nan());
            continue;
        }
        let departure = f64::from(value - adjusted) - transform.trend.departure(local[row]);
        assert!(departure.abs() < 1e-4, "{departure}");
        assert!((cursor.at(local[row]).restore(f64::from(*z)) - f64::from(*adjusted)).abs() < 1e-3);
    }
}

#[test]
fn normal_scores_of_three_training_years_are_refused() {
    let run = Run::new(series(2001, 2007));
    let settings = json!({"utc_offset": "+00:00", "block_years": 1, "validation_years": 1, "marginals": "normal-scores"});
    let error = run.preprocess(settings).unwrap_err();
    assert_eq!(
        error.to_string(),
        "[preprocess] marginals = \"normal-scores\" needs at least 4 training years, there are 3; give more years or \
         set marginals = \"scaler\""
    );
}

#[test]
fn the_trend_and_the_scaler_are_their_definitions() {
    let run = Run::new(series(2001, 2010));
    let settings = json!({"utc_offset": "+01:00", "block_years": 1, "marginals": "scaler"});
    run.preprocess(settings).unwrap();
    let transform = run.transform();
    assert_eq!(transform.credit.licence().as_deref(), Some("CC0-1.0"));
    assert_eq!(run.table(OBSERVED).metadata["licence"], "CC0-1.0");
    assert_eq!(transform.trend.reference_year, 2010);
    assert!((transform.trend.slope_per_year - 0.05).abs() < 2e-4, "{:?}", transform.trend);

    let observed = run.table(OBSERVED);
    let standardised = run.table(STANDARDISED);
    let (value, adjusted) = (observed.f32s("t2m").unwrap(), observed.f32s("t2m_adjusted").unwrap());
    let local = observed.times("local_time").unwrap();
    let split = observed.texts("split").unwrap();
    let mut training = Vec::new();
    for row in 0..observed.rows() {
        if value[row].is_nan() {
            assert!(adjusted[row].is_nan());
            continue;
        }
        let departure = transform.trend.slope_per_year * (decimal_year(local[row]) - 2010.5);
        let wanted = f64::from(value[row]) - departure;
        assert!((f64::from(adjusted[row]) - wanted).abs() < 1e-4);
        if split[row].as_deref() == Some("train") {
            training.push(wanted);
        }
    }
    let mean = training.iter().sum::<f64>() / training.len() as f64;
    let variance = training.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / training.len() as f64;
    let Marginals::Scaler(scaler) = transform.marginals else { panic!("{:?}", transform.marginals) };
    assert!((scaler.mean - mean).abs() < 1e-9);
    assert!((scaler.standard_deviation - variance.sqrt()).abs() < 1e-9);
    for (row, &z) in standardised.f32s("t2m").unwrap().iter().enumerate().filter(|(_, z)| !z.is_nan()) {
        let back = scaler.restore(f64::from(z));
        assert!((back - f64::from(adjusted[row])).abs() < 1e-3);
    }
}

fn check_local_years(offset: &str, missing_first: i64, missing_last: i64) {
    let run = Run::new(series(2001, 2010));
    run.preprocess(json!({"utc_offset": offset, "block_years": 1, "validation_years": 1})).unwrap();
    let zone: UtcOffset = offset.parse().unwrap();
    let observed = run.table(OBSERVED);
    let (time, local) = (observed.times("time").unwrap(), observed.times("local_time").unwrap());
    let values = observed.f32s("t2m").unwrap();
    assert_eq!(observed.rows() as i64, (2001..=2010).map(hours_in_year).sum::<i64>(), "{offset}");
    assert!(time.iter().zip(local).all(|(&time, &local)| zone.to_local(time) == local));
    assert!(local.iter().all(|&local| (2001..=2010).contains(&year(local))));
    let missing =
        |values: &mut dyn Iterator<Item = &f32>| values.take_while(|value| value.is_nan()).count() as i64;
    assert_eq!(missing(&mut values.iter()), missing_first, "{offset}");
    assert_eq!(missing(&mut values.iter().rev()), missing_last, "{offset}");
    for (row, &time) in time.iter().enumerate().filter(|(row, _)| !values[*row].is_nan()) {
        let at = run.times.binary_search(&time).unwrap();
        assert_eq!(values[row], run.values[at]);
    }
    let flags = observed.u8s("t2m_flag").unwrap();
    let flagged = time.iter().map(|time| u8::from(run.times.contains(time) && time % (7 * HOUR_US) == 0));
    assert!(flagged.take(100).eq(flags.iter().copied().take(100)));
    let season = run.table(SEASON);
    assert_eq!(season.rows() * 24, observed.rows());
}

#[test]
fn local_years_are_whole_and_hours_that_utc_lacks_are_missing() {
    check_local_years("+00:00", 0, 0);
    check_local_years("+01:00", 1, 0);
    check_local_years("-07:00", 0, 7);
    check_local_years("+05:30", 5, 0);
    check_local_years("-03:30", 0, 4);
}

/// Of a station in India whose hours are whole on its clock every local year has all of its hours.
#[test]
fn hours_between_those_of_utc_are_whole_years_of_the_clock() {
    let (mut times, values) = series(2001, 2010);
    times.iter_mut().for_each(|time| *time -= 11 * HOUR_US / 2);
    let run = Run::new((times, values));
    run.preprocess(json!({"utc_offset": "+05:30", "block_years": 1, "validation_years": 1})).unwrap();
    let observed = run.table(OBSERVED);
    let (local, seen) = (observed.times("local_time").unwrap(), observed.f32s("t2m").unwrap());
    assert_eq!(local[0], year_start_us(2001));
    assert_eq!((seen, local.len()), (run.values.as_slice(), run.values.len()));
    assert_eq!(run.transform().minutes_past_hour, 30);
}

#[test]
fn windows_hold_no_missing_hour_and_one_split() {
    let (times, mut values) = series(2001, 2010);
    values[5000..5003].fill(f32::NAN);
    let run = Run::new((times, values));
    run.preprocess(json!({"utc_offset": "-07:00", "window_hours": 960})).unwrap();
    let standardised = run.table(STANDARDISED);
    let (z, split) = (standardised.f32s("t2m").unwrap(), standardised.texts("split").unwrap());
    let windows = run.table(WINDOWS);
    assert!(windows.rows() > 60);
    for (&first, role) in windows.i32s("first_row").unwrap().iter().zip(windows.texts("split").unwrap()) {
        let rows = first as usize..first as usize + 960;
        assert_eq!(first % 24, 0);
        assert!(z[rows.clone()].iter().all(|value| !value.is_nan()));
        assert!(split[rows].iter().all(|split| split == role));
    }
}

/// Hours out of range weigh on nothing that is fitted, and no window holds them; `observed.parquet`
/// keeps them as they were ingested.
#[test]
fn flagged_hours_are_left_out_as_if_they_were_missing() {
    let (times, mut values) = series(2001, 2010);
    let rows = 5000..5003;
    values[rows.clone()].fill(f32::NAN);
    let missing = Run::new((times.clone(), values.clone()));
    missing.preprocess(json!({"utc_offset": "-07:00", "window_hours": 960})).unwrap();

    values[rows.clone()].fill(9e9);
    let flagged = |bit: u8| {
        let mut flags = vec![0; times.len()];
        flags[rows.clone()].fill(bit);
        Run::with_flags((times.clone(), values.clone()), flags)
    };
    let excluded = flagged(flag::OUT_OF_RANGE);
    excluded.preprocess(json!({"utc_offset": "-07:00", "window_hours": 960})).unwrap();
    for name in [STANDARDISED, WINDOWS, SEASON, TRANSFORM] {
        let bytes = |run: &Run| std::fs::read(run.path().join(name)).unwrap();
        assert!(bytes(&missing) == bytes(&excluded), "{name}");
    }
    let observed = excluded.table(OBSERVED);
    let at = observed.times("time").unwrap().binary_search(&times[5000]).unwrap();
    assert_eq!(observed.f32s("t2m").unwrap()[at..at + 3], [9e9; 3]);
    assert!(observed.f32s("t2m_adjusted").unwrap()[at..at + 3].iter().all(|value| value.is_nan()));
    assert_eq!(observed.u8s("t2m_flag").unwrap()[at..at + 3], [flag::OUT_OF_RANGE; 3]);

    let filled = flagged(flag::FILLED);
    let exclude = json!({"utc_offset": "-07:00", "window_hours": 960, "exclude": ["filled"]});
    filled.preprocess(exclude).unwrap();
    let bytes = |run: &Run| std::fs::read(run.path().join(WINDOWS)).unwrap();
    assert!(bytes(&missing) == bytes(&filled));
}

#[test]
fn the_articles_split_is_marked_in_sample_and_leaves_the_rest_without_a_role() {
    let run = Run::new(series(2001, 2010));
    let settings = json!({"utc_offset": "-07:00", "split": "article", "trend_shape": "yearly-steps", "reference_year": 2024});
    run.preprocess(settings).unwrap();
    assert!(run.transform().in_sample);
    let observed = run.table(OBSERVED);
    let split = observed.texts("split").unwrap();
    let windows = (observed.rows() - 7) / 1536;
    assert_eq!(run.table(WINDOWS).rows(), windows);
    assert_eq!(split.iter().filter(|split| split.is_none()).count(), observed.rows() - windows * 1536);
    let training = split.iter().filter(|split| split.as_deref() == Some("train")).count();
    assert_eq!(training, windows * 4 / 5 * 1536);
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let settings = json!({"utc_offset": "+01:00"});
    let bytes = || {
        let run = Run::new(series(2001, 2012));
        run.preprocess(settings.clone()).unwrap();
        let read = |name| std::fs::read(run.path().join(name)).unwrap();
        [OBSERVED, STANDARDISED, SEASON, WINDOWS, TRANSFORM].map(read)
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_variable_that_was_not_ingested_is_named() {
    let run = Run::new(series(2001, 2010));
    let error = run.preprocess(json!({"utc_offset": "+01:00", "variable": "sp"})).unwrap_err();
    let wanted = format!(
        "[preprocess] variable = \"sp\" must be among the [ingest] variables: cannot read {}: there is no column \
         \"sp\"; the columns are time, t2m, t2m_flag",
        run.path().join(SERIES).display()
    );
    assert_eq!(format!("{error:#}"), wanted);
}

#[test]
fn the_clock_is_the_longitudes_unless_an_offset_is_given() {
    let run = Run::new(series(2001, 2010));
    run.preprocess(json!({"marginals": "scaler"})).unwrap();
    // 5.5 degrees east is 22 minutes ahead of Greenwich.
    assert_eq!(run.transform().utc_offset.to_string(), "+00:00");
    run.preprocess(json!({"marginals": "scaler", "utc_offset": "+01:00"})).unwrap();
    assert_eq!(run.transform().utc_offset.to_string(), "+01:00");
}

#[test]
fn too_few_years_are_named() {
    let run = Run::new(series(2001, 2004));
    let error = run.preprocess(json!({"utc_offset": "+00:00"})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the split needs at least 3 training years and 1 test year; [preprocess] block_years = 2 and validation_years \
         = 1 leave 1 and 2 of the 4 whole years; give more years, or smaller blocks, or fewer validation years"
    );
}
