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
  "attribution": "Contains modified Copernicus Climate Change Service information 2000. Neither the European Commission nor ECMWF is responsible for any use that may be made of the Copernicus information or data it contains. Hersbach et al. 2023, DOI 10.24381/cds.adbb2d47."
}
"#
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
