//! `Framed`, `Channels`, `Mux`, `Staged` and `Peers` around a small machine with small limits, on
//! inputs of any kind: they keep the laws, and what they publish as their most is the most.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::link::{
    ChannelInput, Channels, Follow, Framed, FramedConfig, Framing, LengthPrefixed, Mux, MuxConfig,
    MuxLocal, Peers, Staged, StagedOf, Transport, Vlq,
};
use nodewire::{
    Action, AskId, Channel, ChannelSpec, Class, Ending, Input, InputOf, Machine, Out, OverChannels,
    Refusal, Refused, Role, Time,
};
use proptest::prelude::*;

use crate::clerk::{Clerk, DESK, INGRESS, LONGEST, Local, Notice, Word, command, item, word};
use crate::given::{Checked, Given, Script};
use crate::odd::{reached, run_with, script};

/// Bytes under way to a link, and what was asked.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    asked: Vec<AskId>,
}

/// The longest read that is handed in.
const READ: usize = 400;

impl Line {
    /// What comes of the transport: mostly the next of the bytes, to which `add` adds.
    fn transport(
        &mut self,
        script: &mut Script<'_>,
        add: impl FnOnce(&mut Vec<u8>, &mut Script<'_>) -> Result<()>,
    ) -> Result<Transport> {
        Ok(match script.int_in_range(0..=47_u8)? {
            0 => Transport::Closed,
            1 => Transport::Writable(Transport::UNCOUNTED),
            2..=12 => Transport::Writable(script.int_in_range(0..=150)?),
            13 => Transport::Received(Bytes::copy_from_slice(script.bytes(8)?)),
            _ => {
                add(&mut self.bytes, script)?;
                let most = match script.int_in_range(0..=3_u8)? {
                    0 => script.int_in_range(1..=9)?,
                    _ => READ,
                };
                let read: Vec<u8> = self.bytes.drain(..most.min(self.bytes.len())).collect();
                Transport::Received(Bytes::from(read.into_boxed_slice()))
            }
        })
    }
}

/// One to four words.
fn words(script: &mut Script<'_>, mut put: impl FnMut(&[u8])) -> Result<()> {
    for _ in 0..script.int_in_range(1..=4_u8)? {
        put(&word(script)?);
    }
    Ok(())
}

fn small_frames() -> FramedConfig {
    let mut config = FramedConfig::default();
    (config.ingress, config.egress) = (200, 150);
    config
}

fn small_mux() -> MuxConfig {
    let mut config = MuxConfig::default();
    (config.sdu_size, config.egress_limit, config.egress_cap) = (20, 100, 200);
    config.wire_buffer = 64;
    config
}

/// Frames of a stream.
struct OnFrames<F> {
    framing: F,
    line: Line,
}

impl<F> OnFrames<F> {
    fn new(framing: F) -> Self {
        Self { framing, line: Line::default() }
    }
}

fn add_frames(framing: &impl Framing, script: &mut Script<'_>, to: &mut Vec<u8>) -> Result<()> {
    words(script, |word| framing.wrap(to, &mut |out| out.extend_from_slice(word)).expect("short"))
}

impl<F: Framing + Copy> Given for OnFrames<F>
where
    Framed<Clerk, F>: Checked + Machine<Local = Local, Remote = Transport, Query = Word>,
{
    type Machine = Framed<Clerk, F>;

    const LASTING: bool = true;

    fn machine(&self) -> Self::Machine {
        Framed::new(Clerk::new(), self.framing, small_frames())
    }

    fn most(&self) -> usize {
        let largest = READ.max(LONGEST + 4);
        Self::Machine::most_footprint(Clerk::most_footprint(), &small_frames(), largest)
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Self::Machine>> {
        let framing = self.framing;
        Ok(match script.int_in_range(0..=9_u8)? {
            0 => Input::Timeout,
            1..=3 => Input::Local(command(script, &self.line.asked)?),
            _ => Input::Remote(
                self.line.transport(script, |to, script| add_frames(&framing, script, to))?,
            ),
        })
    }

    fn asked(&mut self, id: AskId, _: &Word) {
        self.line.asked.push(id);
    }
}

#[derive(Default)]
struct OnOneChannel(Line);

impl Given for OnOneChannel {
    type Machine = Channels<Clerk>;

    const LASTING: bool = true;

    fn machine(&self) -> Channels<Clerk> {
        Channels::new(Clerk::new())
    }

    fn most(&self) -> usize {
        Channels::<Clerk>::most_footprint(Clerk::most_footprint(), &Clerk::new().channels())
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Channels<Clerk>>> {
        Ok(match script.int_in_range(0..=11_u8)? {
            0 => Input::Timeout,
            1..=3 => Input::Local(command(script, &self.0.asked)?),
            4 if script.ratio(1, 4)? => Input::Remote(script.arbitrary()?),
            _ => {
                let add = |to: &mut Vec<u8>, script: &mut Script<'_>| {
                    words(script, |word| to.extend(item(word)))
                };
                Input::Remote(match self.0.transport(script, add)? {
                    Transport::Received(bytes) => ChannelInput::Received { channel: DESK, bytes },
                    Transport::Closed => ChannelInput::Closed,
                    _ => ChannelInput::Drained { channel: DESK, bytes: 7 },
                })
            }
        })
    }

    fn asked(&mut self, id: AskId, _: &Word) {
        self.0.asked.push(id);
    }
}

const FOREIGN: Channel = Channel::new(2, Role::Initiator);

fn foreign() -> [ChannelSpec; 1] {
    [ChannelSpec { channel: FOREIGN, ingress: 60, class: Class::Praos }]
}

fn add_segment(to: &mut Vec<u8>, channel: Channel, payload: &[u8]) {
    let mode = if channel.role == Role::Initiator { 0x8000 } else { 0 };
    to.extend([0; 4]);
    to.extend((channel.number | mode).to_be_bytes());
    to.extend((payload.len() as u16).to_be_bytes());
    to.extend(payload);
}

fn add_segments(to: &mut Vec<u8>, script: &mut Script<'_>) -> Result<()> {
    let mut payload = Vec::new();
    words(script, |word| payload.extend(item(word)))?;
    for piece in payload.chunks(70) {
        add_segment(to, DESK, piece);
    }
    if script.ratio(1, 4)? {
        add_segment(to, FOREIGN, &[5; 20]);
    }
    Ok(())
}

/// Segments of a stream, with a foreign channel beside the machine's.
#[derive(Default)]
struct OnSegments(Line);

impl OnSegments {
    fn local(&self, script: &mut Script<'_>) -> Result<MuxLocal<Local>> {
        Ok(match script.int_in_range(0..=7_u8)? {
            0 => MuxLocal::Consumed { channel: FOREIGN, bytes: script.int_in_range(0..=50)? },
            1 | 2 => {
                let bytes = Bytes::from(vec![6; script.int_in_range(0..=110)?]);
                MuxLocal::Foreign { channel: FOREIGN, bytes }
            }
            _ => MuxLocal::Machine(command(script, &self.0.asked)?),
        })
    }
}

impl Given for OnSegments {
    type Machine = Mux<Clerk>;

    const LASTING: bool = true;

    fn machine(&self) -> Mux<Clerk> {
        Mux::new(Clerk::new(), small_mux(), &foreign())
    }

    fn most(&self) -> usize {
        let own = Clerk::new().channels();
        Mux::<Clerk>::most_footprint(Clerk::most_footprint(), &small_mux(), &own, &foreign())
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Mux<Clerk>>> {
        Ok(match script.int_in_range(0..=9_u8)? {
            0 => Input::Timeout,
            1..=3 => Input::Local(self.local(script)?),
            _ => Input::Remote(self.0.transport(script, add_segments)?),
        })
    }

    fn asked(&mut self, id: AskId, _: &Word) {
        self.0.asked.push(id);
    }
}

/// Segments first, frames afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ThenFrames(Vec<u64>);

impl Follow<Clerk> for ThenFrames {
    type Next = Framed<Clerk, LengthPrefixed>;

    fn follow(self, first: Clerk) -> std::result::Result<Self::Next, Ending> {
        Ok(Framed::new(first.again(), FRAMES, small_frames()))
    }

    fn heap(&self) -> usize {
        self.0.capacity() * size_of::<u64>()
    }
}

const FRAMES: LengthPrefixed = LengthPrefixed::two(LONGEST);

type Moving = Staged<Mux<Clerk>, ThenFrames, Framed<Clerk, LengthPrefixed>>;

#[derive(Default)]
struct OnBoth {
    first: OnSegments,
    /// What comes is meant for the second.
    second: bool,
}

impl Given for OnBoth {
    type Machine = Moving;

    const LASTING: bool = true;

    fn machine(&self) -> Moving {
        Staged::new(self.first.machine(), ThenFrames(vec![3; 100]))
    }

    fn most(&self) -> usize {
        // What the first leaves unread is a read of the second's.
        let largest = 65_536;
        let second = Framed::<Clerk, LengthPrefixed>::most_footprint(
            Clerk::most_footprint(),
            &small_frames(),
            largest,
        );
        Moving::most_footprint(self.first.most(), 100 * size_of::<u64>(), second)
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Moving>> {
        let odd = script.ratio(1, 30)?;
        if !self.second && script.ratio(1, 8)? {
            self.second = true;
            add_segment(&mut self.first.0.bytes, DESK, &item(b"."));
        }
        Ok(match script.int_in_range(0..=9_u8)? {
            0 => Input::Timeout,
            1 if !self.second && script.ratio(1, 3)? => {
                Input::Local(StagedOf::First(MuxLocal::Machine(Local::Finish)))
            }
            1..=3 if self.second == odd => Input::Local(StagedOf::First(self.first.local(script)?)),
            1..=3 => Input::Local(StagedOf::Second(command(script, &self.first.0.asked)?)),
            _ if self.second == odd => Input::Remote(self.first.0.transport(script, add_segments)?),
            _ => {
                let add =
                    |to: &mut Vec<u8>, script: &mut Script<'_>| add_frames(&FRAMES, script, to);
                Input::Remote(self.first.0.transport(script, add)?)
            }
        })
    }

    fn asked(&mut self, id: AskId, _: &StagedOf<Word, Word>) {
        self.first.0.asked.push(id);
    }
}

/// `Peers` as one machine: names stand beside all that goes in and comes out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Office {
    clerks: Peers<u8, Clerk>,
    /// How often each was there: its questions are numbered apart from its forerunner's.
    times: [u16; DESKS],
    /// Who has ended and was not replaced.
    over: [bool; DESKS],
}

const DESKS: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Order {
    Hire(u8),
    Dismiss(u8),
    Tell(u8, Local),
}

impl Office {
    const fn outer(&self, desk: u8, id: AskId) -> AskId {
        let time = self.times[desk as usize] as u64;
        AskId::from_u64(id.as_u64() << 20 | time << 8 | desk as u64)
    }

    fn give(
        &mut self,
        now: Time,
        desk: u8,
        input: InputOf<Clerk>,
        out: &mut Out<Self>,
    ) -> std::result::Result<(), Refusal<Local>> {
        let mut all = Vec::new();
        let running = self.clerks.get(&desk).is_some();
        self.clerks.handle(now, &desk, input, &mut all)?;
        assert!(running || all.is_empty(), "nobody speaks after the end: {all:?}");
        for (from, action) in all {
            assert_eq!(from, desk);
            assert!(!self.over[desk as usize], "nothing comes after a close");
            match action {
                Action::Send(word) => out.send((desk, word)),
                Action::Notify(notice) => out.notify((desk, Ok(notice))),
                Action::Ask(id, query) => out.ask(self.outer(desk, id), (desk, query)),
                Action::Close(ending) => {
                    self.over[desk as usize] = true;
                    out.notify((desk, Err(ending)));
                }
            }
        }
        assert_eq!(self.clerks.get(&desk).is_none(), self.over[desk as usize] || !running);
        Ok(())
    }
}

impl Machine for Office {
    type Local = Order;
    type Remote = (u8, Word);
    type Send = (u8, Word);
    type Notice = (u8, std::result::Result<Notice, Ending>);
    type Query = (u8, Word);

    fn handle_local(
        &mut self,
        now: Time,
        input: Order,
        out: &mut Out<Self>,
    ) -> std::result::Result<(), Refusal<Order>> {
        match input {
            Order::Hire(desk) => {
                let before = self.clerks.get(&desk).cloned();
                assert_eq!(self.clerks.insert(desk, Clerk::new()), before);
                self.times[desk as usize] += 1;
                self.over[desk as usize] = false;
            }
            Order::Dismiss(desk) => {
                let before = self.clerks.get(&desk).cloned();
                assert_eq!(self.clerks.remove(&desk), before);
                self.over[desk as usize] = false;
            }
            Order::Tell(desk, Local::Answer(outer)) => {
                let id = AskId::from_u64(outer.as_u64() >> 20);
                let stale = self.outer(desk, id) != outer;
                if stale && usize::from(outer.as_u64() as u8) >= DESKS {
                    let input = Order::Tell(desk, Local::Answer(outer));
                    return Err(Refusal::new(Refused::UnknownAsk, input));
                }
                // As adapters do it: an answer for one who is gone is dropped.
                if !stale && self.clerks.get(&desk).is_some() {
                    self.give(now, desk, Input::Local(Local::Answer(id)), out).map_err(
                        |refusal| refusal.map(|_| Order::Tell(desk, Local::Answer(outer))),
                    )?;
                }
            }
            Order::Tell(desk, local) => self
                .give(now, desk, Input::Local(local), out)
                .map_err(|refusal| refusal.map(|local| Order::Tell(desk, local)))?,
        }
        Ok(())
    }

    fn handle_remote(&mut self, now: Time, (desk, word): (u8, Word), out: &mut Out<Self>) {
        self.give(now, desk, Input::Remote(word), out).expect("remote input is never refused");
    }

    fn handle_timeout(&mut self, now: Time, out: &mut Out<Self>) {
        let due = self.clerks.deadline().filter(|(due, _)| *due <= now).map(|(_, desk)| *desk);
        if let Some(desk) = due {
            self.give(now, desk, Input::Timeout, out).expect("time is never refused");
        }
    }

    fn deadline(&self) -> Option<Time> {
        let next = self.clerks.deadline();
        // The index agrees with a look at everybody.
        let all = self.clerks.iter().filter_map(|(desk, clerk)| Some((clerk?.deadline()?, desk)));
        assert_eq!(next, all.min());
        next.map(|(due, _)| due)
    }

    fn footprint(&self) -> usize {
        size_of::<Self>() - size_of::<Peers<u8, Clerk>>() + self.clerks.footprint()
    }
}

#[derive(Default)]
struct ForOffice(Vec<(u8, AskId)>);

impl Given for ForOffice {
    type Machine = Office;

    fn machine(&self) -> Office {
        Office { clerks: Peers::new(), times: [0; DESKS], over: [false; DESKS] }
    }

    fn most(&self) -> usize {
        let clerks = Peers::<u8, Clerk>::most_footprint(DESKS, Clerk::most_footprint());
        size_of::<Office>() - size_of::<Peers<u8, Clerk>>() + clerks
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<InputOf<Office>> {
        let desk = script.int_in_range(0..=DESKS as u8 - 1)?;
        Ok(match script.int_in_range(0..=19_u8)? {
            0 => Input::Timeout,
            1..=4 => Input::Local(Order::Hire(desk)),
            5 => Input::Local(Order::Dismiss(desk)),
            6..=8 if !self.0.is_empty() => {
                let (desk, id) = *script.choose(&self.0)?;
                Input::Local(Order::Tell(desk, Local::Answer(id)))
            }
            6..=11 => Input::Local(Order::Tell(desk, command(script, &[])?)),
            _ => Input::Remote((desk, Word(Bytes::from(word(script)?)))),
        })
    }

    fn asked(&mut self, id: AskId, (desk, _): &(u8, Word)) {
        self.0.push((*desk, id));
    }
}

proptest! {
    #[test]
    fn framed_keeps_the_laws(bytes in script()) {
        let answer = |id, _: &Word| Some(Local::Answer(id));
        run_with(&bytes, OnFrames::new(FRAMES), |laws| laws.answering(answer));
        run_with(&bytes, OnFrames::new(Vlq::new(LONGEST)), |laws| laws.answering(answer));
    }

    #[test]
    fn channels_and_multiplexers_keep_the_laws(bytes in script()) {
        let answer = |id, _: &Word| Some(Local::Answer(id));
        run_with(&bytes, OnOneChannel::default(), |laws| laws.answering(answer));
        run_with(&bytes, OnSegments::default(), |laws| {
            laws.answering(move |id, query| answer(id, query).map(MuxLocal::Machine))
        });
    }

    #[test]
    fn stages_keep_the_laws(bytes in script()) {
        run_with(&bytes, OnBoth::default(), |laws| {
            laws.answering(|id, query| {
                let answer = Local::Answer(id);
                Some(match query {
                    StagedOf::First(_) => StagedOf::First(MuxLocal::Machine(answer)),
                    StagedOf::Second(_) => StagedOf::Second(answer),
                })
            })
        });
    }

    #[test]
    fn peers_keep_the_laws(bytes in script()) {
        run_with(&bytes, ForOffice::default(), |laws| {
            laws.answering(|id, (desk, _)| Some(Order::Tell(*desk, Local::Answer(id))))
        });
    }
}

/// The scripts ask, end and go on to the second stage.
#[test]
fn scripts_reach_every_link() {
    fn reach<G: Given>(make: impl Fn() -> G) -> [usize; 3] {
        let asks = reached(&make, |action| matches!(action, Action::Ask(..)));
        let sends = reached(&make, |action| matches!(action, Action::Send(_)));
        let ends = reached(&make, |action| matches!(action, Action::Close(_)));
        [asks, sends, ends]
    }
    for (name, [asks, sends, ends]) in [
        ("Framed", reach(|| OnFrames::new(FRAMES))),
        ("Channels", reach(OnOneChannel::default)),
        ("Mux", reach(OnSegments::default)),
        ("Staged", reach(OnBoth::default)),
    ] {
        assert!(asks > 20 && sends > 40 && ends > 10, "{name}: {asks}, {sends}, {ends}");
    }
    let later = |action: &nodewire::ActionOf<Moving>| {
        matches!(action, Action::Notify(StagedOf::Second(_)) | Action::Ask(_, StagedOf::Second(_)))
    };
    let later = reached(OnBoth::default, later);
    let endings =
        |action: &nodewire::ActionOf<Office>| matches!(action, Action::Notify((_, Err(_))));
    let endings = reached(ForOffice::default, endings);
    assert!(later > 20 && endings > 20, "{later}, {endings}");
}

/// A link that is held and not let out comes to about what is published.
#[test]
fn the_most_is_nearly_reached() {
    const MANY: usize = 1_000_000;
    let mut config = FramedConfig::default();
    (config.ingress, config.egress) = (MANY, MANY);
    let most =
        Framed::<Clerk, LengthPrefixed>::most_footprint(Clerk::most_footprint(), &config, MANY / 2);
    let mut link = Framed::new(Clerk::new(), FRAMES, config);
    let mut out = nodewire::Outbox::new();
    let mut give = |input| link.handle(Time::ZERO, input, &mut out).expect("is not refused");
    let held = [&[0, 1, b'?', 0, 1, b'?'][..], &[0; MANY / 2 - 6]].concat();
    for read in [held, vec![0; MANY / 2]] {
        give(Input::Remote(Transport::Received(Bytes::from(read))));
    }
    for _ in 0..MANY / (LONGEST + 2) {
        give(Input::Local(Local::Say(vec![b's'; LONGEST])));
    }
    assert!(link.saturated() && link.machine().is_some(), "it is as full as it may be");
    let footprint = link.footprint();
    assert!((most / 3..=most).contains(&footprint), "{footprint} of {most}");
}
