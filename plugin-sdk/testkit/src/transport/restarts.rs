//! ICE restarts, for transports that have them: new credentials, perhaps a new path, the same keys. `talk` is how the plugin's own tests have both ends
//! talk: from a sequence number on, for so long; it gives how many packets were lost.

use jackfield_sdk::prelude::*;

use super::call::Call;

/// How both ends talk.
pub type Talk = fn(&mut Call, u16, TimeDelta) -> usize;

/// A restart that `initiator` begins, with 60 ms for each way of the signalling and talk all the while: nothing is lost, both ends have new
/// credentials, and neither was disconnected.
pub fn loses_nothing(call: &mut Call, initiator: usize, first: u16, talk: Talk) {
    let old = [0, 1].map(|end| credentials(call, end));
    assert_eq!(restart(call, initiator, first, talk), 0, "by {initiator}");
    let new = [0, 1].map(|end| credentials(call, end));
    assert!(
        old[0] != new[0] && old[1] != new[1],
        "both ends have new credentials"
    );
    for end in &call.ends {
        assert_eq!(end.state(), TransportState::Connected);
        let was = |state: &(Timestamp, TransportState)| state.1 == TransportState::Disconnected;
        assert!(!end.states.iter().any(was), "{:?}", end.states);
    }
}

/// Checks with the password of before are not answered in a `call` that was connected.
pub fn after_it_the_old_password_opens_nothing(call: &mut Call, talk: Talk) {
    let old: Vec<Vec<u8>> = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .filter(|datagram| datagram[..2] == [0, 1])
        .collect();
    assert!(!old.is_empty());
    restart(call, 0, 1_000, talk);
    let route = call.route_to(0);
    for check in old {
        let before = call.ends[0].sent.len();
        call.hand(0, &route, &check).expect("a datagram is no fault");
        assert!(
            call.ends[0].sent[before..]
                .iter()
                .all(|(_, _, datagram)| datagram[..2] != [1, 1]),
            "no answer"
        );
    }
}

/// A connected `call` fails, and is brought back without another handshake.
pub fn brings_a_failed_call_back_with_the_keys_that_it_has(call: &mut Call, talk: Talk) {
    call.network.deaf = [true; 2];
    call.run_for(TimeDelta::seconds(40));
    assert!(call.ends.iter().all(|end| end.state() == TransportState::Failed));
    call.network.deaf = [false; 2];

    let now = call.now;
    connect_anew(call);
    let handshakes = call.ends[0]
        .sent
        .iter()
        .filter(|(at, _, datagram)| *at >= now && (20..64).contains(&datagram[0]))
        .count();
    assert_eq!(handshakes, 0, "DTLS had nothing to do");
    assert_eq!(talk(call, 0, TimeDelta::seconds(1)), 0);
}

/// In a `call` that was never established it is as good as a start.
pub fn before_anything_was_connected_is_as_good_as_a_start(call: &mut Call, talk: Talk) {
    call.network.deaf = [true; 2];
    call.establish();
    call.run_for(TimeDelta::seconds(2));
    call.network.deaf = [false; 2];
    connect_anew(call);
    assert_eq!(talk(call, 0, TimeDelta::seconds(1)), 0);
}

fn connect_anew(call: &mut Call) {
    let now = call.now;
    call.ends[0].transport.restart(now).expect("at any time");
    call.negotiate();
    assert!(
        call.connect(TimeDelta::seconds(3)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
}

fn credentials(call: &mut Call, end: usize) -> String {
    let described = call.ends[end].description();
    let fragment = described.into_iter().find(|(name, _)| name == "ice-ufrag");
    fragment.expect("it has credentials").1
}

/// What was lost meanwhile.
fn restart(call: &mut Call, initiator: usize, first: u16, talk: Talk) -> usize {
    let responder = 1 - initiator;
    let now = call.now;
    call.ends[initiator].transport.restart(now).expect("at any time");
    let offer = call.ends[initiator].description();
    let mut lost = talk(call, first, TimeDelta::ms(60));
    call.tell(responder, &offer);
    let answer = call.ends[responder].description();
    call.start(responder);
    call.tell_candidates(responder);
    lost += talk(call, first + 100, TimeDelta::ms(60));
    call.tell(initiator, &answer);
    call.start(initiator);
    call.tell_candidates(initiator);
    lost + talk(call, first + 200, TimeDelta::seconds(3))
}
