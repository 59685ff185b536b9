//! Where the values of variables are: as long as their shapes say, in the order of the header, one
//! after the other, records last. Gaps are allowed between variables that have no records: some
//! writers align them.

use super::header::{Header, Variable};
use super::padded;

/// Whether the places of all variables agree with their shapes and with each other.
///
/// # Errors
/// What does not.
pub(super) fn check(header: &Header) -> Result<(), String> {
    header.variables.iter().try_for_each(|variable| check_size(header, variable))?;
    let (records, fixed): (Vec<_>, Vec<_>) = header.variables.iter().partition(|variable| variable.is_record);
    let mut free = header.bytes;
    for variable in fixed {
        check_begin(variable, free)?;
        free = variable.end();
    }
    let mut free_of_records = None;
    for variable in records {
        check_begin(variable, free)?;
        // One record is the records of all variables without gaps.
        if free_of_records.is_some_and(|free| variable.begin != free) {
            return Err(format!("the first record of {} is at the wrong place", variable.name));
        }
        free = variable.begin.saturating_add(padded(variable.bytes));
        free_of_records = Some(free);
    }
    Ok(())
}

/// The end of the last value.
pub(super) fn end(header: &Header) -> u64 {
    let fixed = header.variables.iter().filter(|variable| !variable.is_record);
    let end = fixed.map(Variable::end).max().unwrap_or(0).max(header.bytes);
    match header.records {
        None | Some(0) => end,
        Some(records) => end.max(end_of_records(&header.variables, records)),
    }
}

fn end_of_records(variables: &[Variable], records: u64) -> u64 {
    let of_record = || variables.iter().filter(|variable| variable.is_record);
    // A single record variable is not padded.
    let stride = match of_record().count() {
        1 => of_record().map(|variable| variable.bytes).sum(),
        _ => of_record().fold(0, |sum: u64, variable| sum.saturating_add(padded(variable.bytes))),
    };
    let before_last = (records - 1).saturating_mul(stride);
    of_record().map(|variable| before_last.saturating_add(variable.end())).max().unwrap_or(0)
}

fn check_size(header: &Header, variable: &Variable) -> Result<(), String> {
    let Variable { name, bytes, stored_bytes, .. } = variable;
    // Before CDF-5 the field is too short for the largest variables, and means nothing.
    let is_too_long = header.version != 5 && padded(*bytes) > u64::from(u32::MAX) - 3;
    if is_too_long || *stored_bytes == *bytes || *stored_bytes == padded(*bytes) {
        return Ok(());
    }
    Err(format!("{name} is {stored_bytes} bytes long by its header and {bytes} by its dimensions"))
}

fn check_begin(variable: &Variable, free: u64) -> Result<(), String> {
    let Variable { name, begin, .. } = variable;
    if *begin < free {
        return Err(format!("{name} begins at byte {begin}, before byte {free}, where its place begins"));
    }
    if begin % 4 != 0 {
        return Err(format!("{name} begins at byte {begin}, which is no multiple of 4"));
    }
    Ok(())
}

impl Variable {
    /// Of the whole variable, or of its first record.
    fn end(&self) -> u64 {
        self.begin.saturating_add(self.bytes)
    }
}
