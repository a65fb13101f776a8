//! Session descriptions are read, printed and refused line by line.

use std::io::Cursor;

use jackfield_core::units::SampleRate;
use jackfield_session::sdp::{
    Attribute, Direction, Extmap, Fingerprint, Fmtp, Group, LineNumber, MAX_BYTES, MAX_LINE_BYTES,
    MediaDescription, MediaKind, Msid, Origin, RtcpFeedback, Rtpmap, SdpError, SessionDescription, Setup,
    SsrcAttribute, SsrcGroup, TransportAttributes,
};
use proptest::prelude::*;

use crate::support::{CHROMIUM_AUDIO_VIDEO_DATA, RECORDED};

fn sorted_lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.sort();
    lines
}

#[test]
fn every_recorded_description_is_printed_with_all_its_lines() {
    for text in RECORDED {
        let description = SessionDescription::parse(text).unwrap();
        let printed = description.to_string();
        assert_eq!(SessionDescription::parse(&printed).as_ref(), Ok(&description));
        // aiortc writes its msid-semantic without the blank; values are read without it.
        let normalised = text.replace("a=msid-semantic: ", "a=msid-semantic:");
        assert_eq!(sorted_lines(&printed), sorted_lines(&normalised));
    }
}

#[test]
fn another_implementation_reads_what_we_print() {
    for text in RECORDED {
        let ours = SessionDescription::parse(text).unwrap();
        let theirs = rtc_sdp::SessionDescription::unmarshal(&mut Cursor::new(ours.to_string())).unwrap();
        assert_eq!(theirs.media_descriptions.len(), ours.media.len());
        for (theirs, ours) in theirs.media_descriptions.iter().zip(&ours.media) {
            assert_eq!(theirs.media_name.media, ours.kind.as_str());
            assert_eq!(theirs.media_name.formats, ours.formats);
            let ufrag = theirs
                .attributes
                .iter()
                .find(|a| a.key == "ice-ufrag")
                .and_then(|a| a.value.clone());
            assert_eq!(ufrag, ours.transport.ice_ufrag);
        }
    }
}

#[test]
fn the_parts_of_a_description_are_typed() {
    let description = SessionDescription::parse(CHROMIUM_AUDIO_VIDEO_DATA).unwrap();
    assert_eq!(description.bundle(), ["0", "1", "2"]);
    let [audio, video, data] = &description.media[..] else {
        panic!()
    };
    assert_eq!(
        (&audio.kind, &video.kind, &data.kind),
        (&MediaKind::Audio, &MediaKind::Video, &MediaKind::Application)
    );
    assert_eq!(
        audio.rtpmap(111).unwrap(),
        Rtpmap {
            payload_type: 111,
            name: "opus".into(),
            clock_rate: SampleRate::HZ_48000,
            channels: 2
        }
    );
    assert_eq!(audio.fmtp(63), "111/111");
    assert_eq!(video.ssrc_groups[0].to_string(), "FID 3090776117 708790467");
    assert_eq!(video.announced_ssrcs(), [3_090_776_117, 708_790_467]);
    assert_eq!(
        video.rtcp_feedback[4],
        RtcpFeedback {
            payload_type: Some(96),
            feedback: "nack pli".into()
        }
    );
    assert_eq!(
        (data.sctp_port, data.max_message_size),
        (Some(5_000), Some(262_144))
    );
    assert_eq!(
        audio.attribute("rtcp").unwrap().value.as_deref(),
        Some("9 IN IP4 0.0.0.0")
    );
}

#[test]
fn what_holds_for_the_session_holds_for_its_m_lines() {
    let text = "v=0\no=- 1 2 IN IP6 ::1\ns=-\nt=0 0\na=sendonly\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\na=setup:active\n\
                a=extmap:3 urn:example:x\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:a\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=mid:b\na=inactive\na=ice-ufrag:efgh\n";
    let description = SessionDescription::parse(text).unwrap();
    let [a, b] = &description.media[..] else { panic!() };
    assert_eq!(
        (description.direction_of(a), description.direction_of(b)),
        (Direction::SendOnly, Direction::Inactive)
    );
    assert_eq!(description.transport_of(a).ice_ufrag.as_deref(), Some("abcd"));
    assert_eq!(description.transport_of(b).ice_ufrag.as_deref(), Some("efgh"));
    assert_eq!(description.transport_of(b).setup, Some(Setup::Active));
    assert_eq!(description.extmaps_of(a).count(), 1);
}

const GOOD: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n";

#[test]
fn d2_7_each_malformed_line_is_named_with_what_was_expected() {
    assert!(SessionDescription::parse(GOOD).is_ok());
    for (from, to, line, expected) in [
        ("v=0", "v=1", 1, "`v=0`"),
        (
            "o=- 1 2 IN IP4 127.0.0.1",
            "o=- 1 x IN IP4 127.0.0.1",
            2,
            "`o=<username> <session id> <version> IN IP4 <address>`",
        ),
        (
            "s=-\r\n",
            "",
            3,
            "`s=` with the name of the session, `-` if it has none",
        ),
        ("t=0 0\r\n", "", 5, "`t=0 0` before the first m-line"),
        ("a=group:BUNDLE 0", "a=group:", 5, "a value after the colon"),
        ("a=group:BUNDLE 0", "b", 5, "`<letter>=<value>`"),
        ("a=group:BUNDLE 0", "x=1", 5, "a line that RFC 8866 allows here"),
        (
            "m=audio 9",
            "m=audio 99999",
            6,
            "a port from 0 to 65535 after the media",
        ),
        ("SAVPF 111", "SAVPF", 6, "at least one format after the protocol"),
        (
            "SAVPF 111",
            "SAVPF 128",
            6,
            "payload types from 0 to 127 after the protocol",
        ),
        ("a=mid:0", "a=mid:two words", 7, "a MID that is a token"),
        ("a=mid:0", "a=mid:0\r\na=mid:1", 8, "one a=mid in an m-line"),
        (
            "a=mid:0",
            "a=ice-ufrag:abc",
            7,
            "a ufrag of 4 to 256 letters, digits, + or /",
        ),
        (
            "a=mid:0",
            "a=ice-pwd:tooshort",
            7,
            "a password of 22 to 256 letters, digits, + or /",
        ),
        (
            "a=mid:0",
            "a=setup:maybe",
            7,
            "active, passive, actpass or holdconn",
        ),
        (
            "a=mid:0",
            "a=fingerprint:sha-256 AB:CD",
            7,
            "`<hash> <XX:XX:...>`, pairs of hexadecimal digits as long as the hash",
        ),
        (
            "a=mid:0",
            "a=extmap:15 urn:x",
            7,
            "`<id>[/<direction>] <URI> [<parameters>]` with an id from 1 to 255 but 15, or above 4095",
        ),
        ("a=mid:0", "a=ssrc:x cname:y", 7, "`<SSRC> <attribute>[:<value>]`"),
        ("a=mid:0", "a=rtcp-fb:111", 7, "`<payload type or *> <feedback>`"),
        ("a=mid:0", "a=ptime:soon", 7, "a number of milliseconds"),
        (
            "opus/48000/2",
            "opus/0/2",
            8,
            "`<payload type> <name>/<clock rate>[/<channels>]`",
        ),
        (
            "a=rtpmap:111 opus/48000/2",
            "a=rtpmap:111 a/1\r\na=rtpmap:111 b/2",
            9,
            "one a=rtpmap for a payload type",
        ),
    ] {
        let text = GOOD.replacen(from, to, 1);
        match SessionDescription::parse(&text).unwrap_err() {
            SdpError::Syntax {
                line: at,
                found,
                expected: said,
            } => {
                assert_eq!((at, said), (line, expected), "{to}");
                assert_eq!(text.lines().nth(at - 1), Some(found.as_str()));
            }
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn d2_7_what_no_single_line_shows_is_refused_too() {
    let twice = format!("{GOOD}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n");
    let error = SessionDescription::parse(&twice).unwrap_err();
    assert_eq!(error.line(), Some(9));
    let extmaps = format!("{GOOD}a=extmap:1 urn:x\r\na=extmap:1 urn:y\r\n");
    assert!(
        SessionDescription::parse(&extmaps)
            .unwrap_err()
            .to_string()
            .contains("an id of its own")
    );
    assert_eq!(
        SessionDescription::parse("v=0\r\n").unwrap_err().to_string(),
        "SDP ends after line 1: expected `o=` with the origin"
    );
    assert!(matches!(
        SessionDescription::parse("v=0\no=- 1 2 IN IP4 1.1.1.1\ns=-\n"),
        Err(SdpError::Ends { line: 3, .. })
    ));
}

#[test]
fn texts_without_bounds_are_refused() {
    let long = format!("{GOOD}a=x:{}\r\n", "y".repeat(MAX_LINE_BYTES));
    assert!(matches!(
        SessionDescription::parse(&long),
        Err(SdpError::TooLarge {
            limit: MAX_LINE_BYTES,
            ..
        })
    ));
    let large = format!("{GOOD}{}", "a=x:y\r\n".repeat(MAX_BYTES / 7));
    assert!(matches!(
        SessionDescription::parse(&large),
        Err(SdpError::TooLarge { limit: MAX_BYTES, .. })
    ));
    let many = format!("{GOOD}{}", "m=audio 0 RTP/AVP 0\r\n".repeat(300));
    assert!(matches!(
        SessionDescription::parse(&many),
        Err(SdpError::TooLarge { what: "m-lines", .. })
    ));
    assert!(SessionDescription::parse(&format!("{GOOD}a=x:a\0b\r\n")).is_err());
    assert!(
        SessionDescription::parse(&format!("{GOOD}\r\n\n")).is_ok(),
        "blank lines at the end do no harm"
    );
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,12}"
}

/// A value as it is read: without blanks at its ends.
fn value() -> impl Strategy<Value = String> {
    "([!-~]([ -~]{0,20}[!-~])?)?"
}

fn something() -> impl Strategy<Value = String> {
    "[!-~]([ -~]{0,20}[!-~])?"
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(Direction::ALL.to_vec())
}

fn transports() -> impl Strategy<Value = TransportAttributes> {
    let fingerprint = prop::collection::vec(any::<u8>(), 32).prop_map(|bytes| {
        let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        Fingerprint {
            hash: "sha-256".into(),
            value: pairs.join(":"),
        }
    });
    (
        prop::option::of("[A-Za-z0-9+/]{4,12}"),
        prop::option::of("[A-Za-z0-9+/]{22,30}"),
        prop::collection::vec(token(), 0..3),
        prop::collection::vec(fingerprint, 0..2),
        prop::option::of(prop::sample::select(Setup::ALL.to_vec())),
    )
        .prop_map(
            |(ice_ufrag, ice_pwd, ice_options, fingerprints, setup)| TransportAttributes {
                ice_ufrag,
                ice_pwd,
                ice_options,
                fingerprints,
                setup,
            },
        )
}

fn extmaps() -> impl Strategy<Value = Vec<Extmap>> {
    let entry = (prop::option::of(direction()), "urn:[a-z:]{1,12}", "([!-~]{1,8})?");
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        entries
            .into_iter()
            .enumerate()
            .map(|(index, (direction, uri, parameters))| Extmap {
                id: index as u16 + 1,
                direction,
                uri,
                parameters,
            })
            .collect()
    })
}

fn media() -> impl Strategy<Value = MediaDescription> {
    let kind = prop_oneof![
        Just(MediaKind::Audio),
        Just(MediaKind::Video),
        Just(MediaKind::Other("text".into()))
    ];
    let shape = (
        kind,
        any::<u16>(),
        prop::collection::btree_set(0..128_u8, 1..6),
        prop::option::of(direction()),
        any::<[bool; 6]>(),
    );
    let lists = (
        transports(),
        prop::collection::vec(something(), 0..3),
        extmaps(),
        prop::collection::vec((token(), prop::option::of(token())), 0..2),
        prop::collection::vec((token(), 1..200_000_u32, 1..3_u32), 6),
        prop::collection::vec(something(), 6),
        prop::collection::vec((any::<u32>(), token(), prop::option::of(value())), 0..3),
    );
    let numbers = (
        prop::option::of(any::<u32>()),
        prop::option::of(any::<u32>()),
        prop::option::of(any::<u64>()),
    );
    (shape, lists, numbers).prop_map(
        |((kind, port, types, direction, flags), lists, (ptime, maxptime, max_message_size))| {
            let (transport, candidates, extmaps, msids, maps, texts, ssrcs) = lists;
            let types: Vec<u8> = types.into_iter().collect();
            MediaDescription {
                kind,
                port,
                protocol: "UDP/TLS/RTP/SAVPF".into(),
                formats: types.iter().map(u8::to_string).collect(),
                connection: Some("IN IP4 0.0.0.0".into()),
                bandwidth: vec!["AS:30".into()],
                mid: None,
                direction,
                bundle_only: flags[0],
                rtcp_mux: flags[1],
                rtcp_mux_only: flags[2],
                rtcp_rsize: flags[3],
                extmap_allow_mixed: flags[4],
                transport,
                candidates,
                end_of_candidates: flags[5],
                extmaps,
                msids: msids
                    .into_iter()
                    .map(|(stream, track)| Msid { stream, track })
                    .collect(),
                rtpmaps: types
                    .iter()
                    .zip(maps)
                    .map(|(payload_type, (name, rate, channels))| Rtpmap {
                        payload_type: *payload_type,
                        name,
                        clock_rate: SampleRate::hz(rate),
                        channels,
                    })
                    .collect(),
                rtcp_feedback: types
                    .iter()
                    .zip(&texts)
                    .map(|(payload_type, text)| RtcpFeedback {
                        payload_type: Some(*payload_type),
                        feedback: text.clone(),
                    })
                    .collect(),
                fmtps: types
                    .iter()
                    .zip(&texts)
                    .map(|(payload_type, text)| Fmtp {
                        payload_type: *payload_type,
                        parameters: text.clone(),
                    })
                    .collect(),
                ptime,
                maxptime,
                ssrc_groups: vec![SsrcGroup {
                    semantics: "FID".into(),
                    ssrcs: vec![1, 2],
                }],
                ssrcs: ssrcs
                    .into_iter()
                    .map(|(ssrc, name, value)| SsrcAttribute { ssrc, name, value })
                    .collect(),
                sctp_port: None,
                max_message_size,
                attributes: vec![Attribute {
                    name: "x-unknown".into(),
                    value: None,
                }],
                line: LineNumber(0),
            }
        },
    )
}

fn descriptions() -> impl Strategy<Value = SessionDescription> {
    let origin = (any::<u64>(), any::<u64>()).prop_map(|(id, version)| Origin {
        session_id: id.to_string(),
        version,
        ..Origin::default()
    });
    (
        origin,
        something(),
        any::<[bool; 2]>(),
        transports(),
        prop::option::of(direction()),
        prop::collection::vec(value(), 0..3),
        prop::collection::vec(media(), 0..4),
    )
        .prop_map(|(origin, name, flags, transport, direction, values, mut media)| {
            let mids: Vec<String> = (0..media.len()).map(|index| format!("m{index}")).collect();
            for (media, mid) in media.iter_mut().zip(&mids) {
                media.mid = Some(mid.clone());
            }
            SessionDescription {
                origin,
                name,
                groups: vec![Group {
                    semantics: "BUNDLE".into(),
                    mids,
                }],
                extmap_allow_mixed: flags[0],
                ice_lite: flags[1],
                transport,
                direction,
                extmaps: Vec::new(),
                attributes: values
                    .into_iter()
                    .map(|value| Attribute::new("x-value", value))
                    .collect(),
                media,
            }
        })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_it_was(description in descriptions()) {
        let text = description.to_string();
        prop_assert_eq!(SessionDescription::parse(&text), Ok(description), "{}", text);
    }

    #[test]
    fn d2_7_any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = SessionDescription::parse(&text);
    }

    #[test]
    fn d2_7_a_recorded_description_with_any_line_changed_is_read_or_refused_by_line(
        which in 0..RECORDED.len(),
        line in any::<prop::sample::Index>(),
        replacement in "[a-z]=[ -~]{0,60}",
    ) {
        let mut lines: Vec<&str> = RECORDED[which].lines().collect();
        let at = line.index(lines.len());
        lines[at] = &replacement;
        let text = lines.join("\r\n");
        match SessionDescription::parse(&text) {
            Ok(description) => {
                prop_assert_eq!(SessionDescription::parse(&description.to_string()), Ok(description));
            }
            Err(error) => prop_assert!(error.line().is_some_and(|line| (1..=lines.len()).contains(&line)), "{error}"),
        }
    }

    #[test]
    fn e6_a_host_survives_any_change_of_one_line_in_an_offer(
        which in 0..RECORDED.len(),
        line in any::<prop::sample::Index>(),
        replacement in prop_oneof!["[a-z]=[ -~]{0,60}", "a=(mid|group|setup|extmap|rtpmap|ssrc|msid|fmtp|rtcp-fb):[ -~]{0,30}", "m=(audio|video) [0-9]{1,5} UDP/TLS/RTP/SAVPF( [0-9]{1,3}){1,4}"],
    ) {
        let mut lines: Vec<&str> = RECORDED[which].lines().collect();
        let at = line.index(lines.len());
        lines[at] = &replacement;
        let text = lines.join("\r\n") + "\r\n";
        let mut host = crate::support::wide_peer(1);
        if host.set_remote_description(jackfield_session::SdpType::Offer, &text, &mut crate::support::matcher).is_ok() {
            let answer = host.create_answer(&crate::support::transport("host")).unwrap();
            host.set_local_description(jackfield_session::SdpType::Answer, &answer).unwrap();
            let answer = SessionDescription::parse(&answer);
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
    }
}
