//! Damaged files: read by the pure backend, they end in one clear sentence or in values of the
//! undamaged file, in bounded time and memory. (libnetcdf crashes and hangs on some; it is only
//! held against valid ones.)
//!
//! `ISOTHERM_MUTATIONS` is the number of files, and `ISOTHERM_MUTATION` the number of the only one
//! to read, as a failure names it.

mod map;
mod memory;
mod mutate;
#[path = "../samples/samples.rs"]
mod samples;
mod seeds;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use contract::stage::InputFile;
use ingest::backend::Backend;
use ingest::hours::read_hours;
use ingest::read_series;

use mutate::{Damaged, Kind, Random, mutate};
use seeds::Seed;

#[global_allocator]
static MEMORY: memory::Counting = memory::Counting;

/// Some ten seconds.
const CASES: usize = 8000;
const LONGEST: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 500 << 20;
/// One case in so many takes one of the large files.
const LARGE: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    /// Only values of the undamaged file.
    Read,
    /// The damage is one that nobody can see, and there are values.
    Unprotected,
}

struct Done {
    seed: usize,
    kind: Kind,
    outcome: Result<Outcome, String>,
    took: Duration,
    peak_bytes: usize,
}

enum Message {
    Begun(String),
    Done(Done),
}

#[test]
fn damaged_files_never_yield_values_of_their_own() {
    let (small, large) = seeds::all();
    let first_large = small.len();
    let seeds: Arc<Vec<Seed>> = Arc::new(small.into_iter().chain(large).collect());
    let only = environment("ISOTHERM_MUTATION");
    let cases = environment("ISOTHERM_MUTATIONS").unwrap_or(CASES);
    let cases = only.map_or(0..cases, |only| only..only + 1);
    let (sender, receiver) = channel();
    let worker = Arc::clone(&seeds);
    std::thread::spawn(move || cases.for_each(|case| run(case, &worker, first_large, &sender)));

    let mut current = String::new();
    let mut done: Vec<Done> = Vec::new();
    let mut failures = Vec::new();
    loop {
        match receiver.recv_timeout(LONGEST) {
            Ok(Message::Begun(case)) => current = case,
            Ok(Message::Done(one)) => {
                if let Err(failure) = &one.outcome {
                    failures.push(format!("{current}: {failure}"));
                }
                if one.peak_bytes > MOST_BYTES {
                    failures.push(format!("{current}: took {} MB", one.peak_bytes >> 20));
                }
                done.push(one);
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                panic!("{current} takes more than {LONGEST:?}")
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    report(&seeds, &done);
    assert!(
        failures.is_empty(),
        "{} failures, the first:\n{}",
        failures.len(),
        failures[..failures.len().min(40)].join("\n")
    );
}

fn environment(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

fn run(case: usize, seeds: &[Seed], first_large: usize, sender: &Sender<Message>) {
    let mut random = Random(case as u64);
    let large = seeds.len() - first_large;
    let seed = match random.below(LARGE) {
        0 if large > 0 => first_large + random.below(large),
        _ => random.below(first_large),
    };
    let damaged = mutate(&seeds[seed].bytes, &seeds[seed].map, &mut random);
    sender.send(Message::Begun(format!("case {case}, {}, {damaged}", seeds[seed].name))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    std::fs::write(&path, &damaged.bytes).unwrap();
    let begun = Instant::now();
    let reading = || std::panic::catch_unwind(|| judge(&seeds[seed], &damaged, &path));
    let (outcome, peak_bytes) = memory::peak_of(reading);
    let outcome = outcome.unwrap_or_else(|_| Err("panics".to_string()));
    let took = begun.elapsed();
    sender.send(Message::Done(Done { seed, kind: damaged.kind, outcome, took, peak_bytes })).unwrap();
}

fn judge(seed: &Seed, damaged: &Damaged, path: &Path) -> Result<Outcome, String> {
    let input = InputFile { name: "x.nc".into(), path: path.to_path_buf(), digest: String::new() };
    // With gaps filled and all.
    let _ = read_series(&seed.config, &[input], Backend::Pure);
    let columns = match read_hours(path, &seed.config, Backend::Pure) {
        Ok(columns) => columns,
        Err(error) => return judge_message(&format!("{error:#}"), &path.display().to_string()),
    };
    if damaged.is_unprotected {
        return Ok(Outcome::Unprotected);
    }
    for (variable, hours) in columns {
        let mut by_time = BTreeMap::new();
        for (time, value, _) in hours {
            // Two values for one hour are refused with all files together.
            if by_time.insert(time, value.to_bits()).is_some_and(|other| other != value.to_bits()) {
                return Ok(Outcome::Refused);
            }
        }
        let known = &seed.values[variable];
        for (time, value) in by_time {
            let is_known = match damaged.moves_blocks() {
                true => known.iter().any(|(_, known)| *known == value),
                false => known.contains(&(time, value)),
            };
            if !is_known {
                return Err(format!("{variable} is {} at {time}", f32::from_bits(value)));
            }
        }
    }
    Ok(Outcome::Read)
}

fn judge_message(message: &str, path: &str) -> Result<Outcome, String> {
    if !message.starts_with(path) || message.contains(|c: char| c.is_control()) || message.len() > 1000 {
        return Err(format!("is refused by {message:?}"));
    }
    Ok(Outcome::Refused)
}

/// On standard error, past the capture of the test harness.
fn report(seeds: &[Seed], done: &[Done]) {
    let mut by_layout: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut by_format: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut by_kind: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for one in done {
        let Ok(outcome) = one.outcome else { continue };
        let (layout, format) =
            seeds[one.seed].name.rsplit_once(", ").unwrap_or((&seeds[one.seed].name, "real files"));
        for counts in [
            by_layout.entry(layout).or_default(),
            by_format.entry(format).or_default(),
            by_kind.entry(format!("{:?}", one.kind)).or_default(),
        ] {
            counts[outcome as usize] += 1;
        }
    }
    let mut text = format!("{} damaged files: refused, read with true values, unprotected\n", done.len());
    let rows = by_layout.into_iter().chain(by_format).map(|(name, counts)| (name.to_string(), counts));
    for (name, counts) in rows.chain(by_kind) {
        text += &format!("{name:56} {:6} {:6} {:6}\n", counts[0], counts[1], counts[2]);
    }
    if let (Some(slowest), Some(peak)) =
        (done.iter().max_by_key(|one| one.took), done.iter().map(|one| one.peak_bytes).max())
    {
        text +=
            &format!("slowest {:?} ({}); peak {} kB\n", slowest.took, seeds[slowest.seed].name, peak >> 10);
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes the small seeds for the fuzzer into the folder `ISOTHERM_CORPUS`, if there is one.
#[test]
fn the_seeds_make_a_corpus() {
    let Some(folder) = std::env::var_os("ISOTHERM_CORPUS") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    for seed in seeds::all().0 {
        let name: String = seed.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        std::fs::write(folder.join(format!("{name}.nc")), &seed.bytes).unwrap();
    }
}
