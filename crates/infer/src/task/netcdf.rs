//! A table of hours as NetCDF-3 with 64-bit offsets after the CF conventions: one dimension, time.

use std::path::Path;

use anyhow::{Context, bail};
use contract::calendar::{HOUR_US, format_hour};
use contract::credit::Credit;
use contract::variable::Variable;
use tables::{Column, Table, Values};

use crate::export::netcdf::{CONVENTIONS, DIMENSIONS, VARIABLES, credits, put, put_attributes, put_text};

/// One variable of the file.
struct Entry {
    name: String,
    has_time: bool,
    attributes: Vec<(&'static str, String)>,
    /// The type's code in the format.
    kind: u32,
    /// Big-endian, padded to four bytes.
    bytes: Vec<u8>,
}

const BYTE: u32 = 1;
const INT: u32 = 4;
const FLOAT: u32 = 5;
const DOUBLE: u32 = 6;

/// Writes the table, which has a column `time`; its metadata and what has to be said of it become attributes.
///
/// # Errors
/// When it has text, or cannot be written.
pub(super) fn write(path: &Path, table: &Table, variable: &Variable, credit: &Credit) -> anyhow::Result<()> {
    let bytes = bytes(table, variable, credit)?;
    let failed = || format!("cannot write {}", path.display());
    let mut file = std::fs::File::create(path).with_context(failed)?;
    std::io::Write::write_all(&mut file, &bytes).with_context(failed)?;
    file.sync_all().with_context(failed)
}

fn bytes(table: &Table, variable: &Variable, credit: &Credit) -> anyhow::Result<Vec<u8>> {
    let mut entries = vec![];
    for (name, key, units) in
        [("latitude", "latitude_deg", "degrees_north"), ("longitude", "longitude_deg", "degrees_east")]
    {
        let degrees: f64 = table.metadata.get(key).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
        entries.push(Entry {
            name: name.to_string(),
            has_time: false,
            attributes: vec![("standard_name", name.to_string()), ("units", units.to_string())],
            kind: DOUBLE,
            bytes: degrees.to_be_bytes().to_vec(),
        });
    }
    for column in &table.columns {
        entries.push(entry(column, variable)?);
    }
    let mut global = vec![("Conventions", CONVENTIONS.to_string())];
    for key in ["title", "local_standard_time"] {
        global.extend(table.metadata.get(key).map(|text| (key, text.clone())));
    }
    global.extend(credits(credit));
    let size = header(table.rows(), &global, &entries, 0).len() as u64;
    let mut out = header(table.rows(), &global, &entries, size);
    entries.iter().for_each(|entry| out.extend(&entry.bytes));
    Ok(out)
}

fn entry(column: &Column, variable: &Variable) -> anyhow::Result<Entry> {
    let mut attributes = Vec::new();
    let (kind, mut bytes): (u32, Vec<u8>) = match &column.values {
        Values::Time(times) | Values::LocalTime(times) => {
            let first = times.first().copied().unwrap_or_default();
            attributes.push(("units", format!("hours since {}:00", format_hour(first).replace('T', " "))));
            attributes.push(("calendar", "proleptic_gregorian".to_string()));
            let hours = times.iter().map(|time| ((time - first) / HOUR_US) as i32);
            (INT, hours.flat_map(i32::to_be_bytes).collect())
        }
        Values::Float32(values) => (FLOAT, values.iter().flat_map(|value| value.to_be_bytes()).collect()),
        Values::Float64(values) => (DOUBLE, values.iter().flat_map(|value| value.to_be_bytes()).collect()),
        Values::Int32(values) => (INT, values.iter().flat_map(|value| value.to_be_bytes()).collect()),
        Values::UInt8(values) => (BYTE, values.clone()),
        Values::Text(_) => bail!("{} is text, which is not written to NetCDF", column.name),
    };
    match &column.values {
        Values::Time(_) => {
            attributes.extend([("standard_name", "time".to_string()), ("axis", "T".to_string())]);
        }
        Values::LocalTime(_) => attributes.push(("long_name", "local standard time".to_string())),
        _ => attributes.push(("coordinates", "latitude longitude".to_string())),
    }
    if let Some(unit) = &column.unit {
        attributes.push(("units", unit.clone()));
        // Only the hours themselves may be taken for the variable by who looks for its standard name.
        if column.name == variable.name {
            attributes.push(("standard_name", variable.cf_standard_name.to_string()));
            attributes.push(("long_name", variable.long_name.to_string()));
        }
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    Ok(Entry { name: column.name.clone(), has_time: true, attributes, kind, bytes })
}

/// The header for data that begin at byte `begin`.
fn header(rows: usize, global: &[(&'static str, String)], entries: &[Entry], mut begin: u64) -> Vec<u8> {
    let mut out = b"CDF\x02".to_vec();
    put(&mut out, 0);
    put(&mut out, DIMENSIONS);
    put(&mut out, 1);
    put_text(&mut out, "time");
    put(&mut out, rows as u32);
    put_attributes(&mut out, global);
    put(&mut out, VARIABLES);
    put(&mut out, entries.len() as u32);
    for entry in entries {
        put_text(&mut out, &entry.name);
        put(&mut out, u32::from(entry.has_time));
        if entry.has_time {
            put(&mut out, 0);
        }
        put_attributes(&mut out, &entry.attributes);
        put(&mut out, entry.kind);
        put(&mut out, u32::try_from(entry.bytes.len()).unwrap_or(u32::MAX));
        out.extend(begin.to_be_bytes());
        begin += entry.bytes.len() as u64;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_reader_finds_the_bits_and_what_they_mean() {
        let mut table = Table::new(vec![
            Column::new("time", Values::Time(vec![0, HOUR_US, 2 * HOUR_US])),
            Column::with_unit("t2m", "degC", Values::Float32(vec![1.5, f32::NAN, -3.25])),
            Column::new("t2m_imputed", Values::UInt8(vec![0, 1, 0])),
            Column::new("event", Values::Int32(vec![0, -1, 7])),
        ]);
        table.metadata.insert("latitude_deg".to_string(), "48.5".to_string());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        let credit = Credit { licences: ["CC0-1.0".to_string()].into(), ..Credit::of_source("a station") };
        write(&path, &table, Variable::named("t2m").unwrap(), &credit).unwrap();
        let file = netcdf_reader::NcFile::open(&path).unwrap();
        for (name, wanted) in [("license", "CC0-1.0"), ("source", "a station")] {
            let value = &file.global_attribute(name).unwrap().value;
            assert!(matches!(value, netcdf_reader::NcAttrValue::Chars(text) if text == wanted), "{value:?}");
        }
        assert!(file.global_attribute("acknowledgement").is_err(), "nobody has said it");
        let floats: Vec<f32> =
            file.read_variable_as_f64("t2m").unwrap().iter().map(|value| *value as f32).collect();
        assert_eq!((floats[0], floats[2]), (1.5, -3.25));
        assert!(floats[1].is_nan());
        let numbers: Vec<i32> =
            file.read_variable_as_f64("event").unwrap().iter().map(|value| *value as i32).collect();
        assert_eq!(numbers, [0, -1, 7]);
        let latitude: Vec<f64> = file.read_variable_as_f64("latitude").unwrap().iter().copied().collect();
        assert_eq!(latitude, [48.5]);
    }
}
