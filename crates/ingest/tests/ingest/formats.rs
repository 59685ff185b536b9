//! Every layout in every format, made in code: both backends read the same bits, and they are those
//! that were put in.

use ingest::Config;

use crate::fixture::read;
use crate::samples::{self, Sample, contents::Data};

/// The stored values of the sample's t2m, in the order of its grid points, as the file has them.
fn read_everywhere(sample: &Sample) -> Vec<Result<ingest::Series, String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    sample.write(&path);
    let read_at = |(latitude, longitude): (f64, f64)| {
        let config: Config = samples::config(latitude, longitude, &sample.content.wanted());
        read(&config, std::slice::from_ref(&path)).map_err(|error| error.to_string())
    };
    sample.content.places().into_iter().map(read_at).collect()
}

#[test]
fn every_layout_in_every_format_is_the_same_by_all_backends() {
    for sample in samples::all() {
        for (place, series) in sample.content.places().iter().zip(read_everywhere(&sample)) {
            assert!(series.is_ok(), "{} at {place:?}: {series:?}", sample.name);
        }
    }
}

#[test]
fn floats_come_out_of_every_format_as_they_were_put_in() {
    let floats = |sample: &Sample| sample.name.starts_with("floats") || sample.name.starts_with("new CDS");
    for sample in samples::all().iter().filter(|sample| floats(sample)) {
        let points = sample.content.places().len();
        for (at, series) in read_everywhere(sample).into_iter().enumerate() {
            for column in series.unwrap().variables {
                let of_name = |var: &&samples::contents::Var| var.name == column.variable.name;
                let var = sample.content.variables.iter().find(of_name).unwrap();
                let Data::F32(stored) = &var.data else { panic!("{} are no floats", var.name) };
                let expected: Vec<f32> = stored.iter().copied().skip(at).step_by(points).collect();
                assert_eq!(column.values, expected, "{} {}", sample.name, var.name);
            }
        }
    }
}
