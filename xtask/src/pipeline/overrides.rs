//! `--set table.key=value`: one value of the pipeline file replaced on the command line.

use contract::config::nearest;
use toml::{Table, Value};

use crate::map;

/// Puts the value of `set` in its place.
///
/// # Errors
/// A sentence that quotes `set`.
pub(super) fn apply(table: &mut Table, set: &str) -> Result<(), String> {
    let usage = "wanted table.key=value, such as train.epochs=20";
    let (path, text) = set.split_once('=').ok_or_else(|| format!("--set {set} has no value; {usage}"))?;
    let keys: Vec<&str> = path.trim().split('.').map(str::trim).collect();
    let (Some((last, parents)), false) = (keys.split_last(), keys.iter().any(|key| key.is_empty())) else {
        return Err(format!("--set {set} has no key; {usage}"));
    };
    let Some(first) = parents.first() else {
        return Err(format!("--set {set} names no table; {usage}"));
    };
    let known = map::tables();
    if !known.contains(first) {
        let proposal = map::proposal(nearest(first, known.iter().copied()));
        return Err(format!(
            "--set {set}: there is no table [{first}]; the tables are {}{proposal}",
            known.join(", ")
        ));
    }
    let value = value(set, text.trim())?;
    let mut place = table;
    for parent in parents {
        let entry = place.entry(*parent).or_insert_with(|| Value::Table(Table::new()));
        place = entry.as_table_mut().ok_or_else(|| format!("--set {set}: {parent} is not a table"))?;
    }
    place.insert(last.to_string(), value);
    Ok(())
}

/// A TOML value; a bare word is taken as text.
fn value(set: &str, text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err(format!("--set {set} has no value; for empty text write '\"\"'"));
    }
    match format!("value = {text}").parse::<Table>() {
        Ok(mut table) if table.len() == 1 => {
            table.remove("value").ok_or_else(|| format!("--set {set} has no value"))
        }
        Ok(_) => Err(format!("--set {set} has more than one value")),
        Err(_) if !text.starts_with(['[', '{', '"', '\'']) => Ok(Value::String(text.to_string())),
        Err(error) => {
            let message = error.message().trim().replace('\n', ", ");
            Err(format!("--set {set} is not a TOML value: {message}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &str, expected: &str) {
        let mut table: Table = "[train]\nepochs = 3\nbatch = 8".parse().unwrap();
        match apply(&mut table, set) {
            Ok(()) => assert_eq!(table["train"].to_string(), expected, "{set}"),
            Err(message) => assert_eq!(message, expected),
        }
    }

    #[test]
    fn a_value_is_toml() {
        check("train.epochs=5", "{ batch = 8, epochs = 5 }");
        check(" train.epochs = [1, 2] ", "{ batch = 8, epochs = [1, 2] }");
        check("train.epochs=2021-01-01", "{ batch = 8, epochs = 2021-01-01 }");
        check("train.a.b=true", "{ a = { b = true }, batch = 8, epochs = 3 }");
    }

    #[test]
    fn a_bare_word_is_text() {
        check("train.epochs=cosine", "{ batch = 8, epochs = \"cosine\" }");
        check("train.epochs=La Haute Borne", "{ batch = 8, epochs = \"La Haute Borne\" }");
    }

    #[test]
    fn what_cannot_be_set_is_quoted() {
        check(
            "train.epochs",
            "--set train.epochs has no value; wanted table.key=value, such as train.epochs=20",
        );
        check("epochs=3", "--set epochs=3 names no table; wanted table.key=value, such as train.epochs=20");
        check("train.=3", "--set train.=3 has no key; wanted table.key=value, such as train.epochs=20");
        check("train.epochs=", "--set train.epochs= has no value; for empty text write '\"\"'");
        check("train.epochs.x=3", "--set train.epochs.x=3: epochs is not a table");
        check(
            "trian.epochs=3",
            "--set trian.epochs=3: there is no table [trian]; the tables are about, ingest, preprocess, model, \
             train, generate, impute, forecast, detect, trials, evaluate, report; did you mean \"train\"?",
        );
        check("train.epochs=[1", "--set train.epochs=[1 is not a TOML value: unclosed array, expected `]`");
    }
}
