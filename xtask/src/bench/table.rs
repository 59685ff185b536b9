//! Results for people: one row a case, units in the header.

use contract::benchmark::Measured;

use crate::columns::align;

const HEADER: [&str; 10] = [
    "benchmark",
    "path",
    "of what",
    "median ms",
    "fastest",
    "slowest",
    "samples",
    "GFLOP/s",
    "sgemm peak",
    "memory MB",
];
/// Columns of words; those of numbers follow.
const WORDS: usize = 3;

/// The table, with a final line break; columns in which nothing stands are left out.
pub(super) fn of(results: &[Measured]) -> String {
    let header = HEADER.map(str::to_string).to_vec();
    let rows = results.iter().map(|Measured { case, outcome }| {
        let or_nothing = |value: Option<f64>| value.map(|value| format!("{value:.1}")).unwrap_or_default();
        vec![
            case.name.name().to_string(),
            case.path.map(|path| path.name().to_string()).unwrap_or_default(),
            case.describe(),
            milliseconds(outcome.median_ms),
            milliseconds(outcome.fastest_ms),
            milliseconds(outcome.slowest_ms),
            outcome.samples.to_string(),
            or_nothing(outcome.gflops),
            or_nothing(outcome.peak_gflops),
            outcome.peak_memory_mb.map(|memory| format!("{memory:.0}")).unwrap_or_default(),
        ]
    });
    let rows: Vec<Vec<String>> = [header].into_iter().chain(rows).collect();
    let used = |column: &usize| rows.iter().skip(1).any(|row| !row[*column].is_empty());
    let (words, numbers): (Vec<usize>, Vec<usize>) =
        (0..HEADER.len()).filter(used).partition(|&column| column < WORDS);
    let kept = [words.as_slice(), &numbers].concat();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| kept.iter().map(|&column| row[column].clone()).collect()).collect();
    align(&rows, |column| column < words.len())
}

/// Three to four digits that count.
pub(super) fn milliseconds(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..1000.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use contract::benchmark::{Benchmark, Case, Outcome, Path};

    use super::*;

    #[test]
    fn columns_in_which_nothing_stands_are_left_out() {
        let ingest = Case { data: Some("phoenix".into()), ..Case::of(Benchmark::Ingest) };
        let results = [Measured { case: ingest, outcome: Outcome::of(vec![150.0]).unwrap() }];
        assert_eq!(
            of(&results),
            "\
benchmark  of what  median ms  fastest  slowest  samples
ingest     phoenix      150.0    150.0    150.0        1
"
        );
    }

    #[test]
    fn columns_are_aligned_words_to_the_left_and_numbers_to_the_right() {
        let step = Case { path: Some(Path::Fast), batch: Some(32), ..Case::of(Benchmark::TrainStep) };
        let known = Outcome {
            gflops: Some(89.04),
            peak_gflops: Some(150.0),
            peak_memory_mb: Some(310.4),
            ..Outcome::of(vec![10.5, 12.0, 9.75]).unwrap()
        };
        let ingest = Case { data: Some("phoenix".into()), ..Case::of(Benchmark::Ingest) };
        let results = [
            Measured { case: step, outcome: known },
            Measured { case: ingest, outcome: Outcome::of(vec![1234.4]).unwrap() },
        ];
        assert_eq!(
            of(&results),
            "\
benchmark   path  of what   median ms  fastest  slowest  samples  GFLOP/s  sgemm peak  memory MB
train-step  fast  batch 32       10.5     9.75     12.0        3     89.0       150.0        310
ingest            phoenix        1234     1234     1234        1
"
        );
    }
}
