//! Forecasts from many origins, at the horizons that are scored.

use contract::artifact::{FORECASTS, column};
use contract::calendar::DAY_HOURS;
use contract::progress::Progress;
use contract::stage::Outputs;
use rayon::prelude::*;
use tables::{Column, Table, Values};

use super::{TestRun, adjust, member_columns};
use crate::forecast::{ForecastSettings, LONGEST_HOURS, forecast_by};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::posterior::Posterior;

const MEMBERS: usize = 100;
/// Hours from one origin to the next: every hour of the day has its turn.
const EVERY_HOURS: usize = 61;
/// Hours of the run before the first origin.
const BEFORE_HOURS: usize = 40 * DAY_HOURS;
const HORIZONS: [usize; 6] = [6, 24, 48, 72, 96, 240];

pub(super) fn write(
    model: &TrainedModel,
    runs: &[TestRun],
    seed: u64,
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let posterior = Posterior::new(model)?;
    let origins: Vec<(&ObservedHours, usize)> = runs
        .iter()
        .flat_map(|run| {
            let last = run.observed.values.len().saturating_sub(LONGEST_HOURS);
            (BEFORE_HOURS..last).step_by(EVERY_HOURS).map(|origin| (&run.observed, origin))
        })
        .collect();
    let settings = ForecastSettings { hours: LONGEST_HOURS, members: MEMBERS, seed };
    let one = |(observed, origin): &(&ObservedHours, usize)| -> anyhow::Result<Vec<Vec<f32>>> {
        let seen =
            ObservedHours { first_us: observed.first_us, values: observed.values[..=*origin].to_vec() };
        let mut drawn = forecast_by(&posterior, &seen, settings)?;
        let at = |horizon: usize| {
            let draws = &mut drawn.values[(horizon - 1) * MEMBERS..horizon * MEMBERS];
            adjust(model, observed.local_us(model, origin + horizon), draws);
            draws.to_vec()
        };
        Ok(HORIZONS.map(at).to_vec())
    };
    let mut progress = Progress::start("forecasts", 0, origins.len() as u64, "origins");
    let (mut times, mut horizons, mut members) = (Vec::new(), Vec::new(), vec![Vec::new(); MEMBERS]);
    let mut done = 0;
    for some in origins.chunks(64) {
        let drawn: Vec<_> = some.par_iter().map(one).collect::<anyhow::Result<_>>()?;
        for ((observed, origin), drawn) in some.iter().zip(drawn) {
            for (horizon, draws) in HORIZONS.into_iter().zip(drawn) {
                times.push(observed.time_us(*origin));
                horizons.push(horizon as i32);
                members.iter_mut().zip(draws).for_each(|(column, draw)| column.push(draw));
            }
        }
        done += some.len() as u64;
        progress.advance(done, String::new);
    }
    let mut columns = vec![
        Column::new(column::ORIGIN, Values::Time(times)),
        Column::with_unit(column::HORIZON, "h", Values::Int32(horizons)),
    ];
    columns.extend(member_columns(model, members));
    tables::write(&outputs.file(FORECASTS), &Table::new(columns))
}
