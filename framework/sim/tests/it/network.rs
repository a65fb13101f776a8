//! E25.1, E29.2: the packet network does what its configuration says, and the same in every run.

use std::net::{IpAddr, SocketAddr};

use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_sim::{LinkConfig, Network, VirtualTime};
use proptest::prelude::*;

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, host], 5_000))
}

/// Sends a packet of 172 bytes (200 with its headers) every 20 ms; gives the arrivals in ms.
fn arrivals(seed: u64, packets: u64, config: LinkConfig) -> Vec<Option<f64>> {
    let mut network = Network::new(seed);
    network.set_default(config);
    (0..packets)
        .map(|n| {
            let now = VirtualTime::from_ns(n * 20_000_000);
            let arrival = network.send(now, address(1), address(2), 172)?;
            Some((arrival.ns() - now.ns()) as f64 / 1e6)
        })
        .collect()
}

#[test]
fn e29_2_delay_is_added_to_every_packet() {
    let config = LinkConfig {
        delay: TimeDelta::ms(35),
        ..LinkConfig::PERFECT
    };
    assert!(arrivals(1, 50, config).iter().all(|a| *a == Some(35.0)));
}

#[test]
fn e29_2_loss_is_as_frequent_as_it_is_set() {
    let lost = |seed| {
        arrivals(
            seed,
            20_000,
            LinkConfig {
                loss: 0.1,
                ..LinkConfig::PERFECT
            },
        )
    };
    let share = lost(3).iter().filter(|a| a.is_none()).count() as f64 / 20_000.0;
    assert!((share - 0.1).abs() < 0.01, "{share}");
    assert_eq!(lost(3), lost(3));
    assert_ne!(lost(3), lost(4));
}

#[test]
fn e29_2_jitter_delays_and_keeps_the_order() {
    let config = LinkConfig {
        delay: TimeDelta::ms(10),
        jitter: TimeDelta::ms(15),
        ..LinkConfig::PERFECT
    };
    let delays: Vec<f64> = arrivals(5, 5_000, config).into_iter().flatten().collect();
    assert!(delays.iter().all(|d| *d >= 10.0));
    assert!(delays.iter().any(|d| *d > 40.0), "three deviations do happen");
    let times = delays.iter().zip(0..).map(|(d, n)| f64::from(n) * 20.0 + d);
    assert!(times.clone().zip(times.skip(1)).all(|(a, b)| a <= b));
}

#[test]
fn e29_2_reordered_packets_are_overtaken() {
    let config = LinkConfig {
        delay: TimeDelta::ms(10),
        reorder: 0.2,
        ..LinkConfig::PERFECT
    };
    let delays: Vec<f64> = arrivals(6, 1_000, config).into_iter().flatten().collect();
    let held = delays.iter().filter(|d| **d == 40.0).count();
    assert!((150..250).contains(&held), "{held}");
}

#[test]
fn e29_2_a_slow_link_queues_and_then_drops() {
    // 200 bytes every 20 ms are 80 kbit/s; the link takes 64. 1000 bytes of queue are full after 100 packets at the latest.
    let config = LinkConfig {
        rate: DataRate::kbps(64),
        queue: DataSize::bytes(1_000),
        ..LinkConfig::PERFECT
    };
    let delays = arrivals(7, 500, config);
    assert_eq!(delays[0], Some(25.0), "200 bytes at 64 kbit/s");
    assert_eq!(delays[1], Some(30.0), "it waits 5 ms for the one before");
    let (first, last) = delays.split_at(400);
    assert!(first[..4].iter().all(Option::is_some));
    let share = last.iter().filter(|d| d.is_none()).count() as f64 / 100.0;
    assert!(
        (share - 0.2).abs() < 0.05,
        "a fifth is too much for the link: {share}"
    );
    assert!(
        last.iter().flatten().all(|d| *d <= 126.0),
        "1000 bytes are 125 ms"
    );
}

#[test]
fn what_happens_to_a_packet_does_not_depend_on_others() {
    let fate = |extra: bool| {
        let mut network = Network::new(9);
        network.set_default(LinkConfig {
            loss: 0.5,
            jitter: TimeDelta::ms(5),
            ..LinkConfig::PERFECT
        });
        (0..200_u64)
            .map(|n| {
                if extra {
                    network.send(
                        VirtualTime::from_ns(n * 20_000_000 + 7_000_000),
                        address(1),
                        address(2),
                        50,
                    );
                }
                network
                    .send(VirtualTime::from_ns(n * 20_000_000), address(1), address(2), 172)
                    .is_some()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(fate(false), fate(true));
}

#[test]
fn links_are_told_apart_by_direction() {
    let mut network = Network::new(1);
    let (a, b): (IpAddr, IpAddr) = (address(1).ip(), address(2).ip());
    network.set_link(
        a,
        b,
        LinkConfig {
            loss: 1.0,
            ..LinkConfig::PERFECT
        },
    );
    assert!(
        network
            .send(VirtualTime::ZERO, address(1), address(2), 10)
            .is_none()
    );
    assert!(
        network
            .send(VirtualTime::ZERO, address(2), address(1), 10)
            .is_some()
    );
    assert_eq!((network.stats(a, b).lost, network.stats(b, a).delivered), (1, 1));
}

proptest! {
    #[test]
    fn no_configuration_makes_packets_arrive_before_they_are_sent(
        seed: u64, delay in 0_i64..500, jitter in 0_i64..200, loss in 0.0..1.0_f64, reorder in 0.0..1.0_f64, kbps in 1_i64..10_000,
        sizes in proptest::collection::vec((0_u64..100_000_000, 0_usize..1_500), 1..100),
    ) {
        let mut network = Network::new(seed);
        network.set_default(LinkConfig {
            delay: TimeDelta::ms(delay), jitter: TimeDelta::ms(jitter), loss, reorder, rate: DataRate::kbps(kbps),
            queue: DataSize::bytes(20_000), ..LinkConfig::PERFECT
        });
        let mut now = VirtualTime::ZERO;
        for (later, size) in sizes {
            now = now.later(later);
            if let Some(arrival) = network.send(now, address(1), address(2), size) {
                prop_assert!(arrival >= now.later(delay as u64 * 1_000_000));
            }
        }
    }
}
