//! What the files hold: the layouts of `docs/data-sources.md`, small, with values that no two hours
//! or grid points share.

use contract::variable::Variable;

#[derive(Clone)]
pub enum Data {
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Strings of any length.
    Texts(Vec<&'static str>),
}

#[derive(Clone)]
pub enum Attribute {
    Text(&'static str),
    I16(i16),
    U16(u16),
    F32(f32),
    F64(f64),
}

#[derive(Clone)]
pub struct Var {
    pub name: &'static str,
    pub dimensions: Vec<&'static str>,
    pub data: Data,
    pub attributes: Vec<(&'static str, Attribute)>,
}

#[derive(Clone)]
pub struct Content {
    pub dimensions: Vec<(&'static str, usize)>,
    pub unlimited: Option<&'static str>,
    pub variables: Vec<Var>,
}

impl Content {
    /// Whether CDF-1 and CDF-2 have its types.
    pub fn is_classic(&self) -> bool {
        let modern = |var: &Var| matches!(var.data, Data::U16(_) | Data::I64(_) | Data::Texts(_));
        !self.variables.iter().any(modern)
    }

    pub fn has_no_texts(&self) -> bool {
        !self.variables.iter().any(|var| matches!(var.data, Data::Texts(_)))
    }

    /// Those of [`contract::variable`] that it has.
    pub fn wanted(&self) -> Vec<&'static str> {
        let names = self.variables.iter().map(|var| var.name);
        names.filter(|name| Variable::named(name).is_some()).collect()
    }

    pub fn size(&self, dimension: &str) -> usize {
        self.dimensions.iter().find(|(name, _)| *name == dimension).unwrap().1
    }

    /// All grid points.
    pub fn places(&self) -> Vec<(f64, f64)> {
        let axis = |name: &str| match &self.variables.iter().find(|var| var.name == name).unwrap().data {
            Data::F32(values) => values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>(),
            Data::F64(values) => values.clone(),
            _ => panic!("coordinates are floats"),
        };
        let (latitudes, longitudes) = (axis("latitude"), axis("longitude"));
        let row = |latitude: f64| {
            longitudes.iter().map(move |longitude| (latitude, *longitude)).collect::<Vec<_>>()
        };
        latitudes.iter().flat_map(|latitude| row(*latitude)).collect()
    }
}

const HOURS: usize = 40;
const LATITUDES: [f64; 3] = [50.25, 50.0, 49.75];
const WEST_TO_EAST: [f64; 4] = [-0.5, -0.25, 0.0, 0.25];
const TO_360: [f64; 4] = [359.25, 359.5, 359.75, 359.999];
/// The hour 2000-01-01T00:00 in hours since 1900.
const YEAR_2000: i32 = 876_576;
/// The same in seconds since 1970.
const YEAR_2000_SECONDS: i64 = 946_684_800;
const GRID: [&str; 3] = ["time", "latitude", "longitude"];
const NEW_GRID: [&str; 3] = ["valid_time", "latitude", "longitude"];

pub fn all() -> Vec<(&'static str, Content)> {
    vec![
        ("new CDS", new_cds()),
        ("floats", floats(None)),
        ("floats, unlimited time", floats(Some("time"))),
        ("packed, unlimited time", packed_records()),
        ("legacy packed", packed()),
        ("repacked unsigned, unlimited time", unsigned()),
        ("expver of size 2", expver_dimension()),
        ("raw cfgrib", cfgrib()),
    ]
}

pub fn var(name: &'static str, dimensions: &[&'static str], data: Data) -> Var {
    Var { name, dimensions: dimensions.to_vec(), data, attributes: Vec::new() }
}

impl Var {
    pub fn with(mut self, name: &'static str, value: Attribute) -> Var {
        self.attributes.push((name, value));
        self
    }

    pub fn text(self, name: &'static str, value: &'static str) -> Var {
        self.with(name, Attribute::Text(value))
    }
}

/// So many different numbers below 1, in no order.
fn noise(count: usize, salt: u64) -> impl Iterator<Item = f64> {
    (0..count as u64).map(move |i| {
        let mixed = (i + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(salt)
            .wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    })
}

fn kelvin(count: usize) -> Vec<f32> {
    noise(count, 1).map(|x| (260.0 + 50.0 * x) as f32).collect()
}

fn pascal(count: usize) -> Vec<f32> {
    noise(count, 2).map(|x| (98_000.0 + 4_000.0 * x) as f32).collect()
}

fn grid(longitudes: [f64; 4]) -> [Var; 2] {
    let degrees = |values: &[f64]| Data::F32(values.iter().map(|value| *value as f32).collect());
    [
        var("latitude", &["latitude"], degrees(&LATITUDES)).text("units", "degrees_north"),
        var("longitude", &["longitude"], degrees(&longitudes)).text("units", "degrees_east"),
    ]
}

fn hours_since_1900() -> Var {
    let hours = (0..HOURS as i32).map(|hour| YEAR_2000 + hour).collect();
    var("time", &["time"], Data::I32(hours))
        .text("units", "hours since 1900-01-01 00:00:00.0")
        .text("long_name", "time")
        .text("calendar", "gregorian")
}

fn content(unlimited: Option<&'static str>, variables: Vec<Var>) -> Content {
    let dimensions = vec![("time", HOURS), ("latitude", LATITUDES.len()), ("longitude", TO_360.len())];
    Content { dimensions, unlimited, variables }
}

/// As the Copernicus store writes it since 2024.
fn new_cds() -> Content {
    let seconds = (0..HOURS as i64).map(|hour| YEAR_2000_SECONDS + 3600 * hour).collect();
    let expver = (0..HOURS).map(|hour| if hour < 30 { "0001" } else { "0005" }).collect();
    let points = HOURS * LATITUDES.len() * WEST_TO_EAST.len();
    let float =
        |name, data| var(name, &NEW_GRID, Data::F32(data)).with("_FillValue", Attribute::F32(f32::NAN));
    let t2m = float("t2m", kelvin(points)).text("units", "K").text("long_name", "2 metre temperature");
    // So many that they are stored apart from the variable's header.
    let t2m = t2m
        .text("standard_name", "unknown")
        .text("GRIB_units", "K")
        .text("GRIB_name", "2 metre temperature")
        .text("GRIB_shortName", "2t")
        .text("GRIB_cfVarName", "t2m")
        .text("GRIB_gridType", "regular_ll")
        .text("GRIB_stepType", "instant");
    Content {
        dimensions: vec![("valid_time", HOURS), ("latitude", 3), ("longitude", 4)],
        unlimited: None,
        variables: vec![
            var("number", &[], Data::I64(vec![0])).text("long_name", "ensemble member numerical id"),
            var("valid_time", &["valid_time"], Data::I64(seconds))
                .text("units", "seconds since 1970-01-01")
                .text("calendar", "proleptic_gregorian"),
            var("latitude", &["latitude"], Data::F64(LATITUDES.to_vec())),
            var("longitude", &["longitude"], Data::F64(WEST_TO_EAST.to_vec())),
            var("expver", &["valid_time"], Data::Texts(expver)),
            t2m,
            float("sp", pascal(points)).text("units", "Pa"),
        ],
    }
}

fn floats(unlimited: Option<&'static str>) -> Content {
    let points = HOURS * LATITUDES.len() * WEST_TO_EAST.len();
    let mut variables = vec![
        hours_since_1900(),
        var("t2m", &GRID, Data::F32(kelvin(points))).text("units", "K"),
        var("sp", &GRID, Data::F32(pascal(points))).text("units", "Pa"),
    ];
    variables.extend(grid(WEST_TO_EAST));
    content(unlimited, variables)
}

/// Records whose length is no multiple of 4, at one meridian that a dimension is named for too.
fn packed_records() -> Content {
    let points = HOURS * LATITUDES.len();
    let stored = noise(points, 3).map(|x| (1.0 + 30_000.0 * x) as i16).collect();
    let [latitude, longitude] = grid(WEST_TO_EAST);
    let longitude = Var { dimensions: Vec::new(), data: Data::F32(vec![-0.5]), ..longitude };
    let hours = Var { dimensions: vec!["time"], ..hours_since_1900() };
    let mut content = content(Some("time"), vec![hours, latitude, longitude]);
    content.variables.push(packing(var("t2m", &["time", "latitude"], Data::I16(stored))));
    content
}

fn packing(var: Var) -> Var {
    var.with("scale_factor", Attribute::F64(0.001_371_2))
        .with("add_offset", Attribute::F64(281.25))
        .with("_FillValue", Attribute::I16(-32767))
        .with("missing_value", Attribute::I16(-32767))
        .text("units", "K")
        .text("long_name", "2 metre temperature")
        .text("standard_name", "unknown")
}

/// As the Copernicus store wrote it until 2024.
fn packed() -> Content {
    let points = HOURS * LATITUDES.len() * TO_360.len();
    let mut stored: Vec<i16> = noise(points, 4).map(|x| (1.0 + 30_000.0 * x) as i16).collect();
    stored[5 * 12..6 * 12].fill(-32767);
    let [latitude, longitude] = grid(TO_360);
    content(
        None,
        vec![longitude, latitude, hours_since_1900(), packing(var("t2m", &GRID, Data::I16(stored)))],
    )
}

/// As CDO packs again.
fn unsigned() -> Content {
    let points = HOURS * LATITUDES.len() * TO_360.len();
    let stored = noise(points, 5).map(|x| (65_000.0 * x) as u16).collect();
    let t2m = var("t2m", &GRID, Data::U16(stored))
        .with("scale_factor", Attribute::F64(0.000_7))
        .with("add_offset", Attribute::F64(262.5))
        .with("_FillValue", Attribute::U16(65_535))
        .text("units", "K");
    let mut variables = vec![hours_since_1900()];
    variables.extend(grid(TO_360));
    variables.push(t2m);
    content(Some("time"), variables)
}

/// Final beside preliminary values, as the Copernicus store gave the last months until 2024.
fn expver_dimension() -> Content {
    let slab = LATITUDES.len() * TO_360.len();
    let mut stored: Vec<i16> = noise(HOURS * 2 * slab, 6).map(|x| (1.0 + 30_000.0 * x) as i16).collect();
    for hour in 0..HOURS {
        let missing = if hour < 30 { 1 } else { 0 };
        let first = (hour * 2 + missing) * slab;
        stored[first..first + slab].fill(-32767);
    }
    let mut content = content(None, vec![hours_since_1900()]);
    content.dimensions.insert(1, ("expver", 2));
    content.variables.push(var("expver", &["expver"], Data::I32(vec![1, 5])));
    content.variables.extend(grid(TO_360));
    let dimensions = ["time", "expver", "latitude", "longitude"];
    content.variables.push(packing(var("t2m", &dimensions, Data::I16(stored))));
    content
}

/// One run of a forecast by its steps.
fn cfgrib() -> Content {
    let steps = (0..HOURS).map(|hour| hour as f64).collect();
    let seconds = (0..HOURS as i32).map(|hour| YEAR_2000_SECONDS as i32 + 3600 * hour).collect();
    let since = "seconds since 1970-01-01T00:00:00";
    let points = HOURS * LATITUDES.len() * WEST_TO_EAST.len();
    Content {
        dimensions: vec![("step", HOURS), ("latitude", 3), ("longitude", 4)],
        unlimited: None,
        variables: vec![
            var("number", &[], Data::I32(vec![0])),
            var("time", &[], Data::I32(vec![YEAR_2000_SECONDS as i32])).text("units", since),
            var("step", &["step"], Data::F64(steps)).text("units", "hours"),
            var("surface", &[], Data::F64(vec![0.0])),
            var("latitude", &["latitude"], Data::F64(LATITUDES.to_vec())),
            var("longitude", &["longitude"], Data::F64(WEST_TO_EAST.to_vec())),
            var("valid_time", &["step"], Data::I32(seconds)).text("units", since),
            var("t2m", &["step", "latitude", "longitude"], Data::F32(kelvin(points)))
                // NaN, which cfgrib writes, is beyond the crate that writes CDF-1.
                .with("_FillValue", Attribute::F32(-9999.0))
                .text("units", "K"),
        ],
    }
}
