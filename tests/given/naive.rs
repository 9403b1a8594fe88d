//! What the two machines of the baseline hear and are told.

use arbitrary::Result;
use nodewire::codec::leios::{DeliverableId, NaiveMessage, Notification, TxBitmaps, VoteIssuer};
use nodewire::state::leios::{
    Content, NaiveClient, NaiveCommand, NaiveConfig, NaiveContent, NaiveQuery, NaiveServer,
    NaiveServerCommand,
};
use nodewire::{AskId, Input};

use super::{Given, Script, odd, store};

fn config() -> NaiveConfig {
    let mut config = NaiveConfig::default();
    config.pipeline = 4;
    config
}

#[derive(Default)]
pub struct ForNaiveClient {
    /// Requests under way, oldest first.
    requests: Vec<NaiveMessage>,
}

impl Given for ForNaiveClient {
    type Machine = NaiveClient;

    fn machine(&self) -> NaiveClient {
        NaiveClient::new(config())
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        _: u64,
    ) -> Result<Input<NaiveCommand, NaiveMessage>> {
        let block = script.int_in_range(0..=1_usize)?;
        let held = &store().blocks[block];
        Ok(match script.int_in_range(0..=15_u8)? {
            0 | 1 => odd(script)?,
            2 | 3 => Input::Local(NaiveCommand::RequestNotification),
            4 => {
                let size = held.block.raw().len() as u32;
                Input::Local(NaiveCommand::RequestBlock { point: held.point, size })
            }
            5 | 6 => match store().some_wanted(script, block)?.first() {
                Some(tx) => Input::Local(NaiveCommand::RequestTx { point: held.point, tx: *tx }),
                None => Input::Timeout,
            },
            7 => {
                let issuer = VoteIssuer(script.int_in_range(0..=3)?);
                Input::Local(NaiveCommand::RequestVote { slot: held.point.slot, issuer })
            }
            8 if script.ratio(1, 4)? => Input::Local(NaiveCommand::Finish),
            9 => Input::Timeout,
            10 => Input::Remote(told(news(script)?)),
            _ if self.requests.is_empty() => Input::Remote(told(news(script)?)),
            _ => Input::Remote(answer(script, self.requests.remove(0))?),
        })
    }

    fn sent(&mut self, message: &NaiveMessage) {
        self.requests.push(message.clone());
    }
}

/// What a good server answers.
fn answer(script: &mut Script<'_>, request: NaiveMessage) -> Result<NaiveMessage> {
    Ok(match request {
        NaiveMessage::MsgLeiosBlockRequest(point) => {
            let id = DeliverableId::LinearLeiosBlockId(point);
            message(store().content(&id))
        }
        NaiveMessage::MsgLeiosBlockTxRequest(point, index) => message(tx(point, index)),
        NaiveMessage::MsgLeiosVoteRequest(slot, issuer) => {
            message(store().content(&DeliverableId::LinearLeiosVoteId(slot, issuer)))
        }
        _ => told(news(script)?),
    })
}

fn tx(point: nodewire::codec::leios::LeiosPoint, index: u16) -> Content {
    let one = TxBitmaps::from_indices([u32::from(index)]).expect("one index");
    store().content(&DeliverableId::LeiosBlockTxsId(point, one))
}

fn message(content: Content) -> NaiveMessage {
    match content {
        Content::Block(block) => NaiveMessage::MsgLeiosBlock(block),
        Content::Vote(vote) => NaiveMessage::MsgLeiosVote(vote),
        Content::Txs { txs, .. } => {
            NaiveMessage::MsgLeiosBlockTx(txs.into_iter().next().map(|tx| tx.2).unwrap_or_default())
        }
    }
}

fn news(script: &mut Script<'_>) -> Result<Notification> {
    Ok(match script.int_in_range(0..=3_u8)? {
        0 => Notification::LinearLeiosAnnouncement(store().header(script)?),
        1 => Notification::LinearLeiosBlockOffer(store().point(script)?),
        2 => Notification::LeiosBlockTxsOffer(store().point(script)?),
        _ => {
            let slot = store().point(script)?.slot;
            Notification::LinearLeiosVoteOffer(slot, VoteIssuer(script.int_in_range(0..=3)?))
        }
    })
}

fn told(news: Notification) -> NaiveMessage {
    match news {
        Notification::LinearLeiosAnnouncement(header) => NaiveMessage::MsgLeiosAnnouncement(header),
        Notification::LinearLeiosBlockOffer(point) => NaiveMessage::MsgLeiosBlockOffer(point),
        Notification::LeiosBlockTxsOffer(point) => NaiveMessage::MsgLeiosBlockTxsOffer(point),
        Notification::LinearLeiosVoteOffer(slot, issuer) => {
            NaiveMessage::MsgLeiosVoteOffer(slot, issuer)
        }
    }
}

#[derive(Default)]
pub struct ForNaiveServer {
    questions: Vec<(AskId, NaiveQuery)>,
}

impl Given for ForNaiveServer {
    type Machine = NaiveServer;

    fn machine(&self) -> NaiveServer {
        NaiveServer::new(config())
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        _: u64,
    ) -> Result<Input<NaiveServerCommand, NaiveMessage>> {
        let point = store().held(script)?.point;
        Ok(match script.int_in_range(0..=15_u8)? {
            0 | 1 => odd(script)?,
            2 | 3 => Input::Remote(NaiveMessage::MsgLeiosNotificationRequest),
            4 => Input::Remote(NaiveMessage::MsgLeiosBlockRequest(point)),
            5 => {
                let index = script.int_in_range(0..=99)?;
                Input::Remote(NaiveMessage::MsgLeiosBlockTxRequest(point, index))
            }
            6 => {
                let issuer = VoteIssuer(script.int_in_range(0..=3)?);
                Input::Remote(NaiveMessage::MsgLeiosVoteRequest(point.slot, issuer))
            }
            7 if script.ratio(1, 4)? => Input::Remote(NaiveMessage::MsgDone),
            8 => Input::Timeout,
            _ => Input::Local(self.answer(script)?),
        })
    }

    fn asked(&mut self, id: AskId, query: &NaiveQuery) {
        self.questions.push((id, *query));
    }
}

impl ForNaiveServer {
    /// Mostly what it asked for.
    fn answer(&mut self, script: &mut Script<'_>) -> Result<NaiveServerCommand> {
        let id = AskId::from_u64(script.int_in_range(0..=4)?);
        if self.questions.is_empty() || script.ratio(1, 8)? {
            return Ok(NaiveServerCommand::Answered { id, content: script.arbitrary()? });
        }
        let (id, query) = self.questions.remove(0);
        let of = |content: Content| match message(content) {
            NaiveMessage::MsgLeiosBlock(block) => NaiveContent::Block(block),
            NaiveMessage::MsgLeiosBlockTx(tx) => NaiveContent::Tx(tx),
            NaiveMessage::MsgLeiosVote(vote) => NaiveContent::Vote(vote),
            other => panic!("{other:?}"),
        };
        let content = match query {
            NaiveQuery::Notification => NaiveContent::Notification(news(script)?),
            NaiveQuery::Block(point) => {
                of(store().content(&DeliverableId::LinearLeiosBlockId(point)))
            }
            NaiveQuery::Tx(point, index) => of(tx(point, index)),
            NaiveQuery::Vote(slot, issuer) => {
                of(store().content(&DeliverableId::LinearLeiosVoteId(slot, issuer)))
            }
        };
        Ok(query.answered(id, Some(content)))
    }
}
