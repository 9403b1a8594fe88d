//! `play`: any machine on standard input and output.

use std::io::{self, BufRead, Read, Write};

use nodewire::sim::Play;
use nodewire_adapter::machines::{names, player};
use serde_json::json;

use super::failure::Failure;

/// What the input is made of.
const LINES: &str = "\
Lines:
  An object with one of `local` (a command or an answer of the application), `remote` (what comes from
  the other side) and `timeout` (true: its deadline is there), and with `at` if time has passed:
  microseconds since the beginning. What comes back are the actions, and when the machine wants to be
  called again. Traces (--record) show what commands and messages look like. An example:

  echo '{\"at\":0,\"local\":\"Open\"}' | nodewire play chia.connection";

/// Every machine that there is, for the help.
pub fn machines() -> String {
    let machines = names().map(|(name, what)| format!("  {name:<25} {what}"));
    [LINES.to_owned(), String::new(), "Machines:".to_owned()]
        .into_iter()
        .chain(machines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Plays the machine of this name until the input ends.
pub fn run(name: &str, config: Option<&str>) -> Result<(), Failure> {
    let config = config.map(super::source::text).transpose()?;
    let player = player(name, config.as_deref());
    let player = player.map_err(|error| Failure::not_begun(format!("--config: {error}")))?;
    let mut player = player.ok_or_else(|| {
        let names: Vec<_> = names().map(|(name, _)| name).collect();
        let names = names.join(", ");
        Failure::not_begun(format!("no machine is called {name}; there are {names}"))
    })?;
    match turns(&mut *player, std::io::stdin().lock(), std::io::stdout().lock()) {
        // A reader that has gone away is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => match result? {
            0 => Ok(()),
            1 => Err(Failure::new("a line was no input")),
            wrong => Err(Failure::new(format!("{wrong} lines were no input"))),
        },
    }
}

/// Most bytes of a line: hex of the largest message, and then some.
const LINE: u64 = 67_108_864;
/// How the reply to a line begins that was no input.
const ERROR: &str = "{\"error\":";

/// Answers each line, and says how many were no input.
fn turns(player: &mut dyn Play, mut lines: impl BufRead, mut out: impl Write) -> io::Result<u64> {
    out.write_all(player.hello().as_bytes())?;
    out.flush()?;
    let mut line = Vec::new();
    let mut wrong = 0;
    loop {
        line.clear();
        let read = lines.by_ref().take(LINE).read_until(b'\n', &mut line)?;
        if read as u64 == LINE && !line.ends_with(b"\n") {
            return Err(io::Error::other("a line is longer than 64 MiB"));
        }
        if read == 0 {
            return Ok(wrong);
        }
        match std::str::from_utf8(&line) {
            Ok(line) => {
                let reply = player.line(line);
                wrong += u64::from(reply.starts_with(ERROR));
                out.write_all(reply.as_bytes())?;
            }
            Err(error) => {
                wrong += 1;
                writeln!(out, "{}", json!({ "error": format!("not text: {error}") }))?;
            }
        }
        out.flush()?;
    }
}
