//! The map of the ingested hours: which days have missing, filled, doubtful or preliminary ones.

use contract::calendar::{DAY_US, civil, parse_date, year_start_us};

use super::{Key, MONTHS, Picture};
use crate::plot::{Axis, Cell, Layer, Panel, State};
use crate::report::inputs::{Run, Source};

const WIDTH: u32 = 880;
/// Of a year, CSS pixels, and of what is around the map.
const ROW_HEIGHT: u32 = 11;
const FRAME_HEIGHT: u32 = 60;

/// The picture, or `None` if every hour is there and nothing is flagged.
///
/// # Errors
/// When plotters fails.
pub(crate) fn map(source: &Source, variable: &str) -> anyhow::Result<Option<Picture>> {
    let runs: Vec<&Run> = source.runs_of(variable).collect();
    let days = Days::of(source, &runs);
    let Some(days) = days.filter(|_| !runs.is_empty()) else { return Ok(None) };
    let mut picture = Picture::new(
        "gaps",
        "Which hours were there",
        "Every day of the files, a row a year. A day has the colour of the worst of its hours: missing; filled in by interpolation; doubtful, that is out of range, a spike, stuck, given twice or far outside the climatology; preliminary (ERA5T), which may still change. How many there are of each is said above.",
    );
    picture.legend = State::ALL.map(|state| Key::block(state, state.name())).to_vec();
    picture.draw(&[days.panel()])
}

/// The state of each day.
struct Days {
    first_us: i64,
    states: Vec<State>,
}

impl Days {
    /// `None` if the span is not one.
    fn of(source: &Source, runs: &[&Run]) -> Option<Days> {
        let day = |time: &str| parse_date(time.get(..10)?);
        let (first_us, last_us) = (day(&source.first)?, day(&source.last)?);
        let count = usize::try_from((last_us - first_us) / DAY_US + 1).ok()?;
        let mut states = vec![State::Present; count];
        for run in runs {
            let row = |time: &str| usize::try_from((day(time)? - first_us) / DAY_US).ok();
            let (from, to) = (row(&run.from)?, row(&run.to)?.min(count - 1));
            for state in states.get_mut(from..=to)? {
                *state = (*state).max(run.state());
            }
        }
        Some(Days { first_us, states })
    }

    fn panel(&self) -> Panel {
        let time = |row: usize| self.first_us + row as i64 * DAY_US;
        let last_us = time(self.states.len() - 1);
        let (first_year, last_year) = (civil(self.first_us).year, civil(last_us).year);
        let mut cells = Vec::new();
        for year in first_year..=last_year {
            let start = year_start_us(year);
            let rows = (0..self.states.len()).filter(|row| civil(time(*row)).year == year);
            let of_year: Vec<(usize, State)> =
                rows.map(|row| (((time(row) - start) / DAY_US) as usize, self.states[row])).collect();
            // The first year is at the top.
            let below = f64::from(last_year - year);
            for run in of_year.chunk_by(|a, b| a.1 == b.1) {
                let (from, to) = (run[0].0 as f64, (run[0].0 + run.len()) as f64);
                cells.push(Cell {
                    corners: [(from, below + 0.08), (to, below + 0.92)],
                    shade: run[0].1.shade(),
                });
            }
        }
        let years = u32::from(last_year.abs_diff(first_year)) + 1;
        let every = usize::from(last_year.abs_diff(first_year) / 12 + 1);
        let label = |year: i16| (f64::from(last_year - year) + 0.5, year.to_string());
        Panel {
            heading: String::new(),
            width: WIDTH,
            height: FRAME_HEIGHT + ROW_HEIGHT * years,
            x: Axis {
                label: String::new(),
                range: 0.0..366.0,
                ticks: MONTHS
                    .iter()
                    .enumerate()
                    .map(|(month, name)| (month as f64 * 30.5 + 15.0, name.to_string()))
                    .collect(),
                is_log: false,
            },
            y: Axis {
                label: String::new(),
                range: 0.0..f64::from(years),
                ticks: (first_year..=last_year).step_by(every).map(label).collect(),
                is_log: false,
            },
            layers: vec![Layer::Cells(cells)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_state_of_its_worst_hour() {
        let run = |from: &str, to: &str, kind: &str| Run {
            variable: "t2m".into(),
            from: from.into(),
            to: to.into(),
            hours: 1,
            kind: kind.into(),
        };
        let runs = [
            run("2000-02-28T20:00", "2000-03-01T03:00", "linear"),
            run("2000-02-29T05:00", "2000-02-29T05:00", "missing"),
            run("2000-02-28T00:00", "2000-03-02T23:00", "preliminary"),
            run("2000-03-03T01:00", "2000-03-03T01:00", "spike"),
        ];
        let source =
            Source { first: "2000-02-27T05:00".into(), last: "2000-03-04T00:00".into(), ..Source::default() };
        let days = Days::of(&source, &runs.iter().collect::<Vec<_>>()).unwrap();
        use State::{Doubtful, Filled, Missing, Preliminary, Present};
        assert_eq!(days.states, [Present, Filled, Missing, Filled, Preliminary, Doubtful, Present]);
    }
}
