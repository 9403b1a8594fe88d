//! What calls are answered with (`supervisor.md` sections 4 and 7.3), on one state of the index.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use super::validity::{Untimely, timely_in_access_list};
use super::{Chain, Index, Slot};
use crate::codec::supervisor::{
    Access, AccessListErrorKind, Accesses, Answer, BlockId, Call, ChainId, CheckAccessList, Code,
    Dependency, DependencySetV1, ExecutingDescriptor, Failure, Keccak256, SafetyLevel, Seal,
    SupervisorChainSyncStatus, SupervisorSyncStatus,
};
use crate::state::supervisor::config::ExpiryWindow;
use crate::state::supervisor::sync_status::{ChainProgress, summary};

impl<K: Keccak256> Index<K> {
    /// The answer to a call; `None` for a super root, which needs the nodes' outputs
    /// ([`super_root_parts`](Self::super_root_parts)), and for what changes something.
    #[must_use]
    pub fn answer(&self, call: &Call) -> Option<Result<Answer, Failure>> {
        let answer = match call {
            Call::CrossDerivedToSource { chain_id, derived } => self
                .of(*chain_id)
                .and_then(|chain| chain.cross_safe.first_source(*derived))
                .map(Answer::BlockRef),
            Call::LocalUnsafe { chain_id } => self
                .of(*chain_id)
                .and_then(|chain| chain.logs.head().ok_or(Code::Uninitialized))
                .map(|head| Answer::BlockId(head.id())),
            Call::CrossSafe { chain_id } => self
                .of(*chain_id)
                .and_then(|chain| chain.cross_safe.last())
                .map(|last| Answer::Pair(last.ids())),
            Call::LocalSafe { chain_id } => self
                .of(*chain_id)
                .and_then(|chain| chain.local_safe.last())
                .map(|last| Answer::Pair(last.ids())),
            Call::Finalized { chain_id } => self
                .slot(*chain_id)
                .and_then(|slot| self.finalized(slot))
                .map(|seal| Answer::BlockId(seal.id())),
            Call::FinalizedL1 => self.finalized_l1.map(Answer::BlockRef).ok_or(Code::FutureData),
            Call::SyncStatus => self.sync_status().map(|it| Answer::SyncStatus(Box::new(it))),
            Call::AllSafeDerivedAt { derived_from } => {
                self.all_safe_derived_at(*derived_from).map(Answer::Blocks)
            }
            Call::CheckAccessList(check) => {
                return Some(self.check_access_list(check).map(|()| Answer::Null));
            }
            Call::DependencySetV1 => {
                let dependencies = self.set.iter().map(|id| (*id, Dependency {})).collect();
                let window = self.config.expiry_window;
                let window = (window != ExpiryWindow::EXPIRY_CURRENT).then_some(window.0);
                let set = DependencySetV1 { dependencies, override_message_expiry_window: window };
                Ok(Answer::DependencySet(set))
            }
            Call::GetFailsafeEnabled => Ok(Answer::Failsafe(self.failsafe)),
            Call::SuperRootAtTimestamp { .. } | Call::SetFailsafeEnabled { .. } => return None,
        };
        Some(answer.map_err(Failure::from))
    }

    fn of(&self, chain_id: ChainId) -> Result<&Chain<K>, Code> {
        let slot = self.slot(chain_id)?;
        self.chain(slot).ok_or(Code::UnknownChain)
    }

    /// One failing chain fails the call (D-20).
    fn all_safe_derived_at(&self, source: BlockId) -> Result<BTreeMap<ChainId, BlockId>, Code> {
        let chains = self.set.iter().zip(&self.chains);
        chains.map(|(id, chain)| Ok((*id, chain.local_safe.last_derived(source)?.id()))).collect()
    }

    fn sync_status(&self) -> Result<SupervisorSyncStatus, Code> {
        let progress = self.slots().zip(&self.chains).map(|(slot, chain)| ChainProgress {
            current_l1: chain.current_l1(),
            cross_safe: chain.cross_safe.end().map(|end| end.derived),
            finalized: self.finalized(slot).ok(),
        });
        let mut status = summary(progress)?;
        let chains = self.slots().zip(self.set.iter()).map(|(slot, id)| {
            let heads = self.heads(slot);
            let of_chain = SupervisorChainSyncStatus {
                local_unsafe: heads.local_unsafe.unwrap_or_default(),
                local_safe: heads.local_safe.map(|it| it.derived.id()).unwrap_or_default(),
                cross_unsafe: heads.cross_unsafe.map(|it| it.id()).unwrap_or_default(),
                safe: heads.cross_safe.map(|it| it.derived.id()).unwrap_or_default(),
                finalized: heads.finalized.map(|it| it.id()).unwrap_or_default(),
            };
            (*id, of_chain)
        });
        status.chains = chains.collect();
        Ok(status)
    }

    /// Whether every message of an access list is in a block as safe as asked for, at the time that
    /// the descriptor states for all of them (S-41); an empty list is (D-26). May refuse
    /// what is valid, never accepts what is known to be invalid (S-32, S-33).
    ///
    /// # Errors
    /// That of the first message that fails, with its place in the list; a malformed list before
    /// any look-up (`supervisor.md` 5.2).
    pub fn check_access_list(&self, check: &CheckAccessList) -> Result<(), Failure> {
        if self.failsafe {
            return Err(Failure::new(Code::TransactionRejected, "the failsafe is on"));
        }
        if check.min_safety == SafetyLevel::Invalid {
            return Err(Failure::new(Code::InvalidParams, "`invalid` is no level to ask for"));
        }
        // The whole list is read before anything is looked up (S-26, S-27). Of one that is too long
        // as many entries as may be: what is wrong with them comes first.
        let entries = check.inbox_entries.as_slice();
        let within = entries.get(..self.limits.max_access_entries).unwrap_or(entries);
        let wrong = Accesses::new(within).find_map(Result::err);
        if within.len() < entries.len() {
            // One that is cut is no end of the list.
            return Err(match wrong.filter(|it| it.kind != AccessListErrorKind::Truncated) {
                Some(wrong) => Failure::new(Code::InvalidParams, wrong),
                None => Failure::new(Code::LimitExceeded, "too many access-list entries"),
            });
        }
        if let Some(wrong) = wrong {
            return Err(Failure::new(Code::InvalidParams, wrong));
        }
        let descriptor = &check.executing_descriptor;
        let executing = match descriptor.chain_id {
            Some(id) => {
                let slot = self.slot(id);
                Some(slot.map_err(|code| Failure::new(code, format_args!("executing {id}")))?)
            }
            None => None,
        };
        for (at, access) in Accesses::new(&check.inbox_entries).flatten().enumerate() {
            self.check_access(&access, executing, descriptor, check.min_safety).map_err(
                |(code, why)| {
                    let Access { chain_id, block_number, log_index, .. } = access;
                    Failure::new(code, format_args!(
                        "message {at}, log {log_index} of block {block_number} of {chain_id}: {why}"
                    ))
                },
            )?;
        }
        Ok(())
    }

    fn check_access(
        &self,
        access: &Access,
        executing: Option<Slot>,
        descriptor: &ExecutingDescriptor,
        level: SafetyLevel,
    ) -> Result<(), (Code, Why)> {
        let slot = self.slot(access.chain_id).map_err(|code| (code, Why::NotInSet))?;
        let chain = self.chain(slot).ok_or((Code::UnknownChain, Why::NotInSet))?;
        let executing = executing.unwrap_or(slot);
        let active = self.is_active(executing, descriptor.timestamp)
            && self.is_active(slot, access.timestamp);
        if !active {
            return Err((Code::ConflictingData, Why::NotActive));
        }
        let window = self.config.expiry_window.0;
        timely_in_access_list(access.timestamp, descriptor, window)
            .map_err(|untimely| (Code::ConflictingData, Why::Untimely(untimely)))?;
        let Access { block_number, log_index, timestamp, checksum, .. } = access;
        let block = chain
            .logs
            .contains(*block_number, *log_index, *timestamp, checksum)
            .map_err(|code| (code, Why::NotThere))?;
        self.has_level(chain, block, level).map_err(|code| (code, Why::NotSoSafe(level)))
    }

    /// Whether a block of the log index is as safe as that (S-36, S-37, S-38, S-39, S-40).
    fn has_level(&self, chain: &Chain<K>, block: Seal, level: SafetyLevel) -> Result<(), Code> {
        match level {
            SafetyLevel::Invalid => Err(Code::InvalidParams),
            SafetyLevel::Unsafe => Ok(()),
            SafetyLevel::CrossUnsafe => {
                let head = chain.cross_unsafe().ok_or(Code::Uninitialized)?;
                if block.number <= head.number { Ok(()) } else { Err(Code::FutureData) }
            }
            SafetyLevel::LocalSafe => chain.local_safe.first_of_derived(block.id()).map(|_| ()),
            SafetyLevel::Safe => chain.cross_safe.first_of_derived(block.id()).map(|_| ()),
            SafetyLevel::Finalized => {
                let source = chain.cross_safe.first_of_derived(block.id())?.source.number;
                let last = self.finalized_l1.ok_or(Code::FutureData)?.number;
                match self.finalized_of(chain) {
                    Ok(head) if block.number <= head.number => Ok(()),
                    // That another block was derived from is no fault of those before it.
                    Err(Code::ConflictingData) if source < last => {
                        let confirmed = chain.confirmed() >= Some(source);
                        if confirmed { Ok(()) } else { Err(Code::FutureData) }
                    }
                    Ok(_) => Err(Code::FutureData),
                    Err(code) => Err(code),
                }
            }
        }
    }
}

/// Why a message is refused, for people.
enum Why {
    NotInSet,
    NotActive,
    Untimely(Untimely),
    NotThere,
    NotSoSafe(SafetyLevel),
}

impl core::fmt::Display for Why {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotInSet => f.write_str("the chain is not in the dependency set"),
            Self::NotActive => f.write_str("interop is not active yet"),
            Self::Untimely(untimely) => untimely.fmt(f),
            Self::NotThere => f.write_str("no such log with this time and checksum"),
            Self::NotSoSafe(level) => write!(f, "the block is not {level}"),
        }
    }
}
