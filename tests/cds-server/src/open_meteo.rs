//! The archive of Open-Meteo: hourly values of made-up weather.

use contract::calendar::{self, DAY_US, HOUR_US};
use serde_json::{Map, Value, json};

use crate::data::celsius;
use crate::message::{Request, Response};

/// Answers `GET /v1/archive`.
pub(crate) fn answer(request: &Request) -> Response {
    let day = |name| request.query(name).and_then(calendar::parse_date);
    let number = |name| request.query(name).and_then(|text| text.parse::<f64>().ok());
    let (Some(first_us), Some(last_us)) = (day("start_date"), day("end_date")) else {
        return refusal("Parameter 'start_date' must be a date");
    };
    let (Some(latitude), Some(longitude)) = (number("latitude"), number("longitude")) else {
        return refusal("Parameter 'latitude' and 'longitude' must have the same number of elements");
    };
    if request.query("timeformat") != Some("unixtime") || request.query("models") != Some("era5") {
        return refusal("this server only speaks of ERA5 in unix time");
    }
    let times: Vec<i64> = (first_us..last_us + DAY_US).step_by(HOUR_US as usize).collect();
    let (mut units, mut hourly) = (Map::new(), Map::new());
    units.insert("time".to_string(), json!("unixtime"));
    hourly.insert("time".to_string(), times.iter().map(|time_us| time_us / 1_000_000).collect());
    let speed_unit = if request.query("wind_speed_unit") == Some("ms") { "m/s" } else { "km/h" };
    for name in request.query("hourly").unwrap_or_default().split(',') {
        let Some((unit, value)) = series(name, speed_unit) else {
            return refusal(&format!(
                "Data corrupted at path ''. Cannot initialize from invalid String value {name}."
            ));
        };
        units.insert(name.to_string(), json!(unit));
        hourly.insert(name.to_string(), times.iter().map(|time_us| json!(value(*time_us))).collect());
    }
    let on_grid = |degrees: f64| (degrees * 4.0).round() / 4.0;
    let document = json!({
        "latitude": on_grid(latitude),
        "longitude": on_grid(longitude),
        "generationtime_ms": 0.5,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "hourly_units": Value::Object(units),
        "hourly": Value::Object(hourly),
    });
    Response::json(200, &document)
}

/// A series: its unit, and its value at a time.
type Series = (&'static str, fn(i64) -> f64);

fn series(name: &str, speed_unit: &'static str) -> Option<Series> {
    Some(match name {
        "temperature_2m" => ("°C", celsius),
        "dew_point_2m" => ("°C", |time_us| celsius(time_us) - 8.0),
        "surface_pressure" | "pressure_msl" => ("hPa", |time_us| 1000.0 + celsius(time_us).round()),
        "shortwave_radiation" => ("W/m²", |time_us| celsius(time_us).round().max(0.0)),
        "precipitation" => ("mm", |time_us| (celsius(time_us) - 20.0).round().max(0.0)),
        "wind_speed_10m" | "wind_speed_100m" => (speed_unit, |time_us| celsius(time_us).abs().round()),
        "wind_direction_10m" | "wind_direction_100m" => ("°", |time_us| (time_us / HOUR_US % 360) as f64),
        _ => return None,
    })
}

fn refusal(reason: &str) -> Response {
    Response::json(400, &json!({"error": true, "reason": reason}))
}
