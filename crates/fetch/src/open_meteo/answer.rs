//! The archive's answer, checked: the units and the hours that were asked for, a number or nothing
//! for each; and the CSV made of it.

use anyhow::{Context, bail};
use contract::calendar::{DAY_US, HOUR_US, civil, format_date};
use contract::variable::Variable;
use serde_json::{Map, Value};

use super::Days;
use super::element::{Element, Recipe, recipe};

/// The hours of a year.
pub(super) struct Answer {
    first_us: i64,
    hours: usize,
    /// The grid point's.
    latitude_deg: f64,
    longitude_deg: f64,
    series: Vec<Series>,
}

struct Series {
    element: Element,
    /// `None` where the archive has nothing.
    values: Vec<Option<f64>>,
}

/// # Errors
/// A clause that names the member, what was seen and what was wanted.
pub(super) fn read(document: &Value, elements: &[Element], days: Days) -> anyhow::Result<Answer> {
    if document.get("error").and_then(Value::as_bool) == Some(true) {
        bail!("it refuses: {}", document.get("reason").unwrap_or(&Value::Null));
    }
    let degrees = |name: &str| {
        let number = document.get(name).and_then(Value::as_f64);
        number.with_context(|| format!("{name} is missing; wanted the grid point's"))
    };
    let units = object(document, "hourly_units")?;
    let hourly = object(document, "hourly")?;
    let hours = check_hours(units, hourly, days)?;
    let series = elements.iter().map(|element| read_series(*element, units, hourly, hours));
    Ok(Answer {
        first_us: days.first_us,
        hours,
        latitude_deg: degrees("latitude")?,
        longitude_deg: degrees("longitude")?,
        series: series.collect::<anyhow::Result<_>>()?,
    })
}

fn object<'a>(document: &'a Value, name: &str) -> anyhow::Result<&'a Map<String, Value>> {
    document.get(name).and_then(Value::as_object).with_context(|| format!("{name} is missing"))
}

/// The number of hours, which are exactly those of `days`.
fn check_hours(units: &Map<String, Value>, hourly: &Map<String, Value>, days: Days) -> anyhow::Result<usize> {
    check_unit(units, "time", "unixtime")?;
    let times = hourly.get("time").and_then(Value::as_array).context("hourly.time is missing")?;
    let wanted = ((days.last_us + DAY_US - days.first_us) / HOUR_US).unsigned_abs() as usize;
    if times.len() != wanted {
        bail!("hourly.time has {} hours; wanted {wanted}", times.len());
    }
    let mut expected_s = days.first_us / 1_000_000;
    for time in times {
        if time.as_i64() != Some(expected_s) {
            bail!("hourly.time has {time}; wanted {expected_s}");
        }
        expected_s += HOUR_US / 1_000_000;
    }
    Ok(wanted)
}

fn check_unit(units: &Map<String, Value>, name: &str, wanted: &str) -> anyhow::Result<()> {
    match units.get(name) {
        Some(Value::String(unit)) if unit == wanted => Ok(()),
        Some(unit) => bail!("hourly_units.{name} is {unit}; wanted {wanted:?}"),
        None => bail!("hourly_units.{name} is missing; wanted {wanted:?}"),
    }
}

fn read_series(
    element: Element,
    units: &Map<String, Value>,
    hourly: &Map<String, Value>,
    hours: usize,
) -> anyhow::Result<Series> {
    let name = element.name;
    check_unit(units, name, element.unit)?;
    let list = hourly.get(name).and_then(Value::as_array);
    let list = list.with_context(|| format!("hourly.{name} is missing"))?;
    if list.len() != hours {
        bail!("hourly.{name} has {} values; wanted {hours}", list.len());
    }
    let value = |value: &Value| match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        other => bail!("hourly.{name} has {other}; wanted a number or null"),
    };
    Ok(Series { element, values: list.iter().map(value).collect::<anyhow::Result<_>>()? })
}

impl Answer {
    /// `valid_time,t2m,latitude,longitude` and a line an hour; a missing value is empty, and numbers
    /// are written so that they read back the same.
    pub(super) fn csv(&self, variables: &[&'static Variable]) -> String {
        let mut text = String::from("valid_time");
        for variable in variables {
            text.push(',');
            text.push_str(variable.name);
        }
        text.push_str(",latitude,longitude\n");
        let recipes: Vec<Option<Recipe>> = variables.iter().map(|variable| recipe(variable)).collect();
        for hour in 0..self.hours {
            let time_us = self.first_us + hour as i64 * HOUR_US;
            text.push_str(&format!("{} {:02}:00:00", format_date(time_us), civil(time_us).hour));
            for recipe in &recipes {
                text.push(',');
                if let Some(value) = recipe.and_then(|recipe| self.value(recipe, hour)) {
                    text.push_str(&value.to_string());
                }
            }
            text.push_str(&format!(",{},{}\n", self.latitude_deg, self.longitude_deg));
        }
        text
    }

    fn value(&self, recipe: Recipe, hour: usize) -> Option<f64> {
        let of = |element: Element| {
            let series = self.series.iter().find(|series| series.element == element)?;
            series.values.get(hour).copied().flatten()
        };
        let values: Option<Vec<f64>> = recipe.elements().into_iter().map(of).collect();
        recipe.value(&values?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::element::elements;
    use super::*;

    fn a_day() -> (Vec<&'static Variable>, Days, Value) {
        let variables = ["t2m", "u10"].map(|name| Variable::named(name).unwrap()).to_vec();
        let times: Vec<i64> = (0..24).map(|hour| hour * 3600).collect();
        let mut temperature = vec![json!(20.05); 24];
        temperature[1] = Value::Null;
        let document = json!({
            "latitude": 48.5, "longitude": 5.5,
            "hourly_units": {
                "time": "unixtime", "temperature_2m": "°C", "wind_speed_10m": "m/s", "wind_direction_10m": "°",
            },
            "hourly": {
                "time": times, "temperature_2m": temperature,
                "wind_speed_10m": vec![2.5; 24], "wind_direction_10m": vec![270; 24],
            },
        });
        (variables, Days { first_us: 0, last_us: 0 }, document)
    }

    fn check(pointer: &str, value: Value, message: &str) {
        let (variables, days, mut document) = a_day();
        *document.pointer_mut(pointer).unwrap() = value;
        let error = read(&document, &elements(&variables), days).err().unwrap();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn an_hour_is_a_line_and_a_missing_one_is_empty() {
        let (variables, days, document) = a_day();
        let csv = read(&document, &elements(&variables), days).unwrap().csv(&variables);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 25);
        assert_eq!(lines[0], "valid_time,t2m,u10,latitude,longitude");
        assert_eq!(lines[1], format!("1970-01-01 00:00:00,{},2.5,48.5,5.5", 20.05 + 273.15));
        assert_eq!(lines[2], "1970-01-01 01:00:00,,2.5,48.5,5.5");
        assert!(lines[24].starts_with("1970-01-01 23:00:00,"));
    }

    #[test]
    fn an_answer_to_another_question_is_refused() {
        check(
            "/hourly_units/temperature_2m",
            json!("°F"),
            "hourly_units.temperature_2m is \"°F\"; wanted \"°C\"",
        );
        check(
            "/hourly_units/time",
            json!("iso8601"),
            "hourly_units.time is \"iso8601\"; wanted \"unixtime\"",
        );
        check("/hourly/time/3", json!(10_801), "hourly.time has 10801; wanted 10800");
        check("/hourly/time", json!([0]), "hourly.time has 1 hours; wanted 24");
        check("/hourly/wind_speed_10m", json!([1.0]), "hourly.wind_speed_10m has 1 values; wanted 24");
        check("/hourly/wind_speed_10m", Value::Null, "hourly.wind_speed_10m is missing");
        check(
            "/hourly/temperature_2m/0",
            json!("20"),
            "hourly.temperature_2m has \"20\"; wanted a number or null",
        );
        check("/latitude", Value::Null, "latitude is missing; wanted the grid point's");
        check("/hourly", json!(1), "hourly is missing");
    }
}
