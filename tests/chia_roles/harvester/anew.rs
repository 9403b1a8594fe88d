//! A repeated challenge is looked up anew after plots or pools have changed (H-5): what was found
//! before is known till that is done.

use nodewire::codec::chia::messages::{NewChallenge, RequestHeaderSignature, RequestProofOfSpace};
use nodewire::codec::chia::{Bytes32, HeaderDataHash, NodeType};
use nodewire::state::chia::{
    Harvester, HarvesterCommand, HarvesterLimits, HarvesterQuery, Plot, PlotId,
};

use super::{FARMER, blob, challenge, harvester, known, plot, plots, quality, response};
use crate::given::{Played, bytes32, key};

/// The plots that are to sign for a quality.
fn signs(played: &mut Played<Harvester>, quality: Bytes32) -> Vec<PlotId> {
    let header_hash = HeaderDataHash([8; 32]);
    played.hear(FARMER, RequestHeaderSignature { quality, header_hash });
    let mut signing = Vec::new();
    for (id, query) in played.asked() {
        let HarvesterQuery::Sign { plot, .. } = query else { panic!("{query:?}") };
        played.local(HarvesterCommand::Signature(id, None));
        signing.push(plot);
    }
    signing
}

/// A farmer may ask for what it was told before while a repeat looks anew (H-6, H-7).
#[test]
fn what_is_looked_up_anew_is_known_meanwhile() {
    let mut played = harvester(HarvesterLimits::default());
    let of_first = known(&mut played);
    played.local(HarvesterCommand::Plots([0, 1, 3].map(|id| plot(id, 5)).to_vec()));
    let asked = challenge(&mut played, 7);
    assert_eq!((plots(&asked), played.sent()), (vec![0, 1, 3], vec![]));
    assert_eq!(signs(&mut played, of_first), [PlotId(1)]);
    // Found again, be it in another plot, it is told, and known of that one.
    played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob("new"), blob("b")])));
    assert_eq!(played.sent(), [response(7, "new"), response(7, "b")]);
    assert_eq!(signs(&mut played, of_first), [PlotId(0)]);
    assert_eq!(signs(&mut played, quality(bytes32(7), "a")), [PlotId(1)]);
    // What was not found again is unknown when all was looked into.
    played.local(HarvesterCommand::Qualities(asked[1].0, Some(vec![])));
    assert_eq!(signs(&mut played, quality(bytes32(7), "a")), [PlotId(1)]);
    played.local(HarvesterCommand::Qualities(asked[2].0, Some(vec![])));
    assert_eq!(signs(&mut played, quality(bytes32(7), "a")), []);
    assert_eq!(played.machine.qualities(), 2);
    assert_eq!(played.notices().len(), 1);
    assert_eq!(challenge(&mut played, 7), []);
    assert_eq!(played.sent(), [response(7, "new"), response(7, "b")]);
}

/// The same if the farmer goes meanwhile (H-11), or the look-up begins anew once more.
#[test]
fn what_is_begun_anew_twice_is_known_meanwhile() {
    let mut played = harvester(HarvesterLimits::default());
    let quality = known(&mut played);
    played.local(HarvesterCommand::Plots([0, 1, 3].map(|id| plot(id, 5)).to_vec()));
    let asked = challenge(&mut played, 7);
    played.local(HarvesterCommand::Qualities(asked[0].0, Some(vec![blob("new")])));
    played.disconnect(FARMER);
    played.connect(FARMER, NodeType::Farmer);
    let asked = challenge(&mut played, 7);
    assert_eq!((plots(&asked), played.machine.qualities()), (vec![0, 1, 3], 3));
    played.hear(FARMER, RequestProofOfSpace { quality });
    assert_eq!(played.asked().len(), 1);
    // Another plot under the name of one that was there takes along what was found in that.
    let other = Plot { plot_pubkey: key(99), ..plot(1, 5) };
    played.local(HarvesterCommand::Plots(vec![plot(0, 5), other, plot(3, 5)]));
    assert_eq!(played.machine.qualities(), 1);
    for byte in 100..164 {
        played.hear(FARMER, NewChallenge { challenge_hash: bytes32(byte) });
    }
    assert_eq!(played.machine.qualities(), 0, "it made room");
}

/// H-10: what was found before makes room for what is found.
#[test]
fn what_was_found_before_takes_nobodys_room() {
    let mut limits = HarvesterLimits::default();
    limits.max_qualities = 2;
    let mut played = harvester(limits);
    known(&mut played);
    played.local(HarvesterCommand::Plots(vec![plot(1, 5), plot(3, 5), plot(4, 5)]));
    let asked = challenge(&mut played, 7);
    let found = ["c", "b", "d"].map(|text| (text, response(7, text)));
    let all = Some(found.iter().map(|(text, _)| blob(text)).collect());
    played.local(HarvesterCommand::Qualities(asked[0].0, all));
    let told = found.map(|(_, told)| told);
    assert_eq!(played.sent(), told[..2]);
    assert_eq!(played.machine.qualities(), 2);
}
