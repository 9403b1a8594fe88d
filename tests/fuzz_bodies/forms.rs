//! Values as JSON and back: what is written is read as the same, and whatever is read is written.

use core::fmt::Debug;

use arbitrary::{Arbitrary, Result, Unstructured};
use nodewire::Input;
use nodewire::codec::leios::{HandshakeMessage, NaiveMessage};
use nodewire::link::{ChannelInput, MuxConfig, MuxLocal, Transport};
use nodewire::sim::Trace;
use nodewire::sim::scenario::Scenario;
use nodewire::state::leios::{
    ConnectionCommand, ConnectionMessage, ConnectionQuery, ConnectionRemote, FetchCommand,
    FetchLimits, FetchQuery, HandshakeCommand, HandshakeConfig, HandshakeNotice, KeepAliveConfig,
    Limits, NaiveCommand, NaiveConfig, NaiveNotice, NaiveQuery, NaiveServerCommand, Parts, Unit,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first byte picks a type. Below 128 the rest makes a value of it, else it is its text.
pub fn forms(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    if which < 128 {
        // What makes no value is no failure.
        let _ = values(which, &mut Unstructured::new(rest));
    } else if let Ok(text) = core::str::from_utf8(rest) {
        texts(which - 128, text);
    }
}

fn values(which: u8, from: &mut Unstructured<'_>) -> Result<()> {
    match which % 10 {
        0 | 1 => value::<ConnectionCommand>(from),
        2 | 3 => value::<ConnectionRemote>(from),
        4 => value::<FetchCommand<u8>>(from),
        5 => value::<HandshakeMessage>(from),
        6 => value::<NaiveMessage>(from),
        7 => value::<NaiveServerCommand>(from),
        8 => value::<Transport>(from),
        _ => value::<ChannelInput>(from),
    }
}

fn texts(which: u8, text: &str) {
    match which % 32 {
        0 => read::<ConnectionCommand>(text),
        1 => read::<ConnectionRemote>(text),
        2 => read::<FetchCommand<u8>>(text),
        3 => read::<HandshakeMessage>(text),
        4 => read::<NaiveMessage>(text),
        5 => read::<NaiveCommand>(text),
        6 => read::<NaiveServerCommand>(text),
        7 => read::<Transport>(text),
        8 => read::<ChannelInput>(text),
        9 => read::<ConnectionMessage>(text),
        10 => read::<ConnectionQuery>(text),
        11 => read::<FetchQuery>(text),
        12 => read::<NaiveQuery>(text),
        13 => read::<NaiveNotice>(text),
        14 => read::<HandshakeNotice>(text),
        15 => read::<Unit>(text),
        16 => read::<Limits>(text),
        17 => read::<FetchLimits>(text),
        18 => read::<HandshakeConfig>(text),
        19 => read::<KeepAliveConfig>(text),
        20 => read::<NaiveConfig>(text),
        21 => read::<MuxConfig>(text),
        22 => read::<Parts>(text),
        23 => read::<MuxLocal<HandshakeCommand>>(text),
        24 => drop(serde_json::from_str::<Input<HandshakeCommand, HandshakeMessage>>(text)),
        25..=27 => {
            if let Ok(trace) = text.parse::<Trace>() {
                assert_eq!(trace.to_string().parse::<Trace>().as_ref(), Ok(&trace));
            }
        }
        _ => {
            if let Ok(scenario) = text.parse::<Scenario>() {
                let written = serde_json::to_string(&scenario).expect("a scenario is data");
                assert_eq!(written.parse::<Scenario>(), Ok(scenario));
            }
        }
    }
}

trait Form: Serialize + DeserializeOwned + PartialEq + Debug {}

impl<T: Serialize + DeserializeOwned + PartialEq + Debug> Form for T {}

fn value<'a, T: Form + Arbitrary<'a>>(from: &mut Unstructured<'a>) -> Result<()> {
    written(&from.arbitrary::<T>()?);
    Ok(())
}

fn read<T: Form>(text: &str) {
    if let Ok(value) = serde_json::from_str::<T>(text) {
        written(&value);
    }
}

/// What is written is read as the same value, and written the same.
fn written<T: Form>(value: &T) {
    let text = serde_json::to_string(value).expect("values are data");
    let again: T = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why} in {text}"));
    assert_eq!(again, *value);
    assert_eq!(serde_json::to_string(&again).expect("as before"), text);
}
