//! The process of a congestion controller or a pacer ends or hangs: packets flow on, and it comes back knowing what the host knows.

use std::sync::{Arc, Mutex};

use jackfield_graph::media::Mix;
use jackfield_graph::network::NetworkEvent;
use jackfield_sdk::prelude::*;

use crate::away::{Health, Process};

use super::plugins::{Metronome, Notes, Scribe};
use super::world::{ANN, BOB, Plugs, World};

impl CongestionController for Process<Scribe> {
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.call()?.activate(now, constraints)
    }
    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        self.call()?.on_event(now, event, packets, probes)
    }
    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        self.call()?.process_interval()
    }
    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault> {
        self.call()?.hand_over(now)
    }
    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.call()?.take_over(now, state)
    }
}

impl Pacer for Process<Metronome> {
    fn set_rates(&mut self, now: Timestamp, pacing: DataRate, padding: DataRate) -> Result<(), Fault> {
        self.call()?.set_rates(now, pacing, padding)
    }
    fn enqueue(&mut self, now: Timestamp, packet: &PacedPacket) -> Result<(), Fault> {
        self.call()?.enqueue(now, packet)
    }
    fn poll(&mut self, now: Timestamp, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.call()?.poll(now, departures)
    }
    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        self.call()?.deadline()
    }
    fn queue(&mut self) -> Result<PacerQueue, Fault> {
        self.call()?.queue()
    }
    fn hand_over(&mut self, departures: &mut dyn DepartureSink) -> Result<(), Fault> {
        self.call()?.hand_over(departures)
    }
}

/// A controller that decides for 48 kbit/s, in a process; what each instance of it writes down.
fn controller(health: &Health) -> (Box<dyn CongestionController>, Arc<Mutex<Vec<Arc<Mutex<Notes>>>>>) {
    let instances: Arc<Mutex<Vec<_>>> = Arc::default();
    let kept = Arc::clone(&instances);
    let make = move || {
        let (mut scribe, notes) = Scribe::new();
        scribe.decision.target = DataRate::kbps(48);
        scribe.decision.estimate = DataRate::kbps(90);
        kept.lock().unwrap().push(notes);
        scribe
    };
    (Box::new(Process::new(make, health)), instances)
}

fn faults(world: &World) -> usize {
    let events = world.events_of(ANN);
    let told = |event: &&NetworkEvent| matches!(event, NetworkEvent::Fault { .. });
    events.iter().filter(told).count()
}

fn publish(world: &mut World) {
    world.with(0, |domain, _| domain.publish(1)).unwrap();
}

#[test]
fn t_6_a_congestion_controller_that_ended_leaves_its_decision_and_comes_back_knowing_it() {
    let health = Health::default();
    let (congestion, instances) = controller(&health);
    let mut world = World::pair_controlled_by(congestion);
    world.speak(0, 20);
    health.becomes(Health::GONE);
    world.speak(0, 20);
    publish(&mut world);
    let stats = Arc::clone(&world.person(ANN).stats);
    assert!(stats.congestion.is_bypassed() && stats.congestion.concealed_blocks() > 20);
    assert_eq!(stats.target_rate(), DataRate::kbps(48), "the last decision holds");

    health.becomes(Health::UP);
    world.speak(0, 20);
    publish(&mut world);
    assert!(!stats.congestion.is_bypassed());
    assert_eq!(world.heard(BOB).len(), 60, "packets flowed on");
    assert_eq!(
        faults(&world),
        0,
        "that it is started again is the loader's to tell"
    );
    let instances = instances.lock().unwrap();
    assert_eq!(instances.len(), 2);
    let newcomer = instances[1].lock().unwrap();
    let known = newcomer.taken_over.expect("it is told what is known");
    assert_eq!(
        (known.target, known.estimate),
        (DataRate::kbps(48), DataRate::kbps(90))
    );
    let kinds: Vec<_> = newcomer.told.iter().map(|told| told.event.kind).collect();
    assert_eq!(
        kinds[0],
        CongestionEventKind::NetworkAvailability,
        "it is told again that there is a network: {kinds:?}"
    );
    assert!(
        kinds.contains(&CongestionEventKind::ProcessInterval)
            && kinds.contains(&CongestionEventKind::SentPacket),
        "and then of everything: {kinds:?}"
    );
}

#[test]
fn t_6_a_congestion_controller_that_is_late_misses_an_event_and_decides_by_the_next() {
    let health = Health::default();
    let (congestion, instances) = controller(&health);
    let mut world = World::pair_controlled_by(congestion);
    world.speak(0, 10);
    let told_of = |world: &World| {
        let _ = world;
        instances.lock().unwrap()[0].lock().unwrap().told.len()
    };
    health.becomes(Health::LATE);
    let before = told_of(&world);
    world.speak(0, 10);
    assert_eq!(told_of(&world), before);
    health.becomes(Health::UP);
    world.speak(0, 10);
    assert!(told_of(&world) > before + 10);
    assert_eq!(instances.lock().unwrap().len(), 1, "it is the same");
    assert_eq!(instances.lock().unwrap()[0].lock().unwrap().taken_over, None);
    assert_eq!(world.heard(BOB).len(), 30);
    assert_eq!(faults(&world), 0);
}

/// Six packets at once; over how long they left.
fn burst(world: &mut World) -> TimeDelta {
    let before = world.rtp_of(ANN).len();
    for number in 0..6_u32 {
        world.mix(0, Mix::Shared(1), &number.to_be_bytes());
    }
    world.poll(0);
    world.run_for(TimeDelta::ms(300));
    let sent = &world.rtp_of(ANN)[before..];
    assert_eq!(sent.len(), 6, "none is lost and none leaves twice");
    sent[5].at.since(sent[0].at)
}

#[test]
fn t_6_while_a_pacer_does_not_answer_packets_leave_at_once_and_afterwards_in_its_time() {
    for fault in [Health::GONE, Health::LATE] {
        let health = Health::default();
        let pacer = Process::new(|| Metronome::every(TimeDelta::ms(30)), &health);
        let mut world = World::pair_with(Plugs {
            pacer: Box::new(pacer),
            ..Plugs::default()
        });
        assert_eq!(burst(&mut world), TimeDelta::ms(150));
        health.becomes(fault);
        assert_eq!(burst(&mut world), TimeDelta::ZERO);
        publish(&mut world);
        let stats = Arc::clone(&world.person(ANN).stats);
        assert!(stats.pacer.is_bypassed() && stats.pacer.concealed_blocks() > 0);
        health.becomes(Health::UP);
        assert_eq!(burst(&mut world), TimeDelta::ms(150));
        publish(&mut world);
        assert!(!stats.pacer.is_bypassed());

        // It ends while packets wait for it.
        for number in 0..6_u32 {
            world.mix(0, Mix::Shared(1), &number.to_be_bytes());
        }
        world.poll(0);
        health.becomes(fault);
        world.run_for(TimeDelta::ms(100));
        assert_eq!(
            world.rooms[0].domain.waiting_payloads(),
            0,
            "they leave without it"
        );
        assert_eq!(world.heard(BOB).len(), 24);
        assert_eq!(faults(&world), 0);
    }
}
