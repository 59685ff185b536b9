//! What CSV cannot say of itself, beside it in `NAME.csv-metadata.json`: its licence, whom to name, its source, and the
//! type and the unit of each column. Format: W3C, Metadata Vocabulary for Tabular Data (2015), which also says where
//! its readers look for the file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use contract::credit::{Credit, licence_url};
use serde_json::{Map, Value, json};

/// The end of the file's name, after that of the table.
const ENDING: &str = "-metadata.json";

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Integer,
    /// May be missing.
    Number,
    Text,
    TimeUtc,
    /// Local standard time, without its offset.
    LocalTime,
}

/// A column of the table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    name: String,
    /// As in the table's first line: the name, with the unit where there is one.
    pub title: String,
    kind: Kind,
    unit: Option<String>,
}

impl Column {
    pub(crate) fn new(name: &str, kind: Kind, unit: Option<&str>) -> Column {
        let title = unit.map_or_else(|| name.to_string(), |unit| format!("{name} [{unit}]"));
        Column { name: name.to_string(), title, kind, unit: unit.map(str::to_string) }
    }

    fn describe(&self) -> Value {
        let datatype = match self.kind {
            Kind::Integer => json!("integer"),
            Kind::Number => json!("number"),
            Kind::Text => json!("string"),
            Kind::TimeUtc => json!({"base": "dateTime", "format": "yyyy-MM-ddTHH:mmX"}),
            Kind::LocalTime => json!({"base": "dateTime", "format": "yyyy-MM-ddTHH:mm"}),
        };
        let mut column = json!({"name": encoded(&self.name), "titles": self.title, "datatype": datatype});
        if let Some(unit) = &self.unit {
            column["schema:unitText"] = json!(unit);
        }
        column
    }
}

/// Writes the description of the table at `path`.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(path: &Path, title: &str, columns: &[Column], credit: &Credit) -> anyhow::Result<()> {
    let table = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!("{table}{ENDING}"));
    let failed = || format!("cannot write {}", beside.display());
    let document = describe(&table, title, columns, credit);
    let mut file = File::create(&beside).with_context(failed)?;
    writeln!(file, "{document:#}").and_then(|()| file.sync_all()).with_context(failed)
}

fn describe(table: &str, title: &str, columns: &[Column], credit: &Credit) -> Value {
    let licence = |licence: &String| match licence_url(licence) {
        Some(url) => json!({"@id": url}),
        None => json!(licence),
    };
    let stated: [(&str, Vec<Value>); 4] = [
        ("dc:license", credit.licences.iter().map(licence).collect()),
        ("schema:creditText", credit.attributions.iter().map(|text| json!(text)).collect()),
        ("dc:source", credit.sources.iter().map(|text| json!(text)).collect()),
        ("dc:references", credit.references.iter().map(|text| json!(text)).collect()),
    ];
    let mut document = Map::from_iter([
        ("@context".to_string(), json!(["http://www.w3.org/ns/csvw", {"@language": "en"}])),
        ("url".to_string(), json!(table)),
        ("dc:title".to_string(), json!(title)),
    ]);
    // Nothing is written of what nobody has said.
    let stated = stated.into_iter().filter(|(_, entries)| !entries.is_empty());
    document.extend(stated.map(|(key, entries)| (key.to_string(), Value::Array(entries))));
    let columns: Vec<Value> = columns.iter().map(Column::describe).collect();
    document.insert("tableSchema".to_string(), json!({ "columns": columns }));
    Value::Object(document)
}

/// A column's name as the format has them: letters, digits and underscores, the rest by its bytes (`%2E`).
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_described_with_its_licence_and_units() {
        let folder = tempfile::tempdir().unwrap();
        let credit = Credit {
            licences: ["CC-BY-4.0".to_string(), "ask us".to_string()].into(),
            attributions: ["By us.".to_string()].into(),
            ..Credit::default()
        };
        let columns = [
            Column::new("time", Kind::TimeUtc, None),
            Column::new("t2m_above_-0.5", Kind::Number, Some("1")),
        ];
        write(&folder.path().join("x.csv"), "Hours", &columns, &credit).unwrap();
        let text = std::fs::read_to_string(folder.path().join("x.csv-metadata.json")).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({
                "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
                "url": "x.csv",
                "dc:title": "Hours",
                "dc:license": [{"@id": "https://creativecommons.org/licenses/by/4.0/"}, "ask us"],
                "schema:creditText": ["By us."],
                "tableSchema": {"columns": [
                    {
                        "name": "time", "titles": "time",
                        "datatype": {"base": "dateTime", "format": "yyyy-MM-ddTHH:mmX"},
                    },
                    {
                        "name": "t2m_above_%2D0%2E5", "titles": "t2m_above_-0.5 [1]", "datatype": "number",
                        "schema:unitText": "1",
                    },
                ]},
            })
        );
    }
}
