//! Limits that are reached at once: two to eight of everything.

use nodewire::state::chia::{
    AddressesLimits, FarmerLimits, FullNodeConfig, FullNodeLimits, HarvesterLimits, ServingLimits,
    SyncLimits, TimelordConfig, TransactionsLimits, WalletLimits,
};

pub fn full_node(config: &mut FullNodeConfig) {
    // The share has room for all between what is fetched block by block and what is synced.
    config.sync_threshold = 8;
    let limits: &mut FullNodeLimits = &mut config.limits;
    limits.max_disconnected = 16;
    limits.max_disconnected_per_peer = 12;
    limits.max_waiting = 4;
    limits.max_unfinished = 4;
    limits.max_candidates = 2;
    limits.max_kept = 2;
    limits.max_seen = 4;
    limits.max_asks_per_peer = 4;
    limits.max_asks_of_gone = 2;
    limits.max_open_asks = 64;
    sync(&mut config.sync);
    serving(&mut config.serving);
    transactions(&mut config.transactions);
    addresses(&mut config.addresses.limits);
}

fn sync(limits: &mut SyncLimits) {
    limits.max_barred = 2;
    limits.max_tips = 2;
    limits.window = 3;
    limits.headers_per_batch = 8;
    limits.blocks_per_batch = 2;
    limits.max_unanswered = 2;
}

fn serving(limits: &mut ServingLimits) {
    limits.max_headers_asked = 8;
    limits.max_blocks_asked = 2;
    limits.max_ancestors_asked = 4;
    limits.max_requests = 4;
    limits.max_open_asks = 4;
}

fn transactions(limits: &mut TransactionsLimits) {
    limits.max_fetches = 4;
    limits.max_fetches_per_peer = 4;
    limits.max_sources = 2;
    limits.max_known = 4;
    limits.max_open_asks = 8;
    limits.max_open_asks_per_peer = 3;
    limits.max_open_asks_of_gone = 2;
}

pub fn addresses(limits: &mut AddressesLimits) {
    limits.max_addresses = 2;
    limits.max_of_host = 2;
    limits.max_read = 8;
    limits.max_answered = 3;
}

pub fn farmer(limits: &mut FarmerLimits) {
    limits.max_challenges = 4;
    limits.max_qualities = 4;
    limits.max_arrivals = 2;
    limits.max_arrival_weights = 2;
    limits.max_open_asks = 8;
    limits.max_open_asks_of_one = 4;
}

pub fn harvester(limits: &mut HarvesterLimits) {
    limits.max_challenges = 4;
    limits.max_qualities = 16;
    limits.max_plots = 8;
    limits.max_lookups = 2;
    limits.max_open_asks = 4;
}

pub fn timelord(config: &mut TimelordConfig) {
    config.max_challenges = 8;
    config.max_pending = 2;
}

pub fn wallet(limits: &mut WalletLimits) {
    limits.max_requests = 4;
    limits.max_ancestors_asked = 4;
}
