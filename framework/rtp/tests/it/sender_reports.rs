//! What we send is numbered without a gap, and sender reports tie the media clock to the wall clock.

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{DataSize, SampleRate, TimeDelta};
use jackfield_rtp::rtcp::ReportBlock;
use jackfield_rtp::send::{NtpClock, SendStream, round_trip};

const NOON: NtpTime = NtpTime::from_unix_us(1_700_000_000_000_000);

fn stream() -> (SendStream, NtpClock) {
    (
        SendStream::new(5, SampleRate::HZ_48000, 65_535, u32::MAX - 959),
        NtpClock::new(Timestamp::ZERO, NOON),
    )
}

fn block(last_sender_report: u32, delay_since_last_sender_report: u32) -> ReportBlock {
    ReportBlock {
        ssrc: 5,
        fraction_lost: 64,
        cumulative_lost: 3,
        highest_sequence_number: 9,
        jitter: 480,
        last_sender_report,
        delay_since_last_sender_report,
    }
}

#[test]
fn numbers_and_timestamps_wrap() {
    let (mut stream, _) = stream();
    let first = stream.next_header(Timestamp::ZERO, 111, true, 0);
    let second = stream.next_header(Timestamp::from_ms(20), 111, false, 960);
    assert_eq!(
        (first.sequence_number, first.timestamp, first.marker),
        (65_535, u32::MAX - 959, true)
    );
    assert_eq!(
        (second.sequence_number, second.timestamp, second.marker),
        (0, 0, false)
    );
}

#[test]
fn e28_1_a_sender_report_names_one_instant_on_both_clocks() {
    let (mut stream, clock) = stream();
    assert_eq!(
        stream.sender_info(Timestamp::ZERO, &clock),
        None,
        "nothing was sent"
    );
    stream.next_header(Timestamp::from_ms(1_000), 111, false, 960);
    stream.sent(DataSize::bytes(60), DataSize::bytes(20));
    let info = stream.sender_info(Timestamp::from_ms(1_500), &clock).unwrap();
    assert_eq!(info.ntp, NOON.advanced_by(TimeDelta::ms(1_500)));
    assert_eq!(
        info.rtp_timestamp, 24_000,
        "half a second after the packet with timestamp 0"
    );
    assert_eq!((info.packet_count, info.octet_count), (1, 60));
}

#[test]
fn e22_6_the_round_trip_is_that_of_the_example_in_rfc_3550() {
    // Figure 2: sent at b705:2000, delay 0005:4000, arrival at b710:8000 gives 6.125 s.
    let now = NtpTime::from_bits(0xB44D_B710_8000_0000);
    assert_eq!(
        round_trip(now, &block(0xB705_2000, 0x0005_4000)),
        Some(TimeDelta::us(6_125_000))
    );
}

#[test]
fn e22_6_without_a_sender_report_there_is_no_round_trip_and_drift_does_not_make_it_negative() {
    assert_eq!(round_trip(NOON, &block(0, 0)), None);
    let later = NOON.advanced_by(TimeDelta::ms(5));
    assert_eq!(
        round_trip(NOON, &block(later.compact(), 0)),
        Some(TimeDelta::ZERO)
    );
}

#[test]
fn reports_of_the_remote_end_are_kept_and_added_up() {
    let (mut stream, clock) = stream();
    stream.next_header(Timestamp::ZERO, 111, false, 0);
    let sent = clock.ntp(Timestamp::from_ms(1_000)).compact();
    for at in [1_100, 1_200] {
        let now = Timestamp::from_ms(at);
        let measured = stream.report_block(now, &clock, &block(sent, 0)).unwrap();
        assert!((measured - TimeDelta::ms(at - 1_000)).abs() < TimeDelta::us(50));
    }
    let other = ReportBlock {
        ssrc: 6,
        ..block(sent, 0)
    };
    assert_eq!(
        stream.report_block(Timestamp::from_ms(1_300), &clock, &other),
        None
    );
    let statistics = stream.statistics();
    assert_eq!(statistics.round_trip_measurements, 2);
    assert!((statistics.total_round_trip - TimeDelta::ms(300)).abs() < TimeDelta::us(100));
    let remote = statistics.remote.unwrap();
    assert_eq!(
        (remote.fraction_lost, remote.cumulative_lost, remote.jitter),
        (64, 3, TimeDelta::ms(10))
    );
}

#[test]
fn a_codec_with_another_clock_goes_on_where_the_timestamps_stand() {
    let (mut stream, _) = stream();
    let before = stream.next_header(Timestamp::ZERO, 111, false, 960);
    stream.set_clock_rate(SampleRate::HZ_8000, 5_000);
    let after = stream.next_header(Timestamp::from_ms(20), 0, true, 5_000);
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(1));
    assert_eq!(after.sequence_number, before.sequence_number.wrapping_add(1));
}
