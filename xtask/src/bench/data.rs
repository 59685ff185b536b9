//! The files that stages are timed on: those of Phoenix where they are, or the embedded series.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::config;
use crate::workspace::Workspace;

/// A pipeline and its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Data {
    /// As the results call it.
    pub name: &'static str,
    pub pipeline: &'static str,
    /// The folder of the files, if it is not the pipeline's own.
    folder: Option<PathBuf>,
}

impl Data {
    /// Phoenix in the folder asked for, in `data/raw/phoenix`, or in the data that tests share; else La
    /// Haute Borne.
    ///
    /// # Errors
    /// When the folder that was asked for has no NetCDF files.
    pub fn choose(workspace: &Workspace, asked: Option<&Path>) -> anyhow::Result<Data> {
        let phoenix = |folder| Data { name: "phoenix", pipeline: "article-phoenix", folder: Some(folder) };
        if let Some(asked) = asked {
            let folder = std::path::absolute(asked).unwrap_or_else(|_| asked.to_path_buf());
            return match has_files(&folder) {
                true => Ok(phoenix(folder)),
                false => Err(config(format!(
                    "--phoenix {} holds no *.nc files; pipelines/article-phoenix.toml says how to get them",
                    asked.display()
                ))),
            };
        }
        let shared = std::env::var_os("ISOTHERM_SHARED").map(|root| Path::new(&root).join("data/phoenix"));
        let places = [Some(workspace.root.join("data/raw/phoenix")), shared];
        let found = places.into_iter().flatten().find(|folder| has_files(folder));
        Ok(found.map_or(Data { name: "la-haute-borne", pipeline: "la-haute-borne", folder: None }, phoenix))
    }

    /// What a run of the pipeline is called with: its files, and hardly any training, which is not what
    /// is timed.
    pub fn sets(&self) -> Vec<String> {
        let mut sets = vec!["train.epochs=1".to_string()];
        if let Some(folder) = &self.folder {
            let pattern = folder.join("*.nc");
            sets.push(format!("ingest.files=[{:?}]", pattern.to_string_lossy()));
        }
        sets
    }
}

fn has_files(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().extension().is_some_and(|extension| extension == "nc"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn workspace(root: &Path) -> Workspace {
        Workspace {
            root: root.to_path_buf(),
            data: root.join("data"),
            settings: Settings::default(),
            binaries: None,
        }
    }

    #[test]
    fn the_folder_that_is_asked_for_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.nc"), "").unwrap();
        let data = Data::choose(&workspace(Path::new("/nowhere")), Some(folder.path())).unwrap();
        let pattern = folder.path().join("*.nc");
        let files = format!("ingest.files=[\"{}\"]", pattern.display());
        assert_eq!((data.name, data.pipeline), ("phoenix", "article-phoenix"));
        assert_eq!(data.sets(), ["train.epochs=1".to_string(), files]);
    }

    #[test]
    fn a_folder_without_files_is_refused() {
        let error = Data::choose(&workspace(Path::new("/nowhere")), Some(Path::new("/nowhere"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--phoenix /nowhere holds no *.nc files; pipelines/article-phoenix.toml says how to get them"
        );
    }

    #[test]
    fn the_repository_s_own_folder_comes_before_the_embedded_series() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data/raw/phoenix");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.nc"), "").unwrap();
        assert_eq!(Data::choose(&workspace(root.path()), None).unwrap().folder, Some(folder));
    }
}
