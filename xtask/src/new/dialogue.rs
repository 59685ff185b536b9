//! Questions on a terminal, for what no option says. An answer that cannot be used is explained and asked for again.

use std::io::Write;

use contract::calendar::UtcOffset;

use super::answers::{self, Wishes};
use super::plan::VARIABLE;
use crate::failure::{Failure, config};
use crate::interrupt;

/// A normal period of the World Meteorological Organization.
const FIRST_DAY: &str = "1991-01-01";
const LAST_DAY: &str = "2020-12-31";
/// The answer that means files, and no download.
const FILES: &str = "files";
/// The answer that means every whole year.
const ALL: &str = "all";

/// Who is asked.
pub(super) struct Dialogue<'a> {
    /// The next line, or `None` when there is none any more.
    read: Box<dyn FnMut() -> anyhow::Result<Option<String>> + 'a>,
    write: Box<dyn Write + 'a>,
}

impl Dialogue<'static> {
    pub(super) fn on_terminal() -> Dialogue<'static> {
        Dialogue { read: Box::new(read_line), write: Box::new(std::io::stderr()) }
    }
}

/// The next line of standard input; Ctrl-C ends the wait for it.
fn read_line() -> anyhow::Result<Option<String>> {
    let mut input = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd. A signal ends the call, which a read would not: it is started again.
    while unsafe { libc::poll(&mut input, 1, -1) } < 0 {
        interrupt::check().map_err(|_| Failure::NewInterrupted)?;
    }
    let mut line = String::new();
    let bytes = std::io::stdin().read_line(&mut line)?;
    Ok((bytes > 0).then_some(line))
}

/// One question.
struct Question<'a> {
    what: &'a str,
    hint: &'a str,
    /// What an empty answer means; without it, there has to be one.
    usual: Option<&'a str>,
}

impl Dialogue<'_> {
    /// Asks for all that is missing.
    ///
    /// # Errors
    /// When the answers end, or after Ctrl-C.
    pub(super) fn complete(mut self, name: &str, mut wishes: Wishes) -> anyhow::Result<Wishes> {
        writeln!(self.write, "An empty answer takes what is in brackets; Ctrl-C leaves nothing behind.")?;
        let title = Question { what: "Title", hint: "what the pipeline is, in one line", usual: Some(name) };
        self.fill(&mut wishes.title, title, answers::title)?;
        self.origin(name, &mut wishes)?;
        self.place(&mut wishes)?;
        let variable = Question { what: "Variable", hint: "its short name in ERA5", usual: Some(VARIABLE) };
        self.fill(&mut wishes.variable, variable, answers::variable)?;
        self.clock(&mut wishes)?;
        Ok(wishes)
    }

    fn origin(&mut self, name: &str, wishes: &mut Wishes) -> anyhow::Result<()> {
        if wishes.files.is_empty() && wishes.source.is_none() {
            let hint = "where the hours come from: files, or a download from cds (the Climate Data Store) or open-meteo";
            let is_known = |text: &str| match text {
                FILES => Ok(()),
                other => answers::kind(other)
                    .map(drop)
                    .map_err(|_| format!("is {other:?}; wanted files, cds or open-meteo")),
            };
            let answer = self.ask(&Question { what: "Source", hint, usual: Some(FILES) }, is_known)?;
            wishes.source = Some(answer).filter(|answer| answer != FILES);
        }
        let Some(source) = wishes.source.clone() else { return self.files(name, wishes) };
        let kind = answers::kind(&source).map_err(|message| config(format!("--source {message}")))?;
        let start = Question { what: "Start", hint: "the first day", usual: Some(FIRST_DAY) };
        let message = |(_, message): (&str, String)| message;
        self.fill(&mut wishes.start, start, |text| answers::days(kind, text, text).map_err(message))?;
        let end = Question { what: "End", hint: "the last day", usual: Some(LAST_DAY) };
        let start = wishes.start.clone().unwrap_or_default();
        self.fill(&mut wishes.end, end, |text| answers::days(kind, &start, text).map_err(message))
    }

    fn files(&mut self, name: &str, wishes: &mut Wishes) -> anyhow::Result<()> {
        if wishes.files.is_empty() {
            let usual = format!("data/raw/{name}/*.nc");
            let hint = "a path, a folder or a pattern, relative to the repository";
            let question = Question { what: "Files", hint, usual: Some(&usual) };
            wishes.files.push(self.ask(&question, |text| answers::pattern(text).map(drop))?);
        }
        Ok(())
    }

    fn place(&mut self, wishes: &mut Wishes) -> anyhow::Result<()> {
        let hint = "degrees, north positive, such as 48.45";
        let latitude = Question { what: "Latitude", hint, usual: None };
        self.fill(&mut wishes.latitude, latitude, answers::latitude)?;
        let longitude =
            Question { what: "Longitude", hint: "degrees, east positive, such as 5.59", usual: None };
        self.fill(&mut wishes.longitude, longitude, answers::longitude)
    }

    /// The time zone is left open if the answer is the longitude's, as if nothing had been said.
    fn clock(&mut self, wishes: &mut Wishes) -> anyhow::Result<()> {
        let longitude = wishes.longitude.as_deref().and_then(|text| answers::longitude(text).ok());
        let solar = longitude.and_then(UtcOffset::solar).map(|offset| offset.to_string());
        if wishes.utc_offset_hours.is_none() {
            let hint = "local standard time, hours ahead of UTC, without summer time; by the sun it would be";
            let question = Question { what: "Time zone", hint, usual: solar.as_deref() };
            let answer = self.ask(&question, |text| answers::utc_offset(text).map(drop))?;
            wishes.utc_offset_hours = Some(answer).filter(|answer| Some(answer) != solar.as_ref());
        }
        if wishes.years.is_none() {
            let hint = "the first and the last local year, such as 1991 2020, or all that are whole";
            let is_known = |text: &str| if text == ALL { Ok(()) } else { answers::years(text).map(drop) };
            let answer = self.ask(&Question { what: "Years", hint, usual: Some(ALL) }, is_known)?;
            wishes.years = Some(answer).filter(|answer| answer != ALL);
        }
        Ok(())
    }

    /// Asks, if nothing was said.
    fn fill<T>(
        &mut self,
        said: &mut Option<String>,
        question: Question,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<()> {
        if said.is_none() {
            *said = Some(self.ask(&question, |text| parse(text).map(drop))?);
        }
        Ok(())
    }

    /// Asks until there is an answer that can be used.
    fn ask(
        &mut self,
        question: &Question,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> anyhow::Result<String> {
        let Question { what, hint, usual } = question;
        let brackets = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
        loop {
            write!(self.write, "{what}, {hint}{brackets}: ")?;
            self.write.flush()?;
            let Some(line) = (self.read)()? else {
                return Err(config("the answers ended before the questions; nothing was written"));
            };
            let answer = match (line.trim(), usual) {
                ("", Some(usual)) => usual,
                (answer, _) => answer,
            };
            match check(answer) {
                Ok(()) => return Ok(answer.to_string()),
                Err(message) => writeln!(self.write, "  {what} {message}")?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these answers, and what was asked.
    fn check(wishes: Wishes, lines: &[&str]) -> (anyhow::Result<Wishes>, String) {
        let (mut lines, mut asked) = (lines.iter(), Vec::new());
        let read = || Ok(lines.next().map(|line| format!("{line}\n")));
        let dialogue = Dialogue { read: Box::new(read), write: Box::new(&mut asked) };
        let answers = dialogue.complete("paris", wishes);
        (answers, String::from_utf8(asked).unwrap())
    }

    #[test]
    fn an_answer_that_cannot_be_used_is_explained_and_asked_for_again() {
        let lines = ["", "", "", "91", "48.86", "", "2.35", "t2n", "", "", "2020 1991", "1991 2020"];
        let (answers, asked) = check(Wishes::default(), &lines);
        let answers = answers.unwrap();
        let text = |value: &str| Some(value.to_string());
        assert_eq!((answers.title, answers.source), (text("paris"), None));
        assert_eq!(answers.files, ["data/raw/paris/*.nc"]);
        assert_eq!((answers.latitude, answers.longitude), (text("48.86"), text("2.35")));
        assert_eq!((answers.utc_offset_hours, answers.years), (None, text("1991 2020")));
        for said in [
            "Title, what the pipeline is, in one line [paris]: ",
            "\n  Latitude is \"91\"; wanted -90 to 90 degrees, north positive\n",
            "  Longitude is \"\"; wanted -180 to 360 degrees, east positive\n",
            "did you mean \"t2m\"?\n",
            "by the sun it would be [+00:00]: ",
            "  Years is \"2020 1991\"; wanted the first and the last local year, such as 1991 2020\n",
        ] {
            let asked = asked.replace(": ", ": \n");
            assert!(asked.contains(&said.replace(": ", ": \n")), "{said:?} is not in {asked}");
        }
    }

    #[test]
    fn only_what_no_option_says_is_asked() {
        let wishes = Wishes {
            title: Some("Paris".to_string()),
            latitude: Some("48.86".to_string()),
            longitude: Some("2.35".to_string()),
            variable: Some("t2m".to_string()),
            years: Some("1991 2020".to_string()),
            ..Wishes::default()
        };
        let (answers, asked) = check(wishes, &["cds", "1939-01-01", "", "2019-12-31", "1"]);
        let answers = answers.unwrap();
        assert_eq!((answers.source.as_deref(), answers.start.as_deref()), (Some("cds"), Some("1991-01-01")));
        assert_eq!(
            (answers.end.as_deref(), answers.utc_offset_hours.as_deref()),
            (Some("2019-12-31"), Some("1"))
        );
        assert_eq!(asked.matches("]: ").count(), 5);
    }

    #[test]
    fn answers_that_end_too_early_are_refused() {
        let (answers, _) = check(Wishes::default(), &["", ""]);
        assert_eq!(
            answers.unwrap_err().to_string(),
            "the answers ended before the questions; nothing was written"
        );
    }
}
