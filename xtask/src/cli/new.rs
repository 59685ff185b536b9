//! The options of `new`. They are texts here: what they may be is checked in one place, whether typed as an option or
//! as an answer.

use clap::Args;

use crate::new::Wishes;

#[derive(Debug, Args)]
pub(crate) struct NewArguments {
    /// The file below pipelines/, without .toml; may be in a folder, such as france/paris.
    pub name: String,
    /// What the pipeline is, in one line.
    #[arg(long)]
    pub title: Option<String>,
    /// Latitude of the place, degrees, north positive.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub latitude: Option<String>,
    /// Longitude of the place, degrees, east positive.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true)]
    pub longitude: Option<String>,
    /// The files of hours: paths, folders or patterns in quotes, relative to the repository.
    #[arg(long, num_args = 1.., value_name = "GLOB")]
    pub files: Vec<String>,
    /// Download ERA5 in place of files: from cds (the Climate Data Store) or open-meteo.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<String>,
    /// The first day of the download, as YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub start: Option<String>,
    /// The last day of the download, as YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub end: Option<String>,
    /// The variable, by its short name in ERA5; t2m if not given.
    #[arg(long, value_name = "NAME")]
    pub variable: Option<String>,
    /// Local standard time, hours ahead of UTC; by the longitude if not given.
    #[arg(long, value_name = "HOURS", allow_negative_numbers = true)]
    pub utc_offset_hours: Option<String>,
    /// The first and the last local year that are used; every whole year if not given.
    #[arg(long, num_args = 2, value_names = ["FIRST", "LAST"])]
    pub years: Vec<String>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
}

impl NewArguments {
    pub(crate) fn wishes(self) -> Wishes {
        Wishes {
            title: self.title,
            latitude: self.latitude,
            longitude: self.longitude,
            files: self.files,
            source: self.source,
            start: self.start,
            end: self.end,
            variable: self.variable,
            utc_offset_hours: self.utc_offset_hours,
            years: (!self.years.is_empty()).then(|| self.years.join(" ")),
        }
    }
}
