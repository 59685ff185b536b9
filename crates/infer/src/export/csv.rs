//! CSV: a header, then one line an hour; times in ISO 8601, values with three decimals. Beside it a description of it
//! ([`csvw`]).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::calendar::format_hour;

use super::{Part, Series, Sink, csvw, derived};

pub(super) struct Csv {
    series: Series,
    path: PathBuf,
    file: BufWriter<File>,
}

impl Csv {
    pub(super) fn create(series: Series, path: &Path) -> anyhow::Result<Csv> {
        let failed = || format!("cannot write {}", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(failed)?);
        let columns = columns(&series);
        let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
        writeln!(file, "{}", titles.join(",")).with_context(failed)?;
        csvw::write(path, &series.title(), &columns, &derived(series.credit.clone()))?;
        Ok(Csv { series, path: path.to_path_buf(), file })
    }

    fn write(&mut self, part: Part<'_>) -> std::io::Result<()> {
        let span = self.series.span;
        for (i, &value) in part.values.iter().enumerate() {
            let local = span.local_us(part.first_hour + i);
            let value = self.series.unit.from_canonical(f64::from(value));
            let (utc, local) = (format_hour(span.offset.to_utc(local)), format_hour(local));
            writeln!(self.file, "{},{utc}Z,{local},{value:.3}", part.member)?;
        }
        Ok(())
    }
}

fn columns(series: &Series) -> Vec<csvw::Column> {
    let column = |name: &str, kind| csvw::Column::new(name, kind, None);
    vec![
        column("member", csvw::Kind::Integer),
        column("time_utc", csvw::Kind::TimeUtc),
        column("local_time", csvw::Kind::LocalTime),
        csvw::Column::new(series.variable.name, csvw::Kind::Number, Some(series.unit.name)),
    ]
}

impl Sink for Csv {
    fn append(&mut self, part: Part<'_>) -> anyhow::Result<()> {
        self.write(part).with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        let failed = format!("cannot write {}", self.path.display());
        let file = self.file.into_inner().context(failed.clone())?;
        file.sync_all().context(failed)
    }
}
