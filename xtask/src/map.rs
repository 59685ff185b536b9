//! THE MAP: the stages in the order they run, and what each one is given. Nothing else in `xtask`
//! knows a stage's name.

/// One stage of the pipeline.
#[derive(Debug, PartialEq)]
pub(crate) struct Stage {
    pub name: &'static str,
    /// The binary, which is also the crate's name.
    pub binary: &'static str,
    /// The tables of the pipeline file that it gets; `table.key` is that key alone.
    pub tables: &'static [&'static str],
    /// What it reads, as `stage/file`; [`FILES`] are those named in the pipeline file.
    /// Of a stage that does not run, nothing is read.
    pub reads: &'static [&'static str],
    pub runs: Runs,
}

/// In which pipelines a stage runs.
#[derive(Debug, PartialEq)]
pub(crate) enum Runs {
    Always,
    /// Where the pipeline file has the first of its tables, if only empty.
    WithTable,
    /// Where the stage of that name runs.
    With(&'static str),
}

/// The user's own files, `[ingest] files`.
pub(crate) const FILES: &str = "files";

/// The stage that downloads what `[ingest] source` asks for. It runs before the others in pipelines
/// that have a source, and what it leaves takes the place of [`FILES`].
pub(crate) static FETCH: Stage =
    Stage { name: "fetch", binary: "fetch", tables: &["ingest"], reads: &[], runs: Runs::Always };

/// What `inspect` asks of the binary of `ingest`.
pub(crate) static INSPECT: Stage =
    Stage { name: "inspect", binary: "ingest", tables: &[], reads: &[FILES], runs: Runs::Always };

/// What the tasks ask of the binary of `ingest`: the user's files as the hours that they are.
pub(crate) static HOURS: Stage = Stage {
    name: "hours",
    binary: "ingest",
    tables: &[],
    reads: &[FILES, "deliver/model/transform.json"],
    runs: Runs::Always,
};

/// What writes the history of runs.
pub(crate) const HISTORY: Stage = Stage {
    name: "history",
    binary: "evaluate",
    tables: &[],
    reads: &["history/history.parquet", "evaluate/metrics.json"],
    runs: Runs::Always,
};

/// The keys that `--seeds` of a sweep sets.
pub(crate) const SEEDS: &[&str] = &["train.seed", "generate.seed"];

/// The table that only `xtask` reads: what the pipeline is, and how to get its files.
pub(crate) const ABOUT: &str = "about";

/// Not a table of the pipeline file: what the stages of this pipeline read from each other, for the report's
/// diagram. What it holds is in `pipeline/graph.rs`.
pub(crate) const GRAPH: &str = "stages";

#[rustfmt::skip]
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "ingest", binary: "ingest", tables: &["ingest"], reads: &[FILES], runs: Runs::Always },
    Stage { name: "preprocess", binary: "preprocess", tables: &["preprocess", "model.preset"], reads: &["ingest/series.parquet"], runs: Runs::Always },
    Stage { name: "train", binary: "train", tables: &["model", "train", "preprocess.marginals"], reads: &[
        "preprocess/standardised.parquet", "preprocess/season.parquet",
        "preprocess/windows.parquet", "preprocess/transform.json",
    ], runs: Runs::Always },
    Stage { name: "held-out", binary: "infer", tables: &["generate"], reads: &[
        "train/held_out_model/config.json", "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json", "train/held_out_model/transform.json",
    ], runs: Runs::Always },
    Stage { name: "bound", binary: "infer", tables: &[], reads: &[
        "train/held_out_model/config.json", "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json", "train/held_out_model/transform.json",
        "preprocess/standardised.parquet", "preprocess/season.parquet",
    ], runs: Runs::Always },
    Stage { name: "prepare-delivery", binary: "preprocess",
        tables: &["preprocess", "model.preset", "train.deliver"], reads: &["ingest/series.parquet"],
        runs: Runs::Always },
    Stage { name: "deliver", binary: "train", tables: &["model", "train", "preprocess.marginals"], reads: &[
        "train/held_out_model/config.json", "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json", "train/held_out_model/transform.json", "train/history.parquet",
        "prepare-delivery/delivery/standardised.parquet", "prepare-delivery/delivery/season.parquet",
        "prepare-delivery/delivery/windows.parquet", "prepare-delivery/delivery/transform.json",
    ], runs: Runs::Always },
    Stage { name: "generate", binary: "infer", tables: &["generate"], reads: &[
        "deliver/model/config.json", "deliver/model/weights.safetensors", "deliver/model/generator.json",
        "deliver/model/transform.json",
    ], runs: Runs::Always },
    Stage { name: "calibrate", binary: "infer", tables: &[], reads: &[
        "deliver/model/config.json", "deliver/model/weights.safetensors", "deliver/model/generator.json",
        "deliver/model/transform.json", "prepare-delivery/delivery/observed.parquet",
    ], runs: Runs::Always },
    Stage { name: "impute", binary: "infer", tables: &["impute"], reads: &[
        "deliver/model/config.json", "deliver/model/weights.safetensors", "deliver/model/generator.json",
        "deliver/model/transform.json", "calibrate/model/pooling.json", "ingest/series.parquet",
    ], runs: Runs::WithTable },
    Stage { name: "forecast", binary: "infer", tables: &["forecast"], reads: &[
        "deliver/model/config.json", "deliver/model/weights.safetensors", "deliver/model/generator.json",
        "deliver/model/transform.json", "calibrate/model/pooling.json", "ingest/series.parquet",
    ], runs: Runs::WithTable },
    Stage { name: "detect", binary: "infer", tables: &["detect"], reads: &[
        "deliver/model/config.json", "deliver/model/weights.safetensors", "deliver/model/generator.json",
        "deliver/model/transform.json", "calibrate/model/detector.json", "ingest/series.parquet",
    ], runs: Runs::WithTable },
    Stage { name: "calibrate-held-out", binary: "infer", tables: &[], reads: &[
        "train/held_out_model/config.json", "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json", "train/held_out_model/transform.json",
        "preprocess/observed.parquet",
    ], runs: Runs::With("trials") },
    Stage { name: "trials", binary: "infer", tables: &["trials"], reads: &[
        "train/held_out_model/config.json", "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json", "train/held_out_model/transform.json",
        "calibrate-held-out/held_out_model/pooling.json", "calibrate-held-out/held_out_model/detector.json",
        "preprocess/observed.parquet",
    ], runs: Runs::WithTable },
    Stage { name: "score-tasks", binary: "evaluate", tables: &[], reads: &[
        "preprocess/observed.parquet", "preprocess/transform.json", "trials/imputations.parquet",
        "trials/forecasts.parquet", "trials/detections.parquet", "trials/detected_events.parquet",
    ], runs: Runs::With("trials") },
    Stage { name: "evaluate", binary: "evaluate", tables: &["evaluate"], reads: &[
        "preprocess/observed.parquet", "preprocess/transform.json", "held-out/held_out.parquet",
        "bound/likelihood.json",
    ], runs: Runs::Always },
    Stage { name: "compare-models", binary: "evaluate", tables: &[], reads: &[
        "preprocess/observed.parquet", "preprocess/transform.json", "held-out/held_out.parquet",
        "prepare-delivery/delivery/observed.parquet", "prepare-delivery/delivery/transform.json",
        "generate/generated.parquet",
    ], runs: Runs::Always },
    Stage { name: "report", binary: "evaluate",
        tables: &["ingest", "preprocess", "model", "train", "generate", "trials", "evaluate", "report", GRAPH],
        reads: &[
            "evaluate/metrics.json", "evaluate/curves.json", "compare-models/models.json",
            "train/history.parquet", "ingest/source.json", "preprocess/transform.json",
            "held-out/held_out.parquet", "preprocess/observed.parquet", "generate/generated.parquet",
            "score-tasks/tasks.json",
        ], runs: Runs::Always },
];

/// The stage of that name.
///
/// # Errors
/// A sentence that lists the stages and proposes the nearest.
pub(crate) fn stage(name: &str) -> Result<&'static Stage, String> {
    let names = || STAGES.iter().map(|stage| stage.name);
    STAGES.iter().find(|stage| stage.name == name).ok_or_else(|| {
        let proposal = proposal(contract::config::nearest(name, names()));
        format!(
            "there is no stage {name:?}; the stages are {}{proposal}",
            names().collect::<Vec<_>>().join(", ")
        )
    })
}

/// `; did you mean "train"?`, or nothing.
pub(crate) fn proposal(nearest: Option<&str>) -> String {
    nearest.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default()
}

/// Of the stages that run, those that `last` needs, itself included, in the order they run; all of them for `None`.
pub(crate) fn up_to(last: Option<&Stage>, runs: &dyn Fn(&Stage) -> bool) -> Vec<&'static Stage> {
    let needed =
        |stage: &Stage| last.is_none_or(|last| last.name == stage.name || last.depends_on(stage, runs));
    STAGES.iter().filter(|stage| runs(stage) && needed(stage)).collect()
}

/// The tables of a pipeline file, in the order of the stages.
pub(crate) fn tables() -> Vec<&'static str> {
    let mut tables = vec![ABOUT];
    for table in STAGES.iter().flat_map(|stage| stage.tables) {
        if *table != GRAPH && !table.contains('.') && !tables.contains(table) {
            tables.push(table);
        }
    }
    tables
}

impl Stage {
    /// Where its inputs come from: [`FILES`], and stages in the order they run.
    pub fn sources(&self) -> Vec<&'static str> {
        let names = [FILES].into_iter().chain(STAGES.iter().map(|stage| stage.name));
        names.filter(|name| self.reads.iter().any(|read| source_and_name(read).0 == *name)).collect()
    }

    /// True if it reads what `other` writes, directly or from stages that run.
    fn depends_on(&self, other: &Stage, runs: &dyn Fn(&Stage) -> bool) -> bool {
        self.sources().iter().any(|&source| {
            let through =
                |stage: &Stage| stage.name == source && runs(stage) && stage.depends_on(other, runs);
            source == other.name || STAGES.iter().any(through)
        })
    }

    /// True where a pipeline's device makes a difference.
    pub fn can_use_cuda(&self) -> bool {
        ["train", "infer"].contains(&self.binary)
    }

    /// True for the stage that downloads: it is kept with the user's own data, and its code and its
    /// machine are no part of what it leaves.
    pub fn is_download(&self) -> bool {
        self.name == FETCH.name
    }

    /// The files that later stages read from it.
    pub fn must_write(&self) -> impl Iterator<Item = &'static str> {
        STAGES.iter().flat_map(|stage| stage.reads).filter_map(|read| {
            let (source, name) = source_and_name(read);
            (source == self.name).then_some(name)
        })
    }
}

/// `ingest/series.parquet` in its two halves; the second is empty for [`FILES`].
pub(crate) fn source_and_name(read: &'static str) -> (&'static str, &'static str) {
    read.split_once('/').unwrap_or((read, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(last: &str) -> Vec<&'static str> {
        let all = up_to(Some(stage(last).unwrap()), &|_| true);
        all.iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn a_stage_needs_what_it_reads_and_nothing_after_it() {
        assert_eq!(names("ingest"), ["ingest"]);
        assert_eq!(
            names("generate"),
            ["ingest", "preprocess", "train", "prepare-delivery", "deliver", "generate"]
        );
        let always = STAGES.iter().filter(|stage| stage.runs == Runs::Always);
        let with_trials = ["calibrate-held-out", "trials", "score-tasks"].len();
        let without_tasks = always.filter(|stage| stage.name != "calibrate");
        assert_eq!(
            names("report").len(),
            without_tasks.count() + with_trials,
            "what the tasks are tried by as well"
        );
        let without = up_to(Some(stage("report").unwrap()), &|stage| stage.runs == Runs::Always);
        assert!(without.iter().all(|stage| !stage.name.starts_with("calibrate")), "only tasks need it");
    }

    #[test]
    fn every_stage_reads_only_from_earlier_ones() {
        for (position, stage) in STAGES.iter().enumerate() {
            for source in stage.sources() {
                let earlier = STAGES[..position].iter().any(|other| other.name == source);
                assert!(earlier || source == FILES, "{} reads {source}", stage.name);
            }
        }
    }

    #[test]
    fn an_unknown_stage_proposes_the_nearest() {
        assert_eq!(
            stage("trian").unwrap_err(),
            "there is no stage \"trian\"; the stages are ingest, preprocess, train, held-out, bound, prepare-delivery, \
             deliver, generate, calibrate, impute, forecast, detect, calibrate-held-out, trials, score-tasks, \
             evaluate, compare-models, report; did you mean \"train\"?"
        );
    }
}
