//! Decisions, D-1 to D-34: what the specification leaves open or says in two ways.

use super::added;
use crate::fault::Rule;

/// The rules of this heading, in order.
pub(super) static ALL: &[&Rule] = &[
    &DECIMAL_CHAIN_IDS,
    &LENIENT_NUMBERS,
    &TWO_PROFILES,
    &NULL_PARAMS,
    &MEANINGS_OF_ABSENCE,
    &PRECISE_CODES,
    &STATED_WINDOW,
    &ACTIVATION,
    &EXECUTING_CHAIN,
    &EXACT_EXPIRY,
    &LEVEL_INVALID,
    &MALFORMED_LIST_CODE,
    &UNSATISFIABLE,
    &FINAL_CONTRADICTION,
    &SNAPSHOT_PASSES,
    &LOWERED_HEADS,
    &DOOMED_DEPENDENCY,
    &LOGS_GIVE_WAY,
    &CYCLE_MEMBERS,
    &LOCAL_SAFE_DERIVED,
    &NO_PARENT,
    &UNKNOWN_FINALITY,
    &NAMED_PARAMS,
    &NO_DIFFERENTIALS,
    &FAILSAFE,
    &EMPTY_LIST,
    &EQUAL_TIMESTAMPS,
    &FINALIZED_IN_RESET,
    &ONE_ENCODING,
    &ONE_SNAPSHOT,
    &ONE_SCOPE_CODE,
    &UNSUPPORTED_METHODS,
    &PROFILE_CODES,
    &INVALID_PARAMS,
];

/// D-1 `DecimalChainIds`: A chain id is read from hex and from decimal digits.
pub static DECIMAL_CHAIN_IDS: Rule = added(
    "supervisor/D-1",
    "DecimalChainIds",
    "A chain id is read from hex and from decimal digits.",
);

/// D-2 `LenientNumbers`: Numbers are read up to 64 bits, in either case and with leading zeros that
/// fit, and written in one form.
pub static LENIENT_NUMBERS: Rule = added(
    "supervisor/D-2",
    "LenientNumbers",
    "Numbers are read up to 64 bits, in either case and with leading zeros that fit, and written \
     in one form.",
);

/// D-3 `TwoProfiles`: Answers come in the specification's form or in that of deployed programs;
/// both are read.
pub static TWO_PROFILES: Rule = added(
    "supervisor/D-3",
    "TwoProfiles",
    "Answers come in the specification's form or in that of deployed programs; both are read.",
);

/// D-4 `NullParams`: Parameters that are null are as none.
pub static NULL_PARAMS: Rule =
    added("supervisor/D-4", "NullParams", "Parameters that are null are as none.");

/// D-5 `MeaningsOfAbsence`: Future is not there yet, missed is pruned or before the start, skipped
/// is a hole.
pub static MEANINGS_OF_ABSENCE: Rule = added(
    "supervisor/D-5",
    "MeaningsOfAbsence",
    "Future is not there yet, missed is pruned or before the start, skipped is a hole.",
);

/// D-6 `PreciseCodes`: A refused check has the code of its reason, so that what may come differs
/// from what never will.
pub static PRECISE_CODES: Rule = added(
    "supervisor/D-6",
    "PreciseCodes",
    "A refused check has the code of its reason, so that what may come differs from what never \
     will.",
);

/// D-7 `StatedWindow`: A configuration states its expiry window.
pub static STATED_WINDOW: Rule =
    added("supervisor/D-7", "StatedWindow", "A configuration states its expiry window.");

/// D-8 `Activation`: Messages are valid from the activation on, or from one block after it where
/// that is configured.
pub static ACTIVATION: Rule = added(
    "supervisor/D-8",
    "Activation",
    "Messages are valid from the activation on, or from one block after it where that is \
     configured.",
);

/// D-9 `ExecutingChain`: A descriptor may name the executing chain; zero is as none.
pub static EXECUTING_CHAIN: Rule = added(
    "supervisor/D-9",
    "ExecutingChain",
    "A descriptor may name the executing chain; zero is as none.",
);

/// D-10 `ExactExpiry`: A message as old as the window is still valid, to the second.
pub static EXACT_EXPIRY: Rule = added(
    "supervisor/D-10",
    "ExactExpiry",
    "A message as old as the window is still valid, to the second.",
);

/// D-11 `LevelInvalid`: `invalid` as the level asked for is an invalid parameter.
pub static LEVEL_INVALID: Rule = added(
    "supervisor/D-11",
    "LevelInvalid",
    "`invalid` as the level asked for is an invalid parameter.",
);

/// D-12 `MalformedListCode`: A malformed list is an invalid parameter, told with the place of the
/// entry.
pub static MALFORMED_LIST_CODE: Rule = added(
    "supervisor/D-12",
    "MalformedListCode",
    "A malformed list is an invalid parameter, told with the place of the entry.",
);

/// D-13 `Unsatisfiable`: A block is indexed whatever its executing events say; what cannot be true
/// is satisfied by nothing.
pub static UNSATISFIABLE: Rule = added(
    "supervisor/D-13",
    "Unsatisfiable",
    "A block is indexed whatever its executing events say; what cannot be true is satisfied by \
     nothing.",
);

/// D-14 `FinalContradiction`: Only cross-safe data, or the local-safe block after it, condemns a
/// message.
pub static FINAL_CONTRADICTION: Rule = added(
    "supervisor/D-14",
    "FinalContradiction",
    "Only cross-safe data, or the local-safe block after it, condemns a message.",
);

/// D-15 `SnapshotPasses`: All chains are judged on one state before anything is changed by it.
pub static SNAPSHOT_PASSES: Rule = added(
    "supervisor/D-15",
    "SnapshotPasses",
    "All chains are judged on one state before anything is changed by it.",
);

/// D-16 `LoweredHeads`: Where unsafe blocks are dropped, the cross-unsafe heads of all chains at
/// that time or later fall back and are verified again.
pub static LOWERED_HEADS: Rule = added(
    "supervisor/D-16",
    "LoweredHeads",
    "Where unsafe blocks are dropped, the cross-unsafe heads of all chains at that time or later \
     fall back and are verified again.",
);

/// D-17 `DoomedDependency`: A block whose dependency is invalid waits for the replacement, and is
/// judged then.
pub static DOOMED_DEPENDENCY: Rule = added(
    "supervisor/D-17",
    "DoomedDependency",
    "A block whose dependency is invalid waits for the replacement, and is judged then.",
);

/// D-18 `LogsGiveWay`: Where the log index disagrees with a derived block, it is mended, and
/// judging waits.
pub static LOGS_GIVE_WAY: Rule = added(
    "supervisor/D-18",
    "LogsGiveWay",
    "Where the log index disagrees with a derived block, it is mended, and judging waits.",
);

/// D-19 `CycleMembers`: Of a cycle only the members are invalid.
pub static CYCLE_MEMBERS: Rule =
    added("supervisor/D-19", "CycleMembers", "Of a cycle only the members are invalid.");

/// D-20 `LocalSafeDerived`: What was derived from a layer-one block is told of the local-safe
/// index.
pub static LOCAL_SAFE_DERIVED: Rule = added(
    "supervisor/D-20",
    "LocalSafeDerived",
    "What was derived from a layer-one block is told of the local-safe index.",
);

/// D-21 `NoParent`: The parent of the first layer-one block indexed is told as zero.
pub static NO_PARENT: Rule = added(
    "supervisor/D-21",
    "NoParent",
    "The parent of the first layer-one block indexed is told as zero.",
);

/// D-22 `UnknownFinality`: Finality that is not known yet is future data.
pub static UNKNOWN_FINALITY: Rule =
    added("supervisor/D-22", "UnknownFinality", "Finality that is not known yet is future data.");

/// D-23 `NamedParams`: Parameters are read by name too, those of the specification.
pub static NAMED_PARAMS: Rule = added(
    "supervisor/D-23",
    "NamedParams",
    "Parameters are read by name too, those of the specification.",
);

/// D-24 `NoDifferentials`: Members told twice and text behind the end are refused.
pub static NO_DIFFERENTIALS: Rule = added(
    "supervisor/D-24",
    "NoDifferentials",
    "Members told twice and text behind the end are refused.",
);

/// D-25 `Failsafe`: While the failsafe is on, every access list is rejected.
pub static FAILSAFE: Rule = added(
    "supervisor/D-25",
    "Failsafe",
    "While the failsafe is on, every access list is rejected.",
);

/// D-26 `EmptyList`: An empty list is valid, with parameters that are.
pub static EMPTY_LIST: Rule =
    added("supervisor/D-26", "EmptyList", "An empty list is valid, with parameters that are.");

/// D-27 `EqualTimestamps`: Consecutive blocks of a chain may have one timestamp; a block cannot
/// depend on two of them at its own time.
pub static EQUAL_TIMESTAMPS: Rule = added(
    "supervisor/D-27",
    "EqualTimestamps",
    "Consecutive blocks of a chain may have one timestamp; a block cannot depend on two of them \
     at its own time.",
);

/// D-28 `FinalizedInReset`: A reset tells the anchor where finality is not known.
pub static FINALIZED_IN_RESET: Rule = added(
    "supervisor/D-28",
    "FinalizedInReset",
    "A reset tells the anchor where finality is not known.",
);

/// D-29 `OneEncoding`: A super root whose chains are not in order, or there twice, is refused.
pub static ONE_ENCODING: Rule = added(
    "supervisor/D-29",
    "OneEncoding",
    "A super root whose chains are not in order, or there twice, is refused.",
);

/// D-30 `OneSnapshot`: A batch is answered on one state, in order.
pub static ONE_SNAPSHOT: Rule =
    added("supervisor/D-30", "OneSnapshot", "A batch is answered on one state, in order.");

/// D-31 `OneScopeCode`: What is out of scope is -32102; -32118 stays inside.
pub static ONE_SCOPE_CODE: Rule = added(
    "supervisor/D-31",
    "OneScopeCode",
    "What is out of scope is -32102; -32118 stays inside.",
);

/// D-32 `UnsupportedMethods`: An unknown method is not found, a known one that is switched off is
/// not supported; -32001 is never sent.
pub static UNSUPPORTED_METHODS: Rule = added(
    "supervisor/D-32",
    "UnsupportedMethods",
    "An unknown method is not found, a known one that is switched off is not supported; -32001 is \
     never sent.",
);

/// D-33 `ProfileCodes`: The specification's form has its five-digit codes, the deployed one those
/// of six digits.
pub static PROFILE_CODES: Rule = added(
    "supervisor/D-33",
    "ProfileCodes",
    "The specification's form has its five-digit codes, the deployed one those of six digits.",
);

/// D-34 `InvalidParams`: Parameters that cannot be used are -32602; -32000 is understood and never
/// sent.
pub static INVALID_PARAMS: Rule = added(
    "supervisor/D-34",
    "InvalidParams",
    "Parameters that cannot be used are -32602; -32000 is understood and never sent.",
);
