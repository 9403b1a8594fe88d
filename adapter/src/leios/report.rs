//! What a fetching session came to, as a table and as JSON.

use std::fmt::Write;
use std::time::Duration;

use nodewire::codec::Mode;
use nodewire::codec::leios::LeiosPoint;
use nodewire::{Ending, Time};
use serde_json::{Value, json};

use super::download::Downloader;
use super::tally::Tally;
use crate::wire::Passed;

/// Everything there is to say of a session that fetched.
#[derive(Debug)]
pub struct Report<'a> {
    /// How the session ended.
    pub ending: Ending,
    /// What was fetched.
    pub download: &'a Downloader,
    /// What passed on the wire.
    pub passed: &'a Passed,
    /// How long the session lasted.
    pub lasted: Duration,
    /// When the other end announced each block, where both ends share a clock.
    pub published: &'a [(LeiosPoint, Time)],
}

impl Report<'_> {
    /// The longest time that an announcement spent behind other traffic, where it is known.
    #[must_use]
    pub fn longest_wait(&self) -> Option<Duration> {
        let wait = |(point, said): &(LeiosPoint, Time)| {
            Some(self.download.progress.get(point)?.announced?.since(*said))
        };
        self.published.iter().filter_map(wait).max()
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let millis = |span: Duration| span.as_secs_f64() * 1e3;
        let blocks: Vec<_> = self
            .download
            .progress
            .iter()
            .map(|(point, progress)| {
                let since = |at: Option<Time>| Some(millis(at?.since(progress.announced?)));
                json!({
                    "slot": point.slot.0, "hash": point.hash.to_string(),
                    "txs": progress.txs, "bytes": progress.bytes,
                    "body_ms": since(progress.block), "closure_ms": since(progress.closure),
                })
            })
            .collect();
        json!({
            "ending": self.ending, "seconds": self.lasted.as_secs_f64(), "blocks": blocks,
            "votes": self.download.votes, "remarks": self.download.remarks,
            "longest_announcement_wait_ms": self.longest_wait().map(millis),
            "longest_round_trip_ms": self.download.round_trips.iter().max().map(|r| millis(*r)),
            "sent": counts(&self.passed.sent), "received": counts(&self.passed.received),
        })
    }

    /// The report as a table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{:<22}{:>10}{:>10}{:>14}",
            "on the wire", "messages", "segments", "bytes"
        );
        for (way, tally) in [("sent", &self.passed.sent), ("received", &self.passed.received)] {
            for (number, _, count) in tally.counts() {
                let what = format!("{} {way}", protocol(number));
                let (messages, segments) = (count.messages, count.segments);
                let _ = writeln!(text, "{what:<22}{messages:>10}{segments:>10}{:>14}", count.bytes);
            }
        }
        let _ = writeln!(
            text,
            "\n{:<22}{:>10}{:>10}{:>14}",
            "block at slot", "txs", "bytes", "to closure"
        );
        // In the order in which they were complete.
        let mut blocks: Vec<_> = self.download.progress.iter().collect();
        blocks.sort_by_key(|(_, progress)| progress.closure.unwrap_or(Time::from_micros(u64::MAX)));
        for (point, progress) in blocks {
            let span =
                progress.closure.zip(progress.announced).map(|(end, start)| end.since(start));
            let span = span
                .map_or("not complete".to_owned(), |span| format!("{:.3} s", span.as_secs_f64()));
            let slot = point.slot.to_string();
            let _ =
                writeln!(text, "{slot:<22}{:>10}{:>10}{span:>14}", progress.txs, progress.bytes);
        }
        let _ = writeln!(text, "\n{:<42}{:>14}", "votes", self.download.votes);
        let millis = |span: Duration| format!("{:.1} ms", span.as_secs_f64() * 1e3);
        if let Some(wait) = self.longest_wait() {
            let _ = writeln!(
                text,
                "{:<42}{:>14}",
                "longest head-of-line wait (announcement)",
                millis(wait)
            );
        }
        if let Some(trip) = self.download.round_trips.iter().max() {
            let _ = writeln!(text, "{:<42}{:>14}", "longest round trip (KeepAlive)", millis(*trip));
        }
        for (rule, times) in &self.download.remarks {
            let _ = writeln!(text, "remark {rule:<35}{times:>14}");
        }
        let _ =
            write!(text, "{:<42}{:>14}", "ended", format!("{:.3} s", self.lasted.as_secs_f64()));
        text
    }
}

fn counts(tally: &Tally) -> Vec<Value> {
    let count = |(number, mode, count): (u16, Mode, &super::Count)| {
        json!({
            "protocol": protocol(number), "number": number,
            "by": if mode == Mode::Initiator { "initiator" } else { "responder" },
            "messages": count.messages, "segments": count.segments, "bytes": count.bytes,
        })
    };
    tally.counts().map(count).collect()
}

/// The name of a mini-protocol (`leios.md` 10.2).
#[must_use]
pub fn protocol(number: u16) -> String {
    match number {
        0 => "Handshake".to_owned(),
        2 => "ChainSync".to_owned(),
        3 => "BlockFetch".to_owned(),
        8 => "KeepAlive".to_owned(),
        24 => "LeiosRequest".to_owned(),
        25 => "LeiosReply".to_owned(),
        26 => "NaiveLeios".to_owned(),
        other => format!("protocol {other}"),
    }
}
