//! The workbench of these tests: xtask on a temporary data folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

pub const STAGES: [&str; 12] = [
    "ingest",
    "preprocess",
    "train",
    "held-out",
    "bound",
    "prepare-delivery",
    "deliver",
    "generate",
    "calibrate",
    "evaluate",
    "compare-models",
    "report",
];

/// A data folder, removed at the end.
pub struct Bench {
    folder: tempfile::TempDir,
}

/// How a run of xtask ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap() }
    }

    /// One in which the smoke pipeline has run.
    pub fn after_smoke() -> Bench {
        let bench = Bench::new();
        let copied = Command::new("cp").arg("-r").arg(smoke_run().join(".")).arg(bench.data()).status();
        assert!(copied.unwrap().success());
        bench
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        xtask(root(), self.data(), arguments)
    }

    /// The same in another repository.
    pub fn command_in(&self, root: &Path, arguments: &[&str]) -> Command {
        xtask(root, self.data(), arguments)
    }

    /// Where xtask builds the stages.
    pub fn binaries() -> PathBuf {
        std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_path_buf()
    }

    pub fn xtask(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    /// `xtask run-all smoke ...`, which must succeed; returns the stages that ran.
    pub fn run_smoke(&self, arguments: &[&str]) -> Vec<String> {
        let ended = self.xtask(&[&["run-all", "smoke"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.ran()
    }

    pub fn result(&self, name: &str) -> PathBuf {
        self.data().join("runs/smoke").join(name)
    }

    /// Digests of a stage's outputs, from `run.json`.
    pub fn outputs(&self, stage: &str) -> Value {
        let run: Value = serde_json::from_str(&fs::read_to_string(self.result("run.json")).unwrap()).unwrap();
        let stages = run["stages"].as_array().unwrap();
        stages.iter().find(|run| run["stage"] == stage).unwrap()["outputs"].clone()
    }

    /// What is in the cache and unfinished: `train/.tmp-...`.
    pub fn leftovers(&self) -> Vec<String> {
        let mut names = Vec::new();
        for stage in STAGES {
            let Ok(entries) = fs::read_dir(self.data().join("cache").join(stage)) else { continue };
            let hidden = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.extend(hidden.filter(|name| name.starts_with('.')).map(|name| format!("{stage}/{name}")));
        }
        names
    }

    /// Finished entries of a stage.
    pub fn entries(&self, stage: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.data().join("cache").join(stage)) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.')).collect()
    }
}

impl Ended {
    /// The stages that ran.
    pub fn ran(&self) -> Vec<String> {
        let words = self.stderr.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let done = words.filter(|words| words.get(1) == Some(&"done") && STAGES.contains(&words[0]));
        done.map(|words| words[0].to_string()).collect()
    }

    /// The lines that start with `error: `.
    pub fn errors(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect()
    }
}

pub fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A data folder in which the smoke pipeline has run; made once, then only copied.
fn smoke_run() -> &'static Path {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| {
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("smoke");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).unwrap();
        let ended = ended(&mut xtask(root(), &data, &["run-all", "smoke"]));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        data
    })
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// xtask from the target folder of these tests, which is also where it builds the stages.
fn xtask(root: &Path, data: &Path, arguments: &[&str]) -> Command {
    let program = Bench::binaries().join("xtask");
    assert!(program.is_file(), "{} is missing: run all tests (`cargo xtask test`)", program.display());
    let mut command = Command::new(program);
    command.current_dir(root).env_remove("CARGO_MANIFEST_DIR");
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
    command.args(arguments).arg("--root").arg(root).arg("--data-dir").arg(data);
    command
}
