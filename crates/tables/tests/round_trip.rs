//! What is written is what is read, and the same table gives the same bytes.

use proptest::prelude::*;
use tables::{Column, Table, Values, Writer, read, write};

fn table(rows: usize, seed: u64) -> Table {
    let number =
        |i: usize| (seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i as u64 * 97) >> 11) as f64;
    let mut table = Table::new(vec![
        Column::new("time", Values::Time((0..rows).map(|i| i as i64 * 3_600_000_000).collect())),
        Column::new(
            "local_time",
            Values::LocalTime((0..rows).map(|i| i as i64 * 3_600_000_000 - 1).collect()),
        ),
        Column::with_unit(
            "t2m",
            "K",
            Values::Float32(
                (0..rows).map(|i| if i % 5 == 2 { f32::NAN } else { number(i) as f32 }).collect(),
            ),
        ),
        Column::new(
            "exact",
            Values::Float64((0..rows).map(|i| if i % 7 == 3 { f64::NAN } else { number(i) }).collect()),
        ),
        Column::new("member", Values::Int32((0..rows).map(|i| i as i32 / 3).collect())),
        Column::new("t2m_flag", Values::UInt8((0..rows).map(|i| i as u8).collect())),
        Column::new(
            "split",
            Values::Text((0..rows).map(|i| (i % 3 > 0).then(|| format!("part {}", i % 3).into())).collect()),
        ),
    ]);
    table.metadata.insert("place".to_string(), "48.45 N".to_string());
    table
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_table_is_read_as_it_was_written(rows in 0_usize..300, seed: u64, parts in 1_usize..4) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let whole = table(rows, seed);
        let mut writer = Writer::create(&path, &whole).unwrap();
        for part in 0..parts {
            let bounds = rows * part / parts..rows * (part + 1) / parts;
            writer.append(&slice(&whole, bounds)).unwrap();
        }
        writer.finish().unwrap();
        prop_assert_eq!(read(&path, &[]).unwrap(), whole.clone());
        let two = read(&path, &["t2m", "time"]).unwrap();
        prop_assert_eq!(&two.columns[0], &whole.columns[2]);
        prop_assert_eq!(&two.columns[1], &whole.columns[0]);
    }
}

fn slice(table: &Table, rows: std::ops::Range<usize>) -> Table {
    let columns = table.columns.iter().map(|column| {
        let values = match &column.values {
            Values::Time(v) => Values::Time(v[rows.clone()].to_vec()),
            Values::LocalTime(v) => Values::LocalTime(v[rows.clone()].to_vec()),
            Values::Float32(v) => Values::Float32(v[rows.clone()].to_vec()),
            Values::Float64(v) => Values::Float64(v[rows.clone()].to_vec()),
            Values::Int32(v) => Values::Int32(v[rows.clone()].to_vec()),
            Values::UInt8(v) => Values::UInt8(v[rows.clone()].to_vec()),
            Values::Text(v) => Values::Text(v[rows.clone()].to_vec()),
        };
        Column { values, ..column.clone() }
    });
    Table { columns: columns.collect(), metadata: table.metadata.clone() }
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("a.parquet"), folder.path().join("b.parquet")];
    for path in &paths {
        write(path, &table(1000, 7)).unwrap();
    }
    assert_eq!(std::fs::read(&paths[0]).unwrap(), std::fs::read(&paths[1]).unwrap());
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    write(&path, &Table::new(vec![Column::new("time", Values::Time(vec![0]))])).unwrap();
    let error = format!("{:#}", read(&path, &["t2m"]).unwrap_err());
    let wanted = format!("cannot read {}: there is no column \"t2m\"; the columns are time", path.display());
    assert_eq!(error, wanted);
}

#[test]
fn a_file_that_is_not_an_artifact_is_refused_by_its_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let schema = arrow::datatypes::Schema::empty();
    let file = std::fs::File::create(&path).unwrap();
    parquet::arrow::ArrowWriter::try_new(file, schema.into(), None).unwrap().close().unwrap();
    let error = format!("{:#}", read(&path, &[]).unwrap_err());
    let wanted = "has artifact format none, this version reads format 2; make it again with this version";
    assert!(error.contains(wanted), "{error}");
}
