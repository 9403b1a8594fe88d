//! To the head, and through reorganisations.

use std::time::Duration;

use nodewire::codec::supervisor::BlockId;
use nodewire_adapter::supervisor::el::{AnchorAt, Standing};
use tokio::time::sleep;

use crate::chains::{Chain, plain};
use crate::layer::{Server, Trouble};
use crate::world::{A, B, World, chains, grow, settings};

async fn two(blocks: u64) -> (Server, Server, World) {
    let (a, b) = chains(blocks);
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let world = World::follow(&[&a, &b]).await;
    (a, b, world)
}

fn heads(a: &Server, b: &Server) -> [nodewire::codec::supervisor::BlockRef; 2] {
    [a.head(), b.head()]
}

/// Local-unsafe and cross-unsafe of both chains, of one that saw nothing but these chains.
async fn undisturbed(a: &Server, b: &Server) -> [(Option<BlockId>, Option<BlockId>); 2] {
    let (a, b) = (a.script().chain.clone(), b.script().chain.clone());
    let [at_a, at_b] = [a.head(), b.head()];
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let world = World::follow(&[&a, &b]).await;
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    [world.heads(A).await, world.heads(B).await]
}

#[tokio::test]
async fn it_follows_to_the_head_and_on() {
    let (a, b, world) = two(60).await;
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    for _ in 0..5 {
        for _ in 0..3 {
            grow(&mut a.script().chain, &mut b.script().chain, "a");
        }
        let [at_a, at_b] = heads(&a, &b);
        world.reaches(A, at_a).await;
        world.reaches(B, at_b).await;
    }
    assert_eq!(world.seen(0).standing, Standing::Following);
    assert_eq!(world.seen(0).faults, [0; 7]);
    assert_eq!(world.seen(1).faults, [0; 7]);
    // Its heads known, it looks at three tags an interval and at nothing else.
    let before = a.script().asked["eth_getBlockReceipts"];
    sleep(Duration::from_millis(200)).await;
    assert_eq!(a.script().asked["eth_getBlockReceipts"], before);
    assert_eq!(before, 75, "each block's receipts once");
}

#[tokio::test]
async fn a_chain_far_behind_is_caught_up_in_steps() {
    let (mut a, b) = chains(2);
    for _ in 0..400 {
        a.grow("long", vec![plain("x")]);
    }
    let (a, b) = (Server::start(a).await, Server::start(b).await);
    let mut settings = settings();
    settings.max_ahead = 16;
    settings.max_questions = 4;
    let world = World::start(&[&a, &b], AnchorAt::Finalized, settings).await;
    let head = a.head();
    world.reaches(A, head).await;
    // Three tags are asked for beside the questions.
    assert!(a.script().most_open <= 4 + 3, "{}", a.script().most_open);
}

#[tokio::test]
async fn a_reorganisation_of_several_blocks_at_once() {
    let (a, b, world) = two(30).await;
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    // B executes messages of A that are not there any more: it falls back, and waits.
    {
        let chain = &mut a.script().chain;
        chain.cut(72);
        for _ in 0..12 {
            chain.grow("b", vec![plain("another")]);
        }
    }
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    // B's block 93 executes a log of A's block 72; 94 one of 73.
    let last_good = b.script().chain.block(93).expect("a block").0;
    world.reaches_both(B, at_b, last_good).await;
    // Then B is reorganised as well, to fewer blocks than it had.
    {
        let chain = &mut b.script().chain;
        chain.cut(90);
        chain.grow("b", vec![plain("other")]);
    }
    let [_, at_b] = heads(&a, &b);
    world.reaches(B, at_b).await;
    assert_eq!(undisturbed(&a, &b).await, [world.heads(A).await, world.heads(B).await]);
}

fn other_branch(chain: &mut Chain) {
    chain.cut(chain.first + 12);
    for _ in 0..30 {
        chain.grow("meanwhile", vec![plain("other"), plain("logs")]);
    }
}

#[tokio::test]
async fn a_reorganisation_during_fetching() {
    let mut found = Vec::new();
    for (method, after) in [
        ("eth_getBlockByNumber", 6),
        ("eth_getBlockByNumber", 23),
        ("eth_getBlockReceipts", 3),
        ("eth_getBlockReceipts", 19),
    ] {
        let (a, b) = chains(40);
        let (a, b) = (Server::start(a).await, Server::start(b).await);
        // B's blocks execute nothing that is gone: only its own branch changes.
        b.later(method, after, 1, Trouble::Meanwhile(other_branch));
        let world = World::follow(&[&a, &b]).await;
        world.reaches(A, heads(&a, &b)[0]).await;
        let since = tokio::time::Instant::now();
        while b.head().number != 70 + 12 + 30 {
            assert!(since.elapsed() < Duration::from_secs(10), "{method} {after}");
            sleep(Duration::from_millis(5)).await;
        }
        world.reaches(B, heads(&a, &b)[1]).await;
        let at = [world.heads(A).await, world.heads(B).await];
        found.push((at, a, b));
    }
    let (_, a, b) = &found[0];
    let wanted = undisturbed(a, b).await;
    assert!(found.iter().all(|(at, ..)| *at == wanted));
}

#[tokio::test]
async fn reorganisations_again_and_again() {
    let (a, b, world) = two(10).await;
    for round in 0_u64..12 {
        let chain = &mut b.script().chain;
        let keep = chain.head().number - (round * 7) % 6;
        chain.cut(keep.max(72));
        for _ in 0..(round * 5) % 7 + 1 {
            chain.grow(&format!("branch {round}"), vec![plain("x")]);
        }
    }
    let mut round = 0;
    while round < 12 {
        sleep(Duration::from_millis(15)).await;
        let chain = &mut b.script().chain;
        let keep = chain.head().number - (round * 5) % 4;
        chain.cut(keep.max(72));
        for _ in 0..(round * 3) % 5 + 1 {
            chain.grow(&format!("again {round}"), vec![plain("x")]);
        }
        round += 1;
    }
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    assert_eq!(undisturbed(&a, &b).await, [world.heads(A).await, world.heads(B).await]);
}

#[tokio::test]
async fn a_server_that_falls_behind_takes_nothing_away() {
    let (a, b, world) = two(20).await;
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    let full = b.script().chain.clone();
    b.script().chain.cut(80);
    world.sees(1, |seen| seen.latest.is_some_and(|latest| latest.number == 80)).await;
    world.reaches(B, at_b).await;
    b.script().chain = full;
    grow(&mut a.script().chain, &mut b.script().chain, "a");
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
}

#[tokio::test]
async fn a_branch_without_what_was_final_is_not_followed() {
    let (a, b, world) = two(20).await;
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    b.script().finalized = Some(84);
    world.sees(1, |seen| seen.floor.is_some_and(|floor| floor.number == 84)).await;
    let good = b.script().chain.clone();
    {
        let mut script = b.script();
        script.chain.cut(80);
        for _ in 0..20 {
            script.chain.grow("wrong", vec![plain("x")]);
        }
    }
    world.sees(1, |seen| seen.standing == Standing::Refused).await;
    // Blocks it makes meanwhile change nothing, nor do those it calls final.
    b.script().finalized = Some(90);
    for _ in 0..5 {
        b.script().chain.grow("wrong", Vec::new());
        sleep(Duration::from_millis(30)).await;
    }
    assert_eq!(world.heads(B).await, (Some(at_b.id()), Some(at_b.id())));
    assert_eq!(world.seen(1).floor.map(|floor| floor.number), Some(84));
    // The other chain goes on.
    grow(&mut a.script().chain, &mut good.clone(), "a");
    world.reaches(A, heads(&a, &b)[0]).await;
    // And it goes on where it was as soon as the server is back.
    b.script().chain = good;
    b.script().finalized = Some(86);
    for _ in 0..3 {
        b.script().chain.grow("right", vec![plain("x")]);
    }
    world.reaches(B, heads(&a, &b)[1]).await;
    world.sees(1, |seen| seen.floor.is_some_and(|floor| floor.number == 86)).await;
}

#[tokio::test]
async fn a_lie_about_the_height_has_little_effect() {
    let (a, b, world) = two(20).await;
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    b.trouble(
        "eth_getBlockByNumber",
        usize::MAX,
        Trouble::Changed(|block| {
            if block["number"] == "0x5a" {
                block["number"] = "0x3fffffffffffffff".into();
            }
        }),
    );
    // Its tags say a height where no block is.
    world.sees(1, |seen| seen.faults[6] > 3).await;
    assert_eq!(world.heads(B).await.0, Some(at_b.id()));
    assert!(world.status(B).await.target <= at_b.number);
    b.heal();
    grow(&mut a.script().chain, &mut b.script().chain, "a");
    let [at_a, at_b] = heads(&a, &b);
    world.reaches(A, at_a).await;
    world.reaches(B, at_b).await;
    assert_eq!(world.status(B).await.target, at_b.number);
}
