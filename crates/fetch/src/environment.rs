//! The environment that a download depends on, read in one place: where the key is, which
//! certificates are trusted, which proxy is used. None of it can change what is downloaded.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variables that are looked at.
const NAMES: [&str; 9] = [
    "CDSAPI_URL",
    "CDSAPI_KEY",
    "CDSAPI_RC",
    "ECMWF_DATASTORES_URL",
    "ECMWF_DATASTORES_KEY",
    "ECMWF_DATASTORES_RC_FILE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "HOME",
];

/// What was set when the program started, or what a test sets. It cannot be printed: it has the key.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    proxy: Option<ureq::Proxy>,
}

impl Environment {
    /// That of this process, with the proxy that `HTTPS_PROXY` and its relatives name.
    pub fn of_process() -> Environment {
        let value = |name: &str| Some((name.to_string(), std::env::var(name).ok()?));
        Environment {
            variables: NAMES.into_iter().filter_map(value).collect(),
            proxy: ureq::Proxy::try_from_env(),
        }
    }

    /// One that a test makes up; without a proxy.
    pub fn made_up(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Environment { variables: variables.collect(), proxy: None }
    }

    /// The value of a variable; an empty one counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A path, in which a leading `~` is the home folder.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.get("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(text),
        }
    }

    pub(crate) fn proxy(&self) -> Option<&ureq::Proxy> {
        self.proxy.as_ref()
    }
}
