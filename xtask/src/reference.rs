//! `reference`: the reference of the pipeline file, as JSON schema for editors and as a page for people, from the
//! types that the stages read their tables with. What a key means is written where it is read, and nowhere here.

mod about;
mod examples;
mod gather;
mod page;
mod schema;
mod words;

use std::fs;

use anyhow::{Context, bail};
use serde_json::json;

use crate::builder;
use crate::console::{Console, LogFormat, OutputFormat};
use crate::workspace::Workspace;

/// The schema, for editors.
pub(crate) const SCHEMA: &str = "docs/pipeline.schema.json";
/// The same, for people.
const PAGE: &str = "docs/pipeline-file.md";

/// Writes the schema and the page, or with `check` only says whether they are up to date.
///
/// # Errors
/// With `check`, when one of them is not; else when the stages cannot be built or asked, or contradict each other.
pub(crate) fn reference(workspace: &Workspace, check: bool, output: OutputFormat) -> anyhow::Result<()> {
    let console = Console::new(LogFormat::Human);
    let binaries = builder::build(workspace, &console, false)?;
    let tables = gather::tables(&binaries)?;
    let mut states = Vec::new();
    for (path, text) in [(SCHEMA, schema::text(&tables)), (PAGE, page::text(&tables))] {
        let file = workspace.root.join(path);
        let is_up_to_date = fs::read_to_string(&file).is_ok_and(|found| found == text);
        if !is_up_to_date && !check {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        }
        states.push((path, is_up_to_date));
    }
    let old: Vec<_> =
        states.iter().filter(|(_, is_up_to_date)| !is_up_to_date).map(|(path, _)| *path).collect();
    if check && !old.is_empty() {
        let verb = if old.len() == 1 { "is" } else { "are" };
        bail!(
            "{} {verb} out of date: a key of the pipeline file, its range, its default or its description has changed; \
             run `cargo xtask reference`, and commit what it writes",
            old.join(" and ")
        );
    }
    let state = |is_up_to_date| if is_up_to_date { "up to date" } else { "written" };
    let text = || states.iter().map(|(path, is_fine)| format!("{path} {}\n", state(*is_fine))).collect();
    let files = states.iter().map(|(path, is_fine)| json!({"path": path, "state": state(*is_fine)}));
    output.print(text, || json!({"files": files.collect::<Vec<_>>()}));
    Ok(())
}
