//! What training was like, epoch by epoch.

use std::path::Path;

use tables::{Column, Table, Values};

/// One epoch; losses in nats per hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// From 1.
    pub number: u32,
    /// Steps since the start.
    pub step: u32,
    /// At the epoch's last step.
    pub learning_rate: f64,
    pub train: Terms,
    pub validation: Terms,
    /// Latent channels whose KL on the validation windows is above [`ACTIVE_KL_NATS`].
    pub active_units: u32,
    /// KL of each latent channel on the validation windows, nats per latent step.
    pub kl_by_latent: Vec<f32>,
}

/// Nats per latent step from which a latent channel counts as active.
pub const ACTIVE_KL_NATS: f32 = 0.01;

/// The loss and its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    pub loss: f64,
    pub reconstruction: f64,
    pub kl: f64,
}

/// Writes the history as Parquet.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, epochs: &[Epoch]) -> anyhow::Result<()> {
    let integers = |value: fn(&Epoch) -> u32| -> anyhow::Result<Values> {
        Ok(Values::Int32(epochs.iter().map(|epoch| i32::try_from(value(epoch))).collect::<Result<_, _>>()?))
    };
    let floats = |value: fn(&Epoch) -> f64| Values::Float64(epochs.iter().map(value).collect());
    let nats = |name: &str, value: fn(&Epoch) -> f64| Column::with_unit(name, "nat h-1", floats(value));
    let latents = epochs.first().map_or(0, |epoch| epoch.kl_by_latent.len());
    let kl_of = |latent: usize| epochs.iter().map(|epoch| epoch.kl_by_latent[latent]).collect();
    let by_latent = (0..latents)
        .map(|latent| Column::with_unit(&kl_column(latent), "nat", Values::Float32(kl_of(latent))));
    let mut columns = vec![
        Column::new("epoch", integers(|epoch| epoch.number)?),
        Column::new("step", integers(|epoch| epoch.step)?),
        Column::new("learning_rate", floats(|epoch| epoch.learning_rate)),
        nats("train_loss", |epoch| epoch.train.loss),
        nats("train_reconstruction", |epoch| epoch.train.reconstruction),
        nats("train_kl", |epoch| epoch.train.kl),
        nats("validation_loss", |epoch| epoch.validation.loss),
        nats("validation_reconstruction", |epoch| epoch.validation.reconstruction),
        nats("validation_kl", |epoch| epoch.validation.kl),
        Column::new("active_units", integers(|epoch| epoch.active_units)?),
    ];
    columns.extend(by_latent);
    tables::write(path, &Table::new(columns))
}

/// The column of a latent channel's KL.
fn kl_column(latent: usize) -> String {
    format!("kl_latent_{latent}")
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Epoch>> {
    let table = tables::read(path, &[])?;
    let terms = |prefix: &str, row: usize| -> anyhow::Result<Terms> {
        Ok(Terms {
            loss: table.f64s(&format!("{prefix}_loss"))?[row],
            reconstruction: table.f64s(&format!("{prefix}_reconstruction"))?[row],
            kl: table.f64s(&format!("{prefix}_kl"))?[row],
        })
    };
    let columns = (0..).map(|latent| table.f32s(&kl_column(latent))).map_while(Result::ok);
    let latents: Vec<&[f32]> = columns.collect();
    let rows = (0..table.rows()).map(|row| {
        Ok(Epoch {
            number: u32::try_from(table.i32s("epoch")?[row])?,
            step: u32::try_from(table.i32s("step")?[row])?,
            learning_rate: table.f64s("learning_rate")?[row],
            train: terms("train", row)?,
            validation: terms("validation", row)?,
            active_units: u32::try_from(table.i32s("active_units")?[row])?,
            kl_by_latent: latents.iter().map(|column| column[row]).collect(),
        })
    });
    rows.collect()
}
