//! The rows of a text, and how it is laid out: what stands between fields, what comes before the table, whether its
//! first line has the names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, bail};

use crate::delimited::{self, Delimiter, Header, Layout, Reader};

/// So many lines are looked at to see how the text is laid out.
const MOST_LINES: usize = 400;

/// So many bytes of them.
const MOST_BYTES: u64 = 1 << 20;

/// So many rows are kept, all of a file of a year.
const MOST_ROWS: usize = 16_000;

/// What stands between fields, the likeliest first of those that do as well.
const DELIMITERS: [Delimiter; 4] =
    [Delimiter::Character('\t'), Delimiter::Character(';'), Delimiter::Character(','), Delimiter::Whitespace];

/// Columns of which one tells stations apart.
const STATIONS: [&str; 8] =
    ["stn", "station", "stations_id", "station_id", "station number", "src_id", "id", "staid"];

/// What was seen of a table.
pub(super) struct Sample {
    /// `None` for Parquet.
    pub layout: Option<Layout>,
    /// As the table is to call them: numbers where the file has no line of names.
    pub names: Vec<String>,
    /// What the file calls them, also in a comment.
    pub titles: Vec<String>,
    /// The units by column, where the file says them.
    pub units: Vec<Option<String>>,
    /// Some of the rows, in their order; of several stations those of one.
    pub rows: Vec<Vec<String>>,
    /// What comes before the table.
    pub head: Vec<String>,
    /// The column that tells stations apart, and their names, if there are several.
    pub stations: Option<(usize, Vec<String>)>,
}

/// Reads the layout and some rows.
///
/// # Errors
/// When the file cannot be read, or has no line like the others.
pub(super) fn of_text(path: &Path) -> anyhow::Result<Sample> {
    let shown = path.display();
    let lines = first_lines(path)?;
    let Some(first) = lines.first() else { bail!("{shown} has no rows") };
    let guess = if delimited::has_known_head(first) { known_head(&lines) } else { Guess::of(&lines) };
    let Some(guess) = guess else {
        bail!(
            "{shown}: no two lines have the same number of fields, whatever stands between them; if it is a table, say \
             how it is laid out in [ingest.station]: delimiter, skip_lines, comment, header, time, time_format, columns"
        );
    };
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut reader = Reader::new(shown.to_string(), BufReader::new(file), &guess.layout)?;
    let names = reader.names().to_vec();
    let titles = if guess.titles.len() == names.len() { guess.titles } else { names.clone() };
    let station = titles.iter().position(|title| STATIONS.contains(&title.to_lowercase().as_str()));
    let mut stations: BTreeMap<String, usize> = BTreeMap::new();
    let (mut rows, mut first_station) = (Vec::new(), None);
    while let Some(row) = reader.next_row()? {
        let of_row = station.map(|at| row.field(at).to_string());
        if let Some(of_row) = &of_row {
            *stations.entry(of_row.clone()).or_default() += 1;
        }
        let is_of_first = *first_station.get_or_insert_with(|| of_row.clone()) == of_row;
        if is_of_first {
            rows.push(row.fields().take(names.len()).map(str::to_string).collect::<Vec<_>>());
        }
        // Every second one goes, so that the rows are of the whole file.
        if rows.len() == 2 * MOST_ROWS {
            let mut at = 0;
            rows.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
    }
    let head = lines.iter().take(guess.head_lines).cloned().collect();
    let several = |names: BTreeMap<String, usize>| (names.len() > 1).then(|| names.into_keys().collect());
    let stations = station.and_then(|at| Some((at, several(stations)?)));
    let units = titles.iter().enumerate();
    let units =
        units.map(|(at, title)| guess.units.get(at).cloned().flatten().or_else(|| unit_in(title))).collect();
    Ok(Sample { layout: Some(guess.layout), names, titles, units, rows, head, stations })
}

fn first_lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = Vec::new();
    for line in BufReader::new(file.take(MOST_BYTES)).split(b'\n').take(MOST_LINES) {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        let text = match String::from_utf8(line) {
            Ok(text) => text,
            Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
        };
        lines.push(text.trim_start_matches('\u{feff}').trim_end_matches('\r').to_string());
    }
    Ok(lines)
}

/// How a text is laid out, as far as its first lines tell.
struct Guess {
    layout: Layout,
    head_lines: usize,
    titles: Vec<String>,
    units: Vec<Option<String>>,
}

/// That of a format whose head the reader knows.
fn known_head(lines: &[String]) -> Option<Guess> {
    let layout = Layout::commas();
    let fields = |line: &String| delimited::fields(line, layout.delimiter);
    let is_toa5 = fields(lines.first()?).first().is_some_and(|word| word == "TOA5");
    let units: Vec<Option<String>> = match lines.get(2).filter(|_| is_toa5) {
        Some(line) => {
            fields(line).into_iter().map(|unit| Some(unit).filter(|unit| !unit.is_empty())).collect()
        }
        None => Vec::new(),
    };
    Some(Guess { head_lines: lines.len().min(60), titles: Vec::new(), units, layout })
}

impl Guess {
    fn of(lines: &[String]) -> Option<Guess> {
        let is_comment = |line: &String| line.trim_start().starts_with('#');
        let has_comments = lines.iter().any(is_comment);
        let numbered: Vec<(usize, &String)> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty() && !is_comment(line))
            .collect();
        // The table is what most of the lines are alike in.
        let (delimiter, width, _) = DELIMITERS
            .into_iter()
            .filter_map(|delimiter| {
                let (width, count) = usual_width(numbered.iter().map(|(_, line)| line.as_str()), delimiter)?;
                Some((delimiter, width, count))
            })
            .rev()
            .max_by_key(|(_, _, count)| *count)?;
        let fields = |line: &str| delimited::fields(line, delimiter);
        let (at, first) = numbered.iter().copied().find(|(_, line)| fields(line).len() == width)?;
        let names = fields(first);
        let is_header = !names.iter().any(|name| is_number(name));
        // Of names that are there twice none can be asked for.
        let is_twice =
            names.iter().enumerate().any(|(at, name)| !name.is_empty() && names[..at].contains(name));
        let skipped = numbered.iter().any(|(number, _)| *number < at);
        let commented = lines[..at].iter().rev().find(|line| is_comment(line) && line.trim() != "#");
        let commented = commented.map(|line| fields(line.trim_start().trim_start_matches('#')));
        let titles = match commented {
            _ if is_header => names,
            Some(names) if names.len() == width => names,
            _ => Vec::new(),
        };
        let (skip_lines, header) = match (is_header, is_twice) {
            (true, true) => (at + 1, Header::Numbers),
            (true, false) => (if skipped { at } else { 0 }, Header::FirstLine),
            (false, _) => (if skipped { at } else { 0 }, Header::Numbers),
        };
        let comment = has_comments.then(|| "#".to_string());
        let layout = Layout { delimiter, skip_lines, comment, footer: None, header };
        Some(Guess { layout, head_lines: at, titles, units: Vec::new() })
    }
}

/// The number of fields, two at least, that most lines have, and how many those are.
fn usual_width<'a>(lines: impl Iterator<Item = &'a str>, delimiter: Delimiter) -> Option<(usize, usize)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(delimited::fields(line, delimiter).len()).or_default() += 1;
    }
    counts.into_iter().filter(|(width, count)| *width > 1 && *count > 1).max_by_key(|(_, count)| *count)
}

/// Whether a field is a number, with a point or a comma, or a time: not a name.
fn is_number(field: &str) -> bool {
    field.chars().any(|letter| letter.is_ascii_digit())
        && field.chars().all(|letter| letter.is_ascii_digit() || "+-.,:/ TZeE".contains(letter))
}

/// The unit in a column's name: `temperature_2m (°C)`, `t [K]`.
pub(super) fn unit_in(title: &str) -> Option<String> {
    let rest = title.trim().strip_suffix([')', ']'])?;
    let (_, unit) = rest.rsplit_once(['(', '['])?;
    Some(unit.trim().to_string())
}
