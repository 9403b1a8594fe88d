//! A fetch policy of one's own in the simulated network of recipe 1: whoever offers first serves
//! all. It is compared with the policy of the library.
//!
//! `cargo run --release -p nodewire-adapter --example own_policy`
use nodewire::codec::leios::TxReference;
use nodewire::sim::End;
use nodewire::state::leios::{
    ClientCommand, ClientNotice, Fetch, FetchCommand, FetchNotice, FetchQuery, WantedTx,
};
use nodewire::{Machine, Out, Refusal, Time};
use nodewire_adapter::sim::{Settings, recipes::sources::pull, set};

/// The announced size, whom it asks, and how many transactions are missing.
#[derive(Default)]
struct FirstComer(u32, Option<End>, usize);

impl Machine for FirstComer {
    type Local = FetchCommand<End>;
    type Remote = (End, ClientNotice);
    type Send = (End, ClientCommand);
    type Notice = FetchNotice<End>;
    type Query = FetchQuery;
    #[rustfmt::skip]
    fn handle_local(&mut self, _: Time, _: Self::Local, _: &mut Out<Self>)
        -> Result<(), Refusal<Self::Local>> { Ok(()) }
    fn handle_timeout(&mut self, _: Time, _: &mut Out<Self>) {}
    #[rustfmt::skip]
    fn deadline(&self) -> Option<Time> { None }
    fn handle_remote(&mut self, _: Time, (end, notice): Self::Remote, out: &mut Out<Self>) {
        match notice {
            ClientNotice::Announced(news) => self.0 = news.eb_size,
            ClientNotice::TxsOffered(point) if self.1.is_none() => {
                self.1 = Some(end);
                out.send((end, ClientCommand::RequestBlock { point, size: self.0 }));
            }
            ClientNotice::Block { point, block } => {
                let wanted = |(index, TxReference { hash, size })| WantedTx { index, hash, size };
                let txs: Vec<_> = (0..).zip(block.references()).map(wanted).collect();
                self.2 = txs.len();
                out.send((end, ClientCommand::RequestTxs { point, txs }));
            }
            ClientNotice::Txs { point, txs } => {
                self.2 -= txs.len();
                if self.2 == 0 {
                    out.notify(FetchNotice::ClosureComplete(point));
                }
            }
            _ => {}
        }
    }
}

pub fn main() {
    let small = set(&Settings::default(), ["sources.closure=1200000", "sources.txs=150"]).unwrap();
    let (own, _) = pull(&small, None, None, FirstComer::default()).unwrap();
    let (fetch, _) = pull(&small, None, None, Fetch::new(small.fetch.clone())).unwrap();
    println!("own policy {:?}, library's {:?}", own.took, fetch.took);
    assert!(own.took > 2 * fetch.took);
}
