//! Which local years are used: those asked for, or every year that is nearly complete.

use anyhow::bail;
use contract::calendar::hours_in_year;

/// A year with fewer of its hours is not a whole year.
const COMPLETE: f64 = 0.99;

/// How many hours of a local year were observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct YearCount {
    pub year: i16,
    pub hours: i64,
}

impl YearCount {
    fn share(self) -> f64 {
        self.hours as f64 / hours_in_year(self.year) as f64
    }

    fn describe(self) -> String {
        format!("{} ({:.1} % of its hours)", self.year, 100.0 * self.share())
    }
}

/// The years to use, and those that are dropped because hours are missing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub years: Vec<i16>,
    pub dropped: Vec<String>,
}

/// Chooses among the years of the series, `counts` in order.
///
/// # Errors
/// When a year that was asked for is not whole, or no year is.
pub(crate) fn choose(asked: Option<(i16, i16)>, counts: &[YearCount]) -> anyhow::Result<Chosen> {
    let whole = |count: &YearCount| count.share() >= COMPLETE;
    let Some((first, last)) = asked else {
        let years: Vec<i16> = counts.iter().copied().filter(whole).map(|count| count.year).collect();
        let dropped = counts.iter().copied().filter(|count| !whole(count)).map(YearCount::describe).collect();
        if years.is_empty() {
            bail!("no local year has 99 % of its hours: {}; give a longer series", list(counts));
        }
        return Ok(Chosen { years, dropped });
    };
    let count = |year| {
        let found = counts.iter().copied().find(|count| count.year == year);
        found.unwrap_or(YearCount { year, hours: 0 })
    };
    let short: Vec<_> = (first..=last).map(count).filter(|count| !whole(count)).collect();
    if !short.is_empty() {
        bail!(
            "[preprocess] years = [{first}, {last}], but {} {} not whole; the series has {}",
            list(&short),
            if short.len() == 1 { "is" } else { "are" },
            span(counts),
        );
    }
    Ok(Chosen { years: (first..=last).collect(), dropped: Vec::new() })
}

fn list(counts: &[YearCount]) -> String {
    let texts: Vec<_> = counts.iter().take(10).copied().map(YearCount::describe).collect();
    let more = if counts.len() > texts.len() { ", ..." } else { "" };
    texts.join(", ") + more
}

fn span(counts: &[YearCount]) -> String {
    match counts {
        [] => "no years".to_string(),
        [only] => only.describe(),
        [first, .., last] => format!("{} to {}", first.describe(), last.describe()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(hours: &[i64]) -> Vec<YearCount> {
        (2001..).zip(hours).map(|(year, &hours)| YearCount { year, hours }).collect()
    }

    #[test]
    fn incomplete_years_are_dropped_and_named() {
        let chosen = choose(None, &counts(&[8759, 8000, 8760, 8784])).unwrap();
        assert_eq!(chosen.years, [2001, 2003, 2004]);
        assert_eq!(chosen.dropped, ["2002 (91.3 % of its hours)"]);
    }

    #[test]
    fn a_year_that_was_asked_for_must_be_whole() {
        let error = choose(Some((2002, 2005)), &counts(&[8760, 8000, 8760, 8784])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[preprocess] years = [2002, 2005], but 2002 (91.3 % of its hours), 2005 (0.0 % of its hours) are not \
             whole; the series has 2001 (100.0 % of its hours) to 2004 (100.0 % of its hours)"
        );
    }

    #[test]
    fn a_series_without_a_whole_year_is_refused() {
        let error = choose(None, &counts(&[5000])).unwrap_err();
        let wanted = "no local year has 99 % of its hours: 2001 (57.1 % of its hours); give a longer series";
        assert_eq!(error.to_string(), wanted);
    }
}
