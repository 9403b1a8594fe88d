//! Frames and objects that are wrong, or odd and still good.

use nodewire::codec::chia::{
    Body, Challenge, FullBlock, HeaderBlock, Message, PeerInfo, ProofOfSpace,
};
use nodewire::codec::streamable::Streamable;
use nodewire::codec::{Malformed, MalformedKind, Source};

use crate::data::hex_of;
use crate::shared_vectors::shared;

/// Ours for what the vectors suggest, which is advice: several of theirs are one of ours, or one
/// of theirs is told more closely.
fn fits(kind: MalformedKind, class: &str) -> bool {
    use MalformedKind as K;
    match class {
        "MalformedCbor" => {
            let of_item = matches!(kind, K::UnexpectedEnd | K::NotWellFormed | K::TypeMismatch);
            of_item || matches!(kind, K::BadHashLength | K::BadUtf8)
        }
        "WrongType" | "UnsupportedType" | "EnvelopeNotMap" | "NotMap" => kind == K::TypeMismatch,
        "IndefiniteLength" => matches!(kind, K::TypeMismatch | K::BadArity),
        "WrongLength" => {
            // One entry that is too short is a list that claims too much, too (D-9).
            matches!(kind, K::BadHashLength | K::BadSignatureLength | K::WrongLength | K::TooLarge)
        }
        "IntOutOfRange" => matches!(kind, K::IntegerOutOfRange | K::TypeMismatch),
        "UnknownFunction" => kind == K::UnknownMessage,
        "LimitExceeded" => {
            matches!(kind, K::TooLarge | K::TooDeep | K::UnexpectedEnd | K::MissingMember)
        }
        "MissingEnvelopeKey" => kind == K::MissingMember,
        "DuplicateKey" => kind == K::DuplicateMember,
        other => kind.name() == other,
    }
}

#[test]
fn frames_are_judged_as_the_reference_says() {
    let Some(vectors) = shared("frames_are_judged_as_the_reference_says", "chia", "invalid.json")
    else {
        return;
    };
    let frames = vectors["frames"].as_array().unwrap();
    for vector in frames {
        let name = vector["name"].as_str().unwrap();
        let frame = hex_of(&vector["frame"]);
        match (Message::decode(&frame[4..], Source::COPY), vector["required"].as_str().unwrap()) {
            (Ok(_), "accept") => {}
            (Err(Malformed { kind, .. }), "reject") => {
                let class = vector["error"].as_str().unwrap();
                assert!(fits(kind, class), "{name}: {kind} is no {class}");
            }
            (found, required) => panic!("{name}: {required}, but {found:?}"),
        }
    }
    assert_eq!(frames.len(), 84);
}

fn judge<T: Streamable>(stream: &[u8]) -> Result<(), MalformedKind> {
    let value = T::from_bytes(stream).map_err(|malformed| malformed.kind)?;
    assert_eq!(value.to_bytes(), stream);
    Ok(())
}

#[test]
fn objects_are_judged_as_the_reference_says() {
    let Some(vectors) = shared("objects_are_judged_as_the_reference_says", "chia", "invalid.json")
    else {
        return;
    };
    let objects = vectors["streamables"].as_array().unwrap();
    for vector in objects {
        let stream = hex_of(&vector["stream"]);
        let found = match vector["type"].as_str().unwrap() {
            "HeaderBlock" => judge::<HeaderBlock>(&stream),
            "FullBlock" => judge::<FullBlock>(&stream),
            "Body" => judge::<Body>(&stream),
            "Challenge" => judge::<Challenge>(&stream),
            "ProofOfSpace" => judge::<ProofOfSpace>(&stream),
            "PeerInfo" => judge::<PeerInfo>(&stream),
            other => panic!("no such type: {other}"),
        };
        let name = vector["name"].as_str().unwrap();
        match (found, vector["required"].as_str().unwrap()) {
            (Ok(()), "accept") => {}
            (Err(kind), "reject") => {
                assert_eq!(kind.name(), vector["error"].as_str().unwrap(), "{name}");
            }
            (found, required) => panic!("{name}: {required}, but {found:?}"),
        }
    }
    assert_eq!(objects.len(), 14);
}
