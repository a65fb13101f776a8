//! A plugin that takes long to make an instance holds nobody up but who asked for it.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_sdk::pacing::Departure;
use jackfield_sdk::prelude::*;
use jackfield_transport_loopback::Loopback;
use serde_json::Map;

use super::caller::{Caller, loader, manifest, transport};
use super::strangers::JACKFIELD_PLUGIN;

const MANIFEST: &str = "profile = \"conference\"\n\
     [sockets.transport]\nuse = \"jackfield.transport.loopback\"\n\
     [sockets.echo]\nuse = \"jackfield.processing.null\"\n\
     [sockets.noise]\nuse = \"jackfield.processing.null\"\n\
     [sockets.gain]\nuse = \"jackfield.processing.null\"\n";

/// Whether instances may be made, and how many were asked for.
static GATE: (Mutex<(bool, usize)>, Condvar) = (Mutex::new((true, 0)), Condvar::new());

/// Instances that there are.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// Makes an instance when it is let.
pub(crate) struct Slow(());

impl Drop for Slow {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Relaxed);
    }
}

impl Plugin for Slow {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.processing.slow", "Slow", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        let mut gate = GATE.0.lock().unwrap();
        gate.1 += 1;
        GATE.1.notify_all();
        drop(GATE.1.wait_while(gate, |gate| !gate.0).unwrap());
        ALIVE.fetch_add(1, Relaxed);
        Ok(Self(()))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

impl AudioProcessor for Slow {
    fn activate(&mut self, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn process(
        &mut self,
        _: Timestamp,
        _: &mut [f32],
        _: &CaptureInfo,
        _: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        Ok(())
    }
}

/// A pacer that is made when it is let.
pub(crate) struct SlowPacer(Slow);

impl Plugin for SlowPacer {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.pacing.slow", "Slow", "1.0.0");
    type Parameters = ();

    fn create(environment: &Environment) -> Result<Self, Fault> {
        Slow::create(environment).map(Self)
    }

    fn parameters(&mut self) -> &mut () {
        self.0.parameters()
    }
}

impl Departure for SlowPacer {
    fn due(&self, came: Timestamp, _: &PacedPacket) -> Timestamp {
        came
    }
}

/// Waits until more than so many instances have been asked for; gives how many.
fn asked_more_than(before: usize) -> usize {
    let gate = GATE.0.lock().unwrap();
    GATE.1.wait_while(gate, |gate| gate.1 <= before).unwrap().1
}

fn let_make(open: bool) {
    GATE.0.lock().unwrap().0 = open;
    GATE.1.notify_all();
}

async fn join(room: &Room, name: &str, seed: u64) -> Caller {
    let mut caller = Caller::join(room, name, transport::<Loopback>(seed)).await;
    caller.connect();
    caller
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_newcomer_is_being_made_the_room_answers_and_who_joins_meanwhile_gets_it_too() {
    let options = EngineOptions::new(manifest(MANIFEST), loader(&[JACKFIELD_PLUGIN]));
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("room").unwrap();
    let _ann = join(&room, "Ann", 1).await;
    let_make(false);
    let swapped = {
        let room = room.clone();
        tokio::spawn(async move {
            let nothing = Map::new();
            room.set_socket("gain", Some("test.processing.slow"), &nothing)
                .await
        })
    };
    tokio::task::spawn_blocking(|| asked_more_than(0)).await.unwrap();
    // All of this would wait for the plugin if it were made where the room is locked.
    assert_eq!(room.participants().len(), 1);
    assert_eq!(room.graph().sockets.len(), 10);
    let _bob = join(&room, "Bob", 2).await;
    assert!(!swapped.is_finished());
    let_make(true);
    let report = swapped.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed, "{}", report.message);
    assert_eq!(report.instances, 2, "Ann's and Bob's");
    engine.close().await;
}

/// Somebody joins a room with `slow` in `socket`, and while it is being made for him `quick` is put in there.
async fn joins_while_it_is_swapped(socket: &str, slow: &str, quick: &str) {
    let text = MANIFEST.replace(&format!("[sockets.{socket}]\nuse = \"{quick}\""), "");
    let text = format!("{text}[sockets.{socket}]\nuse = \"{slow}\"\n");
    let options = EngineOptions::new(manifest(&text), loader(&[JACKFIELD_PLUGIN]));
    let engine = Engine::start(options).unwrap();
    let room = engine.open_room("room").unwrap();
    let mut ann = join(&room, "Ann", 1).await;
    let before = asked_more_than(0);
    let_make(false);
    let bob = {
        let room = room.clone();
        tokio::spawn(async move { Caller::join(&room, "Bob", transport::<Loopback>(2)).await })
    };
    tokio::task::spawn_blocking(move || asked_more_than(before))
        .await
        .unwrap();
    // All of this would wait for the plugin if it were made where the room is locked.
    assert_eq!(room.participants().len(), 2);
    ann.participant.set_muted(true);
    let nothing = Map::new();
    let report = room.set_socket(socket, Some(quick), &nothing).await.unwrap();
    assert_eq!(report.outcome, SwapOutcome::Committed, "{}", report.message);
    assert!(!bob.is_finished());
    let_make(true);
    let mut bob = bob.await.unwrap();
    bob.connect();
    // What was made for Bob is not what stands in the socket now.
    let began = Instant::now();
    while ALIVE.load(Relaxed) > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "nobody has one any more"
        );
        ann.step();
    }
    let sockets = room.graph().sockets;
    let view = sockets.iter().find(|view| view.socket == socket).unwrap();
    assert_eq!(view.plugin.id, quick);
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_what_somebody_needs_who_joins_is_being_made_the_room_answers_and_what_is_swapped_meanwhile_counts()
 {
    joins_while_it_is_swapped("gain", "test.processing.slow", "jackfield.processing.null").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_on_the_network_side() {
    joins_while_it_is_swapped("pacer", "test.pacing.slow", "jackfield.pacing.null").await;
}
