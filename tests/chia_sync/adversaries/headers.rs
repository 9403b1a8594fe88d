//! Whoever lies about headers (P-40).

use std::cell::Cell;
use std::rc::Rc;

use nodewire::codec::chia::{HeaderBlock, HeaderHash, Message};
use nodewire::codec::streamable::RustCryptoSha256 as Sha;
use nodewire::state::chia::SyncOutcome;

use super::{LIAR, named_for, with_liar};
use crate::chains::chain;

fn named(lie: fn(&mut Vec<HeaderBlock>)) {
    super::named_listing("chia/P-40", lie);
}

#[test]
fn headers_that_are_not_those_asked_for() {
    // Wrong heights, out of order, too few, none, too many.
    named(|all| {
        all[0].challenge.as_mut().unwrap().height += 1;
    });
    named(|all| all.reverse());
    named(|all| all.truncate(all.len() - 1));
    named(Vec::clear);
    named(|all| all.push(all[0].clone()));
    // Another tip, which was never asked for.
    super::named("chia/P-40", |message| match message {
        Message::HeaderBlocks(mut it) => {
            it.tip_header_hash = HeaderHash([9; 32]);
            vec![it.into()]
        }
        other => vec![other],
    });
}

#[test]
fn headers_of_mixed_shapes() {
    named(|all| all[0].proof_of_time = None);
    named(|all| all[3].challenge = None);
    named(|all| {
        (all[3].challenge, all[3].proof_of_time) = (None, None);
    });
}

#[test]
fn twins_with_a_damaged_proof_or_challenge() {
    // The header hash is the right one.
    named(|all| {
        all[2].proof_of_time.as_mut().unwrap().number_of_iterations += 1;
    });
    named(|all| {
        all[2].challenge.as_mut().unwrap().total_weight += 1;
    });
    named(|all| all[2].proof_of_space.size += 1);
}

#[test]
fn headers_of_other_hashes_while_the_hashes_are_right() {
    // One, the last of its batch, all of them, all with links between them, and the tip.
    named(|all| all[2].header.data.timestamp += 1);
    named(|all| all.last_mut().unwrap().header.data.timestamp += 1);
    named(|all| {
        all.iter_mut().for_each(|it| it.header.data.timestamp += 1);
    });
    named(|all| {
        let mut parent = None;
        for header in all {
            header.header.data.timestamp += 1;
            if let Some(parent) = parent {
                header.header.data.prev_header_hash = parent;
            }
            parent = Some(header.header_hash::<Sha>());
        }
    });
    named(|all| {
        all.retain(|it| it.height() != Some(140));
    });
}

#[test]
fn who_tells_other_headers_only_where_it_is_not_asked_closer_is_still_named() {
    // It damages the batches and delivers what is asked for in between as it is.
    let theirs = Rc::new(chain(140));
    named_for(&theirs, "chia/P-40", || {
        |request: &Message, answer: Option<Message>| match (request, answer) {
            (Message::RequestHeaderBlocks(asked), Some(Message::HeaderBlocks(mut it)))
                if asked.heights.windows(2).all(|two| two[0] + 1 == two[1])
                    && asked.heights.len() > 14 =>
            {
                it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
                vec![it.into()]
            }
            (_, answer) => answer.into_iter().collect(),
        }
    });
}

#[test]
fn who_contradicts_and_then_says_nothing_holds_nobody_up_and_is_named_in_the_end() {
    let theirs = Rc::new(chain(400));
    named_for(&theirs, "chia/P-40", || {
        let mut batches = 0;
        move |request: &Message, answer: Option<Message>| {
            let Message::RequestHeaderBlocks(_) = request else {
                return answer.into_iter().collect();
            };
            batches += 1;
            match answer {
                Some(Message::HeaderBlocks(mut it)) if batches == 1 => {
                    it.header_blocks.iter_mut().for_each(|it| it.header.data.timestamp += 1);
                    vec![it.into()]
                }
                _ => Vec::new(),
            }
        }
    });
}

/// The tip's hash is what is asked for, so that there is nothing to be asked closer.
#[test]
fn who_has_another_tip_than_the_one_asked_for_is_named_at_once() {
    let theirs = Rc::new(chain(60));
    let mut lied = 0;
    for seed in 0..4 {
        let told = Rc::new(Cell::new(false));
        let telling = Rc::clone(&told);
        let mut world = with_liar(&theirs, seed, move |_, answer| match answer {
            Some(Message::HeaderBlocks(mut it)) => {
                if let Some(tip) = it.header_blocks.iter_mut().find(|it| it.height() == Some(60)) {
                    tip.header.data.timestamp += 1;
                    telling.set(true);
                }
                vec![it.into()]
            }
            answer => answer.into_iter().collect(),
        });
        assert!(matches!(world.run(), SyncOutcome::Synced(_)));
        let expected: &[_] = if told.get() { &[(LIAR, "chia/P-40")] } else { &[] };
        assert_eq!(world.blamed(), expected);
        let closer = world.sent.iter().filter(|(to, message)| {
            let Message::RequestHeaderBlocks(it) = message else { return false };
            *to == LIAR && !it.heights.is_empty() && it.heights.len() < 10
        });
        assert_eq!(closer.count(), 0);
        let empty = world.sent.iter().any(|(_, message)| {
            matches!(message, Message::RequestHeaderBlocks(it) if it.heights.is_empty())
        });
        assert!(!empty, "heights of nothing");
        lied += usize::from(told.get());
    }
    assert!(lied > 0, "it never was asked");
}
