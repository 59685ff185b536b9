//! Which stages run in a pipeline: an optional one only where the file has its table.

use crate::failure::config;
use crate::map::{Runs, STAGES, Stage};
use crate::pipeline::Pipeline;

impl Pipeline {
    /// True if the stage runs in this pipeline.
    pub fn runs(&self, stage: &Stage) -> bool {
        self.missing_table(stage).is_none()
    }

    /// # Errors
    /// A sentence that says which table the file would need for this stage.
    pub fn must_run(&self, stage: &Stage) -> anyhow::Result<()> {
        let Some(table) = self.missing_table(stage) else { return Ok(()) };
        let (path, name) = (&self.path, stage.name);
        let condition = match stage.runs {
            Runs::With(other) => format!("{name} runs only where {other} runs"),
            Runs::Always | Runs::WithTable => format!("{name} runs only in pipelines that have it"),
        };
        Err(config(format!(
            "{path}: has no table [{table}], and {condition}; add the line [{table}], if only with nothing below it"
        )))
    }

    /// The table that the file would need for the stage to run.
    fn missing_table(&self, stage: &Stage) -> Option<&'static str> {
        match stage.runs {
            Runs::Always => None,
            Runs::WithTable => stage.tables.first().copied().filter(|&table| !self.written.contains(table)),
            Runs::With(other) => {
                STAGES.iter().find(|stage| stage.name == other).and_then(|other| self.missing_table(other))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::map::stage;
    use crate::pipeline::parse;

    #[test]
    fn an_optional_stage_runs_where_its_table_is_written() {
        let impute = stage("impute").unwrap();
        let with = parse("x.toml", "[impute]\n", &[]).unwrap();
        assert!(with.runs(impute) && with.must_run(impute).is_ok());
        let set = parse("x.toml", "", &["impute.members=3".to_string()]).unwrap();
        assert!(set.runs(impute));
    }

    #[test]
    fn a_stage_without_its_table_says_which_line_to_add() {
        let without = parse("x.toml", "", &[]).unwrap();
        assert!(!without.runs(stage("impute").unwrap()));
        assert_eq!(
            without.must_run(stage("impute").unwrap()).unwrap_err().to_string(),
            "x.toml: has no table [impute], and impute runs only in pipelines that have it; add the line [impute], if \
             only with nothing below it"
        );
        assert!(without.must_run(stage("train").unwrap()).is_ok());
    }
}
