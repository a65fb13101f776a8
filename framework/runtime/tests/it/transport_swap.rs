//! The transport is swapped while people talk, over real sockets: who opens a second connection goes over to the newcomer without losing a
//! packet, who does not keeps the path that there is.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use jackfield_runtime::view::{RoomEvent, SwapOutcome, SwapReport};
use jackfield_runtime::{Engine, Room};
use jackfield_transport_ice_dtls::IceDtls;
use serde_json::Map;

use super::caller::{Caller, engine, transport};

const MANIFEST: &str =
    "profile = \"conference\"\n[sockets.transport]\nuse = \"jackfield.transport.webrtc-rs\"\n";
const NEWCOMER: &str = "jackfield.transport.ice-dtls";

/// People in a room, each with one connection or two, who all speak and listen on a thread of their own.
struct Crowd {
    newcomers: Sender<Caller>,
    thread: std::thread::JoinHandle<Vec<Caller>>,
}

impl Crowd {
    fn of(callers: Vec<Caller>) -> Self {
        let (newcomers, come) = channel();
        let thread = std::thread::spawn(move || talk(callers, &come));
        Self { newcomers, thread }
    }

    /// Everybody falls silent: what each connection has heard.
    fn end(self) -> Vec<Caller> {
        drop(self.newcomers);
        self.thread.join().unwrap()
    }
}

/// A packet of silence every 20 ms over each connection, until no more can come.
fn talk(mut callers: Vec<Caller>, come: &Receiver<Caller>) -> Vec<Caller> {
    let begin = Instant::now();
    for number in 1_u64.. {
        while begin.elapsed() < Duration::from_millis(20 * number) {
            callers.iter_mut().for_each(Caller::step);
        }
        for caller in callers.iter_mut().filter(|caller| caller.is_connected()) {
            caller.say(&[0xF8, 0xFF, 0xFE]);
        }
        match come.try_recv() {
            Ok(newcomer) => callers.push(newcomer),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
    }
    callers
}

async fn join(room: &Room, name: &str, seed: u64) -> Caller {
    let mut caller = Caller::join(room, name, transport::<IceDtls>(seed)).await;
    caller.connect();
    caller
}

/// Swaps the transport; whoever of `willing` is asked for a second connection opens one.
async fn swap(room: &Room, crowd: &Crowd, willing: &[jackfield_runtime::Participant]) -> SwapReport {
    let mut events = room.subscribe();
    let none = Map::new();
    let swap = room.set_socket("transport", Some(NEWCOMER), &none);
    let answer = async {
        let (connection, asked) = loop {
            if let RoomEvent::Reconnect {
                connection,
                participants,
            } = events.recv().await.unwrap()
            {
                break (connection, participants);
            }
        };
        for (seed, participant) in (10..).zip(willing) {
            assert!(asked.iter().any(|id| id == participant.id()));
            let second = Caller::reconnect(participant.clone(), connection, transport::<IceDtls>(seed)).await;
            crowd.newcomers.send(second).unwrap();
        }
    };
    let (report, ()) = tokio::join!(swap, answer);
    report.unwrap()
}

/// The versions of DTLS that carry everybody are these: of the two transports only the newcomer knows 1.3.
async fn are_carried_by(room: &Room, versions: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(5);
    // What is told is how things stood when it was asked before.
    while versions_of(room) != versions {
        assert!(Instant::now() < deadline, "{:?}", versions_of(room));
        tokio::task::yield_now().await;
    }
}

fn versions_of(room: &Room) -> Vec<String> {
    let participants = room.stats().participants;
    participants
        .into_iter()
        .map(|participant| participant.dtls_version)
        .collect()
}

fn numbers(caller: &Caller) -> BTreeSet<u16> {
    caller.heard.iter().map(|(number, _)| *number).collect()
}

fn opened() -> (Engine, Room) {
    let engine = engine(MANIFEST);
    let room = engine.open_room("room").unwrap();
    (engine, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_second_connection_goes_over_without_missing_a_packet() {
    let (engine, room) = opened();
    let ann = join(&room, "Ann", 1).await;
    let bob = join(&room, "Bob", 2).await;
    let both = [ann.participant.clone(), bob.participant.clone()];
    let crowd = Crowd::of(vec![ann, bob]);
    let report = swap(&room, &crowd, &both).await;
    assert_eq!(
        (
            report.outcome,
            report.samples_lost,
            report.instances,
            report.message.as_str()
        ),
        (SwapOutcome::Committed, 0, 2, "")
    );
    assert!(report.steps.iter().any(|step| step.step == "probation"));
    are_carried_by(&room, &["1.3", "1.3"]).await;
    for participant in &room.stats().participants {
        assert_eq!(participant.packets_lost, 0, "{}", participant.name);
        assert!(participant.packets_received > 100, "{}", participant.name);
    }
    let mut callers = crowd.end();
    assert_eq!(callers.len(), 4);
    // The host ends the first connections.
    callers[..2]
        .iter_mut()
        .for_each(|caller| caller.run_until(Caller::is_closed));
    for (first, second) in [(&callers[0], &callers[2]), (&callers[1], &callers[3])] {
        let (before, after) = (numbers(first), numbers(second));
        let shared = before.intersection(&after).count();
        assert!(
            shared > 50,
            "for two seconds everything comes over both: {shared}"
        );
        let all: Vec<u16> = before.union(&after).copied().collect();
        let steps = all.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) != 1);
        assert!(
            steps.count() <= 1,
            "nothing is missing but where the numbers wrap: {all:?}"
        );
        assert!(second.is_connected());
    }
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_none_keeps_the_path_and_is_named() {
    let (engine, room) = opened();
    let ann = join(&room, "Ann", 1).await;
    let bob = join(&room, "Bob", 2).await;
    let willing = [ann.participant.clone()];
    let crowd = Crowd::of(vec![ann, bob]);
    let report = swap(&room, &crowd, &willing).await;
    assert_eq!((report.outcome, report.instances), (SwapOutcome::Committed, 1));
    assert!(
        report.message.starts_with("Bob did not open a second connection"),
        "{}",
        report.message
    );
    are_carried_by(&room, &["1.3", "1.2"]).await;
    let callers = crowd.end();
    assert!(callers[1].is_connected(), "Bob is served as before");
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_for_a_connection_that_nobody_asked_for_is_refused() {
    let (engine, room) = opened();
    let ann = join(&room, "Ann", 1).await;
    let refused = ann.participant.offer(99, "v=0\r\n").await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "there is no connection 99: it has ended, or nobody asked for it; offer without a number"
    );
    engine.close().await;
}
