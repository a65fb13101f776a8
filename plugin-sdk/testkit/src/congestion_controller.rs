//! The suite of congestion controllers.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::Random;

crate::conformance::cases! { $ __congestion_controller_cases congestion_controller(Controllers):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    congestion_controller::events_before_activation_are_faults,
    congestion_controller::there_is_a_target_within_a_second,
    congestion_controller::the_target_stays_within_its_bounds,
    congestion_controller::new_bounds_hold_at_once,
    congestion_controller::bounds_that_cross_do_no_harm,
    congestion_controller::nonsense_does_no_harm,
    congestion_controller::equal_events_give_equal_decisions,
    congestion_controller::t_2_a_successor_takes_over,
    congestion_controller::every_parameter_can_be_turned_while_it_runs,
    congestion_controller::t_3_network_calls_are_real_time_safe,
}

type Controllers = Subject<dyn CongestionController>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + CongestionController>() -> Controllers {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + CongestionController>() -> Controllers {
    Subject::new::<T>(|plugin| Box::new(CongestionControllerProxy::local(plugin)))
}

/// An event before `activate` is answered with a fault.
pub fn events_before_activation_are_faults(subject: &Controllers) {
    let mut controller = subject.make(1);
    let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
    assert!(
        controller
            .on_event(Timestamp::ZERO, &event, &[], &mut Probes::default())
            .is_err()
    );
}

/// On a path that is up, a target is given within a second, with a pacing rate that is no lower.
pub fn there_is_a_target_within_a_second(subject: &Controllers) {
    let mut path = Path::new(subject, BOUNDS);
    path.run(TimeDelta::seconds(1), 0);
    let last = path.last;
    assert!(last.target > DataRate::ZERO, "no target: {last:?}");
    assert!(
        last.pacing == DataRate::ZERO || last.pacing >= last.target,
        "pacing below the target: {last:?}"
    );
    let interval = path.controller.process_interval().expect("an interval");
    assert!(
        (TimeDelta::ZERO..=TimeDelta::seconds(10)).contains(&interval),
        "{interval:?}"
    );
}

/// Whatever the path does, a target lies within the bounds.
pub fn the_target_stays_within_its_bounds(subject: &Controllers) {
    for loss_percent in [0, 2, 20, 100] {
        let mut path = Path::new(subject, BOUNDS);
        path.run(TimeDelta::seconds(10), loss_percent);
        for (now, update) in &path.updates {
            let target = update.target;
            let in_bounds = (BOUNDS.minimum..=BOUNDS.maximum).contains(&target);
            assert!(
                target == DataRate::ZERO || in_bounds,
                "{loss_percent} % lost, {now:?}: {target:?}"
            );
        }
    }
}

/// Bounds that change hold for the very next target, or the one of the next interval.
pub fn new_bounds_hold_at_once(subject: &Controllers) {
    let mut path = Path::new(subject, BOUNDS);
    path.run(TimeDelta::seconds(3), 0);
    for bounds in [
        RateConstraints {
            minimum: DataRate::kbps(10),
            maximum: DataRate::kbps(20),
            start: DataRate::kbps(15),
        },
        RateConstraints {
            minimum: DataRate::kbps(3_000),
            maximum: DataRate::kbps(4_000),
            start: DataRate::kbps(3_500),
        },
    ] {
        let event = CongestionEvent {
            constraints: bounds,
            ..CongestionEvent::new(CongestionEventKind::TargetRateConstraints, path.now)
        };
        path.event(&event, &[]);
        path.run(TimeDelta::ms(300), 0);
        let target = path.last.target;
        assert!(
            (bounds.minimum..=bounds.maximum).contains(&target),
            "{target:?} is outside {bounds:?}"
        );
    }
}

/// A minimum above the maximum is refused or borne, and nothing panics.
pub fn bounds_that_cross_do_no_harm(subject: &Controllers) {
    let crossed = RateConstraints {
        minimum: DataRate::kbps(500),
        maximum: DataRate::kbps(50),
        start: DataRate::ZERO,
    };
    let _ = subject.make(1).activate(Timestamp::ZERO, &crossed);
    let mut path = Path::new(subject, BOUNDS);
    for kind in [
        CongestionEventKind::TargetRateConstraints,
        CongestionEventKind::RouteChange,
    ] {
        let event = CongestionEvent {
            constraints: crossed,
            ..CongestionEvent::new(kind, path.now)
        };
        let _ = path
            .controller
            .on_event(path.now, &event, &[], &mut Probes::default());
        path.run(TimeDelta::seconds(1), 0);
    }
}

/// Events of every kind, and of none, with fields that make no sense: no panic, and afterwards targets within the bounds.
pub fn nonsense_does_no_harm(subject: &Controllers) {
    let mut path = Path::new(subject, BOUNDS);
    let mut random = Random::new(4);
    let odd = [0, 1, -1, 1_000, i64::MAX, i64::MIN, i64::MAX - 1];
    for n in 0..4_000 {
        let mut pick = || odd[random.below(7) as usize];
        let kind = CongestionEventKind((n % 14) as u32);
        let mut event = CongestionEvent::new(kind, Timestamp::from_us(pick()));
        event.time = TimeDelta::us(pick());
        event.rate = DataRate::bps(pick());
        event.size = DataSize::bytes(pick());
        event.in_flight = DataSize::bytes(pick());
        event.sequence_number = pick();
        event.lost = pick() as u32;
        event.received = pick() as u32;
        event.constraints = BOUNDS;
        let packets: Vec<PacketFeedback> = (0..n % 5)
            .map(|_| PacketFeedback {
                sequence_number: pick(),
                sent: Timestamp::from_us(pick()),
                received: Timestamp::from_us(pick()),
                arrival_offset: TimeDelta::us(pick()),
                size: DataSize::bytes(pick()),
                ecn: pick() as u32,
                cluster: pick() as u32,
                audio: 1,
                recovered: 0,
            })
            .collect();
        let result = path
            .controller
            .on_event(path.now, &event, &packets, &mut Probes::default());
        if let Ok(update) = result {
            let in_bounds = (BOUNDS.minimum..=BOUNDS.maximum).contains(&update.target);
            assert!(
                update.target == DataRate::ZERO || in_bounds,
                "{update:?} after {event:?}"
            );
        }
        path.now += TimeDelta::ms(7);
    }
    let mut values = vec![0.0; subject.statistics.len()];
    path.controller.stats(&mut values).expect("statistics");
    let _ = path.controller.hand_over(path.now).expect("a handover");
}

/// Two instances, the same events, the same decisions.
pub fn equal_events_give_equal_decisions(subject: &Controllers) {
    if !subject.descriptor.deterministic {
        return;
    }
    let [a, b] = [(), ()].map(|()| {
        let mut path = Path::new(subject, BOUNDS);
        path.run(TimeDelta::seconds(8), 3);
        path.updates
    });
    assert_eq!(a, b);
}

/// What one instance believes, another starts from, and stays within the bounds; a predecessor that knows nothing or talks nonsense does no harm.
pub fn t_2_a_successor_takes_over(subject: &Controllers) {
    let mut old = Path::new(subject, BOUNDS);
    old.run(TimeDelta::seconds(5), 0);
    let state = old.controller.hand_over(old.now).expect("what it believes");
    assert!(
        (BOUNDS.minimum..=BOUNDS.maximum).contains(&state.target),
        "{state:?}"
    );
    let nonsense = CongestionHandover {
        estimate: DataRate::INFINITE,
        target: DataRate::bps(-1),
        round_trip: TimeDelta::us(i64::MIN),
        minimum_round_trip: TimeDelta::INFINITE,
        in_flight: DataSize::bytes(-7),
        loss_ppm: u32::MAX,
        reserved: 0,
    };
    for state in [state, CongestionHandover::default(), nonsense] {
        let mut young = Path::new(subject, BOUNDS);
        young.now = old.now;
        let _ = young.controller.take_over(young.now, &state);
        young.run(TimeDelta::seconds(2), 0);
        let target = young.last.target;
        assert!(
            (BOUNDS.minimum..=BOUNDS.maximum).contains(&target),
            "{target:?} after {state:?}"
        );
    }
}

/// Every parameter can be set to its extremes between two events.
pub fn every_parameter_can_be_turned_while_it_runs(subject: &Controllers) {
    let mut path = Path::new(subject, BOUNDS);
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        for value in [max, min, parameter.default] {
            path.controller
                .set_parameter(index as u32, value)
                .expect("within the range");
            path.run(TimeDelta::ms(500), 1);
            let target = path.last.target;
            assert!(
                (BOUNDS.minimum..=BOUNDS.maximum).contains(&target),
                "`{}` = {value}: {target:?}",
                parameter.name
            );
        }
    }
}

/// No call of the network thread allocates, frees, locks or calls the system.
pub fn t_3_network_calls_are_real_time_safe(subject: &Controllers) {
    let mut path = Path::new(subject, BOUNDS);
    path.watched = true;
    path.run(TimeDelta::seconds(5), 5);
    let mut values = vec![0.0; subject.statistics.len()];
    let (_, seen) = real_time::section(|| {
        let _ = path.controller.stats(&mut values);
        let _ = path.controller.process_interval();
        if let Ok(state) = path.controller.hand_over(path.now) {
            let _ = path.controller.take_over(path.now, &state);
        }
        let _ = path.controller.reset(ResetReason::Stream);
    });
    seen.assert_clean("statistics, handover and reset");
}

const BOUNDS: RateConstraints = RateConstraints {
    minimum: DataRate::kbps(30),
    maximum: DataRate::kbps(2_000),
    start: DataRate::kbps(300),
};

#[derive(Default)]
struct Probes(u32);

impl ProbeSink for Probes {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        self.0 += 1;
        Ok(())
    }
}

/// A controller on a path of 1 Mbit/s and 40 ms each way that loses some packets: a packet every 10 ms, feedback every 50 ms.
struct Path {
    controller: Box<dyn CongestionController>,
    now: Timestamp,
    sequence_number: i64,
    in_flight: DataSize,
    unreported: Vec<PacketFeedback>,
    /// When the bottleneck is free again.
    free: Timestamp,
    random: Random,
    last: CongestionUpdate,
    updates: Vec<(Timestamp, CongestionUpdate)>,
    watched: bool,
}

impl Path {
    fn new(subject: &Controllers, bounds: RateConstraints) -> Self {
        let mut controller = subject.make(1);
        let now = Timestamp::from_ms(10_000);
        controller.activate(now, &bounds).expect("sane bounds");
        let mut path = Self {
            controller,
            now,
            sequence_number: 0,
            in_flight: DataSize::ZERO,
            unreported: Vec::new(),
            free: now,
            random: Random::new(11),
            last: CongestionUpdate::default(),
            updates: Vec::new(),
            watched: false,
        };
        let up = CongestionEvent {
            flag: 1,
            ..CongestionEvent::new(CongestionEventKind::NetworkAvailability, now)
        };
        path.event(&up, &[]);
        path
    }

    fn event(&mut self, event: &CongestionEvent, packets: &[PacketFeedback]) {
        let mut probes = Probes::default();
        let (update, seen) =
            real_time::section(|| self.controller.on_event(self.now, event, packets, &mut probes));
        if self.watched {
            seen.assert_clean(&format!("an event of kind {:?}", event.kind));
        }
        let update = update.unwrap_or_else(|fault| panic!("{:?}: {fault}", event.kind));
        // Zero means: as before.
        let keep = |new: DataRate, old: DataRate| if new == DataRate::ZERO { old } else { new };
        self.last.target = keep(update.target, self.last.target);
        self.last.pacing = keep(update.pacing, self.last.pacing);
        self.updates.push((self.now, update));
    }

    fn run(&mut self, time: TimeDelta, loss_percent: u64) {
        let end = self.now + time;
        let mut tick = 0;
        while self.now < end {
            self.send(loss_percent);
            if tick % 5 == 4 {
                self.feedback();
            }
            if tick % 20 == 19 {
                let round_trip = CongestionEvent {
                    time: TimeDelta::ms(80),
                    ..CongestionEvent::new(CongestionEventKind::RoundTripTime, self.now)
                };
                self.event(&round_trip, &[]);
            }
            self.event(
                &CongestionEvent::new(CongestionEventKind::ProcessInterval, self.now),
                &[],
            );
            self.now += TimeDelta::ms(10);
            tick += 1;
        }
    }

    fn send(&mut self, loss_percent: u64) {
        let rate = if self.last.target == DataRate::ZERO {
            DataRate::kbps(100)
        } else {
            self.last.target
        };
        let size = DataSize::bytes((rate * TimeDelta::ms(10)).as_bytes().clamp(40, 6_000));
        self.sequence_number += 1;
        self.in_flight += size;
        let sent = CongestionEvent {
            size,
            sequence_number: self.sequence_number,
            in_flight: self.in_flight,
            flag: 1,
            ..CongestionEvent::new(CongestionEventKind::SentPacket, self.now)
        };
        self.event(&sent, &[]);
        self.free = self.free.max(self.now) + size / DataRate::kbps(1_000);
        let lost = self.random.below(100) < loss_percent;
        self.unreported.push(PacketFeedback {
            sequence_number: self.sequence_number,
            sent: self.now,
            received: if lost {
                Timestamp::NEVER
            } else {
                self.free + TimeDelta::ms(40)
            },
            arrival_offset: TimeDelta::us(-1),
            size,
            ecn: 0,
            cluster: 0,
            audio: 1,
            recovered: 0,
        });
    }

    fn feedback(&mut self) {
        let due = |packet: &PacketFeedback, now: Timestamp| {
            let known = if packet.received.is_never() {
                packet.sent + TimeDelta::ms(80)
            } else {
                packet.received
            };
            known + TimeDelta::ms(40) <= now
        };
        let count = self
            .unreported
            .iter()
            .take_while(|packet| due(packet, self.now))
            .count();
        let reported: Vec<PacketFeedback> = self.unreported.drain(..count).collect();
        if reported.is_empty() {
            return;
        }
        for packet in &reported {
            self.in_flight -= packet.size;
        }
        let event = CongestionEvent {
            in_flight: self.in_flight,
            ..CongestionEvent::new(CongestionEventKind::PacketFeedback, self.now)
        };
        self.event(&event, &reported);
    }
}
