//! report
pub struct Report;
