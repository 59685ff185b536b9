//! Forecasts from many origins, at the horizons that are scored; of a few every hour, for pictures.

use contract::artifact::{FORECASTS, column};
use contract::calendar::DAY_HOURS;
use contract::progress::Progress;
use contract::stage::Outputs;
use rayon::prelude::*;
use tables::{Column, Table, Values};

use super::{TestRun, adjust, member_columns};
use crate::forecast::{ForecastSettings, LONGEST_HOURS, forecast};
use crate::observed::ObservedHours;
use crate::posterior::Posterior;
use crate::purpose::seed_of;

const MEMBERS: usize = 100;
/// Hours from one origin to the next: every hour of the day has its turn.
const EVERY_HOURS: usize = 61;
/// Hours of the run before the first origin.
const BEFORE_HOURS: usize = 40 * DAY_HOURS;
const HORIZONS: [usize; 6] = [6, 24, 48, 72, 96, 240];
/// Forecasts, at equal distances, of which every hour is written.
const WHOLE: usize = 4;
/// Forecasts between two messages.
const AT_ONCE: usize = 64;

pub(super) fn write(
    posterior: &Posterior<'_>,
    runs: &[TestRun],
    seed: u64,
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let model = posterior.model();
    let origins: Vec<(&ObservedHours, usize)> = runs
        .iter()
        .flat_map(|run| {
            let last = run.observed.values.len().saturating_sub(LONGEST_HOURS);
            (BEFORE_HOURS..last).step_by(EVERY_HOURS).map(|origin| (&run.observed, origin))
        })
        .collect();
    let every = origins.len().div_ceil(WHOLE).max(1);
    let horizons_of = |number: usize| -> Vec<usize> {
        // In the middle of each part, so that the seasons differ.
        if number % every == every / 2 { (1..=LONGEST_HOURS).collect() } else { HORIZONS.to_vec() }
    };
    let one = |number: usize| -> anyhow::Result<Vec<Vec<f32>>> {
        let (observed, origin) = origins[number];
        let seen = ObservedHours { first_us: observed.first_us, values: observed.values[..=origin].to_vec() };
        // By its time, so that an origin's members do not depend on which other hours are there.
        let seed = seed_of(seed, "forecast", observed.time_us(origin).cast_unsigned());
        let settings = ForecastSettings { hours: LONGEST_HOURS, members: MEMBERS, seed };
        let mut drawn = forecast(posterior, &seen, settings)?;
        let at = |horizon: usize| {
            let draws = &mut drawn.values[(horizon - 1) * MEMBERS..horizon * MEMBERS];
            adjust(model, observed.local_us(model, origin + horizon), draws);
            draws.to_vec()
        };
        Ok(horizons_of(number).into_iter().map(at).collect())
    };
    let mut progress = Progress::start("forecasts", 0, origins.len() as u64, "origins");
    let (mut times, mut horizons, mut members) = (Vec::new(), Vec::new(), vec![Vec::new(); MEMBERS]);
    let mut done = 0;
    while done < origins.len() {
        let some = done..(done + AT_ONCE).min(origins.len());
        let drawn: Vec<_> = some.clone().into_par_iter().map(one).collect::<anyhow::Result<_>>()?;
        for (number, drawn) in some.clone().zip(drawn) {
            let (observed, origin) = origins[number];
            for (horizon, draws) in horizons_of(number).into_iter().zip(drawn) {
                times.push(observed.time_us(origin));
                horizons.push(horizon as i32);
                members.iter_mut().zip(draws).for_each(|(column, draw)| column.push(draw));
            }
        }
        done = some.end;
        progress.advance(done as u64, String::new);
    }
    let mut columns = vec![
        Column::new(column::ORIGIN, Values::Time(times)),
        Column::with_unit(column::HORIZON, "h", Values::Int32(horizons)),
    ];
    columns.extend(member_columns(model, members));
    tables::write(&outputs.file(FORECASTS), &Table::new(columns))
}
