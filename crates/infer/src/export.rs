//! Where generated hours go: Parquet always, NetCDF and CSV on request. One file each.

mod csv;
pub(crate) mod csvw;
pub(crate) mod netcdf;
mod parquet;

use std::path::Path;

use contract::credit::Credit;
use contract::variable::{AcceptedUnit, Variable};

use crate::config::ExportKind;
use crate::span::Span;

/// What all files of a run have in common.
#[derive(Clone, Debug)]
pub struct Series {
    pub variable: &'static Variable,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    pub span: Span,
    pub members: i32,
    /// As asked for; `None` for the reference year's climate.
    pub target_year: Option<i16>,
    /// Unit of the exports.
    pub unit: AcceptedUnit,
    /// What has to be said of the data that the model is of.
    pub credit: Credit,
}

/// What every file says of its source, beside that of the data.
const SOURCE: &str = "Isotherm, a variational autoencoder trained on hourly weather";

/// What has to be said of hours that a model has made of such data.
pub(crate) fn derived(credit: Credit) -> Credit {
    credit.and(Credit::of_source(SOURCE))
}

impl Series {
    /// What the hours are.
    fn title(&self) -> String {
        match self.target_year {
            Some(year) => format!("synthetic hours with the climate of {year}"),
            None => "synthetic hours with the climate of the model's reference year".to_string(),
        }
    }
}

/// Consecutive hours of one member, in the variable's canonical unit.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub member: i32,
    /// The first hour's number within the member.
    pub first_hour: usize,
    pub values: &'a [f32],
}

/// A file that takes parts in order: by member, then time.
pub trait Sink: Send {
    /// Writes the next part.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn append(&mut self, part: Part<'_>) -> anyhow::Result<()>;

    /// Writes what is left, and sees that all of it is on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// Creates the Parquet file of that name and the exports asked for.
///
/// # Errors
/// When a file cannot be created.
pub fn open(
    series: &Series,
    name: &str,
    kinds: &[ExportKind],
    folder: &Path,
) -> anyhow::Result<Vec<Box<dyn Sink>>> {
    let mut sinks: Vec<Box<dyn Sink>> =
        vec![Box::new(parquet::Parquet::create(series.clone(), &folder.join(name))?)];
    for kind in kinds {
        sinks.push(match kind {
            ExportKind::Netcdf => {
                Box::new(netcdf::Netcdf::create(series.clone(), &folder.join("generated.nc"))?)
            }
            ExportKind::Csv => Box::new(csv::Csv::create(series.clone(), &folder.join("generated.csv"))?),
        });
    }
    Ok(sinks)
}
