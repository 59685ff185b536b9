//! `data/settings.toml`: what is this machine's own, such as where the cache is. It is not part of the
//! repository, and nothing in it changes what a stage leaves.

use std::fs;
use std::path::{Path, PathBuf};

use contract::config::nearest;
use toml::Table;

use crate::failure::config;
use crate::map;

const FILE: &str = "settings.toml";

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// `[cache] folder`; machines that name the same one share it.
    pub cache_folder: Option<PathBuf>,
    /// `[cache] limit_gb`, in bytes: what `gc` leaves.
    pub cache_limit_bytes: Option<u64>,
}

impl Settings {
    /// Those in the folder; none if there is no such file.
    ///
    /// # Errors
    /// A sentence that names the file, the key, what was seen and what is wanted.
    pub fn read(data: &Path) -> anyhow::Result<Settings> {
        let path = data.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                parse(data, &text).map_err(|message| config(format!("{}: {message}", path.display())))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(config(format!("cannot read {}: {error}", path.display()))),
        }
    }
}

fn parse(data: &Path, text: &str) -> Result<Settings, String> {
    let table: Table =
        text.parse().map_err(|error: toml::de::Error| error.message().trim().replace('\n', ", "))?;
    let known = |name: &str, names: &[&str], what: &str| {
        if names.contains(&name) {
            return Ok(());
        }
        let proposal = map::proposal(nearest(name, names.iter().copied()));
        Err(format!("has no {what} {name:?}; wanted {}{proposal}", names.join(" or ")))
    };
    table.keys().try_for_each(|name| known(name, &["cache"], "table"))?;
    let mut settings = Settings::default();
    let Some(cache) = table.get("cache") else { return Ok(settings) };
    let cache = cache.as_table().ok_or_else(|| format!("cache is {cache}; wanted a table, [cache]"))?;
    for (key, value) in cache {
        known(key, &["folder", "limit_gb"], "key [cache]")?;
        if key == "folder" {
            let folder = value.as_str().filter(|folder| !folder.is_empty());
            let wanted = "a folder in quotes, such as \"/mnt/team/isotherm\"";
            let folder = folder.ok_or_else(|| format!("[cache] folder is {value}; wanted {wanted}"))?;
            settings.cache_folder = Some(data.join(folder));
        } else {
            let size = value.as_float().or_else(|| value.as_integer().map(|size| size as f64));
            let size = size.filter(|size| size.is_finite() && *size > 0.0);
            let wanted = "a number of gigabytes above 0, such as 20";
            let size = size.ok_or_else(|| format!("[cache] limit_gb is {value}; wanted {wanted}"))?;
            settings.cache_limit_bytes = Some((size * 1e9) as u64);
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, message: &str) {
        assert_eq!(parse(Path::new("data"), text).unwrap_err(), message);
    }

    #[test]
    fn a_folder_is_relative_to_the_file_and_a_limit_in_gigabytes() {
        let read = |text: &str| parse(Path::new("data"), text).unwrap();
        assert_eq!(read(""), Settings::default());
        let both = read("[cache]\nfolder = \"../team\"\nlimit_gb = 1.5");
        assert_eq!(both.cache_folder, Some(PathBuf::from("data/../team")));
        assert_eq!(both.cache_limit_bytes, Some(1_500_000_000));
        assert_eq!(read("[cache]\nfolder = \"/mnt/x\"").cache_folder, Some(PathBuf::from("/mnt/x")));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        check("[cach]", "has no table \"cach\"; wanted cache; did you mean \"cache\"?");
        check(
            "[cache]\nlimit = 3",
            "has no key [cache] \"limit\"; wanted folder or limit_gb; did you mean \"limit_gb\"?",
        );
        check("cache = 3", "cache is 3; wanted a table, [cache]");
        check(
            "[cache]\nfolder = 3",
            "[cache] folder is 3; wanted a folder in quotes, such as \"/mnt/team/isotherm\"",
        );
        check(
            "[cache]\nlimit_gb = 0",
            "[cache] limit_gb is 0; wanted a number of gigabytes above 0, such as 20",
        );
    }
}
