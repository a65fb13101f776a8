//! Short connections one after another, as RFC 8867 section 5.7 has them.

use std::collections::VecDeque;

use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_sim::scenario::{ShortTcp, TcpSpec};
use jackfield_sim::tcp::{Algorithm, TcpPacket, TcpTraffic};
use jackfield_sim::{CounterRandom, Ecn, VirtualTime};

use super::seconds;

const SHORT: ShortTcp = ShortTcp {
    smallest: DataSize::bytes(30_000),
    largest: DataSize::bytes(50_000),
    idle: TimeDelta::seconds(10),
    starts_on: true,
};

/// Over a path of 50 ms each way without a limit; when each packet of a connection came first.
fn run(mut traffic: TcpTraffic, end: VirtualTime) -> (TcpTraffic, Vec<VirtualTime>) {
    let mut path: VecDeque<(VirtualTime, TcpPacket)> = VecDeque::new();
    let mut begins: Vec<VirtualTime> = Vec::new();
    loop {
        let due = traffic.deadline().unwrap_or(VirtualTime::from_ns(u64::MAX));
        let comes = path.front().map_or(VirtualTime::from_ns(u64::MAX), |(at, _)| *at);
        let now = due.min(comes);
        if now > end {
            return (traffic, begins);
        }
        if comes <= due {
            let (_, packet) = path.pop_front().expect("there is one");
            traffic.receive(now, &packet, Ecn::NotEct);
        } else {
            traffic.handle_timeout(now);
        }
        while let Some(packet) = traffic.poll_transmit(now) {
            if let TcpPacket::Segment { segment, .. } = packet
                && segment.opens
            {
                begins.push(now);
            }
            path.push_back((now.later(50_000_000), packet));
        }
        let next = traffic.deadline();
        assert!(next.is_none_or(|at| at > now), "at {now:?} for {next:?}");
    }
}

fn spec(short: Option<ShortTcp>) -> TcpSpec {
    TcpSpec {
        algorithm: Algorithm::Reno,
        short,
        ecn: false,
    }
}

#[test]
fn short_connections_transfer_30_to_50_kb_with_silences_of_ten_seconds_on_average() {
    let end = seconds(20_000.0);
    let traffic = TcpTraffic::new(spec(Some(SHORT)), seconds(5.0), end, 1, CounterRandom::new(7));
    let (traffic, begins) = run(traffic, end);
    let completed = traffic.completed() as f64;
    let average = traffic.received().as_bytes() as f64 / completed;
    assert!((39_000.0..=41_000.0).contains(&average), "{average}");
    assert_eq!(begins[0], seconds(5.0));
    // A transfer takes four round trips beside the silence.
    let period = 19_995.0 / completed;
    assert!((9.9..=11.0).contains(&period), "{period}");
    assert_eq!(traffic.stats().again, 0);
}

#[test]
fn one_that_starts_off_begins_with_a_silence_and_none_sends_after_its_end() {
    let off = ShortTcp {
        starts_on: false,
        ..SHORT
    };
    let traffic = TcpTraffic::new(
        spec(Some(off)),
        seconds(5.0),
        seconds(100.0),
        1,
        CounterRandom::new(7),
    );
    let (_, begins) = run(traffic, seconds(200.0));
    assert!(begins[0] > seconds(5.0));
    assert!(begins.iter().all(|at| *at < seconds(100.0)));
}

#[test]
fn a_long_connection_stops_when_it_is_told() {
    let traffic = TcpTraffic::new(spec(None), seconds(1.0), seconds(2.0), 1, CounterRandom::new(7));
    let (traffic, begins) = run(traffic, seconds(10.0));
    assert_eq!(begins, [seconds(1.0)]);
    let received = traffic.received();
    assert!(received > DataSize::bytes(1_000_000), "{received:?}");
}

#[test]
fn what_the_window_holds_back_at_the_end_wakes_nobody_any_more() {
    let spec = TcpSpec {
        algorithm: Algorithm::Bbr,
        ..spec(None)
    };
    for stop in 0..20 {
        let stop = seconds(1.1 + f64::from(stop) / 50.0);
        let traffic = TcpTraffic::new(spec, seconds(1.0), stop, 1, CounterRandom::new(7));
        let (mut traffic, _) = run(traffic, seconds(10.0));
        assert_eq!(traffic.deadline(), None);
    }
}
