//! RTCP packets are read and written as their RFCs say, and as another implementation does.

use std::any::Any;

use bytes::Bytes;
use jackfield_core::time::NtpTime;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_rtp::RtpError;
use jackfield_rtp::rtcp::{
    CongestionMetric, KeyFrameRequest, RawPacket, ReportBlock, RtcpDatagram, RtcpPacket, RtcpWriter,
    SdesItem, SenderInfo,
};
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut RtcpWriter<'_>) -> Result<(), RtpError>) -> Vec<u8> {
    let mut buffer = vec![0xEE; 4_096];
    let mut writer = RtcpWriter::new(&mut buffer);
    write(&mut writer).unwrap();
    let length = writer.length();
    buffer.truncate(length);
    buffer
}

fn only(bytes: &[u8]) -> RtcpPacket<'_> {
    let mut packets = RtcpDatagram::parse(bytes).unwrap().packets();
    let packet = packets.next().unwrap().unwrap();
    assert!(packets.next().is_none());
    packet
}

/// Written again from what was read, the bytes are the same.
fn assert_identity(bytes: &[u8]) {
    let packet = only(bytes);
    assert_eq!(written(|writer| writer.packet(&packet)), bytes);
}

/// What rtc-rtcp makes of the packet.
fn theirs<T: Any + Clone>(bytes: &[u8]) -> T {
    let packets = rtc_rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(bytes)).unwrap();
    packets[0].as_any().downcast_ref::<T>().unwrap().clone()
}

fn report_blocks() -> impl Strategy<Value = Vec<ReportBlock>> {
    let block = (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000_i32).prop_map(
        |(words, fraction_lost, cumulative_lost)| ReportBlock {
            ssrc: words[0],
            fraction_lost,
            cumulative_lost,
            highest_sequence_number: words[1],
            jitter: words[2],
            last_sender_report: words[3],
            delay_since_last_sender_report: words[4],
        },
    );
    prop::collection::vec(block, 0..=31)
}

fn assert_same_blocks(ours: &[ReportBlock], theirs: &[rtc_rtcp::reception_report::ReceptionReport]) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert_eq!(
            (a.ssrc, a.fraction_lost, a.highest_sequence_number),
            (b.ssrc, b.fraction_lost, b.last_sequence_number)
        );
        assert_eq!((a.jitter, a.last_sender_report), (b.jitter, b.last_sender_report));
        assert_eq!(a.delay_since_last_sender_report, b.delay);
        assert_eq!(a.cumulative_lost as u32 & 0xFF_FFFF, b.total_lost);
    }
}

proptest! {
    #[test]
    fn e22_1_sender_reports(ssrc in any::<u32>(), ntp in any::<u64>(), counts in any::<[u32; 3]>(), blocks in report_blocks()) {
        let info = SenderInfo {
            ntp: NtpTime::from_bits(ntp),
            rtp_timestamp: counts[0],
            packet_count: counts[1],
            octet_count: counts[2],
        };
        let bytes = written(|w| w.sender_report(ssrc, &info, &blocks));
        let RtcpPacket::SenderReport(report) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!((report.ssrc, report.info), (ssrc, info));
        prop_assert_eq!(report.blocks().collect::<Vec<_>>(), blocks.clone());
        assert_identity(&bytes);
        let other: rtc_rtcp::sender_report::SenderReport = theirs(&bytes);
        prop_assert_eq!((other.ssrc, other.ntp_time, other.rtp_time), (ssrc, ntp, counts[0]));
        prop_assert_eq!((other.packet_count, other.octet_count), (counts[1], counts[2]));
        assert_same_blocks(&blocks, &other.reports);
    }

    #[test]
    fn e22_1_receiver_reports(ssrc in any::<u32>(), blocks in report_blocks()) {
        let bytes = written(|w| w.receiver_report(ssrc, &blocks));
        let RtcpPacket::ReceiverReport(report) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!(report.ssrc, ssrc);
        prop_assert_eq!(report.blocks().collect::<Vec<_>>(), blocks.clone());
        assert_identity(&bytes);
        let other: rtc_rtcp::receiver_report::ReceiverReport = theirs(&bytes);
        assert_same_blocks(&blocks, &other.reports);
    }

    #[test]
    fn e22_1_source_descriptions(chunks in prop::collection::vec((any::<u32>(), prop::collection::vec((prop_oneof![1..=8_u8, 1..=8_u8, 1..=255_u8], ".{0,60}"), 0..4)), 0..4)) {
        let items: Vec<Vec<SdesItem<'_>>> = chunks
            .iter()
            .map(|(_, items)| items.iter().map(|(kind, text)| SdesItem { kind: *kind, text: text.as_bytes() }).collect())
            .collect();
        let borrowed: Vec<_> = chunks.iter().zip(&items).map(|((ssrc, _), items)| (*ssrc, &items[..])).collect();
        let bytes = written(|w| w.source_description(&borrowed));
        let RtcpPacket::SourceDescription(description) = only(&bytes) else { panic!("{bytes:?}") };
        let read: Vec<_> = description.chunks().map(|c| (c.ssrc, c.items().collect::<Vec<_>>())).collect();
        let expected: Vec<_> = borrowed.iter().map(|(ssrc, items)| (*ssrc, items.to_vec())).collect();
        prop_assert_eq!(read, expected);
        assert_identity(&bytes);
        // rtc-rtcp knows the kinds of RFC 3550 alone.
        if chunks.iter().all(|(_, items)| items.iter().all(|(kind, _)| *kind <= 8)) {
            let other: rtc_rtcp::source_description::SourceDescription = theirs(&bytes);
            prop_assert_eq!(other.chunks.len(), chunks.len());
            for (theirs, (ssrc, items)) in other.chunks.iter().zip(&chunks) {
                prop_assert_eq!(theirs.source, *ssrc);
                let read: Vec<_> = theirs.items.iter().map(|item| (item.sdes_type as u8, &item.text[..])).collect();
                prop_assert_eq!(read, items.iter().map(|(kind, text)| (*kind, text.as_bytes())).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn e22_1_goodbyes(sources in prop::collection::vec(any::<u32>(), 0..=31), reason in ".{0,60}") {
        let bytes = written(|w| w.goodbye(&sources, &reason));
        let RtcpPacket::Goodbye(goodbye) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!(goodbye.sources().collect::<Vec<_>>(), sources.clone());
        prop_assert_eq!(goodbye.reason.unwrap_or_default(), reason.as_bytes());
        assert_identity(&bytes);
        let other: rtc_rtcp::goodbye::Goodbye = theirs(&bytes);
        prop_assert_eq!(other.sources, sources);
        prop_assert_eq!(&other.reason[..], reason.as_bytes());
    }

    #[test]
    fn e22_1_nacks(sender in any::<u32>(), media in any::<u32>(), lost in prop::collection::vec(any::<u16>(), 1..100)) {
        let bytes = written(|w| w.nack(sender, media, &lost));
        let RtcpPacket::Nack(nack) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!((nack.sender_ssrc, nack.media_ssrc), (sender, media));
        prop_assert_eq!(nack.lost().collect::<Vec<_>>(), lost.clone());
        assert_identity(&bytes);
        let other: rtc_rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack = theirs(&bytes);
        let numbers: Vec<u16> = other.nacks.iter().flat_map(rtc_rtcp::transport_feedbacks::transport_layer_nack::NackPair::packet_list).collect();
        prop_assert_eq!(numbers, lost);
    }

    #[test]
    fn e22_1_picture_losses(sender_ssrc in any::<u32>(), media_ssrc in any::<u32>()) {
        let bytes = written(|w| w.picture_loss(sender_ssrc, media_ssrc));
        let RtcpPacket::PictureLoss(loss) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!((loss.sender_ssrc, loss.media_ssrc), (sender_ssrc, media_ssrc));
        assert_identity(&bytes);
        let other: rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication = theirs(&bytes);
        prop_assert_eq!((other.sender_ssrc, other.media_ssrc), (sender_ssrc, media_ssrc));
    }

    #[test]
    fn e22_1_full_intra_requests(sender in any::<u32>(), wanted in prop::collection::vec((any::<u32>(), any::<u8>()), 1..10)) {
        let requests: Vec<_> =
            wanted.iter().map(|(ssrc, sequence_number)| KeyFrameRequest { ssrc: *ssrc, sequence_number: *sequence_number }).collect();
        let bytes = written(|w| w.full_intra_request(sender, &requests));
        let RtcpPacket::FullIntraRequest(request) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!(request.requests().collect::<Vec<_>>(), requests);
        assert_identity(&bytes);
        let other: rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest = theirs(&bytes);
        prop_assert_eq!(other.fir.iter().map(|f| (f.ssrc, f.sequence_number)).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn e19_4_estimated_bitrates(sender in any::<u32>(), bps in 0..i64::MAX, streams in prop::collection::vec(any::<u32>(), 0..20)) {
        let bytes = written(|w| w.receiver_estimated_bitrate(sender, DataRate::bps(bps), &streams));
        let RtcpPacket::ReceiverEstimatedBitrate(remb) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!(remb.streams().collect::<Vec<_>>(), streams);
        let error = bps - remb.bitrate.as_bps();
        prop_assert!((0..=bps >> 17).contains(&error), "18 bits are kept, rounded down");
        assert_identity(&bytes);
        let other: rtc_rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate = theirs(&bytes);
        prop_assert!((f64::from(other.bitrate) / remb.bitrate.as_bps().max(1) as f64 - 1.0).abs() < 1e-6 || bps == 0);
    }

    #[test]
    fn e19_2_congestion_feedback(
        sender in any::<u32>(),
        timestamp in any::<u32>(),
        streams in prop::collection::vec((any::<u32>(), any::<u16>(), prop::collection::vec(prop::option::of((0..4_u8, 0..0x2000_u16)), 0..60)), 0..4),
    ) {
        let metrics: Vec<Vec<_>> = streams
            .iter()
            .map(|(_, _, m)| m.iter().map(|m| m.map(|(ecn, arrival_offset)| CongestionMetric { ecn, arrival_offset })).collect())
            .collect();
        let borrowed: Vec<_> = streams.iter().zip(&metrics).map(|((ssrc, first, _), m)| (*ssrc, *first, &m[..])).collect();
        let bytes = written(|w| w.congestion_feedback(sender, &borrowed, timestamp));
        let RtcpPacket::CongestionFeedback(feedback) = only(&bytes) else { panic!("{bytes:?}") };
        prop_assert_eq!((feedback.sender_ssrc, feedback.timestamp), (sender, timestamp));
        for (block, (ssrc, first, metrics)) in feedback.blocks().zip(&borrowed) {
            prop_assert_eq!((block.ssrc, block.first_sequence_number), (*ssrc, *first));
            prop_assert_eq!(block.packets().map(|(_, m)| m).collect::<Vec<_>>(), metrics.to_vec());
        }
        prop_assert_eq!(feedback.blocks().count(), borrowed.len());
        assert_identity(&bytes);
        let other: rtc_rtcp::transport_feedbacks::cc_feedback_report::CcFeedbackReport = theirs(&bytes);
        prop_assert_eq!(other.report_timestamp, timestamp);
        for (block, (ssrc, first, metrics)) in other.report_blocks.iter().zip(&borrowed) {
            prop_assert_eq!((block.media_ssrc, block.begin_sequence), (*ssrc, *first));
            let read: Vec<_> = block
                .metric_blocks
                .iter()
                .map(|m| m.received.then_some(CongestionMetric { ecn: m.ecn as u8, arrival_offset: m.arrival_time_offset }))
                .collect();
            prop_assert_eq!(read, metrics.to_vec());
        }
    }

    #[test]
    fn e22_1_unknown_packets_are_kept(kind in prop_oneof![Just(204_u8), Just(207_u8), 208..=255_u8, 192..=199_u8], count in 0..32_u8, words in prop::collection::vec(any::<u32>(), 0..20)) {
        let body: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let raw = RawPacket { packet_type: kind, count, body: &body };
        let bytes = written(|w| w.raw(&raw));
        prop_assert_eq!(only(&bytes), RtcpPacket::Unknown(raw));
        assert_identity(&bytes);
    }
}

#[test]
fn e22_1_a_compound_is_read_in_order_and_a_malformed_packet_does_not_spoil_the_others() {
    let mut bytes = written(|w| {
        w.receiver_report(1, &[])?;
        w.source_description(&[(1, &[SdesItem::cname("ann@example")])])?;
        w.picture_loss(1, 2)
    });
    let datagram = RtcpDatagram::parse(&bytes).unwrap();
    assert!(datagram.is_compound());
    let Some(Ok(RtcpPacket::SourceDescription(description))) = datagram.packets().nth(1) else {
        panic!()
    };
    assert_eq!(description.cname(1), Some(&b"ann@example"[..]));
    assert_eq!(description.cname(2), None);

    bytes[0] |= 1; // The report now claims a block that it does not have.
    let packets: Vec<_> = RtcpDatagram::parse(&bytes).unwrap().packets().collect();
    assert!(matches!(packets[0], Err(RtpError::TooShort { .. })));
    assert!(matches!(packets[1], Ok(RtcpPacket::SourceDescription(_))));
    assert!(matches!(packets[2], Ok(RtcpPacket::PictureLoss(_))));
}

#[test]
fn e22_5_reduced_size_rtcp_is_read_and_told_from_a_compound() {
    let bytes = written(|w| w.nack(1, 2, &[3]));
    let datagram = RtcpDatagram::parse(&bytes).unwrap();
    assert!(!datagram.is_compound());
    assert_eq!(datagram.packets().count(), 1);
}

#[test]
fn a_datagram_whose_framing_is_broken_is_refused_whole() {
    let good = written(|w| w.receiver_report(1, &[]));
    assert!(matches!(RtcpDatagram::parse(&[]), Err(RtpError::TooShort { .. })));
    for length in 1..good.len() {
        assert!(RtcpDatagram::parse(&good[..length]).is_err(), "{length} bytes");
    }
    let mut version = good.clone();
    version[0] = 0x41;
    assert_eq!(RtcpDatagram::parse(&version).unwrap_err(), RtpError::Version(1));
    let mut padded = good.clone();
    padded[0] |= 0x20;
    padded[7] = 9;
    assert_eq!(RtcpDatagram::parse(&padded).unwrap_err(), RtpError::Padding(9));
}

#[test]
fn e22_2_padding_is_taken_off_the_body() {
    let mut bytes = written(|w| w.picture_loss(1, 2));
    bytes[0] |= 0x20;
    bytes[3] += 1;
    bytes.extend([0, 0, 0, 4]);
    let RtcpPacket::PictureLoss(loss) = only(&bytes) else {
        panic!()
    };
    assert_eq!(loss.media_ssrc, 2);
}

#[test]
fn what_does_not_fit_is_left_out_whole() {
    let mut buffer = [0; 20];
    let mut writer = RtcpWriter::new(&mut buffer);
    writer.receiver_report(1, &[]).unwrap();
    assert!(matches!(
        writer.nack(1, 2, &[1, 100, 200]),
        Err(RtpError::BufferTooSmall { .. })
    ));
    assert_eq!(writer.length(), 8);
    writer.picture_loss(1, 2).unwrap();
    assert_eq!(
        RtcpDatagram::parse(writer.written()).unwrap().packets().count(),
        2
    );
    assert!(matches!(
        writer.goodbye(&[0; 32], ""),
        Err(RtpError::TooMany { limit: 31, .. })
    ));
}

#[test]
fn e22_1_a_list_of_source_items_without_end_is_refused() {
    // One chunk whose only item claims 200 bytes.
    let bytes = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 200, b'a', b'b'];
    let packet = RtcpDatagram::parse(&bytes).unwrap().packets().next().unwrap();
    assert!(matches!(packet, Err(RtpError::Malformed(_))));
}

#[test]
fn arrival_offsets_keep_their_resolution() {
    let metric = CongestionMetric::new(1, TimeDelta::ms(100));
    assert_eq!(metric.offset(), Some(TimeDelta::us(102 * 1_000_000 / 1_024)));
    assert_eq!(
        CongestionMetric::new(0, TimeDelta::seconds(60)).offset(),
        None,
        "longer than can be said"
    );
}
