//! The last rows of a sequence that grows, as one slice, the last first.

use crate::fast::lanes::{LANES, Row};

/// Rows that are pushed before the last ones have to be moved.
const ROOM: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Recent {
    rows: Vec<Row>,
    start: usize,
    length: usize,
}

impl Recent {
    /// So many rows of zeros.
    pub(super) fn new(length: usize) -> Recent {
        Recent { rows: vec![[0.0; LANES]; ROOM + length], start: ROOM, length }
    }

    pub(super) fn clear(&mut self) {
        self.start = ROOM;
        self.rows[ROOM..].fill([0.0; LANES]);
    }

    /// Takes the rows of others, of the same number.
    pub(super) fn copy_from(&mut self, of: &Recent) {
        self.start = ROOM;
        self.rows[ROOM..].copy_from_slice(of.rows());
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows[self.start..self.start + self.length]
    }

    /// Puts a row before the others; the oldest is forgotten.
    pub(super) fn push(&mut self, row: &Row) {
        if self.start == 0 {
            self.rows.copy_within(..self.length, ROOM);
            self.start = ROOM;
        }
        self.start -= 1;
        self.rows[self.start] = *row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_stand_in_order_also_after_a_move() {
        let mut recent = Recent::new(3);
        for number in 0..1000 {
            recent.push(&[number as f32; LANES]);
            let seen: Vec<f32> = recent.rows().iter().map(|row| row[5]).collect();
            let wanted: Vec<f32> = (0..3).map(|lag| (number - lag).max(0) as f32).collect();
            assert_eq!(seen, wanted);
        }
        recent.clear();
        assert_eq!(recent.rows(), [[0.0; LANES]; 3]);
    }
}
