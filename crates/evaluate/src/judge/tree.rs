//! One regression tree on binned features, grown by the largest gain in the second-order
//! approximation of the loss (Friedman 2001; Ke et al. 2017, LightGBM, for the histograms).

use super::bins::{BINS, Binned};
use super::boosting::Settings;

/// The first and the second derivative of a row's loss with respect to its score.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slope {
    pub(crate) gradient: f64,
    pub(crate) hessian: f64,
}

/// A leaf must be curved by at least this much.
const LEAST_HESSIAN: f64 = 1e-3;

pub(crate) struct Tree {
    nodes: Vec<Node>,
}

enum Node {
    /// Rows of at most that bin go to the node `left`, the others to `right`.
    Split { feature: usize, bin: u8, left: usize, right: usize },
    /// What is added to the score.
    Leaf(f64),
}

impl Tree {
    /// Grown on those rows, which it reorders; `slopes` has one entry for every row of the table.
    pub(crate) fn grow(table: &Binned, slopes: &[Slope], rows: &mut [usize], settings: &Settings) -> Tree {
        let mut tree = Tree { nodes: Vec::new() };
        let mut growth = Growth { table, slopes, settings, tree: &mut tree };
        let histograms = growth.histograms(rows);
        growth.node(rows, histograms, settings.depth);
        tree
    }

    /// What the tree adds to the score of that row.
    pub(crate) fn value(&self, table: &Binned, row: usize) -> f64 {
        let mut index = 0;
        loop {
            match &self.nodes[index] {
                Node::Leaf(value) => return *value,
                Node::Split { feature, bin, left, right } => {
                    index = if table.columns[*feature][row] <= *bin { *left } else { *right };
                }
            }
        }
    }
}

/// A tree that is growing.
struct Growth<'a> {
    table: &'a Binned,
    slopes: &'a [Slope],
    settings: &'a Settings,
    tree: &'a mut Tree,
}

impl Growth<'_> {
    /// Adds a node for those rows and all nodes below it, and returns its index.
    fn node(&mut self, rows: &mut [usize], histograms: Histograms, levels_left: usize) -> usize {
        let index = self.tree.nodes.len();
        let sums = rows.iter().fold(Sums::default(), |sums, &row| sums.plus(self.slopes[row]));
        self.tree.nodes.push(Node::Leaf(-self.settings.learning_rate * sums.gradient / sums.hessian));
        let is_enough = levels_left > 0 && rows.len() >= 2 * self.settings.least_rows;
        let split = is_enough.then(|| best_split(&histograms, sums, self.settings)).flatten();
        let Some((feature, bin)) = split else { return index };
        let column = &self.table.columns[feature];
        // Stable, so that sums run in the table's order.
        rows.sort_by_key(|&row| column[row] > bin);
        let (low, high) = rows.split_at_mut(rows.partition_point(|&row| column[row] <= bin));
        let [of_low, of_high] = self.divide(low, high, histograms, levels_left - 1);
        let left = self.node(low, of_low, levels_left - 1);
        let right = self.node(high, of_high, levels_left - 1);
        self.tree.nodes[index] = Node::Split { feature, bin, left, right };
        index
    }

    /// The histograms of both parts of a node: the smaller part is counted, the other one is what is
    /// left. The last level needs none.
    fn divide(&self, low: &[usize], high: &[usize], mut whole: Histograms, levels: usize) -> [Histograms; 2] {
        if levels == 0 || low.len().max(high.len()) < 2 * self.settings.least_rows {
            return [Vec::new(), Vec::new()];
        }
        let low_is_smaller = low.len() < high.len();
        let part = self.histograms(if low_is_smaller { low } else { high });
        for (whole, part) in whole.iter_mut().flatten().zip(part.iter().flatten()) {
            *whole = whole.without(*part);
        }
        if low_is_smaller { [part, whole] } else { [whole, part] }
    }

    fn histograms(&self, rows: &[usize]) -> Histograms {
        let here: Vec<Slope> = rows.iter().map(|&row| self.slopes[row]).collect();
        let mut histograms = vec![[Sums::default(); BINS]; self.table.columns.len()];
        for (column, histogram) in self.table.columns.iter().zip(&mut histograms) {
            for (&row, &slope) in rows.iter().zip(&here) {
                let bin = &mut histogram[usize::from(column[row]) % BINS];
                *bin = bin.plus(slope);
            }
        }
        histograms
    }
}

/// The sums of each bin of each feature.
type Histograms = Vec<[Sums; BINS]>;

/// Sums over the rows of a node or a bin.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    gradient: f64,
    hessian: f64,
    rows: usize,
}

impl Sums {
    fn plus(self, slope: Slope) -> Sums {
        Sums {
            gradient: self.gradient + slope.gradient,
            hessian: self.hessian + slope.hessian,
            rows: self.rows + 1,
        }
    }

    fn and(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient + other.gradient,
            hessian: self.hessian + other.hessian,
            rows: self.rows + other.rows,
        }
    }

    fn without(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient - other.gradient,
            hessian: self.hessian - other.hessian,
            rows: self.rows - other.rows,
        }
    }

    /// Twice what the best score for these rows takes off the loss.
    fn score(self) -> f64 {
        self.gradient * self.gradient / self.hessian
    }
}

/// `G_l² / H_l + G_r² / H_r` with one division, which is what a split costs.
fn score_of_both(low: Sums, high: Sums) -> f64 {
    let (low_squared, high_squared) = (low.gradient * low.gradient, high.gradient * high.gradient);
    (low_squared * high.hessian + high_squared * low.hessian) / (low.hessian * high.hessian)
}

/// The feature and the last bin of the low side with the largest gain
/// `G_l² / H_l + G_r² / H_r - G² / H` above zero; the first of equals.
fn best_split(histograms: &Histograms, sums: Sums, settings: &Settings) -> Option<(usize, u8)> {
    let mut best = None;
    // The score of all rows is the same for every split.
    let mut largest = sums.score();
    for (feature, histogram) in histograms.iter().enumerate() {
        let mut low = Sums::default();
        for (bin, &more) in histogram.iter().enumerate() {
            if more.rows == 0 {
                continue;
            }
            low = low.and(more);
            if low.rows < settings.least_rows {
                continue;
            }
            let high = sums.without(low);
            if high.rows < settings.least_rows {
                break;
            }
            if low.hessian < LEAST_HESSIAN || high.hessian < LEAST_HESSIAN {
                continue;
            }
            let score = score_of_both(low, high);
            if score > largest {
                (best, largest) = (Some((feature, bin as u8)), score);
            }
        }
    }
    best
}
