//! Both cores busy: a batch is split into shards, each with a thread of its own whose kernels do not
//! split their work any further. The number of shards is fixed and their results are taken in
//! order, so that the number of threads changes no bit.

use anyhow::Context;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Parts that a batch is split into.
pub const SHARDS: usize = 4;

/// Threads that work on shards side by side.
pub struct Workers {
    pools: Vec<ThreadPool>,
}

impl Workers {
    /// One thread a core, at most one a shard.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start() -> anyhow::Result<Workers> {
        let cores = rayon::current_num_threads().min(SHARDS);
        let pool = || ThreadPoolBuilder::new().num_threads(1).build();
        let pools = (0..cores).map(|_| pool()).collect::<Result<_, _>>().context("cannot start threads")?;
        Ok(Workers { pools })
    }

    /// `work` for each item, in the items' order.
    pub fn map<T: Send, R: Send>(&self, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        let mut slots: Vec<(Option<T>, Option<R>)> =
            items.into_iter().map(|item| (Some(item), None)).collect();
        let per_worker = slots.len().div_ceil(self.pools.len()).max(1);
        std::thread::scope(|scope| {
            for (pool, slots) in self.pools.iter().zip(slots.chunks_mut(per_worker)) {
                let work = &work;
                scope.spawn(move || {
                    pool.install(|| {
                        for (item, result) in slots {
                            *result = item.take().map(work);
                        }
                    });
                });
            }
        });
        slots.into_iter().filter_map(|(_, result)| result).collect()
    }
}

/// The items in at most [`SHARDS`] parts of nearly equal size, in order.
pub fn split<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let size = items.len().div_ceil(SHARDS).max(1);
    items.chunks(size).map(<[T]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let workers = Workers::start().unwrap();
        for count in 0..20 {
            let squares = workers.map((0..count).collect(), |i: usize| i * i);
            assert_eq!(squares, (0..count).map(|i| i * i).collect::<Vec<_>>());
        }
    }

    #[test]
    fn shards_hold_every_item_once() {
        for count in 0..70 {
            let items: Vec<usize> = (0..count).collect();
            let shards = split(&items);
            assert!(shards.len() <= SHARDS);
            assert_eq!(shards.concat(), items);
        }
    }
}
