//! The pipeline's settings as text. Values are as the pipeline file has them, but for absolute paths,
//! of which only the file's name is shown: the report names no machine.

use serde_json::{Map, Value};

/// The tables that are not empty, as TOML.
pub(crate) fn describe(tables: &[(&str, &Map<String, Value>)]) -> String {
    let filled = tables.iter().filter(|(_, table)| !table.is_empty());
    let texts: Vec<String> = filled
        .map(|(name, table)| {
            let lines: String =
                table.iter().map(|(key, value)| format!("{key} = {}\n", toml(value))).collect();
            format!("[{name}]\n{lines}")
        })
        .collect();
    texts.join("\n")
}

fn toml(value: &Value) -> String {
    match value {
        Value::String(text) => Value::from(without_folder(text)).to_string(),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            let pairs: Vec<_> = table.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

fn without_folder(text: &str) -> &str {
    let path = std::path::Path::new(text);
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) if path.is_absolute() => name,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_toml_without_the_machines_folders() {
        let tables = serde_json::json!({
            "ingest": {"files": ["data/a.nc", "/home/someone/b.nc"], "max_gap_hours": 3},
            "train": {"learning_rate": 0.001, "windows": "random"},
            "model": {},
        });
        let table = |name: &str| tables[name].as_object().unwrap();
        let text =
            describe(&[("ingest", table("ingest")), ("model", table("model")), ("train", table("train"))]);
        assert_eq!(
            text,
            "[ingest]\nfiles = [\"data/a.nc\", \"b.nc\"]\nmax_gap_hours = 3\n\n[train]\nlearning_rate = 0.001\nwindows = \"random\"\n"
        );
    }
}
