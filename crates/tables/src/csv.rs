//! Tables as CSV, for people and for programs that read nothing else: a header, then a line a row. Times are
//! ISO 8601, those in UTC with a Z; a missing number is empty. A float has as many digits as it needs to be
//! read back to the bit.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use contract::calendar::format_hour;

use crate::{Column, Table, Values};

/// Writes a whole table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_csv(path: &Path, table: &Table) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    write_rows(&mut file, table).with_context(failed)?;
    file.into_inner()
        .map_err(|error| error.into_error())
        .with_context(failed)?
        .sync_all()
        .with_context(failed)
}

fn write_rows(out: &mut impl Write, table: &Table) -> std::io::Result<()> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    writeln!(out, "{}", names.join(","))?;
    for row in 0..table.rows() {
        for (number, column) in table.columns.iter().enumerate() {
            if number > 0 {
                out.write_all(b",")?;
            }
            write_cell(out, column, row)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_cell(out: &mut impl Write, column: &Column, row: usize) -> std::io::Result<()> {
    match &column.values {
        Values::Time(times) => write!(out, "{}Z", format_hour(times[row])),
        Values::LocalTime(times) => write!(out, "{}", format_hour(times[row])),
        Values::Float32(values) if values[row].is_nan() => Ok(()),
        Values::Float32(values) => write!(out, "{:?}", values[row]),
        Values::Float64(values) if values[row].is_nan() => Ok(()),
        Values::Float64(values) => write!(out, "{:?}", values[row]),
        Values::Int32(values) => write!(out, "{}", values[row]),
        Values::UInt8(values) => write!(out, "{}", values[row]),
        Values::Text(values) => {
            let text = values[row].as_deref().unwrap_or_default();
            match text.contains([',', '"', '\n']) {
                true => write!(out, "\"{}\"", text.replace('"', "\"\"")),
                false => write!(out, "{text}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_so_that_they_can_be_read_back() {
        let table = Table::new(vec![
            Column::new("time", Values::Time(vec![0, 3_600_000_000])),
            Column::new("t2m", Values::Float32(vec![1e-30, f32::NAN])),
            Column::new("said", Values::Text(vec![Some("2 K, \"cold\"".into()), None])),
        ]);
        let mut out = Vec::new();
        write_rows(&mut out, &table).unwrap();
        let wanted = "time,t2m,said\n1970-01-01T00:00Z,1e-30,\"2 K, \"\"cold\"\"\"\n1970-01-01T01:00Z,,\n";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
