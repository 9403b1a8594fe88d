//! What the multiplexer puts first stays first behind the driver.

use std::collections::VecDeque;
use std::time::Duration;

use nodewire::bytes::Bytes;
use nodewire::codec::{Mode, SegmentHeader};
use nodewire::link::{Mux, MuxConfig, MuxLocal};
use nodewire::state::leios::{Connection, ConnectionConfig, Parts};
use nodewire::{AskId, Channel, ChannelSpec, Class, Machine, Refusal, Role, Time};
use nodewire_adapter::leios::Tally;
use nodewire_adapter::{Backlog, Host, drive};
use tokio::io::{AsyncReadExt, duplex};
use tokio::sync::mpsc;
use tokio::time::Instant;

const BLOCK_FETCH: u16 = 3;
const TX_SUBMISSION: u16 = 4;
const RANKING_BLOCK: usize = 90_112;
/// The pipe between the two ends: what a short kernel queue is to a socket.
const PIPE: usize = 4_096;

type Link = Mux<Connection>;
type Local = <Link as Machine>::Local;

struct Silent;

impl Host<Link> for Silent {
    fn notice(&mut self, _: Time, _: <Link as Machine>::Notice, _: &mut VecDeque<Local>) {}
    fn answer(&mut self, _: Time, _: AskId, _: <Link as Machine>::Query, _: &mut VecDeque<Local>) {}
    fn refused(&mut self, _: Time, refusal: Refusal<Local>, _: &mut VecDeque<Local>) {
        panic!("{}", refusal.why);
    }
}

fn channel(number: u16) -> Channel {
    Channel::new(number, Role::Responder)
}

fn send(number: u16, bytes: usize) -> Local {
    MuxLocal::Foreign { channel: channel(number), bytes: Bytes::from(vec![0x01; bytes]) }
}

/// Sends 2 MB of bulk, and a ranking block once a quarter of it has come; returns the bulk that
/// came between handing the ranking block in and its last byte.
async fn bulk_ahead_of_block(bulk: Class) -> u64 {
    let spec = |number, class| ChannelSpec { channel: channel(number), ingress: 1_000_000, class };
    let foreign = [spec(BLOCK_FETCH, Class::Praos), spec(TX_SUBMISSION, bulk)];
    let config = ConnectionConfig::default();
    let connection = Connection::new(config, Parts::RESPONDER, Time::ZERO);
    let mut config = MuxConfig::default();
    config.egress_limit = 4_000_000;
    let mut link = Mux::new(connection, config, &foreign);
    let (near, mut far) = duplex(PIPE);
    let (commands, mut inbox) = mpsc::channel(4);
    commands.send(send(TX_SUBMISSION, 2_000_000)).await.expect("room");
    let reader = tokio::spawn(async move {
        let mut tally = Tally::default();
        let mut buffer = [0; 1_024];
        let came = |tally: &Tally, number| {
            let mine = |(n, mode, _): &(u16, Mode, _)| *n == number && *mode == Mode::Responder;
            tally.counts().find(mine).map_or(0, |(_, _, count)| count.bytes)
        };
        let mut before = None;
        loop {
            let n = far.read(&mut buffer).await.expect("bytes");
            tally.read(&buffer[..n]);
            let bulk = came(&tally, TX_SUBMISSION);
            if bulk >= 500_000 && before.is_none() {
                before = Some(bulk);
                commands.send(send(BLOCK_FETCH, RANKING_BLOCK)).await.expect("room");
                // The driver takes the command while the pipe is full.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if came(&tally, BLOCK_FETCH) == RANKING_BLOCK as u64 {
                return bulk - before.expect("it was sent");
            }
        }
    });
    let mut host = Silent;
    let driven = drive(&mut link, near, &mut host, &mut inbox, Instant::now(), Backlog::default());
    tokio::select! {
        biased;
        ahead = reader => ahead.expect("no panic"),
        ending = driven => panic!("{ending:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_ranking_block_overtakes_bulk_behind_the_driver() {
    let ahead = bulk_ahead_of_block(Class::Bulk { share: 9 }).await;
    // What is cut already or in the pipe cannot be overtaken; the guard lets one segment of bulk
    // pass for sixteen of the block, which has eight.
    let cut = Backlog::default().0 + PIPE + 12_288 + SegmentHeader::SIZE;
    assert!(ahead <= cut as u64, "{ahead} bytes of bulk came first, {cut} at most");
}

#[tokio::test(start_paused = true)]
async fn without_its_class_it_would_wait_its_turns() {
    let ahead = bulk_ahead_of_block(Class::Praos).await;
    assert!(ahead >= RANKING_BLOCK as u64 / 2, "{ahead}: the test above shows nothing");
}
