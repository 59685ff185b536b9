//! The matrix products that a model's layers are, and so the work there is to do. Only the multiplications
//! that the definition needs are counted: a way to compute that multiplies zeros gets nothing for it.

use model::config::{ModelConfig, STEP_HOURS};

/// `[rows, depth]` times `[depth, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub rows: usize,
    pub depth: usize,
    pub columns: usize,
}

impl Product {
    /// A multiplication and an addition for each term.
    pub(crate) fn flops(&self) -> f64 {
        2.0 * self.rows as f64 * self.depth as f64 * self.columns as f64
    }

    /// The products that give the gradients of the right and of the left factor.
    fn backward(self) -> [Product; 2] {
        let Product { rows, depth, columns } = self;
        [Product { rows: depth, depth: rows, columns }, Product { rows, depth: columns, columns: depth }]
    }
}

/// Hours to latents, for sequences of `steps` latent steps.
pub(crate) fn encoder(config: &ModelConfig, sequences: usize, steps: usize) -> Vec<Product> {
    let mut time = steps * STEP_HOURS;
    let layers = config.encoder_layers().into_iter().map(|(stride, channels_in, channels_out)| {
        time /= stride;
        let width = 2 * stride - 1;
        Product { rows: sequences * time, depth: width * channels_in, columns: channels_out }
    });
    layers.collect()
}

/// Latents to hours. Each step is multiplied with all taps of the kernel.
pub(crate) fn decoder(config: &ModelConfig, sequences: usize, steps: usize) -> Vec<Product> {
    let mut time = steps;
    let layers = config.decoder_layers().into_iter().map(|(stride, channels_in, channels_out)| {
        let (before, after) = config.decoder.reach(stride);
        let width = before + stride + after;
        let product = Product { rows: sequences * time, depth: channels_in, columns: width * channels_out };
        time *= stride;
        product
    });
    layers.collect()
}

/// Those of a forward pass and of its gradients.
pub(crate) fn with_gradients(forward: Vec<Product>) -> Vec<Product> {
    let backward = forward.iter().flat_map(|product| product.backward());
    backward.chain(forward.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_s_sequence_takes_nearly_ten_million_operations_forward() {
        let config = ModelConfig::article();
        let forward = [encoder(&config, 1, 16), decoder(&config, 1, 16)].concat();
        let flops = |products: &[Product]| products.iter().map(Product::flops).sum::<f64>();
        assert_eq!(forward[0], Product { rows: 512, depth: 5, columns: 40 });
        assert_eq!(forward[11], Product { rows: 512, depth: 40, columns: 5 });
        assert_eq!(flops(&forward), 9_740_800.0);
        assert_eq!(flops(&with_gradients(forward)), 3.0 * 9_740_800.0);
    }
}
