//! Whether the generated hours can be believed: the stage `evaluate` compares them with real ones and
//! leaves figures and curves, the stage `report` makes a page of them. It compares tables and knows
//! nothing of the model: burn is not linked here.

mod climatology;
mod curves;
mod evaluate;
mod figures;
mod input;
mod metrics;
mod plot;
mod report;
mod sample;
mod series;

pub use evaluate::{Evaluate, EvaluateConfig, EvaluateTables};
pub use report::{Report, ReportConfig, ReportTables};
