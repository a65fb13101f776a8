//! We offer, and the answer decides.

use jackfield_session::sdp::{Direction, SessionDescription, Setup};
use jackfield_session::{PeerEvent, SdpType, SignalingState};

use crate::support::{CHROMIUM_ANSWER, OPUS, answer, events, matcher, negotiate, peer, transport, wide_peer};

#[test]
fn two_ends_of_ours_agree() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    let (offer, _) = negotiate(&mut caller, &mut callee);
    let offer = SessionDescription::parse(&offer).unwrap();
    assert_eq!(offer.media[0].formats, ["96", "0", "8"]);
    assert_eq!(offer.media[0].transport.setup, Some(Setup::ActPass));
    assert!(offer.media[0].rtcp_mux && offer.media[0].rtcp_rsize);

    let (a, b) = (
        caller.negotiated_audio().unwrap(),
        callee.negotiated_audio().unwrap(),
    );
    assert_eq!(
        (a.direction, b.direction),
        (Direction::SendRecv, Direction::SendRecv)
    );
    assert_eq!(a.mid, b.mid);
    assert_eq!(
        (a.remote_ssrcs.clone(), b.remote_ssrcs.clone()),
        (vec![b.local_ssrc], vec![a.local_ssrc])
    );
    assert_eq!(
        (a.remote_cname.as_deref(), b.remote_cname.as_deref()),
        (Some("peer2"), Some("peer1"))
    );
    assert_eq!(
        a.send.as_ref().unwrap().local_fmtp,
        b.send.as_ref().unwrap().remote_fmtp
    );
    assert_eq!(
        a.send.as_ref().unwrap().remote_fmtp,
        b.send.as_ref().unwrap().local_fmtp
    );
    assert_eq!(caller.remote_transport().unwrap().setup, Setup::Passive);
}

#[test]
fn e6_3_stream_and_track_are_told_to_the_other_end() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    negotiate(&mut caller, &mut callee);
    let msid = caller.transceivers()[0].msid().clone();
    assert_eq!(callee.negotiated_audio().unwrap().remote_msid, Some(msid.clone()));
    let id = callee.transceivers()[0].id();
    assert!(events(&mut callee).contains(&PeerEvent::Track {
        transceiver: id,
        msid: Some(msid)
    }));
    assert!(
        events(&mut caller)
            .iter()
            .any(|event| matches!(event, PeerEvent::Track { .. }))
    );
}

#[test]
fn an_answer_of_chromium_is_taken() {
    // It answered an offer of its own kind, so the numbers have to be those.
    let mut caller = peer(1);
    answer(&mut caller, crate::support::CHROMIUM_FIRST);
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    caller
        .set_remote_description(SdpType::Answer, CHROMIUM_ANSWER, &mut matcher)
        .unwrap();
    let audio = caller.negotiated_audio().unwrap();
    assert_eq!(audio.direction, Direction::SendOnly, "it only receives");
    assert_eq!(
        audio.send.as_ref().map(|send| (send.payload_type, send.codec)),
        Some((111, OPUS))
    );
    assert_eq!(
        audio
            .receive
            .iter()
            .map(|choice| choice.payload_type)
            .collect::<Vec<_>>(),
        [111, 0, 8]
    );
    assert_eq!(caller.remote_transport().unwrap().setup, Setup::Active);
}

#[test]
fn directions_are_what_both_want() {
    for wanted in Direction::ALL {
        for answered in Direction::ALL {
            let (mut caller, mut callee) = (peer(1), peer(2));
            let id = caller.transceivers()[0].id();
            caller.set_direction(id, wanted).unwrap();
            let id = callee.transceivers()[0].id();
            callee.set_direction(id, answered).unwrap();
            negotiate(&mut caller, &mut callee);
            let expected = wanted.intersection(answered.reversed());
            let (a, b) = (
                caller.negotiated_audio().unwrap(),
                callee.negotiated().last().unwrap().1.clone(),
            );
            // A transceiver that an offer cannot use waits, and one that receives takes its place.
            let expected = if wanted.receives() {
                expected
            } else {
                wanted.intersection(Direction::SendOnly)
            };
            assert_eq!(a.direction, expected, "{wanted} offered, {answered} wanted");
            assert_eq!(b.direction, expected.reversed());
            assert_eq!(a.send.is_some(), expected.sends());
            assert_eq!(caller.transceivers()[0].current_direction(), Some(expected));
        }
    }
}

#[test]
fn a4_1_a_provisional_answer_is_in_force_until_the_final_one() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    callee
        .set_remote_description(SdpType::Offer, &offer, &mut matcher)
        .unwrap();
    let early = callee.create_answer(&transport("host")).unwrap();
    callee.set_local_description(SdpType::Pranswer, &early).unwrap();
    caller
        .set_remote_description(SdpType::Pranswer, &early, &mut matcher)
        .unwrap();
    assert_eq!(callee.signaling_state(), SignalingState::HaveLocalPranswer);
    assert_eq!(caller.signaling_state(), SignalingState::HaveRemotePranswer);
    assert!(
        caller.negotiated_audio().is_some() && callee.negotiated_audio().is_some(),
        "early media"
    );
    assert!(caller.current_local_description().is_none());

    let late = callee.create_answer(&transport("host")).unwrap();
    callee.set_local_description(SdpType::Answer, &late).unwrap();
    caller
        .set_remote_description(SdpType::Answer, &late, &mut matcher)
        .unwrap();
    assert_eq!(
        (caller.signaling_state(), callee.signaling_state()),
        (SignalingState::Stable, SignalingState::Stable)
    );
    assert!(caller.current_local_description().is_some());
}

#[test]
fn a_local_description_is_the_one_that_was_created() {
    let mut caller = peer(1);
    let error = caller.set_local_description(SdpType::Offer, "").unwrap_err();
    assert_eq!(error.name(), "InvalidModificationError", "none was created");
    let offer = caller.create_offer(&transport("offr")).unwrap();
    let munged = offer.replace("a=sendrecv", "a=sendonly");
    let error = caller.set_local_description(SdpType::Offer, &munged).unwrap_err();
    assert_eq!(error.name(), "InvalidModificationError");
    caller.set_local_description(SdpType::Offer, "").unwrap();
    assert_eq!(
        caller.local_description().unwrap().to_string(),
        offer,
        "empty stands for the one created"
    );
    assert_eq!(
        caller.create_answer(&transport("host")).unwrap_err().name(),
        "InvalidStateError"
    );
}

#[test]
fn a4_2_several_m_lines_share_one_transport() {
    let (mut caller, mut callee) = (wide_peer(1), wide_peer(2));
    caller.add_audio().unwrap();
    let (offer, answer) = negotiate(&mut caller, &mut callee);
    let (offer, answer) = (
        SessionDescription::parse(&offer).unwrap(),
        SessionDescription::parse(&answer).unwrap(),
    );
    assert_eq!((offer.bundle().len(), answer.bundle().len()), (2, 2));
    assert!(offer.media[1].bundle_only && offer.media[1].port == 0 && !offer.media[1].is_rejected());
    let ssrcs: Vec<_> = caller.negotiated().map(|(_, audio)| audio.local_ssrc).collect();
    assert_eq!(ssrcs.len(), 2);
    assert_ne!(ssrcs[0], ssrcs[1]);
    assert_eq!(
        callee
            .negotiated()
            .map(|(_, audio)| audio.remote_ssrcs[0])
            .collect::<Vec<_>>(),
        ssrcs
    );
}

#[test]
fn an_answer_that_rejects_all_leaves_no_call() {
    let mut caller = peer(1);
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    let rejecting = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE\r\nm=audio 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n";
    caller
        .set_remote_description(SdpType::Answer, rejecting, &mut matcher)
        .unwrap();
    assert_eq!(caller.signaling_state(), SignalingState::Stable);
    assert!(caller.negotiated_audio().is_none());
    assert_eq!(caller.transceivers().len(), 0, "its transceiver is gone");
}

#[test]
fn ev_2_an_offer_is_due_when_something_differs_and_never_outside_stable() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    let due = |peer: &mut jackfield_session::PeerConnection| {
        events(peer)
            .iter()
            .filter(|event| **event == PeerEvent::NegotiationNeeded)
            .count()
    };
    assert!(caller.negotiation_needed());
    assert_eq!(due(&mut caller), 1);
    caller.add_audio().unwrap();
    assert_eq!(due(&mut caller), 0, "it is known already");
    let extra = caller.transceivers()[1].id();
    caller.stop(extra).unwrap();

    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    let id = caller.transceivers()[0].id();
    caller.set_direction(id, Direction::SendOnly).unwrap();
    assert!(!caller.negotiation_needed());
    assert_eq!(due(&mut caller), 0);
    let answer = answer(&mut callee, &offer).to_string();
    caller
        .set_remote_description(SdpType::Answer, &answer, &mut matcher)
        .unwrap();
    assert!(caller.negotiation_needed(), "the direction changed meanwhile");
    assert_eq!(due(&mut caller), 1);

    negotiate(&mut caller, &mut callee);
    assert!(!caller.negotiation_needed() && !callee.negotiation_needed());
    caller.restart_ice();
    assert_eq!(due(&mut caller), 1);
}
