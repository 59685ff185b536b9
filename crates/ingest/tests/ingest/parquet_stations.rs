//! A station's Parquet files.

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Int32Type, TimeUnit};
use contract::artifact::flag;
use contract::calendar::{HOUR_US, parse_date};
use ingest::{Config, Series};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{read_station, station_config};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    write_compressed(path, columns, Compression::UNCOMPRESSED);
}

fn write_compressed(path: &Path, columns: Vec<(&str, ArrayRef)>, compression: Compression) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(2)).set_compression(compression).build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn config(key: &str, value: Value) -> Config {
    let mut station = json!({"time": "time", "columns": {"t2m": {"column": "t", "unit": "K"}}});
    station[key] = value;
    station_config(&["t2m"], station)
}

fn read_columns(columns: Vec<(&str, ArrayRef)>, config: &Config) -> Result<Series, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write(&path, columns);
    let shown = path.display().to_string();
    read_station(config, &[path]).map_err(|error| format!("{error:#}").replace(&shown, "x.parquet"))
}

/// Noon and the two hours after it of the first day of 2020, in microseconds.
fn times() -> [i64; 3] {
    let noon = parse_date("2020-01-01").unwrap() + 12 * HOUR_US;
    [noon, noon + HOUR_US, noon + 2 * HOUR_US]
}

fn values() -> ArrayRef {
    Arc::new(Float32Array::from(vec![280.1, 281.0, 282.0]))
}

/// Noon by the clock of the station, so many hours before noon UTC.
fn check_time(time: ArrayRef, config: &Config, hours_before: i64) {
    let series = read_columns(vec![("time", time.clone()), ("t", values())], config);
    let series = series.unwrap_or_else(|error| panic!("{}: {error}", time.data_type()));
    assert_eq!(series.first_us, times()[0] - hours_before * HOUR_US, "{}", time.data_type());
    assert_eq!(series.variables[0].values, [280.1, 281.0, 282.0]);
}

#[test]
fn timestamps_of_every_unit_with_and_without_a_zone() {
    let microseconds: ArrayRef = Arc::new(Int64Array::from(times().to_vec()));
    let scaled =
        |scale: fn(i64) -> i64| -> ArrayRef { Arc::new(Int64Array::from(times().map(scale).to_vec())) };
    let config = config("time_zone", json!("+01:00"));
    for (unit, numbers) in [
        (TimeUnit::Millisecond, scaled(|us| us / 1000)),
        (TimeUnit::Microsecond, microseconds),
        (TimeUnit::Nanosecond, scaled(|us| us * 1000)),
        (TimeUnit::Second, scaled(|us| us / 1_000_000)),
    ] {
        let naive = arrow::compute::cast(&numbers, &DataType::Timestamp(unit, None)).unwrap();
        check_time(naive, &config, 1);
        for zone in ["UTC", "+05:30"] {
            let instant =
                arrow::compute::cast(&numbers, &DataType::Timestamp(unit, Some(zone.into()))).unwrap();
            check_time(instant, &config, 0);
        }
    }
}

#[test]
fn times_as_text_numbers_and_parts() {
    let texts = ["2020-01-01 12:00", "2020-01-01 13:00", "2020-01-01 14:00"];
    check_time(Arc::new(StringArray::from(texts.to_vec())), &config("time_zone", json!("UTC")), 0);
    check_time(Arc::new(LargeStringArray::from(texts.to_vec())), &config("time_zone", json!("-01:00")), -1);
    check_time(Arc::new(StringViewArray::from(texts.to_vec())), &config("time_zone", json!("UTC")), 0);
    let dictionary: DictionaryArray<Int32Type> = texts.into_iter().collect();
    check_time(Arc::new(dictionary), &config("time_zone", json!("UTC")), 0);
    let seconds = Int64Array::from(times().map(|us| us / 1_000_000).to_vec());
    check_time(Arc::new(seconds.clone()), &config("time_format", json!("unix")), 0);
    let floats = arrow::compute::cast(&seconds, &DataType::Float64).unwrap();
    check_time(floats, &config("time_format", json!("unix")), 0);

    let day = (times()[0] / (24 * HOUR_US)) as i32;
    let parts: Vec<(&str, ArrayRef)> = vec![
        ("day", Arc::new(Date32Array::from(vec![day; 3]))),
        ("hour", Arc::new(UInt8Array::from(vec![12, 13, 14]))),
        ("t", values()),
    ];
    let mut station = json!({"time": ["day", "hour"], "columns": {"t2m": {"column": "t", "unit": "K"}}});
    station["time_format"] = json!("%Y-%m-%d %H");
    let series = read_columns(parts, &station_config(&["t2m"], station)).unwrap();
    assert_eq!(series.times(), times());
}

#[test]
fn numbers_of_every_kind_and_their_missing_codes() {
    let decimal =
        Decimal128Array::from(vec![28_010, -99_900, 28_200]).with_precision_and_scale(6, 2).unwrap();
    let text: DictionaryArray<Int32Type> = vec!["280.1", "NA", "282"].into_iter().collect();
    let arrays: Vec<(ArrayRef, f32)> = vec![
        (Arc::new(Float64Array::from(vec![280.1, -999.0, 282.0])), 280.1),
        (Arc::new(Float32Array::from(vec![280.1, f32::NAN, 282.0])), 280.1),
        (Arc::new(Float64Array::from(vec![Some(280.1), None, Some(282.0)])), 280.1),
        (Arc::new(Int16Array::from(vec![280, -999, 282])), 280.0),
        (Arc::new(UInt64Array::from(vec![Some(280), None, Some(282)])), 280.0),
        (Arc::new(decimal), 280.1),
        (Arc::new(StringArray::from(vec![Some("280.1"), None, Some("282")])), 280.1),
        (Arc::new(StringArray::from(vec!["280.1", "", "282.0"])), 280.1),
        (Arc::new(text), 280.1),
    ];
    let config = config("missing", json!(["-999", "NA"]));
    for (array, first) in arrays {
        let kind = array.data_type().clone();
        let time = Arc::new(TimestampMicrosecondArray::from(times().to_vec()));
        let series = read_columns(vec![("time", time), ("other", values()), ("t", array)], &config).unwrap();
        let t2m = &series.variables[0];
        assert_eq!((t2m.values[0], t2m.values[2]), (first, 282.0), "{kind}");
        assert_eq!(t2m.flags, [0, flag::FILLED, 0], "{kind}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let time = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(times().to_vec())) };
    let config = config("time_zone", json!("UTC"));
    let check = |columns: Vec<(&str, ArrayRef)>, message: &str| {
        assert_eq!(read_columns(columns, &config).unwrap_err(), message);
    };
    check(
        vec![("zeit", time()), ("t", values())],
        "x.parquet has no column \"time\", for [ingest.station] time; it has zeit, t",
    );
    check(
        vec![("time", time()), ("t", Arc::new(BooleanArray::from(vec![true; 3])))],
        "x.parquet: t is Boolean; wanted a column of numbers or text",
    );
    check(
        vec![("time", Arc::new(BooleanArray::from(vec![true; 3]))), ("t", values())],
        "x.parquet: time is Boolean; wanted for a time one timestamp, or dates, times of day, text and numbers",
    );
    check(
        vec![
            ("time", Arc::new(TimestampSecondArray::from(vec![Some(0), Some(3600), None]))),
            ("t", values()),
        ],
        "x.parquet: row 3: the time in time is missing; wanted one in each row",
    );
    check(
        vec![("time", Arc::new(TimestampMicrosecondArray::from(vec![0, 1, i64::MAX]))), ("t", values())],
        "x.parquet: row 3: the time in time is 9223372036854775807 microseconds after 1970, outside the years -9999 to 9999",
    );
    check(
        vec![("time", Arc::new(StringArray::from(vec!["2020-01-01", "soon", ""]))), ("t", values())],
        "x.parquet: row 2: the time is \"soon\"; wanted an ISO 8601 time such as \"2001-12-31 23:00\": correct the row, \
         or [ingest.station] time_format",
    );
    let advice =
        ": correct it, or list it under missing in [ingest.station] if it means that there is no value";
    check(
        vec![("time", time()), ("t", Arc::new(Float64Array::from(vec![1.0, f64::INFINITY, 1.0])))],
        &format!("x.parquet: row 2: t has inf; wanted a number below 1e12{advice}"),
    );
    check(
        vec![("time", time()), ("t", Arc::new(StringArray::from(vec!["1", "2", "x"])))],
        &format!("x.parquet: row 3: t has \"x\"; wanted a number{advice}"),
    );
    check(
        vec![
            ("time", Arc::new(TimestampMicrosecondArray::from(Vec::<i64>::new()))),
            ("t", Arc::new(Float64Array::from(Vec::<f64>::new()))),
        ],
        "x.parquet has no rows",
    );
}

/// A file of three rows: one of text in a dictionary, one of numbers in each compression.
fn small(compression: Compression) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let texts: DictionaryArray<Int32Type> = vec!["280.1", "NA", "282"].into_iter().collect();
    let t: ArrayRef = match compression {
        Compression::UNCOMPRESSED => Arc::new(texts),
        _ => Arc::new(Float64Array::from(vec![Some(280.1), None, Some(282.0)])),
    };
    write_compressed(
        &path,
        vec![("time", Arc::new(TimestampMicrosecondArray::from(times().to_vec()))), ("t", t)],
        compression,
    );
    std::fs::read(path).unwrap()
}

fn read_bytes(bytes: &[u8]) -> Result<Series, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    std::fs::write(&path, bytes).unwrap();
    let shown = path.display().to_string();
    let read = read_station(&config("time_zone", json!("UTC")), &[path]);
    read.map_err(|error| format!("{error:#}").replace(&shown, "x.parquet"))
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let whole = small(Compression::SNAPPY);
    for length in 4..whole.len() {
        let message = read_bytes(&whole[..length]).unwrap_err();
        let (start, end) = ("x.parquet cannot be read as Parquet: ", "; write or copy it again");
        assert!(message.starts_with(start) && message.ends_with(end), "{length}: {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_files_end_in_an_answer(
        compression in prop::sample::select(vec![
            Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default()),
        ]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = small(compression);
        for (at, byte) in changes {
            let at = at.index(bytes.len() - 4) + 4;
            bytes[at] = byte;
        }
        let _ = read_bytes(&bytes);
    }
}
