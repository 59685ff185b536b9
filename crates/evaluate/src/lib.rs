//! Whether the generated hours can be believed: the stage `evaluate` compares them with real ones and
//! leaves figures and curves, the stage `report` makes a page of them. It compares tables and knows
//! nothing of the model: burn is not linked here.

mod assess;
#[allow(dead_code)] // Until `evaluate` calls it.
mod audit;
mod cholesky;
mod climatology;
mod curves;
mod evaluate;
mod figures;
mod fourier;
mod input;
#[allow(dead_code)] // Until `evaluate` calls it.
mod judge;
#[allow(dead_code)] // Until `evaluate` calls it.
mod likelihood;
#[allow(dead_code)] // Until `evaluate` calls it.
mod linear;
mod metrics;
mod plot;
mod random;
mod report;
mod rivals;
mod sample;
mod scorecard;
mod series;
mod spells;
mod targets;
mod yardstick;

pub use evaluate::{Evaluate, EvaluateConfig, EvaluateTables};
pub use report::{Report, ReportConfig, ReportTables};
