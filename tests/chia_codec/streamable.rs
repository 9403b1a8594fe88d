//! Streamable forms and their hashes, byte for byte.

use nodewire::codec::chia::{
    Blob, Body, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Header,
    HeaderBlock, HeaderData, Int1024, PeerInfo, PrependSignature, ProofOfSpace, ProofOfTime,
    PublicKey, Signature, SignedCoinbase,
};
use nodewire::codec::streamable::{RustCryptoSha256, Sha256, Streamable};
use serde_json::Value;

use crate::data::{fields, hex_of, int1024, number};
use crate::shared_vectors::shared;

/// Reads and writes the form and hashes it.
fn same<T: Streamable>(vector: &Value) -> T {
    let stream = hex_of(&vector["stream"]);
    let value = T::from_bytes(&stream).unwrap_or_else(|why| panic!("{vector}: {why}"));
    assert_eq!(value.to_bytes(), stream, "{vector}");
    assert_eq!(value.stream_len(), stream.len(), "{vector}");
    assert!(stream.len() >= T::MIN_LEN, "{vector}");
    assert_eq!(value.get_hash::<RustCryptoSha256>()[..], hex_of(&vector["sha256"]), "{vector}");
    value
}

fn object<T: Streamable + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(v: &Value) {
    let expected: T = serde_json::from_value(fields(&v["fields"])).unwrap();
    assert_eq!(same::<T>(v), expected);
}

#[test]
fn objects_are_as_the_original_wrote_them() {
    let Some(vectors) = shared("objects_are_as_the_original_wrote_them", "chia", "streamable.json")
    else {
        return;
    };
    let types = vectors["types"].as_array().unwrap();
    for vector in types {
        match vector["type"].as_str().unwrap() {
            "PeerInfo" => object::<PeerInfo>(vector),
            "ClassgroupElement" => object::<ClassgroupElement>(vector),
            "ProofOfSpace" => object::<ProofOfSpace>(vector),
            "ProofOfTime" => object::<ProofOfTime>(vector),
            "Challenge" => object::<Challenge>(vector),
            "HeaderData" => object::<HeaderData>(vector),
            "Header" => object::<Header>(vector),
            "HeaderBlock" => object::<HeaderBlock>(vector),
            "CoinbaseInfo" => object::<CoinbaseInfo>(vector),
            "FeesTarget" => object::<FeesTarget>(vector),
            "Body" => object::<Body>(vector),
            "FullBlock" => object::<FullBlock>(vector),
            "SignedCoinbase" => object::<SignedCoinbase>(vector),
            // Opaque bytes in a message, and in no object.
            "Transaction" => assert_eq!(vector["stream"], ""),
            other => panic!("no such type: {other}"),
        }
    }
    assert_eq!(types.len(), 29);
}

#[test]
fn primitives_are_as_the_original_wrote_them() {
    let test = "primitives_are_as_the_original_wrote_them";
    let Some(vectors) = shared(test, "chia", "streamable.json") else { return };
    let primitives = vectors["primitives"].as_array().unwrap();
    let signed =
        |value: &Value| value.as_i64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap());
    for vector in primitives {
        let value = &vector["value"];
        match vector["type"].as_str().unwrap() {
            "uint8" => assert_eq!(u64::from(same::<u8>(vector)), number(value)),
            "uint16" => assert_eq!(u64::from(same::<u16>(vector)), number(value)),
            "uint32" => assert_eq!(u64::from(same::<u32>(vector)), number(value)),
            "uint64" => assert_eq!(same::<u64>(vector), number(value)),
            "int8" => assert_eq!(i64::from(same::<i8>(vector)), signed(value)),
            "int16" => assert_eq!(i64::from(same::<i16>(vector)), signed(value)),
            "int32" => assert_eq!(i64::from(same::<i32>(vector)), signed(value)),
            "int64" => assert_eq!(same::<i64>(vector), signed(value)),
            "int1024" => {
                let hex = serde_json::to_value(same::<Int1024>(vector)).unwrap();
                assert_eq!(hex, Value::from(int1024(value)));
            }
            "bytes4" => assert_eq!(same::<[u8; 4]>(vector)[..], hex_of(value)),
            "bytes32" => assert_eq!(same::<[u8; 32]>(vector)[..], hex_of(value)),
            "bytes48" => assert_eq!(same::<[u8; 48]>(vector)[..], hex_of(value)),
            "bytes96" => assert_eq!(same::<[u8; 96]>(vector)[..], hex_of(value)),
            "PublicKey" => assert_eq!(same::<PublicKey>(vector).0[..], hex_of(value)),
            "PrependSignature" => {
                assert_eq!(same::<PrependSignature>(vector).0[..], hex_of(value));
            }
            "Signature" => assert_eq!(same::<Signature>(vector).0[..], hex_of(value)),
            // The original counts characters: its form of this text is not one.
            "str" if vector["roundtrip"] == false => {
                assert!(String::from_bytes(&hex_of(&vector["stream"])).is_err());
                let text = value.as_str().unwrap().to_string();
                assert_eq!(String::from_bytes(&text.to_bytes()), Ok(text));
            }
            "str" => assert_eq!(same::<String>(vector), value.as_str().unwrap()),
            "Optional[uint32]" => {
                let found = same::<Option<u32>>(vector);
                assert_eq!(serde_json::to_value(found).unwrap(), *value);
            }
            "List[uint32]" => {
                assert_eq!(serde_json::to_value(same::<Vec<u32>>(vector)).unwrap(), *value)
            }
            "List[uint8]" => assert_eq!(same::<Blob>(vector).0[..], hex_of(value)),
            "List[List[uint32]]" => {
                assert_eq!(serde_json::to_value(same::<Vec<Vec<u32>>>(vector)).unwrap(), *value);
            }
            "List[Optional[uint16]]" => {
                let found = same::<Vec<Option<u16>>>(vector);
                assert_eq!(serde_json::to_value(found).unwrap(), *value);
            }
            "List[bytes32]" => {
                let found = same::<Vec<[u8; 32]>>(vector);
                let wanted = value.as_array().unwrap().iter().map(hex_of);
                assert!(found.iter().map(|hash| hash.to_vec()).eq(wanted));
            }
            other => panic!("no such type: {other}"),
        }
    }
    assert_eq!(primitives.len(), 70);
}

#[test]
fn sha256_is_that_of_fips_180_4() {
    let abc = RustCryptoSha256::sha256(b"abc");
    assert_eq!(abc[..4], [0xba, 0x78, 0x16, 0xbf]);
}
