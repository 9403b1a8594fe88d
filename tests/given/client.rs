//! What a client hears and is told to do.

use arbitrary::Result;
use nodewire::AskId;
use nodewire::Input;
use nodewire::codec::leios::{
    CountedNotification, Deliverable, DeliverableId, MsgReplyPayload, MsgRequestPayload, NonEmpty,
    Notification, ReplyMessage, RequestMessage, RequestNo, VoteIssuer,
};
use nodewire::state::leios::{
    Client, ClientCommand, ClientQuery, ClientRemote, PairMessage, Verdict,
};

use super::{Given, Script, clock, odd, small, store, take, votes};

#[derive(Default)]
pub struct ForClient {
    /// Requests it sent.
    requests: Vec<MsgRequestPayload>,
    /// Questions it asked.
    questions: Vec<AskId>,
}

impl Given for ForClient {
    type Machine = Client;

    fn machine(&self) -> Client {
        Client::new(small(), clock())
    }

    fn most(&self) -> usize {
        <Client>::most_footprint(&small())
    }

    fn pick(
        &mut self,
        script: &mut Script<'_>,
        step: u64,
    ) -> Result<Input<ClientCommand, ClientRemote>> {
        if step == 0 && !script.ratio(1, 16)? {
            return Ok(Input::Local(ClientCommand::Start));
        }
        let reply =
            |payload| Input::Remote(ClientRemote::Reply(ReplyMessage::MsgLeiosReply(payload)));
        Ok(match script.int_in_range(0..=19_u8)? {
            0 | 1 => odd(script)?,
            2..=7 => Input::Local(command(script)?),
            8..=10 => Input::Local(self.verdict(script)?),
            kind @ 11..=18 => {
                let news = kind < 15;
                // Nobody answers what was not asked, but for some.
                if !self.requests.iter().any(|request| is_news(request) == news)
                    && !script.ratio(1, 16)?
                {
                    return Ok(Input::Local(command(script)?));
                }
                reply(if news { self.news(script)? } else { self.deliveries(script)? })
            }
            _ if script.ratio(1, 8)? => {
                Input::Remote(ClientRemote::Reply(ReplyMessage::MsgLeiosDone))
            }
            _ => Input::Timeout,
        })
    }

    fn sent(&mut self, message: &PairMessage) {
        if let PairMessage::Request(RequestMessage::MsgLeiosRequest(payload)) = message {
            self.requests.push(payload.clone());
        }
    }

    fn asked(&mut self, id: AskId, _: &ClientQuery) {
        self.questions.push(id);
    }
}

fn is_news(request: &MsgRequestPayload) -> bool {
    matches!(request, MsgRequestPayload::LeiosNotificationBytes(..))
}

fn command(script: &mut Script<'_>) -> Result<ClientCommand> {
    let store = store();
    let block = script.int_in_range(0..=1_usize)?;
    let point = store.blocks[block].point;
    Ok(match script.int_in_range(0..=11_u8)? {
        0..=2 => {
            let low = script.int_in_range(0..=4_096)?;
            ClientCommand::NotificationTarget { low, chunk: script.int_in_range(2_048..=4_096)? }
        }
        3 | 4 => {
            let size = store.blocks[block].block.raw().len() as u32;
            ClientCommand::RequestBlock { point, size }
        }
        5..=7 => ClientCommand::RequestTxs { point, txs: store.some_wanted(script, block)? },
        8 | 9 => {
            let most = script.int_in_range(0..=7)?;
            ClientCommand::RequestVotes { votes: votes(point.slot, most / 2..most) }
        }
        10 => ClientCommand::OldestFirst(script.arbitrary()?),
        _ if script.ratio(1, 6)? => ClientCommand::Finish,
        _ => ClientCommand::StopNotifications,
    })
}

impl ForClient {
    fn verdict(&mut self, script: &mut Script<'_>) -> Result<ClientCommand> {
        let id = match take(script, &mut self.questions)? {
            Some(id) => id,
            None => AskId::from_u64(script.int_in_range(0..=4)?),
        };
        let verdict = match script.int_in_range(0..=15_u8)? {
            0 => Verdict::Invalid,
            1..=3 => Verdict::Ignore,
            _ => Verdict::Process,
        };
        Ok(ClientCommand::Judged { id, verdict })
    }

    fn news(&mut self, script: &mut Script<'_>) -> Result<MsgReplyPayload> {
        let open = self.requests.iter().find_map(|request| match request {
            MsgRequestPayload::LeiosNotificationBytes(no, _) => Some(*no),
            MsgRequestPayload::LeiosDeliverableIds(..) => None,
        });
        let no = match open {
            Some(no) if !script.ratio(1, 8)? => no,
            _ => RequestNo(script.int_in_range(0..=3)?),
        };
        let complete = script.ratio(1, 4)?;
        if complete {
            self.requests.retain(|request| {
                !matches!(request, MsgRequestPayload::LeiosNotificationBytes(asked, _)
                    if *asked == no)
            });
        }
        let mut news = NonEmpty::one(item(script)?).into_vec();
        for _ in 0..script.int_in_range(0..=2_u8)? {
            news.push(item(script)?);
        }
        let news = NonEmpty::from_vec(news).ok_or(arbitrary::Error::EmptyChoose)?;
        Ok(MsgReplyPayload::LeiosNotifications(no, complete, news))
    }

    /// Mostly what one of its requests asked for, in order and all of it.
    fn deliveries(&mut self, script: &mut Script<'_>) -> Result<MsgReplyPayload> {
        let wants = |request: &MsgRequestPayload| !is_news(request);
        let mut open: Vec<_> = self.requests.iter().filter(|r| wants(r)).cloned().collect();
        let (no, ids) = match take(script, &mut open)? {
            Some(MsgRequestPayload::LeiosDeliverableIds(no, ids)) => (no, ids.into_vec()),
            _ => (RequestNo(script.int_in_range(0..=6)?), vec![store().id(script)?]),
        };
        self.requests.retain(|request| !wants(request) || open.contains(request));
        let mut found: Vec<Deliverable> =
            ids.iter().filter_map(|id: &DeliverableId| store().delivery(id)).collect();
        match script.int_in_range(0..=15_u8)? {
            0 => found.clear(),
            1 => drop(found.pop()),
            2 => found.reverse(),
            3 => found.extend(store().delivery(&store().id(script)?)),
            _ => {}
        }
        Ok(MsgReplyPayload::LeiosDeliveries(no, found))
    }
}

fn item(script: &mut Script<'_>) -> Result<CountedNotification> {
    let item = match script.int_in_range(0..=4_u8)? {
        0 | 1 => Notification::LinearLeiosAnnouncement(store().header(script)?),
        2 => Notification::LinearLeiosBlockOffer(store().point(script)?),
        3 => Notification::LeiosBlockTxsOffer(store().point(script)?),
        _ => {
            let seat = VoteIssuer(script.int_in_range(0..=7)?);
            Notification::LinearLeiosVoteOffer(store().point(script)?.slot, seat)
        }
    };
    Ok(if script.ratio(1, 8)? {
        CountedNotification::with_size(item, script.int_in_range(0..=3_000)?)
    } else {
        CountedNotification::new(item)
    })
}
