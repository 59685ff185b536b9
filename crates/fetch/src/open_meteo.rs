//! The archive of Open-Meteo: ERA5 without a key, a request a year, written as CSV in the layout and
//! the units of the Climate Data Store's time series. Its values are rounded (temperatures to 0.1 C)
//! and moved to the place's elevation, so that they are not the store's.

mod answer;
mod element;

use std::path::Path;

use anyhow::Context;
use contract::calendar::{self, DAY_US, format_date};
use contract::source::Source;
use contract::variable::Variable;

use crate::address::Address;
use crate::files::write_whole;
use crate::http::{Http, Send};
use crate::problem::Service;
use crate::workshop::Workshop;
use element::elements;

/// The public archive.
pub(crate) const USUAL_URL: &str = "https://archive-api.open-meteo.com/v1/archive";

/// What is asked for, whatever the year.
pub(crate) struct Wish<'a> {
    pub(crate) archive: Address,
    pub(crate) variables: &'a [&'static Variable],
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
}

/// Midnight of the first and the last day of a request; both are of one year.
#[derive(Clone, Copy)]
struct Days {
    first_us: i64,
    last_us: i64,
}

/// Downloads the variables, and returns the names of the finished pieces.
///
/// # Errors
/// When the archive refuses, fails, or answers what was not asked for; finished years are kept for
/// the next run.
pub(crate) fn fetch(
    http: &Http,
    wish: &Wish,
    source: &Source,
    workshop: &Workshop,
) -> anyhow::Result<Vec<String>> {
    let years = years(source.first_us, source.last_us);
    let mut stems = Vec::new();
    for (number, days) in years.iter().enumerate() {
        let stem = stem(wish.variables, *days);
        if !workshop.is_done(&stem) {
            tracing::info!("year {} of {}: {}", number + 1, years.len(), calendar::year(days.first_us));
            let csv = year(http, wish, *days)?;
            workshop.make(&stem, |folder: &Path| {
                write_whole(&folder.join(format!("{stem}.csv")), csv.as_bytes())
            })?;
        }
        stems.push(stem);
    }
    Ok(stems)
}

fn year(http: &Http, wish: &Wish, days: Days) -> anyhow::Result<String> {
    let elements = elements(wish.variables);
    let names: Vec<&str> = elements.iter().map(|element| element.name).collect();
    let query = format!(
        "latitude={}&longitude={}&start_date={}&end_date={}&hourly={}&models=era5&timezone=GMT\
         &timeformat=unixtime&wind_speed_unit=ms",
        wish.latitude_deg,
        wish.longitude_deg,
        format_date(days.first_us),
        format_date(days.last_us),
        names.join(",")
    );
    let address = wish.archive.with_query(&query);
    let document = http.ask(&Service::OpenMeteo, &address, Send::Get)?;
    let answer = answer::read(&document, &elements, days)
        .with_context(|| format!("{} answers what was not asked for", wish.archive.shown()))?;
    Ok(answer.csv(wish.variables))
}

/// The days of each calendar year.
fn years(first_us: i64, last_us: i64) -> Vec<Days> {
    let (first, last) = (calendar::year(first_us), calendar::year(last_us));
    let days = |year: i16| Days {
        first_us: calendar::year_start_us(year).max(first_us),
        last_us: (calendar::year_start_us(year + 1) - DAY_US).min(last_us),
    };
    (first..=last).map(days).collect()
}

/// `open-meteo_t2m_1970`, or with the days of a year that is not whole.
fn stem(variables: &[&'static Variable], days: Days) -> String {
    let names: Vec<&str> = variables.iter().map(|variable| variable.name).collect();
    let year = calendar::year(days.first_us);
    let is_whole = days.first_us == calendar::year_start_us(year)
        && days.last_us == calendar::year_start_us(year + 1) - DAY_US;
    let label = if is_whole {
        format!("{year:04}")
    } else {
        format!("{}_{}", format_date(days.first_us), format_date(days.last_us))
    };
    format!("open-meteo_{}_{label}", names.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_calendar_year_is_a_request() {
        let day = |text| calendar::parse_date(text).unwrap();
        let variables = [Variable::named("t2m").unwrap(), Variable::named("tp").unwrap()];
        let stems: Vec<String> = years(day("1969-11-05"), day("1971-12-31"))
            .into_iter()
            .map(|days| stem(&variables, days))
            .collect();
        assert_eq!(
            stems,
            ["open-meteo_t2m-tp_1969-11-05_1969-12-31", "open-meteo_t2m-tp_1970", "open-meteo_t2m-tp_1971"]
        );
    }
}
