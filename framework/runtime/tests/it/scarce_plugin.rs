//! A plugin of which there are not enough instances for everybody is put in for nobody.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use jackfield_runtime::{Engine, EngineOptions};
use jackfield_sdk::pacing::Departure;
use jackfield_sdk::prelude::*;
use jackfield_transport_loopback::Loopback;
use serde_json::Map;

use super::caller::{Caller, loader, manifest, transport};
use super::strangers::JACKFIELD_PLUGIN;

/// How many instances have been asked for.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// Whether one of them was given a packet.
static USED: AtomicBool = AtomicBool::new(false);

/// A pacer of which there is one instance.
pub(crate) struct Scarce(());

impl Plugin for Scarce {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.pacing.scarce", "Scarce", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        match ASKED.fetch_add(1, Relaxed) {
            0 => Ok(Self(())),
            _ => Err(Fault::failed("there is one, and it is taken")),
        }
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

impl Departure for Scarce {
    fn due(&self, came: Timestamp, _: &PacedPacket) -> Timestamp {
        USED.store(true, Relaxed);
        came
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_plugin_that_cannot_be_made_for_everybody_is_put_in_for_nobody() {
    let text = "profile = \"conference\"\n[sockets.transport]\nuse = \"jackfield.transport.loopback\"\n";
    let options = EngineOptions::new(manifest(text), loader(&[JACKFIELD_PLUGIN]));
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut callers = Vec::new();
    for (name, seed) in [("Ann", 1), ("Bob", 2)] {
        let mut caller = Caller::join(&room, name, transport::<Loopback>(seed)).await;
        caller.connect();
        callers.push(caller);
    }
    let nothing = Map::new();
    let refused = room
        .set_socket("pacer", Some("test.pacing.scarce"), &nothing)
        .await;
    let refused = refused.err().unwrap().to_string();
    assert!(refused.contains("there is one, and it is taken"), "{refused}");
    assert_eq!(ASKED.load(Relaxed), 2, "one for each of them");

    // Both are carried by the one before.
    for caller in &mut callers {
        let heard = caller.heard.len();
        caller.run_until(|caller| caller.heard.len() > heard + 25);
    }
    assert!(!USED.load(Relaxed));
    let socket = |name: &str| {
        let sockets = room.graph().sockets;
        sockets.into_iter().find(|s| s.socket == name).unwrap()
    };
    assert_eq!(socket("pacer").plugin.id, "jackfield.pacing.leaky-bucket");
    engine.close().await;
}
