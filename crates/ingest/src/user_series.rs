//! The user's files for a task with a trained model: the hours as they are, at the model's place if they are of a
//! grid. What is missing stays missing and nothing is flagged, averaged or filled: a spike may be what is looked
//! for. A time axis that is not hourly is refused, since nothing says what stands for an hour.

mod table;

use anyhow::bail;
use contract::artifact::{SERIES, column};
use contract::calendar::{self, HOUR_US, MINUTE_US};
use contract::config::Fault;
use contract::credit::Credit;
use contract::stage::{InputFile, Inputs, Outputs, Stage, read_json};
use contract::transform::Transform;
use contract::variable::Variable;
use schemars::JsonSchema;
use serde::Deserialize;
use tables::{Column, Table, Values};

use crate::archive::Unpacked;
use crate::backend::Backend;
use crate::config::Config;
use crate::dataset::{self, Hour};
use crate::grid::Point;
use crate::merge::{self, Source};
use crate::plausible;
use crate::sniff::{self, Content};

/// The stage that the tasks ask for; see the module.
pub struct UserSeries;

/// It has no settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoTables {}

/// What one file has of the variable.
struct FileSeries {
    shown: String,
    /// `None` where the file does not say it.
    point: Option<Point>,
    /// What the file says of its data.
    credit: Credit,
    /// Without the missing ones.
    hours: Vec<Hour>,
    /// Of all rows, also those whose value is missing.
    times: Vec<i64>,
}

impl Stage for UserSeries {
    const NAME: &'static str = "hours";
    const READS: &'static [&'static str] = &["files", "deliver/model/transform.json"];
    type Tables = NoTables;
    type Config = ();

    fn check(_: NoTables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model: Transform = read_json(inputs.path("deliver/model/transform.json")?)?;
        let Some(variable) = Variable::named(&model.variable) else {
            bail!("this version does not know the model's variable {:?}", model.variable);
        };
        let place = Point { latitude_deg: model.latitude_deg, longitude_deg: model.longitude_deg };
        let past_hour_us = model.past_hour_us();
        let unpacked = Unpacked::of(inputs.files("files"), &outputs.work).map_err(without_keys)?;
        let files = unpacked.files.iter().map(|file| read_file(file, variable, place, past_hour_us));
        let files = files.collect::<anyhow::Result<Vec<_>>>();
        let table = files.and_then(|files| together(variable, &files));
        let table = table.map_err(|error| without_keys(unpacked.explain(error)))?;
        tables::write(&outputs.file(SERIES), &table)
    }
}

/// The error without advice on keys of a pipeline file, which these commands do not have: readers are shared.
fn without_keys(error: anyhow::Error) -> anyhow::Error {
    let message = format!("{error:#}");
    let Some(key) = message.find("[ingest") else { return error };
    let before = &message[..key];
    let clause =
        [": ", "; ", ", and ", ", which "].iter().filter_map(|end| before.rfind(end)).max().unwrap_or(key);
    anyhow::anyhow!("{}: correct the file, or give another", before[..clause].trim_end())
}

fn read_file(
    file: &InputFile,
    variable: &'static Variable,
    place: Point,
    past_hour_us: i64,
) -> anyhow::Result<FileSeries> {
    let (path, shown) = (&file.path, file.path.display().to_string());
    let content = sniff::content(path)?;
    if content == Content::Netcdf {
        // How far the grid's point is from the model's place is the task's to say.
        let mut config = Config::of_place(vec![variable], place);
        config.max_distance_km = f64::INFINITY;
        let read = dataset::read(path, &config, Backend::default())?;
        let Some(column) = read.columns.into_iter().next() else {
            bail!("{}", other_variable(&shown, variable, &read.names));
        };
        let times: Vec<i64> = column.hours.iter().map(|hour| hour.time_us).collect();
        check_past_hour(&shown, &times, past_hour_us)?;
        let (point, credit) = (Some(column.site.point), read.credit);
        return Ok(FileSeries { shown, point, credit, hours: column.hours, times });
    }
    let table = match content {
        Content::Text => table::Look::at_text(path)?,
        Content::Parquet => table::Look::at_parquet(path)?,
        Content::Empty => bail!("{shown} is empty; wanted NetCDF, CSV or Parquet: copy it again"),
        _ => bail!("{shown} is neither NetCDF nor CSV nor Parquet; wanted one of them"),
    };
    let (hours, times) = table.hours(path, variable)?;
    check_past_hour(&shown, &times, past_hour_us)?;
    check_order(&shown, &times)?;
    let table::Look { point, credit, .. } = table;
    Ok(FileSeries { shown, point, credit, hours, times })
}

fn other_variable(shown: &str, variable: &Variable, names: &[String]) -> String {
    format!(
        "{shown} has no variable {:?}, which the model is of ({}); it has {}",
        variable.name,
        variable.long_name,
        names.join(", ")
    )
}

/// All files as one table of every hour from the first to the last, NaN where a file has none.
fn together(variable: &'static Variable, files: &[FileSeries]) -> anyhow::Result<Table> {
    let sources: Vec<Source<'_>> =
        files.iter().map(|file| Source { file: &file.shown, hours: &file.hours }).collect();
    let hours = merge::merge(variable, &sources)?;
    let shown = match files {
        [one] => one.shown.clone(),
        several => format!("the {} files together", several.len()),
    };
    if hours.is_empty() {
        bail!("{shown}: all hours of {} are missing; there is nothing to go by", variable.name);
    }
    plausible::check_values(variable, &hours).map_err(|error| anyhow::anyhow!("{shown}: {error:#}"))?;
    let mut rows: Vec<i64> = files.iter().flat_map(|file| &file.times).copied().collect();
    rows.sort_unstable();
    rows.dedup();
    let (first_us, last_us) = (rows[0], rows[rows.len() - 1]);
    plausible::check_span(first_us, last_us)?;
    check_step(&shown, &rows)?;
    let count = ((last_us - first_us) / HOUR_US + 1) as usize;
    let mut values = vec![f32::NAN; count];
    for hour in &hours {
        values[((hour.time_us - first_us) / HOUR_US) as usize] = hour.value;
    }
    let times = (0..count as i64).map(|hour| first_us + hour * HOUR_US).collect();
    let mut table = Table::new(vec![
        Column::new(column::TIME, Values::Time(times)),
        Column::with_unit(variable.name, variable.canonical_unit, Values::Float32(values)),
    ]);
    if let Some(point) = files.iter().find_map(|file| file.point) {
        table.metadata.insert("latitude_deg".to_string(), point.latitude_deg.to_string());
        table.metadata.insert("longitude_deg".to_string(), point.longitude_deg.to_string());
    }
    let credits = files.iter().map(|file| file.credit.clone());
    table.metadata.extend(credits.fold(Credit::default(), Credit::and).metadata());
    Ok(table)
}

/// Refuses a series whose times are all some hours apart.
fn check_step(shown: &str, times: &[i64]) -> anyhow::Result<()> {
    let steps = times.windows(2).map(|pair| (pair[1] - pair[0]) / HOUR_US);
    let step = steps.fold(0, greatest_divisor);
    if step > 1 {
        bail!("{shown} has a value every {step} hours; wanted hourly ones, as the model makes them");
    }
    Ok(())
}

fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// Refuses times that lie elsewhere between the whole hours of UTC than those the model was fitted to.
fn check_past_hour(shown: &str, times: &[i64], past_hour_us: i64) -> anyhow::Result<()> {
    let is_other = |time: &&i64| time.rem_euclid(HOUR_US) != past_hour_us;
    let Some(time) = times.iter().find(is_other) else { return Ok(()) };
    let (hour, minutes) = (time - time.rem_euclid(HOUR_US), time.rem_euclid(HOUR_US) as f64 / 6e7);
    let wanted = match past_hour_us / MINUTE_US {
        0 => "whole hours UTC".to_string(),
        past => format!("times {past} minutes after the whole hours UTC, as those the model was fitted to"),
    };
    bail!("{shown} has a time {minutes} minutes after {}; wanted {wanted}", calendar::format_hour(hour))
}

/// Refuses times of a table that are not in order, each once.
fn check_order(shown: &str, times: &[i64]) -> anyhow::Result<()> {
    let Some(pair) = times.windows(2).find(|pair| pair[1] <= pair[0]) else { return Ok(()) };
    let (before, after) = (calendar::format_hour(pair[0]), calendar::format_hour(pair[1]));
    if pair[0] == pair[1] {
        bail!(
            "{shown} has the time {before} twice; wanted each hour once: of several members or places take one"
        );
    }
    bail!(
        "{shown} goes back in time, from {before} to {after}; wanted the hours in order: sort its rows by time"
    )
}

#[cfg(test)]
mod tests;
