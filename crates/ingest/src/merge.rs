//! Several files' hours of one variable made one series: in order of time, each hour once. The
//! order of the files changes nothing. Nothing is filled in here.

use anyhow::{anyhow, bail};
use contract::artifact::flag;
use contract::calendar;
use contract::variable::Variable;

use crate::dataset::Hour;
use crate::plausible;

/// The hours of one variable in one file.
pub(crate) struct Source<'a> {
    /// For messages; also the order in which disagreeing files are named.
    pub file: &'a str,
    pub hours: &'a [Hour],
}

/// All hours of all sources in order of time. Where files overlap, a final value is taken before a
/// preliminary one, and values of the same kind must be the same bits; the hour is preliminary only
/// if all of them say so.
///
/// # Errors
/// When two files disagree: names both, the first such hour, and both values.
pub(crate) fn merge(variable: &Variable, sources: &[Source<'_>]) -> anyhow::Result<Vec<Hour>> {
    let mut all: Vec<(Hour, &str)> = Vec::with_capacity(sources.iter().map(|s| s.hours.len()).sum());
    for source in sources {
        all.extend(source.hours.iter().map(|hour| (*hour, source.file)));
    }
    let is_preliminary = |hour: &Hour| hour.flags & flag::PRELIMINARY != 0;
    all.sort_by(|(a, a_file), (b, b_file)| {
        let key = |hour: &Hour| (hour.time_us, is_preliminary(hour));
        (key(a), a_file).cmp(&(key(b), b_file)).then(a.value.total_cmp(&b.value))
    });
    let mut merged: Vec<Hour> = Vec::with_capacity(all.len());
    let mut disagreements = Vec::new();
    for same_time in all.chunk_by(|(a, _), (b, _)| a.time_us == b.time_us) {
        let (first, _) = same_time[0];
        let finals = same_time.iter().take_while(|(hour, _)| !is_preliminary(hour)).count();
        let same_kind = &same_time[..if finals == 0 { same_time.len() } else { finals }];
        if same_kind.iter().any(|(hour, _)| hour.value.to_bits() != first.value.to_bits()) {
            disagreements.push(same_kind);
        }
        let flags = same_kind.iter().fold(0, |any, (hour, _)| any | hour.flags);
        merged.push(Hour { flags, ..first });
    }
    match disagreements.as_slice() {
        [] => Ok(merged),
        [first, others @ ..] => Err(disagreement(variable, first, others.len())),
    }
}

fn disagreement(variable: &Variable, same_time: &[(Hour, &str)], others: usize) -> anyhow::Error {
    let (one, one_file) = same_time[0];
    let differs = |(hour, _): &&(Hour, &str)| hour.value.to_bits() != one.value.to_bits();
    let (other, other_file) = same_time.iter().find(differs).copied().unwrap_or((one, one_file));
    let (name, unit) = (variable.name, variable.canonical_unit);
    let time = calendar::format_hour(one.time_us);
    let others = match others {
        0 => String::new(),
        1 => " (and at 1 hour more)".to_string(),
        others => format!(" (and at {others} hours more)"),
    };
    let (a, b) = (one.value, other.value);
    if one_file == other_file {
        return anyhow!(
            "{one_file} gives two values for {name} at {time}{others}: {a} {unit} and {b} {unit}; wanted each \
             hour once: take it out of [ingest] files, or download it again"
        );
    }
    anyhow!(
        "{one_file} and {other_file} disagree on {name} at {time}{others}: {a} {unit} and {b} {unit}; wanted \
         the same value where files overlap: take one of them out of [ingest] files"
    )
}

/// The first and the last hour that any of the series has.
///
/// # Errors
/// When they have none.
pub(crate) fn span(series: &[(&'static Variable, Vec<Hour>)]) -> anyhow::Result<(i64, i64)> {
    let firsts = series.iter().filter_map(|(_, hours)| hours.first());
    let lasts = series.iter().filter_map(|(_, hours)| hours.last());
    let (first, last) = (firsts.map(|hour| hour.time_us).min(), lasts.map(|hour| hour.time_us).max());
    let Some((first, last)) = first.zip(last) else {
        bail!("the files have no value at the place; wanted at least one hour: see [ingest] files");
    };
    plausible::check_span(first, last)?;
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use contract::calendar::HOUR_US;
    use proptest::prelude::*;

    use super::*;

    fn t2m() -> &'static Variable {
        Variable::named("t2m").unwrap()
    }

    fn hour(hour: i64, value: f32, is_preliminary: bool) -> Hour {
        Hour { time_us: hour * HOUR_US, value, flags: if is_preliminary { flag::PRELIMINARY } else { 0 } }
    }

    fn merge_files(files: &[(&str, Vec<Hour>)]) -> Result<Vec<Hour>, String> {
        let sources: Vec<_> = files.iter().map(|(file, hours)| Source { file, hours }).collect();
        merge(t2m(), &sources).map_err(|error| error.to_string())
    }

    proptest! {
        /// Against a map from hour to value.
        #[test]
        fn pieces_of_one_series_merge_to_it_in_any_order(
            pieces in prop::collection::vec(prop::collection::btree_set(0_i64..60, 0..30), 1..6)
                .prop_flat_map(|pieces| (Just(pieces.clone()), Just(pieces).prop_shuffle())),
        ) {
            let (pieces, shuffled) = pieces;
            let value = |hour: i64| (hour * 7919 % 101) as f32;
            let files = |pieces: &[std::collections::BTreeSet<i64>]| -> Vec<(&'static str, Vec<Hour>)> {
                pieces.iter().map(|hours| ("x.nc", hours.iter().map(|h| hour(*h, value(*h), false)).collect())).collect()
            };
            let expected: std::collections::BTreeSet<i64> = pieces.iter().flatten().copied().collect();
            let expected: Vec<Hour> = expected.into_iter().map(|h| hour(h, value(h), false)).collect();
            prop_assert_eq!(merge_files(&files(&pieces)), Ok(expected.clone()));
            prop_assert_eq!(merge_files(&files(&shuffled)), Ok(expected));
        }

        #[test]
        fn one_changed_value_is_found_in_any_order(changed in 10_i64..20, swap: bool) {
            let a: Vec<Hour> = (0..20).map(|h| hour(h, h as f32, false)).collect();
            let mut b: Vec<Hour> = (10..30).map(|h| hour(h, h as f32, false)).collect();
            b[(changed - 10) as usize].value += 0.25;
            let mut files = vec![("a.nc", a), ("b.nc", b)];
            if swap {
                files.reverse();
            }
            prop_assert_eq!(merge_files(&files), Err(format!(
                "a.nc and b.nc disagree on t2m at 1970-01-01T{changed}:00: {changed} K and {changed}.25 K; wanted \
                 the same value where files overlap: take one of them out of [ingest] files"
            )));
        }
    }

    #[test]
    fn an_hour_is_final_as_soon_as_one_file_says_so() {
        let files =
            [("a.nc", vec![hour(0, 1.0, true), hour(1, 2.0, true)]), ("b.nc", vec![hour(1, 2.0, false)])];
        assert_eq!(merge_files(&files), Ok(vec![hour(0, 1.0, true), hour(1, 2.0, false)]));
    }

    #[test]
    fn a_final_value_is_taken_before_a_preliminary_one() {
        let files = [
            ("a.nc", vec![hour(0, 1.0, true), hour(1, 2.0, true)]),
            ("b.nc", vec![hour(1, 2.5, false), hour(2, 3.0, false)]),
        ];
        let expected = vec![hour(0, 1.0, true), hour(1, 2.5, false), hour(2, 3.0, false)];
        assert_eq!(merge_files(&files), Ok(expected));
        let two = [("a.nc", vec![hour(0, 1.0, true)]), ("b.nc", vec![hour(0, 2.0, true)])];
        assert!(merge_files(&two).unwrap_err().contains("disagree on t2m"));
    }

    #[test]
    fn further_disagreements_are_counted() {
        let first: Vec<Hour> = (0..5).map(|h| hour(h, 280.5, false)).collect();
        let second: Vec<Hour> = (2..5).map(|h| hour(h, 281.0, false)).collect();
        assert_eq!(
            merge_files(&[("b.nc", second), ("a.nc", first)]).unwrap_err(),
            "a.nc and b.nc disagree on t2m at 1970-01-01T02:00 (and at 2 hours more): 280.5 K and 281 K; wanted the \
             same value where files overlap: take one of them out of [ingest] files"
        );
    }

    #[test]
    fn a_file_that_contradicts_itself_is_named_once() {
        let files = [("a.nc", vec![hour(3, 280.0, false), hour(3, 281.0, false)])];
        assert_eq!(
            merge_files(&files).unwrap_err(),
            "a.nc gives two values for t2m at 1970-01-01T03:00: 280 K and 281 K; wanted each hour once: take it \
             out of [ingest] files, or download it again"
        );
    }
}
