//! RTP packets are read and written as RFC 3550 and RFC 8285 say, and as another implementation does.

use bytes::Bytes;
use jackfield_rtp::RtpError;
use jackfield_rtp::header::{Extension, RtpHeader, RtpPacketView, append_padding, is_rtcp, write_header};
use proptest::prelude::*;
use rtc_shared::marshal::{Marshal, Unmarshal};

const HEADER: RtpHeader = RtpHeader {
    marker: false,
    payload_type: 111,
    sequence_number: 4_660,
    timestamp: 0x0102_0304,
    ssrc: 0x0506_0708,
};

fn packet(
    header: &RtpHeader,
    csrcs: &[u32],
    extensions: &[(u8, Vec<u8>)],
    payload: &[u8],
    padding: u8,
) -> Vec<u8> {
    let mut out = vec![0xEE; 70_000];
    let extensions: Vec<_> = extensions
        .iter()
        .map(|(id, data)| Extension::new(*id, data))
        .collect();
    let start = write_header(&mut out, header, csrcs, &extensions).unwrap();
    out[start..start + payload.len()].copy_from_slice(payload);
    let length = append_padding(&mut out, start + payload.len(), padding).unwrap();
    out.truncate(length);
    out
}

fn headers() -> impl Strategy<Value = RtpHeader> {
    (any::<bool>(), 0..128_u8, any::<u16>(), any::<u32>(), any::<u32>()).prop_map(
        |(marker, payload_type, sequence_number, timestamp, ssrc)| RtpHeader {
            marker,
            payload_type,
            sequence_number,
            timestamp,
            ssrc,
        },
    )
}

fn one_byte_extensions() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    prop::collection::vec((1..=14_u8, prop::collection::vec(any::<u8>(), 1..=16)), 0..6)
}

fn two_byte_extensions() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    prop::collection::vec((1..=255_u8, prop::collection::vec(any::<u8>(), 0..=255)), 0..6)
}

proptest! {
    #[test]
    fn e22_1_what_is_written_is_read_again(
        header in headers(),
        csrcs in prop::collection::vec(any::<u32>(), 0..=15),
        extensions in prop_oneof![one_byte_extensions(), two_byte_extensions()],
        payload in prop::collection::vec(any::<u8>(), 0..300),
        padding in any::<u8>(),
    ) {
        let bytes = packet(&header, &csrcs, &extensions, &payload, padding);
        let view = RtpPacketView::parse(&bytes).unwrap();
        prop_assert_eq!(view.header(), header);
        prop_assert_eq!(view.csrcs().collect::<Vec<_>>(), csrcs);
        let read: Vec<_> = view.extensions().map(|e| (e.id, e.data.to_vec())).collect();
        prop_assert_eq!(read, extensions);
        prop_assert_eq!(view.payload(), &payload[..]);
        prop_assert_eq!(view.padding(), usize::from(padding));
        prop_assert_eq!(view.header_length() + payload.len() + usize::from(padding), bytes.len());
    }

    #[test]
    fn e22_1_another_implementation_reads_what_we_write(
        header in headers(),
        csrcs in prop::collection::vec(any::<u32>(), 0..=15),
        extensions in prop_oneof![one_byte_extensions(), two_byte_extensions()],
        payload in prop::collection::vec(any::<u8>(), 0..300),
        padding in any::<u8>(),
    ) {
        let bytes = packet(&header, &csrcs, &extensions, &payload, padding);
        let read = rtc_rtp::packet::Packet::unmarshal(&mut Bytes::from(bytes)).unwrap();
        prop_assert_eq!(read.header.marker, header.marker);
        prop_assert_eq!(read.header.payload_type, header.payload_type);
        prop_assert_eq!(read.header.sequence_number, header.sequence_number);
        prop_assert_eq!(read.header.timestamp, header.timestamp);
        prop_assert_eq!(read.header.ssrc, header.ssrc);
        prop_assert_eq!(read.header.csrc, csrcs);
        let theirs: Vec<_> = read.header.extensions.iter().map(|e| (e.id, e.payload.to_vec())).collect();
        prop_assert_eq!(theirs, extensions);
        prop_assert_eq!(&read.payload[..], &payload[..]);
    }

    #[test]
    fn e22_1_we_read_what_another_implementation_writes(
        header in headers(),
        csrcs in prop::collection::vec(any::<u32>(), 0..=15),
        extensions in one_byte_extensions(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        padding in any::<bool>(),
    ) {
        let mut theirs = rtc_rtp::header::Header {
            version: 2,
            padding,
            marker: header.marker,
            payload_type: header.payload_type,
            sequence_number: header.sequence_number,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
            csrc: csrcs.clone(),
            ..Default::default()
        };
        let mut expected: Vec<(u8, Vec<u8>)> = Vec::new();
        for (id, data) in extensions {
            if expected.iter().all(|(known, _)| *known != id) {
                theirs.set_extension(id, Bytes::from(data.clone())).unwrap();
                expected.push((id, data));
            }
        }
        let bytes = rtc_rtp::packet::Packet { header: theirs, payload: Bytes::from(payload.clone()) }.marshal().unwrap();
        let view = RtpPacketView::parse(&bytes).unwrap();
        prop_assert_eq!(view.header(), header);
        prop_assert_eq!(view.csrcs().collect::<Vec<_>>(), csrcs);
        for (id, data) in &expected {
            prop_assert_eq!(view.extension(*id), Some(&data[..]));
        }
        prop_assert_eq!(view.extensions().count(), expected.len());
        prop_assert_eq!(view.payload(), &payload[..]);
        prop_assert_eq!(view.padding() > 0, padding);
    }
}

#[test]
fn e22_2_the_one_byte_form_is_taken_while_every_element_fits_it() {
    let short = packet(&HEADER, &[], &[(1, vec![1; 16]), (14, vec![2])], &[], 0);
    assert_eq!(short[12..14], [0xBE, 0xDE]);
    for (id, data) in [(15, vec![1]), (1, vec![1; 17]), (1, vec![])] {
        let long = packet(&HEADER, &[], &[(id, data)], &[], 0);
        assert_eq!(long[12..14], [0x10, 0x00]);
    }
}

#[test]
fn e22_2_padding_between_elements_is_skipped() {
    let mut bytes = packet(&HEADER, &[], &[], &[], 0);
    bytes[0] |= 0x10;
    // The example of RFC 8285 section 4.2: L=0, L=1, two pads, L=3.
    bytes.extend([
        0xBE, 0xDE, 0, 3, 0x10, 0xAA, 0x21, 0xBB, 0xBB, 0, 0, 0x33, 0xCC, 0xCC, 0xCC, 0xCC,
    ]);
    let view = RtpPacketView::parse(&bytes).unwrap();
    let elements: Vec<_> = view.extensions().map(|e| (e.id, e.data.len())).collect();
    assert_eq!(elements, [(1, 1), (2, 2), (3, 4)]);
    assert_eq!(view.extension(3), Some(&[0xCC; 4][..]));
}

#[test]
fn e22_2_the_two_byte_form_is_told_by_twelve_bits_of_its_profile() {
    let mut bytes = packet(&HEADER, &[], &[], &[], 0);
    bytes[0] |= 0x10;
    // The example of RFC 8285 section 4.3, with application bits set.
    bytes.extend([
        0x10, 0x07, 0, 3, 1, 0, 2, 1, 0xBB, 0, 3, 4, 0xCC, 0xCC, 0xCC, 0xCC,
    ]);
    let view = RtpPacketView::parse(&bytes).unwrap();
    let elements: Vec<_> = view.extensions().map(|e| (e.id, e.data.len())).collect();
    assert_eq!(elements, [(1, 0), (2, 1), (3, 4)]);
}

#[test]
fn e22_2_reserved_ids_end_the_list_but_not_the_packet() {
    for reserved in [0xF0, 0x02] {
        let mut bytes = packet(&HEADER, &[], &[], &[], 0);
        bytes[0] |= 0x10;
        bytes.extend([0xBE, 0xDE, 0, 2, 0x10, 0xAA, reserved, 0, 0, 0, 0x20, 0xBB, 0x77]);
        let view = RtpPacketView::parse(&bytes).unwrap();
        assert_eq!(view.extensions().map(|e| e.id).collect::<Vec<_>>(), [1]);
        assert_eq!(
            view.payload(),
            [0x77],
            "the payload begins where the length field says"
        );
    }
}

#[test]
fn e22_2_an_element_that_runs_past_its_block_does_not_reach_into_the_payload() {
    let mut bytes = packet(&HEADER, &[], &[], &[], 0);
    bytes[0] |= 0x10;
    bytes.extend([
        0xBE, 0xDE, 0, 1, 0x10, 0xAA, 0x2F, 0xBB, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ]);
    let view = RtpPacketView::parse(&bytes).unwrap();
    assert_eq!(view.extensions().map(|e| e.id).collect::<Vec<_>>(), [1]);
    assert_eq!(view.extension(2), None);
}

#[test]
fn e22_2_padding_of_zero_or_of_more_than_there_is_is_refused() {
    let mut bytes = packet(&HEADER, &[], &[], &[1, 2, 3, 0], 0);
    bytes[0] |= 0x20;
    assert_eq!(RtpPacketView::parse(&bytes).unwrap_err(), RtpError::Padding(0));
    bytes[15] = 5;
    assert_eq!(RtpPacketView::parse(&bytes).unwrap_err(), RtpError::Padding(5));
    bytes[15] = 4;
    assert_eq!(RtpPacketView::parse(&bytes).unwrap().payload(), []);
}

#[test]
fn a_packet_cut_off_anywhere_in_its_header_is_refused() {
    let bytes = packet(&HEADER, &[1, 2], &[(1, vec![1, 2, 3])], &[], 0);
    for length in 0..bytes.len() {
        assert!(
            matches!(
                RtpPacketView::parse(&bytes[..length]),
                Err(RtpError::TooShort { .. })
            ),
            "{length} bytes"
        );
    }
    assert!(RtpPacketView::parse(&bytes).is_ok());
}

#[test]
fn another_version_is_refused() {
    let mut bytes = packet(&HEADER, &[], &[], &[], 0);
    bytes[0] = 0x40;
    assert_eq!(RtpPacketView::parse(&bytes).unwrap_err(), RtpError::Version(1));
}

#[test]
fn what_cannot_be_written_is_refused_and_the_error_says_why() {
    let mut out = [0; 64];
    let write = |out: &mut [u8], csrcs: &[u32], extensions: &[Extension<'_>]| {
        write_header(out, &HEADER, csrcs, extensions)
    };
    assert_eq!(
        write(&mut out[..15], &[1], &[]),
        Err(RtpError::BufferTooSmall {
            available: 15,
            needed: 16
        })
    );
    assert!(matches!(
        write(&mut out, &[0; 16], &[]),
        Err(RtpError::TooMany { limit: 15, .. })
    ));
    assert!(matches!(
        write(&mut out, &[], &[Extension::new(0, &[1])]),
        Err(RtpError::Extension { id: 0, .. })
    ));
    assert!(matches!(
        write(&mut out, &[], &[Extension::new(1, &[1; 256])]),
        Err(RtpError::Extension { length: 256, .. })
    ));
    assert!(append_padding(&mut out, 60, 5).is_err());
}

#[test]
fn rtp_and_rtcp_on_one_port_are_told_apart() {
    assert!(is_rtcp(&[0x80, 200]) && is_rtcp(&[0x81, 206]));
    assert!(!is_rtcp(&[0x80, 111]) && !is_rtcp(&[0x80, 111 | 0x80]) && !is_rtcp(&[0x80]));
}
