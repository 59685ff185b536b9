//! A desk to work at: a server, folders, and a clock that does not wait.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cds_server::{Fault, Misbehaviour, Server, Settings, Turns};
use contract::stage::{Outputs, Stage};
use fetch::{Clock, Environment, Fetch, Options, Pace};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The files of a run, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Time that passes only where someone waits.
#[derive(Default)]
pub struct Virtual(Mutex<Duration>);

impl Clock for Virtual {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

/// Time that passes by itself, and nobody waits.
pub struct Hurried(pub Instant);

impl Clock for Hurried {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, _: Duration) {}
}

pub struct Desk {
    pub server: Server,
    pub clock: Arc<Virtual>,
    pub pace: Pace,
    /// What the environment has beside the server's address and key.
    pub environment: Vec<(String, String)>,
    folder: TempDir,
    log: Log,
}

impl Desk {
    pub fn new(settings: Settings) -> Desk {
        Desk::at(Server::start(settings).unwrap())
    }

    pub fn at(server: Server) -> Desk {
        let clock = Arc::new(Virtual::default());
        let pace = Pace { clock: clock.clone(), read_timeout: Duration::from_secs(10), ..Pace::of_machine() };
        let environment = vec![
            ("CDSAPI_URL".to_string(), server.api()),
            ("CDSAPI_KEY".to_string(), Settings::default().key),
        ];
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("work")).unwrap();
        Desk { server, clock, pace, environment, folder, log: Log::default() }
    }

    /// Adds a misbehaviour.
    pub fn with(self, method: &'static str, path: &'static str, turns: Turns, what: Misbehaviour) -> Desk {
        self.server.misbehave(Fault::new(method, path, turns, what));
        self
    }

    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn outputs(&self) -> Outputs {
        let folder = self.folder.path().join("out");
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir(&folder).unwrap();
        Outputs { folder, work: self.work() }
    }

    /// Downloads what `ingest` asks for: the files, or the error.
    pub fn fetch(&self, ingest: &Value) -> Result<Files, String> {
        let tables = json!({ "ingest": ingest });
        let tables = contract::config::parse(tables.as_object().unwrap()).unwrap();
        let config = Fetch::check(tables).unwrap();
        let outputs = self.outputs();
        let pairs: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let options = Options { environment: Environment::made_up(&pairs), pace: self.pace.clone() };
        let log = self.log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || log.clone()).with_ansi(false).finish();
        let result =
            tracing::subscriber::with_default(subscriber, || fetch::fetch(&config, &outputs, &options));
        match result {
            Ok(()) => Ok(files(&outputs.folder)),
            Err(error) => {
                assert_eq!(files(&outputs.folder), Files::new(), "a failed run leaves no file");
                Err(self.anonymous(&format!("{error:#}")))
            }
        }
    }

    /// What was logged so far.
    pub fn log(&self) -> String {
        self.anonymous(&String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap())
    }

    /// `text` with the server's address as SERVER.
    fn anonymous(&self, text: &str) -> String {
        text.replace(&self.server.origin(), "SERVER")
    }
}

/// The files in a folder, which has no folders.
pub fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), std::fs::read(&path).unwrap()))
        .collect()
}

/// `[ingest]` for the time series of a few days.
pub fn days(first: &str, last: &str) -> Value {
    json!({
        "source": {"kind": "cds", "start": first, "end": last},
        "latitude_deg": 48.45,
        "longitude_deg": 5.59,
    })
}

/// One day as CSV: the smallest download.
pub fn a_day() -> Value {
    let mut ingest = days("1970-01-01", "1970-01-01");
    ingest["source"]["format"] = json!("csv");
    ingest
}

/// `[ingest]` for the grid.
pub fn grid(first: &str, last: &str, variables: &[&str]) -> Value {
    let mut ingest = days(first, last);
    ingest["source"]["dataset"] = json!("gridded");
    ingest["variables"] = json!(variables);
    ingest
}

/// The name and the bytes that [`a_day`] should bring.
pub fn the_day() -> Files {
    let inputs = json!({
        "variable": ["2m_temperature"],
        "location": {"latitude": 48.45, "longitude": 5.59},
        "date": ["1970-01-01/1970-01-01"],
    });
    let name = "era5_timeseries_2m_temperature_1970-01-01_1970-01-01.csv";
    Files::from([(name.to_string(), cds_server::csv(&inputs).unwrap())])
}

/// The size of the archive that [`a_day`] comes in.
pub fn archive_bytes() -> usize {
    let inputs = json!({
        "variable": ["2m_temperature"],
        "location": {"latitude": 48.45, "longitude": 5.59},
        "date": ["1970-01-01/1970-01-01"],
        "data_format": "csv",
    });
    cds_server::file_for("reanalysis-era5-single-levels-timeseries", &inputs).unwrap().len()
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
