//! Which local years are used: those asked for, or every year of which enough hours are there.

use anyhow::bail;
use contract::calendar::hours_in_year;

/// The least that `min_year_coverage` can be.
pub(crate) const LEAST_COVERAGE: f64 = 0.5;

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

/// Chooses among the years of the series, `counts` in order, those with at least the share `coverage` of their hours.
///
/// # Errors
/// When a year that was asked for has fewer, or every year has.
pub(crate) fn choose(
    asked: Option<(i16, i16)>,
    coverage: f64,
    counts: &[YearCount],
) -> anyhow::Result<Chosen> {
    let whole = |count: &YearCount| count.share() >= coverage;
    let Some((first, last)) = asked else {
        let years: Vec<i16> = counts.iter().copied().filter(whole).map(|count| count.year).collect();
        let dropped = counts.iter().copied().filter(|count| !whole(count)).map(YearCount::describe).collect();
        if years.is_empty() {
            bail!(
                "no local year has {} % of its hours ([preprocess] min_year_coverage): {}; give a longer series{}",
                percent(coverage),
                list(counts),
                advice(coverage, counts)
            );
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
            "[preprocess] years = [{first}, {last}], but {} {} less than {} % (min_year_coverage); the series has {}",
            list(&short),
            if short.len() == 1 { "has" } else { "have" },
            percent(coverage),
            span(counts),
        );
    }
    Ok(Chosen { years: (first..=last).collect(), dropped: Vec::new() })
}

fn percent(share: f64) -> f64 {
    (1000.0 * share).round() / 10.0
}

/// What else can be done, if a smaller share would let some year in.
fn advice(coverage: f64, counts: &[YearCount]) -> &'static str {
    let would_help = coverage > LEAST_COVERAGE && counts.iter().any(|count| count.share() >= LEAST_COVERAGE);
    if would_help { ", or lower min_year_coverage" } else { "" }
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
        let check = |coverage, years: &[i16], dropped: &[&str]| {
            let chosen = choose(None, coverage, &counts(&[8759, 8000, 8760, 8784])).unwrap();
            assert_eq!(chosen.years, years);
            assert_eq!(chosen.dropped, dropped);
        };
        check(0.99, &[2001, 2003, 2004], &["2002 (91.3 % of its hours)"]);
        check(0.9, &[2001, 2002, 2003, 2004], &[]);
        check(1.0, &[2003, 2004], &["2001 (100.0 % of its hours)", "2002 (91.3 % of its hours)"]);
    }

    #[test]
    fn a_year_that_was_asked_for_must_be_whole() {
        let error = choose(Some((2002, 2005)), 0.95, &counts(&[8760, 8000, 8760, 8784])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[preprocess] years = [2002, 2005], but 2002 (91.3 % of its hours), 2005 (0.0 % of its hours) have \
             less than 95 % (min_year_coverage); the series has 2001 (100.0 % of its hours) to 2004 (100.0 % of its hours)"
        );
    }

    #[test]
    fn a_series_without_a_whole_year_is_refused() {
        let check = |hours, advice| {
            let error = choose(None, 0.9, &counts(&[hours])).unwrap_err();
            let share = if hours == 5000 { "57.1" } else { "11.4" };
            let wanted = format!(
                "no local year has 90 % of its hours ([preprocess] min_year_coverage): 2001 ({share} % of its hours); \
                 give a longer series{advice}"
            );
            assert_eq!(error.to_string(), wanted);
        };
        check(5000, ", or lower min_year_coverage");
        check(1000, "");
    }
}
