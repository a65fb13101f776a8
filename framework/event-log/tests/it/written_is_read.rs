//! Whatever happens to a controller is read as it was written, to the last bit.

use std::sync::{Arc, Mutex};

use jackfield_event_log::{
    Answer, ControllerLog, EventLog, EventSink, Happening, Identity, Lines, TextSink, Told, What,
};
use jackfield_sdk::prelude::*;
use proptest::prelude::*;

/// Times that a log can tell: 146 years.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![0..4_000_000_000_000_000_i64, -1_000_000..1_000_000_i64]
}

fn whole() -> impl Strategy<Value = i64> {
    prop_oneof![
        Just(0),
        Just(i64::MAX),
        Just(i64::MIN),
        any::<i64>(),
        0..10_000_000_i64
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), any::<u32>(), 0..4_u32]
}

fn share() -> impl Strategy<Value = f32> {
    prop_oneof![
        Just(0.0_f32),
        Just(0.1_f32),
        Just(1.1_f32),
        any::<f32>().prop_filter("a number", |x| x.is_finite())
    ]
}

prop_compose! {
    fn event()(
        kind in 0..14_u32, at in time(), a in prop::collection::vec(whole(), 14), sequence_number in whole(),
        c in prop::collection::vec(count(), 7), confidence in share(), pacing_factor in share(),
    ) -> CongestionEvent {
        CongestionEvent {
            time: TimeDelta::us(a[0]), rate: DataRate::bps(a[1]), size: DataSize::bytes(a[2]), in_flight: DataSize::bytes(a[3]),
            sequence_number,
            constraints: RateConstraints { minimum: DataRate::bps(a[4]), maximum: DataRate::bps(a[5]), start: DataRate::bps(a[6]) },
            lost: c[0], received: c[1], cluster: c[2], flag: c[3], ssrc: c[4], ecn: c[5],
            untracked: DataSize::bytes(a[7]), padding: DataRate::bps(a[8]), lower: DataRate::bps(a[9]), upper: DataRate::bps(a[10]),
            deviation: DataRate::bps(a[11]), before_link: TimeDelta::us(a[12]), behind_link: TimeDelta::us(a[13]),
            confidence, pacing_factor, probe_repeatedly: c[6],
            ..CongestionEvent::new(CongestionEventKind(kind), Timestamp::from_us(at))
        }
    }
}

prop_compose! {
    fn packet()(
        sequence_number in whole(), sent in time(), received in prop::option::of(time()), offset in whole(), size in whole(),
        c in prop::collection::vec(count(), 4),
    ) -> PacketFeedback {
        PacketFeedback {
            sequence_number, sent: Timestamp::from_us(sent), received: received.map_or(Timestamp::NEVER, Timestamp::from_us),
            arrival_offset: TimeDelta::us(offset), size: DataSize::bytes(size), ecn: c[0], cluster: c[1], audio: c[2], recovered: c[3],
        }
    }
}

prop_compose! {
    fn update()(a in prop::collection::vec(whole(), 6), ecn in count()) -> CongestionUpdate {
        CongestionUpdate {
            target: DataRate::bps(a[0]), pacing: DataRate::bps(a[1]), padding: DataRate::bps(a[2]), window: DataSize::bytes(a[3]),
            estimate: DataRate::bps(a[4]), feedback_interval: TimeDelta::us(a[5]), ecn, reserved: 0,
        }
    }
}

prop_compose! {
    fn probe()(id in count(), minimum_packets in count(), rate in whole(), duration in whole()) -> ProbeCluster {
        ProbeCluster { id, minimum_packets, rate: DataRate::bps(rate), duration: TimeDelta::us(duration) }
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => update().prop_map(Ok),
        1 => (1..200_i32).prop_map(|status| Err(FaultCode::from_status(-status))),
    ]
}

prop_compose! {
    fn told()(
        event in event(), packets in prop::collection::vec(packet(), 0..4), probes in prop::collection::vec(probe(), 0..3),
        answer in answer(),
    ) -> Told {
        Told { event, packets, probes, answer }
    }
}

proptest! {
    #[test]
    fn e29_1_what_is_written_is_read_to_the_last_bit(told in prop::collection::vec((time(), told()), 0..20), name in ".*") {
        let mut sink = TextSink::new(Lines::new().text("room", &name).begin_log(), 3, 1);
        for (at, told) in &told {
            let failed = told.answer.as_ref().err().map(|code| Fault::new(*code, "why \"\\\n"));
            let answer = told.answer.as_ref().ok().map(Ok).or(failed.as_ref().map(Err));
            let Told { event, packets, probes, .. } = told;
            sink.note(Timestamp::from_us(*at), &Happening::Told { event, packets, probes, answer });
        }
        let log = EventLog::parse(sink.text().as_bytes()).unwrap();
        prop_assert_eq!(&log.origin["room"], &name);
        prop_assert!(!log.torn);
        let read: Vec<(i64, Told)> = log.controllers.iter().flat_map(ControllerLog::told).map(|(at, told)| (at.us(), told.clone())).collect();
        prop_assert_eq!(read, told);
    }
}

#[test]
fn e29_1_an_answer_that_is_the_same_as_the_last_is_not_written_again() {
    let update = CongestionUpdate {
        target: DataRate::kbps(300),
        ..CongestionUpdate::default()
    };
    let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
    let mut sink = TextSink::new(Lines::new().begin_log(), 0, 0);
    for answer in [Some(Ok(&update)), None] {
        let told = Happening::Told {
            event: &event,
            packets: &[],
            probes: &[],
            answer,
        };
        sink.note(Timestamp::ZERO, &told);
    }
    assert_eq!(sink.text().matches("decided").count(), 1);
    let log = EventLog::parse(sink.text().as_bytes()).unwrap();
    let answers: Vec<Answer> = log.controllers[0].told().map(|(_, told)| told.answer).collect();
    assert_eq!(answers, [Ok(update), Ok(update)]);
}

#[test]
fn who_a_controller_is_and_how_a_swap_ended_is_read_again() {
    let identity = Identity {
        plugin: "example.congestion.toy".to_owned(),
        version: "1.0.0".to_owned(),
        seed: u64::MAX,
        parameters: vec![("a \"name\"".to_owned(), 0.1), ("share".to_owned(), 1e300)],
    };
    let mut lines = Lines::new().count("participant", 3).begin_log();
    lines.identity(Timestamp::ZERO, (0, 1), &identity);
    lines.swapped(Timestamp::from_ms(5), (0, 1), 9, Some("it failed"));
    lines.swapped(Timestamp::from_ms(6), (0, 2), 10, None);
    lines.stopped(Timestamp::from_ms(7), "the file is full");
    let log = EventLog::parse(lines.as_text().as_bytes()).unwrap();
    assert_eq!(log.origin["participant"], "3");
    assert_eq!(log.controllers[0].identity.as_ref(), Some(&identity));
    assert_eq!(log.swaps[0].rolled_back.as_deref(), Some("it failed"));
    assert_eq!(
        (
            log.swaps[1].instance,
            log.swaps[1].swap,
            &log.swaps[1].rolled_back
        ),
        (2, 10, &None)
    );
    assert_eq!(log.stopped.as_deref(), Some("the file is full"));
}

/// Notes lines into a text that others see.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Lines>>, pub(crate) u32);

impl EventSink for Shared {
    fn note(&mut self, at: Timestamp, happening: &Happening<'_>) -> bool {
        self.0.lock().unwrap().happening(at, (0, self.1), happening);
        true
    }
}

/// What a step is, in a word.
pub(crate) fn name(what: &What) -> &'static str {
    match what {
        What::Activated(_) => "activated",
        What::TookOver(_) => "took-over",
        What::HandedOver => "handed-over",
        What::Told(_) => "told",
        What::Decided(_) => "decided",
        What::Parameter { .. } => "parameter",
        What::Reset(_) => "reset",
        What::Missing(_) => "missing",
    }
}
