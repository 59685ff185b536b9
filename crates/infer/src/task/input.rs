//! The series that a task is given: every hour from the first to the last. What `ingest` has filled counts as
//! missing.

use anyhow::bail;
use contract::artifact::{SERIES, column, flag};
use contract::calendar::{HOUR_US, format_hour};
use contract::credit::Credit;
use contract::stage::Inputs;
use tables::Table;

use super::place;
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// Reads the series of the model's variable and what has to be said of it, and warns where it is from another place.
///
/// # Errors
/// When it is not of the model's variable, not hourly, too short or all missing.
pub(super) fn read(inputs: &Inputs, model: &TrainedModel) -> anyhow::Result<(ObservedHours, Credit)> {
    let table = tables::read(inputs.path(&format!("ingest/{SERIES}"))?, &[])?;
    let observed = observed(&table, model.variable.name)?;
    observed.check()?;
    if let Some(sentence) = place::sentence(&table.metadata, model, &observed) {
        tracing::warn!("{sentence}");
    }
    Ok((observed, Credit::from_metadata(&table.metadata)))
}

fn observed(table: &Table, variable: &str) -> anyhow::Result<ObservedHours> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    if !names.contains(&variable) {
        bail!(
            "the series has no {variable}, which the model is of; it has {}: add {variable} to [ingest] variables",
            names.join(", ")
        );
    }
    let times = table.times(column::TIME)?;
    if let Some(pair) = times.windows(2).find(|pair| pair[1] - pair[0] != HOUR_US) {
        let (before, after) = (format_hour(pair[0]), format_hour(pair[1]));
        bail!("the series goes from {before} to {after}; wanted each hour once, in order");
    }
    let Some(first_us) = times.first() else { bail!("the series has no hours") };
    let mut values = table.f32s(variable)?.to_vec();
    if let Ok(flags) = table.u8s(&column::flag(variable)) {
        let filled = values.iter_mut().zip(flags).filter(|(_, flags)| *flags & flag::FILLED != 0);
        filled.for_each(|(value, _)| *value = f32::NAN);
    }
    Ok(ObservedHours { first_us: *first_us, values })
}

#[cfg(test)]
mod tests {
    use tables::{Column, Values};

    use super::*;

    fn table(times: Vec<i64>, flags: Vec<u8>) -> Table {
        Table::new(vec![
            Column::new("time", Values::Time(times)),
            Column::with_unit("t2m", "K", Values::Float32(vec![280.0, 281.0])),
            Column::new("t2m_flag", Values::UInt8(flags)),
        ])
    }

    #[test]
    fn what_ingest_filled_is_missing_and_what_it_flagged_is_not() {
        let observed = observed(&table(vec![0, HOUR_US], vec![flag::SPIKE, flag::FILLED]), "t2m").unwrap();
        assert_eq!(observed.values[0], 280.0);
        assert!(observed.values[1].is_nan());
    }

    #[test]
    fn series_that_are_not_the_models_are_refused() {
        let fault = |times, variable| observed(&table(times, vec![0, 0]), variable).unwrap_err().to_string();
        assert_eq!(
            fault(vec![0, HOUR_US], "sp"),
            "the series has no sp, which the model is of; it has time, t2m, t2m_flag: add sp to [ingest] variables"
        );
        assert_eq!(
            fault(vec![0, 2 * HOUR_US], "t2m"),
            "the series goes from 1970-01-01T00:00 to 1970-01-01T02:00; wanted each hour once, in order"
        );
    }
}
