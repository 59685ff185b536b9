//! What the machine is that ran a stage, as far as results can depend on it: the same request leaves
//! the same bytes on machines that agree in these.

use serde::{Deserialize, Serialize};

/// Of the machine that made an entry of the cache; what it was compiled with is in the fingerprint's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The widest vector instructions that matrix products use: `x86-64-v3`, `neon`.
    pub vector_level: String,
    /// `linux`, `macos`.
    pub system: String,
    /// Number of processors; it changes the time taken and nothing else.
    pub cores: usize,
}

impl Machine {
    /// The one that this runs on.
    pub fn here() -> Machine {
        Machine {
            vector_level: vector_level().to_string(),
            system: std::env::consts::OS.to_string(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// The level of the x86-64 psABI, of which `gemm` and `pulp` choose their kernels by.
#[cfg(target_arch = "x86_64")]
fn vector_level() -> &'static str {
    let v3 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let v4 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    match (v3, v4) {
        (true, true) => "x86-64-v4",
        (true, false) => "x86-64-v3",
        (false, _) if is_x86_feature_detected!("sse4.2") => "x86-64-v2",
        (false, _) => "x86-64-v1",
    }
}

#[cfg(target_arch = "aarch64")]
fn vector_level() -> &'static str {
    "neon"
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn vector_level() -> &'static str {
    "scalar"
}
