//! What is answered, in both output forms.

use nodewire::codec::supervisor::json_rpc::{Id, Response};
use nodewire::codec::supervisor::{Answer, Call, Code, Failure, Profile};
use serde_json::{Value, json};

use crate::shared_vectors::shared;
use crate::text::{list, text};

fn written(id: Id, outcome: Result<Answer, Failure>, profile: Profile) -> Value {
    let mut text = Vec::new();
    Response { id, outcome }.write(profile, &mut text);
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn rpc_examples() {
    let Some(vectors) = shared("rpc_examples", "supervisor", "rpc_examples.json") else { return };
    let examples = list(&vectors["examples"]);
    for example in examples {
        let method = text(&example["method"]);
        let call: Call = serde_json::from_value(json!({
            "method": method, "params": example["request"]["params"]
        }))
        .unwrap();
        let kind = call.answer_kind();
        let seed = &example["response"];
        let deployed = example.get("response_deployed_form").unwrap_or(seed);
        for (profile, expected) in [(Profile::Seed, seed), (Profile::Deployed, deployed)] {
            // Both forms are read, whichever is written.
            for read in [seed, deployed] {
                let answer = Answer::read(kind, &read["result"].to_string());
                let id = Id::number(expected["id"].as_u64().unwrap());
                let written = written(id, Ok(answer.unwrap()), profile);
                assert_eq!(written, *expected, "{method} {profile:?}");
            }
        }
    }
    assert_eq!(examples.len(), 10);
}

#[test]
fn errors_carry_the_code_of_the_profile_and_their_text_first() {
    let failure = Failure::new(Code::MissedData, "block 5");
    for (profile, code) in [(Profile::Seed, -32_113), (Profile::Deployed, -320_500)] {
        let response = written(Id::null(), Err(failure.clone()), profile);
        assert_eq!(response["error"]["code"], code);
        assert_eq!(response["error"]["message"], "missed data: block 5");
        assert!(response.get("result").is_none() && response["id"].is_null());
    }
    let bare = written(Id::number(1), Err(Code::IterStop.into()), Profile::Seed);
    assert_eq!(bare["error"]["message"], "iter stop");
}

#[test]
fn a_detail_is_cut_between_characters() {
    for (text, kept) in [("a".repeat(256), 256), ("a".repeat(257), 256), ("é".repeat(200), 256)] {
        let failure = Failure::new(Code::InvalidParams, &text);
        assert_eq!(failure.detail().unwrap().len(), kept);
    }
    let failure = Failure::new(Code::InvalidParams, format!("a{}", "é".repeat(200)));
    assert_eq!(failure.detail().unwrap().len(), 255);
    // Nothing is put behind what was cut.
    let (long, more) = (format!("{}é", "a".repeat(255)), "b");
    let failure = Failure::new(Code::InvalidParams, format_args!("{long}{more}"));
    assert_eq!(failure.detail(), Some("a".repeat(255).as_str()));
    assert_eq!(Failure::new(Code::InvalidParams, "").detail(), None);
    assert_eq!(format!("{}", Failure::new(Code::InvalidParams, "")), "Invalid params");
}
