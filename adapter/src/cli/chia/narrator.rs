//! What happens to a node, in lines.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nodewire::chia::NodeNotice;
use nodewire::codec::chia::{Function, NodeType, PeerInfo};
use nodewire::state::chia::rules::{DUPLICATE, SELF_CONNECTION, USELESS_PEER};
use nodewire::state::chia::{ConnectionId, Direction, TurnedAway, is_useful};
use nodewire::{Ending, Fault, Refused, Rule, Time};
use nodewire_adapter::chia::HubNews;
use nodewire_adapter::chia::setup::peer_info;
use serde_json::json;

use super::options::Of;
use super::told::{Tells, a};

/// How often progress is worth a line.
const PROGRESS: Duration = Duration::from_secs(5);
/// A connection that ends sooner is brief.
const BRIEF: Duration = Duration::from_secs(60);
/// So many lines of one kind are told, and then the tenth, the hundredth, …
const FIRST: u64 = 3;

/// Tells what happens to a node.
pub struct Narrator {
    role: Of,
    json: bool,
    /// Those that are to be reached.
    wanted: BTreeMap<PeerInfo, Wanted>,
    streams: BTreeMap<ConnectionId, Stream>,
    /// How often something was not sent.
    unsent: BTreeMap<Function, u64>,
    progressed: Time,
}

/// What came of somebody that is to be reached.
#[derive(Default)]
struct Wanted {
    /// How often in a row nobody was reached there.
    missed: u64,
    /// How many connections in a row were brief.
    brief: u64,
    /// A connection is kept to it: the hub dials it again and again.
    is_friend: bool,
}

/// A connection, as it is told of.
struct Stream {
    remote: PeerInfo,
    node_type: Option<NodeType>,
    since: Time,
    /// That it was established has not been told.
    is_hidden: bool,
    /// The other end has closed it.
    is_left: bool,
}

impl Stream {
    /// Who is at its other end.
    fn who(&self) -> String {
        let at = at(&self.remote);
        self.node_type.map_or_else(|| at.clone(), |node_type| format!("{} at {at}", a(node_type)))
    }
}

impl Narrator {
    /// Of a node of this role that keeps connections to these peers, and asks that introducer.
    pub fn new(role: Of, peers: &[SocketAddr], introducer: Option<SocketAddr>, json: bool) -> Self {
        let introducer = introducer.map(|at| (peer_info(at), Wanted::default()));
        let friend =
            |at: &SocketAddr| (peer_info(*at), Wanted { is_friend: true, ..Wanted::default() });
        let wanted = introducer.into_iter().chain(peers.iter().map(friend)).collect();
        let (streams, unsent) = (BTreeMap::new(), BTreeMap::new());
        Self { role, json, wanted, streams, unsent, progressed: Time::ZERO }
    }

    /// The lines for what happened. As JSON, all that a node tells is one.
    pub fn lines<R: Tells>(
        &mut self,
        now: Time,
        role: &R,
        news: &HubNews<R::Notice>,
    ) -> Vec<String> {
        let (notice, text) = match news {
            HubNews::Node(notice) => (notice, self.noticed(now, role, notice)),
            HubNews::NotReached(address, error) => {
                return self.not_reached(now, address, error).into_iter().collect();
            }
            HubNews::Ourselves(address) => return vec![self.ourselves(now, address)],
            other => {
                let text = self.moved(now, other).filter(|_| !self.json);
                return text.map(|text| line(now, &text)).into_iter().collect();
            }
        };
        let hint = hint(role, notice);
        if self.json {
            let at = now.as_micros();
            let told = json!({ "at": at, "told": notice }).to_string();
            let hint = hint.map(|hint| json!({ "at": at, "hint": hint }).to_string());
            return [told].into_iter().chain(hint).collect();
        }
        text.into_iter().chain(hint).map(|text| line(now, &text)).collect()
    }

    /// What streams do.
    fn moved<N>(&mut self, now: Time, news: &HubNews<N>) -> Option<String> {
        match news {
            HubNews::Reached(address) => self.wanted.get_mut(address)?.missed = 0,
            HubNews::Opened(id, remote) => {
                let (remote, node_type) = (remote.clone(), None);
                let (is_hidden, is_left) = (false, false);
                let stream = Stream { remote, node_type, since: now, is_hidden, is_left };
                self.streams.insert(*id, stream);
            }
            HubNews::Left(id) => self.streams.get_mut(id)?.is_left = true,
            HubNews::Lasts(id) => {
                let stream = self.streams.get_mut(id)?;
                if let Some(wanted) = self.wanted.get_mut(&stream.remote) {
                    wanted.brief = 0;
                }
                if std::mem::take(&mut stream.is_hidden) {
                    let seconds = BRIEF.as_secs();
                    let who = stream.who();
                    return Some(format!("#{}: connected to {who} for {seconds} s", id.0));
                }
            }
            _ => {}
        }
        None
    }

    fn noticed<R: Tells>(
        &mut self,
        now: Time,
        role: &R,
        notice: &NodeNotice<R::Notice>,
    ) -> Option<String> {
        Some(match notice {
            NodeNotice::Connected(id, peer, whereabouts) => {
                let way = match whereabouts.direction {
                    Direction::Outbound => "to",
                    Direction::Inbound => "from",
                };
                let stream = self.streams.get_mut(id)?;
                (stream.node_type, stream.since) = (Some(peer.node_type), now);
                let wanted = self.wanted.get(&stream.remote);
                stream.is_hidden = wanted.is_some_and(|it| !is_told(it.brief.saturating_add(1)));
                if stream.is_hidden {
                    return None;
                }
                format!("#{}: connected {way} {}", id.0, stream.who())
            }
            NodeNotice::TurnedAway(id, why) => {
                let who = self.streams.remove(id)?.who();
                match why {
                    TurnedAway::Banned(_) => {
                        format!("#{}: {who} is turned away: its host is kept out", id.0)
                    }
                    TurnedAway::Full(limit) => format!(
                        "#{}: {who} is turned away: there are as many as {limit} allows",
                        id.0
                    ),
                    _ => format!("#{}: {who} is turned away", id.0),
                }
            }
            NodeNotice::Closed { connection, ending, banned_until, .. } => {
                // Who was turned away has been told of.
                let stream = self.streams.remove(connection)?;
                let times = self.brief(now, &stream)?;
                let ban = banned_until.map_or("", |_| "; its host is kept out");
                format!("#{}: {}{ban}{times}", connection.0, self.over(&stream, ending))
            }
            NodeNotice::Unsaid { connection, function, why, .. } => {
                let times = self.unsent.entry(*function).or_default();
                *times = times.saturating_add(1);
                if !is_told(*times) {
                    return None;
                }
                let who = self.streams.get(connection).map_or_else(String::new, Stream::who);
                let why = match why {
                    Refused::Busy { limit, .. } => {
                        format!("it is larger than the limit `{limit}` allows")
                    }
                    other => other.to_string(),
                };
                format!("#{}: {} is not sent to {who}: {why}", connection.0, function.name())
            }
            NodeNotice::Role(notice) => return self.role_told(now, role, notice),
            _ => return None,
        })
    }

    /// How a connection ended.
    fn over(&self, stream: &Stream, ending: &Ending) -> String {
        let who = stream.who();
        match ending {
            Ending::Done if !stream.is_left => format!("over: {who}"),
            Ending::Done if stream.node_type.is_none() => {
                format!("over: {who} has closed it before both knew each other")
            }
            Ending::Done => format!("over: {who} has closed it"),
            Ending::Fault(Fault::Violation { rule, .. }) if **rule == DUPLICATE => {
                format!("over: {who} is connected already ({rule})")
            }
            Ending::Fault(Fault::Violation { rule, .. }) if **rule == SELF_CONNECTION => {
                format!("over: {who} is this node itself ({rule})")
            }
            Ending::Fault(fault) => format!("{who}: {fault}{}", self.meaning(fault)),
        }
    }

    /// How often in a row connections there were brief, in words; `None`: that is no line worth.
    fn brief(&mut self, now: Time, stream: &Stream) -> Option<String> {
        let wanted = self.wanted.get_mut(&stream.remote).filter(|wanted| wanted.is_friend);
        let Some(wanted) = wanted else { return Some(String::new()) };
        let is_brief = stream.node_type.is_none() || now.since(stream.since) < BRIEF;
        wanted.brief = if is_brief { wanted.brief.saturating_add(1) } else { 0 };
        match wanted.brief {
            0 | 1 => Some(String::new()),
            times => is_told(times).then(|| format!("; so it went {times} times by now")),
        }
    }

    fn role_told<R: Tells>(&mut self, now: Time, role: &R, notice: &R::Notice) -> Option<String> {
        let told = role.tells(notice);
        let is_due = now.since(self.progressed) >= PROGRESS;
        let progress = if is_due { role.progress(notice) } else { None };
        if told.is_some() || progress.is_some() {
            self.progressed = now;
        }
        told.or(progress)
    }

    /// What a breach most likely comes of, where its rule doesn't say so.
    fn meaning(&self, fault: &Fault) -> String {
        let rule: &'static Rule = match fault {
            Fault::Violation { rule, .. } => rule,
            _ => return String::new(),
        };
        if *rule == USELESS_PEER {
            let us = self.role.node_type();
            let them = NodeType::ALL.iter().filter(|it| is_useful(us, **it));
            let them: Vec<_> = them.map(|it| format!("{}s", it.name())).collect();
            return format!(" ({} talks to {} only)", a(us), them.join(", "));
        }
        let of_consensus =
            ["InvalidBlock", "InvalidChain", "InvalidUnfinishedBlock", "InvalidWeight"];
        if of_consensus.contains(&rule.reason()) {
            return " (it may have another --min-block-time)".to_owned();
        }
        String::new()
    }

    /// The first time, the tenth, the hundredth.
    fn not_reached(&mut self, now: Time, address: &PeerInfo, error: &io::Error) -> Option<String> {
        let missed = &mut self.wanted.get_mut(address)?.missed;
        *missed = missed.saturating_add(1);
        if !is_round(*missed) {
            return None;
        }
        let PeerInfo { host, port } = address;
        let (why, times) = (error.to_string(), *missed);
        if self.json {
            let unreached = json!({ "host": host, "port": port, "why": why, "times": times });
            return Some(json!({ "at": now.as_micros(), "unreached": unreached }).to_string());
        }
        let tried = if times == 1 {
            "it is dialled again and again".to_owned()
        } else {
            format!("{times} times by now")
        };
        Some(line(now, &format!("nobody is reached at {}: {why}; {tried}", at(address))))
    }

    fn ourselves(&self, now: Time, address: &PeerInfo) -> String {
        let PeerInfo { host, port } = address;
        if self.json {
            let ourselves = json!({ "host": host, "port": port });
            return json!({ "at": now.as_micros(), "ourselves": ourselves }).to_string();
        }
        let at = at(address);
        line(now, &format!("{at} is this node itself: it is not dialled again"))
    }
}

/// What somebody had better know about what happened.
fn hint<R: Tells>(role: &R, notice: &NodeNotice<R::Notice>) -> Option<String> {
    let NodeNotice::Connected(_, peer, _) = notice else { return None };
    let is_late = peer.node_type == NodeType::Harvester && role.untold() > 0;
    is_late.then(|| {
        "this harvester came after the last challenge and hears the next one only: if nobody else \
         farms there is none; --resend-challenges tells it those there are"
            .to_owned()
    })
}

/// 1, 10, 100, …
fn is_round(times: u64) -> bool {
    times.checked_ilog10().and_then(|zeros| 10_u64.checked_pow(zeros)) == Some(times)
}

/// True if what happens so often in a row is worth a line.
fn is_told(times: u64) -> bool {
    times <= FIRST || is_round(times)
}

fn at(PeerInfo { host, port }: &PeerInfo) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn line(now: Time, text: &str) -> String {
    format!("{:>9.3} s  {text}", now.as_micros() as f64 / 1e6)
}
