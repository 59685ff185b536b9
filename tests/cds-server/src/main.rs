//! The server as a program, for clients in other languages: it prints its address and its key as a
//! line of JSON, and runs until its standard input is closed.

use std::io::Read;
use std::process::ExitCode;

use cds_server::{Server, Settings};

fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_string());
    let settings = Settings::default();
    let key = settings.key.clone();
    match Server::start_at(&address, settings) {
        Ok(server) => {
            println!("{}", serde_json::json!({"url": server.api(), "key": key}));
            let mut rest = Vec::new();
            drop(std::io::stdin().read_to_end(&mut rest));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
