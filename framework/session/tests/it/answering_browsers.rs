//! Offers that browsers made are answered as they expect.

use jackfield_core::units::SampleRate;
use jackfield_rtp::extension::ExtensionKind;
use jackfield_session::sdp::{Direction, Extmap, MediaKind, SessionDescription, Setup};
use jackfield_session::{PeerConfiguration, PeerConnection, PeerEvent, SdpType, SignalingState};

use crate::support::{
    AIORTC_AUDIO, CHROMIUM_AUDIO, CHROMIUM_AUDIO_MDNS, CHROMIUM_AUDIO_VIDEO, CHROMIUM_AUDIO_VIDEO_DATA,
    CHROMIUM_RECVONLY, CHROMIUM_TWO_AUDIO, CHROMIUM_VIDEO_AUDIO, OPUS, PCMA, PCMU, answer, configuration,
    events, matcher, peer, transport, wide_peer,
};

#[test]
fn a4_2_an_audio_offer_of_chromium_is_answered_with_what_both_know() {
    let mut host = peer(1);
    let answer = answer(&mut host, CHROMIUM_AUDIO);
    assert_eq!(host.signaling_state(), SignalingState::Stable);

    let line = &answer.media[0];
    assert_eq!(answer.media.len(), 1);
    assert_eq!(answer.bundle(), ["0"]);
    assert!(answer.extmap_allow_mixed);
    assert_eq!(
        (line.kind.clone(), line.mid.as_deref()),
        (MediaKind::Audio, Some("0"))
    );
    assert_eq!(line.protocol, "UDP/TLS/RTP/SAVPF");
    assert_eq!(
        line.formats,
        ["111", "0", "8"],
        "in the order of the offer, without what we have not"
    );
    assert_eq!(line.direction, Some(Direction::SendRecv));
    assert!(line.rtcp_mux && line.rtcp_rsize);
    assert_eq!(
        line.transport.setup,
        Some(Setup::Passive),
        "browsers drive the handshake"
    );
    assert_eq!(line.fmtp(111), "minptime=10;useinbandfec=1;stereo=0");
    let feedback: Vec<_> = line.rtcp_feedback.iter().map(ToString::to_string).collect();
    assert_eq!(feedback, ["111 transport-cc"]);
    let uris: Vec<_> = line
        .extmaps
        .iter()
        .map(|extmap| (extmap.id, extmap.uri.rsplit(':').next().unwrap()))
        .collect();
    assert_eq!(uris[0], (1, "ssrc-audio-level"));
    assert_eq!(uris[3], (4, "mid"));

    let audio = host.negotiated_audio().unwrap();
    assert_eq!((audio.mid.as_str(), audio.direction), ("0", Direction::SendRecv));
    let send = audio.send.as_ref().unwrap();
    assert_eq!(
        (send.payload_type, send.codec, send.clock_rate),
        (111, OPUS, SampleRate::HZ_48000)
    );
    assert_eq!(send.remote_fmtp, "minptime=10;useinbandfec=1");
    assert_eq!(send.local_fmtp, "minptime=10;useinbandfec=1;stereo=0");
    let receive: Vec<_> = audio
        .receive
        .iter()
        .map(|choice| (choice.payload_type, choice.codec))
        .collect();
    assert_eq!(receive, [(111, OPUS), (0, PCMU), (8, PCMA)]);
    assert_eq!(audio.remote_ssrcs, [2_109_853_290]);
    assert_eq!(audio.remote_cname.as_deref(), Some("MZcvkbK/rwWa+KF5"));
    assert_eq!(
        audio.remote_msid.as_ref().unwrap().stream,
        "a9b8fd69-0ed2-428e-a0b9-ff6734c5345b"
    );
    assert_eq!(audio.receive_extensions().id(ExtensionKind::AudioLevel), Some(1));
    assert_eq!(
        audio.send_extensions().id(ExtensionKind::TransportSequence),
        Some(3)
    );
    assert!(audio.has_feedback(111, "transport-cc") && !audio.has_feedback(0, "transport-cc"));
    assert!(audio.rtcp_rsize && audio.extmap_allow_mixed);
    assert_eq!(line.announced_ssrcs(), [audio.local_ssrc]);
    assert_eq!(line.ssrc_attribute(audio.local_ssrc, "cname"), Some("peer1"));

    let criteria = audio.demux_criteria();
    assert_eq!(criteria.mid.unwrap().as_str(), "0");
    assert_eq!(
        (criteria.ssrcs, criteria.payload_types),
        (vec![2_109_853_290], vec![111, 0, 8])
    );
}

#[test]
fn the_remote_transport_is_told_as_a_plugin_takes_it() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO);
    let remote = host.remote_transport().unwrap();
    assert_eq!(
        (remote.ice_ufrag.as_str(), remote.ice_pwd.as_str()),
        ("0he+", "Z9/ZTmsxivDR4R+1ZNa7pT/H")
    );
    assert_eq!(
        (remote.setup, remote.ice_lite, remote.generation),
        (Setup::ActPass, false, 1)
    );
    assert_eq!(remote.candidates.len(), 8);
    let names: Vec<_> = remote.attributes().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup"]
    );
    assert!(remote.attributes()[3].1.starts_with("sha-256 7E:1F:CF"));
}

#[test]
fn a4_2_video_and_data_are_rejected_with_port_0_and_audio_goes_on() {
    for (offer, kinds) in [
        (CHROMIUM_AUDIO_VIDEO, vec!["audio", "video"]),
        (CHROMIUM_AUDIO_VIDEO_DATA, vec!["audio", "video", "application"]),
        (CHROMIUM_VIDEO_AUDIO, vec!["video", "audio"]),
    ] {
        let mut host = peer(1);
        let answer = answer(&mut host, offer);
        let offer = SessionDescription::parse(offer).unwrap();
        assert_eq!(
            answer
                .media
                .iter()
                .map(|media| media.kind.to_string())
                .collect::<Vec<_>>(),
            kinds
        );
        for (ours, theirs) in answer.media.iter().zip(&offer.media) {
            let is_audio = theirs.kind == MediaKind::Audio;
            assert_eq!(ours.is_rejected(), !is_audio);
            assert_eq!(ours.port == 0, !is_audio);
            assert_eq!(ours.mid, theirs.mid);
            assert_eq!(answer.bundle().contains(ours.mid.as_ref().unwrap()), is_audio);
        }
        assert_eq!(host.transceivers().len(), 1);
        assert!(host.negotiated_audio().unwrap().send.is_some());
    }
}

#[test]
fn an_end_that_only_listens_is_sent_to_and_not_listened_to() {
    let mut host = peer(1);
    let answer = answer(&mut host, CHROMIUM_RECVONLY);
    assert_eq!(answer.media[0].direction, Some(Direction::SendOnly));
    let audio = host.negotiated_audio().unwrap();
    assert!(audio.send.is_some() && audio.remote_ssrcs.is_empty());
    assert!(
        !events(&mut host)
            .iter()
            .any(|event| matches!(event, PeerEvent::Track { .. }))
    );
}

#[test]
fn an_end_that_is_heard_is_told_by_an_event() {
    let mut host = peer(1);
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut matcher)
        .unwrap();
    let id = host.transceivers()[0].id();
    let told = events(&mut host);
    assert!(told.contains(&PeerEvent::SignalingState(SignalingState::HaveRemoteOffer)));
    assert!(
        told.iter().any(
            |event| matches!(event, PeerEvent::Track { transceiver, msid: Some(_) } if *transceiver == id)
        )
    );
}

#[test]
fn without_a_transceiver_of_ours_the_offer_makes_one_that_receives() {
    let mut host = PeerConnection::new(configuration(1)).unwrap();
    let answer = answer(&mut host, CHROMIUM_AUDIO);
    assert_eq!(answer.media[0].direction, Some(Direction::RecvOnly));
    assert!(
        answer.media[0].ssrcs.is_empty() && answer.media[0].msids.is_empty(),
        "nothing is announced"
    );
    let audio = host.negotiated_audio().unwrap();
    assert!(audio.send.is_none() && audio.receive.len() == 3);
}

#[test]
fn audio_lines_beyond_the_limit_are_rejected() {
    let answer_of = |mut host: PeerConnection| {
        let answer = answer(&mut host, CHROMIUM_TWO_AUDIO);
        (
            answer
                .media
                .iter()
                .map(|media| media.port != 0)
                .collect::<Vec<_>>(),
            host.negotiated().count(),
        )
    };
    assert_eq!(answer_of(peer(1)), (vec![true, false], 1));
    assert_eq!(answer_of(wide_peer(1)), (vec![true, true], 2));
}

#[test]
fn an_offer_of_aiortc_is_answered_with_its_own_numbers() {
    let mut host = peer(1);
    let answer = answer(&mut host, AIORTC_AUDIO);
    assert_eq!(answer.media[0].formats, ["96", "0", "8"]);
    assert!(
        !answer.extmap_allow_mixed && !answer.media[0].rtcp_rsize,
        "not offered"
    );
    let audio = host.negotiated_audio().unwrap();
    assert_eq!(audio.receive_extensions().id(ExtensionKind::Mid), Some(1));
    assert_eq!(audio.receive_extensions().id(ExtensionKind::AudioLevel), Some(2));
    assert_eq!(
        audio.receive_extensions().id(ExtensionKind::TransportSequence),
        None
    );
    let remote = host.remote_transport().unwrap();
    assert_eq!(
        (remote.fingerprint.hash.as_str(), remote.fingerprints.len()),
        ("sha-256", 3)
    );
    assert!(remote.end_of_candidates && remote.ice_options.is_empty());
}

#[test]
fn d4_7_names_of_multicast_dns_are_kept_as_they_are() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO_MDNS);
    let remote = host.remote_transport().unwrap();
    assert_eq!(remote.candidates.len(), 2);
    assert!(remote.candidates.iter().all(|text| {
        jackfield_session::candidate::Candidate::parse(text)
            .unwrap()
            .is_mdns()
    }));
}

#[test]
fn our_candidates_stand_in_the_answer_and_the_first_is_its_default() {
    let mut host = peer(1);
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut matcher)
        .unwrap();
    let mut local = transport("host");
    local.candidates = vec![
        "1 1 udp 2122252543 fd00::7 40000 typ host".into(),
        "candidate:2 1 udp 2122252542 192.0.2.7 40001 typ host".into(),
    ];
    local.end_of_candidates = true;
    let answer = SessionDescription::parse(&host.create_answer(&local).unwrap()).unwrap();
    let line = &answer.media[0];
    assert_eq!(
        (line.port, line.connection.as_deref()),
        (40_001, Some("IN IP4 192.0.2.7"))
    );
    assert_eq!(line.candidates[1], "2 1 udp 2122252542 192.0.2.7 40001 typ host");
    assert!(line.end_of_candidates);

    local.candidates = vec!["1 1 udp x\r\na=evil".into()];
    assert_eq!(host.create_answer(&local).unwrap_err().name(), "OperationError");
}

#[test]
fn the_dtls_role_is_chosen_as_rfc_8842_has_it() {
    for (offered, wanted, expected) in [
        ("actpass", Setup::ActPass, Setup::Passive),
        ("actpass", Setup::Passive, Setup::Passive),
        ("actpass", Setup::Active, Setup::Active),
        ("active", Setup::Active, Setup::Passive),
        ("passive", Setup::Passive, Setup::Active),
    ] {
        let mut host = peer(1);
        let offer = CHROMIUM_AUDIO.replace("a=setup:actpass", &format!("a=setup:{offered}"));
        host.set_remote_description(SdpType::Offer, &offer, &mut matcher)
            .unwrap();
        let local = jackfield_session::TransportDescription {
            setup: wanted,
            ..transport("host")
        };
        let answer = SessionDescription::parse(&host.create_answer(&local).unwrap()).unwrap();
        assert_eq!(
            answer.media[0].transport.setup,
            Some(expected),
            "{offered} offered, {wanted} wanted"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_gives_other_ssrcs() {
    let text = |seed| answer(&mut peer(seed), CHROMIUM_AUDIO).to_string();
    assert_eq!(text(7), text(7));
    assert_ne!(
        answer(&mut peer(7), CHROMIUM_AUDIO).media[0].ssrcs,
        answer(&mut peer(8), CHROMIUM_AUDIO).media[0].ssrcs
    );
}

#[test]
fn video_is_let_come_to_be_thrown_away_where_that_is_wanted() {
    let mut host = PeerConnection::new(PeerConfiguration {
        discards_video: true,
        ..configuration(1)
    })
    .unwrap();
    host.add_audio().unwrap();
    let answer = answer(&mut host, CHROMIUM_AUDIO_VIDEO);
    assert_eq!(answer.bundle(), ["0", "1"]);
    let line = &answer.media[1];
    assert_eq!(
        (line.kind.clone(), line.direction),
        (MediaKind::Video, Some(Direction::RecvOnly))
    );
    let [payload_type] = line.payload_types().collect::<Vec<_>>()[..] else {
        panic!("one format: {:?}", line.formats)
    };
    assert_eq!(line.rtpmap(payload_type).unwrap().name, "VP8");
    assert_eq!(host.discarded_payload_types(), [payload_type]);
    let feedback: Vec<_> = line.rtcp_feedback.iter().map(ToString::to_string).collect();
    assert_eq!(feedback, [format!("{payload_type} transport-cc")]);
    let numbered = |extmap: &Extmap| extmap.uri == ExtensionKind::TransportSequence.uri();
    assert!(line.extmaps.iter().any(numbered));
    assert_eq!(host.negotiated().count(), 1, "it has no transceiver");
}
