//! How much of the variability lies at which period.

use super::{HALVES, HEIGHT, Labels, Picture, WIDTH, all_values, is_complete, layers};
use crate::curves::{Curve, Curves};
use crate::plot::{self, Axis, Layer, Panel, Side};

/// Marked periods, with their cycles a day.
const MARKS: [(f64, &str, Side); 3] =
    [(1.0 / 7.0, "week", Side::Left), (1.0, "day", Side::Left), (2.0, "half a day", Side::Right)];
const TICKS: [(f64, &str); 6] = [
    (1.0 / 100.0, "100 d"),
    (1.0 / 30.0, "30 d"),
    (1.0 / 7.0, "7 d"),
    (1.0, "1 d"),
    (4.0, "6 h"),
    (12.0, "2 h"),
];

pub(crate) fn spectrum(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let power = &curves.spectrum.power;
    let frequencies = &curves.spectrum.frequency_per_day;
    let unit = match labels.units.difference.as_str() {
        unit if unit.contains(' ') => format!("({unit})²"),
        unit => format!("{unit}²"),
    };
    let (relative, name) = relative(power);
    let y = plot::log_axis(&format!("power, {unit} per cycle a day"), all_values(power));
    let relative_y = plot::log_axis(&format!("divided by {name}"), all_values(&relative));
    let (Some(x), Some(y), Some(relative_y)) = (period_axis(frequencies), y, relative_y) else {
        return Ok(None);
    };
    if !is_complete(power) {
        return Ok(None);
    }
    let panel = |heading: &str, y: Axis, curve: &Curve| Panel {
        heading: heading.to_string(),
        width: WIDTH,
        height: HEIGHT,
        x: x.clone(),
        y,
        layers: marks().chain(layers(curve, |band| frequencies[band])).collect(),
    };
    let mut picture = Picture::new(
        "spectrum",
        "Slow and fast changes",
        "Power spectrum of the departures from the normal: slow changes on the left, changes from hour to hour on the right, both axes logarithmic; the second picture shows the same as a ratio. Look for an orange line inside the blue band: below it at the left, weeks and months differ too little; below it at the right, hours follow each other too smoothly.",
    );
    picture.legend = labels.legend(power, HALVES);
    picture.draw(&[panel("Power by period", y, power), panel("As a ratio", relative_y, &relative)])
}

fn period_axis(frequencies: &[f64]) -> Option<Axis> {
    let (low, high) = (*frequencies.first()?, *frequencies.last()?);
    let ticks = TICKS.iter().map(|&(frequency, text)| (frequency, text.to_string())).collect();
    Some(Axis { label: "period".to_string(), range: low..high * 1.04, ticks, is_log: true })
}

fn marks() -> impl Iterator<Item = Layer> {
    MARKS.iter().map(|&(x, text, side)| Layer::Mark { x, text: text.to_string(), side })
}

/// The curve by the middle of its band, and what that is called; by the real side without a band.
fn relative(power: &Curve) -> (Curve, &'static str) {
    let (centre, name): (Vec<f64>, _) = if power.band_low.is_empty() {
        (power.real.clone(), "real")
    } else {
        let edges = power.band_low.iter().zip(&power.band_high);
        (edges.map(|(low, high)| (low * high).sqrt()).collect(), "the band's middle")
    };
    let by = |values: &[f64]| values.iter().zip(&centre).map(|(value, centre)| value / centre).collect();
    let curve = Curve {
        real: by(&power.real),
        generated: by(&power.generated),
        other_real: by(&power.other_real),
        band_low: by(&power.band_low),
        band_high: by(&power.band_high),
    };
    (curve, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_to_the_geometric_middle_of_the_band() {
        let power = Curve {
            real: vec![6.0],
            generated: vec![12.0],
            other_real: vec![3.0],
            band_low: vec![4.0],
            band_high: vec![9.0],
        };
        let (relative, _) = relative(&power);
        assert_eq!((relative.real[0], relative.generated[0], relative.other_real[0]), (1.0, 2.0, 0.5));
        assert!((relative.band_low[0] * relative.band_high[0] - 1.0).abs() < 1e-12);
    }
}
