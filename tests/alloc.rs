//! What is allocated, counted: nothing by a claim, nothing where a message has no payload.

#![cfg(feature = "leios")]
// A counting allocator can't be had without.
#![allow(unsafe_code)]

mod link_toy;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nodewire::codec::leios::{
    CountedNotification, Hash32, KeepAliveMessage, LeiosPoint, MsgReplyPayload, NaiveMessage,
    NonEmpty, Notification, ReplyMessage, RequestMessage, RequestNo, SlotNo, TxBitmaps,
};
use nodewire::codec::{Malformed, Source};

struct Counting;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    calls: u64,
    bytes: u64,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { calls: 0, bytes: 0 }) };
    /// Bytes allocated and not yet given back.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: usize) {
    // Not there any more while a thread ends.
    let _ = COUNT.try_with(|count| {
        let Count { calls, bytes: before } = count.get();
        count.set(Count { calls: calls + 1, bytes: before + bytes as u64 });
    });
}

fn live(bytes: isize) {
    let _ = LIVE.try_with(|live| live.set(live.get() + bytes));
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        live(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        live(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        live(size as isize - layout.size() as isize);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `f` allocates, and what it returns.
fn allocated<T>(f: impl FnOnce() -> T) -> (Count, T) {
    let before = COUNT.get();
    let value = f();
    let after = COUNT.get();
    (Count { calls: after.calls - before.calls, bytes: after.bytes - before.bytes }, value)
}

const NONE: Count = Count { calls: 0, bytes: 0 };

fn offer() -> ReplyMessage {
    let point = LeiosPoint::new(SlotNo(500_000), Hash32([7; 32]));
    let offer = CountedNotification::new(Notification::LinearLeiosBlockOffer(point));
    let news = MsgReplyPayload::LeiosNotifications(RequestNo(3), false, NonEmpty::one(offer));
    ReplyMessage::MsgLeiosReply(news)
}

#[test]
fn an_offer_is_decoded_and_encoded_without_allocation() {
    let mut bytes = Vec::with_capacity(100);
    let (encoding, ()) = allocated(|| offer().encode(&mut bytes));
    assert_eq!(encoding, NONE);
    let (decoding, decoded) = allocated(|| ReplyMessage::decode(&bytes, Source::COPY));
    assert_eq!(decoded, Ok(offer()));
    assert_eq!(decoding, NONE);
}

#[test]
fn messages_without_payload_allocate_nothing() {
    let (count, ok) = allocated(|| {
        ReplyMessage::decode(&[0x81, 0], Source::COPY).is_ok()
            && ReplyMessage::decode(&[0x81, 3], Source::COPY).is_ok()
            && RequestMessage::decode(&[0x81, 2], Source::COPY).is_ok()
            && RequestMessage::decode(&[0x83, 0, 0, 0x19, 0xff, 0xff], Source::COPY).is_ok()
            && KeepAliveMessage::decode(&[0x82, 0, 0x19, 1, 2], Source::COPY).is_ok()
            && NaiveMessage::decode(&[0x81, 11], Source::COPY).is_ok()
    });
    assert!(ok);
    assert_eq!(count, NONE);
}

/// A shared payload costs what its list costs, not what it holds.
#[test]
fn a_block_shares_the_read_it_came_in() {
    let mut bytes = vec![0x83, 2, 0, 0x81, 0x82, 0, 0xb9, 0x03, 0xe8];
    for number in 0..1_000u16 {
        bytes.extend([0x58, 32]);
        bytes.extend(number.to_be_bytes());
        bytes.extend([0; 30]);
        bytes.push(1);
    }
    let read = nodewire::bytes::Bytes::from(bytes);
    let (shared, decoded) = allocated(|| ReplyMessage::decode(&read, Source::of(&read)));
    assert!(decoded.is_ok());
    let (copied, decoded) = allocated(|| ReplyMessage::decode(&read, Source::COPY));
    assert!(decoded.is_ok());
    assert!(
        shared.bytes + read.len() as u64 <= copied.bytes + 100,
        "shared {shared:?}, copied {copied:?} of {}",
        read.len()
    );
}

/// A claim of so many items or bytes, with nothing behind it.
fn claims() -> Vec<Vec<u8>> {
    let claim = |major: u8, value: u64| {
        let mut head = vec![major << 5 | 27];
        head.extend(value.to_be_bytes());
        head
    };
    let mut all = Vec::new();
    for value in [1 << 20, 1 << 32, 1 << 40, u64::MAX - 1, u64::MAX] {
        let point = [&[0x82, 0, 0x58, 32][..], &[0; 32]].concat();
        let [bytes, text, array, map] = [2, 3, 4, 5].map(|major| claim(major, value));
        all.push(array.clone());
        all.push([&[0x83, 1, 0][..], &array].concat());
        all.push([&[0x83, 2, 0][..], &array].concat());
        all.push([&[0x84, 1, 0, 0xf4][..], &array].concat());
        all.push([&[0x84, 1, 0, 0xf4, 0x81, 0x82, 0, 0x82, 6, 0xd8, 24][..], &bytes].concat());
        all.push([&[0x83, 1, 0, 0x81, 0x83, 1][..], &point, &map].concat());
        all.push([&[0x83, 2, 0, 0x81, 0x82, 0][..], &map].concat());
        all.push([&[0x83, 2, 0, 0x81, 0x83, 1][..], &point, &map].concat());
        all.push([&[0x83, 2, 0, 0x81, 0x83, 1][..], &point, &[0xa1, 0, 0x82, 1], &array].concat());
        let tx = [&[0x83, 2, 0, 0x81, 0x83, 1][..], &point, &[0xa1, 0, 0x82, 1, 0x81], &bytes];
        all.push(tx.concat());
        all.push([&[0x82, 8][..], &bytes].concat());
        all.push([&[0x82, 6][..], &map].concat());
        all.push([&[0x82, 0][..], &map].concat());
        all.push([&[0x82, 2, 0x82, 0][..], &array].concat());
        all.push([&[0x82, 2, 0x83, 1, 14][..], &text].concat());
    }
    all
}

#[test]
fn claimed_lengths_reserve_nothing() {
    fn decoders(item: &[u8]) -> [Result<(), Malformed>; 5] {
        use nodewire::codec::leios::HandshakeMessage;
        [
            RequestMessage::decode(item, Source::COPY).map(drop),
            ReplyMessage::decode(item, Source::COPY).map(drop),
            NaiveMessage::decode(item, Source::COPY).map(drop),
            KeepAliveMessage::decode(item, Source::COPY).map(drop),
            HandshakeMessage::decode(item, Source::COPY).map(drop),
        ]
    }
    for item in claims() {
        let (count, results) = allocated(|| decoders(&item));
        assert!(results.iter().all(Result::is_err), "accepted {item:x?}");
        assert!(count.bytes <= 4_096, "{count:?} for {item:x?}");
    }
}

/// However much is sent, decoding holds at most a stated multiple of it.
#[test]
fn decoding_allocates_at_most_a_multiple_of_the_bytes() {
    let point = LeiosPoint::new(SlotNo(1), Hash32([1; 32]));
    let news = |count: usize| {
        let offers = (0..count).map(|_| Notification::LinearLeiosBlockOffer(point));
        let offers = NonEmpty::from_vec(offers.map(CountedNotification::new).collect()).unwrap();
        let news = MsgReplyPayload::LeiosNotifications(RequestNo(0), false, offers);
        let mut bytes = Vec::new();
        ReplyMessage::MsgLeiosReply(news).encode(&mut bytes);
        bytes
    };
    for count in [10, 100, 1_000] {
        let bytes = news(count);
        let (count, decoded) = allocated(|| ReplyMessage::decode(&bytes, Source::COPY));
        assert!(decoded.is_ok());
        assert!(count.bytes <= 12 * bytes.len() as u64, "{count:?} for {} bytes", bytes.len());
    }
    // The smallest elements: windows of bitmaps.
    let windows = TxBitmaps::all(14_222).unwrap();
    let (count, _) = allocated(|| windows.clone());
    assert!(count.calls <= 1);
}

/// Two sides after a handshake, a ping and the opening of the pair, in reads of 64 KiB.
#[test]
fn an_idle_connection_holds_at_most_4_kib() {
    use nodewire::leios::{self, Session, SessionConfig};
    use nodewire::link::{MuxNotice, StagedOf, Transport};
    use nodewire::state::leios::{ClientCommand, ConnectionCommand, HandshakeNotice};
    use nodewire::{Action, Machine, Outbox, Time};

    let now = Time::ZERO;
    let before = LIVE.get();
    let (mut inline, mut footprint) = (0, 0);
    let sides = {
        let config = || SessionConfig::new(1);
        let mut sides = [leios::initiator(config()), leios::responder(config(), now)];
        let mut outs = [Outbox::new(), Outbox::new()];
        for (side, out) in sides.iter_mut().zip(&mut outs) {
            side.handle_remote(now, Transport::Writable(Transport::UNCOUNTED), out);
        }
        sides[0].handle_local(now, leios::propose(), &mut outs[0]).unwrap();
        let mut agreed = 0;
        while let Some((at, action)) = (0..2).find_map(|at| Some((at, outs[at].pop()?))) {
            match action {
                Action::Send(bytes) => {
                    // Each read in a buffer of its own, as large as buffers of reads are.
                    let mut read = Vec::with_capacity(65_536);
                    read.extend_from_slice(&bytes);
                    let read = nodewire::bytes::Bytes::from(read);
                    sides[1 - at].handle_remote(now, Transport::Received(read), &mut outs[1 - at]);
                }
                Action::Notify(StagedOf::First(MuxNotice::Machine(HandshakeNotice::Agreed(_)))) => {
                    agreed += 1;
                    let start = ConnectionCommand::Client(ClientCommand::Start);
                    let start = leios::on_connection(start);
                    sides[at].handle_local(now, start, &mut outs[at]).unwrap();
                    sides[at].handle_timeout(now, &mut outs[at]);
                }
                Action::Notify(_) => {}
                Action::Ask(..) | Action::Close(_) => panic!("{action:?}"),
            }
        }
        assert_eq!(agreed, 2);
        for side in &sides {
            inline += size_of::<Session>();
            footprint += side.footprint();
        }
        sides
    };
    let heap = usize::try_from(LIVE.get() - before).unwrap();
    println!("two idle sides: {inline} bytes inline, {heap} on the heap, footprint {footprint}");
    assert!(inline + heap <= 2 * 4_096, "{inline} and {heap} bytes for two");
    assert!(footprint >= inline + heap, "{footprint} told, {inline} and {heap} live");
    drop(sides);
}

#[test]
fn what_leaves_at_once_is_put_into_one_buffer_that_does_not_grow() {
    use link_toy::{CHAIN, Local, mux};
    use nodewire::link::{MuxLocal, Transport};
    use nodewire::{Machine, Outbox, Time};

    let (mut mux, mut out) = (mux(), Outbox::new());
    let say = MuxLocal::Machine(Local::Send(CHAIN, vec![7; 100_000]));
    mux.handle_local(Time::ZERO, say, &mut out).unwrap();
    assert!(out.is_empty());
    let (count, ()) =
        allocated(|| mux.handle_remote(Time::ZERO, Transport::Writable(200_000), &mut out));
    assert_eq!(mux.waiting(CHAIN), Some(0));
    assert!((100_000..102_000).contains(&count.bytes), "{count:?}");
}
