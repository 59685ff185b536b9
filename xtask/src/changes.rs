//! Why a stage has to run: what differs, field by field, from the parts that it was last made of.

use std::fmt;

use serde::Serialize;

/// One field of a stage's fingerprint that is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub kind: Kind,
    /// A crate, `[train] epochs`, or an input as `stage/file`; of kinds that are there once the kind's words.
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
    /// Anything else: the lockfile, the compiler, ....
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
                let names = |kind: Kind| -> Vec<&str> {
                    let of_kind = changes.iter().filter(|change| change.kind == kind);
                    of_kind.map(|change| change.name.as_str()).collect()
                };
                let mut parts = Vec::new();
                let sources = names(Kind::Source);
                if !sources.is_empty() {
                    parts.push(format!("sources of {}", sources.join(", ")));
                }
                let settings = changes.iter().filter(|change| change.kind == Kind::Setting);
                parts.extend(settings.map(Change::to_string));
                let inputs = names(Kind::Input);
                if !inputs.is_empty() {
                    parts.push(format!("input {}", inputs.join(", ")));
                }
                parts.extend(names(Kind::Build).into_iter().map(str::to_string));
                write!(formatter, "changed: {}", parts.join("; "))
            }
        }
    }
}

/// `[train] epochs 5 -> 6`.
impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "unset".to_string());
        write!(formatter, "{} {} -> {}", self.name, show(&self.before), show(&self.after))
    }
}
