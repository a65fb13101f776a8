//! Receiver reports say what RFC 3550 appendix A says they should.

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_rtp::header::{RtpHeader, RtpPacketView, write_header};
use jackfield_rtp::receive::{ReceiveStream, ReceivedPacket};
use jackfield_rtp::rtcp::SenderInfo;
use jackfield_rtp::sequence::Continuity;
use proptest::prelude::*;

const SSRC: u32 = 0xCAFE;
const RATE: SampleRate = SampleRate::HZ_48000;

fn give(stream: &mut ReceiveStream, at_us: i64, sequence_number: u16, timestamp: u32) -> ReceivedPacket {
    let header = RtpHeader {
        marker: false,
        payload_type: 111,
        sequence_number,
        timestamp,
        ssrc: SSRC,
    };
    let mut bytes = [0; 72];
    write_header(&mut bytes, &header, &[], &[]).unwrap();
    stream.receive(Timestamp::from_us(at_us), &RtpPacketView::parse(&bytes).unwrap())
}

/// Packets `numbers` of 20 ms each, which come in time.
fn give_all(stream: &mut ReceiveStream, numbers: impl IntoIterator<Item = u16>) {
    for number in numbers {
        give(
            stream,
            i64::from(number) * 20_000,
            number,
            u32::from(number) * 960,
        );
    }
}

#[test]
fn e22_6_loss_is_reported_per_interval_and_in_all() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    assert_eq!(stream.report_block(Timestamp::ZERO), None, "nothing to say yet");
    give_all(&mut stream, (0..100).filter(|n| n % 4 != 1));
    let block = stream.report_block(Timestamp::from_ms(2_000)).unwrap();
    // 25 of 100 were lost: 25 * 256 / 100.
    assert_eq!(
        (
            block.fraction_lost,
            block.cumulative_lost,
            block.highest_sequence_number
        ),
        (64, 25, 99)
    );

    give_all(&mut stream, 100..200);
    let block = stream.report_block(Timestamp::from_ms(4_000)).unwrap();
    assert_eq!(
        (
            block.fraction_lost,
            block.cumulative_lost,
            block.highest_sequence_number
        ),
        (0, 25, 199)
    );

    // Nothing comes for a while: no news is no loss.
    let block = stream.report_block(Timestamp::from_ms(6_000)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 25));
}

#[test]
fn e22_6_duplicates_make_the_loss_negative_but_never_the_fraction() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    give_all(&mut stream, (0..10).chain(0..10));
    let block = stream.report_block(Timestamp::from_ms(1_000)).unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, -10));
    assert_eq!(stream.statistics().packets_received, 20);
}

#[test]
fn e22_6_late_packets_are_not_lost() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    give_all(&mut stream, [0, 1, 4, 5, 2, 3]);
    assert_eq!(
        stream
            .report_block(Timestamp::from_ms(1_000))
            .unwrap()
            .cumulative_lost,
        0
    );
}

#[test]
fn e22_6_the_extended_number_counts_rounds() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    for (index, number) in [65_534_u16, 65_535, 0, 1].into_iter().enumerate() {
        give(&mut stream, index as i64 * 20_000, number, index as u32 * 960);
    }
    let block = stream.report_block(Timestamp::from_ms(100)).unwrap();
    assert_eq!(
        (
            block.highest_sequence_number,
            block.sequence_number(),
            block.cumulative_lost
        ),
        (0x1_0001, 1, 0)
    );
}

#[test]
fn e22_6_a_restarted_sender_begins_anew_and_old_losses_stay_counted() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    give_all(&mut stream, [0, 1, 2, 3, 6]); // 4 and 5 are lost
    assert_eq!(
        give(&mut stream, 200_000, 30_000, 7).continuity,
        Continuity::Suspect
    );
    assert_eq!(
        give(&mut stream, 220_000, 30_001, 967).continuity,
        Continuity::Restarted
    );
    give(&mut stream, 240_000, 30_003, 2_887);
    let block = stream.report_block(Timestamp::from_ms(300)).unwrap();
    assert_eq!(block.cumulative_lost, 3, "two before, one after");
    // Of three expected since the restart one was lost.
    assert_eq!(block.fraction_lost, 85);
}

#[test]
fn e22_6_jitter_follows_the_formula_of_appendix_a8() {
    // Transit times alternate by 10 ms = 480 ticks: J += (480 - J) / 16 at each step, in fixed point.
    let mut stream = ReceiveStream::new(SSRC, RATE);
    let mut expected_16 = 0_i64;
    for number in 0..200_u16 {
        let late = if number % 2 == 1 { 10_000 } else { 0 };
        give(
            &mut stream,
            i64::from(number) * 20_000 + late,
            number,
            u32::from(number) * 960,
        );
        if number > 0 {
            expected_16 += 480 - ((expected_16 + 8) >> 4);
        }
        let block = stream.report_block(Timestamp::from_ms(9_000)).unwrap();
        assert_eq!(i64::from(block.jitter), expected_16 >> 4, "after packet {number}");
    }
    assert_eq!(stream.statistics().jitter, RATE.duration(480 - 1));
}

#[test]
fn packets_of_one_event_share_a_timestamp_and_make_no_jitter() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    for number in 0..20 {
        give(&mut stream, i64::from(number) * 20_000, number, 0);
    }
    assert_eq!(stream.statistics().jitter, TimeDelta::ZERO);
}

#[test]
fn e22_6_a_report_block_refers_to_the_last_sender_report() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    give(&mut stream, 0, 1, 48_000);
    let block = stream.report_block(Timestamp::ZERO).unwrap();
    assert_eq!(
        (block.last_sender_report, block.delay_since_last_sender_report),
        (0, 0)
    );

    // The example of RFC 3550 figure 2: a report sent at 0xb44db705:20000000, answered 5.25 s later.
    let info = SenderInfo {
        ntp: NtpTime::from_bits(0xB44D_B705_2000_0000),
        rtp_timestamp: 48_000,
        packet_count: 1,
        octet_count: 60,
    };
    stream.sender_report(Timestamp::from_ms(1_000), &info);
    let block = stream.report_block(Timestamp::from_ms(6_250)).unwrap();
    assert_eq!(block.last_sender_report, 0xB705_2000);
    assert_eq!(block.delay_since_last_sender_report, 0x0005_4000);
    assert_eq!(stream.last_sender_report().unwrap().reports, 1);
}

#[test]
fn capture_times_follow_from_a_sender_report() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    assert_eq!(stream.capture_time(5), None);
    let ntp = NtpTime::from_unix_us(1_700_000_000_000_000);
    stream.sender_report(
        Timestamp::ZERO,
        &SenderInfo {
            ntp,
            rtp_timestamp: 100,
            packet_count: 0,
            octet_count: 0,
        },
    );
    assert_eq!(stream.capture_time(100), Some(ntp));
    assert_eq!(
        stream.capture_time(100 + 48_000),
        Some(ntp.advanced_by(TimeDelta::seconds(1)))
    );
    assert_eq!(
        stream.capture_time(100_u32.wrapping_sub(480)),
        Some(ntp.advanced_by(TimeDelta::ms(-10)))
    );
}

#[test]
fn bytes_are_counted_apart_from_headers() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    give(&mut stream, 0, 0, 0);
    let statistics = stream.statistics();
    assert_eq!(statistics.payload_received.as_bytes(), 60);
    assert_eq!(statistics.overhead_received.as_bytes(), 12);
}

#[test]
fn another_clock_keeps_the_jitter_in_time() {
    let mut stream = ReceiveStream::new(SSRC, RATE);
    for number in 0..400_u16 {
        let late = if number % 2 == 1 { 10_000 } else { 0 };
        give(
            &mut stream,
            i64::from(number) * 20_000 + late,
            number,
            u32::from(number) * 960,
        );
    }
    let before = stream.statistics().jitter;
    stream.set_clock_rate(SampleRate::HZ_8000);
    let difference = (stream.statistics().jitter - before).abs();
    assert!(difference <= TimeDelta::us(250), "moved by {difference:?}");
}

proptest! {
    #[test]
    fn e22_6_received_and_lost_always_add_up_to_what_was_expected(
        start in any::<u16>(),
        kept in prop::collection::vec(any::<bool>(), 1..500),
    ) {
        let mut stream = ReceiveStream::new(SSRC, RATE);
        let numbers: Vec<usize> = (0..kept.len()).filter(|index| kept[*index]).collect();
        for index in &numbers {
            give(&mut stream, *index as i64 * 20_000, start.wrapping_add(*index as u16), *index as u32 * 960);
        }
        if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
            let expected = (last - first + 1) as i64;
            let statistics = stream.statistics();
            prop_assert_eq!(statistics.packets_received, numbers.len() as i64);
            prop_assert_eq!(statistics.packets_received + statistics.packets_lost, expected);
            let block = stream.report_block(Timestamp::ZERO).unwrap();
            prop_assert_eq!(i64::from(block.cumulative_lost), statistics.packets_lost);
            prop_assert_eq!(i64::from(block.fraction_lost), statistics.packets_lost * 256 / expected);
        }
    }
}
