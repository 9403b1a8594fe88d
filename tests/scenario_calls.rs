//! Scenarios of texts, played against servers of which nothing but their texts is seen.

#![cfg(all(feature = "sim", feature = "supervisor"))]

use std::fs;
use std::path::Path;

use nodewire::codec::supervisor::{ChainId, Profile};
use nodewire::sim::scenario::supervisor::{Endpoint, play};
use nodewire::sim::scenario::{Outcome, Scenario, Step, Stop, run};
use nodewire::state::supervisor::{
    CallId, ChainConfig, Config, ExpiryWindow, Limits, RpcText, Supervisor, SupervisorMessage,
    SupervisorRemote,
};
use nodewire::{Action, Machine, Outbox, Time};
use serde_json::{Value, json};

/// Our Supervisor, just started, as a server that is known by its texts.
struct Ours {
    machine: Supervisor,
    chain: ChainId,
    /// Its codes are made as coarse as those of others.
    coarse: bool,
}

impl Ours {
    fn new(chains: &[u64], profile: Profile) -> Self {
        let ids = chains.iter().map(|id| ChainId::from(*id));
        let chains = ids.map(|id| (id, ChainConfig { activation: 0, block_time: 1 }));
        let mut config = Config::new(chains.collect(), ExpiryWindow::EXPIRY_CURRENT);
        config.profile = profile;
        let chain = *config.chains.keys().next_back().expect("a chain");
        let machine = Supervisor::new(config, Limits::default()).expect("few chains");
        Self { machine, chain, coarse: false }
    }
}

impl Endpoint for Ours {
    fn call(&mut self, text: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        let mut out = Outbox::new();
        let text = RpcText { call: CallId(7), text: text.to_vec().into() };
        self.machine.handle_remote(Time::ZERO, SupervisorRemote::Rpc(text), &mut out);
        match out.pop() {
            Some(Action::Send(SupervisorMessage::Reply(reply))) => {
                let text = reply.text.map(|text| text.to_vec());
                Ok(text.map(|text| if self.coarse { coarse(&text) } else { text }))
            }
            other => Err(Stop::Failed(format!("{other:?}"))),
        }
    }

    fn chain(&self) -> ChainId {
        self.chain
    }
}

/// Codes of this API and those of unusable parameters as -32000, as in servers of its time.
fn coarse(text: &[u8]) -> Vec<u8> {
    let mut reply: Value = serde_json::from_slice(text).expect("JSON");
    if let Some(error) = reply.pointer_mut("/error") {
        let code = error["code"].as_i64().expect("a code");
        if code <= -32_602 && code != -32_700 || (-32_199..=-32_100).contains(&code) {
            *error = json!({ "code": -32_000, "message": "something" });
        }
    }
    reply.to_string().into_bytes()
}

/// Replies with the same to everything.
struct Parrot(Option<&'static str>);

impl Endpoint for Parrot {
    fn call(&mut self, _: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        Ok(self.0.map(|text| text.as_bytes().to_vec()))
    }

    fn chain(&self) -> ChainId {
        ChainId::from(1)
    }
}

fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/supervisor");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<Scenario> =
        files.map(|path| fs::read_to_string(path).unwrap().parse().unwrap()).collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn on_the_wire() -> Vec<Scenario> {
    let mut all = scenarios();
    all.retain(|scenario| scenario.wire);
    assert!(all.len() >= 20, "{}", all.len());
    all
}

#[test]
fn what_is_for_a_wire_needs_nothing_but_calls() {
    for scenario in on_the_wire() {
        let name = &scenario.name;
        assert!(scenario.config.is_empty() && !scenario.manual, "{name}");
        assert_eq!(scenario.under_test, "supervisor", "{name}");
        for step in &scenario.steps {
            let Step::Call(call) = step else { panic!("{name}: {step:?}") };
            assert!(call.gives.is_some(), "{name}");
        }
        let made = |entry: &Value| entry.get("message").is_some();
        assert!(scenario.content.values().all(made), "{name}: there are no chains yet");
    }
}

#[test]
fn a_server_that_was_just_started_keeps_to_them_whatever_its_chains() {
    let servers = [
        (vec![1, 2, 3], Profile::Seed, false),
        (vec![10], Profile::Deployed, false),
        (vec![0xffff_0000], Profile::Seed, true),
    ];
    for (chains, profile, coarse) in servers {
        for scenario in on_the_wire() {
            let mut server = Ours::new(&chains, profile);
            server.coarse = coarse;
            let outcome = play(&scenario, &mut server);
            let name = &scenario.name;
            assert_eq!(outcome, Outcome::Passed, "{name} {profile:?} {coarse}: {outcome}");
        }
    }
}

#[test]
fn who_says_the_same_to_everything_keeps_to_none() {
    let all = [
        None,
        Some(""),
        Some("null"),
        Some(r#"{"jsonrpc":"2.0","id":1,"result":null}"#),
        Some(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}"#),
        Some(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#),
        Some(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}"#),
        Some(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#),
    ];
    for reply in all {
        for scenario in on_the_wire() {
            let outcome = play(&scenario, &mut Parrot(reply));
            assert!(matches!(outcome, Outcome::Failed { .. }), "{} {reply:?}", scenario.name);
        }
    }
}

#[test]
fn what_needs_more_than_texts_is_inapplicable() {
    let all = scenarios();
    let others: Vec<_> = all.iter().filter(|scenario| !scenario.wire).collect();
    assert!(others.len() >= 60);
    for scenario in others {
        let outcome = play(scenario, &mut Ours::new(&[10], Profile::Seed));
        assert!(matches!(outcome, Outcome::Inapplicable(_)), "{}: {outcome}", scenario.name);
    }
    // Also where it says otherwise of itself.
    for step in [
        r#"{"tell":{"ten":{"unsafe":1}}}"#,
        r#"{"local":{"failsafe":true}}"#,
        r#"{"wait":1}"#,
        r#"{"call":{"method":"x","as":"later"}}"#,
        r#"{"sent":"$_"}"#,
        r#"{"answer":{"query":"$_"}}"#,
    ] {
        let outcome = play(&made(step), &mut Ours::new(&[10], Profile::Seed));
        assert!(matches!(outcome, Outcome::Inapplicable(_)), "{step}: {outcome}");
    }
    let notice = play(&made(r#"{"expect":{"failsafe":true}}"#), &mut Parrot(None));
    assert_eq!(notice, Outcome::Passed, "what the application is told is not seen");
}

/// A scenario of these steps.
fn made(steps: &str) -> Scenario {
    let text = format!(
        r#"{{"scenario":1,"name":"a","about":"b","rules":[],"under_test":"supervisor",
        "wire":true,"steps":[{steps}],"accept":["running"]}}"#
    );
    text.parse().unwrap_or_else(|why| panic!("{why}"))
}

#[test]
fn alternatives_are_for_others_alone() {
    let step = r#"{"call":{"method":"x","gives":{"error":-1},"or":[{"error":-32601}]}}"#;
    assert!(matches!(run(&made(step)), Outcome::Failed { step: 0, .. }));
    assert_eq!(play(&made(step), &mut Ours::new(&[10], Profile::Seed)), Outcome::Passed);
}

/// A reply to a request that was made up is a whole response to it.
#[test]
fn a_response_has_a_version_the_id_and_one_outcome() {
    let play = |reply: &'static str, gives: &str| {
        let step = format!(r#"{{"call":{{"method":"x","gives":{gives}}}}}"#);
        play(&made(&step), &mut Parrot(Some(reply)))
    };
    let passes = |reply, gives| assert_eq!(play(reply, gives), Outcome::Passed, "{reply}");
    let fails = |reply, gives| {
        assert!(matches!(play(reply, gives), Outcome::Failed { step: 0, .. }), "{reply} {gives}");
    };
    passes(r#"{"jsonrpc":"2.0","id":1,"result":7}"#, r#"{"result":7}"#);
    passes(r#"{"id":1,"result":{"a":1,"b":2},"jsonrpc":"2.0"}"#, r#"{"result":{"a":"$_"}}"#);
    passes(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":""}}"#, r#"{"error":-1}"#);
    passes(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no such"}}"#,
        r#"{"error":{"message":{"$has":"such"}}}"#,
    );
    passes("[1]", r#"{"reply":[1]}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"result":7}"#, r#"{"result":8}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"result":7}"#, r#"{"error":-1}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"result":7}"#, r#""nothing""#);
    fails(r#"{"jsonrpc":"2.0","id":2,"result":7}"#, r#"{"result":7}"#);
    fails(r#"{"jsonrpc":"1.0","id":1,"result":7}"#, r#"{"result":7}"#);
    fails(r#"{"id":1,"result":7}"#, r#"{"result":7}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"result":7,"error":null}"#, r#"{"result":7}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1}}"#, r#"{"error":-1}"#);
    fails(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-2,"message":""}}"#, r#"{"error":-1}"#);
    fails(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"other"}}"#,
        r#"{"error":{"message":{"$begins":"such"}}}"#,
    );
    fails("{", r#"{"reply":"$_"}"#);
}

/// What is wrong with a scenario is told, and so is what the Supervisor did not do.
#[test]
fn what_does_not_hold_is_told_with_its_step() {
    let told = |step: &str, content: &str| {
        let mut scenario = made(step);
        scenario.content = serde_json::from_str(content).unwrap();
        run(&scenario).to_string()
    };
    let chain = r#"{"l1":{"l1":{"blocks":1}},"ten":{"chain":{"id":"0xa","blocks":1}}}"#;
    for (step, why) in [
        (r#"{"tell":{"nobody":{"unsafe":1}}}"#, "broken at step 0: the content has no nobody"),
        (r#"{"tell":{"ten":{"unsafe":99}}}"#, "broken at step 0: ten has no block 99"),
        (r#"{"tell":{"l1":{"tip":99}}}"#, "broken at step 0: l1 has no block 99"),
        (r#"{"tell":{"ten":{"safe":99}}}"#, "broken at step 0: unknown field `safe`"),
        (r#"{"canonical":["nobody"]}"#, "broken at step 0: the content has no nobody"),
        (r#"{"remote":{"nothing":1}}"#, "broken at step 0: unknown variant `nothing`"),
        (r#"{"peer":{"on":"LeiosReply","hex":"00"}}"#, "broken at step 0: the Supervisor has no"),
        (r#"{"call":{"gives":"nothing"}}"#, "broken at step 0: `call` has one of `method`"),
        (r#"{"call":{"method":"x"}}"#, "broken at step 0: `call` has one of `gives` and `as`"),
        (r#"{"call":{"method":"x","as":"later"}}"#, "failed at step 0: replied at once"),
        (r#"{"reply":{"to":"x","gives":"nothing"}}"#, "broken at step 0: no call is named x"),
        (r#"{"sent":"$_"}"#, "failed at step 0: sent nothing like"),
        (r#"{"local":{"nothing":1}}"#, "failed at step 0: refused a command: "),
        (r#"{"expect":"$_"}"#, "failed at step 0: did not tell its application"),
        (
            r#"{"local":{"failsafe":true}},{"untold":{"failsafe":true}}"#,
            "failed at step 1: told its application",
        ),
    ] {
        let outcome = told(step, chain);
        assert!(outcome.starts_with(why), "{step}: {outcome}");
    }
    for (content, why) in [
        (r#"{"ten":{"chain":{"blocks":1}}}"#, "a chain has an id"),
        (r#"{"ten":{"chain":{"fork":["x",1],"blocks":1}}}"#, "begins like nothing there is"),
        (r#"{"ten":{"chain":{"id":"0xa","blocks":[[{"executes":["x",1,0]}]]}}}"#, "no chain x"),
        (
            r#"{"ten":{"chain":{"id":"0xa","blocks":[[{"executes":["ten",101,0]}]]}}}"#,
            "a log executes itself",
        ),
        (
            r#"{"ten":{"chain":{"id":"0xa","blocks":[[{"executes":["ten",101,1]}]]}}}"#,
            "ten 101 has no 1",
        ),
        (r#"{"ten":{"block":1}}"#, "unknown variant `block`"),
    ] {
        let outcome = told("", content);
        assert!(outcome.starts_with("broken at step 0: ") && outcome.contains(why), "{outcome}");
    }
    let mut scenario = made("");
    scenario.accept = vec![json!("done")];
    for under_test in ["supervisor", "supervisor-client"] {
        scenario.under_test = under_test.to_owned();
        assert!(run(&scenario).to_string().starts_with("failed at step 0: goes on"));
    }
    scenario.under_test = "nobody".to_owned();
    assert!(run(&scenario).to_string().contains("nothing is called nobody"));
}

/// The scenario that the format's description shows.
#[test]
fn the_example_of_the_description_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(folder.join("docs/scenarios.md")).unwrap();
    let (_, text) = text.split_once("## The Supervisor").unwrap();
    let (_, text) = text.split_once("```json").unwrap();
    let (example, _) = text.split_once("```").unwrap();
    let scenario: Scenario = example.parse().unwrap();
    assert_eq!(run(&scenario), Outcome::Passed);
}
