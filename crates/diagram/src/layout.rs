//! Where boxes and lines are, in layers from left to right (Sugiyama, Tagawa and Toda 1981): each node one column
//! after the last that it reads. What reads from far away is reached by a trunk, which takes a place of its own in
//! every column between, so that no line crosses a box. All that read the same node share its trunk.

mod order;
mod place;

/// Side lengths and distances, in pixels.
pub(crate) const BOX_HEIGHT: f64 = 40.0;
const BOX_GAP: f64 = 16.0;
const TRUNK_GAP: f64 = 13.0;
/// Between the lines that arrive at one box.
pub(crate) const PORT_GAP: f64 = 9.0;

/// What has a place in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Node(usize),
    /// The line that leads from a node to readers further on.
    Trunk(usize),
}

/// An item and where its centre is, from the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placed {
    pub item: Item,
    pub centre: f64,
    pub height: f64,
}

/// The columns from left to right, the items of each from top to bottom.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub columns: Vec<Vec<Placed>>,
    pub height: f64,
}

/// For each item of a column the positions in the column before that lead to it.
pub(crate) type Links = Vec<Vec<usize>>;

impl Layout {
    /// Of nodes given by what each reads, itself after them.
    pub fn of(reads: &[Vec<usize>]) -> Layout {
        let columns = order::ordered(columns(reads), reads);
        place::placed(&columns, reads)
    }

    /// The links into a column, as the items stand.
    pub fn links(&self, column: usize, reads: &[Vec<usize>]) -> Links {
        let items = |column: &[Placed]| column.iter().map(|placed| placed.item).collect::<Vec<_>>();
        match column.checked_sub(1) {
            Some(before) => links(&items(&self.columns[before]), &items(&self.columns[column]), reads),
            None => vec![Vec::new(); self.columns[column].len()],
        }
    }
}

/// The items of each column, in the nodes' order.
fn columns(reads: &[Vec<usize>]) -> Vec<Vec<Item>> {
    let mut layers: Vec<usize> = Vec::new();
    for reads in reads {
        layers.push(reads.iter().map(|&read| layers[read] + 1).max().unwrap_or(0));
    }
    let mut columns = vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)];
    for (node, &layer) in layers.iter().enumerate() {
        columns[layer].push(Item::Node(node));
        let readers = (0..reads.len()).filter(|&reader| reads[reader].contains(&node));
        let last = readers.map(|reader| layers[reader]).max().unwrap_or(layer);
        for column in columns.iter_mut().take(last).skip(layer + 1) {
            column.push(Item::Trunk(node));
        }
    }
    columns
}

/// The links between two columns that follow each other.
fn links(before: &[Item], column: &[Item], reads: &[Vec<usize>]) -> Links {
    let leads = |from: Item, to: Item| {
        let (Item::Node(source) | Item::Trunk(source)) = from;
        match to {
            Item::Node(node) => reads[node].contains(&source),
            Item::Trunk(other) => other == source,
        }
    };
    let of_item = |&to: &Item| (0..before.len()).filter(|&position| leads(before[position], to)).collect();
    column.iter().map(of_item).collect()
}

impl Item {
    /// Tall enough for the lines that arrive.
    fn height(self, reads: &[Vec<usize>]) -> f64 {
        match self {
            Item::Node(node) => BOX_HEIGHT.max(PORT_GAP * (reads[node].len() as f64 + 1.0)),
            Item::Trunk(_) => 0.0,
        }
    }

    /// How much room is between it and the next.
    fn gap(self, next: Item) -> f64 {
        match (self, next) {
            (Item::Node(_), Item::Node(_)) => BOX_GAP,
            _ => TRUNK_GAP,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::large;

    #[test]
    fn a_node_is_one_column_after_the_last_that_it_reads() {
        let columns = columns(&[vec![], vec![0], vec![1], vec![0, 2]]);
        let expected = [
            vec![Item::Node(0)],
            vec![Item::Trunk(0), Item::Node(1)],
            vec![Item::Trunk(0), Item::Node(2)],
            vec![Item::Node(3)],
        ];
        assert_eq!(columns, expected);
    }

    #[test]
    fn nothing_in_a_column_overlaps() {
        let layout = Layout::of(&large().reads());
        for column in &layout.columns {
            for pair in column.windows(2) {
                let room = pair[1].centre - pair[0].centre - (pair[0].height + pair[1].height) / 2.0;
                assert!(room > TRUNK_GAP - 1e-6, "{pair:?}");
            }
            let (first, last) = (column[0], column[column.len() - 1]);
            assert!(first.centre - first.height / 2.0 > -1e-6);
            assert!(last.centre + last.height / 2.0 < layout.height + 1e-6);
        }
    }

    #[test]
    fn every_read_is_a_way_from_box_to_box() {
        let reads = large().reads();
        let layout = Layout::of(&reads);
        for column in 1..layout.columns.len() {
            let links = layout.links(column, &reads);
            for (placed, links) in layout.columns[column].iter().zip(links) {
                let wanted = match placed.item {
                    Item::Node(node) => reads[node].len(),
                    Item::Trunk(_) => 1,
                };
                assert_eq!(links.len(), wanted, "{placed:?}");
            }
        }
    }
}
