//! The stage's binary.

fn main() {}
