//! The order in each column: of the orders that sweeps by the mean position of neighbours come by, the one with the
//! fewest crossings, the earliest of equals.

use super::{Item, Links, links};

const SWEEPS: usize = 12;

/// The columns with their items in that order.
pub(super) fn ordered(columns: Vec<Vec<Item>>, reads: &[Vec<usize>]) -> Vec<Vec<Item>> {
    let mut best = columns.clone();
    let mut fewest = crossings(&columns, reads);
    let mut columns = columns;
    for sweep in 0..SWEEPS {
        let is_forward = sweep % 2 == 0;
        for step in 1..columns.len() {
            let index = if is_forward { step } else { columns.len() - 1 - step };
            sort(&mut columns, index, reads, is_forward);
        }
        let count = crossings(&columns, reads);
        if count < fewest {
            (fewest, best) = (count, columns.clone());
        }
    }
    best
}

/// Sorts one column by the mean position of its neighbours in the column before, or after.
fn sort(columns: &mut [Vec<Item>], index: usize, reads: &[Vec<usize>], is_forward: bool) {
    let neighbours = if is_forward {
        links(&columns[index - 1], &columns[index], reads)
    } else {
        reversed(&links(&columns[index], &columns[index + 1], reads), columns[index].len())
    };
    let mean = |position: usize| {
        let neighbours = &neighbours[position];
        match neighbours.len() {
            0 => position as f64,
            count => neighbours.iter().sum::<usize>() as f64 / count as f64,
        }
    };
    let mut keyed: Vec<(f64, Item)> =
        columns[index].iter().enumerate().map(|(position, &item)| (mean(position), item)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    columns[index] = keyed.into_iter().map(|(_, item)| item).collect();
}

/// For each of `count` items in the column before, where it leads.
pub(super) fn reversed(links: &Links, count: usize) -> Links {
    let leads = |from: usize| (0..links.len()).filter(|&to| links[to].contains(&from)).collect();
    (0..count).map(leads).collect()
}

fn crossings(columns: &[Vec<Item>], reads: &[Vec<usize>]) -> usize {
    columns.windows(2).map(|pair| crossings_between(&links(&pair[0], &pair[1], reads))).sum()
}

fn crossings_between(links: &Links) -> usize {
    let edges: Vec<(usize, usize)> =
        links.iter().enumerate().flat_map(|(to, froms)| froms.iter().map(move |&from| (from, to))).collect();
    let crosses = |a: &(usize, usize), b: &(usize, usize)| a.0 < b.0 && a.1 > b.1;
    edges.iter().map(|a| edges.iter().filter(|b| crosses(a, b)).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crossings_are_counted_once_each() {
        assert_eq!(crossings_between(&vec![vec![1], vec![0]]), 1);
        assert_eq!(crossings_between(&vec![vec![0, 1], vec![0, 1]]), 1);
        assert_eq!(crossings_between(&vec![vec![0], vec![1]]), 0);
        assert_eq!(crossings_between(&vec![vec![2], vec![1], vec![0]]), 3);
    }

    #[test]
    fn what_need_not_cross_does_not() {
        let reads = [vec![], vec![], vec![1], vec![0], vec![2], vec![3]];
        let nodes = |nodes: [usize; 2]| nodes.map(Item::Node).to_vec();
        let columns = vec![nodes([0, 1]), nodes([2, 3]), nodes([4, 5])];
        assert_eq!(crossings(&columns, &reads), 1);
        assert_eq!(crossings(&ordered(columns, &reads), &reads), 0);
    }
}
