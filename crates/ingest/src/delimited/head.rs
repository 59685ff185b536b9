//! Formats whose files begin with a head of their own, known by the first line.

use super::Row;

/// A format with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Of the British Atmospheric Data Centre: the line before the names is `data`, the last one `end data`.
    BadcCsv,
    /// Of Campbell's loggers: a line about the logger, the names, their units, and how they were made.
    Toa5,
}

impl Head {
    /// The format whose files begin with that row.
    pub(super) fn of(first: &Row) -> Option<Head> {
        match (first.field(0), first.field(2)) {
            ("TOA5", _) => Some(Head::Toa5),
            ("Conventions", "BADC-CSV") => Some(Head::BadcCsv),
            _ => None,
        }
    }
}

/// Whether the row is the last of a BADC-CSV's head.
pub(super) fn begins_data(row: &Row) -> bool {
    is_word(row, "data")
}

/// Whether the row is the first after a BADC-CSV's data.
pub(super) fn ends_data(row: &Row) -> bool {
    is_word(row, "end data")
}

fn is_word(row: &Row, word: &str) -> bool {
    row.field(0).eq_ignore_ascii_case(word) && row.fields().skip(1).all(str::is_empty)
}
