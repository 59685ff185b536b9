//! Hidden hours and what was drawn for them, beside a straight line, the climatology and the autoregression's
//! smoother. Hidden hours whose real value is missing are scored by none of them.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, ensure};
use contract::artifact::column;
use tables::Table;

use super::baselines::Baselines;
use super::blocks::Blocks;
use super::document::{Edges, Excerpt, Method, PatternScores};
use super::members::Members;
use super::scored::{Scored, Tally};
use crate::curves::hundredth;
use crate::metrics::round;

/// Shorter and longer gaps are no picture.
const DRAWN_HOURS: std::ops::RangeInclusive<usize> = 24..=168;
/// Hours that a picture shows on either side of a gap.
const SHOWN_HOURS: usize = 60;

/// The scores of each pattern of `imputations.parquet`, in its order.
///
/// # Errors
/// When the file is not as `trials` writes it.
pub(crate) fn score(path: &Path, baselines: &mut Baselines) -> anyhow::Result<Vec<PatternScores>> {
    let table = tables::read(path, &[])?;
    score_table(&table, baselines).with_context(|| format!("cannot use {}", path.display()))
}

fn score_table(table: &Table, baselines: &mut Baselines) -> anyhow::Result<Vec<PatternScores>> {
    let (times, members) = (table.times(column::TIME)?, Members::of(table)?);
    let mut scores = Vec::new();
    let mut first = 0;
    for rows in table.texts(column::PATTERN)?.chunk_by(|a, b| a == b) {
        let name = rows[0].as_deref().context("it has a row without a pattern")?;
        let times = &times[first..first + rows.len()];
        let hours =
            times.iter().map(|&time| baselines.hours.test_hour(time)).collect::<anyhow::Result<_>>()?;
        let hidden = Hidden { hours, first_row: first, members: &members };
        ensure!(
            hidden.hours.is_sorted_by(|a, b| a < b),
            "the hours of {name:?} are not in the order of time"
        );
        scores.push(hidden.score(name, baselines));
        first += rows.len();
    }
    Ok(scores)
}

/// The hours that one pattern hides, with the rows that they have in the table.
struct Hidden<'a> {
    hours: Vec<usize>,
    first_row: usize,
    members: &'a Members<'a>,
}

impl Hidden<'_> {
    fn score(&self, pattern: &str, baselines: &mut Baselines) -> PatternScores {
        let smoothed = baselines.autoregression.as_ref().map(|found| found.smooth(&self.hours));
        let methods = [Method::Model, Method::Linear, Method::Climatology, Method::Autoregression];
        let mut tallies = methods.map(Tally::of);
        let mut blocks = Blocks::default();
        let gaps = self.gaps();
        let mut of_gaps = Vec::with_capacity(gaps.len());
        let mut hours = 0;
        for gap in &gaps {
            let line = self.line(gap, baselines);
            let (mut of_gap, mut known) = (0.0, 0);
            for place in gap.clone() {
                let at = self.hours[place];
                let Some(truth) = baselines.hours.test_value(at) else { continue };
                known += 1;
                let model = Scored::of_ensemble(&self.members.ensemble(self.first_row + place), truth);
                of_gap += model.crps;
                tallies[0].add(model);
                if let Some(point) = line(at) {
                    tallies[1].add(Scored::of_point(point, truth));
                }
                tallies[2].add(Scored::of_ensemble(baselines.usual(at), truth));
                if let Some(normal) = smoothed.as_ref().and_then(|smoothed| smoothed[place]) {
                    let other = Scored::of_normal(normal, truth);
                    blocks.add(baselines.hours.time_us(at), [model.crps, other.crps]);
                    tallies[3].add(other);
                }
            }
            hours += known;
            if known > 0 {
                of_gaps.push((of_gap / known as f64, gap.clone()));
            }
        }
        let gap_hours = gaps.iter().map(Range::len).max().unwrap_or(0);
        let excerpt = middling(of_gaps).filter(|gap| DRAWN_HOURS.contains(&gap.len()));
        PatternScores {
            pattern: pattern.to_string(),
            gap_hours,
            gaps: gaps.len(),
            hours,
            methods: tallies.iter().filter_map(Tally::scores).collect(),
            beside_autoregression: blocks.change(pattern),
            edges: self.edges(&gaps, baselines),
            excerpt: excerpt.map(|gap| self.excerpt(gap, baselines)),
        }
    }

    /// The runs of consecutive hidden hours, as places in `hours`.
    fn gaps(&self) -> Vec<Range<usize>> {
        let mut end = 0;
        let gap = |hours: &[usize]| {
            end += hours.len();
            end - hours.len()..end
        };
        self.hours.chunk_by(|a, b| a + 1 == *b).map(gap).collect()
    }

    /// The hours around a gap, where they are test hours.
    fn around(&self, gap: &Range<usize>, baselines: &Baselines) -> [Option<(usize, f64)>; 2] {
        let with_value = |at: usize| baselines.hours.test_value(at).map(|value| (at, value));
        let (first, last) = (self.hours[gap.start], self.hours[gap.end - 1]);
        [first.checked_sub(1).and_then(with_value), with_value(last + 1)]
    }

    /// The straight line across a gap; level where one of its ends is missing.
    fn line(&self, gap: &Range<usize>, baselines: &Baselines) -> impl Fn(usize) -> Option<f64> + use<> {
        let around = self.around(gap, baselines);
        move |at| match around {
            [Some((first, low)), Some((last, high))] => {
                Some(low + (high - low) * (at - first) as f64 / (last - first) as f64)
            }
            [Some((_, level)), None] | [None, Some((_, level))] => Some(level),
            [None, None] => None,
        }
    }

    fn edges(&self, gaps: &[Range<usize>], baselines: &Baselines) -> Edges {
        let (mut squares, mut steps) = ([0.0; 3], 0.0);
        for gap in gaps {
            let ends = [gap.start, gap.end - 1];
            for (place, seen) in ends.into_iter().zip(self.around(gap, baselines)) {
                let Some((_, seen)) = seen else { continue };
                let row = self.first_row + place;
                let Some(truth) = baselines.hours.test_value(self.hours[place]) else { continue };
                let inside = [truth, self.members.ensemble(row).median(), self.members.first(row)];
                squares.iter_mut().zip(inside).for_each(|(sum, value)| *sum += (value - seen).powi(2));
                steps += 1.0;
            }
        }
        let [truth, median, member] = squares.map(|sum| round(f64::sqrt(sum / f64::max(steps, 1.0))));
        Edges { truth, median, member }
    }

    fn excerpt(&self, gap: Range<usize>, baselines: &Baselines) -> Excerpt {
        let first = self.hours[gap.start].saturating_sub(SHOWN_HOURS);
        let shown = first..self.hours[gap.end - 1] + 1 + SHOWN_HOURS;
        Excerpt {
            first: baselines.hours.local_text(first),
            truth: shown.map(|at| baselines.hours.test_value(at).map(hundredth)).collect(),
            before: self.hours[gap.start] - first,
            hidden: self.members.spread(gap.map(|place| self.first_row + place)),
        }
    }
}

/// Of the gaps, by score, the one in the middle; the earlier of equal ones.
fn middling(mut gaps: Vec<(f64, Range<usize>)>) -> Option<Range<usize>> {
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let middle = gaps.len().checked_sub(1)? / 2;
    Some(gaps.swap_remove(middle).1)
}
