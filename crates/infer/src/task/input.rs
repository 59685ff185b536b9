//! The series that a task is given: every hour from the first to the last. What `ingest` has filled is missing, and
//! so is what it has flagged where the model's pipeline takes out hours with these flags.

use anyhow::bail;
use contract::artifact::{SERIES, column};
use contract::calendar::{HOUR_US, format_hour};
use contract::credit::Credit;
use contract::missing::MissingFlags;
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
    let observed = observed(&table, model.variable.name, model.transform.exclude)?;
    observed.check()?;
    if let Some(sentence) = place::sentence(&table.metadata, model, &observed) {
        tracing::warn!("{sentence}");
    }
    Ok((observed, Credit::from_metadata(&table.metadata)))
}

fn observed(table: &Table, variable: &str, exclude: MissingFlags) -> anyhow::Result<ObservedHours> {
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
    let values = table.f32s(variable)?;
    // A user's own files have no flags.
    let flag = column::flag(variable);
    let values = match names.contains(&flag.as_str()) {
        true => {
            let flags = table.u8s(&flag)?;
            warn_of_flagged(exclude, times, values, flags);
            exclude.and_filled().values(values, flags)
        }
        false => values.to_vec(),
    };
    Ok(ObservedHours { first_us: *first_us, values })
}

/// Says how many hours with a value are missing for their flags.
fn warn_of_flagged(exclude: MissingFlags, times: &[i64], values: &[f32], flags: &[u8]) {
    let hours = || (0..times.len()).filter(|&row| !values[row].is_nan() && exclude.is_among(flags[row]));
    if let Some(first) = hours().next() {
        tracing::warn!(
            "{} hours are missing for their quality flags ({}: [preprocess] exclude), the first at {}Z",
            hours().count(),
            exclude.names().join(", "),
            format_hour(times[first])
        );
    }
}

#[cfg(test)]
mod tests {
    use contract::artifact::flag;
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
    fn what_ingest_filled_or_preprocess_excludes_is_missing() {
        let check = |flags: [u8; 2], exclude: MissingFlags, missing: [bool; 2]| {
            let table = table(vec![0, HOUR_US], flags.to_vec());
            let values = observed(&table, "t2m", exclude).unwrap().values;
            assert_eq!(values.iter().map(|value| value.is_nan()).collect::<Vec<_>>(), missing, "{flags:?}");
        };
        check([flag::SPIKE, flag::FILLED], MissingFlags::default(), [true, true]);
        check([flag::OUT_OF_RANGE | flag::PRELIMINARY, flag::STUCK], MissingFlags::default(), [true, true]);
        check([flag::PRELIMINARY, flag::DUPLICATE], MissingFlags::default(), [false, false]);
        check([flag::SPIKE, flag::FILLED], MissingFlags(0), [false, true]);
    }

    #[test]
    fn series_that_are_not_the_models_are_refused() {
        let fault = |times, variable| {
            let table = table(times, vec![0, 0]);
            observed(&table, variable, MissingFlags::default()).unwrap_err().to_string()
        };
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
