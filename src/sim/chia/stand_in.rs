//! What stands in for signatures and proofs: SHA-256 of what they are about.

use alloc::vec::Vec;

use crate::codec::chia::{
    Blob, Bytes32, ClassgroupElement, Int1024, PrependSignature, ProofOfSpace, ProofOfTime,
    PublicKey,
};
use crate::codec::streamable::{RustCryptoSha256, Sha256};

/// The witness type of a proof of time that is a stand-in.
const WITNESS_TYPE: u8 = 0;

/// The key of this number.
#[must_use]
pub fn key(number: u64) -> PublicKey {
    let mut key = [0; 48];
    stretch(b"key", &[&number.to_be_bytes()], &mut key);
    // Of a key's first byte the sign may be set, and no other flag (`chia.md` 6.3).
    key[0] &= 0x9F;
    PublicKey(key)
}

/// The signature of `message` by whoever has this key.
#[must_use]
pub fn sign(key: PublicKey, message: &[u8]) -> PrependSignature {
    let mut signature = [0; 96];
    stretch(b"signature", &[&key.0, message], &mut signature);
    signature[0] |= 0x40;
    PrependSignature(signature)
}

/// True if this is the signature of `message` by that key.
#[must_use]
pub fn is_signed(key: PublicKey, message: &[u8], signature: &PrependSignature) -> bool {
    sign(key, message) == *signature
}

/// The proof of this number of a plot: 8k bytes, the first four of which are the number.
#[must_use]
pub fn proof_of_space(
    challenge_hash: Bytes32,
    pool_pubkey: PublicKey,
    plot_pubkey: PublicKey,
    size: u8,
    number: u32,
) -> ProofOfSpace {
    let mut proof = alloc::vec![0; usize::from(size) * 8];
    let about: [&[u8]; 3] = [&challenge_hash.0, &plot_pubkey.0, &number.to_be_bytes()];
    stretch(b"space", &about, &mut proof);
    for (byte, of_number) in proof.iter_mut().zip(number.to_be_bytes()) {
        *byte = of_number;
    }
    ProofOfSpace { challenge_hash, pool_pubkey, plot_pubkey, size, proof: Blob(proof.into()) }
}

/// The quality of a proof; `None`: it is none.
#[must_use]
pub fn quality(proof: &ProofOfSpace) -> Option<Bytes32> {
    let ProofOfSpace { challenge_hash, pool_pubkey, plot_pubkey, size, .. } = *proof;
    let number = proof.proof.0.first_chunk().map(|number| u32::from_be_bytes(*number))?;
    let right = proof_of_space(challenge_hash, pool_pubkey, plot_pubkey, size, number);
    (right == *proof).then(|| quality_of(challenge_hash, plot_pubkey, number))
}

/// The quality that the proof of this number has (H-3).
#[must_use]
pub fn quality_of(challenge_hash: Bytes32, plot_pubkey: PublicKey, number: u32) -> Bytes32 {
    let mut all = Vec::from(challenge_hash.0);
    all.extend_from_slice(&quality_string(challenge_hash, plot_pubkey, number).0);
    Bytes32(RustCryptoSha256::sha256(&all))
}

/// What a plot has of that proof without looking for all of it.
#[must_use]
pub fn quality_string(challenge_hash: Bytes32, plot_pubkey: PublicKey, number: u32) -> Bytes32 {
    let mut string = [0; 32];
    let about: [&[u8]; 3] = [&challenge_hash.0, &plot_pubkey.0, &number.to_be_bytes()];
    stretch(b"quality", &about, &mut string);
    Bytes32(string)
}

/// The proof that so many iterations were done, with a witness of so many bytes.
#[must_use]
pub fn proof_of_time(
    challenge_hash: Bytes32,
    number_of_iterations: u64,
    witness: usize,
) -> ProofOfTime {
    let about: [&[u8]; 2] = [&challenge_hash.0, &number_of_iterations.to_be_bytes()];
    let (mut a, mut b, mut bytes) = ([0; 129], [0; 129], alloc::vec![0; witness]);
    stretch(b"a", &about, &mut a);
    stretch(b"b", &about, &mut b);
    stretch(b"witness", &about, &mut bytes);
    ProofOfTime {
        challenge_hash,
        number_of_iterations,
        output: ClassgroupElement { a: Int1024(a), b: Int1024(b) },
        witness_type: WITNESS_TYPE,
        witness: Blob(bytes.into()),
    }
}

/// True if this proves its iterations.
#[must_use]
pub fn is_proof_of_time(proof: &ProofOfTime) -> bool {
    let witness = proof.witness.0.len();
    proof_of_time(proof.challenge_hash, proof.number_of_iterations, witness) == *proof
}

/// Fills `out` from the hash of what it is about, repeated.
fn stretch(purpose: &[u8], about: &[&[u8]], out: &mut [u8]) {
    let mut all = Vec::from(purpose);
    for part in about {
        all.extend_from_slice(part);
    }
    let hash = RustCryptoSha256::sha256(&all);
    for part in out.chunks_mut(hash.len()) {
        for (byte, of_hash) in part.iter_mut().zip(hash) {
            *byte = of_hash;
        }
    }
}
