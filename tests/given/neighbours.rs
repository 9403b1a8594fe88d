//! What KeepAlive and the handshake hear and are told.

use std::time::Duration;

use arbitrary::Result;
use nodewire::codec::leios::{HandshakeMessage, KeepAliveMessage, RefuseReason, VersionData};
use nodewire::state::leios::{
    Handshake, HandshakeCommand, HandshakeConfig, KeepAliveClient, KeepAliveCommand,
    KeepAliveConfig, KeepAliveServer,
};
use nodewire::{Input, Never, Role, Time};

use super::{Given, Script, odd};

pub struct ForKeepAliveClient;

impl Given for ForKeepAliveClient {
    type Machine = KeepAliveClient;

    fn machine(&self) -> KeepAliveClient {
        KeepAliveClient::new(KeepAliveConfig::default(), Time::ZERO)
    }

    fn most(&self) -> usize {
        1_024
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        _: u64,
    ) -> Result<Input<KeepAliveCommand, KeepAliveMessage>> {
        Ok(match script.int_in_range(0..=5_u8)? {
            0 => odd(script)?,
            1 => Input::Timeout,
            // Cookies count from zero.
            cookie => {
                let cookie = u16::from(cookie) - 2;
                Input::Remote(KeepAliveMessage::MsgKeepAliveResponse(cookie))
            }
        })
    }
}

pub struct ForKeepAliveServer;

impl Given for ForKeepAliveServer {
    type Machine = KeepAliveServer;

    fn machine(&self) -> KeepAliveServer {
        KeepAliveServer::new(KeepAliveConfig::default(), Time::ZERO)
    }

    fn most(&self) -> usize {
        1_024
    }

    fn pick(&mut self, script: &mut Script<'_>, _: u64) -> Result<Input<Never, KeepAliveMessage>> {
        Ok(match script.int_in_range(0..=5_u8)? {
            0 => Input::Remote(script.arbitrary()?),
            1 => Input::Timeout,
            _ => Input::Remote(KeepAliveMessage::MsgKeepAlive(script.arbitrary()?)),
        })
    }
}

/// A handshake that offers two versions, and says in both what the flags say.
pub struct ForHandshake {
    role: Role,
    flags: u8,
}

impl ForHandshake {
    pub fn new(role: Role, flags: u8) -> Self {
        Self { role, flags }
    }
}

const OTHER: u16 = 16;

fn data(flags: u8, peras: bool) -> VersionData {
    VersionData {
        network_magic: 1 + u32::from(flags >> 4 & 1),
        initiator_only: flags & 1 == 1,
        peer_sharing: flags >> 1 & 1 == 1,
        query: flags >> 2 & 1 == 1,
        peras: peras.then_some(flags >> 3 & 1 == 1),
    }
}

impl Given for ForHandshake {
    type Machine = Handshake;

    fn machine(&self) -> Handshake {
        let other = data(self.flags, true);
        let mut config = HandshakeConfig::new(1)
            .each(|held| *held = data(self.flags, false))
            .with(OTHER, other)
            .with(OTHER + 1, other)
            .without(OTHER + 1)
            .with(OTHER, other);
        if self.flags >> 5 & 1 == 1 {
            config = config.without(HandshakeConfig::LEIOS);
        }
        config.state_timeout = Duration::from_secs(5);
        match self.role {
            Role::Initiator => Handshake::initiator(config),
            Role::Responder => Handshake::responder(config, Time::ZERO),
        }
    }

    fn most(&self) -> usize {
        1 << 20
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        step: u64,
    ) -> Result<Input<HandshakeCommand, HandshakeMessage>> {
        if step == 0 && self.role == Role::Initiator && !script.ratio(1, 4)? {
            return Ok(Input::Local(HandshakeCommand::Propose));
        }
        let leios = HandshakeConfig::LEIOS;
        let version = if script.ratio(1, 3)? { OTHER } else { leios };
        let flags = if script.ratio(1, 2)? { self.flags } else { script.arbitrary()? };
        let said = data(flags, (version == OTHER) != script.ratio(1, 8)?);
        let table = |script: &mut Script<'_>| {
            let shown = if script.ratio(1, 8)? { None } else { Some(said) };
            Ok(vec![(version, shown)])
        };
        Ok(Input::Remote(match script.int_in_range(0..=15_u8)? {
            0 | 1 => return odd(script),
            2 => return Ok(Input::Timeout),
            3..=7 => HandshakeMessage::MsgProposeVersions(table(script)?),
            8..=11 => HandshakeMessage::MsgAcceptVersion(version, said),
            12 | 13 => HandshakeMessage::MsgQueryReply(table(script)?),
            14 => HandshakeMessage::MsgRefuse(RefuseReason::VersionMismatch(vec![version])),
            _ => HandshakeMessage::MsgRefuse(script.arbitrary()?),
        }))
    }
}
