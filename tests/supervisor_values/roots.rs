//! Output roots and super roots (S-11, S-13, S-14).

use nodewire::codec::supervisor::{
    ChainId, Hash, OutputError, OutputV0, RustCryptoKeccak256 as Keccak, SuperV1,
};

use crate::shared_vectors::shared;
use crate::text::{bytes, chain, hash, list, number, text};

#[test]
fn output_roots() {
    let Some(vectors) = shared("output_roots", "supervisor", "output_roots.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let output: OutputV0 = serde_json::from_value(case.clone()).unwrap();
        assert_eq!(output.preimage().to_vec(), bytes(&case["preimage"]));
        assert_eq!(OutputV0::decode(&output.preimage()), Ok(output));
        assert_eq!(output.root::<Keccak>(), hash(&case["outputRoot"]));
        let source_hash = output.marker_source_hash::<Keccak>();
        assert_eq!(source_hash, hash(&case["optimisticBlockSourceHash"]));
    }
    for case in list(&vectors["decode_errors"]) {
        let error = OutputV0::decode(&bytes(&case["bytes"])).expect_err(text(&case["name"]));
        assert_eq!(kind(error), text(&case["error"]), "{}", case["name"]);
    }
    assert_eq!(cases.len(), 8);
}

#[test]
fn super_roots() {
    let Some(vectors) = shared("super_roots", "supervisor", "super_roots.json") else { return };
    let cases = list(&vectors["cases"]);
    for case in cases {
        let chains = list(&case["chains"]).iter();
        let chains = chains.map(|one| (chain(&one["chainID"]), hash(&one["outputRoot"])));
        let root = SuperV1::new(number(&case["timestamp"]), chains.collect()).unwrap();
        assert_eq!(root.encode(), bytes(&case["encoded"]), "{}", case["name"]);
        assert_eq!(root.root::<Keccak>(), hash(&case["superRoot"]), "{}", case["name"]);
        assert_eq!(SuperV1::decode(&root.encode()), Ok(root));
    }
    for case in list(&vectors["decode_errors"]) {
        let error = SuperV1::decode(&bytes(&case["bytes"])).expect_err(text(&case["name"]));
        assert_eq!(kind(error), text(&case["error"]), "{}", case["name"]);
    }
    assert_eq!(cases.len(), 7);
}

#[test]
fn a_super_root_has_chains_and_each_once() {
    assert_eq!(SuperV1::new(1, Vec::new()), Err(OutputError::Length));
    let twice = vec![(ChainId::from(1), Hash::ZERO), (ChainId::from(1), Hash([1; 32]))];
    assert_eq!(SuperV1::new(1, twice), Err(OutputError::Order));
}

fn kind(error: OutputError) -> &'static str {
    match error {
        OutputError::Length => "length",
        OutputError::Version => "version",
        OutputError::Order => "order",
    }
}
