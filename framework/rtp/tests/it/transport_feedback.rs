//! Transport-wide feedback says of every packet whether and when it came, whatever the pattern.

use bytes::Bytes;
use jackfield_core::congestion_controller::PacketFeedback;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
use jackfield_rtp::twcc::{
    ArrivalRecorder, ReferenceTime, SendHistory, TransportFeedback, feedback_interval, feedback_interval_of,
};
use proptest::prelude::*;
use rtc_rtcp::transport_feedbacks::transport_layer_cc as oracle;

/// All feedback packets that are due, each a datagram.
fn feedback(recorder: &mut ArrivalRecorder, max_length: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while recorder.has_feedback() {
        let mut buffer = [0xEE; 1_500];
        let mut writer = RtcpWriter::new(&mut buffer);
        recorder.write_feedback(&mut writer, 1, 2, max_length).unwrap();
        packets.push(writer.written().to_vec());
    }
    packets
}

fn parse(bytes: &[u8]) -> TransportFeedback<'_> {
    match RtcpDatagram::parse(bytes).unwrap().packets().next() {
        Some(Ok(RtcpPacket::TransportFeedback(feedback))) => feedback,
        other => panic!("{other:?}"),
    }
}

/// Records arrivals (number, time in µs) and reads them back from the feedback.
fn told(arrivals: &[(u16, i64)], max_length: usize) -> Vec<(u16, Option<i64>)> {
    let mut recorder = ArrivalRecorder::new();
    for (number, us) in arrivals {
        recorder.receive(Timestamp::from_us(*us), *number);
    }
    let mut reference = ReferenceTime::default();
    let mut statuses = Vec::new();
    for bytes in feedback(&mut recorder, max_length) {
        assert!(bytes.len() <= max_length);
        let feedback = parse(&bytes);
        let origin = reference.extend(&feedback).as_us();
        statuses.extend(
            feedback
                .packets()
                .map(|p| (p.sequence_number, p.arrival.map(|a| origin + a.as_us()))),
        );
    }
    statuses
}

#[test]
fn e19_1_a_run_of_packets_takes_one_chunk() {
    let mut recorder = ArrivalRecorder::new();
    for number in 0..1_000 {
        recorder.receive(Timestamp::from_us(i64::from(number) * 1_000), number);
    }
    let packets = feedback(&mut recorder, 1_500);
    assert_eq!(packets.len(), 1);
    // Header and fixed part, one run-length chunk, a byte each, whole words.
    assert_eq!(packets[0].len(), (20 + 2 + 1_000_usize).next_multiple_of(4));
    assert_eq!(
        packets[0][20..22],
        [0x20 | (1_000_u16 >> 8) as u8, 1_000_u16 as u8]
    );
    assert_eq!(
        parse(&packets[0])
            .packets()
            .filter(|p| p.arrival.is_some())
            .count(),
        1_000
    );
}

#[test]
fn e19_1_the_bytes_of_a_small_feedback() {
    let mut recorder = ArrivalRecorder::new();
    // Reference time 2 * 64 ms; 10 came 1 ms after it, 11 is missing, 12 came 100 ms later (two bytes), 13 1 ms before that.
    for (number, us) in [(10, 129_000), (12, 229_000), (13, 228_000)] {
        recorder.receive(Timestamp::from_us(us), number);
    }
    let packets = feedback(&mut recorder, 1_500);
    let expected = [
        0xAF, 205, 0, 6, // padding, format 15
        0, 0, 0, 1, 0, 0, 0, 2, // sender, media
        0, 10, 0, 4, // base, count
        0, 0, 2, 0, // reference time, feedback count
        0xD2,
        0x80, // two-bit vector: small, missing, large, large; what is beyond the count says nothing
        4, 1, 0x90, 0xFF, 0xFC, // 1 ms, 100 ms, -1 ms in steps of 250 us
        1,    // one byte of padding
    ];
    assert_eq!(packets[0], expected);
}

#[test]
fn e19_1_alternating_packets_take_one_bit_each() {
    let arrivals: Vec<_> = (0..28)
        .step_by(2)
        .map(|number| (number, i64::from(number) * 1_000))
        .collect();
    let mut recorder = ArrivalRecorder::new();
    for (number, us) in &arrivals {
        recorder.receive(Timestamp::from_us(*us), *number);
    }
    let packets = feedback(&mut recorder, 1_500);
    assert_eq!(packets[0][20] >> 6, 0b10, "a vector of one-bit symbols");
    assert_eq!(packets[0][20..22], [0b1010_1010, 0b1010_1010]);
}

#[test]
fn e19_1_numbers_wrap() {
    let statuses = told(&[(65_534, 0), (65_535, 250), (1, 750)], 1_500);
    assert_eq!(
        statuses,
        [(65_534, Some(0)), (65_535, Some(250)), (0, None), (1, Some(750))]
    );
}

#[test]
fn e19_1_a_pause_too_long_for_two_bytes_starts_another_packet() {
    let mut recorder = ArrivalRecorder::new();
    recorder.receive(Timestamp::from_ms(0), 1);
    recorder.receive(Timestamp::from_ms(10_000), 2);
    let packets = feedback(&mut recorder, 1_500);
    assert_eq!(packets.len(), 2);
    let (first, second) = (parse(&packets[0]), parse(&packets[1]));
    assert_eq!((first.status_count(), second.status_count()), (1, 1));
    assert_eq!((first.feedback_count(), second.feedback_count()), (0, 1));
    assert_eq!((first.reference_time(), second.reference_time()), (0, 156));
}

#[test]
fn e19_1_a_late_packet_is_reported_with_those_after_it_once_more() {
    let mut recorder = ArrivalRecorder::new();
    for number in [1, 2, 4, 5] {
        recorder.receive(Timestamp::from_ms(10 * i64::from(number)), number);
    }
    feedback(&mut recorder, 1_500);
    assert!(!recorder.has_feedback());
    recorder.receive(Timestamp::from_ms(70), 3);
    let packets = feedback(&mut recorder, 1_500);
    let numbers: Vec<_> = parse(&packets[0])
        .packets()
        .map(|p| (p.sequence_number, p.arrival.is_some()))
        .collect();
    assert_eq!(numbers, [(3, true), (4, true), (5, true)]);
}

#[test]
fn e19_1_a_duplicate_keeps_its_first_arrival() {
    assert_eq!(
        told(&[(1, 0), (2, 1_000), (1, 2_000)], 1_500),
        [(1, Some(0)), (2, Some(1_000))]
    );
}

#[test]
fn e19_1_the_reference_time_wraps_after_twelve_days() {
    let mut recorder = ArrivalRecorder::new();
    let mut reference = ReferenceTime::default();
    let day = TimeDelta::seconds(86_400);
    let mut origin = None;
    for number in 0..30_u16 {
        let at = Timestamp::ZERO + day * i64::from(number);
        recorder.receive(at, number);
        let packets = feedback(&mut recorder, 1_500);
        let feedback = parse(&packets[0]);
        let time = reference.extend(&feedback) + feedback.packets().next().unwrap().arrival.unwrap();
        let origin = *origin.get_or_insert(time);
        assert_eq!(time - origin, day * i64::from(number));
    }
}

#[test]
fn e19_1_feedback_that_is_cut_off_is_refused() {
    let mut recorder = ArrivalRecorder::new();
    for number in 0..20 {
        recorder.receive(Timestamp::from_ms(100 * i64::from(number)), number);
    }
    let bytes = feedback(&mut recorder, 1_500).remove(0);
    let padding = if bytes[0] & 0x20 == 0 {
        0
    } else {
        usize::from(bytes[bytes.len() - 1])
    };
    let body = &bytes[4..bytes.len() - padding];
    assert!(TransportFeedback::parse(body).is_ok());
    for length in 0..body.len() {
        assert!(
            TransportFeedback::parse(&body[..length]).is_err(),
            "{length} bytes"
        );
    }
    // Statuses announced, but a run of none: reading must end.
    let mut endless = [0; 20];
    endless[11] = 9;
    assert!(matches!(
        TransportFeedback::parse(&endless),
        Err(RtpError::Malformed(_))
    ));
}

#[test]
fn e19_1_a_buffer_without_room_says_how_much_is_needed() {
    let mut recorder = ArrivalRecorder::new();
    recorder.receive(Timestamp::ZERO, 1);
    let mut buffer = [0; 16];
    let error = recorder
        .write_feedback(&mut RtcpWriter::new(&mut buffer), 1, 2, 1_500)
        .unwrap_err();
    assert_eq!(
        error,
        RtpError::BufferTooSmall {
            available: 16,
            needed: 28
        }
    );
    assert!(recorder.has_feedback(), "nothing is lost");
}

proptest! {
    #[test]
    fn e19_1_every_arrival_is_told_to_a_quarter_of_a_millisecond(
        start in any::<u16>(),
        steps in prop::collection::vec((1..40_u16, prop_oneof![0..2_000_i64, 0..90_000_i64, -20_000..20_000_i64]), 1..300),
        max_length in 40..1_500_usize,
    ) {
        let mut number = start;
        let mut us = 1_000_000_000;
        let arrivals: Vec<_> = steps
            .into_iter()
            .map(|(step, delta)| {
                number = number.wrapping_add(step);
                us += delta;
                (number, us)
            })
            .collect();
        // The recorder remembers 2,048 packets; a longer series would lose its beginning.
        let span = arrivals.last().unwrap().0.wrapping_sub(arrivals[0].0);
        prop_assume!(span < 2_000);
        let statuses = told(&arrivals, max_length);
        prop_assert_eq!(statuses.len(), usize::from(span) + 1);
        let mut expected = arrivals.iter().peekable();
        for (index, (number, arrival)) in statuses.into_iter().enumerate() {
            prop_assert_eq!(number, arrivals[0].0.wrapping_add(index as u16));
            match expected.next_if(|(expected, _)| *expected == number) {
                Some((_, us)) => prop_assert!((arrival.unwrap() - us).abs() <= 125),
                None => prop_assert_eq!(arrival, None),
            }
        }
        prop_assert!(expected.next().is_none());
    }

    #[test]
    fn e19_1_another_implementation_reads_the_same(
        steps in prop::collection::vec((1..5_u16, 0..70_000_i64), 1..200),
    ) {
        let mut recorder = ArrivalRecorder::new();
        let (mut number, mut us) = (0, 0);
        for (step, delta) in steps {
            number += step;
            us += delta;
            recorder.receive(Timestamp::from_us(us), number);
        }
        for bytes in feedback(&mut recorder, 1_500) {
            let ours = parse(&bytes);
            let packets = rtc_rtcp::packet::unmarshal(&mut Bytes::from(bytes.clone())).unwrap();
            let theirs = packets[0].as_any().downcast_ref::<oracle::TransportLayerCc>().unwrap();
            prop_assert_eq!(theirs.base_sequence_number, ours.base_sequence_number());
            prop_assert_eq!(theirs.packet_status_count, ours.status_count());
            prop_assert_eq!(theirs.reference_time, ours.reference_time());
            prop_assert_eq!(theirs.fb_pkt_count, ours.feedback_count());
            let mut time = 0;
            let times: Vec<i64> = theirs.recv_deltas.iter().map(|d| { time += d.delta; time }).collect();
            let our_times: Vec<i64> = ours.packets().filter_map(|p| p.arrival).map(TimeDelta::as_us).collect();
            prop_assert_eq!(times, our_times);
        }
    }

    #[test]
    fn e19_1_any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(feedback) = TransportFeedback::parse(&bytes) {
            prop_assert_eq!(feedback.packets().count(), usize::from(feedback.status_count()));
        }
    }
}

#[test]
fn e19_3_the_interval_follows_the_rate_between_50_and_250_ms() {
    assert_eq!(feedback_interval(None), TimeDelta::ms(100));
    assert_eq!(feedback_interval(Some(DataRate::ZERO)), TimeDelta::ms(250));
    assert_eq!(feedback_interval(Some(DataRate::kbps(30))), TimeDelta::ms(250));
    // 5 % of 108.8 kbit/s is ten reports of 544 bits per second.
    assert_eq!(
        feedback_interval(Some(DataRate::bps(108_800))),
        TimeDelta::ms(100)
    );
    assert_eq!(feedback_interval(Some(DataRate::kbps(10_000))), TimeDelta::ms(50));
}

#[test]
fn e19_3_the_interval_follows_the_share_and_the_size_too() {
    let of = |bytes, share, kbps| {
        let rate = Some(DataRate::kbps(kbps));
        feedback_interval_of(DataSize::bytes(bytes), share, TimeDelta::ms(5), rate)
    };
    // A tenth of 80 kbit/s is ten reports of 100 bytes per second.
    assert_eq!(of(100, 0.1, 80), TimeDelta::ms(100));
    assert_eq!(of(200, 0.1, 80), TimeDelta::ms(200));
    assert_eq!(of(200, 0.05, 80), TimeDelta::ms(250));
    assert_eq!(of(100, 0.1, 400), TimeDelta::ms(20));
    assert_eq!(of(10, 1.0, i64::MAX / 1_000), TimeDelta::ms(5));
    for nothing in [0.0, -1.0, f64::NAN] {
        assert_eq!(of(100, nothing, 80), TimeDelta::ms(250));
    }
    assert_eq!(
        feedback_interval_of(DataSize::bytes(100), 0.1, TimeDelta::ms(50), None),
        TimeDelta::ms(100)
    );
}

/// A sender and a receiver that exchange packets and feedback.
struct Path {
    history: SendHistory,
    recorder: ArrivalRecorder,
    results: Vec<PacketFeedback>,
}

impl Path {
    fn new() -> Self {
        Self {
            history: SendHistory::new(),
            recorder: ArrivalRecorder::new(),
            results: Vec::new(),
        }
    }

    fn send(&mut self, at_ms: i64, arrives_ms: Option<i64>) -> i64 {
        let number = self
            .history
            .sent(Timestamp::from_ms(at_ms), DataSize::bytes(100), 0, true);
        if let Some(ms) = arrives_ms {
            self.recorder.receive(Timestamp::from_ms(ms), number as u16);
        }
        number
    }

    fn report(&mut self) -> Vec<PacketFeedback> {
        for bytes in feedback(&mut self.recorder, 1_500) {
            self.history.feedback(&parse(&bytes), &mut self.results);
        }
        std::mem::take(&mut self.results)
    }
}

#[test]
fn feedback_becomes_what_a_congestion_controller_takes() {
    let mut path = Path::new();
    path.send(0, Some(1_050));
    path.send(20, None);
    path.send(40, Some(1_090));
    assert_eq!(path.history.in_flight(), DataSize::bytes(300));
    let results = path.report();
    assert_eq!(
        results.iter().map(|r| r.sequence_number).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(results[0].sent, Timestamp::ZERO);
    assert_eq!(results[0].size, DataSize::bytes(100));
    assert!(results[1].received.is_never());
    assert_eq!(results[2].received - results[0].received, TimeDelta::ms(40));
    assert_eq!(
        results.iter().map(|r| (r.audio, r.recovered)).collect::<Vec<_>>(),
        [(1, 0); 3]
    );
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn a_packet_reported_lost_that_comes_after_all_is_said_to_be_recovered_and_nothing_is_said_twice() {
    let mut path = Path::new();
    path.send(0, Some(50));
    let late = path.send(20, None);
    path.send(40, Some(90));
    path.report();
    path.recorder.receive(Timestamp::from_ms(120), late as u16);
    let results = path.report();
    assert_eq!(
        results
            .iter()
            .map(|r| (r.sequence_number, r.recovered))
            .collect::<Vec<_>>(),
        [(late, 1)]
    );
}

#[test]
fn when_a_feedback_packet_is_lost_its_packets_are_in_flight_no_more() {
    let mut path = Path::new();
    path.send(0, Some(50));
    path.send(20, Some(70));
    feedback(&mut path.recorder, 1_500); // lost
    path.send(40, Some(90));
    let results = path.report();
    assert_eq!(results.iter().map(|r| r.sequence_number).collect::<Vec<_>>(), [2]);
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn the_history_follows_numbers_over_many_rounds() {
    let mut path = Path::new();
    let mut acknowledged = 0;
    for number in 0..200_000_i64 {
        path.send(number, Some(number + 30));
        if number % 100 == 99 {
            acknowledged += path.report().len();
        }
    }
    assert_eq!(acknowledged, 200_000);
    assert_eq!(path.history.in_flight(), DataSize::ZERO);
}

#[test]
fn feedback_on_packets_that_were_never_sent_says_nothing() {
    let mut path = Path::new();
    path.recorder.receive(Timestamp::ZERO, 500);
    assert_eq!(path.report(), []);
    path.send(0, None);
    path.recorder.receive(Timestamp::ZERO, 501);
    assert_eq!(path.report(), []);
}
