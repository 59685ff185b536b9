//! Times training steps of the article's model on made-up hours: `bench-train [BATCH...]`.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use burn::tensor::{Device, Tensor, TensorData};
use model::adam::Adam;
use model::config::{ModelConfig, STEP_HOURS};
use model::loss::Batch;
use model::vae::Vae;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use train::shards::{Workers, split};
use train::trainer::gradients;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WINDOW_HOURS: usize = 1536;
const WARM_UP_STEPS: usize = 3;
const TIMED_STEPS: usize = 40;

fn main() -> ExitCode {
    train::allocator::keep_freed_memory();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let batches: Vec<usize> = std::env::args()
        .skip(1)
        .map(|word| {
            word.parse()
                .with_context(|| format!("{word:?} is not a batch size; usage: bench-train [BATCH...]"))
        })
        .collect::<anyhow::Result<_>>()?;
    for &batch in if batches.is_empty() { &[32, 256][..] } else { &batches } {
        time_steps(batch)?;
    }
    Ok(())
}

fn time_steps(rows: usize) -> anyhow::Result<()> {
    let config = ModelConfig::article();
    let device = Device::flex().autodiff();
    let mut model = Vae::init(&config, 1, &device)?;
    let mut optimiser = Adam::default().for_module();
    let workers = Workers::start()?;
    let made_up = made_up(rows, &config, &device);
    let mut milliseconds = Vec::with_capacity(TIMED_STEPS);
    for step in 0..WARM_UP_STEPS + TIMED_STEPS {
        let started = Instant::now();
        let (gradients, _) = gradients(&workers, &model, made_up.clone(), 0.0);
        model = optimiser.step(1e-3, model, gradients);
        if step >= WARM_UP_STEPS {
            milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    milliseconds.sort_by(f64::total_cmp);
    println!(
        "train-step   batch {rows:>4}, {} filters, {WINDOW_HOURS} hours: median {:.1} ms (fastest {:.1}, slowest {:.1}) of {TIMED_STEPS}",
        config.filters,
        milliseconds[TIMED_STEPS / 2],
        milliseconds[0],
        milliseconds[TIMED_STEPS - 1],
    );
    Ok(())
}

/// The shards of a batch.
fn made_up(rows: usize, config: &ModelConfig, device: &Device) -> Vec<Batch> {
    let random = &mut ChaCha8Rng::seed_from_u64(2);
    let steps = WINDOW_HOURS / STEP_HOURS;
    let mut normal = |shape: [usize; 3]| {
        let numbers: Vec<f32> =
            StandardNormal.sample_iter(&mut *random).take(shape.iter().product()).collect();
        Tensor::<3>::from_data(TensorData::new(numbers, shape), device)
    };
    let shards = split(&vec![(); rows]);
    let of_shard = shards.iter().map(Vec::len).map(|rows| Batch {
        values: normal([rows, WINDOW_HOURS, 1]).squeeze_dim::<2>(2),
        seasonal: normal([rows, steps, config.seasonal_features()]),
        epsilon: normal([rows, steps, config.latent_channels]),
    });
    of_shard.collect()
}
