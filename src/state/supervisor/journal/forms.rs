//! The forms of what goes into the machine.

use alloc::boxed::Box;

use crate::ask::AskId;
use crate::codec::Malformed;
use crate::codec::cbor::{Reader, Sink};
use crate::codec::supervisor::journal::form::{Form, fields, unknown, wrapped};
use crate::machine::Input;
use crate::state::supervisor::{
    CallId, Entry, ExecutingLog, NodeId, Outputs, RpcText, Slot, SuperRootPart, SupervisorAnswer,
    SupervisorCommand, SupervisorRemote,
};
use crate::time::Time;

wrapped!(CallId);
wrapped!(NodeId);
wrapped!(Slot);
fields!(RpcText { call, text });
fields!(Outputs { canonical, pending });
fields!(Entry { source, derived, invalidated });
fields!(SuperRootPart { slot, block, source });
fields!(ExecutingLog { position, chain, block_number, timestamp, log_index, checksum });

impl Form for Time {
    fn write<S: Sink>(&self, to: &mut S) {
        to.uint(self.as_micros());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.u64().map(Self::from_micros)
    }
}

impl Form for AskId {
    fn write<S: Sink>(&self, to: &mut S) {
        to.uint(self.as_u64());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.u64().map(Self::from_u64)
    }
}

type SupervisorInput = Input<SupervisorCommand, SupervisorRemote>;

impl Form for SupervisorInput {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Self::Timeout => {
                to.array(1);
                to.uint(0);
            }
            Self::Local(command) => {
                to.array(2);
                to.uint(1);
                command.write(to);
            }
            Self::Remote(remote) => {
                to.array(2);
                to.uint(2);
                remote.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| [1, 2, 2].get(usize::try_from(tag).ok()?).copied())? {
            0 => Ok(Self::Timeout),
            1 => Form::read(from).map(Self::Local),
            2 => Form::read(from).map(Self::Remote),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for SupervisorCommand {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Self::Anchor { chain_id, anchor } => {
                to.array(3);
                to.uint(0);
                chain_id.write(to);
                anchor.write(to);
            }
            Self::Answer(id, answer) => {
                to.array(3);
                to.uint(1);
                id.write(to);
                answer.write(to);
            }
            Self::Rewind { chain_id, head } => {
                to.array(3);
                to.uint(2);
                chain_id.write(to);
                head.write(to);
            }
            Self::Failsafe(on) => {
                to.array(2);
                to.uint(3);
                on.write(to);
            }
            Self::Abandon(call) => {
                to.array(2);
                to.uint(4);
                call.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| [3, 3, 3, 2, 2].get(usize::try_from(tag).ok()?).copied())? {
            0 => Ok(Self::Anchor { chain_id: Form::read(from)?, anchor: Form::read(from)? }),
            1 => Ok(Self::Answer(Form::read(from)?, Form::read(from)?)),
            2 => Ok(Self::Rewind { chain_id: Form::read(from)?, head: Form::read(from)? }),
            3 => Form::read(from).map(Self::Failsafe),
            4 => Form::read(from).map(Self::Abandon),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for SupervisorAnswer {
    fn write<S: Sink>(&self, to: &mut S) {
        to.array(2);
        match self {
            Self::Block(block) => {
                to.uint(0);
                block.write(to);
            }
            Self::Logs(logs) => {
                to.uint(1);
                logs.write(to);
            }
            Self::NodeBlock(block) => {
                to.uint(2);
                block.write(to);
            }
            Self::Outputs(outputs) => {
                to.uint(3);
                outputs.write(to);
            }
            Self::L1(block) => {
                to.uint(4);
                block.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| (tag < 5).then_some(2))? {
            0 => Form::read(from).map(Self::Block),
            1 => Form::read(from).map(Self::Logs),
            2 => Form::read(from).map(Self::NodeBlock),
            3 => Form::read(from).map(Self::Outputs),
            4 => Form::read(from).map(Self::L1),
            _ => Err(unknown(at)),
        }
    }
}

impl Form for SupervisorRemote {
    fn write<S: Sink>(&self, to: &mut S) {
        match self {
            Self::Rpc(text) => {
                to.array(2);
                to.uint(0);
                text.write(to);
            }
            Self::Node { chain_id, node, event } => {
                to.array(4);
                to.uint(1);
                chain_id.write(to);
                node.write(to);
                event.write(to);
            }
            Self::NodeUp { chain_id, node } => {
                to.array(3);
                to.uint(2);
                chain_id.write(to);
                node.write(to);
            }
            Self::NodeDown { chain_id, node } => {
                to.array(3);
                to.uint(3);
                chain_id.write(to);
                node.write(to);
            }
            Self::L1Tip(block) => {
                to.array(2);
                to.uint(4);
                block.write(to);
            }
            Self::L1Finalized(block) => {
                to.array(2);
                to.uint(5);
                block.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = from.at();
        match from.variant(|tag| [2, 4, 3, 3, 2, 2].get(usize::try_from(tag).ok()?).copied())? {
            0 => Form::read(from).map(Self::Rpc),
            1 => {
                let (chain_id, node) = (Form::read(from)?, Form::read(from)?);
                Ok(Self::Node { chain_id, node, event: Box::read(from)? })
            }
            2 => Ok(Self::NodeUp { chain_id: Form::read(from)?, node: Form::read(from)? }),
            3 => Ok(Self::NodeDown { chain_id: Form::read(from)?, node: Form::read(from)? }),
            4 => Form::read(from).map(Self::L1Tip),
            5 => Form::read(from).map(Self::L1Finalized),
            _ => Err(unknown(at)),
        }
    }
}
