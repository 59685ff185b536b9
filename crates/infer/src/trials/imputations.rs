//! Hours that are hidden by each pattern, and what is drawn for them.

use std::sync::Arc;

use contract::artifact::{IMPUTATIONS, column};
use contract::stage::Outputs;
use tables::{Column, Table, Values};

use super::{TestRun, adjust, member_columns};
use crate::hidden::PATTERNS;
use crate::observed::ObservedHours;
use crate::posterior::{Draws, Posterior};
use crate::purpose::seed_of;

const MEMBERS: usize = 50;

pub(super) fn write(
    posterior: &Posterior<'_>,
    runs: &[TestRun],
    seed: u64,
    outputs: &Outputs,
) -> anyhow::Result<()> {
    let model = posterior.model();
    let (mut names, mut times, mut local_times) = (Vec::new(), Vec::new(), Vec::new());
    let mut members = vec![Vec::new(); MEMBERS];
    for pattern in PATTERNS {
        let name: Arc<str> = pattern.name().into();
        for (number, run) in (0_u64..).zip(runs) {
            let mut observed: ObservedHours = run.observed.clone();
            pattern
                .hidden(observed.values.len(), seed_of(seed, &format!("hide {name}"), number))
                .into_iter()
                .for_each(|hour| observed.values[hour] = f32::NAN);
            let seed = seed_of(seed, &format!("draw {name}"), number);
            let mut drawn = posterior.draw(&observed, Draws { members: MEMBERS, seed, following: 0 })?;
            for (&hour, draws) in drawn.hours.iter().zip(drawn.values.chunks_exact_mut(MEMBERS)) {
                let local_us = observed.local_us(model, hour);
                adjust(model, local_us, draws);
                names.push(Some(name.clone()));
                times.push(observed.time_us(hour));
                local_times.push(local_us);
                members.iter_mut().zip(draws).for_each(|(column, draw)| column.push(*draw));
            }
        }
        tracing::info!("{name}: {} hours filled so far", times.len());
    }
    let mut columns = vec![
        Column::new(column::PATTERN, Values::Text(names)),
        Column::new(column::TIME, Values::Time(times)),
        Column::new(column::LOCAL_TIME, Values::LocalTime(local_times)),
    ];
    columns.extend(member_columns(model, members));
    tables::write(&outputs.file(IMPUTATIONS), &Table::new(columns))
}
