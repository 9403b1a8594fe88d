//! Adversaries of the clock: slow answers, jumps.

use std::time::Duration;

use nodewire::Time;
use nodewire::codec::leios::{SlotNo, VoteIssuer};
use nodewire::state::leios::ClientCommand;

use crate::site::{NOW, Site, Told};
use crate::wire;

fn want(site: &mut Site, issuer: u16) {
    let votes = vec![(SlotNo(NOW), VoteIssuer(issuer))];
    site.command(ClientCommand::RequestVotes { votes });
}

fn vote(no: u64, issuer: u16) -> Vec<u8> {
    wire::deliveries(no, &[wire::vote_delivery(NOW, issuer.into())])
}

/// Lets time pass and answers every ping meanwhile.
fn pass(site: &mut Site, from: u64, to: u64) {
    for second in from + 1..=to {
        site.pass(second);
        if !site.is_open() {
            return;
        }
        site.keep_alive();
    }
}

fn asking(starvation: Option<Duration>) -> Site {
    let mut site = Site::with(|config| config.connection.limits.starvation = starvation);
    site.command(ClientCommand::Start);
    site
}

fn votes(site: &Site) -> usize {
    site.told.iter().filter(|told| matches!(told, Told::Vote(_))).count()
}

/// Item 20: nothing at all for 60 s.
#[test]
fn answering_nothing() {
    let mut site = asking(None);
    want(&mut site, 1);
    pass(&mut site, 0, 59);
    assert!(site.is_open());
    pass(&mut site, 59, 60);
    assert_eq!(site.fault(), "DeliveryTimeout");
}

/// Item 20: one answer a minute keeps the rolling timer quiet; the oldest request starves.
#[test]
fn answering_one_request_a_minute() {
    for starvation in [Some(Duration::from_secs(180)), None] {
        let mut site = asking(starvation);
        for issuer in 0..10 {
            want(&mut site, issuer);
        }
        // The first one is never answered.
        for no in 1..10_u64 {
            pass(&mut site, (no - 1) * 55, no * 55);
            if !site.is_open() {
                break;
            }
            site.reply(&vote(no, no as u16));
        }
        if starvation.is_some() {
            assert_eq!(site.fault(), "RequestStarved");
            assert_eq!(votes(&site), 3);
        } else {
            assert!(site.is_open());
            assert_eq!(votes(&site), 9);
            pass(&mut site, 495, 600);
            assert_eq!(site.fault(), "DeliveryTimeout");
        }
    }
}

/// Item 20: only tiny new requests are answered, the large old one starves.
#[test]
fn starving_a_large_request() {
    let mut site = asking(Some(Duration::from_secs(180)));
    let point = crate::site::at(NOW, [1; 32]);
    site.command(ClientCommand::RequestBlock { point, size: 500_000 });
    for second in 1..400_u64 {
        pass(&mut site, second - 1, second);
        if !site.is_open() {
            assert_eq!(second, 180);
            break;
        }
        want(&mut site, second as u16);
        site.reply(&vote(second, second as u16));
    }
    assert_eq!(site.fault(), "RequestStarved");
    assert_eq!(votes(&site), 179);
}

/// Item 23: a clock that jumps back stretches nothing for ever and breaks nothing.
#[test]
fn a_clock_that_jumps() {
    let mut site = asking(Some(Duration::from_secs(180)));
    let start = site.now;
    want(&mut site, 1);
    site.now = Time::ZERO;
    want(&mut site, 2);
    site.timeout();
    site.timeout();
    assert!(site.is_open());
    site.reply(&vote(1, 2));
    assert_eq!(site.told, [Told::Vote(2)]);
    // Forward again, twice: what is due is due once.
    site.now = start.after(Duration::from_secs(59));
    site.timeout();
    site.timeout();
    assert!(site.is_open());
    site.now = start.after(Duration::from_secs(10_000));
    site.timeout();
    assert!(!site.is_open());
    site.timeout();
    let reason = site.fault();
    let late = ["DeliveryTimeout", "KeepAliveTimeout", "RequestStarved"];
    assert!(late.contains(&reason), "{reason}");
}

/// Item 23: a jump forward makes news old and forgets it; nothing else changes.
#[test]
fn a_jump_forward_forgets() {
    let mut site = Site::listening();
    let hash = [1; 32];
    site.reply(&wire::news(0, false, &[wire::announcement(&wire::header(0, NOW, 1, &hash))]));
    let held = site.held();
    pass(&mut site, 0, 620);
    assert!(site.is_open());
    assert!(site.held() <= held, "{} bytes, {held} before", site.held());
    site.now = Time::from_micros(u64::MAX);
    site.timeout();
    assert!(!site.is_open());
}

/// Item 21: MsgLeiosDone is waited for for a minute.
#[test]
fn an_end_that_nobody_answers() {
    let mut site = asking(None);
    site.command(ClientCommand::Finish);
    pass(&mut site, 0, 59);
    assert!(site.is_open());
    pass(&mut site, 59, 60);
    assert_eq!(site.fault(), "ShutdownTimeout");
}

#[test]
fn nobody_answers_pings() {
    let mut site = asking(None);
    site.pass(59);
    assert!(site.is_open());
    site.pass(60);
    assert_eq!(site.fault(), "KeepAliveTimeout");
}
