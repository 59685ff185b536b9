//! A station's file in text (CSV and its kin), read row after row.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::chosen::none_taken;
use super::config::Station;
use super::rows::{Positions, Rows};
use super::timestamp::Stamp;
use crate::delimited::{Reader, Row};

/// Reads all rows.
///
/// # Errors
/// Whatever is wrong, as a sentence that begins with the path and names the line.
pub(crate) fn read(path: &Path, station: &Station) -> anyhow::Result<Rows> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut reader = Reader::new(shown.to_string(), BufReader::new(file), &station.layout)?;
    let positions = Positions::find(path, station, reader.names())?;
    let mut rows = Rows { stamps: Vec::new(), values: vec![Vec::new(); station.columns.len()] };
    let mut fields = Vec::new();
    let mut seen = 0;
    while let Some(row) = reader.next_row()? {
        let line = row.line;
        seen += 1;
        let mut choices = station.choices.iter().zip(&positions.choices);
        if !choices.all(|(choice, position)| choice.takes(row.field(*position))) {
            continue;
        }
        let located = |message: String| anyhow!("{shown}: line {line}: {message}");
        rows.stamps.push(time(row, station, &positions.time).map_err(located)?);
        for (index, column) in station.columns.iter().enumerate() {
            fields.clear();
            for (name, position) in column.measured.columns().into_iter().zip(&positions.values[index]) {
                let text = row.field(*position);
                fields.push(column.field(name, text, station.decimal).map_err(located)?);
            }
            rows.values[index].push(column.value(&fields).map_err(located)?);
        }
    }
    if rows.stamps.is_empty() && seen > 0 {
        bail!("{shown} {}", none_taken(&station.choices, seen));
    }
    Ok(rows)
}

fn time(row: &Row, station: &Station, positions: &[usize]) -> Result<Stamp, String> {
    let stamp = match positions {
        [position] => parse_time(row.field(*position), station),
        positions => {
            let texts: Vec<&str> = positions.iter().map(|position| row.field(*position)).collect();
            parse_time(&texts.join(" "), station)
        }
    };
    stamp
}

/// The time that a text means.
///
/// # Errors
/// The text, what was wanted, and the key, as a sentence's end.
pub(crate) fn parse_time(text: &str, station: &Station) -> Result<Stamp, String> {
    station.time_format.parse(text).ok_or_else(|| {
        format!(
            "the time is {text:?}; wanted {}: correct the row, or [ingest.station] time_format",
            station.time_format.wanted()
        )
    })
}
