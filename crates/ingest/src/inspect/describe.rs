//! The text for people.

use std::fmt::Write;

use super::Report;
use super::file::{FileReport, Grid, Span, SpanGap, VariableReport};

/// So many gaps are listed.
const LISTED_GAPS: usize = 5;

/// One block a file, then all of them together.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    for file in &report.files {
        // Writing to a text cannot fail.
        let _ = describe_file(&mut out, file);
        out.push('\n');
    }
    if let Some(span) = report.together.span.as_ref().filter(|_| report.files.len() > 1) {
        let _ = writeln!(out, "all {} files: {}\n", report.files.len(), describe_span(span));
    }
    match &report.together.ingest {
        Some(table) => {
            let _ = write!(out, "In a pipeline file, with the place moved to where it should be:\n\n{table}");
        }
        None if report.files.iter().any(|file| file.format == Some("text")) => out.push_str(
            "Nothing here was found to be a table; if it is one, describe it in [ingest.station]: delimiter, skip_lines, \
             comment, header, time, time_format, time_zone, columns (docs/data-sources.md).\n",
        ),
        None => out.push_str("Nothing here can be used in a pipeline file.\n"),
    }
    out
}

fn describe_file(out: &mut String, file: &FileReport) -> std::fmt::Result {
    let format = file.format.map(|format| format!(", {format}")).unwrap_or_default();
    writeln!(out, "{}{format}, {}", file.path, bytes(file.bytes))?;
    if let Some(error) = &file.error {
        writeln!(out, "  cannot be used: {error}")?;
    }
    if let Some(span) = &file.span {
        writeln!(out, "  time      {}", describe_span(span))?;
    }
    if let Some(grid) = &file.grid {
        writeln!(out, "  grid      {}", describe_grid(grid))?;
        if let Some(versions) = &grid.versions {
            writeln!(out, "  versions  {versions}")?;
        }
    }
    if let Some(members) = file.grid.as_ref().and_then(|grid| grid.members.as_ref()) {
        writeln!(out, "  members   {members}")?;
    }
    if let Some(licence) = file.credit.licence() {
        writeln!(out, "  licence   {licence}")?;
    }
    for column in file.table.iter().flat_map(|table| &table.columns) {
        writeln!(out, "  column    {:?}, for example {:?}", column.name, column.example)?;
    }
    let known = file.variables.iter().filter(|variable| variable.known_as.is_some());
    known.clone().try_for_each(|variable| writeln!(out, "  {}", describe_variable(variable)))?;
    let is_other = |variable: &&VariableReport| variable.known_as.is_none();
    let others: Vec<&str> =
        file.variables.iter().filter(is_other).map(|variable| variable.name.as_str()).collect();
    if !others.is_empty() {
        writeln!(out, "  others    {}", others.join(", "))?;
    }
    Ok(())
}

fn describe_span(span: &Span) -> String {
    let step = match span.step_hours {
        1 => "hourly".to_string(),
        hours => format!("every {hours} hours"),
    };
    let none_or = |count: usize| if count == 0 { "none".to_string() } else { count.to_string() };
    let (missing, preliminary) = (none_or(span.missing), none_or(span.preliminary));
    format!(
        "{} to {} UTC, {step}, {} values, {missing} missing{}, {preliminary} preliminary",
        span.first,
        span.last,
        span.values,
        describe_gaps(&span.gaps)
    )
}

/// ` (2020-05-05T22:00: 2 h)`; of many gaps the first ones.
fn describe_gaps(gaps: &[SpanGap]) -> String {
    let each = gaps.iter().take(LISTED_GAPS).map(|gap| format!("{}: {} h", gap.from, gap.hours));
    let mut listed: Vec<String> = each.collect();
    match gaps.len() - listed.len() {
        _ if gaps.is_empty() => return String::new(),
        0 => {}
        more => listed.push(format!("and {more} gaps more")),
    }
    format!(" ({})", listed.join(", "))
}

fn describe_grid(grid: &Grid) -> String {
    let [rows, columns] = grid.points;
    if (rows, columns) == (1, 1) {
        return format!("one point, {} N {} E", grid.middle_latitude_deg, grid.middle_longitude_deg);
    }
    let [first_row, last_row] = grid.latitudes_deg.map(short);
    let [first_column, last_column] = grid.longitudes_deg.map(short);
    format!("{rows} x {columns} points, {first_row} to {last_row} N, {first_column} to {last_column} E")
}

/// Without the digits that 32 bits make up.
fn short(degrees: f64) -> f64 {
    (degrees * 1e4).round() / 1e4
}

fn describe_variable(variable: &VariableReport) -> String {
    let known_as = variable.known_as.unwrap_or_default();
    let name = if known_as == variable.name { String::new() } else { format!(" (called {})", variable.name) };
    let long_name = variable.long_name.as_deref().unwrap_or("no long name");
    if variable.dimensions.is_empty() && variable.unit.is_none() {
        return format!("{known_as:<10}{long_name}{name}");
    }
    let unit = variable.unit.as_deref().unwrap_or("no unit");
    let dimensions = variable.dimensions.join(", ");
    format!("{known_as:<10}{long_name}{name}, {unit}, {} ({dimensions})", variable.stored)
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
