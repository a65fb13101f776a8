//! E25.2, E28.4: the executor moves the clock from event to event, in an order that is the same in every run.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use jackfield_core::audio::AudioFormat;
use jackfield_core::environment::Environment;
use jackfield_core::mixer::{Mixer, MixerConfig, MixerProxy};
use jackfield_core::module::Plugin;
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_graph::Conference;
use jackfield_graph::conference::ConferenceConfig;
use jackfield_sim::{Datagram, LinkConfig, Network, Node, Outbox, Room, VirtualExecutor};

type Log = Rc<RefCell<Vec<(i64, String)>>>;

/// Sends a datagram with its name every `every`, and writes down what it gets.
struct Talker {
    name: &'static str,
    address: SocketAddr,
    peer: SocketAddr,
    every: TimeDelta,
    next: Timestamp,
    log: Log,
}

impl Node for Talker {
    fn receive(&mut self, now: Timestamp, datagram: &Datagram, _: &mut Outbox<'_>) {
        let text = String::from_utf8_lossy(&datagram.bytes).into_owned();
        self.log
            .borrow_mut()
            .push((now.us(), format!("{} hears {text}", self.name)));
    }

    fn deadline(&self) -> Timestamp {
        self.next
    }

    fn handle_timeout(&mut self, now: Timestamp, outbox: &mut Outbox<'_>) {
        self.next = now + self.every;
        outbox.send(self.address, self.peer, self.name.as_bytes());
    }
}

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, host], 5_000))
}

fn two_talkers(seed: u64) -> (Vec<(i64, String)>, u64) {
    let log = Log::default();
    let mut network = Network::new(seed);
    network.set_default(LinkConfig {
        delay: TimeDelta::ms(5),
        jitter: TimeDelta::ms(3),
        loss: 0.05,
        ..LinkConfig::PERFECT
    });
    let mut executor = VirtualExecutor::new(network);
    for (name, me, peer) in [("a", 1, 2), ("b", 2, 1)] {
        let talker = Talker {
            name,
            address: address(me),
            peer: address(peer),
            every: TimeDelta::ms(20),
            next: Timestamp::from_ms(10),
            log: Rc::clone(&log),
        };
        executor.add_node(Box::new(talker), &[address(me)]);
    }
    executor.run_for(TimeDelta::seconds(20));
    let digest = executor.digest();
    drop(executor);
    (Rc::try_unwrap(log).unwrap().into_inner(), digest)
}

#[test]
fn e25_2_equal_seeds_give_equal_runs() {
    let (log, digest) = two_talkers(11);
    assert!((1_800..2_000).contains(&log.len()), "{}", log.len());
    assert_eq!((log.clone(), digest), two_talkers(11));
    assert_ne!(digest, two_talkers(12).1);
    assert!(log.is_sorted_by_key(|(at, _)| *at));
}

#[test]
fn e28_4_the_clock_stands_where_the_run_ended_and_the_wall_clock_with_it() {
    let mut executor = VirtualExecutor::new(Network::new(1));
    let wall = executor.clock().wall();
    executor.run_for(TimeDelta::ms(1_234));
    executor.run_for(TimeDelta::us(567));
    assert_eq!(executor.clock().now(), Timestamp::from_us(1_234_567));
    assert_eq!(
        executor.clock().wall(),
        wall.advanced_by(TimeDelta::us(1_234_567))
    );
}

#[test]
fn events_at_one_instant_happen_in_the_order_of_scheduling() {
    let log = Log::default();
    let mut executor = VirtualExecutor::new(Network::new(1));
    for name in ["first", "second", "third"] {
        let talker = Talker {
            name,
            address: address(1),
            peer: address(9),
            every: TimeDelta::ms(10),
            next: Timestamp::ZERO,
            log: Rc::clone(&log),
        };
        executor.add_node(Box::new(talker), &[]);
    }
    let listener = Talker {
        name: "listener",
        address: address(9),
        peer: address(9),
        every: TimeDelta::ZERO,
        next: Timestamp::NEVER,
        log: Rc::clone(&log),
    };
    executor.add_node(Box::new(listener), &[address(9)]);
    executor.run_for(TimeDelta::ms(15));
    let heard: Vec<String> = log.borrow().iter().map(|(_, text)| text.clone()).collect();
    let round = ["first", "second", "third"].map(|name| format!("listener hears {name}"));
    assert_eq!(heard, [round.clone(), round].concat());
}

#[test]
#[should_panic(expected = "does not move on")]
fn a_node_that_never_gets_on_is_found_out() {
    struct Stuck;
    impl Node for Stuck {
        fn deadline(&self) -> Timestamp {
            Timestamp::from_ms(5)
        }
    }
    let mut executor = VirtualExecutor::new(Network::new(1));
    executor.add_node(Box::new(Stuck), &[]);
    executor.run_for(TimeDelta::ms(10));
}

#[test]
fn rooms_are_ticked_a_hundred_times_a_second() {
    let mut executor = VirtualExecutor::new(Network::new(1));
    let mut ports = Vec::new();
    for phase in [0, 3] {
        let config = ConferenceConfig {
            max_participants: 4,
            ..ConferenceConfig::default()
        };
        let mut mixer = MixerProxy::local(jackfield_mixer_sum::Sum::create(&Environment::seeded(1)).unwrap());
        mixer
            .activate(&MixerConfig::new(AudioFormat::MONO_48K, 4, 5))
            .unwrap();
        let (conference, control, network) = Conference::new(config, Box::new(mixer));
        executor.add_node(Box::new(Room::new(conference, Timestamp::from_ms(phase))), &[]);
        ports.push((control, network));
    }
    executor.run_for(TimeDelta::ms(999));
    for (control, _) in &ports {
        assert_eq!(
            control.stats.ticks.load(std::sync::atomic::Ordering::Relaxed),
            100
        );
    }
}
