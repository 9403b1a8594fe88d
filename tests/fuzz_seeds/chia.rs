//! Of the Chia family: a frame of every function, alone and after a handshake, an object of every
//! type, scripts for every machine and for a whole network.

use arbitrary::{Arbitrary, Unstructured};
use nodewire::codec::chia::{
    Body, Challenge, ClassgroupElement, CoinbaseInfo, FeesTarget, FullBlock, Function, Header,
    HeaderBlock, HeaderData, HeaderHash, Message, NodeId, NodeType, PeerInfo, PrependSignature,
    ProofOfSpace, ProofOfTime, Signature, SignedCoinbase, messages,
};
use nodewire::codec::streamable::Streamable;

use crate::given::chia::message;
use crate::{Seed, seed};

/// All of them.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = bodies();
    seeds.extend(objects());
    seeds.extend(streams());
    seeds.extend(scripts());
    seeds.extend(towns());
    seeds
}

/// So many bytes that differ.
fn random(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| byte()).collect()
}

fn messages_of(function: Function) -> impl Iterator<Item = Message> {
    (0..2).filter_map(move |number| {
        message(&mut Unstructured::new(&random(number + 3, 4_000)), function).ok()
    })
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(&mut out);
    out
}

/// The bodies of frames.
fn bodies() -> Vec<Seed> {
    let all = Function::ALL.iter().flat_map(|function| messages_of(*function));
    all.map(|message| seed("chia_decode", 31, encoded(&message))).collect()
}

fn object<T: Streamable + for<'a> Arbitrary<'a>>(which: u8) -> Vec<Seed> {
    let made = (0..3)
        .filter_map(|number| T::arbitrary(&mut Unstructured::new(&random(number, 2_500))).ok());
    made.map(|object| seed("chia_decode", which, object.to_bytes())).collect()
}

/// Streamable forms, by the numbers of the target.
fn objects() -> Vec<Seed> {
    [
        object::<PeerInfo>(0),
        object::<ClassgroupElement>(1),
        object::<ProofOfSpace>(2),
        object::<ProofOfTime>(3),
        object::<Challenge>(4),
        object::<HeaderData>(5),
        object::<Header>(6),
        object::<HeaderBlock>(7),
        object::<CoinbaseInfo>(8),
        object::<FeesTarget>(9),
        object::<Body>(10),
        object::<FullBlock>(11),
        object::<SignedCoinbase>(12),
        object::<Vec<HeaderHash>>(13),
        object::<Vec<PrependSignature>>(14),
        object::<Vec<Option<String>>>(15),
        object::<Option<Signature>>(17),
    ]
    .concat()
}

/// A handshake, an ack, and a message of each function, as a peer of each type might send them.
fn streams() -> Vec<Seed> {
    let frame = |message: &Message| {
        let body = encoded(message);
        [&(body.len() as u32).to_be_bytes()[..], &body].concat()
    };
    let mut seeds = Vec::new();
    for which in 18..=22_u8 {
        for node_type in NodeType::ALL {
            let hello = messages::Handshake {
                network_id: "testnet".into(),
                version: "0.0.4".into(),
                node_id: NodeId([2; 32]),
                server_port: 8_444,
                node_type,
            };
            let mut stream = vec![5, 60, 1, 200];
            stream.extend(frame(&hello.into()));
            stream.extend(frame(&messages::HandshakeAck {}.into()));
            for function in Function::ALL {
                let sent = nodewire::state::chia::may_send(
                    node_type,
                    NodeType::ALL[usize::from(which - 18)],
                    *function,
                );
                if sent {
                    messages_of(*function).take(1).for_each(|it| stream.extend(frame(&it)));
                }
            }
            seeds.push(seed("chia_decode", which, stream));
        }
    }
    seeds
}

/// For every machine some scripts of any bytes: most inputs that they pick are plausible.
fn scripts() -> Vec<Seed> {
    let each = (0..16_u8).flat_map(|which| (0..4_u8).map(move |number| (which, number)));
    let script = |(which, number): (u8, u8)| {
        let rest = random(u64::from(which) * 16 + u64::from(number), 1_500);
        seed("chia_script", which, [&[number * 67], &rest[..]].concat())
    };
    each.map(script).collect()
}

/// Networks: joined or not, with a liar or without, left alone or driven by any bytes.
fn towns() -> Vec<Seed> {
    let each = (0..8_u8).flat_map(|flags| (0..3_usize).map(move |number| (flags, number)));
    let town = |(flags, number): (u8, usize)| {
        let seed_of = u64::from(flags) * 8 + number as u64;
        seed("chia_town", flags, random(seed_of, number * 400))
    };
    each.map(town).collect()
}
