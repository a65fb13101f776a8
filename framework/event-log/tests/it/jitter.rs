//! Jitter buffers: what they are told and decide is recorded from around them, read to the last bit, and played again by the same one or by another.

use std::sync::{Arc, Mutex};

use jackfield_core::module::Module;
use jackfield_event_log::jitter::replay::{ReplayError, replay};
use jackfield_event_log::jitter::ring::{RingSource, ring};
use jackfield_event_log::jitter::timeline::{Heard, Summary};
use jackfield_event_log::jitter::{Arrivals, EventSink, Happened, Listening, Loss, Recorded, Step, TextSink};
use jackfield_event_log::timeline::Grid;
use jackfield_event_log::{EventLog, Identity, Lines};
use jackfield_sdk::jitter::{DelayBuffer, DelayPolicy};
use jackfield_sdk::prelude::*;
use jackfield_testkit::jitter_buffer::{Listener, Stream, network};
use proptest::prelude::*;

/// Waits as long as it is set to.
struct Constant {
    knobs: Knobs,
}

#[derive(Params)]
struct Knobs {
    /// How long.
    #[param(title = "Delay", unit = "ms", min = 0, max = 500, default = 40)]
    wait_ms: i32,
}

impl Plugin for Constant {
    const DESCRIPTOR: Descriptor = Descriptor::new("example.jitter.constant", "Constant", "1.0.0");
    type Parameters = Knobs;

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            knobs: Knobs::defaults(),
        })
    }

    fn parameters(&mut self) -> &mut Knobs {
        &mut self.knobs
    }
}

impl DelayPolicy for Constant {
    fn target(&self) -> TimeDelta {
        TimeDelta::ms(i64::from(self.knobs.wait_ms))
    }
}

fn constant(wait_ms: i32) -> Box<DelayBuffer<Constant>> {
    let mut buffer =
        Box::new(DelayBuffer::<Constant>::create(&Environment::seeded(1)).expect("it needs nothing"));
    buffer.parameters().wait_ms = wait_ms;
    buffer
}

/// Notes lines into a text that others see.
#[derive(Clone)]
struct Shared(Arc<Mutex<Lines>>, u32);

impl Shared {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Lines::new().begin_log())), 0)
    }

    fn log(&self) -> EventLog {
        EventLog::parse(self.0.lock().unwrap().as_text().as_bytes()).unwrap()
    }
}

impl EventSink for Shared {
    fn note(&mut self, at: Timestamp, happened: &Happened, released: &[u64]) -> bool {
        self.0
            .lock()
            .unwrap()
            .jitter_happened(at, (0, self.1), happened, released);
        true
    }
}

const CONFIG: JitterConfig = JitterConfig::new(SampleRate::HZ_48000, 200);

/// When the host asks for 90 ms at least.
const HALF: Timestamp = Timestamp::from_ms(14_000);

/// Half a minute with jitter, loss, drift, a pause and a stall, played by a buffer that waits 40 ms; what the listener heard.
fn call(sink: Shared) -> Listener {
    let mut stream = Stream {
        drift_ppm: 400.0,
        ..Stream::new()
    };
    let mut arrivals = stream.speak(
        TimeDelta::seconds(10),
        network(1, TimeDelta::ms(20), TimeDelta::ms(70), 0.02),
    );
    arrivals.extend(stream.pause(TimeDelta::ms(700), TimeDelta::ms(20)));
    // A stall of 600 ms, and a packet now and then that the others overtake.
    arrivals.extend(stream.speak(TimeDelta::seconds(18), |n| {
        Some(TimeDelta::ms(match n {
            200..220 => 620 - 20 * (n as i64 - 200),
            _ if n % 25 == 3 => 125,
            _ => 25,
        }))
    }));
    arrivals.sort_by_key(|packet| packet.arrival);
    let mut buffer = Recorded::new(constant(40), Box::new(sink));
    buffer.activate(&CONFIG).unwrap();
    let mut listener = Listener::new(SampleRate::HZ_48000);
    let half = arrivals.partition_point(|packet| packet.arrival <= HALF);
    listener.run(&mut buffer, &arrivals[..half], HALF);
    buffer.set_bounds(TimeDelta::ms(90), TimeDelta::INFINITE).unwrap();
    buffer.delay(listener.now).unwrap();
    listener.run(&mut buffer, &arrivals[half..], stream.now());
    listener
}

#[test]
fn e29_1_a_recorded_jitter_buffer_replays_bit_for_bit() {
    let sink = Shared::new();
    call(sink.clone());
    let log = sink.log();
    let buffer = &log.jitter_buffers[0];
    assert!(buffer.steps.len() > 2_000, "{}", buffer.steps.len());
    let again = replay(buffer, &mut *constant(40)).unwrap();
    assert_eq!(again.first_difference(buffer), None);
    // Another one differs, and where is told.
    let other = replay(buffer, &mut *constant(60)).unwrap();
    let first = other.first_difference(buffer).expect("20 ms are heard");
    let said = first.to_string();
    assert!(said.starts_with(&format!("step {} at ", first.step)), "{said}");
    assert!(said.contains(" then, ") && said.contains(" now"), "{said}");
}

#[test]
fn e29_1_a_parameter_that_was_set_meanwhile_is_set_again() {
    let sink = Shared::new();
    let mut buffer = Recorded::new(constant(40), Box::new(sink.clone()));
    buffer.activate(&CONFIG).unwrap();
    let mut stream = Stream::new();
    let arrivals = stream.speak(TimeDelta::seconds(4), |_| Some(TimeDelta::ms(20)));
    let mut listener = Listener::new(SampleRate::HZ_48000);
    listener.run(&mut buffer, &arrivals[..100], Timestamp::from_ms(2_000));
    buffer.set_parameter(0, 90.0).unwrap();
    listener.run(&mut buffer, &arrivals[100..], Timestamp::from_ms(4_000));
    let (least, most) = listener.waits_ms(Timestamp::from_ms(3_000));
    // What waited 20 to 40 ms before; a packet lasts 20 ms.
    assert!(least >= 70.0 && most <= 90.0, "{least} to {most} ms");
    let log = sink.log();
    let again = replay(&log.jitter_buffers[0], &mut *constant(40)).unwrap();
    assert_eq!(again.first_difference(&log.jitter_buffers[0]), None);
}

#[test]
fn e29_1_what_was_heard_is_what_the_listener_heard() {
    let sink = Shared::new();
    let listener = call(sink.clone());
    let heard = Listening::of_record(&sink.log(), 0).unwrap();
    let packets: Vec<_> = heard
        .played
        .iter()
        .filter_map(|one| Some((one.at, one.operation, one.waited?)))
        .collect();
    let listened: Vec<_> = listener
        .played
        .iter()
        .map(|one| (one.at, one.operation, one.waited()))
        .collect();
    assert_eq!(packets, listened);
    let late = heard.lost.iter().filter(|(_, loss)| *loss == Loss::Late).count() as u64;
    assert_eq!(late, listener.inserted(Insertion::Late));
    assert!(late > 10, "{late}");
    let concealed: i64 = heard
        .played
        .iter()
        .filter(|one| one.operation == Operation::Conceal)
        .map(|one| SampleRate::HZ_48000.samples(one.lasted))
        .sum();
    assert_eq!(concealed as u64, listener.concealed_ticks);
}

#[test]
fn e29_1_the_same_plugin_plays_what_came_as_it_did() {
    let sink = Shared::new();
    call(sink.clone());
    let log = sink.log();
    let arrivals = Arrivals::of_stream(&log, 0).unwrap();
    let then = Listening::of_record(&log, 0).unwrap();
    let stretched = then
        .played
        .iter()
        .filter(|one| one.stretched != TimeDelta::ZERO)
        .count();
    assert!(stretched > 5, "{stretched}: the drift is heeded");
    // The bounds were set by the host, whom a replay of arrivals alone does not have: up to then it is the same.
    let now = Listening::of_plugin(&arrivals, &mut *constant(40)).unwrap();
    let before = |listening: &Listening| -> Vec<_> {
        listening
            .played
            .iter()
            .filter(|one| one.at < HALF)
            .copied()
            .collect()
    };
    assert_eq!(before(&now), before(&then));
    assert_eq!(now.fault, None);
}

#[test]
fn e29_1_another_jitter_buffer_trades_delay_for_loss() {
    let sink = Shared::new();
    call(sink.clone());
    let log = sink.log();
    let arrivals = Arrivals::of_stream(&log, 0).unwrap();
    let of = |wait_ms| Summary::of(&Listening::of_plugin(&arrivals, &mut *constant(wait_ms)).unwrap());
    let (short, long) = (of(10), of(120));
    assert!(short.delay_ms + 60.0 < long.delay_ms, "{short:?} {long:?}");
    assert!(short.concealed > 1.3 * long.concealed, "{short:?} {long:?}");
    assert!(short.late > long.late + 10, "{short:?} {long:?}");
    assert!(long.delay_95_ms >= long.delay_ms);
    // Over time: the same in sum.
    let listening = Listening::of_plugin(&arrivals, &mut *constant(10)).unwrap();
    let grid = Grid::between(arrivals.span(), TimeDelta::seconds(1));
    let heard = Heard::over(&grid, &listening);
    let concealed: f64 = heard.concealed.iter().sum();
    assert!((concealed - short.concealed * short.seconds).abs() < 1e-6);
    assert_eq!(heard.lost.iter().sum::<f64>() as u64, short.late + short.let_go);
    assert_eq!(heard.target.last(), Some(&10.0));
}

#[test]
fn e29_1_through_a_swap_each_packet_came_once_and_both_buffers_replay() {
    let sink = Shared::new();
    let mut old = Recorded::new(constant(40), Box::new(sink.clone()));
    let mut new = Recorded::new(constant(80), Box::new(Shared(Arc::clone(&sink.0), 1)));
    old.activate(&CONFIG).unwrap();
    new.activate(&CONFIG).unwrap();
    let mut stream = Stream::new();
    let arrivals = stream.speak(
        TimeDelta::seconds(8),
        network(2, TimeDelta::ms(20), TimeDelta::ms(30), 0.01),
    );
    let (first, second) = arrivals.split_at(200);
    let mut listener = Listener::new(SampleRate::HZ_48000);
    listener.run(&mut old, first, first[199].arrival);
    listener.swap(&mut old, &mut new);
    let at = listener.now;
    sink.0.lock().unwrap().jitter_swapped(at, (0, 1), 9, None);
    listener.run(&mut new, second, Timestamp::from_ms(7_900));
    let log = sink.log();
    assert_eq!((log.jitter_swaps.len(), log.swaps.len()), (1, 0));
    for (wait_ms, buffer) in [(40, &log.jitter_buffers[0]), (80, &log.jitter_buffers[1])] {
        let again = replay(buffer, &mut *constant(wait_ms)).unwrap();
        assert_eq!(again.first_difference(buffer), None);
    }
    assert_eq!(Arrivals::of_stream(&log, 0).unwrap().packets(), arrivals.len());
    let heard = Listening::of_record(&log, 0).unwrap();
    let packets = heard.played.iter().filter(|one| one.waited.is_some()).count();
    assert_eq!(packets, listener.played.len());
}

#[test]
fn e29_1_what_a_jitter_buffer_did_goes_through_the_ring_whole_or_not_at_all() {
    let packet = stream_packet(7);
    let inserted = Happened::Inserted {
        packet,
        answer: Ok(Insertion::Flushed),
    };
    let (mut sink, mut source) = ring(4);
    assert!(sink.note(Timestamp::from_ms(1), &inserted, &[1, 2]));
    assert!(
        !sink.note(Timestamp::from_ms(2), &inserted, &[3]),
        "two entries into one place"
    );
    assert!(sink.note(Timestamp::from_ms(3), &inserted, &[]));
    let mut lines = Lines::new().begin_log();
    let times: Vec<_> = std::iter::from_fn(|| source.write_next((0, 0), &mut lines)).collect();
    assert_eq!(times, [Timestamp::from_ms(1), Timestamp::from_ms(3)]);
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    let released: Vec<_> = log.jitter_buffers[0]
        .steps
        .iter()
        .map(|step| step.released.clone())
        .collect();
    assert_eq!(released, [vec![1, 2], vec![]]);
    drop(sink);
    assert!(source.is_over());
}

#[test]
fn e29_1_what_found_no_room_is_counted_and_the_jitter_buffer_plays_on() {
    let (sink, mut source) = ring(8);
    let mut buffer = Recorded::new(constant(40), Box::new(sink));
    buffer.activate(&CONFIG).unwrap();
    let arrivals = Stream::new().speak(TimeDelta::seconds(1), |_| Some(TimeDelta::ms(20)));
    let mut listener = Listener::new(SampleRate::HZ_48000);
    listener.run(&mut buffer, &arrivals[..40], Timestamp::from_ms(900));
    let mut lines = Lines::new().begin_log();
    let drain =
        |source: &mut RingSource, lines: &mut Lines| while source.write_next((0, 0), lines).is_some() {};
    drain(&mut source, &mut lines);
    listener.run(&mut buffer, &arrivals[40..], Timestamp::from_ms(920));
    drain(&mut source, &mut lines);
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    assert!(
        log.jitter_buffers[0].missing > 50,
        "{}",
        log.jitter_buffers[0].missing
    );
    assert!(listener.played.len() > 35, "nobody waited");
}

#[test]
fn e29_1_a_log_without_a_jitter_buffer_or_without_its_beginning_is_named() {
    let parse = |lines: &Lines| EventLog::parse(lines.as_text().as_bytes()).unwrap();
    let lines = Lines::new().begin_log();
    assert_eq!(
        Arrivals::of_stream(&parse(&lines), 0),
        Err(ReplayError::NoJitterBuffer)
    );
    let mut sink = TextSink::new(lines, 3, 0);
    sink.note(Timestamp::ZERO, &Happened::HandedOver, &[]);
    let log = EventLog::parse(sink.text().as_bytes()).unwrap();
    assert_eq!(
        Arrivals::of_stream(&log, 0).unwrap_err().to_string(),
        "the log tells of no jitter buffer of a stream 0; it has: 3"
    );
    assert_eq!(Arrivals::of_stream(&log, 3), Err(ReplayError::NoBeginning));
    assert_eq!(
        replay(&log.jitter_buffers[0], &mut *constant(40)),
        Err(ReplayError::NoBeginning)
    );
}

#[test]
fn e29_1_who_a_jitter_buffer_is_is_read_again_and_what_is_wrong_is_named() {
    let identity = Identity {
        plugin: "example.jitter.constant".to_owned(),
        version: "1.0.0".to_owned(),
        seed: 7,
        parameters: vec![("wait_ms".to_owned(), 40.0)],
    };
    let mut lines = Lines::new().begin_log();
    lines.jitter_buffer(Timestamp::ZERO, (0, 2), &identity);
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    assert_eq!(log.jitter_buffers[0].identity.as_ref(), Some(&identity));
    assert_eq!((log.jitter_buffers[0].instance, log.others), (2, 0));
    for (line, said) in [
        (
            "{\"at\":0,\"event\":\"next\",\"operation\":\"nonsense\"}",
            "`nonsense`",
        ),
        (
            "{\"at\":0,\"event\":\"inserted\",\"insertion\":\"nonsense\"}",
            "`nonsense`",
        ),
        (
            "{\"at\":0,\"event\":\"inserted\",\"ticks\":-1}",
            "`ticks` out of range",
        ),
        ("{\"at\":0,\"event\":\"inserted\",\"released\":7}", "no list"),
        (
            "{\"at\":0,\"event\":\"inserted\",\"released\":[0.5]}",
            "a handle that is none",
        ),
        (
            "{\"at\":0,\"event\":\"next\",\"stream\":-1}",
            "`stream` out of range",
        ),
    ] {
        let text = format!("{}{line}\n", Lines::new().begin_log().as_text());
        let error = EventLog::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("line 2") && error.contains(said),
            "{line}: {error}"
        );
    }
    // What a later version adds may have any keys.
    let text = format!(
        "{}{{\"at\":0,\"event\":\"new\",\"stream\":\"x\"}}\n",
        Lines::new().begin_log().as_text()
    );
    assert_eq!(EventLog::parse(text.as_bytes()).unwrap().others, 1);
}

fn stream_packet(handle: u64) -> PacketArrival {
    PacketArrival {
        arrival: Timestamp::from_ms(1),
        handle,
        sequence_number: 1,
        timestamp: 960,
        ticks: 960,
        redundancy: 0,
        dtx: 0,
        marker: 1,
    }
}

fn whole() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        Just(i64::MAX),
        Just(i64::MIN),
        any::<i64>(),
        0..10_000_i64
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 0..12_u32]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0..4_000_000_000_000_000_i64, 0..1_000_000_i64].prop_map(Timestamp::from_us)
}

fn answer<T: Clone + std::fmt::Debug>(
    right: impl Strategy<Value = T>,
) -> impl Strategy<Value = Result<T, FaultCode>> {
    prop_oneof![
        4 => right.prop_map(Ok),
        1 => (1..200_i32).prop_map(|status| Err(FaultCode::from_status(-status))),
    ]
}

prop_compose! {
    fn packet()(arrival in time(), handle in any::<u64>(), n in prop::collection::vec(whole(), 2), c in prop::collection::vec(count(), 4)) -> PacketArrival {
        PacketArrival {
            arrival, handle, sequence_number: n[0], timestamp: n[1], ticks: c[0], redundancy: c[1], dtx: c[2], marker: c[3],
        }
    }
}

prop_compose! {
    fn tone()(packet in packet(), event in count()) -> EventArrival {
        EventArrival {
            size: size_of::<EventArrival>() as u32, event, arrival: packet.arrival, handle: packet.handle,
            sequence_number: packet.sequence_number, timestamp: packet.timestamp, ticks: packet.ticks, ended: packet.marker,
        }
    }
}

prop_compose! {
    fn asked()(
        c in prop::collection::vec(count(), 7), handle in any::<u64>(), back in whole(), failed in prop::option::weighted(0.2, 1..200_i32),
    ) -> Happened {
        let playout = Playout {
            ready_ticks: c[0], last: Operation(c[1]), voice: c[2], greatest: Operation(c[3]), muted: c[4], ..Playout::START
        };
        let action = Action { operation: Operation(c[5]), ticks: c[6], handle, back: TimeDelta::us(back) };
        Happened::Asked { playout, answer: failed.map_or(Ok(action), |status| Err(FaultCode::from_status(-status))) }
    }
}

fn happened() -> impl Strategy<Value = Happened> {
    prop_oneof![
        (count(), whole(), whole(), whole()).prop_map(|(started, number, timestamp, target)| {
            Happened::TookOver(JitterHandover {
                started,
                next_sequence_number: number,
                next_timestamp: timestamp,
                target: TimeDelta::us(target),
                ..JitterHandover::default()
            })
        }),
        Just(Happened::HandedOver),
        (packet(), answer(count().prop_map(Insertion)))
            .prop_map(|(packet, answer)| Happened::Inserted { packet, answer }),
        (tone(), answer(count().prop_map(Insertion)))
            .prop_map(|(event, answer)| Happened::ToneInserted { event, answer }),
        asked(),
        answer((whole(), whole()).prop_map(|(target, current)| JitterDelay {
            target: TimeDelta::us(target),
            current: TimeDelta::us(current)
        }))
        .prop_map(Happened::Delay),
        (whole(), whole()).prop_map(|(minimum, maximum)| Happened::Bounds {
            minimum: TimeDelta::us(minimum),
            maximum: TimeDelta::us(maximum)
        }),
        (count(), -1e9..1e9_f64).prop_map(|(index, value)| Happened::Parameter { index, value }),
        count().prop_map(|reason| Happened::Reset(ResetReason(reason))),
        count().prop_map(|count| Happened::Missing(u64::from(count))),
    ]
}

prop_compose! {
    fn step()(at in time(), what in happened(), released in prop::collection::vec(any::<u64>(), 0..3)) -> Step {
        Step { at, what, released }
    }
}

proptest! {
    #[test]
    fn e29_1_what_is_written_of_a_jitter_buffer_is_read_to_the_last_bit(mut steps in prop::collection::vec(step(), 0..20), hz in count(), most in count()) {
        let mut sink = TextSink::new(Lines::new().begin_log(), 2, 1);
        let begun = Step { at: Timestamp::from_ms(3), what: Happened::Activated(JitterConfig::new(SampleRate::hz(hz), most)), released: Vec::new() };
        steps.insert(0, begun);
        for step in &steps {
            sink.note(step.at, &step.what, &step.released);
        }
        let log = EventLog::parse(sink.text().as_bytes()).unwrap();
        let read = log.jitter_buffers.into_iter().flat_map(|buffer| buffer.steps).collect::<Vec<_>>();
        prop_assert_eq!(read, steps);
    }

    #[test]
    fn e29_1_whatever_a_log_says_of_a_jitter_buffer_can_be_played(steps in prop::collection::vec(step(), 0..30)) {
        let mut sink = TextSink::new(Lines::new().begin_log(), 0, 0);
        sink.note(Timestamp::ZERO, &Happened::Activated(CONFIG), &[]);
        for step in &steps {
            sink.note(step.at, &step.what, &step.released);
        }
        let log = EventLog::parse(sink.text().as_bytes()).unwrap();
        let arrivals = Arrivals::of_stream(&log, 0).unwrap();
        let grid = Grid::between(arrivals.span(), TimeDelta::seconds(1_000_000_000));
        for listening in [
            Listening::of_record(&log, 0).unwrap(),
            Listening::of_plugin(&arrivals, &mut *constant(40)).unwrap(),
        ] {
            prop_assert!(Summary::of(&listening).concealed < 1.0 + 1e-9);
            prop_assert_eq!(Heard::over(&grid, &listening).delay.len(), grid.steps());
        }
        prop_assert_eq!(replay(&log.jitter_buffers[0], &mut *constant(40)).unwrap().steps.len(), steps.len() + 1);
    }
}
