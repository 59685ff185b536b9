//! The stage `score-tasks`: what `trials` hid, forecast and looked for in the held-out years, against what was there,
//! beside the baselines that people would use instead.

use contract::artifact::{self, FORMAT};
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage, read_json};
use contract::transform::Transform;
use contract::variable::Variable;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::tasks::{Baselines, Hours, TaskScores, detection, forecasts, imputation, targets};

/// The stage; see the module.
pub struct ScoreTasks;

/// No table of the pipeline file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreTasksTables {}

impl Stage for ScoreTasks {
    const NAME: &'static str = "score-tasks";
    const READS: &'static [&'static str] = &[
        "preprocess/observed.parquet",
        "preprocess/transform.json",
        "trials/imputations.parquet",
        "trials/forecasts.parquet",
        "trials/detections.parquet",
        "trials/detected_events.parquet",
    ];
    type Tables = ScoreTasksTables;
    type Config = ();

    fn check(_: ScoreTasksTables) -> Result<(), Fault> {
        Ok(())
    }

    fn run((): &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let transform: Transform = read_json(inputs.path("preprocess/transform.json")?)?;
        let hours = Hours::read(inputs.path("preprocess/observed.parquet")?, &transform)?;
        let mut baselines = Baselines::of(&hours);
        let imputation = imputation::score(inputs.path("trials/imputations.parquet")?, &mut baselines)?;
        let (forecasts, fans) = forecasts::score(inputs.path("trials/forecasts.parquet")?, &mut baselines)?;
        let files =
            [inputs.path("trials/detections.parquet")?, inputs.path("trials/detected_events.parquet")?];
        let detection = detection::score(files, &transform.variable, &baselines)?;
        let targets = targets::targets(&imputation, &forecasts, &detection);
        let notes = notes(&baselines);
        for note in &notes {
            tracing::info!("{note}");
        }
        let met = targets.iter().filter(|target| target.met).count();
        tracing::info!("{met} of {} targets of the tasks are met", targets.len());
        let unit = Variable::named(&transform.variable).map_or("", |variable| variable.canonical_unit);
        let scores = TaskScores {
            format: FORMAT,
            variable: transform.variable,
            unit: unit.to_string(),
            imputation,
            forecasts,
            fans,
            detection,
            targets,
            notes,
        };
        outputs.write_json(artifact::TASKS, &scores)
    }
}

fn notes(baselines: &Baselines) -> Vec<String> {
    let too_few = "The autoregression is left out: the training years are too few for it.";
    baselines.autoregression.is_none().then(|| too_few.to_string()).into_iter().collect()
}
