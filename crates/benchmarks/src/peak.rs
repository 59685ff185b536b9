//! What this machine can reach: matrix products of the same shapes as a case's, one after the other on
//! every core, with nothing else to do.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use gemm::{Parallelism, gemm};

use crate::products::Product;

/// Rounds of which the fastest counts.
const ROUNDS: usize = 5;
/// A round's length, about: long against the threads' start.
const ROUND: Duration = Duration::from_millis(20);
/// Numbers of a matrix at most, so that memory stays small; a product of more rows runs no faster.
const LARGEST: usize = 1 << 22;

/// GFLOP/s of all cores together. Each product counts by its share of the work, so that the result is the
/// work divided by the time it would take at each product's own speed.
///
/// # Errors
/// When the number of cores cannot be told, or a thread cannot be started.
pub(crate) fn gflops(products: &[Product]) -> anyhow::Result<f64> {
    let threads = std::thread::available_parallelism().context("cannot tell the number of cores")?.get();
    let (mut flops, mut seconds) = (0.0, 0.0);
    for product in products {
        flops += product.flops();
        seconds += product.flops() / flops_per_second(share(*product, threads), threads)?;
    }
    Ok(flops / seconds / 1e9)
}

/// What one thread does of a product: some of its sequences, which are rows forward, and depth where
/// the gradient of a kernel sums over them.
fn share(product: Product, threads: usize) -> Product {
    let part = |long: usize, other: usize| long.div_ceil(threads).clamp(1, (LARGEST / other).max(1));
    let Product { rows, depth, columns } = product;
    match rows >= depth {
        true => Product { rows: part(rows, depth.max(columns)), ..product },
        false => Product { depth: part(depth, rows.max(columns)), ..product },
    }
}

/// The speed of all threads together, each on its own matrices.
fn flops_per_second(product: Product, threads: usize) -> anyhow::Result<f64> {
    let barrier = Barrier::new(threads);
    let fastest = |matrices: &mut Matrices| {
        matrices.multiply();
        let once = Instant::now();
        matrices.multiply();
        let times = (ROUND.as_secs_f64() / once.elapsed().as_secs_f64().max(1e-7)).ceil() as usize;
        let rounds = (0..ROUNDS).map(|_| {
            barrier.wait();
            let started = Instant::now();
            (0..times).for_each(|_| matrices.multiply());
            product.flops() * times as f64 / started.elapsed().as_secs_f64()
        });
        rounds.fold(0.0, f64::max)
    };
    std::thread::scope(|scope| {
        let start = |_| {
            let fastest = &fastest;
            std::thread::Builder::new().spawn_scoped(scope, move || fastest(&mut Matrices::new(product)))
        };
        let running =
            (0..threads).map(start).collect::<Result<Vec<_>, _>>().context("cannot start threads")?;
        let speeds =
            running.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked")));
        speeds.sum()
    })
}

/// Three matrices, row by row.
struct Matrices {
    product: Product,
    left: Vec<f32>,
    right: Vec<f32>,
    result: Vec<f32>,
}

impl Matrices {
    fn new(product: Product) -> Matrices {
        let Product { rows, depth, columns } = product;
        Matrices {
            product,
            left: vec![0.5; rows * depth],
            right: vec![0.25; depth * columns],
            result: vec![0.0; rows * columns],
        }
    }

    fn multiply(&mut self) {
        let Product { rows, depth, columns } = self.product;
        // SAFETY: the three matrices have these shapes and strides, and the result is not a factor.
        unsafe {
            gemm(
                rows,
                columns,
                depth,
                self.result.as_mut_ptr(),
                1,
                columns as isize,
                false,
                self.left.as_ptr(),
                1,
                depth as isize,
                self.right.as_ptr(),
                1,
                columns as isize,
                0.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
        black_box(&self.result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_that_is_timed_is_the_product() {
        let mut matrices = Matrices::new(Product { rows: 3, depth: 8, columns: 2 });
        matrices.multiply();
        assert_eq!(matrices.result, [1.0; 6]);
    }

    #[test]
    fn threads_share_the_sequences() {
        let forward = Product { rows: 1000, depth: 120, columns: 40 };
        assert_eq!(share(forward, 2), Product { rows: 500, ..forward });
        let kernel = Product { rows: 120, depth: 1000, columns: 40 };
        assert_eq!(share(kernel, 2), Product { depth: 500, ..kernel });
    }
}
