//! How high each item stands: near the mean of its neighbours, as far as the order and the gaps allow. For one
//! column that is a least squares problem under an order, which pooling adjacent violators solves exactly
//! (Barlow et al. 1972); sweeps over the columns bring all of them together.

use super::order::reversed;
use super::{Item, Layout, Links, Placed, links};

const SWEEPS: usize = 24;
/// How much more a trunk wants to be straight than a box wants to be near its neighbours.
const STRAIGHTNESS: f64 = 6.0;

/// The columns with a place for each item.
pub(super) fn placed(columns: &[Vec<Item>], reads: &[Vec<usize>]) -> Layout {
    let before: Vec<Links> = (0..columns.len())
        .map(|index| match index.checked_sub(1) {
            Some(previous) => links(&columns[previous], &columns[index], reads),
            None => vec![Vec::new(); columns[index].len()],
        })
        .collect();
    let after: Vec<Links> = (0..columns.len())
        .map(|index| match before.get(index + 1) {
            Some(links) => reversed(links, columns[index].len()),
            None => vec![Vec::new(); columns[index].len()],
        })
        .collect();
    let mut centres: Vec<Vec<f64>> = columns.iter().map(|column| stacked(column, reads)).collect();
    for sweep in 0..SWEEPS {
        for step in 0..columns.len() {
            let index = if sweep % 2 == 0 { step } else { columns.len() - 1 - step };
            let sides = [(index.checked_sub(1), &before[index]), (Some(index + 1), &after[index])];
            let wishes = wishes(columns, &centres, index, sides);
            centres[index] = spread(&wishes, &stacked(&columns[index], reads));
        }
    }
    let top = |(item, &centre): (&Item, &f64)| centre - item.height(reads) / 2.0;
    let all = || columns.iter().flatten().zip(centres.iter().flatten());
    let least = all().map(top).fold(f64::INFINITY, f64::min);
    let most = all().map(|(item, centre)| centre + item.height(reads) / 2.0).fold(0.0, f64::max);
    let place = |(&item, &centre): (&Item, &f64)| Placed {
        item,
        centre: (centre - least).round(),
        height: item.height(reads),
    };
    let columns = columns.iter().zip(&centres);
    Layout {
        columns: columns.map(|(items, centres)| items.iter().zip(centres).map(place).collect()).collect(),
        height: (most - least).max(0.0).ceil(),
    }
}

/// The centres of a column's items as close together as they may be, from 0.
fn stacked(column: &[Item], reads: &[Vec<usize>]) -> Vec<f64> {
    let mut centres: Vec<f64> = Vec::new();
    for (index, item) in column.iter().enumerate() {
        let below = match index.checked_sub(1) {
            Some(last) => {
                let last_item = column[last];
                centres[last] + (last_item.height(reads) + item.height(reads)) / 2.0 + last_item.gap(*item)
            }
            None => 0.0,
        };
        centres.push(below);
    }
    centres
}

/// Where each item of a column would like to be, and how much.
fn wishes(
    columns: &[Vec<Item>],
    centres: &[Vec<f64>],
    index: usize,
    sides: [(Option<usize>, &Links); 2],
) -> Vec<(f64, f64)> {
    let wish = |position: usize| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (side, links) in sides {
            let Some(side) = side else { continue };
            for &neighbour in &links[position] {
                let is_trunk = |item: Item| matches!(item, Item::Trunk(_));
                let trunks = [columns[index][position], columns[side][neighbour]].map(is_trunk);
                let weight = if trunks == [true; 2] { STRAIGHTNESS } else { 1.0 };
                sum += weight * centres[side][neighbour];
                weights += weight;
            }
        }
        if weights == 0.0 { (centres[index][position], 1.0) } else { (sum / weights, weights) }
    };
    (0..columns[index].len()).map(wish).collect()
}

/// The values nearest to the wishes that are at least as far apart as `stacked`.
fn spread(wishes: &[(f64, f64)], stacked: &[f64]) -> Vec<f64> {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for ((wish, weight), offset) in wishes.iter().zip(stacked) {
        let mut block = (wish - offset, *weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 > block.0) {
            let weight = last.1 + block.1;
            block = ((last.0 * last.1 + block.0 * block.1) / weight, weight, last.2 + block.2);
        }
        blocks.push(block);
    }
    let values = blocks.iter().flat_map(|&(value, _, count)| std::iter::repeat_n(value, count));
    values.zip(stacked).map(|(value, offset)| value + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_that_fit_are_granted() {
        assert_eq!(spread(&[(5.0, 1.0), (20.0, 1.0)], &[0.0, 10.0]), [5.0, 20.0]);
    }

    #[test]
    fn those_that_do_not_meet_in_the_middle_by_weight() {
        assert_eq!(spread(&[(10.0, 1.0), (10.0, 1.0)], &[0.0, 10.0]), [5.0, 15.0]);
        assert_eq!(spread(&[(10.0, 3.0), (10.0, 1.0)], &[0.0, 8.0]), [8.0, 16.0]);
    }

    #[test]
    fn no_other_spread_is_nearer() {
        let wishes = [(12.0, 1.0), (3.0, 2.0), (9.0, 1.0), (40.0, 1.0)];
        let stacked = [0.0, 6.0, 11.0, 20.0];
        let cost = |values: &[f64]| -> f64 {
            values.iter().zip(&wishes).map(|(value, (wish, weight))| weight * (value - wish).powi(2)).sum()
        };
        let found = spread(&wishes, &stacked);
        let best = cost(&found);
        for numbers in 0..9_u32.pow(4) {
            let shift = |index: u32| f64::from(numbers / 9_u32.pow(index) % 9) - 4.0;
            let other: Vec<f64> = (0..4).map(|index| found[index as usize] + 0.5 * shift(index)).collect();
            let fits = other
                .windows(2)
                .zip(stacked.windows(2))
                .all(|(value, least)| value[1] - value[0] >= least[1] - least[0] - 1e-9);
            assert!(!fits || cost(&other) >= best - 1e-9, "{other:?}");
        }
    }
}
