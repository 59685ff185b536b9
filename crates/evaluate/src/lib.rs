//! Whether the generated hours can be believed: the stage `evaluate` compares them with real ones and
//! leaves figures and curves, `score-tasks` scores what `trials` has tried, and the stage `report` makes a page of both. It compares tables and knows
//! nothing of the model: burn is not linked here.

mod assess;
mod audit;
mod climatology;
mod compare_models;
mod curves;
mod evaluate;
mod examination;
mod figures;
mod fourier;
mod gaps;
mod halves;
mod history;
mod input;
mod judge;
mod likelihood;
mod metrics;
mod plot;
mod random;
mod report;
mod rivals;
mod sample;
mod score_tasks;
mod scorecard;
mod series;
mod spells;
mod targets;
mod tasks;
mod yardstick;

pub use compare_models::{CompareModels, CompareModelsTables};
pub use evaluate::{Evaluate, EvaluateConfig, EvaluateTables};
pub use history::{History, HistoryTables, RunFacts};
pub use report::{Report, ReportConfig, ReportTables};
pub use score_tasks::{ScoreTasks, ScoreTasksTables};
