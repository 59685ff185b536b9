//! What is asked for and what it becomes, with a server that behaves.

use cds_server::Settings;
use serde_json::{Value, json};

use crate::fixture::{Desk, a_day, days, grid, the_day};

fn bodies(desk: &Desk, path: &str) -> Vec<Value> {
    let requests = desk.server.requests();
    requests.iter().filter(|request| request.path().ends_with(path)).map(|request| request.json()).collect()
}

#[test]
fn a_time_series_comes_in_one_job_and_out_of_its_archive() {
    let desk = Desk::new(Settings::default());
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
    let inputs = json!({
        "variable": ["2m_temperature"],
        "location": {"latitude": 48.45, "longitude": 5.59},
        "date": ["1970-01-01/1970-01-01"],
        "data_format": "csv",
    });
    assert_eq!(bodies(&desk, "/execution"), [json!({ "inputs": inputs })]);
    // Nothing is left but the finished piece and the list of jobs, which is empty.
    let jobs = std::fs::read_to_string(desk.work().join("jobs.json")).unwrap();
    assert_eq!(jobs, "{\n  \"format\": 1,\n  \"jobs\": []\n}\n");
}

#[test]
fn netcdf_is_the_usual_format() {
    let desk = Desk::new(Settings::default());
    let files = desk.fetch(&days("1970-01-01", "1970-01-02")).unwrap();
    let inputs = &bodies(&desk, "/execution")[0]["inputs"];
    let name = "era5_timeseries_2m_temperature_1970-01-01_1970-01-02.nc";
    assert_eq!(files.keys().collect::<Vec<_>>(), [name]);
    assert_eq!(files[name], cds_server::netcdf(inputs).unwrap());
}

#[test]
fn a_plain_file_is_taken_as_it_is() {
    let bytes = the_day().into_values().next().unwrap();
    let desk = Desk::new(Settings { file: Some(bytes), ..Settings::default() });
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
}

#[test]
fn the_states_of_a_job_are_told() {
    let notes = vec![
        ("2024-01-01T00:00:01", "INFO Request ID is 1".to_string()),
        ("2024-01-01T00:00:00", "WARNING Part of the data is under embargo".to_string()),
    ];
    let desk = Desk::new(Settings { looks: [3, 2], notes, ..Settings::default() });
    desk.fetch(&a_day()).unwrap();
    let log = desk.log();
    let said: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("fetch::")?.1.split_once(": "))
        .map(|(_, said)| said)
        .collect();
    let label = "1970-01-01_1970-01-01";
    let id = "00000000-0000-4000-8000-000000000001";
    let expected = [
        "downloading ERA5 from the Climate Data Store, 1970-01-01 to 1970-01-01".to_string(),
        format!("job 1 of 1 ({label}) is queued (accepted): {id}"),
        format!("the store on {label}: WARNING Part of the data is under embargo"),
        format!("the store on {label}: INFO Request ID is 1"),
        format!("job 1 of 1 ({label}) is running: {id}"),
        format!("job 1 of 1 ({label}) is successful: {id}"),
        "1 file downloaded".to_string(),
    ];
    assert_eq!(said, expected);
}

#[test]
fn jobs_are_looked_at_less_and_less_often() {
    let desk = Desk::new(Settings { looks: [10, 10], ..Settings::default() });
    desk.fetch(&a_day()).unwrap();
    // 1 + 1.5 + 1.5^2 + ..., at most 120 s each; 20 looks.
    let expected: f64 = (0..20).map(|look| 1.5_f64.powi(look).min(120.0)).sum();
    let waited = fetch::Clock::now(desk.clock.as_ref()).as_secs_f64();
    assert!((waited - expected).abs() < 1.0, "{waited} s instead of {expected} s");
}

#[test]
fn the_grid_is_split_until_the_limit_allows_it() {
    // A month of one variable: 31 x 24.
    let desk = Desk::new(Settings { limit: Some(1500.0), ..Settings::default() });
    let files = desk.fetch(&grid("1971-01-01", "1972-01-31", &["t2m", "tp"])).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "era5_2m_temperature_1971-01-01_1971-01-31.nc",
            "era5_2m_temperature_1971-02-01_1971-03-31.nc",
            "era5_2m_temperature_1971-04-01_1971-04-30.nc",
            "era5_2m_temperature_1971-05-01_1971-06-30.nc",
            "era5_2m_temperature_1971-07-01_1971-07-31.nc",
            "era5_2m_temperature_1971-08-01_1971-09-30.nc",
            "era5_2m_temperature_1971-10-01_1971-10-31.nc",
            "era5_2m_temperature_1971-11-01_1971-12-31.nc",
            "era5_2m_temperature_1972-01-01_1972-01-31.nc",
            "era5_total_precipitation_1971-01-01_1971-01-31.nc",
            "era5_total_precipitation_1971-02-01_1971-03-31.nc",
            "era5_total_precipitation_1971-04-01_1971-04-30.nc",
            "era5_total_precipitation_1971-05-01_1971-06-30.nc",
            "era5_total_precipitation_1971-07-01_1971-07-31.nc",
            "era5_total_precipitation_1971-08-01_1971-09-30.nc",
            "era5_total_precipitation_1971-10-01_1971-10-31.nc",
            "era5_total_precipitation_1971-11-01_1971-12-31.nc",
            "era5_total_precipitation_1972-01-01_1972-01-31.nc",
        ]
    );
    // A cost is asked for once a shape: 12, 6, 3, 1 and 2 months; none is refused.
    assert_eq!(desk.server.count("POST", "/costing"), 5);
    assert_eq!(desk.server.count("POST", "/execution"), 18);
    let inputs = &bodies(&desk, "/execution")[0]["inputs"];
    assert_eq!(files["era5_2m_temperature_1971-01-01_1971-01-31.nc"], cds_server::netcdf(inputs).unwrap());
}

#[test]
fn a_limit_that_is_not_told_is_found_out() {
    let settings = Settings { limit: Some(5000.0), tells_costs: false, ..Settings::default() };
    let desk = Desk::new(settings);
    let files = desk.fetch(&grid("1971-01-01", "1971-12-31", &["t2m"])).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["era5_2m_temperature_1971-01-01_1971-06-30.nc", "era5_2m_temperature_1971-07-01_1971-12-31.nc"]
    );
    let desk = Desk::new(Settings { limit: Some(400.0), ..Settings::default() });
    let files = desk.fetch(&days("1970-01-01", "1971-12-31")).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "era5_timeseries_2m_temperature_1970-01-01_1970-12-31.nc",
            "era5_timeseries_2m_temperature_1971-01-01_1971-12-31.nc",
        ]
    );
}

#[test]
fn at_most_four_jobs_are_at_the_store() {
    let desk = Desk::new(Settings::default());
    desk.fetch(&grid("1970-01-01", "1976-12-31", &["t2m"])).unwrap();
    let (mut open, mut most) = (0_i32, 0);
    for request in desk.server.requests() {
        if request.path().ends_with("/execution") {
            open += 1;
        } else if request.path().starts_with("/files/") {
            open -= 1;
        }
        most = most.max(open);
    }
    assert_eq!((open, most), (0, 4));
}

#[test]
fn a_run_again_asks_for_nothing() {
    let desk = Desk::new(Settings::default());
    let first = desk.fetch(&a_day()).unwrap();
    let requests = desk.server.requests().len();
    assert_eq!(desk.fetch(&a_day()).unwrap(), first);
    assert_eq!(desk.server.requests().len(), requests);
}

#[test]
fn finished_pieces_of_another_place_do_not_count() {
    let desk = Desk::new(Settings::default());
    desk.fetch(&a_day()).unwrap();
    let mut elsewhere = a_day();
    elsewhere["latitude_deg"] = json!(-48.45);
    let files = desk.fetch(&elsewhere).unwrap();
    assert!(String::from_utf8(files.into_values().next().unwrap()).unwrap().contains(",-48.5,5.5\n"));
    assert_eq!(desk.server.count("POST", "/execution"), 2);
    assert_eq!(desk.fetch(&a_day()).unwrap(), the_day());
}
