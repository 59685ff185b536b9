//! Why a stage has to run: what differs, field by field, from the parts that it was last made of.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Of one kind, as many as a line names.
const MOST_NAMED: usize = 3;

/// Of a value, the characters that a line has room for.
const LONGEST_VALUE: usize = 40;

/// One field of a stage's fingerprint that is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub kind: Kind,
    /// A file of a crate, a library, `[train] epochs`, or an input as `stage/file` or `stage/file column t2m`;
    /// of the others what it is.
    pub name: String,
    /// A value, or the start of a digest; `None` where it was not there.
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Source,
    Setting,
    Input,
    Library,
    /// The compiler, and what it is asked for.
    Toolchain,
    /// What else decides how a binary is built.
    Build,
}

/// Why a stage is not in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    NotDownloaded,
    HasNotRun,
    EntryGone,
    Changed(Vec<Change>),
}

impl Why {
    pub fn changes(&self) -> &[Change] {
        match self {
            Why::Changed(changes) => changes,
            Why::NotDownloaded | Why::HasNotRun | Why::EntryGone => &[],
        }
    }
}

/// In a few words, on one line.
impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::NotDownloaded => formatter.write_str("not downloaded yet"),
            Why::HasNotRun => formatter.write_str("has not run yet"),
            Why::EntryGone => formatter.write_str("its cache entry is gone"),
            Why::Changed(changes) => {
                let of = |kind: Kind| changes.iter().filter(move |change| change.kind == kind);
                let named = |kind: Kind| of(kind).map(|change| change.name.as_str()).collect::<Vec<_>>();
                let mut parts = by_crate(&named(Kind::Source));
                match of(Kind::Setting).count() {
                    0..=MOST_NAMED => parts.extend(of(Kind::Setting).map(Change::on_a_line)),
                    count => parts.push(format!("{count} settings, {} first", named(Kind::Setting)[0])),
                }
                let inputs = named(Kind::Input);
                match inputs.len() {
                    0 => {}
                    1..=MOST_NAMED => parts.push(format!("input {}", inputs.join(", "))),
                    count => parts.push(format!("{count} inputs, {} first", inputs[0])),
                }
                match of(Kind::Library).count() {
                    0..=MOST_NAMED => parts.extend(of(Kind::Library).map(Change::to_string)),
                    count => parts.push(format!("{count} libraries")),
                }
                parts.extend(of(Kind::Toolchain).map(Change::to_string));
                parts.extend(named(Kind::Build).into_iter().map(str::to_string));
                write!(formatter, "changed: {}", parts.join("; "))
            }
        }
    }
}

/// Source files by name, or of a crate with many their number.
fn by_crate(files: &[&str]) -> Vec<String> {
    let mut crates: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        crates.entry(file.split('/').next().unwrap_or(file)).or_default().push(file);
    }
    let shown = crates.into_iter().map(|(name, files)| match files.len() {
        0..=MOST_NAMED => files.join(", "),
        count => format!("{count} source files of {name}"),
    });
    shown.collect()
}

impl Change {
    /// The same with long values cut.
    fn on_a_line(&self) -> String {
        let cut = |side: &Option<String>| {
            side.as_ref().map(|text| match text.char_indices().nth(LONGEST_VALUE) {
                Some((at, _)) => format!("{}...", &text[..at]),
                None => text.clone(),
            })
        };
        Change { before: cut(&self.before), after: cut(&self.after), ..self.clone() }.to_string()
    }
}

/// `[train] epochs 5 -> 6`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "unset".to_string());
        write!(formatter, "{} {} -> {}", self.name, show(&self.before), show(&self.after))
    }
}
