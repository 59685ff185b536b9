//! One file's hours as they are read, before files are merged and gaps filled: what the tests of
//! damaged files and the fuzz target look at. Not part of the stage.

use std::path::Path;

use crate::backend::Backend;
use crate::config::Config;
use crate::dataset;

/// A value, its time in microseconds since 1970, UTC, and the bits of its flags.
pub type FlaggedHour = (i64, f32, u8);

/// The hours that one file has of each variable, by the variable's name.
///
/// # Errors
/// Whatever is wrong with the file, as a sentence that begins with its path.
pub fn read_hours(
    path: &Path,
    config: &Config,
    backend: Backend,
) -> anyhow::Result<Vec<(&'static str, Vec<FlaggedHour>)>> {
    let columns = dataset::read(path, config, backend)?.columns.into_iter();
    let hours = |column: dataset::FileColumn| {
        let hours = column.hours.into_iter().map(|hour| (hour.time_us, hour.value, hour.flags));
        (column.variable.name, hours.collect())
    };
    Ok(columns.map(hours).collect())
}
