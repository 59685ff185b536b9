//! The document `likelihood.json`, which the stage that knows the model leaves: its bound on the hours
//! of each split.

use std::path::Path;

use anyhow::ensure;
use contract::stage::read_json;
use serde::{Deserialize, Serialize};

pub(super) const UNIT: &str = "nat h-1";

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LikelihoodDocument {
    pub(crate) format: u32,
    /// `nat h-1`.
    pub(crate) unit: String,
    pub(crate) train: Option<Bound>,
    pub(crate) validation: Option<Bound>,
    /// Null where the pipeline holds no years out.
    pub(crate) test: Option<Bound>,
    /// Null where the prior was not fitted again after training.
    pub(crate) latents: Option<LatentCost>,
}

/// What the training years' latents cost in nats per hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LatentCost {
    /// By the prior that the model was trained against.
    pub(crate) learned: f64,
    /// By the one fitted after training.
    pub(crate) refitted: f64,
}

/// An upper bound of the negative logarithm of the density.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bound {
    /// Hours that it is the mean of.
    pub(crate) hours: usize,
    /// An hour, of the variable in its canonical unit; lower is better. Null where it is not finite.
    pub(crate) bound: Option<f64>,
}

impl LikelihoodDocument {
    /// # Errors
    /// When the file is no such document, or has another unit.
    pub(crate) fn read(path: &Path) -> anyhow::Result<LikelihoodDocument> {
        let document: LikelihoodDocument = read_json(path)?;
        ensure!(document.unit == UNIT, "{}: unit is {:?}; wanted {UNIT:?}", path.display(), document.unit);
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LikelihoodDocument, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let path = file.path().display().to_string();
        LikelihoodDocument::read(file.path()).map_err(|error| format!("{error:#}").replace(&path, "x.json"))
    }

    #[test]
    fn splits_and_bounds_may_be_null() {
        let document = read(
            r#"{"format": 2, "unit": "nat h-1", "train": {"hours": 9, "bound": -1.5},
                "validation": {"hours": 0, "bound": null}, "test": null,
                "latents": {"learned": 0.13, "refitted": 0.09}}"#,
        );
        let document = document.unwrap();
        assert_eq!(document.train, Some(Bound { hours: 9, bound: Some(-1.5) }));
        assert_eq!(document.validation, Some(Bound { hours: 0, bound: None }));
        assert_eq!(document.test, None);
        assert_eq!(document.latents, Some(LatentCost { learned: 0.13, refitted: 0.09 }));
    }

    #[test]
    fn another_unit_is_refused() {
        let text = r#"{"format": 2, "unit": "bit", "train": null, "validation": null, "test": null, "latents": null}"#;
        assert_eq!(read(text).unwrap_err(), r#"x.json: unit is "bit"; wanted "nat h-1""#);
    }
}
