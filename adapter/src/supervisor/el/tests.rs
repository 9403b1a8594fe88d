//! The pure part: what is read, what is refused, what is followed.

use std::time::Duration;

use nodewire::codec::supervisor::{
    Address, BlockId, BlockRef, Hash, HexBytes, HexUint64, Keccak256, OutputV0, RustCryptoKeccak256,
};
use serde_json::{Value, json};

use super::client::Tag;
use super::fault::Fault;
use super::follow::{Follower, Standing, Tags, goal};
use super::json::{Block, Receipt, Transaction, answer, request};
use super::pace::Pace;
use super::{deposit, receipts};

fn hash(label: &str) -> Hash {
    RustCryptoKeccak256::keccak256(&[label.as_bytes()])
}

fn block_json() -> Value {
    json!({
        "number": "0x10", "hash": hash("block"), "parentHash": hash("parent"),
        "timestamp": "0x67f04d55", "stateRoot": hash("state"), "withdrawalsRoot": hash("passer"),
        "transactions": [hash("tx 0"), hash("tx 1")], "gasLimit": "0x1", "uncles": [],
    })
}

fn block() -> Block {
    serde_json::from_value(block_json()).expect("a block")
}

fn receipts_json() -> Value {
    let log = |index: &str| {
        json!({
            "address": Address::CROSS_L2_INBOX, "topics": [hash("topic")], "data": "0x0102",
            "logIndex": index, "blockHash": hash("block"), "blockNumber": "0x10",
            "transactionIndex": "0x0", "removed": false,
        })
    };
    json!([
        {
            "blockHash": hash("block"), "transactionHash": hash("tx 0"), "transactionIndex": "0x0",
            "logs": [log("0x0"), log("0x1")], "status": "0x1",
        },
        {
            "blockHash": hash("block"), "transactionHash": hash("tx 1"), "transactionIndex": "0x1",
            "logs": [log("0x2")], "depositNonce": "0x7",
        },
    ])
}

fn logs_of(receipts: Value) -> Result<usize, Fault> {
    let receipts: Vec<Receipt> = serde_json::from_value(receipts).expect("receipts");
    receipts::logs(&block(), receipts).map(|logs| logs.len())
}

#[test]
fn requests_have_the_form_of_the_standard() {
    let text = request(7, "eth_getBlockByNumber", (Tag::Number(HexUint64(16)), false));
    let text = String::from_utf8(text).expect("text");
    let wanted =
        r#"{"jsonrpc":"2.0","id":7,"method":"eth_getBlockByNumber","params":["0x10",false]}"#;
    assert_eq!(text, wanted);
    let text = request(8, "eth_getBlockByNumber", (Tag::Finalized, false));
    assert!(String::from_utf8(text).expect("text").contains(r#""params":["finalized",false]"#));
    let text = request(9, "eth_chainId", [(); 0]);
    assert!(String::from_utf8(text).expect("text").contains(r#""params":[]"#));
}

#[test]
fn answers_are_results_errors_or_garbage() {
    let read = |text: &str| answer::<HexUint64>(7, text.as_bytes());
    assert_eq!(read(r#"{"jsonrpc":"2.0","id":7,"result":"0x1f"}"#), Ok(Some(HexUint64(31))));
    assert_eq!(read(r#"{"id":7,"result":null,"more":[1]}"#), Ok(None));
    let refused = r#"{"id":7,"error":{"code":-32601,"message":"no","data":{}}}"#;
    assert_eq!(read(refused), Err(Fault::Refused { code: -32601 }));
    // Servers that could not read the request name no id.
    let unread = r#"{"id":null,"error":{"code":-32700,"message":"no"}}"#;
    assert_eq!(read(unread), Err(Fault::Refused { code: -32700 }));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        "",
        "null",
        "<html>",
        r#"{"id":7}"#,
        r#"{"id":8,"result":"0x1"}"#,
        r#"{"id":"7","result":"0x1"}"#,
        r#"{"id":7.5,"result":"0x1"}"#,
        r#"{"result":"0x1"}"#,
        r#"{"id":7,"result":"0x1"}}"#,
        r#"{"id":7,"result":"0x1","result":"0x2"}"#,
        r#"{"id":7,"result":1}"#,
        r#"{"id":7,"result":"1"}"#,
        r#"{"id":7,"result":"0x"}"#,
        r#"{"id":7,"result":"0x11111111111111111"}"#,
        r#"{"id":7,"error":{"message":"no code"}}"#,
        r#"[{"id":7,"result":"0x1"}]"#,
        "{\"id\":7,\"result\":\"\u{0}\"}",
        &deep,
    ] {
        assert!(matches!(read(text), Err(Fault::Garbage(_))), "{}", text.get(..60).unwrap_or(text));
    }
    assert!(matches!(answer::<HexUint64>(7, b"\"\xff\""), Err(Fault::Garbage(_))));
}

#[test]
fn what_is_wrong_with_an_answer_is_told_without_its_text() {
    let long = format!(r#"{{"id":7,"result":"{}"}}"#, "z".repeat(1_000_000));
    let Err(Fault::Garbage(why)) = answer::<HexUint64>(7, long.as_bytes()) else { panic!() };
    assert!(why.len() <= 480 && !why.contains("zzz"), "{why}");
}

#[test]
fn a_block_needs_every_member_that_counts() {
    assert_eq!(block().id(), BlockId::new(hash("block"), 16));
    assert_eq!(block().transactions().len(), 2);
    for member in ["number", "hash", "parentHash", "timestamp", "stateRoot", "transactions"] {
        for value in [None, Some(Value::Null), Some(json!(16)), Some(json!("0xzz"))] {
            let mut wrong = block_json();
            match value {
                None => drop(wrong.as_object_mut().expect("an object").remove(member)),
                Some(value) => wrong[member] = value,
            }
            assert!(serde_json::from_value::<Block>(wrong.clone()).is_err(), "{member}: {wrong}");
        }
    }
    // Before Canyon there was no such root.
    let mut old = block_json();
    old.as_object_mut().expect("an object").remove("withdrawalsRoot");
    let old: Block = serde_json::from_value(old).expect("a block");
    assert_eq!(old.roots(), (hash("state"), None));
}

#[test]
fn receipts_are_of_the_block_all_there_and_in_order() {
    assert_eq!(logs_of(receipts_json()), Ok(3));
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut receipts = receipts_json();
        change(&mut receipts);
        let Err(Fault::Wrong(why)) = logs_of(receipts) else { panic!("taken") };
        why
    };
    let few = wrong(&|it| drop(it.as_array_mut().expect("a list").pop()));
    assert_eq!(few, "another number of receipts than of transactions");
    let turned = wrong(&|it| it.as_array_mut().expect("a list").reverse());
    assert_eq!(turned, "a receipt of another transaction");
    let elsewhere = wrong(&|it| it[1]["blockHash"] = json!(hash("other")));
    assert_eq!(elsewhere, "a receipt of another block");
    let renamed = wrong(&|it| it[1]["transactionHash"] = json!(hash("other")));
    assert_eq!(renamed, "a receipt of another transaction");
    let shifted = wrong(&|it| it[1]["transactionIndex"] = json!("0x2"));
    assert_eq!(shifted, "a receipt of another transaction");
    let gap = wrong(&|it| it[1]["logs"][0]["logIndex"] = json!("0x3"));
    assert_eq!(gap, "a gap in the positions of logs");
    // Positions within the transaction, as some old servers counted.
    let local = wrong(&|it| it[1]["logs"][0]["logIndex"] = json!("0x0"));
    assert_eq!(local, "a gap in the positions of logs");
    let lost = wrong(&|it| drop(it[0]["logs"].as_array_mut().expect("a list").remove(0)));
    assert_eq!(lost, "a gap in the positions of logs");
    let stray = wrong(&|it| it[0]["logs"][1]["blockHash"] = json!(hash("other")));
    assert_eq!(stray, "a log of another block");
    let removed = wrong(&|it| it[0]["logs"][1]["removed"] = json!(true));
    assert_eq!(removed, "a log of another block");
    let topics = wrong(&|it| it[0]["logs"][1]["topics"] = json!(vec![hash("a"); 5]));
    assert_eq!(topics, "a log of too many topics");
}

fn attributes(input: &[u8]) -> Transaction {
    serde_json::from_value(json!({
        "type": "0x7e", "from": "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
        "to": "0x4200000000000000000000000000000000000015", "transactionIndex": "0x0",
        "blockHash": hash("block"), "input": HexBytes(input.to_vec().into()), "nonce": "0x0",
    }))
    .expect("a transaction")
}

fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = hash(signature).0;
    [a, b, c, d]
}

/// Number 300, time 0x67f04d00.
fn packed(signature: &str, after: usize) -> Vec<u8> {
    let mut input = selector(signature).to_vec();
    input.extend([0; 8]);
    input.extend(5_u64.to_be_bytes());
    input.extend(0x67f0_4d00_u64.to_be_bytes());
    input.extend(300_u64.to_be_bytes());
    input.extend([0xaa; 64]);
    input.extend(hash("origin").0);
    input.extend(vec![0xbb; 32 + after]);
    input
}

fn words() -> Vec<u8> {
    let signature =
        "setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256)";
    let mut input = selector(signature).to_vec();
    for number in [300_u64, 0x67f0_4d00] {
        input.extend([0; 24]);
        input.extend(number.to_be_bytes());
    }
    input.extend([0xaa; 32]);
    input.extend(hash("origin").0);
    input.extend([0; 128]);
    input
}

#[test]
fn the_layer_one_origin_is_read_from_every_form_of_attributes() {
    let origin = BlockRef {
        hash: hash("origin"),
        number: 300,
        parent_hash: Hash::ZERO,
        timestamp: 0x67f0_4d00,
    };
    for input in [
        words(),
        packed("setL1BlockValuesEcotone()", 0),
        packed("setL1BlockValuesIsthmus()", 12),
        packed("setL1BlockValuesInterop()", 0),
        packed("setL1BlockValuesJovian()", 14),
    ] {
        assert_eq!(deposit::origin(&block(), &attributes(&input)), Ok(origin));
    }
}

#[test]
fn a_first_transaction_that_tells_no_origin_is_refused() {
    let good = packed("setL1BlockValuesIsthmus()", 12);
    let wrong = |transaction: &Transaction| {
        let Err(Fault::Wrong(why)) = deposit::origin(&block(), transaction) else {
            panic!("taken")
        };
        why
    };
    let changed = |change: &dyn Fn(&mut Transaction)| {
        let mut transaction = attributes(&good);
        change(&mut transaction);
        wrong(&transaction)
    };
    let none = "a first transaction that tells no layer-one block";
    assert_eq!(changed(&|it| it.kind = HexUint64(2)), none);
    assert_eq!(changed(&|it| it.from = Address([1; 20])), none);
    assert_eq!(changed(&|it| it.to = None), none);
    assert_eq!(changed(&|it| it.to = Some(Address::default())), none);
    let elsewhere = "a transaction of another place";
    assert_eq!(changed(&|it| it.block_hash = hash("other")), elsewhere);
    assert_eq!(changed(&|it| it.transaction_index = HexUint64(1)), elsewhere);
    let form = "layer-one attributes in a form that is not known";
    assert_eq!(wrong(&attributes(&packed("setL1BlockValuesOfTomorrow()", 12))), form);
    for input in [words(), good.clone()] {
        for cut in 0..132 {
            assert_eq!(wrong(&attributes(&input[..cut])), form, "{cut}");
        }
        assert!(deposit::origin(&block(), &attributes(&input[..132])).is_ok());
    }
    let mut huge = words();
    huge[4] = 1;
    assert_eq!(wrong(&attributes(&huge)), form);
    let mut later = good.clone();
    later[20] = 1;
    assert_eq!(wrong(&attributes(&later)), "a layer-one origin of a later time");
}

#[test]
fn a_replacement_carries_the_output_of_what_it_replaced() {
    let output = OutputV0 {
        state_root: hash("state"),
        message_passer_storage_root: hash("passer"),
        block_hash: hash("replaced"),
    };
    let mut marker = attributes(&output.preimage());
    assert_eq!(deposit::replaced_output(&marker), None);
    marker.from = Address::parse("0xdeaddeaddeaddeaddeaddeaddeaddeaddead0002").expect("an address");
    assert_eq!(deposit::replaced_output(&marker), None);
    marker.to = Some(Address::default());
    assert_eq!(deposit::replaced_output(&marker), Some(output));
    marker.input = HexBytes(vec![0; 127].into());
    assert_eq!(deposit::replaced_output(&marker), None);
}

fn of(branch: &str, number: u64) -> BlockRef {
    let named = |number: u64| hash(&format!("{branch} {number}"));
    BlockRef {
        hash: named(number),
        number,
        parent_hash: named(number.wrapping_sub(1)),
        timestamp: number * 2,
    }
}

fn tags(latest: BlockRef, finalized: Option<BlockRef>) -> Tags {
    Tags { latest, safe: None, finalized: finalized.map(|block| block.id()) }
}

#[test]
fn a_server_is_followed_while_it_keeps_what_was_final() {
    let mut follower = Follower::default();
    let first = tags(of("a", 10), Some(of("a", 4)));
    assert_eq!(follower.doubt(&first), None);
    assert_eq!(follower.judge(&first, None, Some(of("a", 4).id())), Standing::Following);
    assert_eq!(follower.floor(), Some(of("a", 4).id()));
    // It grew by one: nothing to look at.
    let grown = tags(of("a", 11), Some(of("a", 4)));
    assert_eq!(follower.doubt(&grown), None);
    assert_eq!(follower.judge(&grown, None, None), Standing::Following);
    // Two at once, or what is final rises: the old floor has to be there.
    let risen = tags(of("a", 12), Some(of("a", 6)));
    assert_eq!((follower.doubt(&risen), follower.rising(&risen)), (Some(4), Some(6)));
    // What it called final is gone before the floor was looked at: it was of another branch.
    let (at_floor, at_rising) = (Some(of("a", 4).id()), Some(of("a", 6).id()));
    let torn = tags(of("b", 12), Some(of("a", 6)));
    assert_eq!(follower.judge(&torn, at_floor, Some(of("b", 6).id())), Standing::Following);
    assert_eq!(follower.floor(), Some(of("a", 4).id()));
    assert_eq!(follower.judge(&risen, at_floor, at_rising), Standing::Following);
    assert_eq!(follower.floor(), Some(of("a", 6).id()));
    // A reorganisation above what is final.
    let other = tags(of("b", 12), Some(of("a", 6)));
    assert_eq!(follower.judge(&other, at_rising, None), Standing::Following);
    // One below it.
    let below = tags(of("c", 14), Some(of("c", 5)));
    assert_eq!(follower.doubt(&below), Some(6));
    assert_eq!(follower.judge(&below, Some(of("c", 6).id()), None), Standing::Refused);
    // It is looked at again until it is back.
    let grown = tags(of("c", 15), Some(of("c", 5)));
    assert_eq!(follower.doubt(&grown), Some(6));
    assert_eq!(follower.judge(&grown, None, None), Standing::Behind);
    assert_eq!(follower.judge(&grown, Some(of("c", 6).id()), None), Standing::Refused);
    assert_eq!(follower.floor(), Some(of("a", 6).id()));
    let back = tags(of("b", 13), Some(of("a", 6)));
    assert_eq!(follower.judge(&back, at_rising, None), Standing::Following);
}

#[test]
fn a_server_that_is_behind_or_contradicts_itself_changes_nothing() {
    let mut follower = Follower::default();
    follower.raise(of("a", 6).id());
    follower.raise(of("b", 5).id());
    assert_eq!(follower.floor(), Some(of("a", 6).id()));
    assert_eq!(follower.judge(&tags(of("a", 5), None), None, None), Standing::Behind);
    assert_eq!(follower.judge(&tags(of("a", 6), None), None, None), Standing::Following);
    assert_eq!(follower.judge(&tags(of("b", 6), None), None, None), Standing::Refused);
    let tag = tags(of("a", 9), Some(of("b", 6)));
    assert_eq!(follower.judge(&tag, Some(of("a", 6).id()), None), Standing::Refused);
    // Something final above the newest is of another moment.
    let early = tags(of("a", 9), Some(of("a", 20)));
    assert_eq!(follower.rising(&early), None);
    assert_eq!(follower.judge(&early, Some(of("a", 6).id()), None), Standing::Following);
    assert_eq!(follower.floor(), Some(of("a", 6).id()));
}

#[test]
fn what_is_told_is_near_what_is_indexed() {
    assert_eq!(goal(100, 90, 64), 100);
    assert_eq!(goal(1_000, 90, 64), 154);
    assert_eq!(goal(80, 90, 64), 80);
    assert_eq!(goal(u64::MAX, u64::MAX - 1, 64), u64::MAX);
}

#[test]
fn waits_double_while_it_fails() {
    let second = Duration::from_secs(1);
    let mut pace = Pace::new(second * 3, second, second * 60);
    assert_eq!(pace.wait(), second * 3);
    let mut waits = Vec::new();
    for _ in 0..8 {
        pace.failed();
        waits.push(pace.wait().as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    for _ in 0..100 {
        pace.failed();
    }
    assert_eq!(pace.wait(), second * 60);
    pace.succeeded();
    assert_eq!(pace.wait(), second * 3);
}
