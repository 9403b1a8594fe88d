//! The client of the pair: the downstream node that asks (`leios.md` section 12).

mod input;

pub use input::{
    Announcement, ClientCommand, ClientNotice, ClientQuery, ClientRemote, PairMessage, Unit,
    Verdict, WantedTx,
};
