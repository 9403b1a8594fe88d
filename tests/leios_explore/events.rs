//! What shows that a rule of the pair is at work: watched at every move.

use nodewire::codec::leios::{
    CountedNotification, DeliverableId, MsgReplyPayload, MsgRequestPayload, Notification,
    ReplyMessage, RequestMessage, RequestNo,
};
use nodewire::sim::{Duo, DuoMove, Side};
use nodewire::state::leios::table::{REPLY, REQUEST, ReplyLabel, RequestLabel};
use nodewire::state::leios::{
    Client, ClientNotice, ClientRemote, Limits, PairMessage, Server, ServerRemote,
};
use nodewire::{Action, ActionOf, Ending, Machine, Outbox, Role, Time};

use crate::pair::Pair;
use crate::report::Report;

pub fn watch(report: &mut Report, before: &Duo<Pair>, step: &DuoMove, after: &Duo<Pair>) {
    if let Some(server) = before.b() {
        if server.0.pending_notifications() > 0 && server.0.notification_credit() == 0 {
            report.events.insert("news waits for credit");
        }
    }
    match step {
        DuoMove::Hears(Side::A, at) => {
            let Some((client, message)) = before.a().zip(before.next_to_a(*at)) else { return };
            if let ClientRemote::Reply(reply) = message {
                let label = ReplyLabel::from(reply);
                report.edge(&REPLY, client.0.phases().reply(), Role::Responder, label);
                client_hears(report, &client.0, reply);
                if let Some(server) = before.b() {
                    leaves(report, &server.0, reply.wire_len() as u32);
                }
            }
            report.hears(client, message.clone());
        }
        DuoMove::Hears(Side::B, at) => {
            let Some((server, message)) = before.b().zip(before.next_to_b(*at)) else { return };
            match message {
                ServerRemote::Reply(reply) => {
                    let label = ReplyLabel::from(reply);
                    report.edge(&REPLY, server.0.reply_phase(), Role::Initiator, label);
                }
                ServerRemote::Request { message, .. } => {
                    let label = RequestLabel::from(message);
                    report.edge(&REQUEST, server.0.request_phase(), Role::Initiator, label);
                    server_hears(report, &server.0, message);
                }
                ServerRemote::Drained(_) => {}
            }
            report.hears(server, message.clone());
        }
        DuoMove::Timeout(_) => {
            let idle = |client: &Client| client.notification_credit() > 0;
            if before.a().is_some_and(|client| idle(&client.0)) {
                report.events.insert("time passes over a notification request");
            }
            let pending = |duo: &Duo<Pair>| duo.b().map(|server| server.0.pending_notifications());
            if pending(after) < pending(before) {
                report.events.insert("old news is dropped");
            }
        }
        DuoMove::Answer(Side::A, _, 1) if after.ending(Side::A).is_none() => {
            report.events.insert("an announcement is ignored and nobody ends");
        }
        _ => {}
    }
}

/// A client that has reached one of the limits of what may be outstanding, and more to send.
pub fn at_limit(report: &mut Report, duo: &Duo<Pair>, limits: &Limits) {
    let Some(client) = duo.a() else { return };
    let client = &client.0;
    if client.room() == limits.max_queued_requests {
        return;
    }
    for (reached, event) in [
        (
            client.outstanding_bytes() >= limits.max_outstanding_request_bytes,
            "a request waits for bytes",
        ),
        (
            client.outstanding_requests() >= limits.max_outstanding_requests,
            "a request waits for requests",
        ),
        (
            client.outstanding_txs() >= limits.max_outstanding_txs,
            "a request waits for transactions",
        ),
    ] {
        if reached {
            report.events.insert(event);
        }
    }
}

fn server_hears(report: &mut Report, server: &Server, message: &RequestMessage) {
    let RequestMessage::MsgLeiosRequest(payload) = message else { return };
    let no = match payload {
        MsgRequestPayload::LeiosNotificationBytes(no, bytes) => {
            if *bytes == 100 {
                report.events.insert("notification bytes as few as may be");
            }
            if no.0 > 0 {
                report.events.insert("a later request is for notifications");
            }
            no
        }
        MsgRequestPayload::LeiosDeliverableIds(no, ids) => {
            if no.0 > 0 {
                report.events.insert("a later request is for deliverables");
            }
            for id in ids.iter() {
                if let DeliverableId::LeiosBlockTxsId(_, bitmaps) = id {
                    if bitmaps.indices().count() == 1 && no.0 < 2 {
                        report.events.insert("a part of the transactions is requested alone");
                    }
                }
            }
            no
        }
    };
    if *no == RequestNo(0) && server.outstanding() == (0, 0, 0) {
        report.events.insert("the first request has number 0");
    }
}

pub fn hear(client: &Client, message: ReplyMessage) -> (Client, Vec<ActionOf<Client>>) {
    let (mut client, mut out) = (client.clone(), Outbox::new());
    client.handle_remote(Time::ZERO, ClientRemote::Reply(message), &mut out);
    let actions = out.drain().collect();
    (client, actions)
}

/// The notifications that a reply carries.
pub fn notifications(reply: &ReplyMessage) -> impl Iterator<Item = &Notification> {
    let items = match reply {
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(_, _, items)) => {
            items.as_slice()
        }
        _ => &[],
    };
    items.iter().map(CountedNotification::notification)
}

/// The rule that a reply breaks, if it does.
pub fn broken(client: &Client, message: ReplyMessage) -> Option<&'static str> {
    hear(client, message).1.into_iter().find_map(|action| match action {
        Action::Close(Ending::Fault(fault)) => fault.rule().map(|rule| rule.id()),
        _ => None,
    })
}

fn client_hears(report: &mut Report, client: &Client, message: &ReplyMessage) {
    let (heard, actions) = hear(client, message.clone());
    for action in &actions {
        let event = match action {
            Action::Notify(ClientNotice::Block { .. }) => "a block comes",
            Action::Notify(ClientNotice::Txs { .. }) => "transactions come",
            Action::Notify(ClientNotice::Vote(_)) => "a vote comes",
            Action::Notify(ClientNotice::Excused(_)) => "something is left out as it overlaps",
            Action::Notify(ClientNotice::Failed(_)) => "the server ends and requests fail",
            Action::Notify(ClientNotice::BlockOffered(_)) => "a block is offered",
            Action::Notify(ClientNotice::TxsOffered(_)) => "transactions are offered",
            Action::Notify(ClientNotice::VoteOffered(..)) => "a vote is offered",
            Action::Ask(..) => "an announcement is judged",
            Action::Send(PairMessage::Request(RequestMessage::MsgLeiosRequest(
                MsgRequestPayload::LeiosNotificationBytes(..),
            ))) => "news makes room for more",
            _ => continue,
        };
        report.events.insert(event);
    }
    match message {
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, content)) => {
            if content.is_empty() {
                report.events.insert("a reply is empty");
            }
            if heard.outstanding_deliveries() + 1 == client.outstanding_deliveries() {
                report.events.insert("a reply closes one request");
            }
            let copy = "a copy of a reply would be a fault";
            if !report.events.contains(copy)
                && broken(&heard, message.clone()) == Some("leios/L-17")
            {
                report.events.insert(copy);
            }
            let overtakes = "a reply overtakes an older request's";
            if !report.events.contains(overtakes) {
                // An empty reply to what is outstanding breaks another rule, if any.
                let open = |no| {
                    let empty = MsgReplyPayload::LeiosDeliveries(RequestNo(no), Vec::new());
                    broken(client, ReplyMessage::MsgLeiosReply(empty)) == Some("leios/L-47")
                };
                if (0..no.0).any(open) {
                    report.events.insert(overtakes);
                }
            }
        }
        ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosNotifications(no, complete, items)) => {
            report.events.insert(match complete {
                true => "a message completes a notification request",
                false => "a message leaves a notification request open",
            });
            if no.0 > 0 {
                report.events.insert("a later notification request is used");
            }
            // Each request is for a hundred bytes: an odd rest was begun beyond the completed one.
            if *complete && heard.notification_credit() % 100 != 0 {
                report.events.insert("a notification spills into the next request");
            }
            let announces = |item: &CountedNotification| {
                matches!(item.notification(), Notification::LinearLeiosAnnouncement(_))
            };
            let kinds: Vec<bool> = items.iter().map(announces).collect();
            if kinds == [true, true, false] {
                report.events.insert("a later announcement goes before an offer");
            }
        }
        _ => {}
    }
}

/// A reply has left the server: what that sets free, and what that sets free in turn.
fn leaves(report: &mut Report, server: &Server, bytes: u32) {
    let mut server = server.clone();
    let mut drain = |bytes| {
        let mut out = Outbox::new();
        server.handle_remote(Time::ZERO, ServerRemote::Drained(bytes), &mut out);
        out.drain().find_map(|action| match action {
            Action::Send(ReplyMessage::MsgLeiosReply(MsgReplyPayload::LeiosDeliveries(no, _))) => {
                Some(no)
            }
            _ => None,
        })
    };
    if let Some(first) = drain(bytes) {
        report.events.insert("a reply waits for others to leave");
        match drain(u32::MAX) {
            Some(second) if second < first => {
                report.events.insert("of two ready replies the younger slot's goes first");
            }
            Some(_) => {
                report.events.insert("of two ready replies of a slot the lower number goes first");
            }
            None => {}
        }
    }
}
