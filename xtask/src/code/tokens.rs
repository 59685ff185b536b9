//! Rust source without comments and layout, so that neither makes a stage run again: what is left are
//! the tokens, with a space only where two of them would otherwise become one.

/// The text without comments and without the white space that separates nothing.
///
/// Doc comments go too: they are no part of what a stage leaves.
pub(super) fn of_rust(source: &[u8]) -> Vec<u8> {
    let mut scanner = Scanner { rest: source, tokens: Vec::with_capacity(source.len()), was_apart: false };
    while scanner.step() {}
    scanner.tokens
}

struct Scanner<'a> {
    rest: &'a [u8],
    tokens: Vec<u8>,
    /// True if white space or a comment was passed since the last byte that was kept.
    was_apart: bool,
}

impl Scanner<'_> {
    /// Passes over one comment, space, literal or byte; false at the end.
    fn step(&mut self) -> bool {
        let Some(&first) = self.rest.first() else { return false };
        if first.is_ascii_whitespace() {
            self.pass(1);
        } else if self.rest.starts_with(b"//") {
            let line = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
            self.pass(line);
        } else if self.rest.starts_with(b"/*") {
            self.pass(block_comment(self.rest));
        } else {
            let length = self.literal(first).unwrap_or(1);
            self.keep(length);
        }
        true
    }

    fn pass(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
        self.was_apart = true;
    }

    fn keep(&mut self, length: usize) {
        let (kept, rest) = self.rest.split_at(length.min(self.rest.len()));
        if let (true, Some(&before), Some(&after)) = (self.was_apart, self.tokens.last(), kept.first())
            && (is_wordlike(before) && is_wordlike(after) || joins(before) && joins(after))
        {
            self.tokens.push(b' ');
        }
        self.tokens.extend_from_slice(kept);
        self.rest = rest;
        self.was_apart = false;
    }

    /// Length of the text or character that starts here, if one does.
    fn literal(&self, first: u8) -> Option<usize> {
        let inside_a_word = !self.was_apart && self.tokens.last().is_some_and(|&byte| is_word(byte));
        match first {
            b'"' => Some(text(self.rest)),
            b'\'' => character(self.rest),
            b'r' | b'b' | b'c' if !inside_a_word => raw_text(self.rest),
            _ => None,
        }
    }
}

/// Length of a comment that may hold others.
fn block_comment(source: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < source.len() {
        match &source[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of `"..."`.
fn text(source: &[u8]) -> usize {
    let mut at = 1;
    while at < source.len() {
        match source[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    source.len()
}

/// Length of `r"..."`, `br##"..."##` and the like; `None` for any other word.
fn raw_text(source: &[u8]) -> Option<usize> {
    let prefix = source.iter().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    if !matches!(&source[..prefix], b"r" | b"br" | b"cr") {
        return None;
    }
    let hashes = source[prefix..].iter().take_while(|&&byte| byte == b'#').count();
    let start = prefix + hashes;
    if source.get(start) != Some(&b'"') {
        return None;
    }
    let end = [&b"\""[..], &source[prefix..start]].concat();
    let found = source[start + 1..].windows(end.len()).position(|window| window == end);
    Some(found.map_or(source.len(), |found| start + 1 + found + end.len()))
}

/// Length of `'x'`; `None` for a lifetime.
fn character(source: &[u8]) -> Option<usize> {
    if source.get(1) == Some(&b'\\') {
        // The one after the backslash may be a quote.
        return source.get(3..)?.iter().position(|&byte| byte == b'\'').map(|found| found + 4);
    }
    let width = match source.get(1)? {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    };
    (source.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// True for what a neighbouring word could take in.
fn is_wordlike(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'"' | b'\'' | b'#')
}

/// True for punctuation that makes another token with its neighbour, such as `&` and `&`.
fn joins(byte: u8) -> bool {
    byte.is_ascii_punctuation() && !b"()[]{};,\"'_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proc_macro2::{TokenStream, TokenTree};

    use super::*;
    use crate::digest;
    use crate::workspace::Workspace;

    fn check(a: &str, b: &str, same: bool) {
        assert_eq!(of_rust(a.as_bytes()) == of_rust(b.as_bytes()), same, "{a:?} and {b:?}");
    }

    #[test]
    fn comments_and_layout_are_nothing() {
        check("fn a() {}", "// a\nfn  a ( )\n{ /* b /* c */ */ }\n", true);
        check("/// What.\nfn a() {}", "fn a() {}", true);
        check("let a = \"x // y\";", "let a = \"x // z\";", false);
        check("let a = \"x  y\";", "let a = \"x y\";", false);
        check("r#\"a \" // b\"#", "r#\"a \" // c\"#", false);
        check("let c = '\"'; // \"", "let c = '\"';", true);
        check("let c = '\\''; // '", "let c = '\\'';", true);
        check("fn a<'a>(b: &'a u8) {} // '", "fn a<'a>(b: &'a u8) {}", true);
        check("'µ' // x", "'µ'", true);
    }

    #[test]
    fn a_space_that_separates_counts() {
        check("let ab", "le tab", false);
        check("a & &b", "a && b", false);
        check("m!(b \"x\")", "m!(b\"x\")", false);
        check("a - 1", "a-1", true);
    }

    /// The tokens as the compiler's own library sees them, without doc comments.
    fn tokens(source: &str) -> String {
        fn write(stream: TokenStream, out: &mut String) {
            let trees: Vec<TokenTree> = stream.into_iter().collect();
            let mut at = 0;
            while let Some(tree) = trees.get(at) {
                if let Some(length) = doc_comment(&trees[at..]) {
                    at += length;
                    continue;
                }
                match tree {
                    TokenTree::Group(group) => {
                        out.push_str(&format!("{:?}(", group.delimiter()));
                        write(group.stream(), out);
                        out.push(')');
                    }
                    TokenTree::Punct(punct) => out.push_str(&format!("{} ", punct.as_char())),
                    other => out.push_str(&format!("{other} ")),
                }
                at += 1;
            }
        }
        let mut out = String::new();
        write(TokenStream::from_str(source).unwrap(), &mut out);
        out
    }

    /// Number of tokens of `#[doc = ..]` or `#![doc = ..]`, if one starts here.
    fn doc_comment(trees: &[TokenTree]) -> Option<usize> {
        let texts: Vec<String> = trees.iter().take(3).map(ToString::to_string).collect();
        let is_doc = |text: Option<&String>| text.is_some_and(|text| text.starts_with("[doc"));
        match texts.first()?.as_str() {
            "#" if is_doc(texts.get(1)) => Some(2),
            "#" if texts[1] == "!" && is_doc(texts.get(2)) => Some(3),
            _ => None,
        }
    }

    #[test]
    fn every_source_file_here_keeps_its_tokens() {
        let root = Workspace::find(None, None, None).unwrap().root;
        let mut count = 0;
        for folder in ["crates", "xtask/src", "tests"] {
            for path in digest::files_below(&root.join(folder), &|_| true).unwrap() {
                if path.extension().is_some_and(|extension| extension == "rs") {
                    let source = std::fs::read_to_string(&path).unwrap();
                    let bare = String::from_utf8(of_rust(source.as_bytes())).unwrap();
                    assert_eq!(tokens(&bare), tokens(&source), "{}", path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 100, "only {count} files were read");
    }
}
