//! How much of the variability lies at which period.

use super::{HALVES, HEIGHT, Labels, Picture, WIDTH, all_values, is_complete, layers};
use crate::curves::Curves;
use crate::plot::{self, Axis, Layer, Panel};

/// Marked periods, with their cycles a day.
const MARKS: [(f64, &str); 3] = [(1.0 / 7.0, "week"), (1.0, "day"), (2.0, "half a day")];
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
    let unit = format!("power, ({})² per cycle a day", labels.units.difference);
    let y = plot::log_axis(&unit, all_values(power));
    let x = plot::log_axis("period", frequencies.iter().copied());
    let (Some(mut x), Some(y), true) = (x, y, is_complete(power)) else { return Ok(None) };
    let (Some(&low), Some(&high)) = (frequencies.first(), frequencies.last()) else { return Ok(None) };
    x = Axis {
        range: low..high * 1.04,
        ticks: TICKS.iter().map(|&(frequency, text)| (frequency, text.to_string())).collect(),
        ..x
    };
    let marks = MARKS.iter().map(|&(x, text)| Layer::Mark { x, text: text.to_string() });
    let layers = marks.chain(layers(power, |band| frequencies[band])).collect();
    let mut picture = Picture::new(
        "spectrum",
        "Slow and fast changes",
        "Power spectrum of the departures from the normal: slow changes on the left, from hour to hour on the right, both axes logarithmic. Look for an orange line inside the blue band: below it at the left, months and weeks differ too little; below it at the right, hours follow each other too smoothly.",
    );
    picture.legend = labels.legend(power, HALVES);
    picture.draw(&[Panel { heading: String::new(), width: WIDTH, height: HEIGHT, x, y, layers }])
}
