//! Header extensions are agreed upon by URI, id and direction.

use jackfield_rtp::extension::ExtensionKind;
use jackfield_session::sdp::{Direction, SessionDescription};
use jackfield_session::{HeaderExtension, PeerConfiguration, PeerConnection, SdpType};

use crate::support::{CHROMIUM_AUDIO, answer, configuration, matcher, negotiate, peer, transport};

fn host_with(change: impl FnOnce(&mut PeerConfiguration)) -> PeerConnection {
    let mut configuration = configuration(1);
    change(&mut configuration);
    let mut host = PeerConnection::new(configuration).unwrap();
    host.add_audio().unwrap();
    host
}

fn extmaps(answer: &SessionDescription) -> Vec<String> {
    answer.media[0].extmaps.iter().map(ToString::to_string).collect()
}

#[test]
fn d2_4_only_what_both_have_is_answered_with_the_offered_id() {
    let mut host = host_with(|c| {
        c.header_extensions = vec![
            HeaderExtension::new("urn:example:unknown"),
            HeaderExtension::new(ExtensionKind::Mid.uri()),
        ];
    });
    let offer = CHROMIUM_AUDIO.replace("a=extmap:4 ", "a=extmap:9 ");
    assert_eq!(
        extmaps(&answer(&mut host, &offer)),
        ["9 urn:ietf:params:rtp-hdrext:sdes:mid"]
    );
}

#[test]
fn d2_4_ids_of_two_bytes_need_extmap_allow_mixed_on_both_sides() {
    let offer = CHROMIUM_AUDIO.replace("a=extmap:4 ", "a=extmap:20 ");
    let has_mid =
        |answer: &SessionDescription| extmaps(answer).iter().any(|extmap| extmap.starts_with("20 "));
    assert!(has_mid(&answer(&mut peer(1), &offer)));
    let refused = answer(&mut peer(1), &offer.replace("a=extmap-allow-mixed\r\n", ""));
    assert!(!has_mid(&refused) && !refused.extmap_allow_mixed);
    let mut narrow = host_with(|c| c.extmap_allow_mixed = false);
    let refused = answer(&mut narrow, &offer);
    assert!(!has_mid(&refused) && !refused.extmap_allow_mixed);
    assert!(!narrow.negotiated_audio().unwrap().extmap_allow_mixed);
}

#[test]
fn d2_4_extmap_allow_mixed_may_stand_at_the_m_line() {
    let offer = CHROMIUM_AUDIO
        .replace("a=extmap-allow-mixed\r\n", "")
        .replace("a=mid:0", "a=mid:0\r\na=extmap-allow-mixed");
    let mut host = peer(1);
    let answer = answer(&mut host, &offer);
    assert!(!answer.extmap_allow_mixed && answer.media[0].extmap_allow_mixed);
    assert!(host.negotiated_audio().unwrap().extmap_allow_mixed);
}

#[test]
fn d2_4_directions_are_answered_from_the_other_side() {
    for (offered, ours, answered) in [
        ("", Direction::SendRecv, Some("1")),
        ("/sendonly", Direction::SendRecv, Some("1/recvonly")),
        ("/recvonly", Direction::SendRecv, Some("1/sendonly")),
        ("", Direction::RecvOnly, Some("1/recvonly")),
        ("/recvonly", Direction::RecvOnly, None),
        ("/inactive", Direction::SendRecv, None),
    ] {
        let uri = ExtensionKind::AudioLevel.uri();
        let mut host = host_with(|c| {
            c.header_extensions = vec![HeaderExtension {
                uri: uri.into(),
                direction: ours,
            }];
        });
        let offer = CHROMIUM_AUDIO.replace("a=extmap:1 ", &format!("a=extmap:1{offered} "));
        let expected: Vec<_> = answered.iter().map(|entry| format!("{entry} {uri}")).collect();
        assert_eq!(
            extmaps(&answer(&mut host, &offer)),
            expected,
            "{offered} offered, {ours} ours"
        );
        let audio = host.negotiated_audio().unwrap();
        let direction = answered.map(|entry| {
            entry
                .split_once('/')
                .map_or("sendrecv", |(_, direction)| direction)
        });
        assert_eq!(
            audio.send_extensions().id(ExtensionKind::AudioLevel).is_some(),
            direction.is_some_and(|d| d.contains("send"))
        );
        assert_eq!(
            audio.receive_extensions().id(ExtensionKind::AudioLevel).is_some(),
            direction.is_some_and(|d| d.contains("recv"))
        );
    }
}

#[test]
fn d2_4_proposals_without_an_id_are_left_out() {
    let offer = CHROMIUM_AUDIO.replace("a=extmap:4 ", "a=extmap:4096 ");
    assert!(
        extmaps(&answer(&mut peer(1), &offer))
            .iter()
            .all(|extmap| !extmap.contains("mid"))
    );
}

#[test]
fn d2_4_both_ends_of_a_call_see_the_same_extensions() {
    let (mut caller, mut callee) = (peer(1), peer(2));
    negotiate(&mut caller, &mut callee);
    let (ours, theirs) = (
        caller.negotiated_audio().unwrap(),
        callee.negotiated_audio().unwrap(),
    );
    assert_eq!(ours.extensions, theirs.extensions);
    assert_eq!(ours.extensions.len(), 4);
    assert_eq!(ours.feedback, theirs.feedback);
}

#[test]
fn ids_are_kept_over_renegotiations() {
    let mut host = peer(1);
    let offer = CHROMIUM_AUDIO.replace("a=extmap:4 ", "a=extmap:9 ");
    answer(&mut host, &offer);
    let ours = host.create_offer(&transport("offr")).unwrap();
    assert!(
        ours.contains("a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"),
        "{ours}"
    );
    host.set_local_description(SdpType::Offer, &ours).unwrap();
    let back = answer(&mut peer(2), &ours).to_string();
    host.set_remote_description(SdpType::Answer, &back, &mut matcher)
        .unwrap();
    assert_eq!(
        host.negotiated_audio()
            .unwrap()
            .receive_extensions()
            .id(ExtensionKind::Mid),
        Some(9)
    );
}
