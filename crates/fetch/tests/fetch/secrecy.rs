//! Where the key is sent, and where it never shows.

use std::path::Path;

use cds_server::{Ending, Fault, Misbehaviour, Response, Server, Settings, Turns};

use crate::fixture::{Desk, a_day, the_day};

fn key() -> String {
    Settings::default().key
}

/// No file below the folder has the key in it.
fn check_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            check_files(&path);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(key().len()).any(|part| part == key().as_bytes()), "{}", path.display());
    }
}

/// Neither the error, nor the log, nor a file has the key.
fn check_hidden(desk: &Desk) -> String {
    let error = desk.fetch(&a_day()).err().unwrap_or_default();
    assert!(!error.contains(&key()), "{error}");
    assert!(!desk.log().contains(&key()), "{}", desk.log());
    check_files(desk.path());
    error
}

#[test]
fn the_key_is_shown_nowhere_even_if_the_server_repeats_it() {
    check_hidden(&Desk::new(Settings::default()));
    let echo = format!("token {} is bad", key());
    let error_of = |settings: Settings, fault: Option<Misbehaviour>| {
        let desk = Desk::new(settings);
        if let Some(what) = fault {
            desk.server.misbehave(Fault::new("POST", "/execution", Turns::Always, what));
        }
        check_hidden(&desk)
    };
    let answer = |status: u16, body: &str| {
        Some(Misbehaviour::Answer(Response::text(status, "application/json", body)))
    };
    for status in [400, 401, 403, 404, 418, 429, 500] {
        let error = error_of(Settings::default(), answer(status, &format!("{{\"title\": \"{echo}\"}}")));
        assert!(status == 429 || error.contains("token (the key) is bad"), "{status}: {error}");
    }
    let error = error_of(Settings::default(), answer(200, &format!("{{\"jobID\": \"{echo}\"}}")));
    assert!(error.contains("token (the key) is bad"), "{error}");
    let error = error_of(Settings::default(), answer(200, &echo));
    assert!(error.contains("token (the key) is bad"), "{error}");
    let page = Misbehaviour::Answer(Response::html(200, &format!("<html><title>{echo}</title></html>")));
    let error = error_of(Settings::default(), Some(page));
    assert!(error.contains("token (the key) is bad"), "{error}");
    let elsewhere = Misbehaviour::Redirect(307, format!("ftp://example.org/{}", key()));
    let error = error_of(Settings::default(), Some(elsewhere));
    assert!(error.contains("ftp://example.org/(the key)"), "{error}");
    let ending = Ending::Failed(echo.clone());
    let error = error_of(Settings { ending, ..Settings::default() }, None);
    assert!(error.contains("token (the key) is bad"), "{error}");
    let notes = vec![("2024-01-01T00:00:00", echo)];
    error_of(Settings { notes, ..Settings::default() }, None);
    let link = format!("http://{}.example.org/x", key());
    error_of(Settings { link, ..Settings::default() }, None);
}

#[test]
fn a_redirect_to_another_origin_goes_without_the_key() {
    // Another port of this machine is another origin.
    let other = Server::start(Settings { looks: [0, 0], ..Settings::default() }).unwrap();
    let desk = Desk::new(Settings { looks: [0, 0], ..Settings::default() });
    let to = format!("{}{{target}}", other.origin());
    let desk = desk.with("POST", "/execution", Turns::Always, Misbehaviour::Redirect(307, to));
    let error = desk.fetch(&a_day()).unwrap_err();
    assert!(error.contains("401: permission denied: authentication required"), "{error}");
    let seen = other.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("private-token"), None);
    assert!(!seen[0].headers.iter().any(|(_, value)| value.contains(&key())));
}

#[test]
fn a_redirect_within_the_origin_keeps_the_key() {
    let desk = Desk::new(Settings::default());
    let to =
        "/api/retrieve/v1/processes/reanalysis-era5-single-levels-timeseries/execution?moved".to_string();
    let desk = desk.with("POST", "/execution", Turns::Only(0), Misbehaviour::Redirect(308, to));
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    let asked = desk.server.requests();
    assert_eq!(asked[1].header("private-token"), Some(key().as_str()));
    assert_eq!(asked[1].body, asked[0].body);
}

#[test]
fn a_file_is_fetched_without_the_key_wherever_it_is() {
    let other = Server::start(Settings { looks: [0, 0], ..Settings::default() }).unwrap();
    // The other server has the same file under the same name.
    let twin = Desk::at(other);
    twin.fetch(&a_day()).unwrap();
    let link = format!("{}{{path}}", twin.server.origin());
    let desk = Desk::new(Settings { link, ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    assert_eq!(desk.server.count("GET", "/files/"), 0);
    // By way of a redirect too.
    let to = format!("{}{{target}}", twin.server.origin());
    let moved = Desk::new(Settings::default());
    let moved = moved.with("GET", "/files/", Turns::Always, Misbehaviour::Redirect(302, to));
    assert_eq!(moved.fetch(&a_day()).unwrap(), the_day());
    for server in [&desk.server, &moved.server, &twin.server] {
        for request in server.requests().iter().filter(|request| request.path().starts_with("/files/")) {
            assert_eq!(request.header("private-token"), None);
        }
    }
}

#[test]
fn nothing_is_sent_unencrypted_to_another_machine() {
    let mut desk = Desk::new(Settings::default());
    desk.environment[0].1 = "http://cds.example.org/api".to_string();
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "the url of CDSAPI_URL is not encrypted; wanted https:// (http:// only to this machine)"
    );
    let to = "http://cds.example.org/api".to_string();
    let desk = Desk::new(Settings::default());
    let desk = desk.with("POST", "/execution", Turns::Always, Misbehaviour::Redirect(307, to));
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "127.0.0.1 redirects from SERVER/api/retrieve/v1/processes/reanalysis-era5-single-levels-timeseries/\
         execution to \"http://cds.example.org/api\", which is not encrypted; wanted https:// (http:// only to \
         this machine)"
    );
    let link = "http://files.example.org{path}".to_string();
    let desk = Desk::new(Settings { link, ..Settings::default() });
    assert_eq!(
        desk.fetch(&a_day()).unwrap_err(),
        "files.example.org is not encrypted; wanted https:// (http:// only to this machine)"
    );
}
