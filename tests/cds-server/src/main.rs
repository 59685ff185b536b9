//! The server as a program, for clients in other languages.

fn main() {}
