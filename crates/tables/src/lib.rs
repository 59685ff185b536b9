//! Typed tables in Parquet: named columns with units, missing values as NaN, and the same bytes for
//! the same table. All Parquet of the project goes through here.

mod column;
mod read;
mod table;
mod write;

pub use column::{Column, Values};
pub use read::read;
pub use table::Table;
pub use write::{Writer, write};
