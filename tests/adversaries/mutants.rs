//! Honest streams with something done to them: bytes changed, segments dropped, doubled, swapped,
//! cut short. Nobody can say which rule breaks first, but it is one that has a name, what is held
//! stays within the limits (the site checks that at each step), and the neighbour goes on.

use nodewire::codec::leios::{DeliverableId, SlotNo, VoteIssuer};
use nodewire::leios;
use nodewire::state::leios::{ClientCommand, ConnectionCommand, ServerCommand};
use nodewire::{Ending, Fault, Refused};

use crate::site::{Asked, NOW, Site, at, vote};
use crate::wire::{self, Mode, REPLY, REQUEST};

/// A small generator, the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// What an honest peer says, in order, as segments.
fn honest() -> Vec<Vec<u8>> {
    let hash = [1; 32];
    let mut all = vec![wire::segment(Mode::Client, REPLY, wire::INIT)];
    let mut say = |mode, number, message: &[u8]| {
        all.extend(message.chunks(60).map(|piece| wire::segment(mode, number, piece)));
    };
    say(Mode::Client, REQUEST, &wire::ask_news(0, 8_192));
    say(
        Mode::Server,
        REPLY,
        &wire::news(0, false, &[wire::announcement(&wire::header(0, NOW, 1, &hash))]),
    );
    say(Mode::Client, wire::KEEP_ALIVE, &[0x82, 0, 7]);
    say(
        Mode::Server,
        REPLY,
        &wire::news(0, false, &[wire::block_offer(NOW, &hash), wire::vote_offer(NOW, 1)]),
    );
    say(Mode::Client, REQUEST, &wire::ask(1, &[wire::vote_id(NOW, 1), wire::vote_id(NOW, 2)]));
    let votes = [wire::vote_delivery(NOW, 4), wire::vote_delivery(NOW, 5)];
    say(Mode::Server, REPLY, &wire::deliveries(2, &votes));
    say(Mode::Client, REQUEST, &wire::ask(2, &[wire::block_id(NOW, &hash)]));
    let news = wire::news(0, false, &[wire::vote_offer(NOW, 300), wire::txs_offer(NOW, &hash)]);
    say(Mode::Server, REPLY, &news);
    say(Mode::Client, REQUEST, wire::DONE_REQUEST);
    say(Mode::Server, REPLY, wire::DONE);
    all
}

/// What answers whatever the attacked server asks: it has votes and nothing else.
fn serve(site: &mut Site) {
    for asked in std::mem::take(&mut site.asked) {
        let Asked::Fetch(id, ids) = asked else { panic!("{asked:?}") };
        let votes = ids.iter().map(|id| match id {
            DeliverableId::LinearLeiosVoteId(..) => Some(vote(id)),
            _ => None,
        });
        let fetched = ServerCommand::Fetched { id, content: votes.collect() };
        let done = site.foreign(leios::on_connection(ConnectionCommand::Server(fetched)));
        // The pair, or all of it, may have ended since it was asked.
        assert!(matches!(done, Ok(()) | Err(Refused::Ended)), "{done:?}");
    }
}

fn listening() -> Site {
    let mut site = Site::listening();
    let votes = [4, 5].map(|seat| (SlotNo(NOW), VoteIssuer(seat)));
    site.command(ClientCommand::RequestVotes { votes: votes.to_vec() });
    site.command(ClientCommand::RequestBlock { point: at(NOW, [1; 32]), size: 4_096 });
    site
}

#[test]
fn honest_streams_with_something_done_to_them() {
    let honest = honest();
    let mut ended = 0;
    let mut reasons = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let mut segments = honest.clone();
        for _ in 0..=dice.below(3) {
            let (one, other) = (dice.below(segments.len()), dice.below(segments.len()));
            match dice.below(8) {
                0 => drop(segments.remove(one)),
                1 => segments.insert(other, segments[one].clone()),
                2 => segments.swap(one, other),
                3 => {
                    let length = segments[one].len();
                    segments[one].truncate(dice.below(length));
                }
                4 => segments[one].extend([0xff, 0, 0x9f]),
                _ => {
                    let length = segments[one].len();
                    segments[one][dice.below(length)] ^= 1 << dice.below(8);
                }
            }
        }
        let mut site = listening();
        let stream = segments.concat();
        let size = [1, 13, 100, stream.len().max(1)][dice.below(4)];
        for read in stream.chunks(size) {
            site.read(read);
            serve(&mut site);
        }
        match site.ending() {
            Some(Ending::Fault(Fault::Unable { .. })) | None | Some(Ending::Done) => {
                site.others_go_on();
            }
            Some(Ending::Fault(_)) => {
                ended += 1;
                reasons.insert(site.fault());
            }
        }
    }
    assert!(ended > 150, "{ended} of 300 ended");
    assert!(reasons.len() > 10, "{reasons:?}");
}

/// Half a request, and nothing more of it, beside pings that keep the connection alive: it holds
/// what came, no more, for as long as it likes, and news are served all the same.
#[test]
fn half_a_request_for_ever() {
    let mut site = Site::opened();
    let before = site.held();
    let ids: Vec<_> = (0..900).map(|seat| wire::vote_id(NOW, seat)).collect();
    let request = wire::ask(0, &ids);
    site.say(Mode::Client, REQUEST, &request[..request.len() - 1]);
    let half = site.held() - before;
    assert!(half < 4 * request.len(), "{half} bytes for {}", request.len());
    for second in (5..600).step_by(5) {
        site.pass(second);
        site.keep_alive();
        assert!(site.is_open(), "{:?}", site.ending());
        assert!(site.held() - before <= half + 4_096);
    }
    assert!(site.asked.is_empty());
    site.say(Mode::Client, REQUEST, &request[request.len() - 1..]);
    assert_eq!(site.asked.len(), 1);
    serve(&mut site);
    assert!(site.asked.is_empty());
    site.others_go_on();
}

/// An application that never takes what comes on a foreign channel: the link stops reading, and
/// whoever sends on regardless is at fault.
#[test]
fn foreign_bytes_that_nobody_consumes() {
    use nodewire::{Channel, ChannelSpec, Class, Role};
    let channel = Channel::new(3, Role::Responder);
    let mut site = Site::with(|config| {
        config.foreign = vec![ChannelSpec { channel, ingress: 10_000, class: Class::Praos }];
    });
    let mut sent = 0;
    while !site.saturated() {
        site.say(Mode::Client, 3, &[7]);
        sent += 1;
        assert!(sent <= 10_000, "never full");
    }
    assert!(site.is_open() && sent > 9_000, "{sent}");
    while site.is_open() {
        site.say(Mode::Client, 3, &[7]);
        sent += 1;
    }
    assert_eq!(site.fault(), "IngressOverflow");
    assert_eq!(sent, 10_001);
}
