//! `Framed`, `Channels`, `Mux` and `Staged` around a small machine with small limits, on
//! inputs of any kind: they keep the laws, and what they publish as their most is the most.

use arbitrary::Result;
use nodewire::bytes::Bytes;
use nodewire::link::{
    ChannelInput, Channels, Follow, Framed, FramedConfig, Framing, LengthPrefixed, Mux, MuxConfig,
    MuxLocal, Staged, StagedOf, Transport, Vlq,
};
use nodewire::{
    Action, AskId, Channel, ChannelSpec, Class, Ending, Input, InputOf, Machine, OverChannels,
    Role, Time,
};
use proptest::prelude::*;

use crate::clerk::{Clerk, DESK, LONGEST, Local, Word, command, item, word};
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
    assert!(later > 20, "{later}");
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
