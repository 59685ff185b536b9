//! A user's hours, as the tasks see them: one value an hour in the variable's canonical unit, NaN where it is
//! missing. Where they come from and what files they are in is not known here.

use contract::calendar::HOUR_US;

use crate::model_folder::TrainedModel;

/// Hours from the first to the last that every task needs: seven latent steps, what the encoder sees
/// around one.
pub const SHORTEST_HOURS: usize = 28 * 24;

/// Consecutive hours of the model's variable.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedHours {
    /// UTC of the first hour, microseconds.
    pub first_us: i64,
    /// In the canonical unit and the climate of each hour's own year; NaN where missing.
    pub values: Vec<f32>,
}

impl ObservedHours {
    /// Refuses series that no task can use.
    ///
    /// # Errors
    /// When it is too short, or all missing.
    pub fn check(&self) -> anyhow::Result<()> {
        let hours = self.values.len();
        anyhow::ensure!(
            hours >= SHORTEST_HOURS,
            "the series has {hours} hours; the model looks at {SHORTEST_HOURS} or more (28 days): give it a longer one"
        );
        anyhow::ensure!(
            self.values.iter().any(|hour| !hour.is_nan()),
            "all {hours} hours of the series are missing; there is nothing to go by"
        );
        Ok(())
    }

    /// UTC of an hour.
    pub fn time_us(&self, hour: usize) -> i64 {
        self.first_us + hour as i64 * HOUR_US
    }

    /// Local standard time of an hour at the model's place.
    pub fn local_us(&self, model: &TrainedModel, hour: usize) -> i64 {
        model.transform.utc_offset.to_local(self.time_us(hour))
    }

    /// The hours as the model sees them, NaN where missing: without the trend, standardised.
    pub fn standardised(&self, model: &TrainedModel) -> Vec<f32> {
        let mut transform = model.transform.cursor();
        let hours = self.values.iter().enumerate();
        let standardise = |(hour, value): (usize, &f32)| {
            let local_us = self.local_us(model, hour);
            let adjusted = f64::from(*value) - model.transform.trend.departure(local_us);
            transform.at(local_us).standardise(adjusted) as f32
        };
        hours.map(standardise).collect()
    }

    /// The inverse of [`ObservedHours::standardised`] for values of one hour, which may lie after the last.
    pub fn restore(&self, model: &TrainedModel, hour: usize, standardised: &mut [f32]) {
        let local_us = self.local_us(model, hour);
        let map = model.transform.cursor().at(local_us);
        let departure = model.transform.trend.departure(local_us);
        for value in standardised {
            *value = (map.restore(f64::from(*value)) + departure) as f32;
        }
    }
}
