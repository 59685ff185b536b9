//! Tables for a terminal: columns two spaces apart.

/// Rows of the same length, a line each; the columns for which `is_text` holds to the left, others to the right.
pub(crate) fn align(rows: &[Vec<String>], is_text: impl Fn(usize) -> bool) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match is_text(i) {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_to_the_left_and_numbers_to_the_right() {
        let rows = [["name", "size", "set"], ["a", "12", ""], ["longer", "1", "b=3"]];
        let rows = rows.map(|row| row.map(str::to_string).to_vec());
        assert_eq!(
            align(&rows, |column| column != 1),
            "name    size  set\na         12\nlonger     1  b=3\n"
        );
    }
}
