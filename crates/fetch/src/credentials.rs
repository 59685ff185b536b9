//! The address of the store's API and its key, found as the official clients find them: first those
//! of `cdsapi`, then those of `ecmwf-datastores-client`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::address::Address;
use crate::environment::Environment;
use crate::secret::Secret;

/// The API's address where only a key is given.
const USUAL_URL: &str = "https://cds.climate.copernicus.eu/api";
/// How the address of the API before September 2024 ended.
const OLD_PATH: &str = "/api/v2";

/// What the API asks for.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) api: Address,
    pub(crate) key: Secret,
    /// Where the key was found, for messages.
    pub(crate) key_from: String,
}

/// Where a client looks.
struct Client {
    url: &'static str,
    key: &'static str,
    file: &'static str,
    usual_file: &'static str,
}

const CLIENTS: [Client; 2] = [
    Client { url: "CDSAPI_URL", key: "CDSAPI_KEY", file: "CDSAPI_RC", usual_file: "~/.cdsapirc" },
    Client {
        url: "ECMWF_DATASTORES_URL",
        key: "ECMWF_DATASTORES_KEY",
        file: "ECMWF_DATASTORES_RC_FILE",
        usual_file: "~/.ecmwfdatastoresrc",
    },
];

/// A value, and where it was found.
struct Found {
    value: String,
    from: String,
}

/// # Errors
/// When there is no key, or one that cannot be used, with the steps that lead to one.
pub(crate) fn find(environment: &Environment) -> anyhow::Result<Credentials> {
    for client in &CLIENTS {
        let shown = environment.get(client.file).unwrap_or(client.usual_file);
        let path = environment.path(shown);
        let file = read(&path)?;
        let lookup = |variable: &str, name: &str| -> Option<Found> {
            match environment.get(variable) {
                Some(value) => Some(Found { value: value.trim().to_string(), from: variable.to_string() }),
                None => file.value(name).map(|value| Found { value, from: shown.to_string() }),
            }
        };
        if let Some(key) = lookup(client.key, "key") {
            if file.value("verify").is_some_and(|value| value == "0") {
                tracing::warn!(
                    "{shown} says verify: 0; certificates are checked all the same, because the key is sent"
                );
            }
            return check(lookup(client.url, "url"), key);
        }
    }
    bail!(
        "no key of the Climate Data Store was found in CDSAPI_KEY, ~/.cdsapirc, ECMWF_DATASTORES_KEY or \
         ~/.ecmwfdatastoresrc. To get one: (1) register at https://cds.climate.copernicus.eu; (2) accept the \
         licence at the end of the dataset's download page; (3) copy the two lines that \
         https://cds.climate.copernicus.eu/how-to-api shows, url: and key:, into ~/.cdsapirc. Without a key, \
         source = {{ kind = \"open-meteo\", ... }} gives similar data"
    )
}

fn check(url: Option<Found>, key: Found) -> anyhow::Result<Credentials> {
    let Found { value: key, from: key_from } = key;
    let url = url.unwrap_or(Found { value: USUAL_URL.to_string(), from: "the default".to_string() });
    let text = url.value.trim_end_matches('/');
    if text.ends_with(OLD_PATH) {
        bail!(
            "the url of {}, {text}, was closed in 2024; wanted url: {USUAL_URL}, and the new key from \
             https://cds.climate.copernicus.eu/how-to-api",
            url.from
        );
    }
    let api = Address::parse(text).and_then(|api| api.check_privacy().map(|()| api));
    // The text is not repeated: a key may have been pasted into it.
    let api = api.map_err(|fault| anyhow::anyhow!("the url of {} {fault}", url.from))?;
    if key.contains(':') {
        bail!(
            "the key of {key_from} is of the old kind, uid:key; wanted the new one, without a colon, from \
             https://cds.climate.copernicus.eu/how-to-api"
        );
    }
    if key.starts_with(['"', '\'']) {
        bail!("the key of {key_from} is in quotes; wanted it without them");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!(
            "the key of {key_from} has a space or a character in it that no key has; copy it again from \
             https://cds.climate.copernicus.eu/how-to-api"
        );
    }
    Ok(Credentials { api, key: Secret::new(key), key_from })
}

/// The lines `name: value` of a file.
struct Lines(Vec<(String, String)>);

impl Lines {
    /// The last value of that name, as the official clients take it; an empty one counts as none.
    fn value(&self, name: &str) -> Option<String> {
        let last = self.0.iter().rev().find(|(key, _)| key == name);
        last.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    }
}

/// Reads a file of credentials; none is as good as an empty one.
fn read(path: &Path) -> anyhow::Result<Lines> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| cannot_read(path.to_path_buf())),
    };
    let pair = |line: &str| {
        let (name, value) = line.trim().split_once(':')?;
        Some((name.to_string(), value.trim().to_string()))
    };
    Ok(Lines(text.trim_start_matches('\u{feff}').lines().filter_map(pair).collect()))
}

fn cannot_read(path: PathBuf) -> String {
    format!("cannot read the key's file {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        home
    }

    fn look(home: &tempfile::TempDir, variables: &[(&str, &str)]) -> anyhow::Result<Credentials> {
        let mut all = vec![("HOME", home.path().to_str().unwrap())];
        all.extend_from_slice(variables);
        find(&Environment::made_up(&all))
    }

    fn check_found(files: &[(&str, &str)], variables: &[(&str, &str)], url: &str, key: &str, from: &str) {
        let found = look(&home_with(files), variables).unwrap();
        let sent = found.key.header_value().unwrap();
        let all = (found.api.to_string(), sent.to_str().unwrap().to_string(), found.key_from);
        assert_eq!(all, (url.to_string(), key.to_string(), from.to_string()));
    }

    fn check_fault(text: &str, message: &str) {
        let error = look(&home_with(&[(".cdsapirc", text)]), &[]).unwrap_err().to_string();
        assert_eq!(error, message);
    }

    #[test]
    fn the_key_is_found_where_the_official_clients_find_it() {
        let rc = "# mine\nurl: https://cds.climate.copernicus.eu/api\nkey:   abc-1  \nverify: 1\n";
        let usual = "https://cds.climate.copernicus.eu/api";
        check_found(&[(".cdsapirc", rc)], &[], usual, "abc-1", "~/.cdsapirc");
        check_found(&[(".cdsapirc", rc)], &[("CDSAPI_KEY", "env-1")], usual, "env-1", "CDSAPI_KEY");
        check_found(
            &[(".cdsapirc", rc)],
            &[("CDSAPI_URL", "https://ads.example.org/api/")],
            "https://ads.example.org/api",
            "abc-1",
            "~/.cdsapirc",
        );
        check_found(
            &[(".cdsapirc", rc), ("other", "url: https://o.org/api\nkey: other-1")],
            &[("CDSAPI_RC", "~/other")],
            "https://o.org/api",
            "other-1",
            "~/other",
        );
        check_found(&[], &[("CDSAPI_KEY", "env-1")], usual, "env-1", "CDSAPI_KEY");
        let new = "url: https://n.org/api\nkey: new-1\n";
        check_found(
            &[(".ecmwfdatastoresrc", new)],
            &[],
            "https://n.org/api",
            "new-1",
            "~/.ecmwfdatastoresrc",
        );
        check_found(
            &[],
            &[("ECMWF_DATASTORES_URL", "http://localhost:8/api"), ("ECMWF_DATASTORES_KEY", "k")],
            "http://localhost:8/api",
            "k",
            "ECMWF_DATASTORES_KEY",
        );
        // The first client's file wins.
        check_found(&[(".cdsapirc", rc), (".ecmwfdatastoresrc", new)], &[], usual, "abc-1", "~/.cdsapirc");
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_without_being_shown() {
        check_fault(
            "url: https://cds.climate.copernicus.eu/api/v2\nkey: 123:abc\n",
            "the url of ~/.cdsapirc, https://cds.climate.copernicus.eu/api/v2, was closed in 2024; wanted url: \
             https://cds.climate.copernicus.eu/api, and the new key from \
             https://cds.climate.copernicus.eu/how-to-api",
        );
        check_fault(
            "url: https://cds.climate.copernicus.eu/api\nkey: 123:abc\n",
            "the key of ~/.cdsapirc is of the old kind, uid:key; wanted the new one, without a colon, from \
             https://cds.climate.copernicus.eu/how-to-api",
        );
        check_fault("key: \"abc\"\n", "the key of ~/.cdsapirc is in quotes; wanted it without them");
        check_fault(
            "key: ab cd\n",
            "the key of ~/.cdsapirc has a space or a character in it that no key has; copy it again from \
             https://cds.climate.copernicus.eu/how-to-api",
        );
        check_fault(
            "url: http://cds.climate.copernicus.eu/api\nkey: abc\n",
            "the url of ~/.cdsapirc is not encrypted; wanted https:// (http:// only to this machine)",
        );
        check_fault(
            "url: https://abc@cds.climate.copernicus.eu/api\nkey: abc\n",
            "the url of ~/.cdsapirc has a user name or a key in it; wanted one without",
        );
    }

    #[test]
    fn without_a_key_the_steps_to_one_are_told() {
        let steps = "no key of the Climate Data Store was found in CDSAPI_KEY, ~/.cdsapirc, ECMWF_DATASTORES_KEY \
                     or ~/.ecmwfdatastoresrc. To get one: (1) register at https://cds.climate.copernicus.eu; (2) \
                     accept the licence at the end of the dataset's download page; (3) copy the two lines that \
                     https://cds.climate.copernicus.eu/how-to-api shows, url: and key:, into ~/.cdsapirc. Without \
                     a key, source = { kind = \"open-meteo\", ... } gives similar data";
        assert_eq!(look(&home_with(&[]), &[]).unwrap_err().to_string(), steps);
        check_fault("url: https://cds.climate.copernicus.eu/api\nkey:\n", steps);
    }
}
