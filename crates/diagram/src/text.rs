//! The diagram for a terminal: a line a stage, and a lane for each that others read. A lane begins at its
//! stage's `●`, and a `○` on it is where another stage reads.

use crate::{Diagram, State};

/// As wide as lines get; longer ones go on below.
const COLUMNS: usize = 100;
/// The least room for what a stage reads.
const LEAST_WORDS: usize = 24;

/// What one line needs to know of all.
struct Frame {
    name_columns: usize,
    lane_columns: usize,
    has_states: bool,
    /// For each node the last that reads it, or itself.
    ends: Vec<usize>,
}

impl Diagram {
    /// The lines, each with its newline.
    pub fn text(&self) -> String {
        let reads = self.reads();
        let last_reader =
            |index: usize| reads.iter().rposition(|reads| reads.contains(&index)).unwrap_or(index);
        let frame = Frame {
            name_columns: self.nodes.iter().map(|node| node.name.chars().count()).max().unwrap_or(0) + 2,
            lane_columns: 2 * self.nodes.len() + 1,
            has_states: self.nodes.iter().any(|node| node.state.is_some()),
            ends: (0..self.nodes.len()).map(last_reader).collect(),
        };
        (0..self.nodes.len()).map(|index| frame.lines(self, index, &reads[index])).collect()
    }
}

impl Frame {
    /// The line of a node, and those below it if it reads more than fits.
    fn lines(&self, diagram: &Diagram, index: usize, reads: &[usize]) -> String {
        let node = &diagram.nodes[index];
        let state = if self.has_states { node.state.map_or("", State::word) } else { "" };
        let state_columns = if self.has_states { 9 } else { 0 };
        let room =
            COLUMNS.saturating_sub(self.name_columns + self.lane_columns + state_columns).max(LEAST_WORDS);
        let names: Vec<_> = reads.iter().map(|&read| diagram.nodes[read].name.clone()).collect();
        let mut words = wrapped(&names, room).into_iter();
        let mut text =
            self.line(&node.name, &self.lanes(index, reads), state, &words.next().unwrap_or_default());
        for words in words {
            text += &self.line("", &self.passing(index), "", &words);
        }
        text
    }

    fn line(&self, name: &str, lanes: &str, state: &str, words: &str) -> String {
        let Frame { name_columns, lane_columns, .. } = *self;
        let state = if self.has_states { format!("{state:<9}") } else { String::new() };
        format!("{name:<name_columns$}{lanes:<lane_columns$}{state}{words}").trim_end().to_string() + "\n"
    }

    /// `│ ○─│─●`: the lanes beside a node.
    fn lanes(&self, index: usize, reads: &[usize]) -> String {
        let first = reads.first().copied().unwrap_or(index);
        let mut text = String::new();
        for lane in 0..=index {
            text.push(match lane {
                lane if lane == index => '●',
                lane if reads.contains(&lane) => '○',
                lane if self.ends[lane] > index => '│',
                lane if lane > first => '─',
                _ => ' ',
            });
            text.push(if lane >= first && lane < index { '─' } else { ' ' });
        }
        text
    }

    /// The lanes below a node.
    fn passing(&self, index: usize) -> String {
        let lane = |lane: usize| if self.ends[lane] > index { "│ " } else { "  " };
        (0..=index).map(lane).collect()
    }
}

/// The words with commas, in lines of at most `columns` where words allow.
fn wrapped(words: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = if index + 1 < words.len() { format!("{word},") } else { word.clone() };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;
    use crate::example::{large, small};

    #[test]
    fn lanes_end_where_the_last_reader_is() {
        assert_eq!(
            small().text(),
            "files   ●\n\
             ingest  ○─●      fresh    files\n\
             train     ○─●    stale    ingest\n\
             report    ○─○─●  missing  ingest, train\n"
        );
    }

    #[test]
    fn a_lane_that_is_not_read_is_passed_over() {
        let text = large().text();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_string();
        assert_eq!(line("generate"), "generate       │ │ ○─●                    train");
        assert_eq!(line("bound"), "bound          │ ○─○─│─●                  preprocess, train");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        for line in large().text().lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
    }

    #[test]
    fn the_lanes_alone_tell_who_reads_whom() {
        let diagram = large();
        let reads = diagram.reads();
        let text = diagram.text();
        let lines = text.lines().filter(|line| line.contains('●'));
        for (index, line) in lines.enumerate() {
            let lanes: Vec<char> = line.chars().skip("score-tasks  ".len()).collect();
            let read: Vec<usize> = (0..index).filter(|lane| lanes[2 * lane] == '○').collect();
            assert_eq!((read, lanes[2 * index]), (reads[index].clone(), '●'), "{line}");
        }
    }
}
