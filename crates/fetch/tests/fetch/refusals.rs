//! Every documented error, as the sentence that the user reads.

use cds_server::{Ending, Misbehaviour, Response, Settings, Turns};
use serde_json::json;

use crate::fixture::{Desk, Virtual, a_day, days, grid, the_day};

const DATASET: &str = "reanalysis-era5-single-levels-timeseries";

fn seconds(clock: &Virtual) -> f64 {
    fetch::Clock::now(clock).as_secs_f64()
}

fn error_with(settings: Settings) -> String {
    Desk::new(settings).fetch(&a_day()).unwrap_err()
}

fn error_after(method: &'static str, path: &'static str, response: Response) -> String {
    let desk = Desk::new(Settings::default());
    desk.with(method, path, Turns::Always, Misbehaviour::Answer(response)).fetch(&a_day()).unwrap_err()
}

#[test]
fn a_key_that_is_not_known() {
    assert_eq!(
        error_with(Settings { key: "another".to_string(), ..Settings::default() }),
        "127.0.0.1 does not accept the key of CDSAPI_KEY (401: authentication failed: Operation not allowed); \
         copy the key that SERVER/profile shows"
    );
}

#[test]
fn a_licence_that_is_not_accepted() {
    assert_eq!(
        error_with(Settings { licence_accepted: false, ..Settings::default() }),
        format!(
            "the licence of {DATASET} is not accepted yet (403: required licences not accepted: Not all the \
             required licences have been accepted; please visit \
             SERVER/datasets/{DATASET}?tab=download#manage-licences to accept the required licence(s).); log in, \
             accept it at SERVER/datasets/{DATASET}?tab=download#manage-licences, and run this again"
        )
    );
}

#[test]
fn a_limit_that_allows_nothing() {
    assert_eq!(
        error_with(Settings { limit: Some(0.5), ..Settings::default() }),
        "127.0.0.1 finds the request too large (403: cost limits exceeded: Your request is too large, please \
         reduce your selection.)"
    );
    let desk = Desk::new(Settings { limit: Some(0.5), ..Settings::default() });
    assert_eq!(
        desk.fetch(&grid("1970-01-01", "1970-01-02", &["t2m"])).unwrap_err(),
        "the store's limit allows no single day"
    );
}

#[test]
fn another_refusal() {
    let body = json!({"title": "permission denied", "detail": "dataset disabled: maintenance"});
    assert_eq!(
        error_after("POST", "/execution", Response::json(403, &body)),
        "127.0.0.1 refuses the request (403: permission denied: dataset disabled: maintenance); see SERVER"
    );
}

#[test]
fn a_dataset_that_is_not_there() {
    let body = json!({"title": "process not found", "detail": "dataset x not found"});
    assert_eq!(
        error_after("POST", "/execution", Response::json(404, &body)),
        format!(
            "127.0.0.1 does not know what it is asked for (404: process not found: dataset x not found); wanted \
             the dataset {DATASET} at SERVER/api: check the url there"
        )
    );
}

#[test]
fn a_variable_that_the_time_series_do_not_have() {
    let missing_variables = vec!["2m_temperature"];
    assert_eq!(
        error_with(Settings { missing_variables, ..Settings::default() }),
        "127.0.0.1 refuses the request (400: invalid request: invalid value for variable: '2m_temperature'); \
         the time series do not have every variable: set dataset = \"gridded\" in source"
    );
    let ending = Ending::Failed("Traceback\nKeyError: Invalid variable: x".to_string());
    assert_eq!(
        error_with(Settings { ending, ..Settings::default() }),
        "job 00000000-0000-4000-8000-000000000001 (1970-01-01_1970-01-01) failed at the store: 127.0.0.1 \
         refuses the request (400: The job has failed: KeyError: Invalid variable: x); the time series do not \
         have every variable: set dataset = \"gridded\" in source"
    );
}

#[test]
fn a_job_that_is_rejected() {
    let ending = Ending::Rejected("InvalidRequest: Maximum number of daily requests reached".to_string());
    assert_eq!(
        error_with(Settings { ending, ..Settings::default() }),
        "job 00000000-0000-4000-8000-000000000001 (1970-01-01_1970-01-01) was rejected at the store: 127.0.0.1 \
         refuses the request (400: The job has failed: InvalidRequest: Maximum number of daily requests reached)"
    );
}

#[test]
fn a_job_that_is_rejected_as_too_large_is_halved() {
    let ending = Ending::Rejected("InvalidRequest: Request too large".to_string());
    let desk = Desk::new(Settings { ending, ..Settings::default() });
    let error = desk.fetch(&days("1970-01-01", "1970-01-04")).unwrap_err();
    assert!(error.contains("Request too large"), "{error}");
    let asked = desk.server.requests();
    let spans: Vec<String> = asked
        .iter()
        .filter(|request| request.path().ends_with("/execution"))
        .map(|request| request.json()["inputs"]["date"][0].as_str().unwrap().to_string())
        .collect();
    assert_eq!(spans[0], "1970-01-01/1970-01-04");
    assert!(spans.contains(&"1970-01-01/1970-01-02".to_string()), "{spans:?}");
    assert!(spans.contains(&"1970-01-01/1970-01-01".to_string()), "{spans:?}");
}

#[test]
fn a_job_that_is_dismissed() {
    assert_eq!(
        error_with(Settings { ending: Ending::Dismissed, ..Settings::default() }),
        "job 00000000-0000-4000-8000-000000000001 (1970-01-01_1970-01-01) was dismissed at the store; run this \
         again to start it anew"
    );
}

#[test]
fn a_job_that_never_ends() {
    let desk = Desk::new(Settings { ending: Ending::Never, ..Settings::default() });
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "job 00000000-0000-4000-8000-000000000001 (1970-01-01_1970-01-01) is running since 24 h 0 min; run this \
         again to go on waiting for it, or delete it at the store to start it anew"
    );
    assert!(desk.log().contains("job 1 (1970-01-01_1970-01-01) is running since 10 min"), "{}", desk.log());
    // It is remembered: the next run waits for the same job.
    desk.server.set(|settings| settings.ending = Ending::Successful);
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.count("POST", "/execution"), 1);
}

#[test]
fn a_state_that_is_not_known() {
    let body = json!({"jobID": "a", "status": "thinking"});
    assert_eq!(
        error_after("POST", "/execution", Response::json(201, &body)),
        format!(
            "127.0.0.1 answers SERVER/api/retrieve/v1/processes/{DATASET}/execution without a usable status: \
             {{\"jobID\":\"a\",\"status\":\"thinking\"}}"
        )
    );
}

#[test]
fn answers_without_what_is_needed() {
    for job in [json!(null), json!("../x"), json!("a/b"), json!(7)] {
        let body = json!({"jobID": job, "status": "accepted"});
        let error = error_after("POST", "/execution", Response::json(201, &body));
        assert!(error.contains("/execution without a usable jobID: {\"jobID\":"), "{error}");
    }
    let results = "SERVER/api/retrieve/v1/jobs/00000000-0000-4000-8000-000000000001/results";
    for (member, name) in [("href", "asset.value.href"), ("file:size", "asset.value.file:size")] {
        let error = error_with(Settings { results_lack: Some(member), ..Settings::default() });
        let start = format!("127.0.0.1 answers {results} without a usable {name}: {{\"asset\":");
        assert!(error.starts_with(&start), "{error}");
    }
    // A checksum may be missing.
    let desk = Desk::new(Settings { results_lack: Some("file:checksum"), ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
}

#[test]
fn too_many_requests_are_waited_for() {
    let body =
        json!({"title": "rate limit exceeded", "detail": "Rate limit exceeded. Please wait 17 seconds."});
    let slow = |response: Response, turns| {
        let desk = Desk::new(Settings { looks: [0, 0], ..Settings::default() });
        desk.with("POST", "/execution", turns, Misbehaviour::Answer(response))
    };
    for (response, wait) in [
        (Response::json(429, &body), 17.0),
        (Response::json(429, &body).with_header("Retry-After", "7"), 7.0),
        (Response::text(429, "text/plain", "no"), 60.0),
        // No wait is longer than ten minutes.
        (Response::text(429, "text/plain", "no").with_header("Retry-After", "86400"), 600.0),
    ] {
        let desk = slow(response, Turns::First(2));
        assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
        assert_eq!(seconds(&desk.clock), 2.0 * wait);
    }
    let desk = slow(Response::json(429, &body), Turns::Always);
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "127.0.0.1 still finds the requests too many (429) after 20 waits; run this again later: it goes on from \
         where it stopped"
    );
    let desk = Desk::new(Settings { looks: [0, 0], ..Settings::default() });
    let response = Response::text(429, "text/plain", "no").with_header("Retry-After", "5");
    let desk = desk.with("GET", "/files/", Turns::First(3), Misbehaviour::Answer(response));
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(seconds(&desk.clock), 15.0);
}

#[test]
fn a_web_page_of_a_network_in_between() {
    let page = "<!DOCTYPE html>\n<html><head><title>Hotel\n Guest Login</title></head></html>";
    for (method, path) in [("POST", "/execution"), ("GET", "/jobs/"), ("GET", "/results"), ("GET", "/files/")]
    {
        let error = error_after(method, path, Response::html(200, page));
        assert!(error.starts_with("SERVER/"), "{error}");
        let (_, rest) = error.split_once(" answers").unwrap();
        assert_eq!(
            rest,
            " with the web page \"Hotel Guest Login\" instead of data; is a proxy or the login page of a network \
             in between? Log in there with a browser, or set HTTPS_PROXY, and run this again"
        );
    }
    assert_eq!(
        error_after("POST", "/execution", Response::html(403, page)).split_once(" answers").unwrap().1,
        " with the web page \"Hotel Guest Login\" instead of data; is a proxy or the login page of a network in \
         between? Log in there with a browser, or set HTTPS_PROXY, and run this again"
    );
}

#[test]
fn a_file_that_is_not_given() {
    let error = error_after("GET", "/files/", Response::text(403, "application/xml", "<Error/>"));
    assert_eq!(
        error,
        format!(
            "SERVER/files/00000000-0000-4000-8000-000000000001/{DATASET}.zip does not give the file (403 \
             Forbidden)"
        )
    );
    // A link that is no longer valid is asked for once more.
    let desk = Desk::new(Settings::default());
    let expired = Misbehaviour::Answer(Response::text(403, "application/xml", "<Error/>"));
    let desk = desk.with("GET", "/files/", Turns::Only(0), expired);
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.count("GET", "/results"), 2);
}

#[test]
fn no_key_at_all() {
    let mut desk = Desk::new(Settings::default());
    desk.environment.clear();
    let error = desk.fetch(&a_day()).unwrap_err();
    assert!(error.starts_with("no key of the Climate Data Store was found in CDSAPI_KEY"), "{error}");
    assert_eq!(desk.server.requests(), []);
}
