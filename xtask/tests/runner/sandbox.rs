//! A repository in a temporary folder, whose stages are shell scripts.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

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

pub const PIPELINE: &str = "\
[about]
title = \"A test\"
[ingest]
files = [\"data/raw/*.nc\"]
[train]
epochs = 3
[evaluate]
days = 30
";

pub struct Sandbox {
    folder: tempfile::TempDir,
}

/// How a run of xtask ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Sandbox {
        let sandbox = Sandbox { folder: tempfile::tempdir().unwrap() };
        sandbox.write("Cargo.toml", "[workspace]\n");
        sandbox.write("pipelines/x.toml", PIPELINE);
        sandbox.write("data/raw/a.nc", "one");
        sandbox.behave("");
        for binary in ["fetch", "ingest", "preprocess", "train", "infer", "evaluate"] {
            let path = sandbox.write(&format!("bin/{binary}"), include_str!("fake-stage.sh"));
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        sandbox
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Has stages behave in some way from now on: `train-block`, one a line.
    pub fn behave(&self, behaviour: &str) {
        self.write("bin/behaviour", behaviour);
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(self.folder.path()).env_remove("CARGO_MANIFEST_DIR");
        command.args(arguments).args(["--root", ".", "--bin-dir", "bin"]);
        command
    }

    pub fn xtask(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }

    /// `xtask run-all x ...`, which must succeed; returns the stages that ran.
    pub fn run_all(&self, arguments: &[&str]) -> Vec<String> {
        let ended = self.xtask(&[&["run-all", "x"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.ran()
    }

    /// Starts xtask and returns once it has said `text`.
    pub fn start_until(&self, arguments: &[&str], text: &str) -> (Child, BufReader<ChildStderr>) {
        let mut child = self.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended without saying {text:?}");
        }
        (child, lines)
    }

    /// Everything in the cache, as `stage/name`, fingerprints written as `*`.
    pub fn cached(&self) -> Vec<String> {
        let mut names = Vec::new();
        for stage in entries(&self.path("data/cache")) {
            let folder = self.path("data/cache").join(&stage);
            let shown = |name: String| match name.starts_with('.') {
                true if name.starts_with(".failed-") => ".failed-*".to_string(),
                true => name,
                false => "*".to_string(),
            };
            names.extend(entries(&folder).into_iter().map(|name| format!("{stage}/{}", shown(name))));
        }
        names
    }

    /// The only entry of a stage.
    pub fn entry(&self, stage: &str) -> PathBuf {
        let folder = self.path("data/cache").join(stage);
        let names = entries(&folder);
        assert_eq!(names.len(), 1, "{names:?}");
        folder.join(&names[0])
    }

    /// Nothing was published.
    pub fn assert_no_runs(&self) {
        let runs = self.path("data/runs");
        assert!(!runs.exists() || entries(&runs).is_empty());
    }

    /// Whole entries of all stages, and nothing else.
    pub fn assert_complete(&self) {
        let mut all = STAGES.map(|stage| format!("{stage}/*"));
        all.sort();
        assert_eq!(self.cached(), all);
        assert_eq!(entries(&self.path("data/runs")), ["history.parquet", "x"]);
    }
}

impl Ended {
    pub fn of(command: &mut Command) -> Ended {
        let output = command.output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The stages that ran, as they say themselves.
    pub fn ran(&self) -> Vec<String> {
        let ran = self.stderr.lines().filter_map(|line| line.strip_prefix("stage ")?.strip_suffix(" runs"));
        ran.map(str::to_string).collect()
    }
}

/// The names in a folder, sorted.
pub fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The rest of what a program says.
pub fn rest(mut lines: BufReader<ChildStderr>) -> String {
    let mut text = String::new();
    lines.read_to_string(&mut text).unwrap();
    text
}
