//! What the user wants, as texts, and what each of them may be. An error is the end of a sentence that begins with
//! what was asked for: an option, or a question.

use contract::calendar::UtcOffset;
use contract::source::{Dataset, Kind, SourceTable};
use contract::variable::{self, Variable};

/// What options, and then answers, say; `None` where nothing was said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub title: Option<String>,
    pub latitude: Option<String>,
    pub longitude: Option<String>,
    pub files: Vec<String>,
    pub source: Option<String>,
    pub start: Option<String>,
    pub end: Option<String>,
    pub variable: Option<String>,
    pub utc_offset_hours: Option<String>,
    /// Two years.
    pub years: Option<String>,
}

/// Degrees, north positive.
pub(super) fn latitude(text: &str) -> Result<f64, String> {
    degrees(text, -90.0..=90.0, "north")
}

/// Degrees, east positive.
pub(super) fn longitude(text: &str) -> Result<f64, String> {
    degrees(text, -180.0..=360.0, "east")
}

fn degrees(text: &str, range: std::ops::RangeInclusive<f64>, positive: &str) -> Result<f64, String> {
    let value = text.trim().parse::<f64>().ok().filter(|value| range.contains(value));
    let (least, most) = range.into_inner();
    value.ok_or_else(|| format!("is {text:?}; wanted {least} to {most} degrees, {positive} positive"))
}

/// Hours ahead of UTC, or an offset as the pipeline file has it.
pub(super) fn utc_offset(text: &str) -> Result<UtcOffset, String> {
    let wanted = || format!("is {text:?}; wanted the hours ahead of UTC, such as -7 or 5.5, at most 14");
    if let Ok(offset) = text.trim().parse::<UtcOffset>() {
        return Ok(offset);
    }
    let minutes = text.trim().parse::<f64>().map_err(|_| wanted())? * 60.0;
    let is_whole = minutes.fract() == 0.0 && minutes.abs() <= 14.0 * 60.0;
    is_whole.then(|| UtcOffset::from_minutes(minutes as i32)).flatten().ok_or_else(wanted)
}

/// The first and the last year.
pub(super) fn years(text: &str) -> Result<(i16, i16), String> {
    let wanted = || format!("is {text:?}; wanted the first and the last local year, such as 1991 2020");
    let years: Vec<i16> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| wanted())?;
    match years.as_slice() {
        &[first, last] if 1 <= first && first <= last && last <= 9999 => Ok((first, last)),
        _ => Err(wanted()),
    }
}

/// Where ERA5 is downloaded from.
pub(super) fn kind(text: &str) -> Result<Kind, String> {
    match text.trim() {
        "cds" => Ok(Kind::Cds),
        "open-meteo" => Ok(Kind::OpenMeteo),
        _ => Err(format!("is {text:?}; wanted cds (the Climate Data Store) or open-meteo")),
    }
}

/// The variable of that short name.
pub(super) fn variable(text: &str) -> Result<&'static Variable, String> {
    let checked = variable::checked("", &[text.trim().to_string()]).map_err(|fault| fault.message)?;
    checked.first().copied().ok_or_else(|| "is empty".to_string())
}

/// Days of a download, as `fetch` takes them.
///
/// # Errors
/// The option or question at fault, `start` or `end`, and what is wrong.
pub(super) fn days(kind: Kind, start: &str, end: &str) -> Result<SourceTable, (&'static str, String)> {
    let dataset: Option<Dataset> = None;
    let (start, end) = (start.trim().to_string(), end.trim().to_string());
    let table = SourceTable { kind, start, end, dataset, format: None, url: None };
    match table.clone().check() {
        Ok(_) => Ok(table),
        Err(fault) if fault.key.ends_with("start") => Err(("start", fault.message)),
        Err(fault) => Err(("end", fault.message)),
    }
}

/// A pattern of files; whether any is there is another matter.
pub(super) fn pattern(text: &str) -> Result<String, String> {
    match glob::Pattern::new(text.trim()) {
        _ if text.trim().is_empty() => Err("is empty; wanted a path, a folder or a pattern".to_string()),
        Ok(_) => Ok(text.trim().to_string()),
        Err(error) => Err(format!("is {text:?}, which is no pattern: {}", error.msg)),
    }
}

/// One line of text.
pub(super) fn title(text: &str) -> Result<String, String> {
    match text.trim() {
        line if line.is_empty() || line.contains(char::is_control) => {
            Err(format!("is {text:?}; wanted one line of text"))
        }
        line => Ok(line.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(longitude_deg: f64) -> String {
        UtcOffset::solar(longitude_deg).unwrap().to_string()
    }

    #[test]
    fn the_sun_is_an_hour_earlier_for_each_fifteen_degrees_east() {
        // Greenwich, La Haute Borne, Delhi, Phoenix twice, and both sides of the date line.
        assert_eq!([0.0, 5.59, 77.2].map(offset), ["+00:00", "+00:00", "+05:00"]);
        assert_eq!([-112.05, 247.95].map(offset), ["-07:00", "-07:00"]);
        assert_eq!([180.0, -180.0, 360.0].map(offset), ["+12:00", "-12:00", "+00:00"]);
    }

    #[test]
    fn offsets_are_hours_or_written_as_in_the_file() {
        for (text, wanted) in [("-7", "-07:00"), ("5.5", "+05:30"), ("5.75", "+05:45"), ("+05:30", "+05:30")]
        {
            assert_eq!(utc_offset(text).unwrap().to_string(), wanted);
        }
        for text in ["15", "0.123", "nan", "Paris", ""] {
            assert_eq!(
                utc_offset(text).unwrap_err(),
                format!("is {text:?}; wanted the hours ahead of UTC, such as -7 or 5.5, at most 14")
            );
        }
    }

    #[test]
    fn what_cannot_be_used_says_what_could() {
        assert_eq!(latitude("91").unwrap_err(), "is \"91\"; wanted -90 to 90 degrees, north positive");
        assert_eq!(longitude("5 E").unwrap_err(), "is \"5 E\"; wanted -180 to 360 degrees, east positive");
        assert_eq!(latitude("nan").unwrap_err(), "is \"nan\"; wanted -90 to 90 degrees, north positive");
        let wanted = "wanted the first and the last local year, such as 1991 2020";
        for text in ["2020 1991", "1991", "0 5", "1991-2020"] {
            assert_eq!(years(text).unwrap_err(), format!("is {text:?}; {wanted}"));
        }
        assert_eq!(
            variable("t2n").unwrap_err(),
            "has \"t2n\"; wanted t2m, d2m, u10, v10, u100, v100, sp, msl, ssrd, tp; did you mean \"t2m\"?"
        );
        assert_eq!(title("a\nb").unwrap_err(), "is \"a\\nb\"; wanted one line of text");
        assert!(pattern("data/[").unwrap_err().starts_with("is \"data/[\", which is no pattern: "));
        assert_eq!(
            days(Kind::Cds, "1939-01-01", "1950-01-01").unwrap_err(),
            ("start", "is \"1939-01-01\"; wanted 1940-01-01, the first day of ERA5, or later".to_string())
        );
        assert_eq!(
            days(Kind::Cds, "1950-01-01", "1940-01-01").unwrap_err(),
            ("end", "is \"1940-01-01\"; wanted \"1950-01-01\", its start, or later".to_string())
        );
    }
}
