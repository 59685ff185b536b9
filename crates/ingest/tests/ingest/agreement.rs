//! Files of any layout, made at random: what was put in comes out, by every backend; and a file cut
//! anywhere is refused.

use proptest::prelude::*;

use ingest::backend::Backend;
use ingest::read_series;

use crate::fixture::{Attribute, Data, File, YEAR_2000, config, config_at, hourly, input, read, sample, var};

/// Few, because a damaged sample takes up to 0.1 s; 2,000 of each kind have been tried once.
const CASES: u32 = 64;

const FILL: i16 = -32767;
const SCALE: f64 = 0.001_37;
const OFFSET: f64 = 281.3;

#[derive(Clone, Debug)]
struct Layout {
    hours: usize,
    latitudes: usize,
    longitudes: usize,
    /// Where the point is.
    at: (usize, usize),
    order: Vec<&'static str>,
    is_packed: bool,
    is_unlimited: bool,
    east_to_360: bool,
    seed: u64,
}

fn layouts() -> impl Strategy<Value = Layout> {
    let order = Just(vec!["time", "latitude", "longitude"]).prop_shuffle();
    let sizes = (1_usize..40, 1_usize..4, 1_usize..4, 0_usize..4, 0_usize..4);
    (sizes, order, any::<[bool; 3]>(), any::<u64>()).prop_map(|(sizes, order, flags, seed)| {
        let (hours, latitudes, longitudes, row, column) = sizes;
        Layout {
            hours,
            latitudes,
            longitudes,
            at: (row % latitudes, column % longitudes),
            is_packed: flags[0],
            // Only the first dimension can be unlimited.
            is_unlimited: flags[1] && order[0] == "time",
            east_to_360: flags[2],
            order,
            seed,
        }
    })
}

impl Layout {
    /// What is stored at an hour and a point; never the fill value.
    fn stored(&self, hour: usize, row: usize, column: usize) -> i16 {
        let mixed = (hour as u64 * 31 + row as u64 * 7 + column as u64 + 1).wrapping_mul(self.seed | 1);
        ((mixed >> 40) % 60_000) as i16 & 0x7fff
    }

    fn latitude(&self, row: usize) -> f64 {
        50.0 - row as f64 * 0.25
    }

    fn longitude(&self, column: usize) -> f64 {
        let west = -0.5 + column as f64 * 0.25;
        if self.east_to_360 { west.rem_euclid(360.0) } else { west }
    }

    fn values(&self) -> Vec<i16> {
        let size = |name: &str| match name {
            "time" => self.hours,
            "latitude" => self.latitudes,
            _ => self.longitudes,
        };
        let [a, b, c] = [0, 1, 2].map(|i| self.order[i]);
        let mut values = Vec::new();
        for i in 0..size(a) {
            for j in 0..size(b) {
                for k in 0..size(c) {
                    let index = |name| [(a, i), (b, j), (c, k)].iter().find(|(n, _)| *n == name).unwrap().1;
                    values.push(self.stored(index("time"), index("latitude"), index("longitude")));
                }
            }
        }
        values
    }

    fn file(&self) -> File {
        let stored = self.values();
        let mut t2m = match self.is_packed {
            true => var("t2m", &self.order, Data::I16(stored))
                .with("scale_factor", Attribute::F64(SCALE))
                .with("add_offset", Attribute::F64(OFFSET))
                .with("_FillValue", Attribute::I16(FILL)),
            false => {
                let value = |stored: &i16| 200.0 + f32::from(*stored) * 0.004;
                var("t2m", &self.order, Data::F32(stored.iter().map(value).collect()))
            }
        };
        t2m = t2m.text("units", "K");
        let hours = (0..self.hours as i32).map(|hour| YEAR_2000 + hour).collect();
        let latitudes = (0..self.latitudes).map(|row| self.latitude(row)).collect();
        let longitudes = (0..self.longitudes).map(|column| self.longitude(column) as f32).collect();
        File {
            dimensions: vec![
                ("time", self.hours),
                ("latitude", self.latitudes),
                ("longitude", self.longitudes),
            ],
            unlimited: self.is_unlimited.then_some("time"),
            variables: vec![
                var("time", &["time"], Data::I32(hours)).text("units", "hours since 1900-01-01 00:00:00.0"),
                t2m,
                var("latitude", &["latitude"], Data::F64(latitudes)),
                var("longitude", &["longitude"], Data::F32(longitudes)),
            ],
        }
    }

    fn expected(&self) -> Vec<f32> {
        let (row, column) = self.at;
        let stored = (0..self.hours).map(|hour| self.stored(hour, row, column));
        if self.is_packed {
            stored.map(|stored| (f64::from(stored) * SCALE + OFFSET) as f32).collect()
        } else {
            stored.map(|stored| 200.0 + f32::from(stored) * 0.004).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_was_put_into_a_file_comes_out(layout in layouts()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        layout.file().write(&path);
        let (row, column) = layout.at;
        let place = config_at(layout.latitude(row), layout.longitude(column), &["t2m"]);
        let series = read(&place, &[path]).unwrap();
        prop_assert_eq!(&series.variables[0].values, &layout.expected());
    }

    #[test]
    fn a_netcdf_3_file_cut_anywhere_is_refused(layout in layouts(), cut in 0.0_f64..1.0) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        layout.file().write(&path);
        let bytes = std::fs::read(&path).unwrap();
        // The last 3 bytes may be padding.
        let length = ((bytes.len() - 3) as f64 * cut) as usize;
        std::fs::write(&path, &bytes[..length]).unwrap();
        let message = read(&config_at(50.0, -0.5, &["t2m"]), &[path]).unwrap_err().to_string();
        let expected = if length < 4 { ["is empty", "is not a NetCDF file"] } else { ["is truncated"; 2] };
        prop_assert!(expected.iter().any(|e| message.contains(e)), "{} bytes: {}", length, message);
    }

    #[test]
    fn the_netcdf_4_sample_cut_anywhere_is_refused(length in 8_usize..2_062_981) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        std::fs::write(&path, &std::fs::read(sample()).unwrap()[..length]).unwrap();
        let message = read(&config_at(48.45, 5.59, &["t2m"]), &[path]).unwrap_err().to_string();
        prop_assert!(message.contains("is truncated"), "{} bytes: {}", length, message);
    }

    #[test]
    fn the_order_and_the_overlap_of_files_change_nothing(
        starts in prop::collection::vec(0_i32..80, 1..5), lengths in prop::collection::vec(1_usize..40, 5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let value = |hour: i32| 280.0 + (hour * 37 % 11) as f32 * 0.3;
        let mut paths = Vec::new();
        for (i, (start, length)) in starts.iter().zip(&lengths).enumerate() {
            let values: Vec<f32> = (0..*length as i32).map(|hour| value(start + hour)).collect();
            let path = folder.path().join(format!("{i}.nc"));
            hourly(*start, &values).write(&path);
            paths.push(path);
        }
        let gaps = ingest::GapPolicy { linear_hours: 168, ..config().gaps };
        let wide = ingest::Config { gaps, ..config() };
        let forward = read(&wide, &paths).unwrap();
        paths.reverse();
        prop_assert_eq!(&read(&wide, &paths).unwrap(), &forward);
        let first = starts.iter().min().unwrap();
        for (at, (got, flags)) in forward.variables[0].values.iter().zip(&forward.variables[0].flags).enumerate() {
            let hour = first + at as i32;
            let covered = starts.iter().zip(&lengths).any(|(s, l)| (*s..s + *l as i32).contains(&hour));
            prop_assert_eq!(*flags == 0, covered);
            prop_assert!(!covered || *got == value(hour));
        }
    }
}

/// Writes the file with some bytes changed, and reads it with the default backend: libnetcdf may
/// hang on such files.
fn read_damaged(whole: &[u8], damage: &[(f64, u8)], place: &ingest::Config) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    let mut bytes = whole.to_vec();
    for (at, byte) in damage {
        let at = (bytes.len() as f64 * at) as usize;
        bytes[at] = *byte;
    }
    std::fs::write(&path, &bytes).unwrap();
    let result = read_series(place, &[input(&path)], Backend::default());
    if let Ok(series) = result {
        assert!(series.variables[0].values.iter().all(|value| value.is_finite()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_damaged_netcdf_3_file_ends_in_an_answer(
        layout in layouts(), damage in prop::collection::vec((0.0_f64..1.0, any::<u8>()), 1..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        layout.file().write(&path);
        read_damaged(&std::fs::read(&path).unwrap(), &damage, &config_at(50.0, -0.5, &["t2m"]));
    }

    #[test]
    fn a_damaged_netcdf_4_header_ends_in_an_answer(
        // The first 20 kB hold the superblock, the object headers and the attributes.
        damage in prop::collection::vec((0.0_f64..0.01, any::<u8>()), 1..12),
    ) {
        read_damaged(&std::fs::read(sample()).unwrap(), &damage, &config_at(48.45, 5.59, &["t2m"]));
    }
}
