//! Packets of a BUNDLE group find their m-line as RFC 8843 section 9.2 has it; the cases are those of libwebrtc's demuxer tests.

use jackfield_rtp::demux::{Criteria, DemuxError, Demuxer, MAX_BINDINGS, UnsignalledPolicy};
use jackfield_rtp::extension::{ExtensionIds, ExtensionKind, StreamName};
use jackfield_rtp::header::{Extension, RtpHeader, RtpPacketView, write_header};
use proptest::prelude::*;

const MID: u8 = 3;
const RID: u8 = 4;
const REPAIRED: u8 = 5;

struct Bundle(Demuxer<char>);

impl Bundle {
    fn new() -> Self {
        Self(Demuxer::new(UnsignalledPolicy::ByPayloadType))
    }

    fn send(&mut self, ssrc: u32, payload_type: u8, names: &[(u8, &str)]) -> Option<char> {
        let header = RtpHeader {
            marker: false,
            payload_type,
            sequence_number: 1,
            timestamp: 2,
            ssrc,
        };
        let extensions: Vec<_> = names
            .iter()
            .map(|(id, name)| Extension::new(*id, name.as_bytes()))
            .collect();
        let mut bytes = [0; 128];
        let length = write_header(&mut bytes, &header, &[], &extensions).unwrap();
        let mut ids = ExtensionIds::none();
        ids.set(ExtensionKind::Mid, MID);
        ids.set(ExtensionKind::RtpStreamId, RID);
        ids.set(ExtensionKind::RepairedRtpStreamId, REPAIRED);
        self.0
            .demux(&RtpPacketView::parse(&bytes[..length]).unwrap(), &ids)
    }
}

fn mid(name: &str) -> Criteria {
    Criteria {
        mid: StreamName::new(name),
        ..Default::default()
    }
}

fn rid(name: &str) -> Criteria {
    Criteria {
        rid: StreamName::new(name),
        ..Default::default()
    }
}

fn mid_rid(mid: &str, rid: &str) -> Criteria {
    Criteria {
        mid: StreamName::new(mid),
        rid: StreamName::new(rid),
        ..Default::default()
    }
}

fn ssrcs(ssrcs: &[u32]) -> Criteria {
    Criteria {
        ssrcs: ssrcs.to_vec(),
        ..Default::default()
    }
}

fn payload_types(payload_types: &[u8]) -> Criteria {
    Criteria {
        payload_types: payload_types.to_vec(),
        ..Default::default()
    }
}

#[test]
fn b2_2_by_mid_and_then_by_the_ssrc_that_it_was_seen_with() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid("v"), 'v').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), None);
    assert_eq!(bundle.send(10, 96, &[(MID, "v")]), Some('v'));
    assert_eq!(bundle.send(10, 96, &[]), Some('v'));
    assert_eq!(bundle.0.sink_of_ssrc(10), Some('v'));
}

#[test]
fn b2_2_an_unknown_mid_drops_the_packet_even_if_its_ssrc_is_known() {
    let mut bundle = Bundle::new();
    bundle
        .0
        .add(
            &Criteria {
                ssrcs: vec![10],
                payload_types: vec![96],
                ..Default::default()
            },
            'a',
        )
        .unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "zz")]), None);
    assert_eq!(bundle.send(10, 96, &[]), Some('a'));
}

#[test]
fn b2_2_the_mid_counts_more_than_the_ssrc_and_binds_it_anew() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid("m"), 'm').unwrap();
    bundle.0.add(&ssrcs(&[10]), 's').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), Some('s'));
    assert_eq!(bundle.send(10, 96, &[(MID, "m")]), Some('m'));
    assert_eq!(
        bundle.send(10, 96, &[]),
        Some('m'),
        "the last rule that was learnt holds"
    );
}

#[test]
fn b2_2_an_ssrc_that_goes_over_to_another_mid_is_followed() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid("1"), 'a').unwrap();
    bundle.0.add(&mid("2"), 'b').unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "1")]), Some('a'));
    assert_eq!(bundle.send(10, 96, &[(MID, "2")]), Some('b'));
    assert_eq!(bundle.send(10, 96, &[]), Some('b'));
}

#[test]
fn b2_2_by_mid_and_rid_together() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid_rid("v", "1"), 'l').unwrap();
    bundle.0.add(&mid_rid("v", "2"), 'h').unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "v"), (RID, "1")]), Some('l'));
    assert_eq!(bundle.send(11, 96, &[(MID, "v"), (RID, "2")]), Some('h'));
    assert_eq!(bundle.send(12, 96, &[(MID, "v"), (RID, "3")]), None);
    assert_eq!(
        bundle.send(13, 96, &[(MID, "v")]),
        None,
        "the MID alone does not decide"
    );
    assert_eq!(
        bundle.send(13, 96, &[(RID, "1")]),
        Some('l'),
        "with the MID that was learnt it does"
    );
}

#[test]
fn b2_2_mid_and_rid_may_come_in_different_packets() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid_rid("v", "1"), 'l').unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "v")]), None);
    assert_eq!(bundle.send(10, 96, &[(RID, "1")]), Some('l'));
    assert_eq!(bundle.send(10, 96, &[]), Some('l'));
}

#[test]
fn b2_2_a_mid_without_layers_takes_packets_that_name_one() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid("v"), 'v').unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "v"), (RID, "1")]), Some('v'));
}

#[test]
fn b2_2_by_rid_alone_and_a_repair_stream_goes_where_it_repairs() {
    let mut bundle = Bundle::new();
    bundle.0.add(&rid("1"), 'l').unwrap();
    assert_eq!(bundle.send(10, 96, &[(RID, "1")]), Some('l'));
    assert_eq!(bundle.send(11, 97, &[(REPAIRED, "1")]), Some('l'));
    assert_eq!(bundle.send(12, 97, &[(RID, "9"), (REPAIRED, "1")]), Some('l'));
}

#[test]
fn b2_2_a_mid_learnt_before_its_m_line_was_added_is_not_forgotten() {
    let mut bundle = Bundle::new();
    bundle.0.add(&mid_rid("v", "1"), 'l').unwrap();
    assert_eq!(bundle.send(10, 96, &[(MID, "v")]), None);
    assert!(bundle.0.remove('l'));
    bundle.0.add(&mid("v"), 'v').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), Some('v'));
}

#[test]
fn b2_2_an_announced_ssrc_counts_more_than_a_payload_type() {
    let mut bundle = Bundle::new();
    bundle.0.add(&ssrcs(&[10]), 's').unwrap();
    bundle.0.add(&payload_types(&[96]), 'p').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), Some('s'));
    assert_eq!(bundle.send(11, 96, &[]), Some('p'));
}

#[test]
fn b2_3_an_unsignalled_ssrc_goes_by_payload_type_if_one_m_line_alone_has_it() {
    let mut bundle = Bundle::new();
    bundle.0.add(&payload_types(&[96, 97]), 'a').unwrap();
    bundle.0.add(&payload_types(&[97]), 'b').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), Some('a'));
    assert_eq!(bundle.send(10, 97, &[]), Some('a'), "the SSRC is bound by now");
    assert_eq!(bundle.send(11, 97, &[]), None, "two have it");
    assert_eq!(bundle.send(12, 98, &[]), None, "nobody has it");
}

#[test]
fn b2_3_the_strict_policy_drops_unsignalled_ssrcs() {
    let mut bundle = Bundle(Demuxer::new(UnsignalledPolicy::Drop));
    bundle.0.add(&payload_types(&[96]), 'a').unwrap();
    bundle.0.add(&mid("v"), 'v').unwrap();
    assert_eq!(bundle.send(10, 96, &[]), None);
    assert_eq!(bundle.send(10, 96, &[(MID, "v")]), Some('v'), "a MID is a signal");
}

#[test]
fn b2_3_a_flood_of_ssrcs_is_bounded() {
    let mut bundle = Bundle::new();
    bundle.0.add(&payload_types(&[96]), 'a').unwrap();
    for ssrc in 0..MAX_BINDINGS as u32 + 500 {
        assert_eq!(bundle.send(ssrc, 96, &[]), Some('a'));
    }
    assert_eq!(bundle.0.sink_of_ssrc(0), Some('a'));
    assert_eq!(bundle.0.sink_of_ssrc(MAX_BINDINGS as u32 + 1), None);
}

#[test]
fn b2_2_what_another_sink_has_is_refused_and_nothing_is_taken() {
    let mut demuxer = Demuxer::new(UnsignalledPolicy::default());
    assert_eq!(demuxer.add(&Criteria::default(), 'a'), Err(DemuxError::Empty));
    demuxer
        .add(
            &Criteria {
                mid: StreamName::new("m"),
                ssrcs: vec![1],
                ..Default::default()
            },
            'a',
        )
        .unwrap();
    assert_eq!(demuxer.add(&mid("m"), 'b'), Err(DemuxError::Taken("MID")));
    assert_eq!(
        demuxer.add(&mid_rid("m", "1"), 'b'),
        Err(DemuxError::Taken("MID"))
    );
    assert_eq!(
        demuxer.add(
            &Criteria {
                ssrcs: vec![2, 1],
                ..Default::default()
            },
            'b'
        ),
        Err(DemuxError::Taken("SSRC"))
    );
    assert_eq!(demuxer.sink_of_ssrc(2), None);
    demuxer.add(&mid("m"), 'a').unwrap();
}

#[test]
fn b2_2_a_sink_that_is_removed_takes_nothing_any_more() {
    let mut bundle = Bundle::new();
    bundle
        .0
        .add(
            &Criteria {
                mid: StreamName::new("m"),
                ssrcs: vec![1],
                payload_types: vec![96],
                rid: None,
            },
            'a',
        )
        .unwrap();
    assert_eq!(bundle.send(9, 96, &[(MID, "m")]), Some('a'));
    assert!(bundle.0.remove('a'));
    assert!(!bundle.0.remove('a'), "once is enough");
    for ssrc in [1, 9, 10] {
        assert_eq!(bundle.send(ssrc, 96, &[]), None);
    }
}

proptest! {
    #[test]
    fn b2_2_whatever_names_a_packet_carries_it_goes_to_a_sink_that_is_there(
        packets in prop::collection::vec((0..6_u32, 94..98_u8, prop::option::of("[a-c]"), prop::option::of("[12]")), 0..80),
    ) {
        let mut bundle = Bundle::new();
        bundle.0.add(&mid("a"), 'a').unwrap();
        bundle.0.add(&mid_rid("b", "1"), 'b').unwrap();
        bundle.0.add(&Criteria { ssrcs: vec![1], payload_types: vec![96], ..Default::default() }, 'c').unwrap();
        for (ssrc, payload_type, mid, rid) in packets {
            let mut names = Vec::new();
            names.extend(mid.as_deref().map(|name| (MID, name)));
            names.extend(rid.as_deref().map(|name| (RID, name)));
            let sink = bundle.send(ssrc, payload_type, &names);
            match (mid.as_deref(), rid.as_deref()) {
                (Some("a"), _) => prop_assert_eq!(sink, Some('a')),
                (Some("b"), Some("1")) => prop_assert_eq!(sink, Some('b')),
                (Some("c"), _) => prop_assert_eq!(sink, None),
                _ => prop_assert!(matches!(sink, None | Some('a' | 'b' | 'c'))),
            }
        }
    }
}
