//! `--against`: two results side by side. Rows belong to each other if their cases are equal.

use std::fs;
use std::path::Path;

use anyhow::Context;
use contract::benchmark::Measured;
use serde::Deserialize;

use super::table::milliseconds;
use super::title;
use crate::columns::align;
use crate::failure::config;

/// What `--json` prints.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    results: Vec<Measured>,
}

/// Reads an earlier result.
///
/// # Errors
/// When there is none in that file.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Measured>> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read --against {shown}"))?;
    let document: Document = serde_json::from_str(&text).map_err(|error| {
        config(format!(
            "--against {shown} is no result ({error}); wanted what `cargo xtask bench --json` prints"
        ))
    })?;
    Ok(document.results)
}

/// A table of medians, then and now, with their ratio; after it the rows that stand alone.
pub(super) fn describe(then: &[Measured], now: &[Measured]) -> String {
    let partner = |of: &Measured, among: &'_ [Measured]| among.iter().position(|other| other.case == of.case);
    let header =
        ["benchmark", "path", "of what", "then ms", "now ms", "now/then"].map(str::to_string).to_vec();
    let mut rows = vec![header];
    for new in now {
        let Some(old) = partner(new, then).map(|position| &then[position]) else { continue };
        let (then_ms, now_ms) = (old.outcome.median_ms, new.outcome.median_ms);
        rows.push(vec![
            new.case.name.name().to_string(),
            new.case.path.map(|path| path.name().to_string()).unwrap_or_default(),
            new.case.describe(),
            milliseconds(then_ms),
            milliseconds(now_ms),
            format!("{:.2}", now_ms / then_ms),
        ]);
    }
    let mut text = if rows.len() > 1 {
        align(&rows, |column| column < 3)
    } else {
        "no row is in both results\n".to_string()
    };
    for (word, some, others) in [("only then", then, now), ("only now", now, then)] {
        for alone in some.iter().filter(|measured| partner(measured, others).is_none()) {
            text.push_str(&format!("{word}: {}\n", title(&alone.case)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use contract::benchmark::{Benchmark, Case, Outcome, Path as How};
    use serde_json::json;

    use super::*;

    fn step(path: How, batch: usize, median_ms: f64) -> Measured {
        let case = Case { path: Some(path), batch: Some(batch), ..Case::of(Benchmark::TrainStep) };
        Measured { case, outcome: Outcome::of(vec![median_ms]).unwrap() }
    }

    #[test]
    fn rows_are_matched_by_all_that_tells_them_apart() {
        let then = [step(How::Portable, 32, 40.0), step(How::Portable, 256, 300.0)];
        let now = [step(How::Fast, 32, 10.0), step(How::Portable, 32, 30.0)];
        assert_eq!(
            describe(&then, &now),
            "\
benchmark   path      of what   then ms  now ms  now/then
train-step  portable  batch 32     40.0    30.0      0.75
only then: train-step portable: batch 256
only now: train-step fast: batch 32
"
        );
    }

    #[test]
    fn results_that_share_no_row_say_so() {
        let text = describe(&[], &[step(How::Fast, 32, 10.0)]);
        assert_eq!(text, "no row is in both results\nonly now: train-step fast: batch 32\n");
    }

    #[test]
    fn what_json_prints_is_read_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let results = [step(How::Portable, 32, 40.0)];
        fs::write(file.path(), json!({"results": results}).to_string()).unwrap();
        assert_eq!(read(file.path()).unwrap(), results);
    }

    #[test]
    fn a_file_that_is_no_result_is_named_with_what_is_wanted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "{\"result\": []}").unwrap();
        assert_eq!(
            read(file.path()).unwrap_err().to_string(),
            format!(
                "--against {} is no result (unknown field `result`, expected `results` at line 1 column 9); wanted \
                 what `cargo xtask bench --json` prints",
                file.path().display()
            )
        );
        let missing = read(Path::new("/nowhere/then.json")).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read --against /nowhere/then.json");
    }
}
