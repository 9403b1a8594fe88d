//! The command line in bad hands: whatever it is given, it ends in time with one clear line and a
//! non-zero exit.
// The other ends are threads of the test.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use nodewire::codec::leios::HandshakeMessage;
use nodewire::codec::{Mode, SegmentHeader, Source};

fn nodewire(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_nodewire"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

/// The end of a process, which comes within so many seconds.
fn ends(mut child: Child, within: u64) -> Output {
    let mut looks = within * 200;
    while child.try_wait().expect("a child").is_none() {
        if looks == 0 {
            let _ = child.kill();
            panic!("it goes on after {within} seconds");
        }
        looks -= 1;
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().expect("it has ended")
}

/// One line on standard error with this in it, and a code that says so.
fn complains(output: &Output, line: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert!(output.status.code().is_some_and(|code| code < 101), "{:?}: {said}", output.status);
    assert!(said.starts_with("nodewire: ") && said.lines().count() == 1, "{said}");
    assert!(said.contains(line), "{said}");
}

fn fails(arguments: &[&str], line: &str) {
    complains(&ends(nodewire(arguments), 60), line);
}

fn scratch(name: &str, content: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rough-{name}"));
    fs::write(&path, content).expect("a file");
    path.to_str().expect("text").to_owned()
}

#[test]
fn numbers_without_measure() {
    let most = u64::MAX.to_string();
    fails(
        &["serve", "leios", "--listen", "127.0.0.1:0", "--txs", "4294967295"],
        "not in 1..=14222",
    );
    fails(
        &["serve", "leios", "--listen", "127.0.0.1:0", "--txs", "14222", "--tx-size", "16384"],
        "leios/L-49",
    );
    fails(&["serve", "leios", "--listen", "127.0.0.1:65536"], "no number below 65536");
    fails(&["serve", "leios", "--rate=-1"], "invalid value '-1'");
    fails(&["check", "leios", "--connect", "127.0.0.1:1", "--patience", "0"], "0 is not in 1..");
    fails(&["check", "leios", "--connect", "127.0.0.1:1", "--patience", &most], "is not in 1..");
    for set in [
        "baseline.txs=4294967295",
        "bulk.burst=4294967295",
        "bulk.burst_txs=4294967295",
        "overlap.tx_size=4294967295",
        "sources.tx_sizes=[1,4294967295]",
        "network.txs=4294967295",
    ] {
        fails(&["sim", "leios", "--recipe", "all", "--set", set], "more than 1 GiB");
    }
    let nodes = format!("network.nodes={most}");
    fails(&["sim", "leios", "--recipe", "7", "--set", &nodes], "more than 100000 nodes");
    for set in ["link.window=NaN", "link.window=-1", "link.window=1e999", "link.window=1.5"] {
        fails(&["sim", "leios", "--set", set], "expected usize");
    }
    for set in ["link.jitter=NaN", "link.jitter=-1s", "link.jitter=99999999999999999999s"] {
        fails(&["sim", "leios", "--set", set], "a time is wanted");
    }
    fails(&["sim", "leios", "--seed", "5..5"], "it takes A..B");
    fails(&["sim", "leios", "--seed=-1..5"], "it takes A..B");
    let trace = scratch(
        "steps",
        b"{\"trace\":1,\"machine\":\"leios.client\",\"config\":{},\"shortened\":false}\n",
    );
    fails(&["draw", &trace, "--steps", "5..1"], "no range of steps: 5..1");
    fails(&["draw", &trace, "--steps", "99999999999999999999.."], "no range of steps");
    fails(&["draw", &trace, "--steps", "1000..2000"], "no such steps: 1000..2000; there are 0");
    let broken = scratch(
        "broken",
        b"{\"trace\":1,\"machine\":\"leios.client\",\"config\":{},\"shortened\":false}\n{\"at\"}\n",
    );
    fails(&["replay", &broken], "line 2: expected `:` at column 6");
}

/// Seeds are counted, not listed: the first runs come at once.
#[test]
fn more_seeds_than_memory_holds() {
    let mut child =
        nodewire(&["sim", "leios", "--recipe", "6", "--seed", "0..18446744073709551615"]);
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    lines.read_line(&mut line).expect("a line");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(line.starts_with('{'), "{line}");
}

#[test]
fn a_command_that_is_missing() {
    fails(&[], "a command is missing");
}

#[test]
fn addresses_that_lead_nowhere() {
    for address in ["localhost", "127.0.0.1", ":", "a:b:c", "\u{e9}"] {
        fails(&["connect", "leios", address], "invalid value");
    }
    // A name of our own is one.
    fails(&["connect", "leios", "localhost:1"], "127.0.0.1:1: Connection refused");
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let odd = OsStr::from_bytes(b"\xff\xfe");
    for before in [&["decode", "leios"][..], &["replay"], &["draw"], &["play"], &[], &["rules"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_nodewire"))
            .args(before)
            .arg(odd)
            .output()
            .expect("the binary runs");
        complains(&output, "");
    }
}

#[test]
fn files_that_hold_something_else() {
    let odd: [(&str, &[u8]); 4] = [
        ("empty", b""),
        ("binary", b"\xff\xfe\0"),
        ("deep", &[b'['; 100_000]),
        ("cut", b"{\"trace\":1,"),
    ];
    for (name, content) in odd {
        let path = scratch(name, content);
        let at = format!("@{path}");
        for arguments in [
            &["replay", &path][..],
            &["draw", &path],
            &["demo", "--eb", &path],
            &["demo", "--headers", &path],
            &["serve", "leios", "--listen", "127.0.0.1:0", "--eb", &path],
            &["sim", "leios", "--plot", "/nowhere", "--from", &path],
            &["check", "leios", "--list", "--scenarios", &path],
            &["decode", "leios", &at],
            &["encode", "leios", &at],
            &["play", "leios.client", "--config", &at],
        ] {
            fails(arguments, "");
        }
    }
    let other = scratch("version", b"{\"trace\":2,\"machine\":\"leios.client\",\"config\":null}\n");
    fails(&["replay", &other], "trace format 2 is not known");
}

/// Scenarios are files of other people's.
#[test]
fn scenarios_without_measure() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rough-scenarios");
    fs::create_dir_all(&folder).expect("a folder");
    let at = folder.to_str().expect("text");
    for (block, why) in [
        ("{\"count\": 18446744073709551615, \"size\": 1, \"seed\": 1}", "content eb: no block"),
        ("{\"count\": 2, \"size\": 99999999999999, \"seed\": 1}", "content eb: no block"),
        ("[[18446744073709551615, 1]]", "content eb: no block"),
    ] {
        let scenario = format!(
            "{{\"scenario\": 1, \"name\": \"x\", \"about\": \"y\", \"rules\": [\"leios/L-11\"],
            \"under_test\": \"server\", \"steps\": [], \"accept\": [\"running\"],
            \"content\": {{\"eb\": {{\"block\": {{\"age\": 5, \"txs\": {block}}}}}}}}}"
        );
        fs::write(folder.join("x.json"), scenario).expect("a file");
        fails(&["check", "leios", "--scenarios", at, "--expand", "x"], why);
    }
}

/// A port where `each` happens with every connection.
fn port(each: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = each.clone();
            thread::spawn(move || each(stream));
        }
    });
    address
}

fn http(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 1_000]);
    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
}

fn silent(mut stream: TcpStream) {
    while matches!(stream.read(&mut [0; 1_000]), Ok(read) if read > 0) {}
}

/// Takes the version of the pair, then does nothing but answer pings, to the end of LeiosReply if
/// so wanted.
fn agrees(mut stream: TcpStream, ends: bool) {
    let say = |stream: &mut TcpStream, number: u16, payload: &[u8]| {
        let length = payload.len() as u16;
        let header = SegmentHeader { time: 0, mode: Mode::Responder, number, length };
        let _ = stream.write_all(&[&header.encode()[..], payload].concat());
    };
    loop {
        let mut header = [0; 8];
        if stream.read_exact(&mut header).is_err() {
            return;
        }
        let header = SegmentHeader::decode(header).expect("a header");
        let mut payload = vec![0; header.length.into()];
        stream.read_exact(&mut payload).expect("a segment");
        match (header.number, payload.get(1)) {
            (0, _) => {
                let proposal = HandshakeMessage::decode(&payload, Source::COPY).expect("a message");
                let HandshakeMessage::MsgProposeVersions(table) = proposal else {
                    panic!("{proposal:?}")
                };
                let mut accept = Vec::new();
                let (version, data) = *table.first().expect("a version");
                let data = data.expect("data we know");
                HandshakeMessage::MsgAcceptVersion(version, data).encode(&mut accept);
                say(&mut stream, 0, &accept);
            }
            (8, Some(0)) => {
                payload[1] = 1;
                say(&mut stream, 8, &payload);
            }
            (8, _) => say(&mut stream, 8, &payload),
            (25, _) if ends => say(&mut stream, 25, &[0x81, 3]),
            _ => {}
        }
    }
}

#[test]
fn ports_that_speak_something_else() {
    let address = port(http);
    fails(&["connect", "leios", &address], "UnknownProtocol");
    fails(&["check", "leios", "--connect", &address], "speaks something else");
    let address = port(drop);
    fails(&["connect", "leios", &address], "the transport closed in the middle of");
    fails(&["check", "leios", "--connect", &address], "handshake: the other end closes");
    let address = port(|mut stream| while stream.write_all(&[0; 65_536]).is_ok() {});
    fails(&["connect", "leios", &address], "ZeroLengthSegment");
    fails(&["check", "leios", "--connect", &address, "--patience", "200"], "something else");
}

/// A check doesn't wait out its patience once for each of the scenarios.
#[test]
fn ports_that_say_nothing() {
    let address = port(silent);
    let arguments = ["check", "leios", "--connect", &address, "--patience", "200"];
    fails(&arguments, "handshake: the other end says nothing");
    // Ten seconds are the handshake's (`leios.md` 11.1).
    fails(&["connect", "leios", &address], "HandshakeTimeout");
}

/// A server that ends in good order with nothing delivered has not done what was asked.
#[test]
fn a_server_that_leaves_early() {
    let address = port(|stream| agrees(stream, true));
    fails(&["connect", "leios", &address], "the server ended before everything was here");
}

#[cfg(unix)]
#[test]
fn interrupted() {
    let interrupt = |child: &Child| {
        let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    };
    // Told when the proposal is there: then it listens to interrupts as well.
    let (proposed, proposals) = std::sync::mpsc::channel();
    let address = port(move |stream| {
        let _ = stream.peek(&mut [0]);
        let _ = proposed.send(());
        agrees(stream, false);
    });
    let soon = Duration::from_millis(200);
    for (more, code) in [(&[][..], 1), (&["--follow"], 0)] {
        let child = nodewire(&[&["connect", "leios", &address], more].concat());
        proposals.recv().expect("a proposal");
        thread::sleep(soon);
        interrupt(&child);
        let end = ends(child, 10);
        if code == 1 {
            complains(&end, "interrupted before everything was here");
        }
        assert_eq!(end.status.code(), Some(code), "{more:?}");
    }
    for (more, code) in [(&["--once"][..], 1), (&[], 0)] {
        let serve = ["serve", "leios", "--listen", "127.0.0.1:0", "--txs", "20"];
        let mut child = nodewire(&[&serve, more].concat());
        let mut lines = BufReader::new(child.stdout.as_mut().expect("piped"));
        lines.read_line(&mut String::new()).expect("a line");
        thread::sleep(soon);
        interrupt(&child);
        assert_eq!(ends(child, 10).status.code(), Some(code), "{more:?}");
    }
}

/// A client that connects to `serve` and is none.
#[test]
fn served_to_strangers() {
    type Greeting = fn(&mut TcpStream);
    let greets: [(Greeting, &str); 4] = [
        (|stream| stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent"), "UnknownProtocol"),
        (|stream| stream.write_all(&[0; 64]).expect("sent"), "ZeroLengthSegment"),
        (
            |stream| stream.shutdown(std::net::Shutdown::Write).expect("open"),
            "the transport closed",
        ),
        (|_| {}, "HandshakeTimeout"),
    ];
    for (greet, line) in greets {
        let mut child =
            nodewire(&["serve", "leios", "--listen", "127.0.0.1:0", "--once", "--txs", "20"]);
        let mut first = String::new();
        let mut lines = BufReader::new(child.stdout.as_mut().expect("piped"));
        lines.read_line(&mut first).expect("a line");
        let address = first.trim().strip_prefix("listening on ").expect("an address");
        let mut stream = TcpStream::connect(address).expect("it listens");
        greet(&mut stream);
        complains(&ends(child, 60), line);
    }
}
