//! A server and a network that misbehave: success after another attempt, or a clear error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cds_server::Misbehaviour::{
    Answer, CutBody, CutHead, Drip, Flip, HangUp, IgnoreRange, Length, OtherRange, Redirect, Silence, Stall,
};
use cds_server::{Misbehaviour, Response, Settings, Turns};
use serde_json::json;

use crate::fixture::{Desk, Hurried, a_day, archive_bytes, the_day};

/// The requests of a download, in order.
const KINDS: [(&str, &str); 4] =
    [("POST", "/execution"), ("GET", "/jobs/"), ("GET", "/results"), ("GET", "/files/")];

fn desk() -> Desk {
    Desk::new(Settings { looks: [0, 0], ..Settings::default() })
}

fn check_success(method: &'static str, path: &'static str, turns: Turns, what: Misbehaviour) -> Desk {
    let desk = desk().with(method, path, turns, what.clone());
    assert_eq!(desk.fetch(&a_day()), Ok(the_day()), "{method} {path} {what:?}");
    desk
}

fn check_error(method: &'static str, path: &'static str, what: Misbehaviour, message: &str) {
    let desk = desk().with(method, path, Turns::Always, what);
    let error = desk.fetch(&a_day()).unwrap_err();
    assert_eq!(error, message, "{method} {path}");
    // The next run, with a server that behaves, goes on.
    desk.server.behave();
    assert_eq!(desk.fetch(&a_day()), Ok(the_day()), "{method} {path}");
}

#[test]
fn a_file_cut_at_any_byte_is_completed() {
    for cut in 0..archive_bytes() {
        let desk = check_success("GET", "/files/", Turns::Only(0), CutBody(cut));
        let ranges: Vec<Option<String>> = desk
            .server
            .requests()
            .iter()
            .filter(|request| request.path().starts_with("/files/"))
            .map(|request| request.header("range").map(str::to_string))
            .collect();
        let expected = if cut == 0 { None } else { Some(format!("bytes={cut}-")) };
        assert_eq!(ranges, [None, expected]);
    }
}

#[test]
fn a_file_cut_again_and_again_is_completed() {
    let bytes = vec![b'x'; 600_000];
    let file = [b"valid_time,t2m\n".as_slice(), &bytes].concat();
    let settings = Settings { file: Some(file.clone()), looks: [0, 0], ..Settings::default() };
    let desk = Desk::new(settings).with("GET", "/files/", Turns::First(8), CutBody(70_000));
    assert_eq!(desk.fetch(&a_day()).unwrap().into_values().collect::<Vec<_>>(), [file]);
    assert_eq!(desk.server.count("GET", "/files/"), 9);
}

#[test]
fn an_answer_cut_at_any_byte_is_asked_for_again() {
    for (method, path) in &KINDS[..3] {
        for cut in (0..300).step_by(7) {
            check_success(method, path, Turns::Only(0), CutBody(cut));
        }
    }
}

#[test]
fn four_failures_in_a_row_are_survived_and_five_are_named() {
    let failures = [
        (HangUp, "breaks off"),
        (CutHead, "breaks off"),
        (Answer(Response::text(500, "text/plain", "oops")), "answers 500 Internal Server Error"),
        (Answer(Response::html(502, "<html><title>nginx</title>")), "answers 502 Bad Gateway"),
        (Answer(Response::json(503, &json!({"title": "busy"}))), "answers 503 Service Unavailable"),
        (Answer(Response::text(408, "text/plain", "")), "answers 408 Request Timeout"),
    ];
    for (method, path) in KINDS {
        for (what, words) in failures.clone() {
            check_success(method, path, Turns::First(4), what.clone());
            let desk = desk().with(method, path, Turns::Always, what.clone());
            let error = desk.fetch(&a_day()).unwrap_err();
            assert!(error.starts_with(&format!("127.0.0.1 {words}")), "{method} {path} {what:?}: {error}");
            let end =
                ", 5 times in a row; check the network and run this again: it goes on from where it stopped";
            assert!(error.ends_with(end), "{method} {path} {what:?}: {error}");
            desk.server.behave();
            assert_eq!(desk.fetch(&a_day()), Ok(the_day()), "{method} {path} {what:?}");
        }
    }
}

#[test]
fn failures_are_told_with_the_servers_words() {
    let end = ", 5 times in a row; check the network and run this again: it goes on from where it stopped";
    check_error(
        "POST",
        "/execution",
        Answer(Response::json(503, &json!({"title": "internal server error", "detail": "database is away"}))),
        &format!("127.0.0.1 answers 503 Service Unavailable: internal server error: database is away{end}"),
    );
    check_error(
        "POST",
        "/execution",
        Answer(Response::html(504, "<html><title>504 Gateway Time-out</title></html>")),
        &format!("127.0.0.1 answers 504 Gateway Timeout with the web page \"504 Gateway Time-out\"{end}"),
    );
    check_error(
        "POST",
        "/execution",
        Answer(Response::text(200, "application/json", "{\"jobID\": ")),
        &format!("127.0.0.1 answers with what is not JSON: {{\"jobID\":{end}"),
    );
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let mut away = desk();
    let here = away.server.api();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    away.environment[0].1 = format!("http://{free}/api");
    assert_eq!(
        away.fetch(&a_day()).unwrap_err(),
        "127.0.0.1 refuses the connection, 5 times in a row; check the network and run this again: it goes on \
         from where it stopped"
    );
    // 1 + 2 + 4 + 8 s.
    assert_eq!(fetch::Clock::now(away.clock.as_ref()), Duration::from_secs(15));
    away.environment[0].1 = here;
    assert_eq!(away.fetch(&a_day()), Ok(the_day()));
}

#[test]
fn a_wrong_length_is_never_taken() {
    let size = archive_bytes();
    for more in [-1_isize, 1, 1000] {
        check_success("GET", "/files/", Turns::First(4), Length(more as i64));
        let offered = size.saturating_add_signed(more);
        check_error(
            "GET",
            "/files/",
            Length(more as i64),
            &format!(
                "127.0.0.1 offers {offered} bytes; wanted the {size} that the job's results name, 5 times in a \
                 row; check the network and run this again: it goes on from where it stopped"
            ),
        );
    }
}

#[test]
fn a_wrong_checksum_is_downloaded_again() {
    for turns in [Turns::First(1), Turns::First(2)] {
        check_success("GET", "/files/", turns, Flip(40));
    }
    let message = "SERVER/files/00000000-0000-4000-8000-000000000001/\
                   reanalysis-era5-single-levels-timeseries.zip was downloaded 3 times and never had the \
                   checksum that the store states; run this again later, or report it to the store's support";
    check_error("GET", "/files/", Flip(40), message);
    let checksum = Some("0123456789abcdef0123456789abcdef".to_string());
    let desk = Desk::new(Settings { checksum, ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()).unwrap_err(), message);
    assert_eq!(desk.server.count("GET", "/files/"), 3);
}

#[test]
fn a_checksum_of_another_kind_is_told_and_not_compared() {
    let checksum = Some("sha256:00".to_string());
    let desk = Desk::new(Settings { checksum, ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()), Ok(the_day()));
    let told = "the checksum \"sha256:00\" is of a kind that is not known here; the size is checked";
    assert!(desk.log().contains(told), "{}", desk.log());
}

#[test]
fn ranges_that_are_ignored_or_wrong_do_no_harm() {
    for what in [IgnoreRange, OtherRange, Answer(Response::text(416, "text/plain", ""))] {
        let desk = desk().with("GET", "/files/", Turns::Only(0), CutBody(100));
        let desk = desk.with("GET", "/files/", Turns::Only(0), what.clone());
        assert_eq!(desk.fetch(&a_day()), Ok(the_day()), "{what:?}");
    }
}

#[test]
fn silence_ends_after_the_timeout() {
    for (method, path) in KINDS {
        let mut desk = desk().with(method, path, Turns::Only(0), Silence);
        desk.pace.read_timeout = Duration::from_millis(100);
        assert_eq!(desk.fetch(&a_day()), Ok(the_day()), "{method} {path}");
        assert!(
            desk.log().contains("127.0.0.1 sends nothing for 0.1 s; trying again in 1 s"),
            "{}",
            desk.log()
        );
    }
}

#[test]
fn a_file_that_stops_in_the_middle_is_continued() {
    let mut desk = desk().with("GET", "/files/", Turns::Only(0), Stall(100));
    desk.pace.read_timeout = Duration::from_millis(100);
    assert_eq!(desk.fetch(&a_day()), Ok(the_day()));
    assert_eq!(desk.server.requests().pop().unwrap().header("range"), Some("bytes=100-"));
    assert!(desk.log().contains("127.0.0.1 stops sending; trying again in 1 s"), "{}", desk.log());
}

#[test]
fn a_slow_drip_is_broken_off_and_continued() {
    let drip = Drip(1, Duration::from_millis(2));
    let mut desk = desk().with("GET", "/files/", Turns::First(3), drip.clone());
    desk.pace.clock = Arc::new(Hurried(Instant::now()));
    desk.pace.slow_window = Duration::from_millis(50);
    assert_eq!(desk.fetch(&a_day()), Ok(the_day()));
    assert!(desk.log().contains("127.0.0.1 sends too slowly ("), "{}", desk.log());
    let mut desk = crate::fixture::Desk::new(Settings { looks: [0, 0], ..Settings::default() });
    desk = desk.with("POST", "/execution", Turns::Always, drip);
    desk.pace.clock = Arc::new(Hurried(Instant::now()));
    desk.pace.slow_window = Duration::from_millis(50);
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "127.0.0.1 answers too slowly, 5 times in a row; check the network and run this again: it goes on from \
         where it stopped"
    );
}

#[test]
fn an_endless_redirect_ends() {
    for (method, path) in KINDS {
        let desk = desk().with(method, path, Turns::Always, Redirect(307, "{target}".to_string()));
        let error = desk.fetch(&a_day()).unwrap_err();
        assert!(error.starts_with("127.0.0.1 redirects more than 10 times, at last to SERVER/"), "{error}");
        assert_eq!(desk.server.count(method, path), 11);
        assert!(error.contains(path), "{error}");
    }
}

#[test]
fn a_redirect_that_cannot_be_followed_is_named() {
    let execution = "SERVER/api/retrieve/v1/processes/reanalysis-era5-single-levels-timeseries/execution";
    check_error(
        "POST",
        "/execution",
        Redirect(302, "/elsewhere".to_string()),
        &format!(
            "127.0.0.1 redirects from {execution} to SERVER/elsewhere, where a request cannot follow; check the \
             url beside the key"
        ),
    );
    check_error(
        "POST",
        "/execution",
        Redirect(307, "https://".to_string()),
        &format!(
            "127.0.0.1 redirects from {execution} to \"https://\", which is not an address such as \
             https://example.org/api"
        ),
    );
    check_error(
        "POST",
        "/execution",
        Answer(Response::text(307, "text/plain", "moved")),
        &format!("127.0.0.1 redirects from {execution} to nowhere (no Location)"),
    );
}

#[test]
fn a_job_that_is_unknown_for_a_moment_is_looked_at_again() {
    let unknown = Answer(Response::json(404, &json!({"title": "job not found"})));
    check_success("GET", "/jobs/", Turns::First(3), unknown.clone());
    check_error(
        "GET",
        "/jobs/",
        unknown,
        "job 00000000-0000-4000-8000-000000000001 was started and is not known: 127.0.0.1 does not know what it \
         is asked for (404: job not found); run this again",
    );
}
