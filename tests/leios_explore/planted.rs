//! Faults planted on purpose: the explorer finds each, by the shortest way.

use nodewire::codec::leios::{
    MsgReplyPayload, MsgRequestPayload, ReplyMessage, RequestMessage, RequestNo,
};
use nodewire::sim::{Bounds, Duo, DuoMove, Side, Wiring, explore};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, PairMessage, Server, ServerCommand,
    ServerQuery, ServerRemote,
};
use nodewire::{AskId, Machine};

use crate::pair::{Pair, announce, finish, limits, request_block, request_vote, start, target};
use crate::patient::Patient;

/// The pair's wiring with something wrong on the way.
macro_rules! wiring {
    ($name:ident, $to_b:expr, $to_a:expr) => {
        enum $name {}

        impl Wiring for $name {
            type A = Patient<Client>;
            type B = Patient<Server>;

            fn to_b(message: PairMessage) -> Option<(u16, ServerRemote)> {
                $to_b(message).and_then(Pair::to_b)
            }

            fn to_a(message: ReplyMessage) -> Option<(u16, ClientRemote)> {
                $to_a(message).and_then(Pair::to_a)
            }

            fn left_b(message: &ClientRemote) -> Option<ServerRemote> {
                Pair::left_b(message)
            }

            fn answers_a(id: AskId, query: &ClientQuery) -> Vec<ClientCommand> {
                Pair::answers_a(id, query)
            }

            fn answers_b(id: AskId, query: &ServerQuery) -> Vec<ServerCommand> {
                Pair::answers_b(id, query)
            }
        }
    };
}

wiring!(Lossy, without_first, Some);
wiring!(Empty, Some, emptied);
wiring!(Unflagged, Some, never_complete);

/// The first request is lost.
fn without_first(message: PairMessage) -> Option<PairMessage> {
    match message {
        PairMessage::Request(RequestMessage::MsgLeiosRequest(
            MsgRequestPayload::LeiosDeliverableIds(RequestNo(0), _),
        )) => None,
        message => Some(message),
    }
}

/// Replies lose what they carry.
fn emptied(message: ReplyMessage) -> Option<ReplyMessage> {
    Some(match message {
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, _)) => {
            ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, Vec::new()))
        }
        message => message,
    })
}

/// No notification request is ever complete.
fn never_complete(message: ReplyMessage) -> Option<ReplyMessage> {
    Some(match message {
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(no, _, news)) => {
            ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(no, false, news))
        }
        message => message,
    })
}

fn finds<W>(rule: &str, script: [ClientCommand; 4], path: &[DuoMove])
where
    W: Wiring<A = Patient<Client>, B = Patient<Server>>,
    W::A: Machine<Local = ClientCommand>,
    W::B: Machine<Local = ServerCommand>,
{
    let clock = nodewire::state::leios::SlotClock::default();
    let client = Patient(Client::new(limits(), clock));
    let duo = Duo::<W>::new(client, Patient(Server::new(limits(), clock)));
    let news = [announce(), ServerCommand::OfferBlock(crate::content::point())];
    let duo = duo.script_a(true, script).script_b(true, news);
    let explored = explore(duo, Bounds::default(), |_, _, _| ());
    println!("{explored}");
    assert!(!explored.complete);
    let found = explored.found.expect("a fault was planted");
    assert!(found.fault.contains(rule), "{}", found.fault);
    assert_eq!(found.path, path);
}

#[test]
fn planted_faults_are_found_by_the_shortest_way() {
    use DuoMove::{Answer, Hears, Local};
    use Side::{A, B};

    // The next request shows the gap.
    let script = || [start(), request_block(), request_vote(), finish()];
    let path = [Local(A, 0), Local(A, 1), Local(A, 2), Hears(B, 24)];
    finds::<Lossy>("BadRequestNo", script(), &path);
    // A reply without what was asked for.
    let path =
        [Local(A, 0), Local(A, 1), Hears(B, 24), Hears(B, 25), Answer(B, 0, 0), Hears(A, 25)];
    finds::<Empty>("leios/L-47", script(), &path);
    // The offer begins in the first request for news and ends in the second: both have to be there.
    let script = [start(), target(), request_vote(), finish()];
    let to_b = [Hears(B, 24), Hears(B, 24), Hears(B, 25)];
    let news = [Local(A, 0), Local(A, 1), Local(B, 0), Local(B, 1)];
    let path: Vec<DuoMove> = news.into_iter().chain(to_b).chain([Hears(A, 25)]).collect();
    finds::<Unflagged>("leios/L-29", script, &path);
}
