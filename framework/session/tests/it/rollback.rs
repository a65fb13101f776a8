//! An offer that is taken back leaves no trace.

use jackfield_session::sdp::Direction;
use jackfield_session::{PeerConnection, PeerEvent, SdpType, SignalingState};

use crate::support::{
    CHROMIUM_AUDIO, CHROMIUM_FIRST, CHROMIUM_SECOND, answer, configuration, events, matcher, negotiate, peer,
    transport, wide_peer,
};

#[test]
fn e6_2_a_remote_offer_taken_back_takes_its_transceivers_along() {
    let mut host = PeerConnection::new(configuration(1)).unwrap();
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut matcher)
        .unwrap();
    let made = host.transceivers()[0].id();
    events(&mut host);
    host.set_remote_description(SdpType::Rollback, "", &mut matcher)
        .unwrap();
    assert_eq!(host.transceivers().len(), 0);
    assert!(host.remote_description().is_none() && host.remote_transport().is_none());
    assert_eq!(
        events(&mut host),
        [
            PeerEvent::TrackEnded(made),
            PeerEvent::SignalingState(SignalingState::Stable)
        ]
    );
}

#[test]
fn e6_2_a_transceiver_of_ours_that_the_offer_had_taken_is_free_again() {
    let mut host = peer(1);
    host.set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut matcher)
        .unwrap();
    assert_eq!(host.transceivers()[0].mid(), Some("0"));
    host.set_local_description(SdpType::Rollback, "").unwrap();
    assert_eq!(
        (host.transceivers().len(), host.transceivers()[0].mid()),
        (1, None)
    );
    answer(&mut host, CHROMIUM_AUDIO);
    assert_eq!(host.negotiated_audio().unwrap().direction, Direction::SendRecv);
}

#[test]
fn e6_2_our_own_offer_taken_back_gives_its_m_lines_back() {
    let mut caller = peer(1);
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    assert_eq!(caller.transceivers()[0].mid(), Some("0"));
    caller.set_local_description(SdpType::Rollback, "").unwrap();
    assert_eq!(caller.transceivers()[0].mid(), None);
    assert!(caller.local_description().is_none());
    assert!(caller.negotiation_needed());
    assert_eq!(
        caller
            .set_local_description(SdpType::Rollback, "")
            .unwrap_err()
            .name(),
        "InvalidStateError"
    );
    assert_eq!(
        caller
            .set_local_description(SdpType::Offer, "")
            .unwrap_err()
            .name(),
        "InvalidModificationError"
    );
}

#[test]
fn e6_2_what_was_in_force_stays_in_force() {
    let mut host = wide_peer(1);
    answer(&mut host, CHROMIUM_FIRST);
    let before = (
        host.negotiated_audio(),
        host.remote_transport().map(|remote| remote.ice_ufrag),
    );
    host.set_remote_description(SdpType::Offer, CHROMIUM_SECOND, &mut matcher)
        .unwrap();
    let early = host.create_answer(&transport("host")).unwrap();
    host.set_local_description(SdpType::Pranswer, &early).unwrap();
    assert_eq!(host.negotiated().count(), 2, "the provisional answer is in force");
    host.set_local_description(SdpType::Rollback, "").unwrap();
    assert_eq!(host.negotiated().count(), 1);
    assert_eq!(
        (
            host.negotiated_audio(),
            host.remote_transport().map(|remote| remote.ice_ufrag)
        ),
        before
    );
    assert_eq!(host.transceivers().len(), 1);
}

#[test]
fn e6_2_what_the_application_set_meanwhile_is_kept() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    negotiate(&mut caller, &mut callee);
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    let id = caller.transceivers()[0].id();
    caller.set_direction(id, Direction::RecvOnly).unwrap();
    let added = caller.add_audio().unwrap();
    caller.set_local_description(SdpType::Rollback, "").unwrap();
    assert_eq!(caller.transceiver(id).unwrap().direction(), Direction::RecvOnly);
    assert_eq!(
        caller.transceiver(id).unwrap().current_direction(),
        Some(Direction::SendRecv)
    );
    assert!(caller.transceiver(added).is_some());
}

#[test]
fn a4_1_an_offer_that_meets_ours_takes_ours_back() {
    let (mut a, mut b) = (peer(1), peer(2));
    let ours = a.create_offer(&transport("aaaa")).unwrap();
    a.set_local_description(SdpType::Offer, &ours).unwrap();
    let theirs = b.create_offer(&transport("bbbb")).unwrap();
    b.set_local_description(SdpType::Offer, &theirs).unwrap();
    events(&mut a);
    let answer = answer(&mut a, &theirs).to_string();
    let states: Vec<_> = events(&mut a)
        .into_iter()
        .filter_map(|event| match event {
            PeerEvent::SignalingState(state) => Some(state),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [
            SignalingState::Stable,
            SignalingState::HaveRemoteOffer,
            SignalingState::Stable
        ]
    );
    b.set_remote_description(SdpType::Answer, &answer, &mut matcher)
        .unwrap();
    assert_eq!(a.negotiated_audio().unwrap().direction, Direction::SendRecv);
    assert_eq!(a.transceivers().len(), 1);
    assert!(!a.negotiation_needed(), "what we had offered is agreed upon");
}

#[test]
fn a4_1_an_offer_that_is_refused_takes_nothing_back() {
    let mut caller = peer(1);
    let offer = caller.create_offer(&transport("offr")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    assert!(
        caller
            .set_remote_description(SdpType::Offer, "nonsense", &mut matcher)
            .is_err()
    );
    assert_eq!(caller.signaling_state(), SignalingState::HaveLocalOffer);
}
