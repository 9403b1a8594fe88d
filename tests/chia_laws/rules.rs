//! Every way in which bytes are wrong breaks a rule that is there.

use std::collections::BTreeSet;

use nodewire::codec::MalformedKind as K;
use nodewire::state::chia::rules;

#[test]
fn what_is_malformed_breaks_the_rule_that_says_so() {
    let table = [
        (K::FrameTooLarge, "chia/FR-2"),
        (K::TrailingBytes, "chia/D-1"),
        (K::TooDeep, "chia/D-3"),
        (K::UnknownMember, "chia/D-4"),
        (K::MissingMember, "chia/D-4"),
        (K::DuplicateMember, "chia/D-4"),
        (K::IntegerOutOfRange, "chia/D-5"),
        (K::BadHashLength, "chia/D-6"),
        (K::BadSignatureLength, "chia/D-6"),
        (K::WrongLength, "chia/D-6"),
        (K::BadUtf8, "chia/D-7"),
        (K::BadArity, "chia/D-8"),
        (K::TooLarge, "chia/D-9"),
        (K::UnknownMessage, "chia/D-11"),
        (K::UnexpectedEnd, "chia/S-2"),
        (K::BadOptionalTag, "chia/R-4"),
        (K::BadSignatureFlag, "chia/6.3"),
        (K::TypeMismatch, "chia/D-2"),
        (K::NotWellFormed, "chia/D-2"),
    ];
    for (kind, id) in table {
        assert_eq!(rules::of_malformed(kind).id(), id, "{kind}");
    }
    let known: BTreeSet<&str> = rules::all().map(|rule| rule.id()).collect();
    assert!(table.iter().all(|(_, id)| known.contains(id)));
}

/// Ids and reasons name one rule each, and every rule says something.
#[test]
fn rules_are_told_apart() {
    let mut seen = BTreeSet::new();
    for rule in rules::all() {
        assert!(rule.id().starts_with("chia/"), "{rule:?}");
        assert!(!rule.text().is_empty() && !rule.source().is_empty(), "{rule:?}");
        assert!(seen.insert((rule.id(), rule.reason())), "{} twice", rule.id());
    }
    assert!(seen.len() > 30, "{} rules", seen.len());
}
