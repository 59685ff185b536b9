//! Typed tables in Parquet: named columns with units, missing values as NaN, and the same bytes for
//! the same table. All Parquet of the project goes through here;
//! and CSV, for whoever reads nothing else.

mod column;
mod csv;
mod read;
mod table;
mod write;

pub use column::{Column, Values};
pub use csv::write_csv;
pub use read::read;
pub use table::Table;
pub use write::{Writer, write};
