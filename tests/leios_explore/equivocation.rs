//! A pool that makes several headers for one election: the server passes on two, different ones,
//! and the client takes the second for evidence (`leios.md` L-33, L-34, L-55).

use nodewire::codec::leios::{Notification, RankingBlockHeader};
use nodewire::sim::{Duo, DuoMove, Side};
use nodewire::state::leios::{
    ClientCommand, ClientQuery, ClientRemote, Server, ServerCommand, ServerNotice,
};
use nodewire::{Action, Machine, Outbox, Time};

use crate::content::{SLOT, another_header, header, point};
use crate::events::{broken, hear, notifications, watch};
use crate::pair::{Pair, duo, finish, start};
use crate::report::Report;

/// Three headers and one of them again.
fn headers() -> [RankingBlockHeader; 4] {
    [header(), another_header(1), another_header(2), header()]
}

pub fn equivocation(report: &mut Report) {
    // Credit for all of it, so that a copy of a message keeps to the bytes that were asked for.
    let target = ClientCommand::NotificationTarget { low: 200, chunk: 1000 };
    let duo = duo().script_a(true, [start(), target, finish()]);
    let news = headers().map(ServerCommand::Announce);
    let duo = duo.script_b(false, news.into_iter().chain([ServerCommand::OfferBlock(point())]));
    report.explore("pair, a pool that equivocates", duo, |report, before, step, after| {
        watch(report, before, step, after);
        match step {
            DuoMove::Local(Side::B, at) => {
                let header = headers().into_iter().nth(usize::from(*at));
                if let Some((server, header)) = before.b().zip(header) {
                    left_out(report, &server.0, header);
                }
            }
            DuoMove::Hears(Side::A, at) => heard(report, before, *at),
            _ => {}
        }
    });
}

/// What the server doesn't pass on, and by which rule.
fn left_out(report: &mut Report, server: &Server, header: RankingBlockHeader) {
    let (mut server, mut out) = (server.clone(), Outbox::new());
    let _ = server.handle_local(Time::ZERO, ServerCommand::Announce(header), &mut out);
    for action in out.drain() {
        let Action::Notify(ServerNotice::Remark(rule)) = action else { continue };
        match rule.id() {
            "leios/L-33" => report.events.insert("a third announcement is left out"),
            "leios/L-34" => report.events.insert("a repeated announcement is left out"),
            _ => false,
        };
    }
}

/// What the client makes of announcements, and would make of more.
fn heard(report: &mut Report, before: &Duo<Pair>, channel: u16) {
    let Some((client, message)) = before.a().zip(before.next_to_a(channel)) else { return };
    let ClientRemote::Reply(reply) = message else { return };
    let announces = |item: &Notification| matches!(item, Notification::LinearLeiosAnnouncement(_));
    if !notifications(reply).any(announces) {
        return;
    }
    let (heard, actions) = hear(&client.0, reply.clone());
    let mut evidence = 0;
    for action in actions {
        if let Action::Ask(_, ClientQuery::JudgeAnnouncement(announcement)) = action {
            assert_eq!(announcement.point.slot, SLOT);
            evidence += usize::from(announcement.equivocation);
        }
    }
    assert!(evidence <= 1, "one of two is the first");
    if evidence == 1 {
        report.events.insert("a second announcement is told as evidence");
    }
    match broken(&heard, reply.clone()) {
        Some("leios/L-33") => report.events.insert("a third announcement would be a fault"),
        Some("leios/L-34") => report.events.insert("a repeated announcement would be a fault"),
        _ => false,
    };
}
