//! `clean`: removes the cache, and on request what was published.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::cache::{Cache, remove};
use crate::console::{Console, LogFormat, OutputFormat, line};
use crate::digest::{describe_bytes, weigh};
use crate::lease::LOCK;
use crate::workspace::Workspace;

/// Removes the cache, and with `all` the runs; says what they weigh.
///
/// # Errors
/// When something cannot be removed.
pub(crate) fn clean(
    workspace: &Workspace,
    all: bool,
    dry_run: bool,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let console = Console::new(LogFormat::Human);
    let _alone = Cache::new(workspace.cache()).enter_alone("clean", &console)?;
    let mut folders = vec![workspace.cache()];
    if all {
        folders.push(workspace.runs());
    }
    let word = if dry_run { "would go" } else { "gone" };
    let (mut text, mut rows) = (String::new(), Vec::new());
    for folder in folders {
        let bytes = weigh(&folder)?;
        if !dry_run {
            empty(&folder)?;
        }
        let shown = workspace.show(&folder);
        text += &format!("{}\n", line(&shown, "", &format!("{} {word}", describe_bytes(bytes))));
        rows.push(json!({"folder": shown, "bytes": bytes, "removed": !dry_run}));
    }
    output.print(|| text, || json!({"folders": rows}));
    Ok(())
}

/// Removes everything in the folder but the lease, which we hold.
fn empty(folder: &Path) -> anyhow::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| !is_lease(path)) {
        remove(&path)?;
    }
    Ok(())
}

fn is_lease(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(LOCK))
}
