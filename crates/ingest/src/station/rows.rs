//! What both kinds of station files give: for each row its time, and for each variable its value.

use std::path::Path;

use anyhow::bail;
use contract::config::nearest;

use super::config::Station;
use super::timestamp::Stamp;

/// All rows of one file, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub stamps: Vec<Stamp>,
    /// For each column of the [`Station`] a value for each row, in the canonical unit; `None` where
    /// it is missing.
    pub values: Vec<Vec<Option<f64>>>,
}

/// Where the columns that a station needs are in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Positions {
    pub time: Vec<usize>,
    /// For each choice of the [`Station`].
    pub choices: Vec<usize>,
    /// For each column of the [`Station`] those of [`super::column::Measured::columns`].
    pub values: Vec<Vec<usize>>,
}

impl Positions {
    /// Finds the columns by name.
    ///
    /// # Errors
    /// Names the first that the file does not have, for which key, and what it has.
    pub(crate) fn find(path: &Path, station: &Station, names: &[String]) -> anyhow::Result<Positions> {
        let find = |wanted: &str, key: &str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| name.as_str() == wanted);
            let (first, second) = (found.next(), found.next());
            let path = path.display();
            if second.is_some() {
                bail!("{path} has several columns {wanted:?}, for {key}; wanted one: rename the others");
            }
            let Some((position, _)) = first else {
                let has = names.join(", ");
                bail!("{path} has no column {wanted:?}, for {key}; it has {has}{}", proposal(wanted, names));
            };
            Ok(position)
        };
        let time = station.time.iter().map(|name| find(name, "[ingest.station] time"));
        let time = time.collect::<anyhow::Result<_>>()?;
        let choices = station.choices.iter().map(|choice| find(&choice.column, "[ingest.station] where"));
        let choices = choices.collect::<anyhow::Result<_>>()?;
        let mut values = Vec::new();
        for column in &station.columns {
            let key = format!("[ingest.station] columns.{}", column.variable.name);
            let positions = column.measured.columns().into_iter().map(|name| find(name, &key));
            values.push(positions.collect::<anyhow::Result<_>>()?);
        }
        Ok(Positions { time, choices, values })
    }
}

/// What may have been meant: another column, or another delimiter where there is but one.
fn proposal(wanted: &str, names: &[String]) -> String {
    if let [one] = names
        && let Some(delimiter) = [";", "\t", ",", "|"].into_iter().find(|delimiter| one.contains(delimiter))
    {
        let delimiter = if delimiter == "\t" { "tab" } else { delimiter };
        return format!("; is delimiter = {delimiter:?} meant?");
    }
    let nearest = nearest(wanted, names.iter().map(String::as_str));
    nearest.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default()
}
