//! Made-up ranking-block headers of the real form, for demos and simulations.

use nodewire::bytes::Bytes;
use nodewire::codec::Malformed;
use nodewire::codec::leios::{Announced, RankingBlockHeader, SlotNo};

/// A header of the form a Leios node sends (twelve fields, announcing `announces`), about 900
/// bytes long. Every key, hash and signature in it is filler derived from `pool` and `slot`: it
/// parses, and no ledger would accept it.
///
/// # Errors
/// None in practice: the codec checks what was built here.
pub fn synthetic(
    pool: u8,
    slot: SlotNo,
    announces: Option<Announced>,
) -> Result<RankingBlockHeader, Malformed> {
    let filler = |length: usize, salt: u8| -> Vec<u8> {
        let seed = slot.0.to_le_bytes();
        (0..length).map(|at| (at as u8).wrapping_mul(31) ^ salt ^ seed[at % 8]).collect()
    };
    let mut header = Vec::new();
    head(&mut header, 4, 2);
    head(&mut header, 4, 12);
    head(&mut header, 0, slot.0 / 20);
    head(&mut header, 0, slot.0);
    string(&mut header, &filler(32, 1));
    string(&mut header, &[pool; 32]);
    string(&mut header, &filler(32, 2));
    head(&mut header, 4, 2);
    string(&mut header, &filler(64, 3));
    string(&mut header, &filler(80, 4));
    head(&mut header, 0, 90_112);
    string(&mut header, &filler(32, 5));
    head(&mut header, 4, 4);
    string(&mut header, &filler(32, 6));
    head(&mut header, 0, 1);
    head(&mut header, 0, 400);
    string(&mut header, &filler(64, 7));
    head(&mut header, 4, 2);
    head(&mut header, 0, 11);
    head(&mut header, 0, 0);
    header.push(0xf4);
    match announces {
        Some(Announced { hash, size }) => {
            head(&mut header, 4, 2);
            string(&mut header, &hash.0);
            head(&mut header, 0, u64::from(size));
        }
        None => header.push(0xf6),
    }
    string(&mut header, &filler(448, 8));
    let mut item = Vec::with_capacity(header.len() + 8);
    head(&mut item, 4, 2);
    head(&mut item, 0, 7);
    item.extend_from_slice(&[0xd8, 24]);
    string(&mut item, &header);
    RankingBlockHeader::from_raw(Bytes::from(item))
}

/// The head of a CBOR item in its shortest form.
fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    let bytes = value.to_be_bytes();
    match value {
        0..24 => out.push(major | bytes[7]),
        24..0x100 => out.extend_from_slice(&[major | 24, bytes[7]]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&bytes[6..]);
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}

/// A CBOR byte string.
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    head(out, 2, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
