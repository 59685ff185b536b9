//! The wishes, checked: everything that the file says.

use contract::calendar::UtcOffset;
use contract::source::SourceTable;
use contract::variable::Variable;

use super::answers::{self, Wishes};

/// What the file says.
#[derive(Debug)]
pub(super) struct Plan {
    pub name: String,
    pub title: String,
    pub origin: Origin,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    pub variable: &'static Variable,
    pub utc_offset: UtcOffset,
    /// True if it is the longitude's, and nobody has said so.
    pub is_solar: bool,
    /// First and last local year; `None` for every whole one.
    pub years: Option<(i16, i16)>,
}

/// Where the hours come from.
#[derive(Debug)]
pub(super) enum Origin {
    Files(Vec<String>),
    Download(SourceTable),
}

/// The variable of a plan that names none.
pub(super) const VARIABLE: &str = "t2m";

impl Plan {
    /// # Errors
    /// A sentence that names the options that are missing, or the first whose value cannot be used.
    pub(super) fn of(name: &str, wishes: &Wishes) -> Result<Plan, String> {
        refuse_contradictions(wishes)?;
        refuse_gaps(wishes)?;
        let title = wishes.title.as_deref().unwrap_or(name);
        let longitude_deg = of_option("longitude", wishes.longitude.as_deref(), answers::longitude)?;
        let said = wishes.utc_offset_hours.as_deref();
        let utc_offset = match said {
            Some(_) => of_option("utc-offset-hours", said, answers::utc_offset)?,
            None => UtcOffset::solar(longitude_deg).ok_or("the longitude has no solar time")?,
        };
        let years = wishes.years.as_deref();
        Ok(Plan {
            name: name.to_string(),
            title: of_option("title", Some(title), answers::title)?,
            origin: origin(wishes)?,
            latitude_deg: of_option("latitude", wishes.latitude.as_deref(), answers::latitude)?,
            longitude_deg,
            variable: of_option(
                "variable",
                Some(wishes.variable.as_deref().unwrap_or(VARIABLE)),
                answers::variable,
            )?,
            utc_offset,
            is_solar: said.is_none(),
            years: years.map(|_| of_option("years", years, answers::years)).transpose()?,
        })
    }
}

fn of_option<T>(
    option: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, String> {
    parse(text.unwrap_or_default()).map_err(|message| format!("--{option} {message}"))
}

fn origin(wishes: &Wishes) -> Result<Origin, String> {
    if wishes.source.is_none() {
        let files = wishes.files.iter().map(|file| of_option("files", Some(file), answers::pattern));
        return Ok(Origin::Files(files.collect::<Result<_, _>>()?));
    }
    let kind = of_option("source", wishes.source.as_deref(), answers::kind)?;
    let (start, end) =
        (wishes.start.as_deref().unwrap_or_default(), wishes.end.as_deref().unwrap_or_default());
    let table =
        answers::days(kind, start, end).map_err(|(option, message)| format!("--{option} {message}"))?;
    Ok(Origin::Download(table))
}

fn refuse_contradictions(wishes: &Wishes) -> Result<(), String> {
    if !wishes.files.is_empty() && wishes.source.is_some() {
        return Err("--files and --source are both given; wanted one of them".to_string());
    }
    for (option, value) in [("start", &wishes.start), ("end", &wishes.end)] {
        if value.is_some() && !wishes.files.is_empty() {
            return Err(format!(
                "--{option} is only for --source; of --files, --years says which years are used"
            ));
        }
    }
    Ok(())
}

/// Names all options that are missing at once.
fn refuse_gaps(wishes: &Wishes) -> Result<(), String> {
    let mut missing = Vec::new();
    let mut want = |is_missing: bool, option: &'static str| missing.extend(is_missing.then_some(option));
    want(wishes.latitude.is_none(), "--latitude DEGREES");
    want(wishes.longitude.is_none(), "--longitude DEGREES");
    let is_download = wishes.source.is_some();
    want(
        wishes.files.is_empty() && !is_download,
        "--files GLOB... (or --source cds|open-meteo --start DAY --end DAY)",
    );
    want(is_download && wishes.start.is_none(), "--start DAY");
    want(is_download && wishes.end.is_none(), "--end DAY");
    match missing.as_slice() {
        [] => Ok(()),
        missing => {
            Err(format!("this is no terminal, so nothing can be asked; missing: {}", missing.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(latitude: &str, longitude: &str) -> Wishes {
        Wishes {
            latitude: Some(latitude.to_string()),
            longitude: Some(longitude.to_string()),
            files: vec!["data/x.nc".to_string()],
            ..Wishes::default()
        }
    }

    fn refused(wishes: &Wishes) -> String {
        Plan::of("paris", wishes).unwrap_err()
    }

    #[test]
    fn what_is_missing_is_named_with_its_options() {
        assert_eq!(
            refused(&Wishes::default()),
            "this is no terminal, so nothing can be asked; missing: --latitude DEGREES, --longitude DEGREES, --files \
             GLOB... (or --source cds|open-meteo --start DAY --end DAY)"
        );
        let source = Wishes { files: Vec::new(), source: Some("cds".to_string()), ..wishes("1", "2") };
        assert_eq!(
            refused(&source),
            "this is no terminal, so nothing can be asked; missing: --start DAY, --end DAY"
        );
    }

    #[test]
    fn options_that_contradict_each_other_are_named() {
        let both = Wishes { source: Some("cds".to_string()), ..wishes("1", "2") };
        assert_eq!(refused(&both), "--files and --source are both given; wanted one of them");
        let start = Wishes { start: Some("1990-01-01".to_string()), ..wishes("1", "2") };
        assert_eq!(
            refused(&start),
            "--start is only for --source; of --files, --years says which years are used"
        );
    }

    #[test]
    fn an_option_that_cannot_be_used_is_named() {
        assert_eq!(
            refused(&wishes("91", "2")),
            "--latitude is \"91\"; wanted -90 to 90 degrees, north positive"
        );
        assert_eq!(
            refused(&wishes("1", "361")),
            "--longitude is \"361\"; wanted -180 to 360 degrees, east positive"
        );
        let source = Wishes {
            files: Vec::new(),
            source: Some("cda".to_string()),
            start: Some("1990".to_string()),
            end: Some("1999-12-31".to_string()),
            ..wishes("1", "2")
        };
        assert_eq!(
            refused(&source),
            "--source is \"cda\"; wanted cds (the Climate Data Store) or open-meteo"
        );
        let start = Wishes { source: Some("cds".to_string()), ..source };
        assert_eq!(refused(&start), "--start is \"1990\"; wanted a day such as \"1990-01-01\"");
    }

    #[test]
    fn the_time_is_the_suns_unless_another_is_said() {
        let plan = Plan::of("paris", &wishes("48.86", "2.35")).unwrap();
        assert_eq!((plan.utc_offset.to_string().as_str(), plan.is_solar), ("+00:00", true));
        let said = Wishes { utc_offset_hours: Some("1".to_string()), ..wishes("48.86", "2.35") };
        let plan = Plan::of("paris", &said).unwrap();
        assert_eq!((plan.utc_offset.to_string().as_str(), plan.is_solar), ("+01:00", false));
        assert_eq!((plan.title.as_str(), plan.variable.name), ("paris", "t2m"));
    }
}
