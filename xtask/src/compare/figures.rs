//! Each figure in each group.

use serde_json::{Value, json};

use super::estimate::{Change, Estimate};
use super::groups::Group;

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub key: String,
    pub title: String,
    /// `1` without one.
    pub unit: String,
    pub is_main: bool,
    /// Of each group; `None` where no run of it has the figure.
    pub estimates: Vec<Option<Estimate>>,
    /// The runs' values.
    values: Vec<Vec<f64>>,
}

/// The figures that any run has, in the order of the first that has them.
pub(super) fn rows(groups: &[Group]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        for figure in group.samples.iter().flat_map(|sample| &sample.figures) {
            let position = rows.iter().position(|row| row.key == figure.key).unwrap_or_else(|| {
                rows.push(Row {
                    key: figure.key.clone(),
                    title: figure.title.clone(),
                    unit: figure.unit.clone(),
                    is_main: figure.is_main,
                    estimates: Vec::new(),
                    values: vec![Vec::new(); groups.len()],
                });
                rows.len() - 1
            });
            rows[position].values[index].push(figure.value);
        }
    }
    for row in &mut rows {
        row.estimates = row.values.iter().map(|values| Estimate::of(values)).collect();
    }
    rows
}

impl Row {
    /// A group's mean minus that of the first group.
    pub fn change(&self, group: usize) -> Option<Change> {
        Some(self.estimates[group].as_ref()?.minus(self.estimates[0].as_ref()?))
    }

    /// So many that the largest mean has four significant digits.
    pub fn decimals(&self) -> usize {
        let largest = self.estimates.iter().flatten().map(|estimate| estimate.mean.abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            return 2;
        }
        (3.0 - largest.log10().floor()).clamp(0.0, 6.0) as usize
    }

    /// The title with the unit.
    pub fn heading(&self) -> String {
        if self.unit == "1" { self.title.clone() } else { format!("{}, {}", self.title, self.unit) }
    }

    pub fn json(&self, groups: &[Group]) -> Value {
        let of_group = |(index, group): (usize, &Group)| {
            let estimate = self.estimates[index].as_ref();
            let change = self.change(index).filter(|_| index > 0);
            json!({
                "group": group.label,
                "values": self.values[index],
                "mean": estimate.map(|estimate| estimate.mean),
                "interval_95": estimate.and_then(Estimate::interval),
                "minus_first": change.map(|change| change.mean),
                "minus_first_interval_95": change.and_then(|change| change.interval()),
            })
        };
        json!({
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "groups": groups.iter().enumerate().map(of_group).collect::<Vec<_>>(),
        })
    }
}
