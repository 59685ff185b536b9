//! The timing loop: some runs to warm up, then as many as fit into a few seconds; of very long ones the first
//! counts too.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use contract::benchmark::Outcome;

use crate::peak;
use crate::products::Product;

/// Runs that are not counted, unless the first takes longer than [`ENOUGH`].
const WARM_UP: usize = 3;
const AT_LEAST: usize = 5;
const AT_MOST: usize = 60;
/// A run that takes longer is begun only once more.
const LONG: Duration = Duration::from_secs(10);
/// Time after which no further sample is begun.
const ENOUGH: Duration = Duration::from_secs(4);

/// Measurements of a case.
pub(crate) struct Sampled {
    milliseconds: Vec<f64>,
    peak_memory_mb: f64,
    /// The matrix products of one run, empty where they are not all of its work.
    products: Vec<Product>,
}

/// Times `run`.
///
/// # Errors
/// Those of `run`.
pub(crate) fn sample(mut run: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Sampled> {
    let warming_up = Instant::now();
    run()?;
    let first = warming_up.elapsed();
    if first > LONG {
        let started = Instant::now();
        run()?;
        let milliseconds = [first, started.elapsed()].map(|time| time.as_secs_f64() * 1e3).to_vec();
        return Ok(Sampled { milliseconds, peak_memory_mb: peak_memory_mb()?, products: Vec::new() });
    }
    for _ in 1..WARM_UP {
        if warming_up.elapsed() > ENOUGH {
            break;
        }
        run()?;
    }
    let (began, mut milliseconds) = (Instant::now(), Vec::new());
    while milliseconds.len() < AT_LEAST || milliseconds.len() < AT_MOST && began.elapsed() < ENOUGH {
        let started = Instant::now();
        run()?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Sampled { milliseconds, peak_memory_mb: peak_memory_mb()?, products: Vec::new() })
}

impl Sampled {
    /// With the matrix products that a run consists of.
    pub(crate) fn made_of(self, products: Vec<Product>) -> Sampled {
        Sampled { products, ..self }
    }

    /// Median, spread, and what the machine could reach, which is measured now.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn outcome(self) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::of(self.milliseconds).map_err(|error| anyhow!(error))?;
        outcome.peak_memory_mb = Some(self.peak_memory_mb);
        if !self.products.is_empty() {
            let flops: f64 = self.products.iter().map(Product::flops).sum();
            outcome.gflops = Some(flops / outcome.median_ms / 1e6);
            outcome.peak_gflops = Some(peak::gflops(&self.products)?);
        }
        Ok(outcome)
    }
}

/// The largest resident set of this process so far.
fn peak_memory_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
    let kilobytes = high_water_kb(&status).context("/proc/self/status has no line VmHWM: NUMBER kB")?;
    Ok(kilobytes * 1024.0 / 1e6)
}

fn high_water_kb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_are_sampled_as_often_as_allowed() {
        let mut runs = 0;
        let sampled = sample(|| {
            runs += 1;
            Ok(())
        });
        assert_eq!(sampled.unwrap().milliseconds.len(), AT_MOST);
        assert_eq!(runs, WARM_UP + AT_MOST);
    }

    #[test]
    fn the_high_water_mark_is_read_from_the_kernel_s_lines() {
        assert_eq!(high_water_kb("Name:\tx\nVmHWM:\t   12340 kB\nVmRSS:\t 1 kB\n"), Some(12340.0));
        assert_eq!(high_water_kb("Name:\tx\n"), None);
    }
}
