//! Completion of notification requests (`leios.md` 8.1): the server as the sender.

use nodewire::Refused;
use nodewire::codec::leios::{Notification, SlotNo, VoteIssuer};
use nodewire::state::leios::ServerCommand;
use serde_json::Value;

use crate::shared_vectors::shared;
use crate::support::{Act, NOW, Rig, header, news, sized_header, vote_id};

/// Gives the server notifications of `size` bytes in all: one announcement, or, where none is so
/// small, votes of 8 to 10 bytes. `seats` counts those of each size that voted already.
fn tell(rig: &mut Rig, pool: u8, size: u64, seats: &mut [u16; 3]) -> Vec<Act> {
    if size >= 99 {
        return rig.announce(&sized_header(NOW, pool, pool, size as usize));
    }
    let mut acts = Vec::new();
    let mut left = size;
    while left > 0 {
        let part = (8..=10).find(|part| is_sum(left.saturating_sub(*part))).expect("a sum");
        // A seat below 24 takes one byte, below 256 two, else three.
        let kind = part as usize - 8;
        let seat = VoteIssuer([0, 24, 256][kind] + seats[kind]);
        acts.extend(rig.local(ServerCommand::OfferVote(SlotNo(NOW), seat)));
        seats[kind] += 1;
        left -= part;
    }
    acts
}

/// True if so many bytes are some votes of 8 to 10 bytes.
fn is_sum(bytes: u64) -> bool {
    (bytes.div_ceil(10)..=bytes / 8).next().is_some()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("no number {key} in {value}"))
}

#[test]
fn the_shared_vectors_as_the_sender() {
    let Some(vectors) =
        shared("the_shared_vectors_as_the_sender", "leios", "completion_flags.json")
    else {
        return;
    };
    let items = vectors["items"].as_array().expect("items");
    assert_eq!(items.len(), 8);
    for item in items {
        let name = item["name"].as_str().expect("a name");
        let mut rig = Rig::new();
        let mut seats = [0; 3];
        for request in item["requests"].as_array().expect("requests") {
            while rig.next < number(request, "request_no") {
                rig.request(vec![vote_id(NOW, 1)]);
            }
            rig.want(u16::try_from(number(request, "bytes")).expect("16 bits"));
        }
        let total = rig.server.notification_credit();
        for (at, step) in
            item["notifications"].as_array().expect("notifications").iter().enumerate()
        {
            let pool = at as u8 + 1;
            let size = number(step, "size");
            let before = total - rig.server.notification_credit();
            if let Some(action) = step["action"].as_str() {
                if action.starts_with("hold") {
                    assert_eq!(tell(&mut rig, pool, size, &mut seats), [], "{name}");
                    assert_eq!(rig.server.pending_notifications(), 1, "{name}");
                    // Another request lets it go, and is charged for the rest.
                    let held = news(&rig.want(2_048));
                    assert!(matches!(&held[..], [(0, true, list)] if list.len() == 1), "{name}");
                    assert_eq!(rig.server.notification_credit(), total + 2_048 - before - size);
                } else {
                    assert!(action.starts_with("illegal"), "{action}");
                    let header = sized_header(NOW, pool, pool, size as usize);
                    let refused = rig.try_local(ServerCommand::Announce(header));
                    assert!(matches!(refused, Err(Refused::Invalid { .. })), "{name}");
                }
                continue;
            }
            assert_eq!(before, number(step, "start"), "{name}");
            let messages = news(&tell(&mut rig, pool, size, &mut seats));
            let Some(((no, flag, _), parts)) = messages.split_last() else {
                panic!("{name}: held")
            };
            assert!(parts.iter().all(|(other, flag, _)| other == no && !flag), "{name} {at}");
            assert_eq!(*no, number(step, "request_no"), "{name} {at}");
            assert_eq!(Some(*flag), step["completion_flag"].as_bool(), "{name} {at}");
            let left = rig.server.notification_credit();
            assert_eq!(total - left, number(step, "end"), "{name} {at}");
            assert_eq!(left, number(step, "total_credit_left"), "{name} {at}");
            rig.drain();
        }
    }
}

#[test]
fn a_batch_ends_with_the_notification_that_completes() {
    let mut rig = Rig::new();
    for (pool, size) in [(1, 1_000), (2, 1_000), (3, 100), (4, 900), (5, 148)] {
        rig.announce(&sized_header(NOW, pool, pool, size));
    }
    let messages = news(&rig.want(2_048));
    // 100 bytes don't fit into the 48 that are left of one request.
    assert!(matches!(&messages[..], [(0, false, list)] if list.len() == 2), "{messages:?}");
    let messages = news(&rig.want(2_048));
    let [(0, true, first), (1, false, second)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((first.len(), second.len()), (1, 2));
    assert_eq!(rig.server.notification_credit(), 4_096 - 3_148);

    // With both requests there before anything is sent, the first batch is of three.
    let mut unopened =
        Rig::unopened(crate::support::limits(), nodewire::state::leios::Order::default());
    for (pool, size) in [(1, 1_000), (2, 1_000), (3, 100), (4, 900)] {
        unopened.announce(&sized_header(NOW, pool, pool, size));
    }
    unopened.want(2_048);
    unopened.want(2_048);
    let messages = news(&unopened.init());
    let [(0, true, first), (1, false, second)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!((first.len(), second.len()), (3, 1));
}

#[test]
fn a_completed_request_counts_no_more_and_is_told() {
    let mut rig = Rig::new();
    rig.want(2_048);
    rig.want(2_048);
    assert_eq!(rig.server.outstanding().1, 2);
    rig.announce(&sized_header(NOW, 1, 1, 2_047));
    assert_eq!(rig.server.outstanding().1, 2);
    let acts = rig.announce(&sized_header(NOW, 2, 2, 2_048));
    assert_eq!(rig.server.outstanding().1, 1);
    let answered = acts.iter().any(|act| {
        matches!(act, nodewire::Action::Notify(nodewire::state::leios::ServerNotice::Answered { no, .. }) if no.0 == 0)
    });
    assert!(answered, "{acts:?}");
    assert_eq!(rig.server.notification_credit(), 1);
}

#[test]
fn a_message_of_notifications_stays_within_12_000_bytes() {
    let mut rig = Rig::unopened(crate::support::limits(), nodewire::state::leios::Order::default());
    for pool in 1..=20 {
        rig.announce(&sized_header(NOW, pool, pool, 1_000));
    }
    rig.want(65_535);
    let messages = news(&rig.init());
    let sizes: Vec<usize> = messages.iter().map(|(_, _, list)| list.len()).collect();
    assert_eq!(sizes, [12, 8]);
}

#[test]
fn nothing_overtakes_what_waits_for_credit() {
    let mut rig = Rig::new();
    rig.want(2_048);
    rig.announce(&sized_header(NOW, 1, 1, 2_000));
    assert_eq!(news(&rig.announce(&header(NOW, 2, 2))), []);
    // 48 bytes of credit are left, enough for this offer; the announcement goes first.
    let point = crate::support::point(NOW, 1);
    assert_eq!(news(&rig.local(ServerCommand::OfferBlock(point))), []);
    let messages = news(&rig.want(2_048));
    let all: Vec<&Notification> = messages.iter().flat_map(|(_, _, list)| list).collect();
    assert!(matches!(
        &all[..],
        [Notification::LinearLeiosAnnouncement(_), Notification::LinearLeiosBlockOffer(_)]
    ));
}
