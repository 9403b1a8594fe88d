//! Who leaves: calls that were given up, and sources that are gone.

use nodewire::state::supervisor::SupervisorCommand;
use tracing::debug;

use super::{Host, SourceId, Ticket, nothing};

impl Host {
    /// Gives up the text of somebody who does not wait any more.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        let Some(call) = self.routes.left(ticket) else { return };
        self.counts.abandoned += 1;
        if let Err(why) = self.command(SupervisorCommand::Abandon(call)) {
            debug!(%why, "a text is not given up before its deadline");
        }
    }

    pub(super) fn detach(&mut self, id: SourceId) {
        let (gone, unknown) = self.routes.detach(id);
        for input in gone {
            self.hear(input);
        }
        for (id, query) in unknown {
            // A question that is not open any more needs no answer.
            let _ = self.command(SupervisorCommand::Answer(id, Box::new(nothing(&query))));
        }
    }
}
