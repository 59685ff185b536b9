//! The history of the training.

use super::{HEIGHT, Key, Picture, SMALL_WIDTH};
use crate::plot::{self, Colour, Layer, LineStyle, Panel};
use crate::report::inputs::History;

/// Points of the history that a picture can show.
const MOST_POINTS: usize = 480;

/// The loss and its two parts by epoch.
pub(crate) fn losses(history: &History) -> anyhow::Result<Vec<Picture>> {
    let parts = [
        (Picture::new("loss", "Loss", "The negative bound on the log-likelihood, by epoch."), &history.loss),
        (
            Picture::new(
                "reconstruction",
                "Reconstruction",
                "Its first part: the negative log-likelihood of the hours given the latents.",
            ),
            &history.reconstruction,
        ),
        (Picture::new("kl", "Kullback-Leibler term", "Its second part: what the latents cost."), &history.kl),
    ];
    let drawn = parts.into_iter().map(|(picture, part)| draw(picture, &history.epoch, part));
    Ok(drawn.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn draw(
    mut picture: Picture,
    epoch: &[f64],
    [train, validation]: &[Vec<f64>; 2],
) -> anyhow::Result<Option<Picture>> {
    let x = plot::axis("epoch", epoch.iter().copied(), 6);
    let y = plot::axis("nats per hour", train.iter().chain(validation).copied(), 5);
    let (Some(x), Some(y)) = (x, y) else { return Ok(None) };
    let mut layers = Vec::new();
    let sides = [(train, Colour::Training, "training"), (validation, Colour::Ink, "validation")];
    for (values, colour, name) in sides {
        if !values.iter().any(|value| value.is_finite()) {
            continue;
        }
        let step = values.len().div_ceil(MOST_POINTS).max(1);
        let points = epoch.iter().copied().zip(values.iter().copied()).step_by(step).collect();
        layers.push(Layer::Line { colour, style: LineStyle::Solid, points });
        picture.legend.push(Key::line(colour, LineStyle::Solid, name));
    }
    picture.draw(&[Panel { heading: String::new(), width: SMALL_WIDTH, height: HEIGHT - 60, x, y, layers }])
}
