//! The command line: what people type, and the help that they read.

pub(crate) mod compare;
pub(crate) mod dag;
mod new;
mod sweep;
mod task;
mod verify;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::ci::Step;
use crate::console::{LogFormat, OutputFormat};
use crate::pipeline::DEFAULT;
use compare::CompareArguments;
use dag::DagArguments;
use new::NewArguments;
use sweep::SweepArguments;
use task::{DetectArguments, ForecastArguments, GenerateArguments, ImputeArguments};
use verify::VerifyArguments;

/// The pipeline from ERA5 files to synthetic weather and a report on it.
///
/// A pipeline is a TOML file below pipelines/. Its stages (ingest, preprocess, train, generate,
/// bound, evaluate, report) run in order; each result is kept in data/cache under a fingerprint of
/// everything it depends on, so nothing is computed twice. Results are in data/runs/PIPELINE.
///
/// Start with: cargo xtask run-all
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
#[command(after_help = "\
Exit codes: 0 done; 1 failed; 2 what was asked cannot be used, nothing was run; 3 not everything was in the cache
(--expect-cached); 4 something differs (verify); 130 Ctrl-C.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// How the result is written to standard output; what happens on the way is on standard error.
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
    /// The same as --format json.
    #[arg(long, global = true)]
    pub json: bool,
    /// The repository, if not the one around.
    #[arg(long, global = true, hide = true)]
    pub root: Option<PathBuf>,
    /// The folder of cache and runs, if not the repository's data/.
    #[arg(long, global = true, hide = true)]
    pub data_dir: Option<PathBuf>,
    /// A folder of ready-made stage binaries, for tests of the runner.
    #[arg(long, global = true, hide = true)]
    pub bin_dir: Option<PathBuf>,
}

/// Prints the completions of all commands for the word `xtask`.
pub(crate) fn print_completions(shell: clap_complete::Shell) {
    let mut command = Cli::command().bin_name("xtask");
    clap_complete::generate(shell, &mut command, "xtask", &mut std::io::stdout());
}

impl Cli {
    /// How the result is to be written.
    pub fn output(&self) -> OutputFormat {
        if self.json { OutputFormat::Json } else { self.format }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline from its files to its report.
    ///
    /// Stages whose results are in the cache are not run again; the second time nothing is.
    ///
    /// Example, twenty epochs instead of what the file says, in a folder of its own:
    ///   cargo xtask run-all la-haute-borne --set train.epochs=20 --name quick
    #[command(verbatim_doc_comment)]
    RunAll {
        /// The pipeline file: a path, or a name below pipelines/.
        #[arg(default_value = DEFAULT)]
        pipeline: String,
        #[command(flatten)]
        run: RunArguments,
    },
    /// Run one stage, and before it what it needs.
    ///
    /// Later stages are left alone; those that no longer fit are taken out of data/runs.
    ///
    /// Example, only train the model:
    ///   cargo xtask run train smoke
    #[command(verbatim_doc_comment)]
    Run {
        /// ingest, preprocess, train, generate, bound, calibrate, evaluate or report; impute, forecast, detect
        /// and trials where the file has their table, score-tasks where it has [trials].
        stage: String,
        /// The pipeline file: a path, or a name below pipelines/.
        #[arg(default_value = DEFAULT)]
        pipeline: String,
        #[command(flatten)]
        run: RunArguments,
    },
    /// Download what [ingest] source asks for, and nothing else.
    ///
    /// `run-all` does the same first, when it is not there. The files are kept in data/raw; a download
    /// that was stopped goes on where it was. ERA5 from the Copernicus Climate Data Store needs a free
    /// account: its key goes into ~/.cdsapirc or CDSAPI_KEY, never into the pipeline file.
    ///
    /// Example, with this in pipelines/paris.toml, below [ingest]:
    ///   source = { kind = "cds", start = "1990-01-01", end = "2019-12-31" }
    ///   cargo xtask fetch paris
    #[command(verbatim_doc_comment)]
    Fetch {
        /// The pipeline file: a path, or a name below pipelines/.
        #[arg(default_value = DEFAULT)]
        pipeline: String,
        #[command(flatten)]
        run: RunArguments,
    },
    /// Show what is in files: variables, units, grid, span, gaps, layout.
    ///
    /// NetCDF of any layout, CSV and Parquet; and the [ingest] table that would use them.
    ///
    /// Example:
    ///   cargo xtask inspect data/*.nc
    #[command(verbatim_doc_comment)]
    Inspect {
        /// Files, or folders of files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Fill the missing hours of a series with draws of a trained model.
    ///
    /// Observed hours stay as they are; a missing one gets the median of the draws, quantiles beside it, and
    /// NAME_imputed says which is which. A gap is a missing value, or a row that is not there. The times of CSV
    /// and Parquet are UTC, in a column `time`; the values in one called like the model's variable, with its
    /// unit: `t2m [degC]`. Of a grid the point nearest to the model's place is taken.
    ///
    /// Example:
    ///   cargo xtask impute --model data/runs/la-haute-borne/model --input station.csv --output filled.csv
    #[command(verbatim_doc_comment)]
    Impute(ImputeArguments),
    /// Draw the hours that follow a series, with a trained model.
    ///
    /// The first is the one after the last that is not missing. Input and output are as those of `impute`.
    ///
    /// Example, also how likely frost is not to come:
    ///   cargo xtask forecast --model data/runs/la-haute-borne/model --input recent.nc --output next.csv \
    ///     --unit degC --threshold 0
    #[command(verbatim_doc_comment)]
    Forecast(ForecastArguments),
    /// Look for hours that do not look like the weather of a trained model's place.
    ///
    /// Spikes, stuck values, drifts, level shifts, and clocks that are wrong. Each hour gets a p-value and the
    /// number of its event, 0 for none; the events are listed in a second file, NAME.events.parquet or
    /// NAME.events.csv (beside .nc too). Input is as that of `impute`.
    ///
    /// Example, with one false alarm a year:
    ///   cargo xtask detect --model data/runs/la-haute-borne/model --input station.csv --output checked.csv \
    ///     --false-alarms-per-year 1
    #[command(verbatim_doc_comment)]
    Detect(DetectArguments),
    /// Draw years of hours from a trained model.
    ///
    /// As the stage `generate` of a pipeline does, into a file of your own.
    ///
    /// Example:
    ///   cargo xtask generate --model data/runs/la-haute-borne/model --output years.nc --years 30 --unit degC
    #[command(verbatim_doc_comment)]
    Generate(GenerateArguments),
    /// Run a pipeline at every point of a grid, and with several seeds.
    ///
    /// One run a point, in data/runs/NAME/POINT; as many at once as there are cores. What points share, such as
    /// the files that were read, is made once. After Ctrl-C or a kill the same command goes on where it was.
    ///
    /// Example, two weights of the latents' KL with two seeds each, four runs:
    ///   cargo xtask sweep smoke --grid train.beta=1,2 --seeds 2
    #[command(verbatim_doc_comment)]
    Sweep(SweepArguments),
    /// Make a recorded run again, and say what agrees.
    ///
    /// In a cache of its own. On a machine like the recorded one (target, vector instructions, compiler, features,
    /// device) every byte has to be the same; on another one the figures have to agree within the tolerances of
    /// docs/reproducing.md. Ends with code 4 where something differs.
    ///
    /// Example, the run that is frozen in this repository:
    ///   cargo xtask verify smoke
    #[command(verbatim_doc_comment)]
    Verify(VerifyArguments),
    /// Keep the record of a run in pipelines/locked, to be committed.
    ///
    /// What was asked for, how each stage was made, digests of all that it left, and the figures; `verify` makes it
    /// again from that, wherever the repository is cloned.
    ///
    /// Example:
    ///   cargo xtask freeze la-haute-borne
    #[command(verbatim_doc_comment)]
    Freeze {
        /// The run's folder below data/runs.
        run: String,
    },
    /// Show which stages are fresh, stale or missing, and why.
    ///
    /// Example:
    ///   cargo xtask status smoke --set evaluate.autocorrelation_days=10
    #[command(verbatim_doc_comment)]
    Status {
        /// The pipeline file: a path, or a name below pipelines/.
        #[arg(default_value = DEFAULT)]
        pipeline: String,
        #[command(flatten)]
        overrides: Overrides,
    },
    /// Say why a stage would run, field by field.
    ///
    /// Settings, sources, inputs, the compiler: what each was when the stage ran last, and what it is now. Of a
    /// stage that waits for others, their changes too.
    ///
    /// Example, what fewer epochs would make run:
    ///   cargo xtask why report smoke --set train.epochs=1
    #[command(verbatim_doc_comment)]
    Why {
        /// A stage, as `run` takes it.
        stage: String,
        /// The pipeline file: a path, or a name below pipelines/.
        #[arg(default_value = DEFAULT)]
        pipeline: String,
        #[command(flatten)]
        overrides: Overrides,
    },
    /// Remove from the cache what no run refers to.
    ///
    /// Runs are those in data/runs and those that are frozen in pipelines/locked. It lists what would go, with sizes,
    /// and asks. With `limit_gb = 20` below [cache] in data/settings.toml only as much goes as needed, the oldest first;
    /// checkpoints of stopped runs go last.
    ///
    /// Example, only see how much that is:
    ///   cargo xtask gc --dry-run
    #[command(verbatim_doc_comment)]
    Gc {
        /// Remove all that no run refers to, whatever the limit.
        #[arg(long)]
        all: bool,
        /// Only say what would be removed.
        #[arg(long)]
        dry_run: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Print what a shell needs to complete commands and options.
    ///
    /// They are for the word `xtask`, which a function gives its meaning.
    ///
    /// Example, for this shell:
    ///   xtask() { cargo xtask "$@"; }
    ///   source <(cargo xtask completions bash)
    #[command(verbatim_doc_comment)]
    Completions {
        /// bash, zsh, fish, elvish or powershell.
        shell: clap_complete::Shell,
    },
    /// Draw the stages of a pipeline, how each stands, and what it reads from which.
    ///
    /// Fresh, stale and missing are what `status` says.
    ///
    /// Example, a picture for a page:
    ///   cargo xtask dag smoke --as svg --output smoke.svg
    #[command(verbatim_doc_comment)]
    Dag(DagArguments),
    /// List the published runs, the newest last.
    ///
    /// Name, pipeline, when it finished (UTC), the generated years' mean E, how many targets are met, stages,
    /// size, and what was --set.
    ///
    /// Example, the names of the runs with a mean E below 1:
    ///   cargo xtask list --json | jq -r '.runs[] | select(.mean_e and .mean_e < 1) | .name'
    #[command(verbatim_doc_comment)]
    List,
    /// Compare published runs: settings that differ, figures with intervals over seeds, pictures side by side.
    ///
    /// Runs that differ in nothing but seeds (keys called seed, such as train.seed) form a group, of which means are
    /// shown, with 95 % intervals by Student's t; of two groups also the difference, with Welch's interval. The page
    /// is data/runs/compare.html, which the next comparison replaces, or where --output says.
    ///
    /// Example, what more epochs do beyond what other seeds would do:
    ///   cargo xtask sweep smoke --grid train.epochs=1,3 --seeds 3 --name epochs
    ///   cargo xtask compare epochs
    #[command(verbatim_doc_comment)]
    Compare(CompareArguments),
    /// Write a commented pipeline file for a place.
    ///
    /// On a terminal, what no option says is asked for; nothing is written before the last answer. The time zone is
    /// the longitude's, unless another is given.
    ///
    /// Example, the sample of this repository, and then its first stage:
    ///   cargo xtask new haute-borne --files data/era5_la_haute_borne_1999_2020.nc \
    ///     --latitude 48.45 --longitude 5.59 --utc-offset-hours 1
    ///   cargo xtask run ingest haute-borne
    #[command(verbatim_doc_comment)]
    New(NewArguments),
    /// Write the reference of the pipeline file: docs/pipeline-file.md, and its schema for editors.
    ///
    /// Both are made from the types that the stages read their tables with.
    ///
    /// Example, only see whether they are up to date:
    ///   cargo xtask reference --check
    #[command(verbatim_doc_comment)]
    Reference {
        /// Write nothing; end with code 1 if a file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Remove the cache, and with --all the published runs.
    ///
    /// Your own files, such as those in data/raw, are never touched.
    ///
    /// Example, only see how much there is:
    ///   cargo xtask clean --all --dry-run
    #[command(verbatim_doc_comment)]
    Clean {
        /// Also remove data/runs.
        #[arg(long)]
        all: bool,
        /// Only say what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
    /// Run the tests of the whole workspace.
    ///
    /// They are compiled with the features that this machine's stages have, so that nothing is
    /// compiled twice. Further arguments go to `cargo test`.
    ///
    /// Example, the tests whose name has "kl" in it:
    ///   cargo xtask test kl
    #[command(verbatim_doc_comment)]
    Test {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Do every check that a change must pass.
    ///
    /// Format, build, tests, the reference of the pipeline file, the smoke pipeline twice, of which the second must
    /// run nothing, and its frozen run made again.
    ///
    /// Example, without the tests:
    ///   cargo xtask ci --skip test
    #[command(verbatim_doc_comment)]
    Ci {
        /// Leave a step out; can be given more than once.
        #[arg(long, value_name = "STEP")]
        skip: Vec<Step>,
        /// Also run clippy, which compiles all dependencies once more.
        #[arg(long)]
        lint: bool,
    },
    /// Show what this machine has: toolchain, libnetcdf, GPU, disk, cores.
    ///
    /// Example:
    ///   cargo xtask doctor
    #[command(verbatim_doc_comment)]
    Doctor,
    /// Measure how fast and with how much memory everything runs.
    ///
    /// One row a case: training steps, a validation, decoding, generation to Parquet, the stages ingest,
    /// preprocess and evaluate as whole processes, and a run-all and a status
    /// that find everything in a cache of 200 entries and 2 GB; medians
    /// and spread, GFLOP/s beside what matrix products of the same shapes reach on all cores, and
    /// the largest memory. Stages read the files of Phoenix if they are there, else La Haute Borne's.
    /// It takes some minutes; nothing else should run meanwhile.
    ///
    /// Example, what a change has done to the training step:
    ///   cargo xtask bench --only train-step --json > before.json
    ///   cargo xtask bench --only train-step --against before.json
    #[command(verbatim_doc_comment)]
    Bench {
        /// Measure only this: train-step, validation, decode, generate, generate-isotherm, impute,
        /// forecast, detect, ingest,
        /// preprocess, evaluate, cached-run-all or status.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        /// Compare with an earlier result of --json; with --json, on standard error.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
        /// The folder of the Phoenix files, if not data/raw/phoenix or $ISOTHERM_SHARED/data/phoenix.
        #[arg(long, value_name = "FOLDER")]
        phoenix: Option<PathBuf>,
        /// Only build, and print where each binary is, for scripts that call them.
        #[arg(long, hide = true)]
        binaries: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub overrides: Overrides,
    /// Run again what is in the cache (with `run`, only the stage that is named).
    #[arg(long)]
    pub force: bool,
    /// Only say what would run, and why.
    #[arg(long)]
    pub dry_run: bool,
    /// Run nothing: end with code 3 if a stage is not in the cache.
    #[arg(long, conflicts_with_all = ["force", "dry_run"])]
    pub expect_cached: bool,
    /// Take what other code has made of the same settings and inputs, without building it; run.json and the
    /// manifests say so.
    #[arg(long, conflicts_with = "force")]
    pub trust_code: bool,
    /// How events are written to standard error.
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    pub log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Overrides {
    /// Replace one value of the pipeline file; can be given more than once.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    pub set: Vec<String>,
    /// The folder of the results below data/runs, if not the pipeline's own name.
    #[arg(long)]
    pub name: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands in the help of `command`, each as words; what a shell does with the output is left out.
    fn examples(command: &clap::Command) -> Vec<Vec<String>> {
        let help = command.get_long_about().map(ToString::to_string).unwrap_or_default().replace("\\\n", " ");
        let lines = help.lines().filter(|line| !line.contains("$@"));
        let lines = lines.filter_map(|line| Some(line.split_once("cargo xtask ")?.1.to_string()));
        let words = |line: String| -> Vec<String> {
            let words = line.split_whitespace().map(|word| word.trim_matches(['\'', '`', ')']).to_string());
            words.take_while(|word| ![">", "|"].contains(&word.as_str())).collect()
        };
        lines.map(words).collect()
    }

    #[test]
    fn the_help_of_every_command_has_an_example_that_is_understood() {
        for command in Cli::command().get_subcommands() {
            let examples = examples(command);
            let own = examples.iter().filter(|words| words[0] == command.get_name()).count();
            assert!(own > 0, "the help of {} has no example", command.get_name());
            for words in examples {
                let parsed =
                    Cli::try_parse_from(std::iter::once("cargo xtask".to_string()).chain(words.clone()));
                parsed.map(drop).unwrap_or_else(|error| panic!("{}: {error}", words.join(" ")));
            }
        }
    }
}
