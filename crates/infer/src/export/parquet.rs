//! The artifact itself, always in canonical units.

use std::path::Path;

use contract::artifact::column;
use tables::{Column, Table, Values, Writer};

use super::{Part, Series, Sink, derived};

pub(super) struct Parquet {
    series: Series,
    writer: Writer,
}

impl Parquet {
    pub(super) fn create(series: Series, path: &Path) -> anyhow::Result<Parquet> {
        let mut like = table(&series, Part { member: 0, first_hour: 0, values: &[] });
        like.metadata.insert("latitude_deg".to_string(), series.latitude_deg.to_string());
        like.metadata.insert("longitude_deg".to_string(), series.longitude_deg.to_string());
        if let Some(year) = series.target_year {
            like.metadata.insert("target_year".to_string(), year.to_string());
        }
        like.metadata.extend(derived(series.credit.clone()).metadata());
        Ok(Parquet { series, writer: Writer::create(path, &like)? })
    }
}

impl Sink for Parquet {
    fn append(&mut self, part: Part<'_>) -> anyhow::Result<()> {
        self.writer.append(&table(&self.series, part))
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        self.writer.finish()
    }
}

fn table(series: &Series, part: Part<'_>) -> Table {
    let local: Vec<i64> =
        (0..part.values.len()).map(|hour| series.span.local_us(part.first_hour + hour)).collect();
    let utc = local.iter().map(|&local| series.span.offset.to_utc(local)).collect();
    let variable = series.variable;
    Table::new(vec![
        Column::new(column::MEMBER, Values::Int32(vec![part.member; part.values.len()])),
        Column::new(column::TIME, Values::Time(utc)),
        Column::new(column::LOCAL_TIME, Values::LocalTime(local)),
        Column::with_unit(variable.name, variable.canonical_unit, Values::Float32(part.values.to_vec())),
    ])
}
