//! The command line of nodewire.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

mod cli;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let line = match error.kind() {
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    "a command is missing; --help lists them".to_owned()
                }
                _ => one_line(&error.to_string()),
            };
            eprintln!("nodewire: {line}");
            return ExitCode::from(2);
        }
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("NODEWIRE_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .init();
    match cli.run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("nodewire: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// What is wrong with the arguments, without the usage that follows.
fn one_line(error: &str) -> String {
    let wrong = error.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = wrong.trim_start_matches("error: ").split_whitespace().collect();
    words.join(" ")
}
