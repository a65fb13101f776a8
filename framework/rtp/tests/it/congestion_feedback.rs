//! Congestion control feedback (RFC 8888) says of every packet of every stream whether and when it came and with which mark, and the sender
//! makes of it what a congestion controller takes.

use std::collections::BTreeMap;

use bytes::Bytes;
use jackfield_core::congestion_controller::PacketFeedback;
use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::ccfb::CongestionRecorder;
use jackfield_rtp::ecn::EcnMark;
use jackfield_rtp::rtcp::{CongestionFeedback, CongestionMetric, RtcpDatagram, RtcpPacket, RtcpWriter};
use jackfield_rtp::send::NtpClock;
use jackfield_rtp::twcc::{SendHistory, StreamPacket};
use proptest::prelude::*;
use rtc_rtcp::transport_feedbacks::cc_feedback_report as oracle;

/// The remote clock: 2027, so that its middle 32 bits are none too small.
const UNIX_US: u64 = 1_800_000_000_000_000;
/// A step of an arrival offset, rounded up.
const STEP: TimeDelta = TimeDelta::us(977);

fn clock() -> NtpClock {
    NtpClock::new(Timestamp::ZERO, NtpTime::from_unix_us(UNIX_US))
}

/// All reports that are due at `now`, each a datagram.
fn reports(recorder: &mut CongestionRecorder, now: Timestamp, max_length: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while recorder.has_feedback() {
        let mut buffer = [0xEE; 1_500];
        let mut writer = RtcpWriter::new(&mut buffer);
        recorder
            .write_feedback(&mut writer, now, clock().ntp(now), 1, max_length)
            .unwrap();
        assert!(writer.length() <= max_length);
        packets.push(writer.written().to_vec());
    }
    packets
}

fn parse(bytes: &[u8]) -> CongestionFeedback<'_> {
    match RtcpDatagram::parse(bytes).unwrap().packets().next() {
        Some(Ok(RtcpPacket::CongestionFeedback(feedback))) => feedback,
        other => panic!("{other:?}"),
    }
}

/// What a report tells of one stream: numbers, and mark and offset of those that came.
fn of_stream(bytes: &[u8], ssrc: u32) -> Vec<(u16, Option<(u8, u16)>)> {
    parse(bytes)
        .blocks()
        .filter(|block| block.ssrc == ssrc)
        .flat_map(|block| block.packets())
        .map(|(number, metric)| (number, metric.map(|m| (m.ecn, m.arrival_offset))))
        .collect()
}

fn ms(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

#[test]
fn e19_2_the_bytes_of_a_small_report() {
    let mut recorder = CongestionRecorder::with_capacity(4, 64);
    recorder.receive(ms(1_000), 0x0102_0304, 65_535, EcnMark::Capable1);
    recorder.receive(ms(1_250), 0x0102_0304, 1, EcnMark::Congested);
    recorder.receive(ms(1_500), 0x0506_0708, 9, EcnMark::NotCapable);
    let mut buffer = [0; 100];
    let mut writer = RtcpWriter::new(&mut buffer);
    let ntp = NtpTime::from_bits(0xAAAA_1234_5678_BBBB);
    recorder
        .write_feedback(&mut writer, ms(1_500), ntp, 7, 100)
        .unwrap();
    let expected = [
        0x8B, 205, 0, 9, // format 11
        0, 0, 0, 7, // who reports
        1, 2, 3, 4, 0xFF, 0xFF, 0, 3, // a stream, its first number, three packets
        0xA2, 0x00, // came with ECT(1), 512/1024 s before
        0, 0, // has not come
        0xE1, 0x00, // came marked, 256/1024 s before
        0, 0, // to a whole word
        5, 6, 7, 8, 0, 9, 0, 1, 0x80, 0x00, 0, 0, // another
        0x12, 0x34, 0x56, 0x78, // the middle of the time
    ];
    assert_eq!(writer.written(), expected);
    assert!(!recorder.has_feedback(), "all is told");
}

#[test]
fn e19_2_what_cannot_be_said_of_the_time_is_said_to_be_so() {
    let offset = |offset| CongestionMetric::new(0, offset).arrival_offset;
    assert_eq!(offset(TimeDelta::ZERO), 0);
    // 8189/1024 s is the longest that can be said.
    assert_eq!(offset(TimeDelta::us(8_189 * 1_000_000 / 1_024 + 1)), 0x1FFD);
    assert_eq!(offset(TimeDelta::us(8_190 * 1_000_000 / 1_024 + 1)), 0x1FFE);
    assert_eq!(offset(TimeDelta::seconds(1_000_000_000)), 0x1FFE);
    assert_eq!(
        offset(TimeDelta::us(-1)),
        0x1FFF,
        "it came after the report was dated"
    );
    for unsaid in [0x1FFE, 0x1FFF] {
        let metric = CongestionMetric {
            ecn: 0,
            arrival_offset: unsaid,
        };
        assert_eq!(metric.offset(), None);
    }
}

#[test]
fn e19_2_a_late_packet_is_reported_with_those_after_it_once_more() {
    let mut recorder = CongestionRecorder::with_capacity(1, 64);
    for number in [1, 2, 4, 5] {
        recorder.receive(ms(10 * i64::from(number)), 9, number, EcnMark::Capable0);
    }
    reports(&mut recorder, ms(60), 1_500);
    recorder.receive(ms(70), 9, 3, EcnMark::Capable0);
    let told = reports(&mut recorder, ms(80), 1_500);
    let numbers: Vec<_> = of_stream(&told[0], 9)
        .into_iter()
        .map(|(number, came)| (number, came.is_some()))
        .collect();
    assert_eq!(numbers, [(3, true), (4, true), (5, true)]);
}

#[test]
fn e19_2_of_a_duplicate_the_first_arrival_counts_and_a_mark_on_either() {
    let mut recorder = CongestionRecorder::with_capacity(1, 64);
    recorder.receive(ms(0), 9, 1, EcnMark::Capable1);
    recorder.receive(ms(0), 9, 2, EcnMark::Congested);
    recorder.receive(ms(500), 9, 1, EcnMark::Congested);
    recorder.receive(ms(500), 9, 2, EcnMark::Capable1);
    let told = reports(&mut recorder, ms(1_000), 1_500);
    assert_eq!(
        of_stream(&told[0], 9),
        [(1, Some((3, 1_024))), (2, Some((3, 1_024)))]
    );
    recorder.receive(ms(1_100), 9, 2, EcnMark::Capable1);
    assert!(!recorder.has_feedback(), "one more copy is no news");
}

#[test]
fn e19_2_what_finds_no_room_is_told_by_the_next_report_and_no_stream_waits_for_ever() {
    let mut recorder = CongestionRecorder::with_capacity(3, 256);
    for number in 0..100 {
        for ssrc in [10, 20, 30] {
            recorder.receive(ms(i64::from(number)), ssrc, number, EcnMark::NotCapable);
        }
    }
    let told = reports(&mut recorder, ms(100), 200);
    let mut seen = BTreeMap::new();
    for (count, bytes) in told.iter().enumerate() {
        for block in parse(bytes).blocks() {
            let (numbers, first) = seen.entry(block.ssrc).or_insert((Vec::new(), count));
            numbers.extend(block.packets().map(|(number, _)| number));
            assert!(*first <= count);
        }
    }
    assert_eq!(seen.len(), 3);
    for (numbers, _) in seen.values() {
        assert_eq!(*numbers, (0..100).collect::<Vec<_>>(), "each once, in order");
    }

    // One stream alone fills every report: the others get their turn all the same.
    for round in 0..10_u16 {
        for number in 0..120 {
            recorder.receive(ms(200), 10, 100 + round * 120 + number, EcnMark::NotCapable);
        }
        recorder.receive(ms(200), 20, 100 + round, EcnMark::NotCapable);
        let mut buffer = [0; 200];
        let mut writer = RtcpWriter::new(&mut buffer);
        let now = ms(200);
        recorder
            .write_feedback(&mut writer, now, clock().ntp(now), 1, 200)
            .unwrap();
    }
    assert!(recorder.has_feedback());
}

#[test]
fn e19_2_more_streams_than_are_followed_push_out_the_one_silent_for_longest() {
    let mut recorder = CongestionRecorder::with_capacity(2, 16);
    recorder.receive(ms(1), 10, 1, EcnMark::NotCapable);
    recorder.receive(ms(2), 20, 1, EcnMark::NotCapable);
    recorder.receive(ms(3), 10, 2, EcnMark::NotCapable);
    recorder.receive(ms(4), 30, 1, EcnMark::NotCapable);
    let told = reports(&mut recorder, ms(5), 1_500);
    let ssrcs: Vec<u32> = parse(&told[0]).blocks().map(|block| block.ssrc).collect();
    assert_eq!(ssrcs, [10, 30]);
}

#[test]
fn e19_2_a_sender_that_begins_anew_is_followed() {
    let mut recorder = CongestionRecorder::with_capacity(1, 64);
    for number in 40_000..40_010 {
        recorder.receive(ms(1), 9, number, EcnMark::NotCapable);
    }
    reports(&mut recorder, ms(2), 1_500);
    for number in 5..10 {
        recorder.receive(ms(3), 9, number, EcnMark::NotCapable);
    }
    let told = reports(&mut recorder, ms(4), 1_500);
    let numbers: Vec<u16> = of_stream(&told[0], 9).into_iter().map(|(n, _)| n).collect();
    assert_eq!(numbers, [6, 7, 8, 9], "the second packet in a row proves it");
}

#[test]
fn e19_2_a_buffer_without_room_says_how_much_is_needed() {
    let mut recorder = CongestionRecorder::with_capacity(1, 64);
    recorder.receive(ms(0), 9, 1, EcnMark::NotCapable);
    let mut buffer = [0; 20];
    let error = recorder
        .write_feedback(
            &mut RtcpWriter::new(&mut buffer),
            ms(1),
            clock().ntp(ms(1)),
            1,
            1_500,
        )
        .unwrap_err();
    let expected = RtpError::BufferTooSmall {
        available: 20,
        needed: 24,
    };
    assert_eq!(error, expected);
    assert!(recorder.has_feedback(), "nothing is lost");
}

proptest! {
    #[test]
    fn e19_2_every_arrival_is_told_to_a_1024th_of_a_second(
        start in any::<u16>(),
        origin in 0..200_000_000_000_i64,
        packets in prop::collection::vec((0..3_usize, 1..6_u16, 0..20_000_i64, 0..4_u8), 1..300),
        max_length in 24..1_500_usize,
        hold in 0..1_000_000_i64,
    ) {
        let mut recorder = CongestionRecorder::with_capacity(3, 2_048);
        let mut numbers = [start; 3];
        let mut us = origin;
        let mut expected: Vec<BTreeMap<u16, (i64, u8)>> = vec![BTreeMap::new(); 3];
        for (stream, step, delta, ecn) in packets {
            numbers[stream] = numbers[stream].wrapping_add(step);
            us += delta;
            recorder.receive(Timestamp::from_us(us), stream as u32, numbers[stream], EcnMark::from_bits(ecn));
            expected[stream].insert(numbers[stream], (us, ecn));
        }
        let now = Timestamp::from_us(us + hold);
        for bytes in reports(&mut recorder, now, max_length) {
            let feedback = parse(&bytes);
            let theirs = rtc_rtcp::packet::unmarshal(&mut Bytes::from(bytes.clone())).unwrap();
            let theirs = theirs[0].as_any().downcast_ref::<oracle::CcFeedbackReport>().unwrap();
            prop_assert_eq!(theirs.report_timestamp, feedback.timestamp);
            prop_assert_eq!(theirs.report_blocks.len(), feedback.blocks().count());
            for (block, other) in feedback.blocks().zip(&theirs.report_blocks) {
                prop_assert_eq!(other.metric_blocks.len(), block.packets().len());
                for ((number, metric), other) in block.packets().zip(&other.metric_blocks) {
                    prop_assert_eq!(other.received, metric.is_some());
                    let known = expected[block.ssrc as usize].remove(&number);
                    prop_assert_eq!(metric.is_some(), known.is_some(), "{}", number);
                    let (Some(metric), Some((us, ecn))) = (metric, known) else { continue };
                    prop_assert_eq!((metric.ecn, other.arrival_time_offset), (ecn, metric.arrival_offset));
                    let age = now - Timestamp::from_us(us);
                    match metric.offset() {
                        Some(offset) => prop_assert!(age >= offset && age - offset <= STEP, "{:?} {:?}", age, offset),
                        None => prop_assert!(age >= TimeDelta::us(8_190 * 1_000_000 / 1_024)),
                    }
                }
            }
        }
        prop_assert!(expected.iter().all(BTreeMap::is_empty), "each is told once");
    }

    #[test]
    fn e19_2_any_bytes_are_read_or_refused_and_harm_no_history(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 8..120), 1..20),
    ) {
        let mut history = SendHistory::with_capacity(64);
        let mut out = Vec::new();
        for (number, body) in bodies.into_iter().enumerate() {
            let packet = StreamPacket { ssrc: u32::from_be_bytes([body[4], body[5], body[6], body[7]]), ..voice(number as u16) };
            history.sent_in_stream(ms(number as i64), &packet);
            let mut bytes = vec![0x8B, 205, 0, 0];
            bytes.extend_from_slice(&body);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes[3] = (bytes.len() / 4 - 1) as u8;
            if let Some(Ok(RtcpPacket::CongestionFeedback(feedback))) = RtcpDatagram::parse(&bytes).unwrap().packets().next() {
                history.congestion_feedback(&feedback, &mut out);
            }
            prop_assert!(out.len() <= 2 * (number + 1), "a packet is told lost and come at most");
            prop_assert!(history.in_flight() >= DataSize::ZERO);
        }
    }
}

/// A packet of voice of the stream 9.
fn voice(sequence_number: u16) -> StreamPacket {
    StreamPacket {
        ssrc: 9,
        sequence_number,
        size: DataSize::bytes(100),
        cluster: 0,
        audio: true,
        mark: EcnMark::NotCapable,
    }
}

/// A sender and a receiver that exchange packets and reports. The remote clock is ours.
struct Path {
    history: SendHistory,
    recorder: CongestionRecorder,
}

impl Path {
    fn new() -> Self {
        Self {
            history: SendHistory::with_capacity(256),
            recorder: CongestionRecorder::with_capacity(4, 256),
        }
    }

    fn send(&mut self, at_ms: i64, packet: &StreamPacket, arrives: Option<(i64, EcnMark)>) -> i64 {
        let number = self.history.sent_in_stream(ms(at_ms), packet);
        if let Some((at, mark)) = arrives {
            self.recorder
                .receive(ms(at), packet.ssrc, packet.sequence_number, mark);
        }
        number
    }

    fn report(&mut self, at_ms: i64) -> Vec<PacketFeedback> {
        let mut results = Vec::new();
        for bytes in reports(&mut self.recorder, ms(at_ms), 1_500) {
            self.history.congestion_feedback(&parse(&bytes), &mut results);
        }
        results
    }
}

const PLAIN: EcnMark = EcnMark::NotCapable;

#[test]
fn e17_4_a_report_becomes_what_a_congestion_controller_takes() {
    let mut path = Path::new();
    // The sequence number of the stream has nothing to do with that of the transport, and wraps.
    path.send(0, &voice(65_534), Some((1_050, EcnMark::Capable1)));
    path.send(20, &voice(65_535), None);
    path.send(40, &voice(0), Some((1_090, EcnMark::Congested)));
    assert_eq!(path.history.in_flight(), DataSize::bytes(300));
    let results = path.report(1_100);
    let numbers: Vec<i64> = results.iter().map(|packet| packet.sequence_number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    assert_eq!((results[0].sent, results[0].size), (ms(0), DataSize::bytes(100)));
    assert!(results[1].received.is_never());
    assert_eq!((results[0].ecn, results[1].ecn, results[2].ecn), (1, 0, 3));
    assert!((results[2].received - results[0].received - TimeDelta::ms(40)).abs() <= STEP);
    for (packet, hold) in [(&results[0], 50), (&results[2], 10)] {
        let error = TimeDelta::ms(hold) - packet.arrival_offset;
        assert!(error >= TimeDelta::ZERO && error <= STEP, "{error:?}");
    }
    assert!(results[1].arrival_offset < TimeDelta::ZERO, "nothing to tell");
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn e17_4_several_streams_of_one_transport_are_told_in_the_order_in_which_they_left() {
    let mut path = Path::new();
    for number in 0..10 {
        for ssrc in [30, 10, 20] {
            let packet = StreamPacket {
                ssrc,
                ..voice(number * 7 + ssrc as u16)
            };
            let at = 20 * i64::from(number);
            path.send(at, &packet, Some((at + 30, PLAIN)));
        }
    }
    let results = path.report(500);
    let lost = results.iter().filter(|packet| packet.received.is_never()).count();
    let numbers: Vec<i64> = results.iter().map(|packet| packet.sequence_number).collect();
    assert_eq!((numbers, lost), ((0..30).collect(), 0));
}

#[test]
fn e17_4_a_packet_reported_lost_that_comes_after_all_is_said_to_be_recovered_and_nothing_is_said_twice() {
    let mut path = Path::new();
    path.send(0, &voice(1), Some((50, PLAIN)));
    let late = path.send(20, &voice(2), None);
    path.send(40, &voice(3), Some((90, PLAIN)));
    path.report(100);
    path.recorder.receive(ms(120), 9, 2, PLAIN);
    let results = path.report(150);
    let told: Vec<_> = results
        .iter()
        .map(|packet| (packet.sequence_number, packet.recovered))
        .collect();
    assert_eq!(told, [(late, 1)]);
}

#[test]
fn e17_4_when_a_report_is_lost_its_packets_are_in_flight_no_more() {
    let mut path = Path::new();
    path.send(0, &voice(1), Some((50, PLAIN)));
    path.send(20, &voice(2), Some((70, PLAIN)));
    reports(&mut path.recorder, ms(80), 1_500); // lost
    path.send(40, &voice(3), Some((90, PLAIN)));
    let results = path.report(100);
    assert_eq!(results.iter().map(|r| r.sequence_number).collect::<Vec<_>>(), [2]);
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn e17_4_the_remote_clock_goes_on_when_its_32_bits_wrap() {
    // They hold 18 hours.
    let mut path = Path::new();
    let mut first = None;
    for number in 0..200_u16 {
        let at = i64::from(number) * 3_600_000;
        path.send(at, &voice(number), Some((at + 30, PLAIN)));
        let result = path.report(at + 40)[0];
        let delay = result.received - result.sent;
        let first = *first.get_or_insert(delay);
        assert!((delay - first).abs() <= STEP, "{number}: {delay:?} {first:?}");
    }
}

#[test]
fn e17_4_times_that_cannot_be_told_still_tell_that_a_packet_came() {
    let mut history = SendHistory::with_capacity(16);
    for number in 0..3 {
        history.sent_in_stream(ms(0), &voice(number));
    }
    let metrics = [0x1FFF, 0x1FFE, 1_024].map(|arrival_offset| {
        Some(CongestionMetric {
            ecn: 0,
            arrival_offset,
        })
    });
    let mut buffer = [0; 100];
    let mut writer = RtcpWriter::new(&mut buffer);
    writer
        .congestion_feedback(1, &[(9, 0, &metrics)], 100 << 16)
        .unwrap();
    let mut results = Vec::new();
    history.congestion_feedback(&parse(writer.written()), &mut results);
    let report = results[0].received;
    assert!(
        results[0].arrival_offset < TimeDelta::ZERO,
        "taken for the time of the report"
    );
    let over_range = TimeDelta::us(8_190 * 1_000_000 / 1_024);
    assert!((report - results[1].received - over_range).abs() <= TimeDelta::us(1));
    assert_eq!(report - results[2].received, TimeDelta::seconds(1));
    assert_eq!(results[2].arrival_offset, TimeDelta::seconds(1));
}

#[test]
fn e17_4_the_path_carries_marks_if_none_that_was_sent_with_one_came_without() {
    let mut path = Path::new();
    let marked = |number| StreamPacket {
        mark: EcnMark::Capable1,
        ..voice(number)
    };
    path.send(0, &voice(0), Some((30, PLAIN)));
    path.report(50);
    assert!(!path.history.path_carries_ecn(), "nothing was tried");
    path.send(60, &marked(1), Some((90, EcnMark::Capable1)));
    path.send(80, &marked(2), Some((110, EcnMark::Congested)));
    path.report(120);
    assert!(path.history.path_carries_ecn());
    path.send(140, &voice(3), Some((170, PLAIN)));
    path.report(180);
    assert!(
        path.history.path_carries_ecn(),
        "one sent without a mark says nothing"
    );
    path.send(200, &marked(4), Some((230, EcnMark::Capable1)));
    path.send(220, &marked(5), Some((250, PLAIN)));
    path.report(260);
    assert!(!path.history.path_carries_ecn(), "somebody wipes them off");
}

#[test]
fn d5_7_what_left_on_another_path_is_in_flight_no_more_and_says_nothing() {
    let mut path = Path::new();
    path.send(0, &voice(0), Some((30, PLAIN)));
    path.send(20, &voice(1), Some((50, PLAIN)));
    path.history.begin_path();
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
    path.send(40, &voice(2), Some((70, PLAIN)));
    assert_eq!(path.history.in_flight(), DataSize::bytes(100));
    let results = path.report(100);
    assert_eq!(results.iter().map(|r| r.sequence_number).collect::<Vec<_>>(), [2]);
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
    for number in 3..1_000 {
        let at = 20 * i64::from(number);
        path.send(at, &voice(number), Some((at + 30, PLAIN)));
        if number % 100 == 0 {
            path.report(at + 40);
        }
    }
    path.report(1_000_000);
    assert_eq!(
        path.history.in_flight(),
        DataSize::ZERO,
        "also after a round of the ring"
    );
}

#[test]
fn e17_4_the_history_follows_a_stream_over_many_rounds() {
    let mut path = Path::new();
    let mut acknowledged = 0;
    for number in 0..200_000_i64 {
        path.send(number, &voice(number as u16), Some((number + 30, PLAIN)));
        if number % 100 == 99 {
            acknowledged += path.report(number + 40).len();
        }
    }
    assert_eq!(acknowledged, 200_000);
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn e17_4_reports_on_streams_and_packets_that_were_never_sent_say_nothing() {
    let mut path = Path::new();
    path.recorder.receive(ms(0), 77, 1, PLAIN);
    assert_eq!(path.report(1), []);
    path.send(0, &voice(1), None);
    path.recorder.receive(ms(5), 9, 2, PLAIN);
    assert_eq!(path.report(6), []);
    assert_eq!(path.history.in_flight(), DataSize::bytes(100));
}
