//! What is asked for, in pieces that the store's limit allows: each with its variables and days, the
//! request's inputs, and the name of its file.

use contract::calendar::{self, DAY_US, format_date};
use contract::source::{Dataset, FileFormat, Source};
use contract::variable::{Sampling, Variable};
use serde_json::{Value, json};

use super::area::{cell, days, within_180};

/// The place and the form of the files; the same for every piece.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) dataset: Dataset,
    pub(crate) format: FileFormat,
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) variables: Vec<&'static Variable>,
    pub(crate) days: Days,
}

/// The days of a piece. The gridded dataset takes lists of years, months and days and combines each
/// with each, so that its pieces are whole months of one year, or days of one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Days {
    /// Midnight of the first and of the last day.
    Span { first_us: i64, last_us: i64 },
    /// Whole months, from 1.
    Months { year: i16, first: i8, last: i8 },
    /// Days of a month, from 1.
    OfMonth { year: i16, month: i8, first: i8, last: i8 },
}

/// The pieces to begin with: all of it from the dataset of time series; from the gridded one a piece
/// a year (and for the rest of a month), instantaneous and accumulated variables apart, because
/// together they come as an archive of several files.
pub(crate) fn pieces(dataset: Dataset, variables: &[&'static Variable], source: &Source) -> Vec<Piece> {
    let (first_us, last_us) = (source.first_us, source.last_us);
    match dataset {
        Dataset::Timeseries => {
            vec![Piece { variables: variables.to_vec(), days: Days::Span { first_us, last_us } }]
        }
        Dataset::Gridded => {
            let of = |sampling| -> Vec<&'static Variable> {
                variables.iter().copied().filter(|variable| variable.sampling == sampling).collect()
            };
            let groups = [of(Sampling::Instantaneous), of(Sampling::HourBefore)];
            let spans = calendar_spans(first_us, last_us);
            let pieces_of = |group: Vec<&'static Variable>| -> Vec<Piece> {
                let piece = |days: &Days| Piece { variables: group.clone(), days: *days };
                if group.is_empty() { Vec::new() } else { spans.iter().map(piece).collect() }
            };
            groups.into_iter().flat_map(pieces_of).collect()
        }
    }
}

/// The days from the first to the last as whole months of a year where possible.
fn calendar_spans(first_us: i64, last_us: i64) -> Vec<Days> {
    let mut spans = Vec::new();
    let mut from_us = first_us;
    while from_us <= last_us {
        let from = calendar::civil(from_us);
        let end_us = calendar::year_start_us(from.year + 1) - DAY_US;
        let to_us = end_us.min(last_us);
        let to = calendar::civil(to_us);
        let month_end = |month: i8| month_start_us(from.year, month + 1) - DAY_US;
        let (mut first_month, mut last_month) = (from.month, to.month);
        let mut tail = None;
        if from.day > 1 {
            let last = calendar::civil(month_end(from.month).min(to_us)).day;
            let (year, month) = (from.year, from.month);
            spans.push(Days::OfMonth { year, month, first: from.day, last });
            first_month += 1;
        }
        if first_month <= last_month && to_us < month_end(to.month) {
            tail = Some(Days::OfMonth { year: to.year, month: to.month, first: 1, last: to.day });
            last_month -= 1;
        }
        if first_month <= last_month {
            spans.push(Days::Months { year: from.year, first: first_month, last: last_month });
        }
        spans.extend(tail);
        from_us = to_us + DAY_US;
    }
    spans
}

/// Midnight of the first day of a month; month 13 is the next January.
fn month_start_us(year: i16, month: i8) -> i64 {
    let (year, month) = if month > 12 { (year + 1, 1) } else { (year, month) };
    calendar::parse_date(&format!("{year:04}-{month:02}-01")).unwrap_or_else(|| calendar::year_start_us(year))
}

impl Days {
    /// Midnight of the first and of the last day.
    pub(crate) fn bounds_us(self) -> (i64, i64) {
        match self {
            Days::Span { first_us, last_us } => (first_us, last_us),
            Days::Months { year, first, last } => {
                (month_start_us(year, first), month_start_us(year, last + 1) - DAY_US)
            }
            Days::OfMonth { year, month, first, last } => {
                let start_us = month_start_us(year, month) - DAY_US;
                (start_us + i64::from(first) * DAY_US, start_us + i64::from(last) * DAY_US)
            }
        }
    }

    /// Two halves, or `None` for what cannot be halved: a span where a year begins if it can, months
    /// between months.
    fn halves(self) -> Option<[Days; 2]> {
        match self {
            Days::Span { first_us, last_us } if first_us < last_us => {
                let middle_us = first_us + days(first_us, last_us) / 2 * DAY_US;
                let year_us = calendar::year_start_us(calendar::year(middle_us));
                let next_us = calendar::year_start_us(calendar::year(middle_us) + 1);
                let second_us = if year_us > first_us {
                    year_us
                } else if next_us <= last_us {
                    next_us
                } else {
                    middle_us
                };
                Some([
                    Days::Span { first_us, last_us: second_us - DAY_US },
                    Days::Span { first_us: second_us, last_us },
                ])
            }
            Days::Months { year, first, last } if first < last => {
                let middle = first + (last - first + 1) / 2;
                Some([
                    Days::Months { year, first, last: middle - 1 },
                    Days::Months { year, first: middle, last },
                ])
            }
            Days::Months { year, first: month, .. } => {
                let last = calendar::civil(month_start_us(year, month + 1) - DAY_US).day;
                Days::OfMonth { year, month, first: 1, last }.halves()
            }
            Days::OfMonth { year, month, first, last } if first < last => {
                let middle = first + (last - first + 1) / 2;
                Some([
                    Days::OfMonth { year, month, first, last: middle - 1 },
                    Days::OfMonth { year, month, first: middle, last },
                ])
            }
            Days::Span { .. } | Days::OfMonth { .. } => None,
        }
    }

    /// `1970` for a year, `1970-01-01_1970-06-30` for other days.
    pub(crate) fn label(self) -> String {
        match self {
            Days::Months { year, first: 1, last: 12 } => format!("{year:04}"),
            _ => {
                let (first_us, last_us) = self.bounds_us();
                format!("{}_{}", format_date(first_us), format_date(last_us))
            }
        }
    }
}

impl Piece {
    /// Two smaller pieces, or `None` for a single day.
    pub(crate) fn halves(&self) -> Option<[Piece; 2]> {
        let halves = self.days.halves()?;
        Some(halves.map(|days| Piece { variables: self.variables.clone(), days }))
    }

    /// The name of its file without an extension: `era5_2m_temperature_1970`.
    pub(crate) fn stem(&self, dataset: Dataset) -> String {
        let what = match self.variables.as_slice() {
            [one] => one.cds_name.to_string(),
            several => several.iter().map(|variable| variable.name).collect::<Vec<_>>().join("-"),
        };
        let label = self.days.label();
        match dataset {
            Dataset::Timeseries => format!("era5_timeseries_{what}_{label}"),
            Dataset::Gridded => format!("era5_{what}_{label}"),
        }
    }

    /// The `inputs` of its request.
    pub(crate) fn inputs(&self, wish: &Wish) -> Value {
        let variables: Vec<&str> = self.variables.iter().map(|variable| variable.cds_name).collect();
        let (first_us, last_us) = self.days.bounds_us();
        if wish.dataset == Dataset::Timeseries {
            let format = match wish.format {
                FileFormat::Netcdf => "netcdf",
                FileFormat::Csv => "csv",
            };
            return json!({
                "variable": variables,
                "location": {
                    "latitude": wish.latitude_deg,
                    "longitude": within_180(wish.longitude_deg),
                },
                "date": [format!("{}/{}", format_date(first_us), format_date(last_us))],
                "data_format": format,
            });
        }
        let (first, last) = (calendar::civil(first_us), calendar::civil(last_us));
        let two_digits =
            |from: i8, to: i8| (from..=to).map(|number| format!("{number:02}")).collect::<Vec<_>>();
        // Days that a month does not have are passed over by the store.
        let day = match self.days {
            Days::Months { .. } => two_digits(1, 31),
            Days::Span { .. } | Days::OfMonth { .. } => two_digits(first.day, last.day),
        };
        let time: Vec<String> = (0..24).map(|hour| format!("{hour:02}:00")).collect();
        json!({
            "product_type": ["reanalysis"],
            "variable": variables,
            "year": [format!("{:04}", first.year)],
            "month": two_digits(first.month, last.month),
            "day": day,
            "time": time,
            "area": cell(wish.latitude_deg, wish.longitude_deg),
            "data_format": "netcdf",
            "download_format": "unarchived",
        })
    }

    /// What the store counts a request by: variables, months, days. The hours, the year and the place
    /// do not change it.
    pub(crate) fn shape(&self) -> (usize, i8, i8) {
        let (first_us, last_us) = self.days.bounds_us();
        let (first, last) = (calendar::civil(first_us), calendar::civil(last_us));
        match self.days {
            Days::Months { first, last, .. } => (self.variables.len(), last - first + 1, 31),
            Days::Span { .. } | Days::OfMonth { .. } => (self.variables.len(), 1, last.day - first.day + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::source::Provider;
    use proptest::prelude::*;

    use super::*;

    fn variables(names: &[&str]) -> Vec<&'static Variable> {
        names.iter().map(|name| Variable::named(name).unwrap()).collect()
    }

    fn source(dataset: Dataset, first: &str, last: &str) -> Source {
        let day = |text| calendar::parse_date(text).unwrap();
        let provider = Provider::Cds { dataset, format: FileFormat::Netcdf };
        Source { provider, first_us: day(first), last_us: day(last) }
    }

    fn stems(dataset: Dataset, names: &[&str], first: &str, last: &str) -> Vec<String> {
        let pieces = pieces(dataset, &variables(names), &source(dataset, first, last));
        pieces.iter().map(|piece| piece.stem(dataset)).collect()
    }

    fn wish(dataset: Dataset) -> Wish {
        Wish { dataset, format: FileFormat::Csv, latitude_deg: 33.45, longitude_deg: 247.93 }
    }

    #[test]
    fn time_series_are_asked_for_at_once() {
        let names = ["t2m", "tp"];
        assert_eq!(
            stems(Dataset::Timeseries, &names, "1970-01-01", "2020-12-31"),
            ["era5_timeseries_t2m-tp_1970-01-01_2020-12-31"]
        );
        let whole = &pieces(
            Dataset::Timeseries,
            &variables(&names),
            &source(Dataset::Timeseries, "1970-01-01", "2020-12-31"),
        )[0];
        let inputs = json!({
            "variable": ["2m_temperature", "total_precipitation"],
            "location": {"latitude": 33.45, "longitude": within_180(247.93)},
            "date": ["1970-01-01/2020-12-31"],
            "data_format": "csv",
        });
        assert_eq!(whole.inputs(&wish(Dataset::Timeseries)), inputs);
    }

    #[test]
    fn the_grid_is_asked_for_by_year_with_accumulations_apart() {
        assert_eq!(
            stems(Dataset::Gridded, &["t2m", "tp", "u10"], "1970-03-15", "1972-02-10"),
            [
                "era5_t2m-u10_1970-03-15_1970-03-31",
                "era5_t2m-u10_1970-04-01_1970-12-31",
                "era5_t2m-u10_1971",
                "era5_t2m-u10_1972-01-01_1972-01-31",
                "era5_t2m-u10_1972-02-01_1972-02-10",
                "era5_total_precipitation_1970-03-15_1970-03-31",
                "era5_total_precipitation_1970-04-01_1970-12-31",
                "era5_total_precipitation_1971",
                "era5_total_precipitation_1972-01-01_1972-01-31",
                "era5_total_precipitation_1972-02-01_1972-02-10",
            ]
        );
        assert_eq!(
            stems(Dataset::Gridded, &["t2m"], "1970-02-10", "1970-02-20"),
            ["era5_2m_temperature_1970-02-10_1970-02-20"]
        );
    }

    #[test]
    fn a_request_for_the_grid_names_every_list() {
        let days = Days::OfMonth { year: 1970, month: 2, first: 9, last: 11 };
        let inputs = Piece { variables: variables(&["t2m"]), days }.inputs(&wish(Dataset::Gridded));
        assert_eq!(inputs["year"], json!(["1970"]));
        assert_eq!(inputs["month"], json!(["02"]));
        assert_eq!(inputs["day"], json!(["09", "10", "11"]));
        assert_eq!(inputs["time"].as_array().unwrap().len(), 24);
        assert_eq!(inputs["area"], json!([33.5, -112.25, 33.25, -112.0]));
        assert_eq!(inputs["download_format"], "unarchived");
    }

    #[test]
    fn years_become_half_years_quarters_months_and_days() {
        let mut labels = Vec::new();
        let mut days = Days::Months { year: 2020, first: 1, last: 12 };
        while let Some([first, second]) = days.halves() {
            labels.push(first.label());
            days = second;
        }
        assert_eq!(
            labels,
            [
                "2020-01-01_2020-06-30",
                "2020-07-01_2020-09-30",
                "2020-10-01_2020-10-31",
                "2020-11-01_2020-11-30",
                "2020-12-01_2020-12-15",
                "2020-12-16_2020-12-23",
                "2020-12-24_2020-12-27",
                "2020-12-28_2020-12-29",
                "2020-12-30_2020-12-30",
            ]
        );
        let span = Days::Span {
            first_us: calendar::year_start_us(1970),
            last_us: calendar::year_start_us(2021) - DAY_US,
        };
        let halves = span.halves().unwrap().map(Days::label);
        assert_eq!(halves, ["1970-01-01_1994-12-31", "1995-01-01_2020-12-31"]);
    }

    /// Every day that the request of a piece stands for, by its lists.
    fn days_asked_for(piece: &Piece) -> Vec<i64> {
        let inputs = piece.inputs(&wish(Dataset::Gridded));
        let list = |name: &str| -> Vec<String> {
            inputs[name].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect()
        };
        let mut found = Vec::new();
        for year in list("year") {
            for month in list("month") {
                for day in list("day") {
                    found.extend(calendar::parse_date(&format!("{year}-{month}-{day}")));
                }
            }
        }
        found
    }

    /// Halves pieces until each costs at most `limit`.
    fn split(pieces: Vec<Piece>, limit: i64) -> Vec<Piece> {
        let mut left: Vec<Piece> = pieces.into_iter().rev().collect();
        let mut fitting = Vec::new();
        while let Some(piece) = left.pop() {
            let (_, months, days) = piece.shape();
            if i64::from(months) * i64::from(days) <= limit {
                fitting.push(piece);
            } else {
                let [first, second] = piece.halves().unwrap();
                left.extend([second, first]);
            }
        }
        fitting
    }

    proptest! {
        #[test]
        fn pieces_cover_each_day_once_and_keep_the_limit(
            first in -7000_i64..20_000, length in 1_i64..2500, limit in 1_i64..400,
        ) {
            let (first_us, last_us) = (first * DAY_US, (first + length - 1) * DAY_US);
            let provider = Provider::Cds { dataset: Dataset::Gridded, format: FileFormat::Netcdf };
            let source = Source { provider, first_us, last_us };
            let pieces = split(pieces(Dataset::Gridded, &variables(&["t2m"]), &source), limit);
            let asked: Vec<i64> = pieces.iter().flat_map(days_asked_for).collect();
            let wanted: Vec<i64> = (first..first + length).map(|day| day * DAY_US).collect();
            prop_assert_eq!(asked, wanted);
            for piece in &pieces {
                let (_, months, days) = piece.shape();
                prop_assert!(i64::from(months) * i64::from(days) <= limit);
            }
            let mut stems: Vec<String> = pieces.iter().map(|piece| piece.stem(Dataset::Gridded)).collect();
            stems.sort();
            stems.dedup();
            prop_assert_eq!(stems.len(), pieces.len());
        }

        #[test]
        fn halves_of_a_span_are_the_span(first in -7000_i64..20_000, length in 2_i64..20_000) {
            let (first_us, last_us) = (first * DAY_US, (first + length - 1) * DAY_US);
            let [one, two] = Days::Span { first_us, last_us }.halves().unwrap().map(Days::bounds_us);
            prop_assert_eq!((one.0, two.1), (first_us, last_us));
            prop_assert!(one.0 <= one.1 && two.0 <= two.1);
            prop_assert_eq!(two.0, one.1 + DAY_US);
        }
    }
}
