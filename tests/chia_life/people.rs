//! Who lives in the network, and how each of them is made, at first and whenever it begins anew.

use std::time::Duration;

use nodewire::Time;
use nodewire::codec::chia::{Blob, Bytes32, PeerInfo};
use nodewire::sim::Rng;
use nodewire::sim::chia::{Clockwork, Consensus, Keeper, Ledger, Nobody, Plots, Purse, stand_in};
use nodewire::state::chia::{
    AddressesConfig, Farmer, FarmerConfig, FullNode, FullNodeConfig, FullNodeQuery, Harvester,
    HarvesterCommand, HarvesterLimits, HarvesterQuery, Introducer, Timelord, TimelordConfig,
    TimelordQuery, Wallet, WalletLimits,
};

use crate::given::chia::{Member, Resident, host};
use crate::limits;
use crate::mood::{Mood, Moody};

/// Full nodes are 0 to 2. A guest is a full node that comes with a branch of its own.
pub const FULL_NODES: usize = 3;
pub const FARMER: usize = 3;
pub const HARVESTERS: [usize; 2] = [4, 5];
pub const TIMELORD: usize = 6;
pub const INTRODUCER: usize = 7;
pub const WALLET: usize = 8;
pub const GUEST: usize = 9;
pub const PEOPLE: usize = 10;

pub type Node = Member<FullNode, Moody<FullNode, Keeper>>;
pub type Farming = Member<Farmer, Moody<Farmer, Purse>>;
pub type Harvesting = Member<Harvester, Moody<Harvester, Plots>>;
pub type Timing = Member<Timelord, Moody<Timelord, Clockwork>>;
pub type Paying = Member<Wallet, Nobody>;

/// How everybody is.
#[derive(Clone, Debug)]
pub struct Plan {
    pub consensus: Consensus,
    /// Tables of two to eight entries; else as the reference has them.
    pub is_small: bool,
    /// Oracles are late, refuse, or say nothing, now and then.
    pub is_moody: bool,
    /// How many workers the timelord has.
    pub workers: u32,
}

impl Plan {
    pub fn new(is_small: bool) -> Self {
        let mut consensus = Consensus::default();
        consensus.witness = 12;
        Self { consensus, is_small, is_moody: false, workers: 3 }
    }

    /// Somebody who has just begun, with this chain if it is a full node.
    pub fn make(
        &self,
        number: usize,
        now: Time,
        rng: &mut Rng,
        ledger: &Ledger,
    ) -> Box<dyn Resident> {
        let seed = rng.next();
        match number {
            FARMER => self.farmer(now),
            TIMELORD => self.timelord(now, seed),
            INTRODUCER => self.introducer(now),
            WALLET => self.wallet(now),
            _ if HARVESTERS.contains(&number) => self.harvester(number, now, seed),
            _ => self.full_node(number, now, seed, ledger),
        }
    }

    fn full_node(&self, number: usize, now: Time, seed: u64, ledger: &Ledger) -> Box<dyn Resident> {
        let introducer = PeerInfo { host: host(INTRODUCER), port: 8_444 };
        let mut config = FullNodeConfig::default();
        config.addresses = AddressesConfig::full_node(Some(introducer), seed);
        config.addresses.asks_full_nodes = number == 1;
        config.compact_blocks = number == 2;
        config.sync_seed = seed;
        if self.is_small {
            limits::full_node(&mut config);
        }
        let role = <FullNode>::new(config, ledger.chain()).expect("a chain of the ledger");
        let mut rng = Rng::new(seed);
        // Answers come in order: everything is as late as everything else.
        let span = Duration::from_millis(if self.is_moody { rng.below(200) } else { 0 });
        let is_moody = self.is_moody;
        let moods = move |id, query: &FullNodeQuery| match query {
            FullNodeQuery::BuildCandidate(_) if is_moody && rng.chance(50_000) => {
                Mood::Instead(nodewire::state::chia::FullNodeCommand::Candidate(id, None))
            }
            _ => Mood::After(span),
        };
        Member::new(number, now, role, Moody::new(Keeper::new(ledger.clone()), moods))
    }

    fn farmer(&self, now: Time) -> Box<dyn Resident> {
        let mut config = FarmerConfig::new(vec![stand_in::key(0)], Blob(vec![1; 32].into()));
        config.min_block_time = self.consensus.min_block_time;
        config.resend_challenges = true;
        if self.is_small {
            limits::farmer(&mut config.limits);
        } else {
            // Of the 16,384 that F-11 has, two harvesters fill a part in a day.
            config.limits.max_qualities = 1_024;
        }
        let purse = Purse::new(self.consensus.clone(), Bytes32([5; 32]));
        Member::new(FARMER, now, <Farmer>::new(config), Moody::even(purse))
    }

    fn harvester(&self, number: usize, now: Time, seed: u64) -> Box<dyn Resident> {
        let mut most = HarvesterLimits::default();
        if self.is_small {
            limits::harvester(&mut most);
        }
        let numbers = [number as u64 * 10, number as u64 * 10 + 1];
        let plots = Plots::new(&numbers, self.consensus.plot_size, Duration::from_millis(5));
        let all = plots.all();
        let (mut rng, is_moody) = (Rng::new(seed), self.is_moody);
        let moods = move |id, query: &HarvesterQuery| match query {
            HarvesterQuery::LookupQualities { .. } if is_moody => {
                Mood::After(Duration::from_millis(rng.below(500)))
            }
            HarvesterQuery::FetchProof { .. } if is_moody && rng.chance(20_000) => {
                Mood::Instead(HarvesterCommand::Proof(id, None))
            }
            _ => Mood::After(Duration::ZERO),
        };
        let mut member = Member::new(number, now, <Harvester>::new(most), Moody::new(plots, moods));
        member.command(nodewire::chia::NodeCommand::Role(HarvesterCommand::Plots(all)));
        member
    }

    fn timelord(&self, now: Time, seed: u64) -> Box<dyn Resident> {
        let mut config = TimelordConfig::default();
        config.initial_ips = self.consensus.ips;
        config.workers = self.workers;
        if self.is_small {
            limits::timelord(&mut config);
        }
        let clockwork = Clockwork::new(self.consensus.ips, self.consensus.witness);
        let (mut rng, is_moody) = (Rng::new(seed), self.is_moody);
        let moods = move |_, query: &TimelordQuery| match query {
            TimelordQuery::VerifyProof(_) if is_moody => {
                Mood::After(Duration::from_millis(rng.below(300)))
            }
            _ => Mood::After(Duration::ZERO),
        };
        Member::new(TIMELORD, now, Timelord::new(config), Moody::new(clockwork, moods))
    }

    fn introducer(&self, now: Time) -> Box<dyn Resident> {
        let mut config = AddressesConfig::introducer(6);
        if self.is_small {
            limits::addresses(&mut config.limits);
        }
        Member::new(INTRODUCER, now, Introducer::new(config), Nobody)
    }

    fn wallet(&self, now: Time) -> Box<dyn Resident> {
        let mut most = WalletLimits::default();
        if self.is_small {
            limits::wallet(&mut most);
        }
        Member::new(WALLET, now, <Wallet>::new(most), Nobody)
    }
}
