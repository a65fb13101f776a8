//! A real host on a free port of the loopback, and clients that talk to it as browsers and scripts do.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use jackfield_call_host::{Access, CallHost, HostOptions};
use jackfield_loader::{Loader, LoaderOptions, Manifest};
use jackfield_runtime::{Engine, EngineOptions};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Far longer than anything here takes, so that a slow machine fails no test.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A running host and its engine.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) host: CallHost,
}

/// Options for an open host on a free port of the loopback.
pub(crate) fn open_options() -> HostOptions {
    HostOptions::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Access::Open)
}

impl Host {
    pub(crate) fn open() -> Self {
        Self::start(open_options())
    }

    pub(crate) fn start(options: HostOptions) -> Self {
        Self::serve(engine(), options)
    }

    /// A host for an engine in which something runs already.
    pub(crate) fn serve(engine: Engine, options: HostOptions) -> Self {
        let host = CallHost::start(engine.clone(), options).expect("the host starts");
        Self { engine, host }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host.address())
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(&format!("ws://{}/ws", self.host.address()), None)
            .await
            .expect("a WebSocket")
    }

    /// A client that has joined `room`, and what it was told.
    pub(crate) async fn join(&self, room: &str, name: &str) -> (Client, Value) {
        let mut client = self.connect().await;
        let joined = client.join(room, name).await;
        (client, joined)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask("GET", self.url(path), &[], None).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask("GET", self.url(path), headers, None).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        ask("POST", self.url(path), headers, Some(body.to_owned())).await
    }

    pub(crate) async fn options(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        ask("OPTIONS", self.url(path), headers, None).await
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await.expect("the server ended in order");
        self.engine.close().await;
    }
}

/// A signalling client.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub(crate) async fn connect(url: &str, origin: Option<&str>) -> Result<Self, Error> {
        let mut request = url.into_client_request()?;
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("origin", origin.parse().expect("a header"));
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket })
    }

    pub(crate) async fn join(&mut self, room: &str, name: &str) -> Value {
        self.say(&json!({"v": 1, "type": "join", "room": room, "name": name}))
            .await;
        self.hear("joined").await
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .await
            .expect("the host listens");
    }

    /// The next message of `kind`; others are passed over.
    pub(crate) async fn hear(&mut self, kind: &str) -> Value {
        let mut heard = Vec::new();
        loop {
            match timeout(LONG, self.next()).await {
                Ok(Some(message)) if message["type"] == kind => return message,
                Ok(Some(message)) => heard.push(message),
                Ok(None) => panic!("the host hung up before it said {kind:?}; it said {heard:?}"),
                Err(_) => panic!("the host did not say {kind:?}; it said {heard:?}"),
            }
        }
    }

    /// The next message; nothing once the host has hung up.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).expect("the host speaks JSON");
                    assert_eq!(message["v"], 1, "{message}");
                    return Some(message);
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Everything that the host says until it hangs up.
    pub(crate) async fn until_closed(&mut self) -> Vec<Value> {
        let mut said = Vec::new();
        while let Some(message) = timeout(LONG, self.next()).await.expect("the host hangs up") {
            said.push(message);
        }
        said
    }

    /// The error with which the host refuses and hangs up.
    pub(crate) async fn refusal(&mut self) -> Value {
        let said = self.until_closed().await;
        let error = said
            .last()
            .unwrap_or_else(|| panic!("the host hung up without a word"));
        assert_eq!(error["type"], "error", "{said:?}");
        assert_eq!(error["fatal"], true, "{error}");
        useful(error);
        error.clone()
    }

    /// The error with which the host answers and goes on.
    pub(crate) async fn complaint(&mut self) -> Value {
        let error = self.hear("error").await;
        assert_eq!(error["fatal"], false, "{error}");
        useful(&error);
        error
    }

    /// That the host still answers on this connection.
    pub(crate) async fn is_served(&mut self) {
        self.say(&json!({"v": 1, "type": "ping", "id": 4711})).await;
        assert_eq!(self.hear("pong").await["id"], 4711);
    }
}

/// An error says what was wrong and what to do.
fn useful(error: &Value) {
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| message.len() > 20),
        "{error}"
    );
}

/// What an HTTP server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a refusal, whose shape is checked.
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let error = &self.json()["error"];
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.len() > 20),
            "{self:?}"
        );
        error["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no code: {self:?}"))
            .to_owned()
    }
}

async fn ask(method: &'static str, url: String, headers: &[(&str, &str)], body: Option<String>) -> Answer {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let asked = tokio::task::spawn_blocking(move || {
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(LONG))
                .build(),
        );
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let answer = match body {
            Some(body) => agent.run(request.body(body).expect("a request")),
            None => agent.run(request.body(()).expect("a request")),
        };
        let mut answer = answer.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        Answer {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: answer.body_mut().read_to_string().expect("a body"),
        }
    });
    asked.await.expect("the request ran")
}

/// An engine whose plugins are linked in.
pub(crate) fn engine() -> Engine {
    engine_with(Vec::new(), |_| {})
}

/// The same with plugin folders, and with the manifest changed.
pub(crate) fn engine_with(folders: Vec<PathBuf>, change: impl FnOnce(&mut Manifest)) -> Engine {
    let linked = vec![
        jackfield_capture_file::JACKFIELD_PLUGIN,
        jackfield_codec_g711::JACKFIELD_PLUGIN,
        jackfield_codec_opus::JACKFIELD_PLUGIN,
        jackfield_congestion_fixed::JACKFIELD_PLUGIN,
        jackfield_congestion_gcc::JACKFIELD_PLUGIN,
        jackfield_congestion_receive_side::JACKFIELD_PLUGIN,
        jackfield_jitter_adaptive::JACKFIELD_PLUGIN,
        jackfield_jitter_fixed::JACKFIELD_PLUGIN,
        jackfield_mixer_active_speaker::JACKFIELD_PLUGIN,
        jackfield_mixer_sum::JACKFIELD_PLUGIN,
        jackfield_pacing_leaky_bucket::JACKFIELD_PLUGIN,
        jackfield_pacing_null::JACKFIELD_PLUGIN,
        jackfield_processing_aec3::JACKFIELD_PLUGIN,
        jackfield_processing_gain::JACKFIELD_PLUGIN,
        jackfield_processing_ns_rnnoise::JACKFIELD_PLUGIN,
        jackfield_processing_null::JACKFIELD_PLUGIN,
        jackfield_transport_ice_dtls::JACKFIELD_PLUGIN,
    ];
    let loader = Loader::new(LoaderOptions {
        linked,
        folders,
        ..LoaderOptions::default()
    })
    .expect("the plugins are of this build");
    let mut manifest = Manifest::embedded_default().linked();
    change(&mut manifest);
    Engine::start(EngineOptions::new(manifest, loader)).expect("the engine starts")
}
