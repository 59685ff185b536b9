//! A year of days and two weeks of hours, real beside generated.

use contract::calendar;

use super::{HEIGHT, Key, Labels, MONTHS, Picture, WIDTH};
use crate::curves::{Curves, Hours, Sides, Year};
use crate::plot::{self, Axis, Colour, Layer, LineStyle, Panel};

const WEEKS_HEIGHT: u32 = 200;
const SIDES: [(Colour, &str); 2] = [(Colour::Real, "Real"), (Colour::Generated, "Generated")];

pub(crate) fn median_year(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let years = [&curves.median_year.real, &curves.median_year.generated];
    if years.iter().any(|year| year.day.is_empty()) {
        return Ok(None);
    }
    let values = years.iter().flat_map(|year| year.smallest.iter().chain(&year.largest));
    let shown = values.map(|&value| labels.units.level_of(value));
    let Some(y) = plot::axis(&labels.units.level, shown, 5) else { return Ok(None) };
    let mut picture = Picture::new(
        "median-year",
        "A year, day by day",
        "The line is the mean of each day, the band reaches from its smallest to its largest hour. Each side shows the year whose mean is the median of all its years. Single swings need not match; look for swings of the same size and length, and for a band as wide and as ragged in each season.",
    );
    picture.legend = SIDES.iter().map(|(colour, name)| Key::line(*colour, LineStyle::Solid, name)).collect();
    let panels: Vec<Panel> =
        SIDES.iter().zip(years).map(|(side, year)| year_panel(*side, year, &y, labels)).collect();
    picture.draw(&panels)
}

fn year_panel((colour, name): (Colour, &str), year: &Year, y: &Axis, labels: &Labels) -> Panel {
    let points = |values: &[f64]| -> Vec<(f64, f64)> {
        let shown = labels.level(values);
        year.day.iter().zip(shown).map(|(&day, value)| (f64::from(day) + 0.5, value)).collect()
    };
    let first = calendar::parse_date(&year.first).unwrap_or(0);
    let date = |day: u16| calendar::civil(first + i64::from(day) * calendar::DAY_US);
    let firsts = (0..366).filter(|&day| date(day).day == 1 && f64::from(day) < 365.0);
    let ticks = firsts.map(|day| (f64::from(day), month(date(day).month)[..1].to_string())).collect();
    Panel {
        heading: format!("{name}, {}", calendar::civil(first).year),
        width: WIDTH,
        height: HEIGHT,
        x: Axis { label: "first of the month".to_string(), range: 0.0..366.0, ticks, is_log: false },
        y: y.clone(),
        layers: vec![
            Layer::Band { colour, low: points(&year.smallest), high: points(&year.largest) },
            Layer::Line { colour, style: LineStyle::Thin, points: points(&year.mean) },
        ],
    }
}

pub(crate) fn two_weeks(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let mut panels = Vec::new();
    for Sides { real, generated } in [&curves.january, &curves.july] {
        let both = real.values.iter().chain(&generated.values);
        let shown = both.map(|&value| labels.units.level_of(value));
        let Some(y) = plot::axis(&labels.units.level, shown, 5) else { return Ok(None) };
        for (side, hours) in SIDES.iter().zip([real, generated]) {
            if !hours.values.is_empty() {
                panels.push(hours_panel(*side, hours, &y, labels));
            }
        }
    }
    // Real beside generated only where every stretch is there.
    if panels.len() < 4 {
        return Ok(None);
    }
    let mut picture = Picture::new(
        "two-weeks",
        "Two weeks, hour by hour",
        "Hours of the same two years in January and in July. Look at the shape of a day, at days that break it, and at how rough the line is from hour to hour.",
    );
    picture.legend = SIDES.iter().map(|(colour, name)| Key::line(*colour, LineStyle::Solid, name)).collect();
    picture.draw(&panels)
}

fn hours_panel((colour, name): (Colour, &str), hours: &Hours, y: &Axis, labels: &Labels) -> Panel {
    let first = calendar::parse_date(&hours.first).unwrap_or(0);
    let start = calendar::civil(first);
    let days = hours.values.len() / 24;
    let tick = |day: usize| {
        let civil = calendar::civil(first + day as i64 * calendar::DAY_US);
        (day as f64, format!("{} {}", civil.day, month(civil.month)))
    };
    let values = labels.level(&hours.values);
    let points = values.into_iter().enumerate().map(|(hour, value)| (hour as f64 / 24.0, value)).collect();
    Panel {
        heading: format!("{name}, {} {}", month(start.month), start.year),
        width: WIDTH,
        height: WEEKS_HEIGHT,
        x: Axis {
            label: String::new(),
            range: 0.0..days as f64,
            ticks: (0..days).step_by(4).map(tick).collect(),
            is_log: false,
        },
        y: y.clone(),
        layers: vec![Layer::Line { colour, style: LineStyle::Solid, points }],
    }
}

fn month(month: i8) -> &'static str {
    MONTHS[(month as usize).saturating_sub(1) % 12]
}
