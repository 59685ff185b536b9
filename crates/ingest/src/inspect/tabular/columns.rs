//! Which columns are variables, by their names, and in which units, by what the file says or else by a guess.

use std::collections::BTreeSet;

use contract::variable::{VARIABLES, Variable};

use super::rows::Sample;

/// A column that seems to be a variable's.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Likely {
    pub variable: &'static Variable,
    pub at: usize,
    pub unit: String,
    /// The file says it.
    pub is_unit_known: bool,
    /// Texts that are no numbers, and codes.
    pub missing: Vec<String>,
}

/// What the name of a variable's column is, or has in it, its unit if nothing says it, and what it has not.
struct Names {
    variable: &'static str,
    is: &'static [&'static str],
    has: &'static [&'static str],
    not: &'static [&'static str],
    unit: &'static str,
}

const QUALITY: [&str; 4] = ["qual", "flag", "_q", "qn_"];

const NAMES: &[Names] = &[
    // Those of the Local Climatological Data are in the units of their country.
    Names {
        variable: "t2m",
        is: &["tmpf", "hourlydrybulbtemperature"],
        has: &["airtf"],
        not: &["max", "min"],
        unit: "degF",
    },
    Names {
        variable: "t2m",
        is: &["t", "tt", "ta", "tair", "t_air", "t_u", "tt_tu", "tmpc", "tas"],
        has: &["temp", "t2m", "drybulb", "dry_bulb", "airtc"],
        not: &["dew", "max", "min", "soil", "wet", "road", "surf", "water", "panel", "battery"],
        unit: "degC",
    },
    Names { variable: "t2m", is: &["value"], has: &[], not: &[], unit: "degC" },
    Names { variable: "d2m", is: &["dwpf", "hourlydewpointtemperature"], has: &[], not: &[], unit: "degF" },
    Names { variable: "d2m", is: &["td", "dwpc", "d2m"], has: &["dew"], not: &[], unit: "degC" },
    Names {
        variable: "msl",
        is: &["msl", "slp", "mslp", "pmsl"],
        has: &["sea_level", "sea level", "sealevel"],
        not: &[],
        unit: "hPa",
    },
    Names { variable: "sp", is: &["sp", "p0"], has: &["press"], not: &["sea", "tend", "msl"], unit: "hPa" },
    Names { variable: "ssrd", is: &["fg_lberg"], has: &[], not: &[], unit: "J cm-2" },
    Names {
        variable: "ssrd",
        is: &["ghi", "rg"],
        has: &["rad", "ssrd", "fg_"],
        not: &["direct", "diffuse", "net", "long", "radius", "terrestrial", "up"],
        unit: "W m-2",
    },
    Names {
        variable: "tp",
        is: &["tp"],
        has: &["rain", "precip"],
        not: &["prob", "form", "hours", "type"],
        unit: "mm",
    },
];

/// Units behind a name and a low line.
const UNIT_ENDS: [&str; 8] = ["c", "degc", "k", "f", "degf", "hpa", "pa", "mm"];

/// Numbers that stand for a missing value where they cannot be one.
const CODES: [f64; 12] =
    [-99.0, -99.9, -999.0, -999.9, -9999.0, -9999.9, -99999.0, 99.9, 999.0, 999.9, 9999.0, 99999.0];

/// So many texts that are no numbers may mean missing.
const MOST_TEXTS: usize = 5;

/// The columns of each variable, the first that is called like it.
pub(super) fn likely(sample: &Sample, taken: &[usize]) -> Vec<Likely> {
    let mut found: Vec<Likely> = Vec::new();
    for variable in VARIABLES {
        let names = NAMES.iter().filter(|names| names.variable == variable.name);
        let column = names.into_iter().find_map(|names| {
            let at = (0..sample.titles.len()).filter(|at| !taken.contains(at));
            let exact = |at: &usize| names.is.contains(&plain(&sample.titles[*at]).as_str());
            let similar = |at: &usize| names.is_like(&plain(&sample.titles[*at]));
            at.clone().find(exact).or_else(|| at.clone().find(similar)).map(|at| (at, names))
        });
        let is_free = |at: usize| found.iter().all(|other| other.at != at);
        if let Some((at, names)) = column.filter(|(at, _)| is_free(*at)) {
            found.push(Likely::of(sample, variable, at, names.unit));
        }
    }
    found
}

impl Names {
    fn is_like(&self, name: &str) -> bool {
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        has(self.has) && !has(self.not) && !has(&QUALITY)
    }
}

/// A name in small letters, without a unit behind it: `t` of `T (°C)` and of `t_C`.
fn plain(title: &str) -> String {
    let title = title.to_lowercase();
    let name = title.split(['(', '[']).next().unwrap_or_default().trim();
    let name =
        name.rsplit_once('_').filter(|(_, end)| UNIT_ENDS.contains(end)).map_or(name, |(name, _)| name);
    name.to_string()
}

impl Likely {
    fn of(sample: &Sample, variable: &'static Variable, at: usize, usual: &str) -> Likely {
        let said = sample.units[at].clone().into_iter().chain(said_of(sample, &sample.titles[at]));
        let said = said.into_iter().find_map(|text| unit(variable, &text));
        let texts: BTreeSet<&str> = sample.rows.iter().map(|row| row[at].trim()).collect();
        let number =
            |text: &&str| text.replace(',', ".").parse::<f64>().ok().filter(|value| value.is_finite());
        let numbers: Vec<f64> = texts.iter().filter_map(number).collect();
        let unit = said.clone().unwrap_or_else(|| guessed(variable, usual, &numbers));
        let is_code = |value: &f64| {
            let canonical = variable.unit(&unit).map(|unit| unit.to_canonical(*value));
            let [least, greatest] = variable.valid_range;
            CODES.contains(value) && canonical.is_some_and(|value| !(least..=greatest).contains(&value))
        };
        let codes = numbers.iter().filter(|value| is_code(value)).map(f64::to_string);
        let other = texts.iter().filter(|text| number(text).is_none() && !text.is_empty());
        let other: BTreeSet<String> = other.map(|text| missing_text(text)).collect();
        let other = if other.len() > MOST_TEXTS { BTreeSet::new() } else { other };
        Likely { variable, at, is_unit_known: said.is_some(), missing: codes.chain(other).collect(), unit }
    }
}

/// `59s` as all that end in `s`.
fn missing_text(text: &str) -> String {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    match number.parse::<f64>() {
        Ok(_) => format!("*{}", &text[number.len()..]),
        Err(_) => text.to_string(),
    }
}

/// What the lines before the table say of a column: `# T : temperature (in 0.1 degrees Celsius)`, the `long_name` of
/// BADC-CSV, or the words at the end of the name itself.
fn said_of<'a>(sample: &'a Sample, title: &'a str) -> impl Iterator<Item = String> + 'a {
    let in_head = sample.head.iter().filter_map(move |line| {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(rest) = line.strip_prefix("long_name,").and_then(|rest| rest.strip_prefix(title)) {
            return rest.rsplit(',').next().map(str::to_string);
        }
        let rest = line.strip_prefix(title)?.trim_start();
        let rest = rest.strip_prefix([':', '='])?;
        let (_, unit) = rest.split_once("(in ").or_else(|| rest.split_once('('))?;
        unit.split(')').next().map(str::to_string)
    });
    let behind = title.rsplit_once('_').filter(|(_, end)| UNIT_ENDS.contains(&end.to_lowercase().as_str()));
    in_head.chain(title.rsplit_once(" in ").or(behind).map(|(_, unit)| unit.to_string()))
}

/// A unit as it is accepted, of a text such as `Deg C` or `0.1 graden Celsius`.
fn unit(variable: &Variable, text: &str) -> Option<String> {
    let text = text.trim();
    if variable.unit(text).is_some() {
        return Some(text.to_string());
    }
    let (count, name) = match text.split_once(' ') {
        Some((count, name)) if count.parse::<f64>().is_ok_and(|count| count > 0.0) => (Some(count), name),
        _ => (None, text),
    };
    let name = match name.trim().to_lowercase().as_str() {
        "deg c" | "deg_c" | "degc" | "c" | "celsius" | "degrees c" | "degrees celsius" | "degree celsius"
        | "graden celsius" | "grad c" | "grad celsius" | "degree_celsius" | "ºc" => "degC",
        "deg f" | "deg_f" | "degf" | "f" | "fahrenheit" | "degrees f" | "degrees fahrenheit" => "degF",
        "kelvin" | "k" | "deg k" => "K",
        "pa" => "Pa",
        "hpa" | "mb" | "mbar" | "millibar" | "millibars" => "hPa",
        "w/m2" | "w/m^2" | "w m^-2" | "wm-2" | "w/m²" => "W m-2",
        "j/cm2" | "j/cm^2" => "J cm-2",
        "j/m2" | "j/m^2" => "J m-2",
        "mm" | "millimeter" | "millimetres" => "mm",
        _ => return None,
    };
    let unit = count.map_or(name.to_string(), |count| format!("{count} {name}"));
    variable.unit(&unit).map(|_| unit)
}

/// The usual unit, unless most values are impossible in it and possible in another of the same variable.
fn guessed(variable: &Variable, usual: &str, numbers: &[f64]) -> String {
    let scaled = format!("0.1 {usual}");
    let candidates = [usual, scaled.as_str(), variable.canonical_unit];
    let possible = |name: &str| {
        let [least, greatest] = variable.valid_range;
        let unit = variable.unit(name)?;
        Some(numbers.iter().filter(|value| (least..=greatest).contains(&unit.to_canonical(**value))).count())
    };
    let best = candidates
        .into_iter()
        .find(|name| possible(name).is_some_and(|count| 10 * count >= 9 * numbers.len()));
    best.unwrap_or(usual).to_string()
}
