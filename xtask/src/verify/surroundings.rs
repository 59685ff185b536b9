//! What a run was made with and on, beside what it is made with and on now: where both are the same,
//! every byte has to be.

use super::{Row, Verdict};
use crate::cache::Manifest;
use crate::changes::{Change, Kind};
use crate::record::Record;

pub(super) struct Surroundings {
    /// Each that differs, in words; empty if bytes have to be the same.
    machine: Vec<String>,
    shown: String,
    code: Vec<Change>,
    /// The user's own files that are not those of then.
    files: Vec<String>,
}

impl Surroundings {
    pub fn of(record: &Record, again: &[Manifest]) -> Surroundings {
        let pairs: Vec<(&Manifest, &Manifest)> =
            again.iter().filter_map(|now| Some((record.manifest(&now.stage)?, now))).collect();
        let mut machine = Vec::new();
        for (then, now) in &pairs {
            let compared = [
                ("target", &then.parts.target, &now.parts.target),
                ("vector instructions", &then.machine.vector_level, &now.machine.vector_level),
                ("system", &then.machine.system, &now.machine.system),
                ("compiler", &then.parts.compiler, &now.parts.compiler),
                ("device", &then.device, &now.device),
            ];
            for (what, then, now) in compared.into_iter().filter(|(_, then, now)| then != now) {
                machine.push(format!("{what} {} -> {}", first_line(then), first_line(now)));
            }
            if then.parts.features != now.parts.features {
                let (then, now) = (then.parts.features.join(" "), now.parts.features.join(" "));
                machine.push(format!("features {then:?} -> {now:?}"));
            }
        }
        let changes = pairs.iter().flat_map(|(then, now)| now.parts.changes_since(&then.parts));
        let mut code: Vec<Change> = Vec::new();
        let mut files = Vec::new();
        for change in changes {
            match change.kind {
                Kind::Source | Kind::Library | Kind::Build if !code.contains(&change) => code.push(change),
                Kind::Input if change.name.starts_with("files/") => files.push(change.name),
                _ => {}
            }
        }
        machine.dedup();
        machine.sort();
        machine.dedup();
        let shown = pairs.first().map_or_else(String::new, |(_, now)| {
            let compiler = first_line(&now.parts.compiler);
            format!("{}, {}, {compiler}, {}", now.parts.target, now.machine.vector_level, now.device)
        });
        Surroundings { machine, shown, code, files }
    }

    /// True if the same request leaves the same bytes here.
    pub fn promise_bytes(&self) -> bool {
        self.machine.is_empty()
    }

    pub fn rows(&self) -> Vec<Row> {
        let row = |name: &str, list: Vec<String>, same: &str| {
            let is_same = list.is_empty();
            Row {
                name: name.to_string(),
                verdict: if is_same { Verdict::Same } else { Verdict::Other },
                text: if is_same { same.to_string() } else { list.join("; ") },
            }
        };
        let code = match self.code.len() {
            0..=3 => self.code.iter().map(|change| change.name.clone()).collect(),
            count => vec![format!("{count} files and libraries, {} first", self.code[0].name)],
        };
        vec![
            row("machine", self.machine.clone(), &self.shown),
            row("code", code, "that of the recorded run"),
            row("files", self.files.clone(), "those of the recorded run"),
        ]
    }

    /// Why bytes differ, as far as that can be told, and what to do.
    pub fn why_not(&self, record: &Record) -> String {
        let commit = record.run.commit.as_deref().unwrap_or("the recorded one");
        if !self.files.is_empty() {
            return format!("not verified: {} is not the recorded file", self.files.join(", "));
        }
        if self.code.is_empty() {
            return "not verified: the same request has left something else".to_string();
        }
        format!("not verified, and the code has changed since: check out commit {commit}, and verify again")
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
