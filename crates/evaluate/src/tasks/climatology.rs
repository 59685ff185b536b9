//! The training years' values of the same hour of the day within 15 days of the same day of the year,
//! as an ensemble.

use std::collections::BTreeMap;

use super::ensemble::Ensemble;
use crate::series::{Day, HOURS, Series};

const DAYS_EACH_SIDE: i32 = 15;
const LONGEST_YEAR: i32 = 366;

/// Ensembles by day of year and hour, made when they are first asked for.
pub(crate) struct Climatology<'a> {
    training: &'a Series,
    /// The days of each day of the year.
    days: Vec<Vec<usize>>,
    made: BTreeMap<(i16, usize), Ensemble>,
}

impl Climatology<'_> {
    pub(crate) fn of(training: &Series) -> Climatology<'_> {
        let mut days = vec![Vec::new(); LONGEST_YEAR as usize];
        for (index, day) in training.days.iter().enumerate() {
            days[day.day_of_year as usize - 1].push(index);
        }
        Climatology { training, days, made: BTreeMap::new() }
    }

    pub(crate) fn at(&mut self, day: &Day, hour: usize) -> &Ensemble {
        let (training, days) = (self.training, &self.days);
        self.made.entry((day.day_of_year, hour)).or_insert_with(|| {
            let near = (-DAYS_EACH_SIDE..=DAYS_EACH_SIDE).flat_map(|shift| {
                &days[(i32::from(day.day_of_year) - 1 + shift).rem_euclid(LONGEST_YEAR) as usize]
            });
            let values = near.map(|index| training.values[index * HOURS + hour]);
            Ensemble::of(values.filter(|value| !value.is_nan()).collect())
        })
    }
}
