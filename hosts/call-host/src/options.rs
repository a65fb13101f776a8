//! What a call host is told at start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::access::Access;
use crate::rate::Rate;
use crate::tls::Tls;

/// How a call host is reached, whom it lets in, and how much it bears.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// HTTP or HTTPS.
    pub tls: Tls,
    /// Whom it lets in.
    pub access: Access,
    /// Web pages of other hosts that may talk to it, as browsers name them: `https://call.example.org`.
    pub allowed_origins: Vec<String>,
    /// A folder, one of those of the engine's loader, from which new builds of plugins are swapped into the running calls.
    pub watch: Option<PathBuf>,
    /// How much it bears.
    pub limits: Limits,
}

impl HostOptions {
    /// A host at `listen` that speaks plain HTTP and has the default limits.
    #[must_use]
    pub fn new(listen: SocketAddr, access: Access) -> Self {
        Self {
            listen,
            tls: Tls::Off,
            access,
            allowed_origins: Vec::new(),
            watch: None,
            limits: Limits::default(),
        }
    }
}

/// How much a call host bears, and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most rooms at a time.
    pub rooms: usize,
    /// The most participants in a room, robots included.
    pub participants: usize,
    /// The most signalling connections at a time, those included that have not joined yet.
    pub connections: usize,
    /// The longest signalling message in bytes; longer ones end the connection.
    pub message_bytes: usize,
    /// How often a connection may say something.
    pub messages: Rate,
    /// How often a connection may offer, which costs far more than any other message.
    pub offers: Rate,
    /// How long a connection may stay without having joined.
    pub join_within: Duration,
    /// How long a participant whose connection is lost keeps their place, with media going on.
    pub grace: Duration,
    /// How often the host asks whether the other end is still there.
    pub heartbeat: Duration,
    /// How long the other end may be silent, answers to the heartbeat included.
    pub silence: Duration,
    /// How long the other end may take to receive one message.
    pub send_within: Duration,
    /// How long a room stays open that nobody is in.
    pub empty_room: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms: 16,
            participants: 32,
            connections: 512,
            message_bytes: 64 * 1024,
            messages: Rate {
                per_second: 50.0,
                burst: 200.0,
            },
            offers: Rate {
                per_second: 0.5,
                burst: 10.0,
            },
            join_within: Duration::from_secs(10),
            grace: Duration::from_secs(30),
            heartbeat: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            send_within: Duration::from_secs(5),
            empty_room: Duration::from_secs(60),
        }
    }
}
