//! The stage from its request to its artifacts.

use std::collections::BTreeMap;
use std::path::Path;

use contract::stage::{Inputs, Outputs, Stage};
use ingest::{Config, Ingest};
use tables::Table;

use crate::fixture::{config, hourly, input};

fn run(config: &Config, folder: &Path, names: &[&str]) -> anyhow::Result<Outputs> {
    let files = names.iter().map(|name| input(&folder.join(name))).collect();
    let outputs = tempfile::Builder::new().prefix("artifact").tempdir_in(folder).unwrap().keep();
    let outputs = Outputs { folder: outputs.clone(), work: outputs };
    Ingest::run(config, &Inputs(BTreeMap::from([("files".to_string(), files)])), &outputs)?;
    Ok(outputs)
}

fn series(outputs: &Outputs) -> Table {
    tables::read(&outputs.file("series.parquet"), &[]).unwrap()
}

#[test]
fn the_artifact_holds_the_series_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    hourly(0, &[280.0, 281.0]).write(&folder.path().join("a.nc"));
    hourly(3, &[283.0]).write(&folder.path().join("b.nc"));
    let mut config = config();
    config.place.longitude_deg = 365.6;
    let outputs = run(&config, folder.path(), &["b.nc", "a.nc"]).unwrap();

    let table = series(&outputs);
    let start = contract::calendar::parse_date("2000-01-01").unwrap();
    let hour = contract::calendar::HOUR_US;
    assert_eq!(table.times("time").unwrap(), [start, start + hour, start + 2 * hour, start + 3 * hour]);
    assert_eq!(table.f32s("t2m").unwrap(), [280.0, 281.0, 282.0, 283.0]);
    assert_eq!(table.column("t2m").unwrap().unit.as_deref(), Some("K"));
    assert_eq!(table.u8s("t2m_flag").unwrap(), [0, 0, 1, 0]);
    assert_eq!(table.columns.len(), 3);
    let metadata: Vec<_> = table.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(metadata, [("latitude_deg", "48.5"), ("longitude_deg", "5.5")]);

    assert_eq!(
        std::fs::read_to_string(outputs.file("source.json")).unwrap(),
        r#"{
  "format": 2,
  "variables": [
    "t2m"
  ],
  "latitude_deg": 48.5,
  "longitude_deg": 5.5,
  "requested_latitude_deg": 48.5,
  "requested_longitude_deg": 365.6,
  "distance_km": 7.368,
  "first": "2000-01-01T00:00",
  "last": "2000-01-01T03:00",
  "hours": 4,
  "site": "grid-point",
  "gaps": [
    {
      "variable": "t2m",
      "from": "2000-01-01T02:00",
      "to": "2000-01-01T02:00",
      "hours": 1,
      "fill": "linear"
    }
  ],
  "flagged": [],
  "files": [
    {
      "name": "a.nc",
      "digest": "digest of a.nc"
    },
    {
      "name": "b.nc",
      "digest": "digest of b.nc"
    }
  ],
  "credit": {
    "licences": [],
    "attributions": [],
    "sources": [],
    "references": []
  }
}
"#
    );
}

#[test]
fn what_the_files_say_of_their_licence_goes_on_and_what_the_user_states_wins() {
    let folder = tempfile::tempdir().unwrap();
    let common = ("institution", "An institute");
    hourly(0, &[280.0]).write_with(
        &folder.path().join("a.nc"),
        &[common, ("license", "CC-BY-4.0"), ("attribution", "By A.")],
    );
    hourly(1, &[281.0]).write_with(&folder.path().join("b.nc"), &[common, ("LICENSE", "CC0-1.0\n")]);
    let mut config = config();
    let metadata = |config: &Config| {
        let outputs = run(config, folder.path(), &["b.nc", "a.nc"]).unwrap();
        let text = std::fs::read_to_string(outputs.file("source.json")).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["credit"]["sources"], serde_json::json!(["An institute"]));
        let metadata = series(&outputs).metadata;
        ["licence", "attribution", "source"].map(|key| metadata[key].clone())
    };
    assert_eq!(metadata(&config), ["CC-BY-4.0\nCC0-1.0", "By A.", "An institute"]);
    config.licence = Some("ODbL-1.0".to_string());
    config.attribution = Some("By us.".to_string());
    assert_eq!(metadata(&config), ["ODbL-1.0", "By us.", "An institute"]);
}

#[test]
fn downloaded_hours_carry_the_licence_of_their_source() {
    let folder = tempfile::tempdir().unwrap();
    hourly(0, &[280.0, 281.0]).write(&folder.path().join("a.nc"));
    let tables = serde_json::json!({"ingest": {
        "source": {"kind": "cds", "start": "2000-01-01", "end": "2000-01-01"},
        "latitude_deg": 48.5, "longitude_deg": 5.5,
    }});
    let tables = contract::config::parse(tables.as_object().unwrap()).unwrap();
    let outputs = run(&Ingest::check(tables).unwrap(), folder.path(), &["a.nc"]).unwrap();
    let metadata = series(&outputs).metadata;
    assert_eq!(metadata["licence"], "CC-BY-4.0");
    assert!(
        metadata["attribution"]
            .starts_with("Contains modified Copernicus Climate Change Service information 2000. Neither ")
    );
}

#[test]
fn the_same_files_give_the_same_bytes_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    for (name, first) in [("a.nc", 0), ("b.nc", 5), ("c.nc", 12)] {
        let values: Vec<f32> = (first..first + 8).map(|hour| 280.0 + hour as f32 / 3.0).collect();
        hourly(first, &values).write(&folder.path().join(name));
    }
    let bytes = |names: &[&str]| {
        let outputs = run(&config(), folder.path(), names).unwrap();
        ["series.parquet", "source.json"].map(|name| std::fs::read(outputs.file(name)).unwrap())
    };
    let first = bytes(&["a.nc", "b.nc", "c.nc"]);
    for names in [["c.nc", "a.nc", "b.nc"], ["b.nc", "c.nc", "a.nc"]] {
        assert!(bytes(&names) == first, "{names:?}");
    }
}

#[test]
fn a_failed_stage_leaves_no_artifact() {
    let folder = tempfile::tempdir().unwrap();
    hourly(0, &[280.0]).write(&folder.path().join("a.nc"));
    hourly(9, &[281.0]).write(&folder.path().join("b.nc"));
    assert!(run(&config(), folder.path(), &["a.nc", "b.nc"]).is_err());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let artifacts = left.iter().filter(|path| path.is_dir());
    assert!(artifacts.flat_map(|path| std::fs::read_dir(path).unwrap()).next().is_none());
}
