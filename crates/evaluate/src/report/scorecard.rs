//! The scorecard as the page shows it: a table of figures in groups, each with a colour and a word, and
//! the generator beside its rivals. It is made from plain rows, whatever they were computed by.

mod rivals;
mod rows;

use serde::Serialize;

use super::units::{Units, level, number};

pub(crate) use rivals::{Candidate, Rivals};
pub(crate) use rows::{candidates, rows};

/// Errors up to this many times what real years differ by fill the bar.
const LONGEST_BAR: f64 = 5.0;
const NOTHING: &str = "\u{2013}";

/// One figure of the scorecard. Values are in `unit`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScorecardRow {
    /// In `metrics.json`.
    pub(crate) key: String,
    /// The scorecard's row, 1 to 17.
    pub(crate) row: Option<u8>,
    /// False for figures that are shown beside the scorecard.
    pub(crate) is_counted: bool,
    pub(crate) title: String,
    /// In sentences, with its source.
    pub(crate) definition: String,
    pub(crate) unit: String,
    /// True for a value of the variable, which has a zero point; false for differences and the like.
    pub(crate) is_level: bool,
    pub(crate) held_out: Option<f64>,
    pub(crate) generated: Option<f64>,
    pub(crate) training: Option<f64>,
    /// Between held-out and generated years.
    pub(crate) error: Option<f64>,
    /// The mean error between random halves of the real years.
    pub(crate) real_error: Option<f64>,
    /// `1` without a unit.
    pub(crate) error_unit: String,
    /// The error by the mean error between halves of the real years.
    pub(crate) e: Option<f64>,
    /// The share of halves with an error at least as large.
    pub(crate) p: Option<f64>,
    pub(crate) outside: Option<bool>,
}

/// The table.
#[derive(Debug, Serialize)]
pub(crate) struct Scorecard {
    groups: Vec<Group>,
    /// Figures that are not counted.
    shown: Vec<Cells>,
    /// How many figures have which standing, the best first; those of no figure are left out.
    tally: Vec<Tally>,
    has_training: bool,
}

#[derive(Debug, Serialize)]
struct Tally {
    class: &'static str,
    sign: &'static str,
    count: usize,
    meaning: &'static str,
}

#[derive(Debug, Serialize)]
struct Group {
    name: &'static str,
    rows: Vec<Cells>,
}

/// A row of the table.
#[derive(Debug, Serialize)]
struct Cells {
    key: String,
    row: Option<u8>,
    title: String,
    definition: String,
    held_out: String,
    generated: String,
    training: String,
    unit: String,
    error: String,
    real_error: String,
    e: String,
    p: String,
    /// Per cent of the bar's length.
    bar: Option<f64>,
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

/// Where a figure stands, in the order of the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The error is at most the mean error between real halves.
    Close,
    /// Larger, and still among what real halves differ by.
    Inside,
    Outside,
    /// Shown, without a yardstick.
    Unrated,
}

impl Standing {
    fn of(row: &ScorecardRow) -> Standing {
        match (row.e, row.outside) {
            (Some(_), Some(true)) => Standing::Outside,
            (Some(e), _) if e <= 1.0 => Standing::Close,
            (Some(_), _) => Standing::Inside,
            (None, _) => Standing::Unrated,
        }
    }

    /// Class, sign and word; the sign and the word say the same as the colour.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Standing::Close => ("close", "\u{2713}", "close"),
            Standing::Inside => ("inside", "\u{25cb}", "inside"),
            Standing::Outside => ("outside", "\u{2717}", "outside"),
            Standing::Unrated => ("unrated", "", ""),
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Standing::Close => "close: no further away than two halves of the real years on average",
            Standing::Inside => "inside: further, but no further than real halves can be from each other",
            Standing::Outside => "outside: further than nineteen in twenty real halves",
            Standing::Unrated => "",
        }
    }
}

impl Scorecard {
    pub(crate) fn of(rows: &[ScorecardRow], units: &Units) -> Scorecard {
        let (mut groups, mut shown): (Vec<Group>, Vec<Cells>) = (Vec::new(), Vec::new());
        for row in rows {
            if !row.is_counted {
                shown.push(Cells::of(row, units));
                continue;
            }
            let name = group(row.row);
            let cells = Cells::of(row, units);
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.rows.push(cells),
                None => groups.push(Group { name, rows: vec![cells] }),
            }
        }
        let tally = [Standing::Close, Standing::Inside, Standing::Outside].into_iter().map(|standing| {
            let (class, sign, _) = standing.words();
            let counted = rows.iter().filter(|row| row.is_counted && Standing::of(row) == standing);
            let count = counted.count();
            Tally { class, sign, count, meaning: standing.meaning() }
        });
        Scorecard {
            groups,
            shown,
            tally: tally.filter(|tally| tally.count > 0).collect(),
            has_training: rows.iter().any(|row| row.training.is_some()),
        }
    }
}

/// What a row of the scorecard is about.
fn group(row: Option<u8>) -> &'static str {
    match row {
        Some(1..=4) => "Distribution",
        Some(5..=8) => "Memory and rhythm",
        Some(9..=11) => "Weeks, months and years",
        Some(12 | 13) => "Warm and cold spells",
        Some(14 | 15) => "Days",
        Some(16 | 17) => "Heat and extremes",
        _ => "Figures",
    }
}

impl Cells {
    fn of(row: &ScorecardRow, units: &Units) -> Cells {
        let value = |value: Option<f64>| match value {
            None => NOTHING.to_string(),
            Some(value) if row.is_level => level(units.level_of(value)),
            Some(value) => number(value, 3),
        };
        let (class, sign, word) = Standing::of(row).words();
        let unit = if row.is_level { units.level.as_str() } else { without_one(&row.unit) };
        let error = |error: Option<f64>| match error {
            None => NOTHING.to_string(),
            Some(error) => {
                format!("{} {}", number(error, 2), without_one(&row.error_unit)).trim_end().to_string()
            }
        };
        Cells {
            key: row.key.clone(),
            row: row.row,
            title: row.title.clone(),
            definition: row.definition.clone(),
            held_out: value(row.held_out),
            generated: value(row.generated),
            training: value(row.training),
            unit: unit.to_string(),
            error: error(row.error),
            real_error: error(row.real_error),
            e: row.e.map_or(NOTHING.to_string(), shown_e),
            p: row.p.map_or(NOTHING.to_string(), |p| format!("{p:.2}")),
            bar: row.e.map(bar_percent),
            class,
            sign,
            word,
        }
    }
}

fn without_one(unit: &str) -> &str {
    if unit == "1" { "" } else { unit }
}

/// E with two decimals; beyond 100 only that.
fn shown_e(e: f64) -> String {
    if e > 100.0 { "> 100".to_string() } else { format!("{e:.2}") }
}

fn bar_percent(e: f64) -> f64 {
    ((e / LONGEST_BAR).clamp(0.0, 1.0) * 100.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: u8, e: f64, outside: bool) -> ScorecardRow {
        let (e, outside) = (Some(e), Some(outside));
        ScorecardRow { row: Some(row), is_counted: true, e, outside, ..ScorecardRow::default() }
    }

    #[test]
    fn rows_are_gathered_by_what_they_are_about_in_their_order() {
        let units = Units::of(None, "K");
        let shown = ScorecardRow::default();
        let scorecard =
            Scorecard::of(&[row(1, 0.5, false), row(7, 0.5, false), row(4, 3.0, true), shown], &units);
        let groups: Vec<(&str, usize)> =
            scorecard.groups.iter().map(|group| (group.name, group.rows.len())).collect();
        assert_eq!(groups, [("Distribution", 2), ("Memory and rhythm", 1)]);
        assert_eq!(scorecard.shown.len(), 1);
    }

    #[test]
    fn each_standing_has_a_word_beside_its_colour() {
        let cells = |row: &ScorecardRow| Cells::of(row, &Units::of(None, "K"));
        let words = [row(1, 1.0, false), row(1, 1.8, false), row(1, 0.9, true), ScorecardRow::default()];
        let words = words.map(|row| cells(&row).word);
        assert_eq!(words, ["close", "inside", "outside", ""]);
        assert_eq!(cells(&row(1, 12.0, true)).bar, Some(100.0));
        assert_eq!(cells(&ScorecardRow::default()).e, "\u{2013}");
    }

    #[test]
    fn the_tally_counts_every_counted_figure_once() {
        let shown = ScorecardRow { is_counted: false, ..row(4, 0.1, false) };
        let rows = [row(1, 0.2, false), row(2, 1.4, false), row(3, 0.9, false), shown];
        let scorecard = Scorecard::of(&rows, &Units::of(None, "K"));
        let tally: Vec<(&str, usize)> =
            scorecard.tally.iter().map(|tally| (tally.class, tally.count)).collect();
        assert_eq!(tally, [("close", 2), ("inside", 1)]);
    }
}
