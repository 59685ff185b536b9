//! The archive of Open-Meteo.

use cds_server::{Misbehaviour, Response, Settings, Turns, celsius};
use contract::calendar::HOUR_US;
use serde_json::{Value, json};

use crate::fixture::Desk;

fn ingest(desk: &Desk, first: &str, last: &str, variables: &[&str]) -> Value {
    let url = format!("{}/v1/archive", desk.server.origin());
    json!({
        "source": {"kind": "open-meteo", "start": first, "end": last, "url": url},
        "latitude_deg": 48.45,
        "longitude_deg": 5.59,
        "variables": variables,
    })
}

/// No key is needed.
fn desk() -> Desk {
    let mut desk = Desk::new(Settings::default());
    desk.environment.clear();
    desk
}

#[test]
fn a_year_is_a_request_and_a_file() {
    let desk = desk();
    let files = desk.fetch(&ingest(&desk, "1969-12-31", "1971-01-02", &["t2m"])).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "open-meteo_t2m_1969-12-31_1969-12-31.csv",
            "open-meteo_t2m_1970.csv",
            "open-meteo_t2m_1971-01-01_1971-01-02.csv",
        ]
    );
    assert_eq!(
        desk.server.requests()[1].target,
        "/v1/archive?latitude=48.45&longitude=5.59&start_date=1970-01-01&end_date=1970-12-31\
         &hourly=temperature_2m&models=era5&timezone=GMT&timeformat=unixtime&wind_speed_unit=ms"
    );
    let text = String::from_utf8(files["open-meteo_t2m_1970.csv"].clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (1 + 365 * 24, "valid_time,t2m,latitude,longitude"));
    let [time, kelvin, latitude, longitude] =
        lines[1 + 30].split(',').collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((time, latitude, longitude), ("1970-01-02 06:00:00", "48.5", "5.5"));
    assert_eq!(kelvin.parse::<f64>().unwrap(), celsius(30 * HOUR_US) + 273.15);
}

#[test]
fn every_variable_is_there() {
    let desk = desk();
    let all: Vec<&str> = contract::variable::VARIABLES.iter().map(|variable| variable.name).collect();
    let files = desk.fetch(&ingest(&desk, "1970-01-01", "1970-01-01", &all)).unwrap();
    let text = String::from_utf8(files.into_values().next().unwrap()).unwrap();
    assert!(text.starts_with(&format!("valid_time,{},latitude,longitude\n", all.join(","))), "{text}");
    assert!(!text.contains(",,"), "{text}");
}

#[test]
fn finished_years_are_kept() {
    let desk = desk();
    let ingest = ingest(&desk, "1970-01-01", "1972-12-31", &["t2m"]);
    desk.server.answer_only(2);
    desk.fetch(&ingest).unwrap_err();
    desk.server.behave();
    assert_eq!(desk.fetch(&ingest).unwrap().len(), 3);
    assert_eq!(desk.server.count("GET", "/v1/archive"), 3);
}

fn check_error(response: Response, message: &str) {
    let desk = desk().with("GET", "/v1/archive", Turns::Always, Misbehaviour::Answer(response));
    let error = desk.fetch(&ingest(&desk, "1970-01-01", "1970-01-01", &["t2m"])).unwrap_err();
    assert_eq!(error, message);
}

#[test]
fn refusals_are_told() {
    check_error(
        Response::json(
            400,
            &json!({"error": true, "reason": "Parameter 'end_date' is out of allowed range"}),
        ),
        "127.0.0.1 refuses the request (400): Parameter 'end_date' is out of allowed range",
    );
    let reason = "Daily API request limit exceeded. Please try again tomorrow.";
    check_error(
        Response::json(429, &json!({"error": true, "reason": reason})),
        "127.0.0.1 has had enough requests for today (429); run this again tomorrow: it goes on from where it \
         stopped",
    );
    check_error(
        Response::json(200, &json!({"error": true, "reason": "no"})),
        "SERVER/v1/archive answers what was not asked for: it refuses: \"no\"",
    );
    check_error(
        Response::json(200, &json!({"latitude": 1.0})),
        "SERVER/v1/archive answers what was not asked for: hourly_units is missing",
    );
}

#[test]
fn a_minute_without_requests_is_waited_for() {
    let reason = "Minutely API request limit exceeded. Please try again in one minute.";
    let body = json!({"error": true, "reason": reason});
    let answer = Misbehaviour::Answer(Response::json(429, &body));
    let desk = desk().with("GET", "/v1/archive", Turns::Only(0), answer);
    assert_eq!(desk.fetch(&ingest(&desk, "1970-01-01", "1970-01-01", &["t2m"])).unwrap().len(), 1);
    assert_eq!(fetch::Clock::now(desk.clock.as_ref()).as_secs(), 60);
}
