//! Whatever bytes come in, parsing ends, neither panics nor reads past the end, and what it gives can be used.

use jackfield_rtp::header::RtpPacketView;
use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
use proptest::prelude::*;

/// Bytes that get past the first checks more often than chance would have it.
fn nearly_rtp() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..120).prop_map(|mut bytes| {
        if let Some(first) = bytes.first_mut() {
            *first = (*first & 0x3F) | 0x80;
        }
        bytes
    })
}

fn nearly_rtcp() -> impl Strategy<Value = Vec<u8>> {
    let packet = (
        any::<u8>(),
        198..210_u8,
        prop::collection::vec(any::<u8>(), 0..80),
    )
        .prop_map(|(first, kind, mut body)| {
            body.truncate(body.len() / 4 * 4);
            let words = (body.len() / 4) as u16;
            let mut bytes = vec![(first & 0x1F) | 0x80, kind, (words >> 8) as u8, words as u8];
            bytes.append(&mut body);
            bytes
        });
    prop::collection::vec(packet, 1..4).prop_map(|packets| packets.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn e22_1_any_rtp_is_read_or_refused(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..120), nearly_rtp()]) {
        if let Ok(view) = RtpPacketView::parse(&bytes) {
            prop_assert_eq!(view.header_length() + view.payload().len() + view.padding(), bytes.len());
            let extensions: usize = view.extensions().map(|e| e.data.len()).sum();
            prop_assert!(extensions <= view.header_length());
            prop_assert!(view.csrcs().len() <= 15);
        }
    }

    #[test]
    fn e22_1_any_rtcp_is_read_or_refused_and_what_is_read_can_be_written(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..120), nearly_rtcp()],
    ) {
        let Ok(datagram) = RtcpDatagram::parse(&bytes) else { return Ok(()) };
        for packet in datagram.packets().flatten() {
            let mut buffer = [0; 1_024];
            let mut writer = RtcpWriter::new(&mut buffer);
            writer.packet(&packet).unwrap();
            let again = RtcpDatagram::parse(writer.written()).unwrap().packets().next().unwrap().unwrap();
            prop_assert!(same(&packet, &again), "{packet:?} became {again:?}");
        }
    }
}

/// The same contents. Views compare by their bytes, so where an encoding leaves freedom the contents are compared.
fn same(a: &RtcpPacket<'_>, b: &RtcpPacket<'_>) -> bool {
    match (a, b) {
        (RtcpPacket::FullIntraRequest(a), RtcpPacket::FullIntraRequest(b)) => {
            a.sender_ssrc == b.sender_ssrc && a.requests().eq(b.requests())
        }
        (RtcpPacket::SourceDescription(a), RtcpPacket::SourceDescription(b)) => {
            let chunks = |d: &jackfield_rtp::rtcp::SourceDescription<'_>| {
                d.chunks()
                    .map(|c| {
                        (
                            c.ssrc,
                            c.items().map(|i| (i.kind, i.text.to_vec())).collect::<Vec<_>>(),
                        )
                    })
                    .collect::<Vec<_>>()
            };
            chunks(a) == chunks(b)
        }
        (RtcpPacket::CongestionFeedback(a), RtcpPacket::CongestionFeedback(b)) => {
            let blocks = |f: &jackfield_rtp::rtcp::CongestionFeedback<'_>| {
                f.blocks()
                    .map(|b| (b.ssrc, b.first_sequence_number, b.packets().collect::<Vec<_>>()))
                    .collect::<Vec<_>>()
            };
            a.sender_ssrc == b.sender_ssrc && a.timestamp == b.timestamp && blocks(a) == blocks(b)
        }
        (RtcpPacket::ReceiverEstimatedBitrate(a), RtcpPacket::ReceiverEstimatedBitrate(b)) => {
            a.sender_ssrc == b.sender_ssrc && a.bitrate == b.bitrate && a.streams().eq(b.streams())
        }
        (a, b) => a == b,
    }
}
