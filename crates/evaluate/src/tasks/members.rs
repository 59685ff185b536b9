//! The columns of an ensemble in a table: `member_0`, `member_1`, ....

use anyhow::ensure;
use contract::artifact::column;
use tables::Table;

use super::document::Spread;
use super::ensemble::Ensemble;
use crate::curves::hundredth;

/// The members, each with its rows.
pub(crate) struct Members<'a>(Vec<&'a [f32]>);

impl Members<'_> {
    /// # Errors
    /// When there are fewer than two, or a value is missing.
    pub(crate) fn of(table: &Table) -> anyhow::Result<Members<'_>> {
        let is_there = |name: &String| table.columns.iter().any(|column| column.name == *name);
        let names: Vec<String> = (0..).map(column::member).take_while(is_there).collect();
        ensure!(names.len() > 1, "it has {} members, at least 2 are wanted", names.len());
        let columns: Vec<&[f32]> =
            names.iter().map(|name| table.f32s(name)).collect::<anyhow::Result<_>>()?;
        for (name, values) in names.iter().zip(&columns) {
            let hole = values.iter().position(|value| !value.is_finite());
            ensure!(hole.is_none(), "its column {name} has no value in row {}", hole.unwrap_or(0));
        }
        Ok(Members(columns))
    }

    pub(crate) fn ensemble(&self, row: usize) -> Ensemble {
        Ensemble::of(self.0.iter().map(|column| f64::from(column[row])).collect())
    }

    /// Of the first member.
    pub(crate) fn first(&self, row: usize) -> f64 {
        f64::from(self.0[0][row])
    }

    /// Of some rows, for a picture.
    pub(crate) fn spread(&self, rows: impl Iterator<Item = usize>) -> Spread {
        let mut spread = Spread::default();
        for row in rows {
            let ensemble = self.ensemble(row);
            for (values, p) in spread.quantiles.iter_mut().zip([0.05, 0.25, 0.5, 0.75, 0.95]) {
                values.push(hundredth(ensemble.quantile(p)));
            }
            spread.member.push(hundredth(self.first(row)));
        }
        spread
    }
}
