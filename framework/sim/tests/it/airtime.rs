//! Shared airtime with contention: as much goes through as the theory of IEEE 802.11 says, categories have precedence, and a slow station
//! costs everybody.

use std::fmt::Write;

use jackfield_core::units::TimeDelta;
use jackfield_sim::light::{self, Observer};
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{PacketRecord, Source, VirtualTime};

use crate::light::fixed;

const SECONDS: f64 = 10.0;

/// A station: how fast it sends, its category, and what it wants to send.
struct Station {
    rate: &'static str,
    category: &'static str,
    wants: &'static str,
}

impl Station {
    const GREEDY: Self = Self {
        rate: "54 Mbit/s",
        category: "none",
        wants: "40 Mbit/s",
    };
}

/// What came of each station: its rate in Mbit/s, and how long packets waited in ms.
#[derive(Default)]
struct Heard {
    bytes: Vec<i64>,
    waited: Vec<Vec<f64>>,
}

impl Observer for Heard {
    fn arrived(&mut self, _: VirtualTime, packet: &PacketRecord, queueing: TimeDelta) {
        if let Source::CrossTraffic(station) = packet.source {
            self.bytes[station] += packet.size.as_bytes();
            self.waited[station].push(queueing.as_ms_f64());
        }
    }
}

impl Heard {
    fn mbps(&self, station: usize) -> f64 {
        self.bytes[station] as f64 * 8.0 / SECONDS / 1e6
    }

    fn p95(&self, station: usize) -> f64 {
        let mut waited = self.waited[station].clone();
        waited.sort_by(f64::total_cmp);
        waited[waited.len() * 95 / 100]
    }
}

fn air(stations: &[Station]) -> Heard {
    let mut text = format!(
        "name = \"air\"\nduration = \"{SECONDS} s\"\n\
         [media.air]\noverhead = \"60 us\"\nturn = \"2 ms\"\npackets = 1\ncontention = {{ retries = 7 }}\n"
    );
    for (n, station) in stations.iter().enumerate() {
        let _ = write!(
            text,
            "[links.s{n:02}]\nmedium = \"air\"\nrate = \"{}\"\ncategory = \"{}\"\nqueue = \"50 packets\"\n\
             [[cross_traffic]]\nname = \"s{n:02}\"\nkind = \"poisson\"\npath = [\"s{n:02}\"]\nrate = \"{}\"\npacket = \"1500 B\"\n",
            station.rate, station.category, station.wants
        );
    }
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut heard = Heard {
        bytes: vec![0; stations.len()],
        waited: vec![Vec::new(); stations.len()],
    };
    light::run(&scenario, 1, &mut fixed(100.0), &mut heard).expect("a run");
    heard
}

/// What `n` greedy stations get through together, in Mbit/s, by Bianchi, "Performance analysis of the IEEE 802.11 distributed coordination
/// function" (2000): equations 7, 9 and 13, for a window of 16 that doubles six times.
fn bianchi(n: i32) -> f64 {
    let (window, doublings) = (16.0, 6);
    // The chance that what is sent collides, by bisection: what follows from a higher one is lower.
    let sends = |collides: f64| {
        let twice = 1.0 - 2.0 * collides;
        2.0 * twice / (twice * (window + 1.0) + collides * window * (1.0 - (2.0 * collides).powi(doublings)))
    };
    let (mut low, mut high) = (0.0, 0.499_999);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 1.0 - (1.0 - sends(middle)).powi(n - 1) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    let sends = sends(low);
    let any = 1.0 - (1.0 - sends).powi(n);
    let one = f64::from(n) * sends * (1.0 - sends).powi(n - 1) / any;
    let payload_us = 1_500.0 * 8.0 / 54.0;
    let busy_us = 60.0 + payload_us + 16.0 + 2.0 * 9.0;
    any * one * 12_000.0 / ((1.0 - any) * 9.0 + any * busy_us)
}

#[test]
fn as_much_goes_through_as_theory_says() {
    for n in [1_usize, 2, 5, 10, 20] {
        let heard = air(&std::iter::repeat_with(|| Station::GREEDY)
            .take(n)
            .collect::<Vec<_>>());
        let total: f64 = (0..n).map(|station| heard.mbps(station)).sum();
        // Alone, a station waits for half its window on average.
        let theory = if n == 1 {
            12_000.0 / (60.0 + 222.2 + 34.0 + 7.5 * 9.0)
        } else {
            bianchi(n as i32)
        };
        assert!(
            (total / theory - 1.0).abs() < 0.05,
            "{n} stations: {total}, and {theory} in theory"
        );
        for station in 0..n {
            let share = heard.mbps(station) / total * n as f64;
            assert!(
                (0.85..1.15).contains(&share),
                "{n} stations: {share} of its share"
            );
        }
    }
}

#[test]
fn a_category_has_precedence_only_where_it_is_used() {
    let stations = |media: &'static str, other: &'static str| {
        let mut stations: Vec<Station> = (0..6)
            .map(|_| Station {
                category: other,
                ..Station::GREEDY
            })
            .collect();
        stations.push(Station {
            category: media,
            wants: "2 Mbit/s",
            ..Station::GREEDY
        });
        air(&stations)
    };
    let plain = stations("none", "none");
    let video = stations("video", "best-effort");
    let voice = stations("voice", "best-effort");
    let last = stations("background", "best-effort");
    assert!((1.9..2.1).contains(&video.mbps(6)), "{}", video.mbps(6));
    assert!(
        voice.p95(6) <= video.p95(6) + 0.5,
        "{} {}",
        voice.p95(6),
        video.p95(6)
    );
    assert!(
        video.p95(6) < 0.6 * plain.p95(6),
        "{} {}",
        video.p95(6),
        plain.p95(6)
    );
    assert!(
        last.mbps(6) < 0.7 * plain.mbps(6),
        "{} {}",
        last.mbps(6),
        plain.mbps(6)
    );
}

#[test]
fn too_many_of_the_highest_category_collide() {
    let all = |category: &'static str| {
        let heard = air(&std::iter::repeat_with(|| Station {
            category,
            ..Station::GREEDY
        })
        .take(16)
        .collect::<Vec<_>>());
        (0..16).map(|station| heard.mbps(station)).sum::<f64>()
    };
    let (plain, video, voice) = (all("best-effort"), all("video"), all("voice"));
    assert!(voice < video && video < 0.8 * plain, "{voice} {video} {plain}");
}

#[test]
fn a_slow_station_takes_the_airtime_of_everybody() {
    let fast = || Station::GREEDY;
    let slow = Station {
        rate: "2 Mbit/s",
        ..Station::GREEDY
    };
    let before = air(&[fast(), fast(), fast(), fast()]);
    let after = air(&[fast(), fast(), fast(), slow]);
    // Turns are shared, not time: who is fast has no more than who is slow (Heusse and others, "Performance anomaly of 802.11b", 2003).
    for station in 0..3 {
        let ratio = after.mbps(station) / after.mbps(3);
        assert!(
            (0.85..1.2).contains(&ratio),
            "{} {}",
            after.mbps(station),
            after.mbps(3)
        );
        assert!(after.mbps(station) < 0.3 * before.mbps(station));
    }
}
