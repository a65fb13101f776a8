//! Jackfield's side: this program once more, with an engine in it that takes offers line by line.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use jackfield_loader::{Loader, LoaderOptions, Manifest};
use jackfield_runtime::{Engine, EngineOptions, ParticipantKind};

use crate::process::Server;
use crate::{Conference, Error, Options};

/// A conference of Jackfield's in a process of its own.
pub(crate) struct Hall {
    server: Server,
    answers: BufReader<std::process::ChildStdout>,
}

impl Hall {
    pub(crate) fn start(options: &Options) -> Result<Self, Error> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve");
        command.args(["--participants", &options.participants.to_string()]);
        command.args(["--complexity", &options.complexity.to_string()]);
        command.args(["--mixer", &options.mixer]);
        let mut server = Server::start(&mut command)?;
        let answers = BufReader::new(server.0.stdout.take().ok_or("a child without an output")?);
        Ok(Self { server, answers })
    }
}

impl Conference for Hall {
    fn server(&self) -> &Server {
        &self.server
    }

    fn join(&mut self, local: SocketAddr) -> Result<SocketAddr, Error> {
        let questions = self.server.0.stdin.as_mut().ok_or("a child without an input")?;
        writeln!(questions, "{local}")?;
        questions.flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        answer
            .trim()
            .parse()
            .map_err(|_| format!("the conference answered {answer:?}").into())
    }
}

/// The other end of the pipes: for every address that comes in, a participant joins, and where it is to send to goes out.
pub(crate) fn serve(options: &Options) -> Result<(), Error> {
    let manifest = Manifest::parse(&manifest(options), Path::new("capacity.toml"))?;
    let beside = std::env::current_exe()?;
    let loader = Loader::new(
        LoaderOptions {
            folders: beside.parent().map(Path::to_path_buf).into_iter().collect(),
            ..LoaderOptions::default()
        }
        .with_manifest(&manifest),
    )?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let engine = Engine::start(EngineOptions::new(manifest, loader))?;
        let room = engine.open_room("capacity")?;
        let mut people = Vec::new();
        for line in std::io::stdin().lock().lines() {
            let person = room.join(&format!("p{}", people.len()), ParticipantKind::Browser)?;
            let answer = person.offer(0, &offer(line?.trim().parse()?)).await?;
            println!(
                "{}",
                host_candidate(&answer).ok_or("an answer without a candidate")?
            );
            people.push(person);
        }
        engine.close().await;
        Ok(())
    })
}

/// No processing, as in Janus; packets in the clear.
fn manifest(options: &Options) -> String {
    format!(
        r#"profile = "conference"
[room]
max_participants = {}
[sockets.transport]
use = "jackfield.transport.loopback"
[sockets.codec]
use = "jackfield.codec.opus"
params = {{ complexity = {}, bitrate = 32000 }}
[sockets.echo]
use = "jackfield.processing.null"
[sockets.noise]
use = "jackfield.processing.null"
[sockets.gain]
use = "jackfield.processing.null"
[sockets.mixer]
use = "jackfield.mixer.{}"
"#,
        options.participants, options.complexity, options.mixer
    )
}

fn offer(local: SocketAddr) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio {port} UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\n\
         a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n\
         a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
         a=setup:actpass\r\na=ice-ufrag:none\r\na=ice-pwd:nonenonenonenonenonenone\r\n\
         a=fingerprint:sha-256 {fingerprint}\r\n\
         a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\na=end-of-candidates\r\n",
        port = local.port(),
        fingerprint = ["00"; 32].join(":"),
    )
}

/// Where the first candidate of an answer is (RFC 8839 section 5.1).
fn host_candidate(answer: &str) -> Option<SocketAddr> {
    let line = answer
        .lines()
        .find_map(|line| line.strip_prefix("a=candidate:"))?;
    let mut fields = line.split_ascii_whitespace().skip(4);
    Some(SocketAddr::new(
        fields.next()?.parse().ok()?,
        fields.next()?.parse().ok()?,
    ))
}
