//! An axis: its range, its ticks with their words, linear or logarithmic.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// With the unit; may be empty.
    pub(crate) label: String,
    pub(crate) range: Range<f64>,
    pub(crate) ticks: Vec<(f64, String)>,
    /// Everything on a logarithmic axis is positive.
    pub(crate) is_log: bool,
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let scale = |value: f64| if self.is_log { value.ln() } else { value };
        let (start, end) = (scale(self.range.start), scale(self.range.end));
        low + ((scale(*value) - start) / (end - start) * f64::from(high - low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(tick, _)| tick == value);
        tick.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// About `count` round numbers in the range of `values`, and the range itself with a margin, or
/// `None` if no value is finite.
pub(crate) fn axis(label: &str, values: impl Iterator<Item = f64>, count: usize) -> Option<Axis> {
    let (low, high) = bounds(values)?;
    let margin = ((high - low) * 0.04).max(1e-6 * high.abs().max(1.0));
    let range = low - margin..high + margin;
    Some(Axis { label: label.to_string(), ticks: round_ticks(&range, count), range, is_log: false })
}

/// The same with powers of ten, of the positive values; the shorter the axis, the more ticks between.
pub(crate) fn log_axis(label: &str, values: impl Iterator<Item = f64>) -> Option<Axis> {
    let (low, high) = bounds(values.filter(|&value| value > 0.0))?;
    let range = low / 1.3..high * 1.3;
    let powers = range.start.log10().floor() as i32..=range.end.log10().ceil() as i32;
    let factors: &[f64] = match range.end / range.start {
        length if length > 50.0 => &[1.0],
        length if length > 8.0 => &[1.0, 2.0, 5.0],
        _ => &[1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0],
    };
    let every = (powers.clone().count() / 7).max(1);
    let ticks = powers.step_by(every).flat_map(|power| {
        factors.iter().map(move |factor| {
            let decimals = (-power).max(0) as usize;
            let value = factor * 10_f64.powi(power);
            let text = format!("{value:.decimals$}");
            let is_exact = text.parse().is_ok_and(|shown: f64| (shown / value - 1.0).abs() < 1e-9);
            (value, if is_exact { text } else { value.to_string() })
        })
    });
    let ticks = ticks.filter(|(value, _)| range.contains(value)).collect();
    Some(Axis { label: label.to_string(), range, ticks, is_log: true })
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|value| value.is_finite());
    let (low, high) = finite
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    (low <= high).then_some((low, high))
}

/// About `count` round numbers inside a range, with their words.
fn round_ticks(range: &Range<f64>, count: usize) -> Vec<(f64, String)> {
    let rough = (range.end - range.start) / count as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0);
    let step = factor * power;
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (range.start / step).ceil() as i64;
    let last = (range.end / step).floor() as i64;
    (first..=last)
        .map(|i| {
            let text = format!("{:.decimals$}", (i as f64 * step).abs());
            (i as f64 * step, if i < 0 { format!("\u{2212}{text}") } else { text })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(ticks: &[(f64, String)]) -> String {
        ticks.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        let check = |range: Range<f64>, wanted: &str| assert_eq!(words(&round_ticks(&range, 5)), wanted);
        check(-7.0..21.0, "0 10 20");
        check(0.0..1.0, "0.0 0.2 0.4 0.6 0.8 1.0");
        check(-0.83..1.4, "\u{2212}0.5 0.0 0.5 1.0");
    }

    #[test]
    fn ticks_of_a_logarithmic_axis_are_powers_of_ten() {
        let check = |values: [f64; 2], wanted: &str| {
            assert_eq!(words(&log_axis("", values.into_iter()).unwrap().ticks), wanted);
        };
        check([0.02, 30.0], "0.1 1 10");
        check([0.9, 12.0], "1 2 5 10");
        check([0.7, 1.7], "0.6 0.8 1 1.25 1.5 2");
        assert!(log_axis("", [0.0, -1.0].into_iter()).is_none());
    }

    #[test]
    fn a_power_of_ten_is_the_same_step_everywhere_on_a_logarithmic_axis() {
        let mut axis = log_axis("", [0.01, 100.0].into_iter()).unwrap();
        axis.range = 0.01..100.0;
        let mapped = [0.01, 0.1, 1.0, 10.0, 100.0].map(|value| axis.map(&value, (0, 400)));
        assert_eq!(mapped, [0, 100, 200, 300, 400]);
    }
}
