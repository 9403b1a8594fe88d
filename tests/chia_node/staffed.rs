//! A node whose questions are answered is the node that it is alone.

use nodewire::chia::NodeRemote;
use nodewire::codec::chia::messages::RequestBlock;
use nodewire::codec::chia::{HeaderHash, NodeType};
use nodewire::link::Transport;
use nodewire::sim::chia::{Nobody, Staffed};
use nodewire::state::chia::{ConnectionId, Opened};
use nodewire::{Machine, Outbox};

use crate::given::{Played, Tell, frame, peer};

#[test]
fn it_holds_back_whom_the_node_does() {
    let mut node = Played::new(1);
    for number in [0, 1] {
        let byte = 5 + u8::try_from(number).unwrap();
        node.establish(Opened::inbound(ConnectionId(number), None), peer(byte, NodeType::FullNode));
    }
    node.tell(Tell::Busy(0, true));
    let mut staffed = Staffed::new(node.node, Nobody);
    let many =
        (0..100).flat_map(|byte| frame(RequestBlock { header_hash: HeaderHash([byte; 32]) }));
    let transport = Transport::Received(many.collect());
    let remote = NodeRemote { connection: ConnectionId(0), transport };
    staffed.handle_remote(node.now, remote, &mut Outbox::new());
    assert!(staffed.holds_back(ConnectionId(0)) && !staffed.holds_back(ConnectionId(1)));
}
