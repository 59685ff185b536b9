//! `new`: a commented pipeline file for a place, from options and, on a terminal, a few questions. Nothing is written
//! before all of them are answered. It decides nothing that a pipeline does not say: what it leaves is a file to edit.

mod answers;
mod dialogue;
mod plan;
mod text;

use std::fs::{self, File};
use std::io::{IsTerminal, Write};
use std::path::{Component, Path};

use anyhow::Context;
use serde_json::json;

use crate::console::OutputFormat;
use crate::failure::config;
use crate::inspect;
use crate::pipeline::{Pipeline, files};
use crate::workspace::Workspace;

pub(crate) use answers::Wishes;
use dialogue::Dialogue;
use plan::{Origin, Plan};
use text::Station;

/// Writes the pipeline file `name`.
///
/// # Errors
/// When an answer cannot be used or is missing, the file is there already, or it cannot be written.
pub(crate) fn new(
    workspace: &Workspace,
    name: &str,
    wishes: Wishes,
    force: bool,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let name = checked_name(name)?;
    let file = workspace.root.join("pipelines").join(format!("{name}.toml"));
    let path = workspace.show(&file);
    if file.exists() && !force {
        return Err(config(format!(
            "{path} is there already; choose another name, or replace it with --force"
        )));
    }
    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let wishes = if is_terminal { Dialogue::on_terminal().complete(&name, wishes)? } else { wishes };
    let plan = Plan::of(&name, &wishes).map_err(config)?;
    let station = station(workspace, &plan);
    write(&file, &text::of(&plan, &station)).with_context(|| format!("cannot write {path}"))?;
    say_what_to_look_at(workspace, &plan, &station, &path)?;
    let next = format!("cargo xtask run-all {name}");
    output.print(|| format!("{path}\n{next}\n"), || json!({"pipeline": path, "next": next}));
    Ok(())
}

/// The name of a file below `pipelines/`; its end and the folder may be written too.
fn checked_name(word: &str) -> anyhow::Result<String> {
    let bare = word.strip_prefix("pipelines/").unwrap_or(word);
    let bare = bare.strip_suffix(".toml").unwrap_or(bare);
    let is_plain = |character: char| character.is_alphanumeric() || "-_./".contains(character);
    let is_visible =
        |part: Component| matches!(part, Component::Normal(part) if !part.to_string_lossy().starts_with('.'));
    if !bare.is_empty() && bare.chars().all(is_plain) && Path::new(bare).components().all(is_visible) {
        return Ok(Path::new(bare).to_string_lossy().trim_end_matches('/').to_string());
    }
    Err(config(format!(
        "the name is {word:?}; wanted the name of a file below pipelines/, of letters, digits, - and _, such as paris or \
         france/paris"
    )))
}

/// What the file says of a station's tables.
fn station(workspace: &Workspace, plan: &Plan) -> Station {
    let Origin::Files(patterns) = &plan.origin else { return Station::None };
    let tables = files::tables_among(workspace, patterns);
    if tables.is_empty() {
        return if files::may_be_tables(patterns) { Station::Needed } else { Station::None };
    }
    match inspect::station(workspace, &tables) {
        Ok(Some(text)) => Station::Proposed(text),
        Ok(None) => Station::None,
        Err(error) => {
            eprintln!("note: what is in the tables cannot be told ({error:#})");
            Station::Needed
        }
    }
}

/// Puts the text in its place as a whole.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".new-{}.tmp", std::process::id()));
    let written = File::create(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, file));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

/// Whether the files are there, whether their columns were guessed, and which time was taken for the place's own.
fn say_what_to_look_at(
    workspace: &Workspace,
    plan: &Plan,
    station: &Station,
    path: &str,
) -> anyhow::Result<()> {
    if let Origin::Files(patterns) = &plan.origin {
        let pipeline = Pipeline::load(workspace, path, &[], None)?;
        match files::paths(workspace, &pipeline) {
            Ok(found) if found.len() == 1 => eprintln!("1 file is there"),
            Ok(found) => eprintln!("{} files are there", found.len()),
            Err(_) => eprintln!("note: no file matches {} yet; put them there", patterns.join(", ")),
        }
    }
    if let Station::Proposed(_) = station {
        eprintln!(
            "note: [ingest.station] in {path} is a guess at the tables' columns, units and times: look it through"
        );
    }
    if plan.is_solar {
        eprintln!(
            "note: utc_offset is {}, the solar time of the longitude; the civil standard time of the place may be \
             another: look it up, and change [preprocess] utc_offset in {path}",
            plan.utc_offset
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_below_the_pipelines() {
        for (word, name) in
            [("paris", "paris"), ("france/paris", "france/paris"), ("pipelines/paris.toml", "paris")]
        {
            assert_eq!(checked_name(word).unwrap(), name);
        }
        for word in ["", "..", "../x", "a/../b", "/tmp/x", ".x", "a b", "a\"b", ".toml"] {
            assert_eq!(
                checked_name(word).unwrap_err().to_string(),
                format!(
                    "the name is {word:?}; wanted the name of a file below pipelines/, of letters, digits, - and _, such \
                     as paris or france/paris"
                )
            );
        }
    }
}
