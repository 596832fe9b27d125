//! `accolade serve` as a process: its one line, its exit codes, its first start and its end.
//!
//! What it answers over HTTP is tested elsewhere; here only what an operator's scripts rely on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

struct Server {
    process: Child,
    stdout: BufReader<std::process::ChildStdout>,
    address: String,
}

fn accolade(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ACCOLADE_")) {
        command.env_remove(name);
    }
    command
}

fn start(command: &mut Command) -> Server {
    let mut process =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("readable");
    let address = line.strip_prefix("accolade listening on http://").expect("the listening line");
    let address = address.trim_end().to_owned();
    Server { process, stdout, address }
}

impl Server {
    /// One request on a connection of its own; status and body.
    fn request(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("writable");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).expect("a status line").parse().expect("a number");
        let body = answer.split_once("\r\n\r\n").expect("a body").1;
        (status, body.to_owned())
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for the end; exit status, what more was printed, and stderr.
    fn ended(mut self) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).expect("readable");
        let mut stderr = self.process.stderr.take().expect("piped");
        stderr.read_to_string(&mut err).expect("readable");
        (self.process.wait().expect("it ends"), out, err)
    }
}

/// The curl line of the first start, taken apart: request line with headers, and body.
fn pasted(stderr: &str) -> (String, String) {
    let after = |marker: &str| stderr.split_once(marker).expect("part of the curl line").1;
    let path = after("curl -X POST http://").split_once('/').expect("a path").1;
    let path = path.split_whitespace().next().expect("a path");
    let headers: Vec<_> =
        stderr.split("-H '").skip(1).map(|rest| rest.split('\'').next().expect("quoted")).collect();
    let body = after("-d '").split('\'').next().expect("quoted");
    (format!("POST /{path} HTTP/1.1\r\n{}", headers.join("\r\n")), body.to_owned())
}

// C-AUTH-26, C-AUTH-14
#[test]
fn the_first_start_prints_a_key_once_and_a_request_that_works() {
    let data = tempfile::tempdir().expect("a directory");
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples/study.toml");
    let server = start(accolade(data.path()).arg("--catalog").arg(&catalog));
    server.signal("TERM");
    let (status, more, stderr) = server.ended();
    assert_eq!((status.code(), more.as_str()), (Some(0), ""));
    let (head, body) = pasted(&stderr);

    let server = start(accolade(data.path()).arg("--catalog").arg(&catalog));
    let (status, answer) = server.request(&head, &body);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(server.request(&head.replace("X-API-KEY: ", "X-API-KEY: x"), &body).0, 401);
    assert_eq!(server.request("GET /healthz HTTP/1.1", "").0, 200);
    assert_eq!(server.request("GET /readyz HTTP/1.1", "").0, 200);
    server.signal("INT");
    let (status, _, stderr) = server.ended();
    assert_eq!(status.code(), Some(0));
    assert!(!stderr.contains("admin key"), "shown at the first start only");

    let key = head.split("X-API-KEY: ").nth(1).and_then(|rest| rest.lines().next()).expect("a key");
    for file in files(data.path()) {
        let bytes = std::fs::read(&file).expect("readable");
        let found = bytes.windows(key.len() - 9).any(|window| window == &key.as_bytes()[9..]);
        assert!(!found, "the secret is in {}", file.display());
    }
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries =
        std::fs::read_dir(dir).expect("readable").map(|entry| entry.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_server_whose_logs_nobody_reads_any_more_still_stops() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = start(&mut accolade(data.path()));
    drop(server.process.stderr.take());
    server.signal("TERM");
    assert_eq!(server.process.wait().expect("it ends").code(), Some(0));
}

#[test]
fn an_empty_key_is_none_chosen() {
    let data = tempfile::tempdir().expect("a directory");
    let server = start(accolade(data.path()).env("ACCOLADE_ADMIN_KEY", ""));
    server.signal("TERM");
    let (status, _, stderr) = server.ended();
    assert_eq!(status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("admin key (shown only this once): "), "{stderr}");
}

#[test]
fn a_chosen_key_is_guaranteed_to_exist() {
    let data = tempfile::tempdir().expect("a directory");
    let request = |server: &Server, key: &str| {
        server.request(&format!("GET /admin/v1/metrics HTTP/1.1\r\nX-API-KEY: {key}"), "").0
    };
    let (first, second) = ("chosen01.0123456789abcdef", "chosen01.fedcba9876543210");
    let server = start(accolade(data.path()).env("ACCOLADE_ADMIN_KEY", first));
    assert_eq!((request(&server, first), request(&server, second)), (200, 401));
    server.signal("TERM");
    let (_, _, stderr) = server.ended();
    assert!(!stderr.contains("0123456789abcdef"), "a chosen key is not printed");
    let server = start(accolade(data.path()).env("ACCOLADE_ADMIN_KEY", second));
    assert_eq!((request(&server, first), request(&server, second)), (401, 200));
    server.signal("TERM");
    assert_eq!(server.ended().0.code(), Some(0));
}

/// `accolade keys` against a server: exit code, stdout and stderr.
fn keys(server: &Server, key: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["keys", "--url", &format!("http://{}/", server.address)]).args(args);
    let output = command.env("ACCOLADE_ADMIN_KEY", key).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text").trim_end().to_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

// C-AUTH-05 C-AUTH-09 C-AUTH-10 C-AUTH-11
#[test]
fn keys_are_managed_from_the_command_line() {
    let data = tempfile::tempdir().expect("a directory");
    let key = "chosen01.0123456789abcdef";
    let server = start(accolade(data.path()).env("ACCOLADE_ADMIN_KEY", key));
    let (code, made, stderr) = keys(&server, key, &["create", "CI"]);
    assert_eq!((code, made.len()), (Some(0), 41), "{stderr}");
    let (prefix, _) = made.split_once('.').expect("a key");
    let (_, listed, _) = keys(&server, &made, &["list"]);
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().any(|line| line.contains("chosen01") && line.contains("active")));
    let of_made = lines.iter().find(|line| line.contains(prefix)).expect("listed");
    assert!(of_made.ends_with("CI") && !listed.contains(&made), "{listed}");
    let id = of_made.split_whitespace().next().expect("an id");

    assert_eq!(keys(&server, key, &["revoke", prefix]).0, Some(0));
    let (code, _, stderr) = keys(&server, &made, &["list"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("Invalid or missing API key"), "{stderr}");
    assert_eq!(keys(&server, key, &["activate", id]).0, Some(0));
    assert_eq!(keys(&server, &made, &["list"]).0, Some(0));
    let (_, rotated, _) = keys(&server, key, &["rotate", prefix]);
    assert_eq!(keys(&server, &made, &["list"]).0, Some(1));
    assert_eq!(keys(&server, &rotated, &["list"]).0, Some(0));
    assert_eq!(keys(&server, key, &["create"]).0, Some(0));
    let (code, _, stderr) = keys(&server, key, &["create"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("Maximum of 3 API keys reached"), "{stderr}");
    assert_eq!(keys(&server, key, &["delete", id]).0, Some(0));
    assert_eq!(keys(&server, &rotated, &["list"]).0, Some(1));
    assert_eq!(keys(&server, key, &["delete", id]).0, Some(1));
    assert_eq!(keys(&server, "", &["list"]).0, Some(1));
    server.signal("TERM");
    assert_eq!(server.ended().0.code(), Some(0));
}

#[test]
fn wrong_settings_end_with_2_and_say_what_was_expected() {
    let data = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).expect("writable");
        path.display().to_string()
    };
    let config = file("config.toml", "[engine]\nactive_users = 5\n");
    let catalog = file("catalog.toml", "[metrics.words]\nnmae = \"Words\"\n");
    let missing = data.path().join("missing.toml").display().to_string();
    let cases: [(&[&str], &str); 6] = [
        (&["--config", &config], "config.toml:2: unknown field `active_users`, expected one of"),
        (&["--config", &missing], "missing.toml"),
        (&["--catalog", &catalog], "catalog.toml"),
        (&["--test-clock", "yesterday"], "RFC 3339"),
        (&["--listen", "nowhere"], "--listen"),
        (&["--no-such-flag"], "--no-such-flag"),
    ];
    for (flags, expected) in cases {
        let output = accolade(&data.path().join("data")).args(flags).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(stderr.contains(expected), "{flags:?}: {stderr}");
    }
    let output =
        accolade(&data.path().join("data")).env("ACCOLADE_ADMIN_KEY", "short.key").output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("ACCOLADE_ADMIN_KEY: expected 8 letters")
    );
    assert!(!data.path().join("data").exists(), "nothing is touched before all settings are right");
}

#[test]
fn a_server_that_cannot_run_ends_with_1() {
    let data = tempfile::tempdir().expect("a directory");
    let server = start(&mut accolade(data.path()));
    let second = accolade(data.path()).output().expect("it runs");
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"));
    let elsewhere = data.path().join("elsewhere");
    let mut same_port = accolade(&elsewhere);
    same_port.args(["--listen", &server.address]);
    let third = same_port.output().expect("it runs");
    assert_eq!(third.status.code(), Some(2), "a flag given twice is a wrong flag");
    let mut command = Command::new(env!("CARGO_BIN_EXE_accolade"));
    command.args(["serve", "--listen", &server.address, "--data"]).arg(&elsewhere);
    let third = command.output().expect("it runs");
    assert_eq!(third.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&third.stderr).contains(&server.address));
    server.signal("KILL");
    server.ended();
    let server = start(&mut accolade(data.path()));
    server.signal("TERM");
    assert_eq!(server.ended().0.code(), Some(0), "a killed server leaves no lock behind");
}
