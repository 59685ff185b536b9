//! One member of an ensemble.

use ingest::backend::Backend;
use ingest::{Config, Series, read_series};

use crate::fixture::{Data, File, config, config_at, hourly, input, shared_case, var};
use crate::inspect::inspect;

/// Three hours of three members, 280 + 10 * member + hour, with these numbers.
fn ensemble(dimension: &'static str, dimensions: &[&'static str], numbers: Option<Vec<i32>>) -> File {
    let mut file = hourly(0, &[0.0; 3]);
    file.dimensions.push((dimension, 3));
    let size = |name: &str| if name == "time" || name == dimension { 3 } else { 1 };
    let count: usize = dimensions.iter().map(|name| size(name)).product();
    let value = |at: usize| {
        let is_time_first = dimensions.iter().position(|name| *name == "time")
            < dimensions.iter().position(|name| *name == dimension);
        let (hour, member) = if is_time_first { (at / 3, at % 3) } else { (at % 3, at / 3) };
        280.0 + 10.0 * member as f32 + hour as f32
    };
    file.variables[3] = var("t2m", dimensions, Data::F32((0..count).map(value).collect())).text("units", "K");
    if let Some(numbers) = numbers {
        file.variables.push(var(dimension, &[dimension], Data::I32(numbers)));
    }
    file
}

fn read(file: &File, config: &Config) -> Result<Series, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    file.write(&path);
    let read = read_series(config, &[input(&path)], Backend::default());
    read.map_err(|error| format!("{error:#}").replace(&format!("{}/", folder.path().display()), ""))
}

fn member(number: i64) -> Config {
    Config { member: Some(number), ..config() }
}

#[test]
fn a_member_is_read_by_its_number() {
    let numbers = Some(vec![0, 3, 7]);
    for dimensions in [
        ["time", "number", "latitude", "longitude"],
        ["number", "time", "latitude", "longitude"],
        ["latitude", "longitude", "time", "number"],
    ] {
        let file = ensemble("number", &dimensions, numbers.clone());
        for (index, number) in [0, 3, 7].into_iter().enumerate() {
            let series = read(&file, &member(number)).unwrap();
            let first = 280.0 + 10.0 * index as f32;
            assert_eq!(
                series.variables[0].values,
                [first, first + 1.0, first + 2.0],
                "{dimensions:?} {number}"
            );
        }
    }
    let dimensions = ["time", "realization", "latitude", "longitude"];
    let series = read(&ensemble("realization", &dimensions, None), &member(2)).unwrap();
    assert_eq!(series.variables[0].values, [300.0, 301.0, 302.0]);
}

#[test]
fn members_that_are_not_chosen_or_not_there_are_named() {
    let dimensions = ["time", "number", "latitude", "longitude"];
    assert_eq!(
        read(&ensemble("number", &dimensions, Some(vec![0, 1, 2])), &config()).unwrap_err(),
        "x.nc: t2m has 3 members of an ensemble along number: 0 to 2; wanted one of them: set [ingest] member to its number"
    );
    assert_eq!(
        read(&ensemble("number", &dimensions, Some(vec![0, 3, 7])), &member(4)).unwrap_err(),
        "x.nc: t2m has no member 4, which [ingest] member asks for; its members along number are 0, 3, 7"
    );
    assert_eq!(
        read(&hourly(0, &[280.0]), &member(4)).unwrap_err(),
        "x.nc: t2m is of no ensemble, and [ingest] member = 4 asks for a member: take it out"
    );
}

#[test]
fn the_member_of_a_file_of_one_is_checked() {
    let mut file = hourly(0, &[280.0]);
    file.variables.push(var("number", &[], Data::I32(vec![5])));
    assert_eq!(read(&file, &member(5)).unwrap().variables[0].values, [280.0]);
    assert_eq!(read(&file, &config()).unwrap().variables[0].values, [280.0]);
    assert!(read(&file, &member(0)).unwrap_err().contains("its members along number are 5"));
}

#[test]
fn the_ensemble_of_the_cases_names_its_members() {
    let Some(path) = shared_case("03-three-hourly/ensemble.nc") else { return };
    let config = config_at(48.5, 5.5, &["t2m"]);
    let read = |config: &Config| {
        read_series(config, &[input(&path)], Backend::default()).map_err(|error| format!("{error:#}"))
    };
    let message = read(&config).unwrap_err();
    assert!(
        message.ends_with(
            "t2m has 10 members of an ensemble along number: 0 to 9; wanted one of them: set [ingest] member to its number"
        ),
        "{message}"
    );
    // It is every three hours besides.
    let message = read(&Config { member: Some(3), ..config }).unwrap_err();
    assert!(message.contains("has t2m every 3 hours from 2003-01-01T00:00"), "{message}");
    let (text, report) = inspect(std::slice::from_ref(&path));
    assert!(text.contains("  members   number 0 to 9\n"), "{text}");
    assert!(report["together"]["ingest"].as_str().unwrap().ends_with("member = 0\n"), "{report}");
}
