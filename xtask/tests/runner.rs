//! The runner with stages that do nothing but behave: what runs, what is taken from the cache,
//! and what is left when something goes wrong. The real stages are tested in `tests/`.

mod runner {
    mod benchmarks;
    mod built;
    mod compare;
    mod dag;
    mod downloads;
    mod faults;
    mod kills;
    mod reruns;
    pub mod sandbox;
    mod sweeps;
}
