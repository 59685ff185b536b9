//! The series that a task is given: every hour from the first to the last. What `ingest` has filled is missing. Whether
//! a doubtful hour is too depends on the task: one with a flag that the model's pipeline takes out, or with a value
//! outside the variable's valid range, is no observation to go by, but it may be the fault that is looked for.

use anyhow::bail;
use contract::artifact::{SERIES, column};
use contract::calendar::{HOUR_US, format_hour};
use contract::credit::Credit;
use contract::missing::MissingFlags;
use contract::stage::Inputs;
use contract::variable::Variable;
use tables::Table;

use super::place;
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// What a task makes of hours that are flagged or not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubtful {
    /// They are missing, which a warning says.
    Missing,
    /// They are looked at.
    Kept,
}

/// Reads the series of the model's variable and what has to be said of it, and warns where it is from another place.
///
/// # Errors
/// When it is not of the model's variable, not hourly, too short or all missing.
pub(super) fn read(
    inputs: &Inputs,
    model: &TrainedModel,
    doubtful: Doubtful,
) -> anyhow::Result<(ObservedHours, Credit)> {
    let table = tables::read(inputs.path(&format!("ingest/{SERIES}"))?, &[])?;
    let observed = observed(&table, model.variable, model.transform.exclude, doubtful)?;
    observed.check()?;
    if let Some(sentence) = place::sentence(&table.metadata, model, &observed) {
        tracing::warn!("{sentence}");
    }
    Ok((observed, Credit::from_metadata(&table.metadata)))
}

fn observed(
    table: &Table,
    variable: &Variable,
    exclude: MissingFlags,
    doubtful: Doubtful,
) -> anyhow::Result<ObservedHours> {
    let name = variable.name;
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    if !names.contains(&name) {
        bail!(
            "the series has no {name}, which the model is of; it has {}: add {name} to [ingest] variables",
            names.join(", ")
        );
    }
    let times = table.times(column::TIME)?;
    if let Some(pair) = times.windows(2).find(|pair| pair[1] - pair[0] != HOUR_US) {
        let (before, after) = (format_hour(pair[0]), format_hour(pair[1]));
        bail!("the series goes from {before} to {after}; wanted each hour once, in order");
    }
    let Some(first_us) = times.first() else { bail!("the series has no hours") };
    let values = table.f32s(name)?;
    // A user's own files have no flags.
    let flag = column::flag(name);
    let mut values = match names.contains(&flag.as_str()) {
        true => {
            let flags = table.u8s(&flag)?;
            let missing = match doubtful {
                Doubtful::Missing => exclude,
                Doubtful::Kept => MissingFlags(0),
            };
            warn_of_flagged(missing, times, values, flags);
            missing.and_filled().values(values, flags)
        }
        false => values.to_vec(),
    };
    if doubtful == Doubtful::Missing
        && let Some(sentence) = take_out_impossible(variable, times, &mut values)
    {
        tracing::warn!("{sentence}");
    }
    Ok(ObservedHours { first_us: *first_us, values })
}

/// Makes values outside the variable's valid range missing, and says how many; `None` where all are possible.
fn take_out_impossible(variable: &Variable, times: &[i64], values: &mut [f32]) -> Option<String> {
    let ([least, greatest], unit) = (variable.valid_range, variable.canonical_unit);
    let is_possible = |value: f32| value.is_nan() || (least..=greatest).contains(&f64::from(value));
    let there = values.iter().filter(|value| !value.is_nan()).count();
    let outside: Vec<usize> = (0..values.len()).filter(|&row| !is_possible(values[row])).collect();
    let first = *outside.first()?;
    let sentence = format!(
        "{} of {there} values of {} lie outside {least} to {greatest} {unit} and count as missing, the first being {} \
         {unit} at {}Z; if that is a code for missing hours, nothing needs to be done",
        outside.len(),
        variable.name,
        values[first],
        format_hour(times[first])
    );
    outside.into_iter().for_each(|row| values[row] = f32::NAN);
    Some(sentence)
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

    fn t2m() -> &'static Variable {
        Variable::named("t2m").unwrap()
    }

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
            let values = observed(&table, t2m(), exclude, Doubtful::Missing).unwrap().values;
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
            observed(&table, Variable::named(variable).unwrap(), MissingFlags::default(), Doubtful::Missing)
                .unwrap_err()
                .to_string()
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

    /// Codes for missing hours, such as -999 in degC, beside an hour that is empty.
    #[test]
    fn values_outside_the_valid_range_are_missing_and_said() {
        let times: Vec<i64> = (0..5).map(|hour| hour * HOUR_US).collect();
        for (code, kelvin) in [(-725.85, "-725.85"), (10272.15, "10272.15"), (-9999.0, "-9999"), (0.0, "0")] {
            let mut values = [274.15, code, code, f32::NAN, 275.15];
            let sentence = take_out_impossible(t2m(), &times, &mut values).unwrap();
            assert_eq!((values[0], values[4]), (274.15, 275.15), "{code}");
            assert!(values[1..4].iter().all(|value| value.is_nan()), "{code}");
            assert_eq!(
                sentence,
                format!(
                    "2 of 4 values of t2m lie outside 170 to 340 K and count as missing, the first being {kelvin} K at \
                     1970-01-01T01:00Z; if that is a code for missing hours, nothing needs to be done"
                )
            );
            assert_eq!(take_out_impossible(t2m(), &times, &mut values), None);
        }
    }

    #[test]
    fn what_looks_for_faults_sees_flagged_and_impossible_hours() {
        let values = |doubtful, flags: Vec<u8>, first: f32| {
            let mut table = table(vec![0, HOUR_US], flags);
            table.columns[1].values = Values::Float32(vec![first, 281.0]);
            observed(&table, t2m(), MissingFlags::default(), doubtful).unwrap().values
        };
        assert_eq!(values(Doubtful::Kept, vec![flag::SPIKE, 0], 375.0), [375.0, 281.0]);
        assert!(values(Doubtful::Kept, vec![flag::FILLED, 0], 280.0)[0].is_nan());
        assert!(values(Doubtful::Missing, vec![0, 0], 375.0)[0].is_nan());
    }
}
