//! A call goes on over many negotiations: m-lines come and go, credentials change, numbers stay.

use jackfield_session::sdp::{Direction, SessionDescription};
use jackfield_session::{PeerEvent, SdpType};

use crate::support::{
    CHROMIUM_FIRST, CHROMIUM_HELD, CHROMIUM_RECYCLED, CHROMIUM_RESTART, CHROMIUM_SECOND, CHROMIUM_STOPPED,
    answer, answer_from, events, matcher, negotiate, peer, transport, wide_peer,
};

fn mids(peer: &jackfield_session::PeerConnection) -> Vec<String> {
    peer.negotiated().map(|(_, audio)| audio.mid.clone()).collect()
}

#[test]
fn a4_3_m_lines_of_a_chromium_call_come_go_and_are_recycled() {
    let mut host = wide_peer(1);
    answer(&mut host, CHROMIUM_FIRST);
    let first = host.transceivers()[0].id();
    let ssrc = host.negotiated_audio().unwrap().local_ssrc;

    answer(&mut host, CHROMIUM_SECOND);
    assert_eq!(mids(&host), ["0", "1"]);
    let second = host.transceivers()[1].id();
    events(&mut host);

    let stopped = answer(&mut host, CHROMIUM_STOPPED);
    assert!(!stopped.media[0].is_rejected() && stopped.media[1].is_rejected());
    assert_eq!(
        (mids(&host), stopped.bundle()),
        (vec!["0".to_owned()], &["0".to_owned()][..])
    );
    assert!(host.transceiver(second).is_none(), "it went with its m-line");
    assert!(events(&mut host).contains(&PeerEvent::TrackEnded(second)));

    let recycled = answer(&mut host, CHROMIUM_RECYCLED);
    assert_eq!(recycled.media.len(), 2, "the place is used again");
    assert_eq!(mids(&host), ["0", "2"]);
    assert_ne!(host.transceivers()[1].id(), second, "by another transceiver");
    assert_eq!(
        host.negotiated_audio().unwrap().local_ssrc,
        ssrc,
        "what went on went on as it was"
    );
    assert_eq!(host.transceivers()[0].id(), first);
}

#[test]
fn a4_3_a_call_that_is_held_and_a_recycled_m_line_in_one_offer() {
    let mut host = wide_peer(1);
    for offer in [CHROMIUM_FIRST, CHROMIUM_SECOND, CHROMIUM_STOPPED] {
        answer(&mut host, offer);
    }
    let held = answer(&mut host, CHROMIUM_HELD);
    assert_eq!(mids(&host), ["0", "3"]);
    assert_eq!(
        held.media[0].direction,
        Some(Direction::SendOnly),
        "it listens only"
    );
    assert!(events(&mut host).contains(&PeerEvent::TrackEnded(host.transceivers()[0].id())));
}

#[test]
fn a4_3_our_offers_recycle_m_lines_too() {
    let (mut caller, mut callee) = (wide_peer(1), wide_peer(2));
    let extra = caller.add_audio().unwrap();
    negotiate(&mut caller, &mut callee);
    caller.stop(extra).unwrap();
    assert!(caller.negotiation_needed());
    let (offer, _) = negotiate(&mut caller, &mut callee);
    assert!(SessionDescription::parse(&offer).unwrap().media[1].is_rejected());
    assert_eq!(
        (mids(&caller), mids(&callee)),
        (vec!["0".to_owned()], vec!["0".to_owned()])
    );

    caller.add_audio().unwrap();
    let (offer, answer) = negotiate(&mut caller, &mut callee);
    let (offer, answer) = (
        SessionDescription::parse(&offer).unwrap(),
        SessionDescription::parse(&answer).unwrap(),
    );
    assert_eq!((offer.media.len(), answer.media.len()), (2, 2));
    assert_eq!(
        offer.media[1].mid.as_deref(),
        Some("2"),
        "a MID is never used again"
    );
    assert_eq!(
        (mids(&caller), mids(&callee)),
        (
            vec!["0".to_owned(), "2".to_owned()],
            vec!["0".to_owned(), "2".to_owned()]
        )
    );
}

#[test]
fn a4_3_the_answerer_may_offer_next() {
    let (mut a, mut b) = (peer(1), peer(2));
    negotiate(&mut a, &mut b);
    let before = (a.negotiated_audio(), b.negotiated_audio());
    let (offer, _) = negotiate(&mut b, &mut a);
    let offer = SessionDescription::parse(&offer).unwrap();
    assert_eq!(
        (offer.media.len(), offer.media[0].formats.clone()),
        (1, vec!["96".into(), "0".into(), "8".into()])
    );
    let after = (a.negotiated_audio(), b.negotiated_audio());
    let numbers = |audio: &Option<jackfield_session::NegotiatedAudio>| {
        let audio = audio.as_ref().unwrap();
        let receive: Vec<_> = audio
            .receive
            .iter()
            .map(|choice| (choice.payload_type, choice.codec))
            .collect();
        (
            audio.mid.clone(),
            audio.local_ssrc,
            audio.remote_ssrcs.clone(),
            audio.extensions.clone(),
            receive,
        )
    };
    assert_eq!(
        numbers(&before.0),
        numbers(&after.0),
        "D2.2: nothing was renumbered"
    );
    assert_eq!(numbers(&before.1), numbers(&after.1));
}

#[test]
fn a4_4_an_ice_restart_is_told_and_the_call_stays_what_it_was() {
    let mut host = peer(1);
    let applied = host
        .set_remote_description(SdpType::Offer, CHROMIUM_FIRST, &mut matcher)
        .unwrap();
    assert!(!applied.ice_restart, "the first credentials restart nothing");
    let text = host.create_answer(&transport("host")).unwrap();
    host.set_local_description(SdpType::Answer, &text).unwrap();
    let before = host.negotiated_audio().unwrap();
    assert_eq!(host.remote_transport().unwrap().generation, 1);

    let applied = host
        .set_remote_description(SdpType::Offer, CHROMIUM_RESTART, &mut matcher)
        .unwrap();
    assert!(applied.ice_restart);
    let remote = host.remote_transport().unwrap();
    assert_eq!((remote.ice_ufrag.as_str(), remote.generation), ("uqoE", 2));
    let text = host.create_answer(&transport("next")).unwrap();
    host.set_local_description(SdpType::Answer, &text).unwrap();
    assert_eq!(host.negotiated_audio().unwrap(), before);

    let same = host
        .set_remote_description(SdpType::Offer, CHROMIUM_RESTART, &mut matcher)
        .unwrap();
    assert!(!same.ice_restart, "the same credentials again");
}

#[test]
fn a4_4_a_restart_that_we_want_is_done_when_an_offer_with_new_credentials_is_answered() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    negotiate(&mut caller, &mut callee);
    caller.restart_ice();
    negotiate(&mut caller, &mut callee);
    assert!(
        caller.ice_restart_wanted(),
        "the old credentials were offered again"
    );
    let offer = caller.create_offer(&transport("next")).unwrap();
    caller.set_local_description(SdpType::Offer, &offer).unwrap();
    let applied = callee
        .set_remote_description(SdpType::Offer, &offer, &mut matcher)
        .unwrap();
    assert!(applied.ice_restart);
    let answer = callee.create_answer(&transport("anew")).unwrap();
    callee.set_local_description(SdpType::Answer, &answer).unwrap();
    let applied = caller
        .set_remote_description(SdpType::Answer, &answer, &mut matcher)
        .unwrap();
    assert!(applied.ice_restart && !caller.ice_restart_wanted());
}

#[test]
fn the_origin_counts_our_descriptions() {
    let mut host = peer(1);
    let versions: Vec<_> = [CHROMIUM_FIRST, CHROMIUM_RESTART]
        .map(|offer| answer_from(&mut host, offer, "host").origin)
        .into_iter()
        .map(|origin| (origin.session_id, origin.version))
        .collect();
    assert_eq!(versions[0].0, versions[1].0);
    assert_eq!(versions[0].1 + 1, versions[1].1);
}

#[test]
fn m_lines_that_vanish_or_change_places_are_refused_and_nothing_changes() {
    let mut host = wide_peer(1);
    answer(&mut host, CHROMIUM_SECOND);
    let before = host
        .negotiated()
        .map(|(_, audio)| audio.clone())
        .collect::<Vec<_>>();
    let error = host
        .set_remote_description(SdpType::Offer, CHROMIUM_FIRST, &mut matcher)
        .unwrap_err();
    assert_eq!(error.name(), "InvalidAccessError");
    let renamed = CHROMIUM_SECOND
        .replace("a=mid:1", "a=mid:7")
        .replace("BUNDLE 0 1", "BUNDLE 0 7");
    let error = host
        .set_remote_description(SdpType::Offer, &renamed, &mut matcher)
        .unwrap_err();
    assert!(error.to_string().contains("m-line 1 was audio"), "{error}");
    assert!(
        error
            .sdp_line()
            .is_some_and(|line| renamed.lines().nth(line - 1).unwrap().starts_with("m=audio"))
    );
    assert_eq!(
        host.negotiated()
            .map(|(_, audio)| audio.clone())
            .collect::<Vec<_>>(),
        before
    );
    assert_eq!(host.remote_transport().unwrap().generation, 1);
}

#[test]
fn a_video_m_line_that_was_rejected_may_stay_rejected_or_become_audio() {
    let mut host = wide_peer(1);
    answer(&mut host, crate::support::CHROMIUM_AUDIO_VIDEO);
    let mut offer = SessionDescription::parse(crate::support::CHROMIUM_AUDIO_VIDEO).unwrap();
    offer.media[1] = jackfield_session::sdp::MediaDescription {
        mid: Some("5".into()),
        ..offer.media[0].clone()
    };
    offer.media[1].ssrcs.clear();
    offer.groups[0].mids = vec!["0".into(), "5".into()];
    let answer = answer(&mut host, &offer.to_string());
    assert!(!answer.media[1].is_rejected());
    assert_eq!(mids(&host), ["0", "5"]);
}

#[test]
fn a_second_offer_before_the_answer_takes_the_place_of_the_first() {
    let mut host = wide_peer(1);
    host.set_remote_description(SdpType::Offer, CHROMIUM_SECOND, &mut matcher)
        .unwrap();
    assert_eq!(host.transceivers().len(), 2);
    let answer = answer(&mut host, CHROMIUM_FIRST);
    assert_eq!((answer.media.len(), mids(&host)), (1, vec!["0".to_owned()]));
    assert_eq!(
        host.transceivers().len(),
        1,
        "what the first offer had made is gone"
    );
}
