//! `jackfield serve` says where to go, serves there, and ends in order when it is told to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running host; killed if a test fails before it ends.
struct Host {
    child: Child,
    /// Where to go, as it printed.
    url: String,
}

impl Host {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env_remove("JACKFIELD_TOKEN_SECRET")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let opening = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Open ").map(str::to_owned));
        let Some(url) = opening else {
            let status = child.wait().expect("it ended");
            panic!("it did not say where to go and ended with {status}");
        };
        Self { child, url }
    }

    fn address(&self) -> &str {
        let rest = self.url.split_once("://").expect("a scheme").1;
        rest.split('/').next().expect("an authority")
    }

    fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.address()).expect("it listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address()
        );
        socket.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("it answers");
        answer
    }

    fn stop(mut self, signal: &str) -> Duration {
        let begun = Instant::now();
        let told = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(told.success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
        begun.elapsed()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_open_host_serves_everybody_and_ends_at_once_on_either_signal() {
    for signal in ["-TERM", "-INT"] {
        let host = Host::start(&["--open"]);
        assert!(host.url.starts_with("http://127.0.0.1:"), "{}", host.url);
        assert!(host.get("/").starts_with("HTTP/1.1 200"), "the page");
        assert!(host.get("/api/rooms").ends_with("{\"rooms\":[]}"));
        let took = host.stop(signal);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[test]
fn a_host_without_a_key_prints_a_link_that_opens_it() {
    let host = Host::start(&[]);
    assert!(host.get("/api/rooms").starts_with("HTTP/1.1 401"));
    let token = host.url.split_once("?token=").expect("a token in the link").1;
    assert!(
        host.get(&format!("/api/rooms?token={token}"))
            .starts_with("HTTP/1.1 200")
    );
    assert!(
        host.get(&format!("/metrics?token={token}"))
            .starts_with("HTTP/1.1 200")
    );
    host.stop("-TERM");
}

#[test]
fn options_that_make_no_sense_are_refused_with_what_to_do() {
    for (arguments, says) in [
        (&["--listen", "somewhere"][..], "--listen"),
        (&["--tls-cert", "a.pem"], "--tls-key"),
        (&["--open", "--token-secret-file", "x"], "--token-secret-file"),
        (
            &["--token-secret-file", "/nonexistent/secret"],
            "/nonexistent/secret",
        ),
        (
            &["--manifest", "/nonexistent/jackfield.toml"],
            "/nonexistent/jackfield.toml",
        ),
        (
            &["--open", "--media", "127.0.0.1:0", "--listen", "203.0.113.1:1"],
            "--listen",
        ),
        (&["--log", "lo=ud=er"], "--log"),
        (&["--dscp", "64"], "use`ef`forvoice"),
    ] {
        let ended = Command::new(env!("CARGO_BIN_EXE_jackfield"))
            .arg("serve")
            .args(arguments)
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success(), "{arguments:?}");
        // Lines may be broken to fit a terminal.
        assert!(
            said.replace(['\n', ' ', '│'], "").contains(says),
            "{arguments:?}: {said}"
        );
    }
}
