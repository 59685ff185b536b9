//! Runs that end at any moment, and the next run, which goes on.

use std::io::Read;
use std::process::{Command, Stdio};

use cds_server::{Ending, Misbehaviour, Settings, Turns};
use contract::stage::{Inputs, REQUEST_FORMAT, Request};
use serde_json::json;

use crate::fixture::{Desk, Files, a_day, grid, the_day};

#[test]
fn a_run_that_ended_after_any_request_is_completed_by_the_next() {
    let ingest = grid("1970-01-30", "1970-03-02", &["t2m", "tp"]);
    let whole = Desk::new(Settings::default());
    let expected = whole.fetch(&ingest).unwrap();
    assert_eq!(expected.len(), 6);
    let total = whole.server.requests().len();
    for answered in 0..total {
        let desk = Desk::new(Settings::default());
        desk.server.answer_only(answered);
        let error = desk.fetch(&ingest).unwrap_err();
        assert!(error.contains("5 times in a row"), "{error}");
        desk.server.behave();
        assert_eq!(desk.fetch(&ingest).unwrap(), expected, "after {answered} requests");
        // No job is started twice.
        assert_eq!(desk.server.count("POST", "/execution"), 6, "after {answered} requests");
    }
}

#[test]
fn a_file_goes_on_at_the_byte_where_the_run_ended() {
    let desk =
        Desk::new(Settings::default()).with("GET", "/files/", Turns::First(1), Misbehaviour::CutBody(100));
    // Submission, two looks, results, and the file's first bytes.
    desk.server.answer_only(5);
    desk.fetch(&a_day()).unwrap_err();
    let part = desk.work().join("00000000-0000-4000-8000-000000000001.part");
    assert_eq!(std::fs::metadata(&part).unwrap().len(), 100);
    desk.server.behave();
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    let last = desk.server.requests().pop().unwrap();
    assert_eq!(last.header("range"), Some("bytes=100-"));
    assert!(!part.exists());
    assert!(desk.log().contains("continuing at byte 100 of "), "{}", desk.log());
}

#[test]
fn a_part_that_is_not_of_this_file_does_no_harm() {
    // Shorter, as long as the file, longer.
    let whole = crate::fixture::archive_bytes();
    for length in [10, 100, whole, 100_000] {
        let desk = Desk::new(Settings { looks: [0, 0], ..Settings::default() });
        let part = desk.work().join("00000000-0000-4000-8000-000000000001.part");
        std::fs::write(&part, vec![7; length]).unwrap();
        assert_eq!(desk.fetch(&a_day()).unwrap(), the_day(), "{length} bytes");
    }
}

#[test]
fn a_job_that_the_store_has_lost_is_started_once_more() {
    let lost = |change: &dyn Fn(&Desk)| {
        let desk = Desk::new(Settings::default());
        desk.server.answer_only(2);
        desk.fetch(&a_day()).unwrap_err();
        desk.server.behave();
        change(&desk);
        desk
    };
    let desk = lost(&|desk| desk.server.forget_jobs());
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.count("POST", "/execution"), 2);
    for (ending, message) in [
        (
            Ending::Dismissed,
            "job 00000000-0000-4000-8000-000000000002 (1970-01-01_1970-01-01) was dismissed at the store; run \
             this again to start it anew",
        ),
        (
            Ending::Failed("Traceback\n  line 3\nRuntimeError: no space".to_string()),
            "job 00000000-0000-4000-8000-000000000002 (1970-01-01_1970-01-01) failed at the store: 127.0.0.1 \
             refuses the request (400: The job has failed: RuntimeError: no space)",
        ),
    ] {
        // Every job ends so: the one of the earlier run is started once more, that one is not.
        let desk = lost(&|desk| desk.server.set(|settings| settings.ending = ending.clone()));
        assert_eq!(desk.fetch(&a_day()).unwrap_err(), message);
        assert_eq!(desk.server.count("POST", "/execution"), 2);
    }
}

#[test]
fn a_damaged_memory_costs_a_job_and_nothing_else() {
    let desk = Desk::new(Settings::default());
    desk.server.answer_only(2);
    desk.fetch(&a_day()).unwrap_err();
    desk.server.behave();
    std::fs::write(desk.work().join("jobs.json"), "{\"format\": 1, \"jo").unwrap();
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.count("POST", "/execution"), 2);
}

/// The stage's own binary, killed by the system.
#[test]
fn a_killed_process_is_continued() {
    let desk = Desk::new(Settings { looks: [0, 0], ..Settings::default() });
    let desk = desk.with("GET", "/files/", Turns::Only(0), Misbehaviour::Stall(100));
    let request = Request {
        format: REQUEST_FORMAT,
        stage: "fetch".to_string(),
        pipeline: "x.toml".to_string(),
        config: json!({ "ingest": a_day() }).as_object().unwrap().clone(),
        inputs: Inputs::default(),
        outputs: desk.outputs(),
        log: Some(desk.path().join("log.jsonl")),
    };
    let path = desk.path().join("request.json");
    std::fs::write(&path, serde_json::to_vec(&request).unwrap()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fetch"))
        .arg("--request")
        .arg(&path)
        .env_clear()
        .envs(desk.environment.iter().cloned())
        // A proxy that is not there: none is used for this machine.
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let part = desk.work().join("00000000-0000-4000-8000-000000000001.part");
    while std::fs::metadata(&part).map_or(0, |part| part.len()) < 100 {
        assert_eq!(child.try_wait().unwrap(), None, "the stage ended by itself");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("job 1 of 1 (1970-01-01_1970-01-01) is successful"), "{said}");
    assert_eq!(crate::fixture::files(&request.outputs.folder), Files::new());
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.requests().pop().unwrap().header("range"), Some("bytes=100-"));
    assert_eq!(desk.server.count("POST", "/execution"), 1);
}
