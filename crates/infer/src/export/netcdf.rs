//! NetCDF-3 with 64-bit offsets after the CF conventions, written front to back in constant memory:
//! the libraries at hand want a whole variable at once. Format: NetCDF User's Guide, appendix B.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::calendar::format_hour;
use contract::credit::Credit;

use super::{Part, Series, Sink, derived};

pub(crate) const DIMENSIONS: u32 = 10;
pub(crate) const VARIABLES: u32 = 11;
const ATTRIBUTES: u32 = 12;

/// `license` and `acknowledgement` are of the second one.
pub(crate) const CONVENTIONS: &str = "CF-1.8, ACDD-1.3";

/// The number types that are used, by their code in the format.
#[derive(Clone, Copy)]
enum Kind {
    Char = 2,
    Int = 4,
    Float = 5,
    Double = 6,
}

impl Kind {
    fn bytes(self) -> u64 {
        match self {
            Kind::Char => 1,
            Kind::Int | Kind::Float => 4,
            Kind::Double => 8,
        }
    }
}

pub(super) struct Netcdf {
    series: Series,
    path: PathBuf,
    file: BufWriter<File>,
}

impl Netcdf {
    pub(super) fn create(series: Series, path: &Path) -> anyhow::Result<Netcdf> {
        let failed = || format!("cannot write {}", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(failed)?);
        file.write_all(&header(&series)).with_context(failed)?;
        for member in 0..series.members {
            file.write_all(&member.to_be_bytes()).with_context(failed)?;
        }
        for degrees in [series.latitude_deg, series.longitude_deg] {
            file.write_all(&degrees.to_be_bytes()).with_context(failed)?;
        }
        for hour in 0..series.span.hours {
            file.write_all(&(hour as i32).to_be_bytes()).with_context(failed)?;
        }
        Ok(Netcdf { series, path: path.to_path_buf(), file })
    }
}

impl Sink for Netcdf {
    fn append(&mut self, part: Part<'_>) -> anyhow::Result<()> {
        for &value in part.values {
            let value = self.series.unit.from_canonical(f64::from(value)) as f32;
            self.file
                .write_all(&value.to_be_bytes())
                .with_context(|| format!("cannot write {}", self.path.display()))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let failed = format!("cannot write {}", self.path.display());
        let file = self.file.into_inner().context(failed.clone())?;
        file.sync_all().context(failed)
    }
}

/// What has to be said of the data, as attributes of the file; nothing of what nobody has said.
pub(crate) fn credits(credit: &Credit) -> impl Iterator<Item = (&'static str, String)> {
    let stated = [
        ("license", credit.licence()),
        ("acknowledgement", credit.attribution()),
        ("source", credit.source()),
        ("references", credit.references_line()),
    ];
    stated.into_iter().filter_map(|(name, text)| Some((name, text?)))
}

/// One variable of the header: its dimensions by number, and its attributes.
struct Entry {
    name: &'static str,
    dimensions: Vec<u32>,
    attributes: Vec<(&'static str, String)>,
    kind: Kind,
    values: u64,
}

fn entries(series: &Series) -> Vec<Entry> {
    let (members, hours) = (series.members as u64, series.span.hours as u64);
    let text =
        |pairs: &[(&'static str, &str)]| pairs.iter().map(|(key, value)| (*key, value.to_string())).collect();
    let start = format_hour(series.span.offset.to_utc(series.span.first_local_us)).replace('T', " ");
    let variable = series.variable;
    vec![
        Entry {
            name: "member",
            dimensions: vec![0],
            attributes: text(&[("standard_name", "realization"), ("long_name", "number of the series")]),
            kind: Kind::Int,
            values: members,
        },
        Entry {
            name: "latitude",
            dimensions: vec![],
            attributes: text(&[("standard_name", "latitude"), ("units", "degrees_north")]),
            kind: Kind::Double,
            values: 1,
        },
        Entry {
            name: "longitude",
            dimensions: vec![],
            attributes: text(&[("standard_name", "longitude"), ("units", "degrees_east")]),
            kind: Kind::Double,
            values: 1,
        },
        Entry {
            name: "time",
            dimensions: vec![1],
            attributes: text(&[
                ("standard_name", "time"),
                ("units", &format!("hours since {start}:00")),
                ("calendar", "proleptic_gregorian"),
                ("axis", "T"),
            ]),
            kind: Kind::Int,
            values: hours,
        },
        Entry {
            name: variable.name,
            dimensions: vec![0, 1],
            attributes: text(&[
                ("standard_name", variable.cf_standard_name),
                ("long_name", variable.long_name),
                ("units", series.unit.name),
                ("coordinates", "latitude longitude"),
            ]),
            kind: Kind::Float,
            values: members * hours,
        },
    ]
}

/// The whole header; the variables' data follow in the order of [`entries`].
fn header(series: &Series) -> Vec<u8> {
    let mut global = vec![
        ("Conventions", CONVENTIONS.to_string()),
        ("title", series.title()),
        ("local_standard_time", format!("UTC{}", series.span.offset)),
    ];
    global.extend(credits(&derived(series.credit.clone())));
    let entries = entries(series);
    let size = header_with_offsets(series, &global, &entries, 0).len() as u64;
    header_with_offsets(series, &global, &entries, size)
}

/// The header for data that begin at byte `begin`.
fn header_with_offsets(
    series: &Series,
    global: &[(&'static str, String)],
    entries: &[Entry],
    mut begin: u64,
) -> Vec<u8> {
    let mut out = b"CDF\x02".to_vec();
    put(&mut out, 0);
    put(&mut out, DIMENSIONS);
    put(&mut out, 2);
    for (name, length) in [("member", series.members as u32), ("time", series.span.hours as u32)] {
        put_text(&mut out, name);
        put(&mut out, length);
    }
    put_attributes(&mut out, global);
    put(&mut out, VARIABLES);
    put(&mut out, entries.len() as u32);
    for entry in entries {
        put_text(&mut out, entry.name);
        put(&mut out, entry.dimensions.len() as u32);
        for &dimension in &entry.dimensions {
            put(&mut out, dimension);
        }
        put_attributes(&mut out, &entry.attributes);
        put(&mut out, entry.kind as u32);
        let bytes = entry.values * entry.kind.bytes();
        put(&mut out, u32::try_from(bytes).unwrap_or(u32::MAX));
        out.extend(begin.to_be_bytes());
        begin += bytes;
    }
    out
}

pub(crate) fn put(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_be_bytes());
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u32);
    out.extend(text.as_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
}

pub(crate) fn put_attributes(out: &mut Vec<u8>, attributes: &[(&'static str, String)]) {
    put(out, ATTRIBUTES);
    put(out, attributes.len() as u32);
    for (name, value) in attributes {
        put_text(out, name);
        put(out, Kind::Char as u32);
        put_text(out, value);
    }
}
