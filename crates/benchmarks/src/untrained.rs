//! A model as if its training had ended at once: what it computes takes as long as with any other weights.

use anyhow::Context;
use contract::artifact::FORMAT;
use contract::calendar::UtcOffset;
use contract::transform::{Marginals, Scaler, Transform, Trend, TrendBy, TrendMethod, TrendShape};
use contract::variable::VARIABLES;
use infer::model_folder::TrainedModel;
use model::config::ModelConfig;
use model::device::DeviceKind;
use model::vae::Vae;

/// The year that made-up series begin in.
pub(crate) const FIRST_YEAR: i16 = 2001;

/// A model with fresh weights.
///
/// # Errors
/// When the device cannot be opened.
pub(crate) fn untrained(config: ModelConfig) -> anyhow::Result<TrainedModel> {
    let device = DeviceKind::Cpu.open()?;
    Ok(TrainedModel {
        vae: Vae::init(&config, 1, &device)?,
        config,
        transform: Transform {
            format: FORMAT,
            variable: VARIABLES[0].name.to_string(),
            latitude_deg: 0.0,
            longitude_deg: 0.0,
            utc_offset: UtcOffset::from_minutes(0).context("UTC is an offset")?,
            minutes_past_hour: 0,
            trend: Trend {
                method: TrendMethod::None,
                shape: TrendShape::Continuous,
                slope_per_year: 0.0,
                by: TrendBy::Year,
                interval_per_decade: [0.0, 0.0],
                reference_year: FIRST_YEAR,
            },
            marginals: Marginals::Scaler(Scaler { mean: 285.0, standard_deviation: 8.0 }),
            window_hours: 1536,
            seasonal_degree: 3,
            in_sample: false,
            exclude: contract::missing::MissingFlags::default(),
            credit: contract::credit::Credit::default(),
            years_left_out: Vec::new(),
        },
        path_prior: None,
        persistence: None,
        latent_cost: None,
        calibration: None,
        variable: &VARIABLES[0],
        device,
    })
}
