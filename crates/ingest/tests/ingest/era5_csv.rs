//! The CSV of the timeseries dataset.

use contract::artifact::flag;
use contract::calendar;
use ingest::{Config, Series};

use crate::fixture::{config_at, hourly, read};

fn series(text: &str, config: &Config) -> Result<Series, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, text).unwrap();
    let path_text = path.display().to_string();
    read(config, &[path]).map_err(|error| format!("{error:#}").replace(&path_text, "x.csv"))
}

#[test]
fn every_variable_arrives_in_its_canonical_unit() {
    let text = "valid_time,t2m,sp,u10,ssrd,tp,latitude,longitude\n\
                2020-06-01 00:00:00,285.30853,98765.4,-1.25,0.0,0.0,48.5,5.5\n\
                2020-06-01 01:00:00,,98760.0,-1.5,1800000.0,0.0025,48.5,5.5\n\
                2020-06-01 02:00:00,284.0,98750.0,-2.0,3600000.0,0.001,48.5,5.5\n";
    let series = series(text, &config_at(48.45, 5.59, &["t2m", "sp", "u10", "ssrd", "tp"])).unwrap();
    let values: Vec<&[f32]> = series.variables.iter().map(|variable| variable.values.as_slice()).collect();
    assert_eq!(values[0][..1], [285.308_53]);
    assert_eq!(
        values[1..],
        [
            [98_765.4, 98_760.0, 98_750.0].as_slice(),
            &[-1.25, -1.5, -2.0],
            &[0.0, 500.0, 1000.0],
            &[0.0, 2.5, 1.0],
        ]
    );
    assert_eq!(series.variables[0].flags, [0, flag::FILLED, 0]);
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (48.5, 5.5));
    assert_eq!(series.distance_km, 8.656);
    assert_eq!(calendar::format_hour(series.first_us), "2020-06-01T00:00");
}

#[test]
fn of_several_places_the_nearest_is_taken() {
    let text = "time,latitude,longitude,t2m\n\
                2020-06-01T00:00:00Z,48.75,5.5,1\n\
                2020-06-01T00:00:00Z,48.5,365.5,280\n\
                2020-06-01T00:00:00Z,48.5,5.75,2\n\
                2020-06-01T01:00:00Z,48.75,5.5,3\n\
                2020-06-01T01:00:00Z,48.5,365.5,281\n\
                2020-06-01T01:00:00Z,48.5,5.75,4\n";
    let series = series(text, &config_at(48.45, 5.59, &["t2m"])).unwrap();
    assert_eq!(series.variables[0].values, [280.0, 281.0]);
    assert_eq!((series.point.latitude_deg, series.point.longitude_deg), (48.5, 5.5));
}

#[test]
fn preliminary_hours_are_flagged() {
    let text = "valid_time,t2m,expver,latitude,longitude\n\
                2020-06-01 00:00:00,280,0001,48.5,5.5\n\
                2020-06-01 01:00:00,281,0005,48.5,5.5\n";
    let series = series(text, &config_at(48.5, 5.5, &["t2m"])).unwrap();
    assert_eq!(series.variables[0].flags, [0, flag::PRELIMINARY]);
}

#[test]
fn it_continues_a_netcdf_file() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["a.nc", "b.csv"].map(|name| folder.path().join(name));
    hourly(0, &[280.0, 281.0]).write(&paths[0]);
    let text =
        "valid_time,t2m,latitude,longitude\n2000-01-01 01:00,281,48.5,5.5\n2000-01-01 02:00,282,48.5,5.5\n";
    std::fs::write(&paths[1], text).unwrap();
    let series = read(&config_at(48.5, 5.5, &["t2m"]), &paths).unwrap();
    assert_eq!(series.variables[0].values, [280.0, 281.0, 282.0]);
}

#[test]
fn what_cannot_be_used_is_named() {
    let header = "valid_time,t2m,latitude,longitude\n";
    for (rows, message) in [
        ("", "x.csv has no rows"),
        (
            "2020-06-01 00:30,280,48.5,5.5\n",
            "x.csv: line 2: the time is 2020-06-01T00:30, not a whole hour; wanted hourly values at whole hours UTC",
        ),
        (
            "yesterday,280,48.5,5.5\n",
            "x.csv: line 2: the time is \"yesterday\"; wanted an ISO 8601 time such as \"2001-12-31 23:00\"",
        ),
        ("2020-06-01 00:00,280,48.5\n", "x.csv: line 2: it has 3 fields, wanted 4 as in the first row"),
        ("2020-06-01 00:00,cold,48.5,5.5\n", "x.csv: line 2: t2m is \"cold\"; wanted a number, or nothing"),
        ("2020-06-01 00:00,inf,48.5,5.5\n", "x.csv: line 2: t2m is \"inf\"; wanted a number, or nothing"),
        ("2020-06-01 00:00,280,north,5.5\n", "x.csv: line 2: latitude is \"north\"; wanted degrees"),
        (
            "2020-06-01 00:00,280,48.5,6.5\n",
            "x.csv: the point nearest to 48.5 N 5.5 E is 48.5 N 6.5 E, 73.7 km away; [ingest] max_distance_km allows 30: \
             take a file that covers the place, or correct latitude_deg and longitude_deg",
        ),
        (
            "2020-06-01 00:00,280,48.5,5.5\n2020-06-01 00:00,281,48.5,5.5\n",
            "x.csv gives two values for t2m at 2020-06-01T00:00: 280 K and 281 K; wanted each hour once: take it out of \
             [ingest] files, or download it again",
        ),
    ] {
        let text = format!("{header}{rows}");
        assert_eq!(series(&text, &config_at(48.5, 5.5, &["t2m"])).unwrap_err(), message);
    }
    assert_eq!(
        series(&format!("{header}2020-06-01 00:00,280,48.5,5.5\n"), &config_at(48.5, 5.5, &["d2m"]))
            .unwrap_err(),
        "x.csv has no variable \"d2m\"; it has valid_time, t2m, latitude, longitude: correct [ingest] variables, or add \
         files that have it"
    );
}

#[test]
fn between_points_nothing_is_interpolated() {
    let mut config = config_at(48.5, 5.5, &["t2m"]);
    config.interpolation = ingest::Interpolation::Bilinear;
    assert_eq!(
        series("valid_time,t2m,latitude,longitude\n2020-06-01 00:00,280,48.5,5.5\n", &config).unwrap_err(),
        "x.csv is the CSV of a point; [ingest] interpolation = \"bilinear\" is for grids: take it out"
    );
}

#[test]
fn a_stations_text_is_not_mistaken_for_it() {
    for text in ["timestamp,value\n2013-07-04,69.88\n", "t2m,latitude,longitude,time\n280,1,2,2020-01-01\n"] {
        assert_eq!(
            series(text, &config_at(48.5, 5.5, &["t2m"])).unwrap_err(),
            format!(
                "x.csv is text, and not the CSV of ERA5, whose header begins with valid_time and has latitude and \
                 longitude; it begins with {:?}. If it is a station's, describe it, for example:\n\
                 [ingest.station]\n\
                 time = \"timestamp\"\n\
                 time_zone = \"UTC\"\n\
                 columns = {{ t2m = {{ column = \"temperature\", unit = \"degC\" }} }}",
                text.lines().next().unwrap()
            )
        );
    }
}
