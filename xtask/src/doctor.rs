//! `doctor`: what this machine has, and what follows from it. It changes nothing and never fails
//! for something that is missing.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::builder;
use crate::console::{OutputFormat, line};
use crate::digest::describe_bytes;
use crate::workspace::{Workspace, output as output_of};

/// Disk space that a first build and a few runs take.
const WANTED_BYTES: u64 = 8_000_000_000;

/// One line: what, how it stands, and what follows.
type Row = (&'static str, &'static str, String);

/// Prints one line for each thing.
pub(crate) fn doctor(workspace: &Workspace, output: OutputFormat) {
    let rows = rows(workspace);
    let text = || rows.iter().map(|(name, state, text)| line(name, state, text) + "\n").collect();
    let values = rows.iter().map(|(name, state, text)| json!({"name": name, "state": state, "text": text}));
    output.print(text, || json!({"rows": values.collect::<Vec<_>>()}));
}

fn rows(workspace: &Workspace) -> Vec<Row> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = |command: &mut Command| output_of(command).map(|text| first_line(&text));
    let tool = |name, found: anyhow::Result<String>, otherwise: &str| match found {
        Ok(text) => (name, "ok", text),
        Err(_) => (name, "missing", otherwise.to_string()),
    };
    let cores =
        std::thread::available_parallelism().map_or_else(|_| "unknown".into(), |count| count.to_string());
    let features = builder::features(false);
    let features = if features.is_empty() { "none".to_string() } else { features.join(", ") };
    vec![
        tool("rustc", version(Command::new(rustc).arg("-V")), "install it from https://rustup.rs"),
        tool("cargo", version(workspace.cargo().arg("-V")), "install it from https://rustup.rs"),
        tool(
            "cc",
            version(Command::new("cc").arg("--version")),
            "a C compiler is needed: apt-get install gcc",
        ),
        tool(
            "git",
            version(Command::new("git").arg("--version")),
            "without it manifests name no commit: apt-get install git",
        ),
        libnetcdf(),
        gpu(),
        disk(&workspace.root),
        ("cores", "ok", cores),
        (
            "features",
            "on",
            format!("{features} (and train/cuda, infer/cuda for pipelines with device = \"cuda\")"),
        ),
    ]
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_string()
}

fn libnetcdf() -> Row {
    match builder::libnetcdf() {
        Some(version) => ("libnetcdf", "ok", format!("{version}, the second NetCDF backend is built")),
        None => {
            let text = "not needed; with it the second NetCDF backend is built and tested";
            ("libnetcdf", "missing", text.to_string())
        }
    }
}

fn gpu() -> Row {
    let driver = fs::read_to_string("/proc/driver/nvidia/version").ok().map(|text| first_line(&text));
    match driver {
        None => {
            let text = "no NVIDIA driver; pipelines run on the CPU (device = \"cpu\")";
            ("gpu", "missing", text.to_string())
        }
        Some(driver) => {
            let cards = output_of(Command::new("nvidia-smi").arg("-L")).unwrap_or_default();
            ("gpu", "ok", format!("{} {}", first_line(&cards), driver))
        }
    }
}

fn disk(folder: &Path) -> Row {
    match free_bytes(folder) {
        Some(bytes) if bytes >= WANTED_BYTES => ("disk", "ok", format!("{} free", describe_bytes(bytes))),
        Some(bytes) => {
            let (free, wanted) = (describe_bytes(bytes), describe_bytes(WANTED_BYTES));
            ("disk", "low", format!("{free} free; a first build and a few runs take {wanted}"))
        }
        None => ("disk", "unknown", String::new()),
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
