//! What the tasks are measured against: the real hours, and what the training years alone say of any hour.

use super::autoregression::Autoregression;
use super::climatology::Climatology;
use super::ensemble::Ensemble;
use super::hours::Hours;

/// The real hours with the baselines that are fitted on their training years.
pub(crate) struct Baselines<'a> {
    pub(crate) hours: &'a Hours,
    /// `None` where the training years are too few.
    pub(crate) autoregression: Option<Autoregression<'a>>,
    climatology: Climatology<'a>,
}

impl Baselines<'_> {
    pub(crate) fn of(hours: &Hours) -> Baselines<'_> {
        let (autoregression, climatology) = (Autoregression::of(hours), Climatology::of(&hours.training));
        Baselines { hours, autoregression, climatology }
    }

    /// What is usual at that hour.
    pub(crate) fn usual(&mut self, at: usize) -> &Ensemble {
        let (day, hour) = self.hours.day(at);
        self.climatology.at(day, hour)
    }
}
