//! What a server hears and is told.

use arbitrary::Result;
use nodewire::codec::leios::{
    DeliverableId, MsgRequestPayload, NonEmpty, ReplyMessage, RequestMessage, RequestNo, VoteIssuer,
};
use nodewire::state::leios::{Server, ServerCommand, ServerQuery, ServerRemote};
use nodewire::{AskId, Input};

use super::{Given, Script, clock, odd, small, store, take};

#[derive(Default)]
pub struct ForServer {
    /// The number of the next request.
    next: u64,
    /// Questions it asked.
    questions: Vec<(AskId, ServerQuery)>,
}

impl Given for ForServer {
    type Machine = Server;

    fn machine(&self) -> Server {
        Server::new(small(), clock())
    }

    fn most(&self) -> usize {
        Server::most_footprint(&small())
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        step: u64,
    ) -> Result<Input<ServerCommand, ServerRemote>> {
        if step == 0 && !script.ratio(1, 16)? {
            return Ok(Input::Remote(ServerRemote::Reply(ReplyMessage::MsgLeiosInit)));
        }
        Ok(match script.int_in_range(0..=21_u8)? {
            0..=3 => odd(script)?,
            4 | 5 => {
                let bytes = script.int_in_range(2_047..=4_096)?;
                self.request(script, |no| MsgRequestPayload::LeiosNotificationBytes(no, bytes))?
            }
            6..=9 => {
                let mut ids = vec![store().id(script)?];
                for _ in 0..script.int_in_range(0..=2_u8)? {
                    ids.push(store().id(script)?);
                }
                let ids = NonEmpty::from_vec(ids).ok_or(arbitrary::Error::EmptyChoose)?;
                self.request(script, |no| MsgRequestPayload::LeiosDeliverableIds(no, ids))?
            }
            10 | 11 => Input::Local(ServerCommand::Announce(store().header(script)?)),
            12 => Input::Local(ServerCommand::OfferBlock(store().point(script)?)),
            13 => Input::Local(ServerCommand::OfferTxs(store().point(script)?)),
            14 => {
                let seat = VoteIssuer(script.int_in_range(0..=7)?);
                Input::Local(ServerCommand::OfferVote(store().point(script)?.slot, seat))
            }
            15..=18 => Input::Local(self.answer(script)?),
            19 => Input::Remote(ServerRemote::Drained(script.int_in_range(0..=40_000)?)),
            20 if script.ratio(1, 5)? => Input::Local(ServerCommand::Finish),
            20 if script.ratio(1, 5)? => {
                let message = RequestMessage::MsgLeiosDoneRequest;
                let size = message.wire_len() as u32;
                Input::Remote(ServerRemote::Request { message, size })
            }
            _ => Input::Timeout,
        })
    }

    fn asked(&mut self, id: AskId, query: &ServerQuery) {
        self.questions.push((id, query.clone()));
    }
}

impl ForServer {
    fn request(
        &mut self,
        script: &mut Script<'_>,
        payload: impl FnOnce(RequestNo) -> MsgRequestPayload,
    ) -> Result<Input<ServerCommand, ServerRemote>> {
        let message = RequestMessage::MsgLeiosRequest(payload(RequestNo(self.next)));
        self.next += u64::from(!script.ratio(1, 32)?);
        let size = message.wire_len() as u32;
        Ok(Input::Remote(ServerRemote::Request { message, size }))
    }

    /// Mostly what it asked for.
    fn answer(&mut self, script: &mut Script<'_>) -> Result<ServerCommand> {
        let (id, mut ids): (_, Vec<DeliverableId>) = match take(script, &mut self.questions)? {
            Some((id, ServerQuery::Fetch { ids, .. })) => (id, ids.into_vec()),
            None => (AskId::from_u64(script.int_in_range(0..=4)?), vec![store().id(script)?]),
        };
        let content = match script.int_in_range(0..=23_u8)? {
            0 => None,
            1 => Some(script.arbitrary()?),
            2 => {
                ids.push(store().id(script)?);
                Some(ids)
            }
            3 => {
                ids.reverse();
                Some(ids)
            }
            _ => Some(ids),
        }
        .map(|ids| ids.iter().map(|id| store().content(id)).collect());
        Ok(ServerCommand::Fetched { id, content })
    }
}
