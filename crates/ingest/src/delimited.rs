//! Tables in text, one row a line: delimiters, quotes as in RFC 4180, comments, byte-order marks and
//! the line ends of every system but the oldest Macintosh. A line that is not UTF-8 is read as
//! Latin-1. The heads of BADC-CSV and TOA5 are known, and footers. What the fields mean is not known
//! here, and no field goes over several lines.

mod head;

use std::io::{BufRead, Read};

use anyhow::{Context, anyhow, bail};

use self::head::Head;

/// A line longer than this is no row of a table.
const LONGEST_LINE: u64 = 1 << 20;

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Character(char),
    /// Any number of blanks and tabs; no field is empty.
    Whitespace,
}

/// How a table is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub delimiter: Delimiter,
    /// Lines before the header, or before the first row.
    pub skip_lines: usize,
    /// Lines that begin with it are left out.
    pub comment: Option<String>,
    /// The table ends before the first line that begins with it.
    pub footer: Option<String>,
    pub header: Header,
}

/// Where the names of the columns come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    FirstLine,
    /// There is none: the columns are `1`, `2` and so on.
    Numbers,
}

impl Layout {
    /// Commas, and the names in the first line.
    pub(crate) fn commas() -> Layout {
        Layout {
            delimiter: Delimiter::Character(','),
            skip_lines: 0,
            comment: None,
            footer: None,
            header: Header::FirstLine,
        }
    }
}

/// The fields of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// From 1.
    pub line: usize,
    text: String,
    ends: Vec<usize>,
}

impl Row {
    /// The field at that position, without blanks around it; empty if there is none.
    pub(crate) fn field(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text[start..end].trim()
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.field(index))
    }
}

/// Reads row after row.
pub(crate) struct Reader<'a, R> {
    /// The name of the file, for messages.
    shown: String,
    source: R,
    layout: &'a Layout,
    names: Vec<String>,
    bytes: Vec<u8>,
    row: Row,
    /// The row has been read to count the columns, and has not been given out yet.
    is_waiting: bool,
    /// An empty line stands before the row.
    is_after_gap: bool,
    /// A row of the table has been given out.
    has_rows: bool,
    /// The table has ended before the end of the file.
    has_ended: bool,
}

impl<'a, R: BufRead> Reader<'a, R> {
    /// Reads up to the names of the columns.
    ///
    /// # Errors
    /// When there is no line to take them from, or it is no text.
    pub(crate) fn new(shown: String, source: R, layout: &'a Layout) -> anyhow::Result<Reader<'a, R>> {
        let mut reader = Reader {
            shown,
            source,
            layout,
            names: Vec::new(),
            bytes: Vec::new(),
            row: Row::default(),
            is_waiting: false,
            is_after_gap: false,
            has_rows: false,
            has_ended: false,
        };
        for _ in 0..layout.skip_lines {
            if !reader.next_line()? {
                let (shown, lines) = (&reader.shown, reader.row.line);
                bail!("{shown} has {lines} lines; skip_lines leaves out {}", layout.skip_lines);
            }
        }
        if !reader.next_fields()? {
            bail!("{} has no rows", reader.shown);
        }
        let head = if layout.skip_lines == 0 { Head::of(&reader.row) } else { None };
        if let Some(head) = head {
            reader.skip_before_names(head)?;
        }
        match layout.header {
            Header::FirstLine => reader.names = reader.row.fields().map(str::to_string).collect(),
            Header::Numbers => {
                reader.names = (1..=reader.row.len()).map(|number| number.to_string()).collect();
                reader.is_waiting = true;
            }
        }
        if head == Some(Head::Toa5) && layout.header == Header::FirstLine {
            // Units and processing.
            reader.next_line()?;
            reader.next_line()?;
        }
        Ok(reader)
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The next row that has any text, or `None` at the end.
    ///
    /// # Errors
    /// When it has fewer fields than there are columns, or more that are not empty.
    pub(crate) fn next_row(&mut self) -> anyhow::Result<Option<&Row>> {
        if !std::mem::take(&mut self.is_waiting) && !self.next_fields()? {
            return Ok(None);
        }
        let (seen, wanted) = (self.row.len(), self.names.len());
        if seen < wanted && self.is_footer()? {
            return Ok(None);
        }
        let has_more = self.row.fields().skip(wanted).any(|field| !field.is_empty());
        if seen < wanted || has_more {
            let fields = if seen == 1 { "field" } else { "fields" };
            return Err(self.located(&format!("it has {seen} {fields}, wanted {wanted} as in the first row")));
        }
        self.has_rows = true;
        Ok(Some(&self.row))
    }

    /// Goes to the line of the names.
    fn skip_before_names(&mut self, head: Head) -> anyhow::Result<()> {
        let has_more = match head {
            Head::Toa5 => self.next_fields()?,
            Head::BadcCsv => {
                let mut has_more = self.next_fields()?;
                while has_more && !head::begins_data(&self.row) {
                    has_more = self.next_fields()?;
                }
                has_more && self.next_fields()?
            }
        };
        if has_more { Ok(()) } else { bail!("{} has no rows after its head", self.shown) }
    }

    /// Whether the table has ended before the row that was read last, which has too few fields: it is `end data`,
    /// or comes after an empty line, and no row of the table comes after it.
    fn is_footer(&mut self) -> anyhow::Result<bool> {
        let is_end = head::ends_data(&self.row);
        if !self.has_rows || (!is_end && !self.is_after_gap) {
            return Ok(false);
        }
        let first = self.row.clone();
        while self.next_fields()? {
            if self.row.len() >= self.names.len() {
                self.row = first;
                return Ok(false);
            }
        }
        if !is_end {
            let (shown, line) = (&self.shown, first.line);
            tracing::warn!(
                "{shown}: from line {line} on there are fewer fields than in the table; left out as a footer"
            );
        }
        self.has_ended = true;
        Ok(true)
    }

    /// An error in the line that was read last.
    fn located(&self, message: &str) -> anyhow::Error {
        anyhow!("{}: line {}: {message}", self.shown, self.row.line)
    }

    /// The fields of the next line that has any text and is no comment; false at the end.
    fn next_fields(&mut self) -> anyhow::Result<bool> {
        self.is_after_gap = false;
        while !self.has_ended && self.next_line()? {
            let text = match std::str::from_utf8(&self.bytes) {
                Ok(text) => std::borrow::Cow::Borrowed(text),
                Err(_) => self.bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
            };
            if self.layout.comment.as_ref().is_some_and(|comment| text.starts_with(comment.as_str())) {
                continue;
            }
            if self.layout.footer.as_ref().is_some_and(|footer| text.starts_with(footer.as_str())) {
                self.has_ended = true;
                return Ok(false);
            }
            if let Err(message) = split(&text, self.layout.delimiter, &mut self.row) {
                return Err(self.located(&message));
            }
            if self.row.fields().any(|field| !field.is_empty()) {
                return Ok(true);
            }
            self.is_after_gap = true;
        }
        Ok(false)
    }

    /// The bytes of the next line, without its end; false at the end of the file.
    fn next_line(&mut self) -> anyhow::Result<bool> {
        self.bytes.clear();
        let mut limited = (&mut self.source).take(LONGEST_LINE);
        let read = limited
            .read_until(b'\n', &mut self.bytes)
            .with_context(|| format!("cannot read {}", self.shown))?;
        if read == 0 {
            return Ok(false);
        }
        self.row.line += 1;
        let line = self.row.line;
        if line == 1 && (self.bytes.starts_with(b"\xff\xfe") || self.bytes.starts_with(b"\xfe\xff")) {
            bail!("{} is UTF-16; save it as UTF-8", self.shown);
        }
        if line == 1 && self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.bytes.drain(..3);
        }
        if self.bytes.last() == Some(&b'\n') {
            self.bytes.pop();
        } else if read as u64 == LONGEST_LINE {
            let seen =
                format!("it is longer than {LONGEST_LINE} bytes; wanted a table in text, one row a line");
            return Err(self.located(&seen));
        }
        if self.bytes.last() == Some(&b'\r') {
            self.bytes.pop();
        }
        if self.bytes.contains(&0) {
            return Err(self.located("it has a zero byte; wanted text"));
        }
        if self.bytes.contains(&b'\r') {
            return Err(
                self.located("it has a carriage return inside; save the file with ordinary line ends")
            );
        }
        Ok(true)
    }
}

/// Whether a text that begins with that line has a head that [`Reader`] knows.
pub(crate) fn has_known_head(first_line: &str) -> bool {
    let mut row = Row::default();
    split(first_line, Delimiter::Character(','), &mut row).is_ok() && Head::of(&row).is_some()
}

/// The fields of a line; none where a quote is not closed.
pub(crate) fn fields(line: &str, delimiter: Delimiter) -> Vec<String> {
    let mut row = Row::default();
    match split(line, delimiter, &mut row) {
        Ok(()) => row.fields().map(str::to_string).collect(),
        Err(_) => Vec::new(),
    }
}

/// The fields of a line.
///
/// # Errors
/// When a quoted field does not end.
fn split(line: &str, delimiter: Delimiter, row: &mut Row) -> Result<(), String> {
    row.text.clear();
    row.ends.clear();
    let delimiter = match delimiter {
        Delimiter::Character(delimiter) => delimiter,
        Delimiter::Whitespace => {
            for field in line.split_whitespace() {
                row.text.push_str(field);
                row.ends.push(row.text.len());
            }
            return Ok(());
        }
    };
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = unquote(quoted, &mut row.text)?;
        }
        let (field, after) = rest.split_once(delimiter).map_or((rest, None), |(a, b)| (a, Some(b)));
        row.text.push_str(field);
        row.ends.push(row.text.len());
        match after {
            Some(after) => rest = after,
            None => return Ok(()),
        }
    }
}

/// Appends the text up to the closing quote, and returns what comes after it.
fn unquote<'a>(mut rest: &'a str, text: &mut String) -> Result<&'a str, String> {
    while let Some((inside, after)) = rest.split_once('"') {
        text.push_str(inside);
        match after.strip_prefix('"') {
            Some(after) => {
                text.push('"');
                rest = after;
            }
            None => return Ok(after),
        }
    }
    Err("a quote (\") is opened and not closed".to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], layout: &Layout) -> Result<Vec<(usize, Vec<String>)>, String> {
        let mut reader =
            Reader::new("x.csv".to_string(), bytes, layout).map_err(|error| error.to_string())?;
        let mut rows = vec![(0, reader.names().to_vec())];
        while let Some(row) = reader.next_row().map_err(|error| error.to_string())? {
            rows.push((row.line, row.fields().map(str::to_string).collect()));
        }
        Ok(rows)
    }

    fn rows(expected: &[(usize, &[&str])]) -> Result<Vec<(usize, Vec<String>)>, String> {
        let strings = |fields: &[&str]| fields.iter().map(|field| (*field).to_string()).collect();
        Ok(expected.iter().map(|(line, fields)| (*line, strings(fields))).collect())
    }

    #[test]
    fn a_byte_order_mark_line_ends_blank_lines_and_empty_rows_are_no_data() {
        let text = b"\xef\xbb\xbftime,t\r\n\r\n0,1\r\n,\r\n 2 ,3\n4,5,\n6,7";
        let expected: &[(usize, &[&str])] = &[
            (0, &["time", "t"]),
            (3, &["0", "1"]),
            (5, &["2", "3"]),
            (6, &["4", "5", ""]),
            (7, &["6", "7"]),
        ];
        assert_eq!(read(text, &Layout::commas()), rows(expected));
    }

    #[test]
    fn comments_skipped_lines_and_numbered_columns() {
        let layout = Layout {
            delimiter: Delimiter::Character('\t'),
            skip_lines: 1,
            comment: Some("#".to_string()),
            footer: None,
            header: Header::Numbers,
        };
        let expected: &[(usize, &[&str])] = &[(0, &["1", "2"]), (3, &["a", "b"]), (5, &["c", "d"])];
        assert_eq!(read(b"Station\tnorth\tof\n# x\na\tb\n#\nc\td\n", &layout), rows(expected));
    }

    #[test]
    fn a_footer_comes_after_an_empty_line_or_a_word_or_is_named() {
        let expected: &[(usize, &[&str])] = &[(0, &["t", "v"]), (2, &["1", "2"])];
        let commas = Layout::commas();
        for text in ["t,v\n1,2\n\nPVGIS (c)\n", "t,v\n1,2\nend data\n", "t,v\n1,2\n\na\n\nb\n"] {
            assert_eq!(read(text.as_bytes(), &commas), rows(expected), "{text}");
        }
        let named = Layout { footer: Some("Source".to_string()), ..Layout::commas() };
        assert_eq!(read(b"t,v\n1,2\nSource: x, y\n3,4\n", &named), rows(expected));
        // A file that is cut off, or goes on, has no footer.
        for (text, line) in
            [("t,v\n1,2\n3\n", 3), ("t,v\n1,2\n\na\n3,4\n", 4), ("t,v\n1,2\nend data\n3,4\n", 3)]
        {
            let message = format!("x.csv: line {line}: it has 1 field, wanted 2 as in the first row");
            assert_eq!(read(text.as_bytes(), &commas).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn the_heads_of_badc_csv_and_toa5_are_no_rows() {
        let badc = "Conventions,G,BADC-CSV,1\ntitle,G,x\ndata\nt,v\n1,2\nend data\n";
        assert_eq!(read(badc.as_bytes(), &Layout::commas()), rows(&[(0, &["t", "v"]), (5, &["1", "2"])]));
        let toa5 =
            "\"TOA5\",\"site\",\"CR1000\"\n\"t\",\"v\"\n\"TS\",\"degC\"\n\"\",\"Avg\"\n\"1\",\"NAN\"\n";
        assert_eq!(read(toa5.as_bytes(), &Layout::commas()), rows(&[(0, &["t", "v"]), (5, &["1", "NAN"])]));
        assert_eq!(
            read(b"Conventions,G,BADC-CSV,1\ntitle,G,x\n", &Layout::commas()).unwrap_err(),
            "x.csv has no rows after its head"
        );
    }

    #[test]
    fn runs_of_blanks_are_one_delimiter() {
        let layout = Layout { delimiter: Delimiter::Whitespace, ..Layout::commas() };
        let expected: &[(usize, &[&str])] = &[(0, &["day", "t"]), (2, &["1", "-9.5"])];
        assert_eq!(read(b"  day\t t\n 1   -9.5  \n", &layout), rows(expected));
    }

    #[test]
    fn latin_1_is_read_as_such() {
        let expected: &[(usize, &[&str])] = &[(0, &["t", "°C"]), (2, &["1", "2"])];
        assert_eq!(read(b"t,\xb0C\n1,2\n", &Layout::commas()), rows(expected));
        assert_eq!(read("t,°C\n1,2\n".as_bytes(), &Layout::commas()), rows(expected));
    }

    #[test]
    fn what_is_no_table_is_named_with_its_line() {
        let layout = Layout { skip_lines: 3, ..Layout::commas() };
        assert_eq!(read(b"a\nb\n", &layout).unwrap_err(), "x.csv has 2 lines; skip_lines leaves out 3");
        for (bytes, message) in [
            (b"".as_slice(), "x.csv has no rows"),
            (b"\n\r\n", "x.csv has no rows"),
            (b"\xff\xfet\0", "x.csv is UTF-16; save it as UTF-8"),
            (b"a,b\n1,\0\n", "x.csv: line 2: it has a zero byte; wanted text"),
            (
                b"a,b\r1,2\r",
                "x.csv: line 1: it has a carriage return inside; save the file with ordinary line ends",
            ),
            (b"a,b\n\n1\n", "x.csv: line 3: it has 1 field, wanted 2 as in the first row"),
            (b"a,b\n1,2,3\n", "x.csv: line 2: it has 3 fields, wanted 2 as in the first row"),
            (b"a,b\n1,\"2\n3,4\n", "x.csv: line 2: a quote (\") is opened and not closed"),
        ] {
            assert_eq!(read(bytes, &Layout::commas()).unwrap_err(), message, "{}", bytes.escape_ascii());
        }
        assert_eq!(
            read(&vec![b'a'; 2 << 20], &Layout::commas()).unwrap_err(),
            "x.csv: line 1: it is longer than 1048576 bytes; wanted a table in text, one row a line"
        );
    }

    proptest! {
        /// Against the crate csv, writer and reader.
        #[test]
        fn fields_agree_with_another_program(
            table in prop::collection::vec(prop::collection::vec("[a-z\", ;°]{0,6}x", 3), 1..6),
            semicolons: bool,
        ) {
            let delimiter = if semicolons { b';' } else { b',' };
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let mut other = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_slice());
            let expected: Vec<Vec<String>> = other.records()
                .map(|record| record.unwrap().iter().map(|field| field.trim().to_string()).collect()).collect();
            let layout = Layout {
                delimiter: Delimiter::Character(char::from(delimiter)), header: Header::Numbers, ..Layout::commas()
            };
            let ours: Vec<Vec<String>> = read(&text, &layout).unwrap().into_iter().skip(1).map(|(_, row)| row).collect();
            prop_assert_eq!(ours, expected);
        }

        #[test]
        fn no_bytes_end_in_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), header: bool) {
            let header = if header { Header::FirstLine } else { Header::Numbers };
            let _ = read(&bytes, &Layout { header, ..Layout::commas() });
        }
    }
}
