//! Warm and cold spells: their mean length, and how many are long.

use super::{Distance, Figure, Kind};
use crate::sample::Sample;
use crate::spells::Spells;

const LONG_DAYS: usize = 5;
const SOURCE: &str = "xclim (warm and cold spell duration, after ETCCDI's WSDI and CSDI)";

pub(crate) fn figures() -> Vec<Figure> {
    let warm = "Days whose maximum is above the 90 % quantile of the maxima of all days within 7 days of that day of year, by the series' own quantiles.";
    let cold = "Days whose minimum is below the 10 % quantile of the minima of all days within 7 days of that day of year, by the series' own quantiles.";
    let length = |row, key, title, days: &str, spells: fn(&Spells) -> &Vec<usize>| Figure {
        kind: Kind::Days,
        source: SOURCE,
        curve: Box::new(move |sample| Some(vec![mean_length(sample, spells)?])),
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(row, key, title, &format!("{days} The mean length of such days in a row."))
    };
    let number = |row, key, title, days: &str, spells: fn(&Spells) -> &Vec<usize>| Figure {
        kind: Kind::PerYear,
        source: SOURCE,
        curve: Box::new(move |sample| Some(vec![long_per_year(sample, spells)?])),
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(
            row,
            key,
            title,
            &format!("{days} The number a year of 5 or more such days in a row."),
        )
    };
    vec![
        length(12, "warm_spell_length", "Warm spells, mean length", warm, |spells| &spells.warm),
        number(12, "warm_spells_per_year", "Warm spells of 5 days or more", warm, |spells| &spells.warm),
        length(13, "cold_spell_length", "Cold spells, mean length", cold, |spells| &spells.cold),
        number(13, "cold_spells_per_year", "Cold spells of 5 days or more", cold, |spells| &spells.cold),
    ]
}

/// Zero without a spell.
fn mean_length(sample: &Sample, spells: fn(&Spells) -> &Vec<usize>) -> Option<f64> {
    years(sample)?;
    let lengths = spells(&sample.spells);
    Some(lengths.iter().sum::<usize>() as f64 / lengths.len().max(1) as f64)
}

fn long_per_year(sample: &Sample, spells: fn(&Spells) -> &Vec<usize>) -> Option<f64> {
    let long = spells(&sample.spells).iter().filter(|&&days| days >= LONG_DAYS).count();
    Some(long as f64 / years(sample)?)
}

/// The number of years, less the share of their days that have too few hours.
fn years(sample: &Sample) -> Option<f64> {
    let series = &sample.series;
    let years = series.year_days().len();
    let missing = if sample.has_gaps { series.days.len() - series.usable_days() } else { 0 };
    (years > 0).then_some(years as f64 * (1.0 - missing as f64 / series.days.len() as f64))
}
