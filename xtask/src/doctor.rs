//! `doctor`: what this machine has, and what follows from it. It changes nothing and never fails
//! for something that is missing.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use crate::builder;
use crate::console::line;
use crate::digest::describe_bytes;
use crate::workspace::{Workspace, output};

/// Disk space that a first build and a few runs take.
const WANTED_BYTES: u64 = 8_000_000_000;

/// Prints one line for each thing.
pub(crate) fn doctor(workspace: &Workspace) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = |command: &mut Command| output(command).map(|text| first_line(&text));
    let tool = |name: &str, found: anyhow::Result<String>, otherwise: &str| match found {
        Ok(text) => row(name, "ok", &text),
        Err(_) => row(name, "missing", otherwise),
    };
    tool("rustc", version(Command::new(rustc).arg("-V")), "install it from https://rustup.rs");
    tool("cargo", version(workspace.cargo().arg("-V")), "install it from https://rustup.rs");
    tool("cc", version(Command::new("cc").arg("--version")), "a C compiler is needed: apt-get install gcc");
    let git = version(Command::new("git").arg("--version"));
    tool("git", git, "without it manifests name no commit: apt-get install git");
    match builder::libnetcdf() {
        Some(version) => row("libnetcdf", "ok", &format!("{version}, the second NetCDF backend is built")),
        None => {
            row("libnetcdf", "missing", "not needed; with it the second NetCDF backend is built and tested")
        }
    }
    gpu();
    disk(&workspace.root);
    let cores =
        std::thread::available_parallelism().map_or_else(|_| "unknown".into(), |count| count.to_string());
    row("cores", "ok", &cores);
    let features = builder::features(false);
    let features = if features.is_empty() { "none".to_string() } else { features.join(", ") };
    row(
        "features",
        "on",
        &format!("{features} (and train/cuda, infer/cuda for pipelines with device = \"cuda\")"),
    );
}

fn row(name: &str, state: &str, text: &str) {
    println!("{}", line(name, state, text));
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

fn gpu() {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok().map(|text| first_line(&text));
    match driver {
        None => row("gpu", "missing", "no NVIDIA driver; pipelines run on the CPU (device = \"cpu\")"),
        Some(driver) => {
            let cards = output(Command::new("nvidia-smi").arg("-L")).unwrap_or_default();
            row("gpu", "ok", &format!("{} {}", first_line(&cards), driver));
        }
    }
}

fn disk(folder: &Path) {
    match free_bytes(folder) {
        Some(bytes) if bytes >= WANTED_BYTES => row("disk", "ok", &format!("{} free", describe_bytes(bytes))),
        Some(bytes) => {
            let wanted = describe_bytes(WANTED_BYTES);
            row(
                "disk",
                "low",
                &format!("{} free; a first build and a few runs take {wanted}", describe_bytes(bytes)),
            );
        }
        None => row("disk", "unknown", ""),
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut stat = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends with a zero byte, and the structure is ours to be written to.
    let stat = unsafe { (libc::statvfs(path.as_ptr(), stat.as_mut_ptr()) == 0).then(|| stat.assume_init()) }?;
    #[allow(clippy::unnecessary_cast)] // The fields' types differ between systems.
    Some(stat.f_bavail as u64 * stat.f_frsize as u64)
}
