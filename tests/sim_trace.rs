//! Recording, replaying, shortening, drawing and playing.
#![cfg(feature = "sim")]

mod sim_toys;

use nodewire::bytes::Bytes;
use nodewire::link::Transport;
use nodewire::sim::{
    Kind, Play, Player, Recorder, ReplayError, Sequence, Step, Trace, TraceError, replay,
    replay_link,
};
use nodewire::{AskId, Input, Machine, Outbox, Time, UntilClosed};
use sim_toys::{Client, Flaw, Lines, Order, Word};

/// A run with a command, a refusal, an answer, and a peer that says too much.
fn recorded() -> Trace {
    let mut machine = Recorder::new(Client::new(), Trace::new("toy.client", &[1, 2]));
    let mut out = Outbox::new();
    let inputs = [
        Input::Local(Order::Want(1)),
        Input::Local(Order::Want(10)),
        Input::Remote(Word::Here(7)),
        Input::Local(Order::Checked(AskId::from_u64(0), true)),
        Input::Timeout,
        Input::Remote(Word::Here(8)),
    ];
    for (n, input) in (0..).zip(inputs) {
        let _ = machine.handle(Time::from_micros(n * 1_000), input, &mut out);
    }
    // What was in the outbox before a step is not of that step.
    assert_eq!(out.len(), 4);
    machine.into_parts().1
}

#[test]
fn a_closure_gets_the_same_steps() {
    let mut kept = Vec::new();
    let mut machine = Recorder::new(Client::new(), |step: Step| kept.push(step));
    let mut out = Outbox::new();
    for (n, step) in (0..).zip(recorded().steps()) {
        let input = match step.kind() {
            Kind::Local => Input::Local(serde_json::from_str(step.input()).unwrap()),
            Kind::Remote => Input::Remote(serde_json::from_str(step.input()).unwrap()),
            Kind::Timeout => Input::Timeout,
        };
        let _ = machine.handle(Time::from_micros(n * 1_000), input, &mut out);
    }
    drop(machine);
    assert_eq!(kept, recorded().steps());
}

#[test]
fn a_recorder_is_the_machine_to_everybody_else() {
    let id = AskId::from_u64(0);
    let mut plain = Client::new();
    let mut recorder = Recorder::new(Client::new(), Trace::new("toy.client", &()));
    let (mut out, mut same) = (Outbox::new(), Outbox::new());
    let words =
        [Input::Local(Order::Want(3)), Input::Remote(Word::Here(1)), Input::Remote(Word::Here(2))];
    for input in words {
        plain.handle(Time::ZERO, input.clone(), &mut same).unwrap();
        recorder.handle(Time::ZERO, input, &mut out).unwrap();
        assert_eq!(out, same);
        assert_eq!(recorder.machine(), &plain);
        assert_eq!(recorder.deadline(), plain.deadline());
        assert_eq!(recorder.saturated(), plain.saturated());
        assert_eq!(recorder.awaits(id), plain.awaits(id));
        assert_eq!(recorder.footprint(), plain.footprint());
    }
    assert!(recorder.saturated() && recorder.deadline().is_some());
    let shown = format!("{recorder:?}");
    assert!(
        shown.starts_with("Recorder { machine: Client {") && !shown.contains("Here"),
        "{shown}"
    );
}

#[test]
fn a_recorder_awaits_what_its_machine_awaits() {
    let id = AskId::from_u64(0);
    let mut recorder = Recorder::new(UntilClosed::new(Client::new()), Trace::new("toy", &()));
    let mut out = Outbox::new();
    recorder.handle(Time::ZERO, Input::Local(Order::Want(1)), &mut out).unwrap();
    recorder.handle(Time::ZERO, Input::Remote(Word::Here(1)), &mut out).unwrap();
    assert!(recorder.awaits(id));
    recorder.handle(Time::ZERO, Input::Remote(Word::Here(2)), &mut out).unwrap();
    assert!(recorder.machine().is_closed() && !recorder.awaits(id));
}

const TEXT: &str = r##"{"trace":1,"machine":"toy.client","config":[1,2],"shortened":false}
{"at":0,"local":{"Want":1},"actions":[{"send":{"Please":1}}]}
{"at":1000,"local":{"Want":10},"actions":[],"refused":{"kind":"Invalid","text":"more than nine","why":"more than nine"}}
{"at":2000,"remote":{"Here":7},"actions":[{"ask":{"id":0,"query":{"Good":7}}}]}
{"at":3000,"local":{"Checked":[0,true]},"actions":[{"notify":{"Got":7}}]}
{"at":4000,"timeout":true,"actions":[]}
{"at":5000,"remote":{"Here":8},"actions":[{"close":{"fault":{"kind":"Violation","phase":"idle","reason":"TooMany","rule":"toy/T-1","text":"the peer broke toy/T-1 TooMany in idle: never more than asked for"}}}]}
"##;

#[test]
fn a_trace_is_this_text() {
    assert_eq!(recorded().to_string(), TEXT);
    assert_eq!(TEXT.parse::<Trace>().unwrap(), recorded());
}

#[test]
fn a_replay_repeats_it() {
    let report = replay(Client::new(), &TEXT.parse().unwrap()).unwrap();
    assert_eq!((report.steps, report.actions, report.closed), (6, 4, true));
}

#[test]
fn a_replay_minds_no_order_of_keys() {
    let written = r#"{"ask":{"query":{"Good":7},"id":0}}"#;
    let text = TEXT.replace(r#"{"ask":{"id":0,"query":{"Good":7}}}"#, written);
    assert_ne!(text, TEXT);
    assert_eq!(replay(Client::new(), &text.parse().unwrap()).unwrap().steps, 6);
}

#[test]
fn a_replay_names_the_first_step_that_differs() {
    let changed = TEXT.replace(r#"{"Got":7}"#, r#"{"Got":6}"#).parse().unwrap();
    let Err(ReplayError::Differs { step, expected, got }) = replay(Client::new(), &changed) else {
        panic!("it must differ");
    };
    assert_eq!(step, 4);
    let error = ReplayError::Differs { step, expected: "a".into(), got: "b".into() };
    assert_eq!(error.to_string(), "step 4 differs: expected a, got b");
    assert!(expected.contains(r#"{"Got":6}"#) && got.contains(r#"{"Got":7}"#), "{expected} {got}");

    let unrefused = TEXT.replace("more than nine", "something else").parse().unwrap();
    assert!(matches!(replay(Client::new(), &unrefused), Err(ReplayError::Differs { step: 2, .. })));
    let other = replay(Client::flawed(Flaw::Early), &recorded());
    assert_eq!(other.unwrap().steps, 6, "nothing is due in this trace");
}

#[test]
fn inputs_of_another_machine_are_unreadable() {
    let other = TEXT.replace(r#"{"Here":7}"#, r#"{"There":7}"#);
    let error = replay(Client::new(), &other.parse().unwrap()).unwrap_err();
    assert!(matches!(error, ReplayError::Unreadable { step: 3, .. }), "{error}");
}

#[test]
fn a_shortened_trace_says_so_and_is_not_replayed() {
    let short = recorded().shorten();
    assert_eq!(short.shorten(), short);
    let text = short.to_string();
    assert!(
        text.starts_with(r#"{"trace":1,"machine":"toy.client","config":[1,2],"shortened":true}"#)
    );
    assert!(text.contains(r#""name":"Here""#) && !text.contains(r#""Here":7"#), "{text}");
    assert!(text.contains("toy/T-1"), "endings stay: {text}");
    let read: Trace = text.parse().unwrap();
    assert_eq!(read, short);
    assert_eq!(replay(Client::new(), &read), Err(ReplayError::Shortened));
    assert_eq!(ReplayError::Shortened.to_string(), "a shortened trace cannot be replayed");
}

/// What begins with a capital, is short, of letters and digits, and could not be hex.
#[test]
fn only_what_looks_like_a_variant_is_named() {
    let name = |body: &str| {
        let text = TEXT.replace(r#"{"Here":7}"#, body);
        let short = text.parse::<Trace>().unwrap().shorten();
        let body: serde_json::Value = serde_json::from_str(short.steps()[2].input()).unwrap();
        body["short"]["name"].as_str().map(str::to_owned)
    };
    assert_eq!(name(r#"{"Here":7}"#).as_deref(), Some("Here"));
    assert_eq!(name(r#"{"Outer":{"Inner":7}}"#).as_deref(), Some("Outer.Inner"));
    assert_eq!(name(r#""Stop""#).as_deref(), Some("Stop"));
    let longest = "N".repeat(64);
    assert_eq!(name(&format!("\"{longest}\"")), Some(longest.clone()));
    for none in [
        r#"{"Here":7,"There":8}"#,
        r#"{"here":7}"#,
        r#"{"He-re":7}"#,
        r#""here""#,
        r#""He re""#,
        r#""CAFE""#,
        r#"["Here"]"#,
        &format!("\"{longest}N\""),
    ] {
        assert_eq!(name(none), None, "{none}");
    }
}

#[test]
fn bytes_are_hex_and_never_a_name() {
    let mut link = Recorder::link(Lines::new(), Trace::new("lines", &()));
    let mut out = Outbox::new();
    let hello = Transport::Received(Bytes::from_static(b"hi\n"));
    link.handle_remote(Time::ZERO, Transport::Writable(Transport::UNCOUNTED), &mut out);
    link.handle_remote(Time::ZERO, hello, &mut out);
    link.handle_remote(Time::ZERO, Transport::Closed, &mut out);
    let text = link.trace().to_string();
    let wanted =
        r#"{"at":0,"remote":{"received":"68690a"},"actions":[{"send":"68690a"},{"notify":"hi"}]}"#;
    assert_eq!(text.lines().nth(2), Some(wanted));
    assert_eq!(text.lines().nth(1), Some(r#"{"at":0,"remote":{"writable":null},"actions":[]}"#));
    assert_eq!(replay_link(Lines::new(), &text.parse().unwrap()).unwrap().actions, 3);
    assert!(!link.trace().shorten().to_string().contains("68690a"));
}

#[test]
fn what_is_no_trace_is_refused_by_line() {
    let error = |text: &str| text.parse::<Trace>().unwrap_err();
    assert_eq!(
        error(&TEXT.replace(r#""trace":1"#, r#""trace":2"#)),
        TraceError::Version { found: 2 }
    );
    let line = |text: &str| match error(text) {
        TraceError::Line { line, .. } => line,
        other => panic!("{other}"),
    };
    assert_eq!(line(""), 1);
    assert_eq!(line("{}"), 1);
    assert_eq!(line(&TEXT.replace(r#","shortened":false"#, "")), 1);
    assert_eq!(line(&TEXT.replace(r#""timeout":true"#, r#""sleep":true"#)), 6);
    assert_eq!(line(&TEXT.replace(r#""timeout":true"#, r#""timeout":true,"local":1"#)), 6);
    assert_eq!(line(&TEXT.replace(r#""at":2000,"#, "")), 4);
    assert_eq!(line(&TEXT.replace(r#""actions":[],"refused""#, r#""refused""#)), 3);
}

#[test]
fn steps_can_be_looked_at() {
    let trace = recorded();
    let step = &trace.steps()[2];
    assert_eq!(
        (step.at(), step.kind(), step.input()),
        (Time::from_micros(2_000), Kind::Remote, "{\"Here\":7}")
    );
    assert_eq!(step.actions().len(), 1);
    assert_eq!((trace.machine(), trace.config()), ("toy.client", "[1,2]"));
    let mut short = trace.shorten();
    assert!(!trace.is_shortened() && short.is_shortened());
    // What comes to a shortened trace is shortened too.
    short.push(step.clone());
    assert_eq!(short.steps().last(), short.steps().get(2));
    assert!(trace.steps()[1].refused().unwrap().contains("Invalid"));
}

#[test]
fn a_drawing_shows_the_range_and_is_well_formed() {
    let trace: Trace = TEXT.replace(r#"{"Here":7}"#, r#"{"<b>&\"'\u0001;#":7}"#).parse().unwrap();
    let all = Sequence::of(&trace);
    let svg = all.svg();
    assert!(svg.contains("&lt;b&gt;&amp;&quot;&#39;\u{fffd};# 7"), "{svg}");
    assert!(!svg.contains("<b>") && svg.ends_with("</svg>\n"));
    for element in ["svg", "text", "defs", "marker"] {
        let opened = svg.matches(&format!("<{element} ")).count()
            + svg.matches(&format!("<{element}>")).count();
        assert_eq!(opened, svg.matches(&format!("</{element}>")).count(), "{element}");
    }
    let mermaid = all.mermaid();
    assert!(mermaid.starts_with("sequenceDiagram\n"));
    assert!(mermaid.contains("A->>M: Want 1") && mermaid.contains("M->>P: Please 1"), "{mermaid}");
    assert!(mermaid.contains("close: toy/T-1 TooMany"), "{mermaid}");
    assert!(!mermaid.contains(";"));

    let middle = Sequence::of(&trace).steps(1..3).mermaid();
    assert!(middle.contains("refused: more than nine") && !middle.contains("Want 1\n"), "{middle}");
    let times = Time::from_micros(3_000)..=Time::from_micros(4_000);
    let late = Sequence::of(&trace).times(times).mermaid();
    assert!(late.contains("timeout") && !late.contains("close"), "{late}");
}

/// The values of an attribute, in order.
fn values(svg: &str, attribute: &str) -> Vec<i64> {
    let number = |rest: &str| rest.split('"').next().unwrap().parse().unwrap();
    svg.split(&format!(" {attribute}=\"")).skip(1).map(number).collect()
}

#[test]
fn a_drawing_has_its_columns_side_by_side_and_its_arrows_within() {
    let trace: Trace = TEXT.parse().unwrap();
    let svg = Sequence::of(&trace).svg();
    let height = values(&svg, "height")[0];
    let lines: Vec<&str> = svg.lines().filter(|line| line.contains("<line")).collect();
    let (columns, arrows) = lines.split_at(3);

    let names = ["application", "toy.client", "peer"];
    let mut places = Vec::new();
    for (column, name) in columns.iter().zip(names) {
        assert!(column.contains(&format!(">{name}</text>")), "{column}");
        let (x, ends) = (values(column, "x1"), values(column, "x2"));
        assert_eq!((&x, &x), (&ends, &values(column, "x")), "upright, below its name");
        places.extend(x);
    }
    assert!(places.is_sorted_by(|a, b| a + 100 < *b), "{places:?}");
    assert!(places[0] > 100 && places[2] < 860, "room for the times and the names: {places:?}");

    let (head, foot) = (values(columns[0], "y1")[0], values(columns[0], "y2")[0]);
    let mut above = head;
    for arrow in arrows {
        let (row, label) = (values(arrow, "y1")[0], *values(arrow, "y").last().unwrap());
        assert_eq!(values(arrow, "y2"), [row], "{arrow}");
        assert!(row > above + 12 && label < row && label > above, "{arrow}");
        assert!(places.contains(&values(arrow, "x1")[0]), "{arrow}");
        assert!(places.contains(&values(arrow, "x2")[0]), "{arrow}");
        above = row;
    }
    // What goes nowhere is beside the machine: the timeout and the close.
    let beside = svg.lines().filter(|line| line.contains("italic")).count();
    assert_eq!((arrows.len(), beside), (9, 2));
    let last = *values(&svg, "y").iter().max().unwrap();
    assert!(last <= foot && foot < height && height < last + 60, "{last} {foot} {height}");

    let mermaid = Sequence::of(&trace).mermaid();
    for (letter, name) in ["A", "M", "P"].iter().zip(names) {
        assert!(mermaid.contains(&format!("participant {letter} as {name}\n")), "{mermaid}");
    }
}

#[test]
fn a_player_answers_each_line() {
    let mut player: Box<dyn Play> = Box::new(Player::new("toy.client", Client::new()));
    assert_eq!(player.hello(), "{\"play\":1,\"machine\":\"toy.client\"}\n");
    assert!(!player.is_closed());
    let mut say = |line: &str| player.line(line);
    assert_eq!(
        say(r#"{"at":5,"local":{"Want":1}}"#),
        "{\"send\":{\"Please\":1}}\n\
         {\"at\":5,\"deadline\":1000005,\"saturated\":false,\"closed\":false}\n"
    );
    // Without a time it is as late as it was.
    assert!(
        say(r#"{"remote":{"Here":7}}"#)
            .starts_with("{\"ask\":{\"id\":0,\"query\":{\"Good\":7}}}\n{\"at\":5,")
    );
    let refused = say(r#"{"local":{"Want":10}}"#);
    assert!(refused.starts_with("{\"refused\":{\"kind\":\"Invalid\""), "{refused}");
    assert_eq!(say("  \n"), "");
    for wrong in [
        "{}",
        "[]",
        "{",
        r#"{"timeout":false}"#,
        r#"{"at":-1,"timeout":true}"#,
        r#"{"timeout":true,"local":{"Want":1}}"#,
        r#"{"local":{"Want":1},"remote":{"Here":1}}"#,
        r#"{"local":{"Wish":1}}"#,
        r#"{"timeout":true,"now":5}"#,
    ] {
        let reply = say(wrong);
        assert!(reply.starts_with("{\"error\":") && reply.lines().count() == 1, "{wrong}: {reply}");
    }
    assert!(say(r#"{"at":9,"timeout":true}"#).starts_with("{\"at\":9,"));
    let end = say(r#"{"remote":{"Here":7}}"#);
    assert!(end.contains("\"rule\":\"toy/T-1\"") && end.contains("\"closed\":true"), "{end}");
    assert!(player.is_closed());
    assert!(player.line(r#"{"local":{"Want":1}}"#).contains("Ended"));
}

#[test]
fn a_player_plays_links_in_hex() {
    let mut player = Player::link("lines", UntilClosed::new(Lines::new()));
    let reply = player.line(r#"{"remote":{"received":"68690a0a"}}"#);
    let lines: Vec<&str> = reply.lines().collect();
    assert_eq!(lines[..3], [r#"{"send":"68690a"}"#, r#"{"notify":"hi"}"#, r#"{"close":"done"}"#]);
    assert!(player.line(r#"{"remote":{"received":"6"}}"#).starts_with("{\"error\""));
}

#[test]
fn large_times_are_strings() {
    let mut player = Player::new("toy.client", Client::new());
    let exact = player.line(r#"{"at":9007199254740992,"timeout":true}"#);
    assert!(exact.starts_with("{\"at\":9007199254740992,"), "{exact}");
    let large = player.line(r#"{"at":"9007199254740993","timeout":true}"#);
    assert!(large.starts_with("{\"at\":\"9007199254740993\","), "{large}");
    let late = TEXT.replace("5000,", "\"18446744073709551615\",");
    let trace: Trace = late.parse().unwrap();
    assert_eq!((trace.steps()[5].at(), trace.to_string()), (Time::from_micros(u64::MAX), late));
}

#[test]
fn the_form_of_an_input_is_one() {
    type In = Input<Order, Word>;
    for (input, text) in [
        (In::Local(Order::Want(3)), r#"{"local":{"Want":3}}"#),
        (In::Remote(Word::Here(3)), r#"{"remote":{"Here":3}}"#),
        (In::Timeout, r#"{"timeout":true}"#),
    ] {
        assert_eq!(serde_json::to_string(&input).unwrap(), text);
        assert_eq!(serde_json::from_str::<In>(text).unwrap(), input);
    }
    for wrong in [r#"{"timeout":false}"#, "{}", r#"{"timeout":true,"local":{"Want":3}}"#] {
        assert!(serde_json::from_str::<In>(wrong).is_err(), "{wrong}");
    }
}
