use tempfile::TempDir;

use super::*;

fn t2m() -> &'static Variable {
    Variable::named("t2m").unwrap()
}

fn read(folder: &TempDir, name: &str, text: &str) -> Result<Table, String> {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let file = InputFile { name: name.to_string(), path, digest: String::new() };
    let place = Point { latitude_deg: 48.5, longitude_deg: 5.5 };
    let hide =
        |error: anyhow::Error| format!("{error:#}").replace(&format!("{}/", folder.path().display()), "");
    let file = read_file(&file, t2m(), place, 0).map_err(hide)?;
    together(t2m(), &[file]).map_err(hide)
}

fn check(text: &str, message: &str) {
    assert_eq!(read(&TempDir::new().unwrap(), "x.csv", text).unwrap_err(), message);
}

#[test]
fn missing_hours_stay_missing_and_values_keep_their_bits() {
    let folder = TempDir::new().unwrap();
    let text = "time,t2m\n2021-01-01T00:00Z,273.16\n2021-01-01T01:00Z,\n2021-01-01T03:00Z,280.1\n";
    let table = read(&folder, "x.csv", text).unwrap();
    let values = table.f32s("t2m").unwrap();
    assert_eq!((values[0], values[3]), (273.16_f32, 280.1_f32));
    assert!(values[1].is_nan() && values[2].is_nan());
}

#[test]
fn the_unit_is_read_from_the_header() {
    let folder = TempDir::new().unwrap();
    let text = "member;time_utc;t2m [degC]\n0;2021-01-01T00:00Z;1.5\n0;2021-01-01T01:00Z;2\n";
    let table = read(&folder, "x.csv", text).unwrap();
    assert_eq!(table.f32s("t2m").unwrap(), [274.65, 275.15]);
}

#[test]
fn a_table_of_this_program_is_read_bit_for_bit_with_its_place() {
    let folder = TempDir::new().unwrap();
    let values = vec![273.1_f32, f32::NAN, 1e2 / 3.0 + 250.0];
    let mut table = Table::new(vec![
        Column::new(column::TIME, Values::Time((0..3).map(|hour| hour * HOUR_US).collect())),
        Column::with_unit("t2m", "K", Values::Float32(values)),
    ]);
    table.metadata.insert("latitude_deg".to_string(), "48.5".to_string());
    table.metadata.insert("longitude_deg".to_string(), "5.5".to_string());
    table.metadata.insert("licence".to_string(), "CC-BY-4.0\nCC0-1.0".to_string());
    let path = folder.path().join("x.parquet");
    tables::write(&path, &table).unwrap();
    let file = InputFile { name: "x.parquet".to_string(), path, digest: String::new() };
    let read = read_file(&file, t2m(), Point { latitude_deg: 0.0, longitude_deg: 0.0 }, 0).unwrap();
    let read = together(t2m(), &[read]).unwrap();
    assert_eq!(read, table);
}

#[test]
fn files_that_cannot_be_used_are_refused() {
    check(
        "time,sp\n2021-01-01T00:00Z,3\n",
        "x.csv has no variable \"t2m\", which the model is of (2 metre temperature); it has time, sp",
    );
    check(
        "t2m,sp\n1,3\n",
        "x.csv has no column of the time; wanted one called time, time_utc, valid_time, timestamp, datetime, date, in \
         UTC; it has t2m, sp",
    );
    check(
        "time,t2m [hPa]\n2021-01-01T00:00Z,3\n",
        "x.csv has \"t2m [hPa]\" in the unit \"hPa\"; wanted one of K, kelvin, degC, °C, C, celsius, degF, °F, F",
    );
    check("time,t2m\n2021-01-01T00:00Z,\n", "x.csv: all hours of t2m are missing; there is nothing to go by");
    check(
        "time,t2m\n2021-01-01T00:00Z,12\n2021-01-01T01:00Z,13\n",
        "x.csv: t2m has only impossible values, the first being 12 K; wanted 170 to 340 K: the file is damaged, or its \
         units, scale_factor or add_offset are wrong",
    );
    check("", "x.csv is empty; wanted NetCDF, CSV or Parquet: copy it again");
}

#[test]
fn time_axes_that_are_not_hourly_are_refused() {
    let rows = |times: &[&str]| {
        let rows: Vec<String> = times.iter().map(|time| format!("2021-01-01T{time}Z,280\n")).collect();
        format!("time,t2m\n{}", rows.concat())
    };
    check(
        &rows(&["00:00", "03:00", "06:00"]),
        "x.csv has a value every 3 hours; wanted hourly ones, as the model makes them",
    );
    check(
        &rows(&["00:00", "00:10"]),
        "x.csv has a time 10 minutes after 2021-01-01T00:00; wanted whole hours UTC",
    );
    check(
        &rows(&["01:00", "00:00"]),
        "x.csv goes back in time, from 2021-01-01T01:00 to 2021-01-01T00:00; wanted the hours in order: sort its rows \
         by time",
    );
    check(
        &rows(&["00:00", "00:00"]),
        "x.csv has the time 2021-01-01T00:00 twice; wanted each hour once: of several members or places take one",
    );
}

#[test]
fn advice_on_keys_that_the_commands_do_not_have_is_left_out() {
    let check = |message: &str, wanted: &str| {
        assert_eq!(without_keys(anyhow::anyhow!("{message}")).to_string(), wanted);
    };
    check(
        "x.csv line 3: the time is \"noon\"; wanted a time: correct the row, or [ingest.station] time_format",
        "x.csv line 3: the time is \"noon\"; wanted a time: correct the file, or give another",
    );
    check(
        "x.nc is of no ensemble, and [ingest] member = 3 asks for a member: take it out",
        "x.nc is of no ensemble: correct the file, or give another",
    );
    check("x.csv is empty: copy it again", "x.csv is empty: copy it again");
}
