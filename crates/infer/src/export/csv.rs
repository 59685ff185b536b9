//! CSV: a header, then one line an hour; times in ISO 8601, values with three decimals.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::calendar::format_hour;

use super::{Part, Series, Sink};

pub(super) struct Csv {
    series: Series,
    path: PathBuf,
    file: BufWriter<File>,
}

impl Csv {
    pub(super) fn create(series: Series, path: &Path) -> anyhow::Result<Csv> {
        let failed = || format!("cannot write {}", path.display());
        let mut file = BufWriter::new(File::create(path).with_context(failed)?);
        let unit = series.unit.name;
        writeln!(file, "member,time_utc,local_time,{} [{unit}]", series.variable.name)
            .with_context(failed)?;
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
