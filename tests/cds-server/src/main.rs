//! The server as a program, for clients in other languages: it prints its address and its key as a
//! line of JSON, and runs until its standard input is closed. With `--file DATASET INPUTS` it prints
//! the file that it would serve.

use std::io::{Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use cds_server::{Server, Settings, file_for};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => serve("127.0.0.1:0"),
        ["--file", dataset, inputs] => print(dataset, inputs),
        [address] => serve(address),
        _ => Err(anyhow::anyhow!("usage: cds-server [ADDRESS | --file DATASET INPUTS]")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> anyhow::Result<()> {
    let settings = Settings::default();
    let key = settings.key.clone();
    let server = Server::start_at(address, settings)?;
    println!("{}", serde_json::json!({"url": server.api(), "key": key}));
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest)?;
    Ok(())
}

fn print(dataset: &str, inputs: &str) -> anyhow::Result<()> {
    let inputs = serde_json::from_str(inputs).context("the inputs are not JSON")?;
    std::io::stdout().write_all(&file_for(dataset, &inputs)?)?;
    Ok(())
}
