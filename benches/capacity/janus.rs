//! Janus's side: the Debian package, with a configuration of its own, spoken to over its WebSocket.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::client::IntoClientRequest;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::process::Server;
use crate::{Conference, Error, Options};

/// The number of the room.
const ROOM: u64 = 1_234;

/// A running Janus with one room.
pub(crate) struct Janus {
    server: Server,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: u64,
    asked: u64,
    complexity: u32,
    joined: usize,
    _folder: TempDir,
}

impl Janus {
    pub(crate) fn start(options: &Options) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        configure(&folder, port)?;
        let mut command = Command::new("janus");
        command.arg("-C").arg(folder.path().join("janus.jcfg"));
        command.arg("-F").arg(folder.path()).arg("-o");
        command.stderr(std::process::Stdio::null());
        let mut server = Server::start(&mut command)
            .map_err(|e| format!("{e}. Install it (Debian: `apt install janus`) or measure with --alone"))?;
        // What it says is not read: it must not wait for that.
        if let Some(mut said) = server.0.stdout.take() {
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        }
        let mut janus = Self {
            server,
            socket: connect(port)?,
            session: 0,
            asked: 0,
            complexity: options.complexity,
            joined: 0,
            _folder: folder,
        };
        janus.session = number(&janus.ask(json!({ "janus": "create" }))?["data"]["id"])?;
        let handle = janus.attach()?;
        let made = janus.tell(
            handle,
            &json!({
                "request": "create", "room": ROOM, "sampling_rate": 48_000, "allow_rtp_participants": true,
                "audiolevel_event": false, "default_prebuffering": 3, "default_bitrate": 32_000,
            }),
        )?;
        if made["audiobridge"] != "created" {
            return Err(format!("Janus made no room: {made}").into());
        }
        Ok(janus)
    }

    fn attach(&mut self) -> Result<u64, Error> {
        let plugin =
            json!({ "janus": "attach", "session_id": self.session, "plugin": "janus.plugin.audiobridge" });
        number(&self.ask(plugin)?["data"]["id"])
    }

    fn tell(&mut self, handle: u64, body: &Value) -> Result<Value, Error> {
        let message =
            json!({ "janus": "message", "session_id": self.session, "handle_id": handle, "body": body });
        Ok(self.ask(message)?["plugindata"]["data"].take())
    }

    /// Asks and waits for the answer; an acknowledgement is none.
    fn ask(&mut self, mut question: Value) -> Result<Value, Error> {
        self.asked += 1;
        let transaction = self.asked.to_string();
        question["transaction"] = json!(transaction);
        self.socket.send(Message::text(question.to_string()))?;
        loop {
            let Message::Text(text) = self.socket.read()? else {
                continue;
            };
            let answer: Value = serde_json::from_str(&text)?;
            if answer["transaction"] == transaction && answer["janus"] != "ack" {
                return Ok(answer);
            }
        }
    }
}

impl Conference for Janus {
    fn server(&self) -> &Server {
        &self.server
    }

    fn join(&mut self, local: SocketAddr) -> Result<SocketAddr, Error> {
        let handle = self.attach()?;
        let joined = self.tell(
            handle,
            &json!({
                "request": "join", "room": ROOM, "display": format!("p{}", self.joined), "muted": false,
                "quality": self.complexity, "bitrate": 32_000,
                "rtp": { "ip": "127.0.0.1", "port": local.port(), "payload_type": 111, "audiolevel_ext": 1 },
            }),
        )?;
        self.joined += 1;
        let port = number(&joined["rtp"]["port"]).map_err(|_| format!("Janus let nobody in: {joined}"))?;
        Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(port)?)))
    }
}

fn number(value: &Value) -> Result<u64, Error> {
    value
        .as_u64()
        .ok_or_else(|| format!("Janus gave {value} for a number").into())
}

/// Waits until it listens.
fn connect(port: u16) -> Result<WebSocket<MaybeTlsStream<TcpStream>>, Error> {
    for _ in 0..100 {
        let mut request = format!("ws://127.0.0.1:{port}").into_client_request()?;
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", "janus-protocol".parse()?);
        if let Ok((socket, _)) = tungstenite::connect(request) {
            return Ok(socket);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("Janus does not listen".into())
}

fn configure(folder: &TempDir, port: u16) -> Result<(), Error> {
    let files = [
        (
            "janus.jcfg",
            r#"general: { debug_level = 2, interface = "127.0.0.1", session_timeout = 0 }
media: { ipv6 = false, rtp_port_range = "20000-29999" }
nat: { full_trickle = true }
plugins: { disable = "libjanus_sip.so,libjanus_lua.so,libjanus_duktape.so,libjanus_voicemail.so,libjanus_nosip.so,libjanus_recordplay.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
events: { broadcast = false }
"#
            .to_owned(),
        ),
        (
            "janus.plugin.audiobridge.jcfg",
            "general: { local_ip = \"127.0.0.1\", rtp_port_range = \"30000-49999\" }\n".to_owned(),
        ),
        (
            "janus.transport.websockets.jcfg",
            format!("general: {{ json = \"compact\", ws = true, ws_port = {port}, ws_ip = \"127.0.0.1\", wss = false }}\nadmin: {{ admin_ws = false }}\n"),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text)?;
    }
    Ok(())
}
