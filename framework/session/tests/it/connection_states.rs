//! The states that a connection shows follow from those of its transports.

use jackfield_core::transport::TransportState;
use jackfield_session::states::{
    ConnectionState, DtlsState, IceState, TransportStates, connection_state, ice_connection_state,
};
use jackfield_session::{PeerEvent, SdpType};

use crate::support::{CHROMIUM_AUDIO, answer, events, matcher, peer};

fn all_transports() -> Vec<TransportStates> {
    IceState::ALL
        .iter()
        .flat_map(|ice| {
            DtlsState::ALL.iter().map(|dtls| TransportStates {
                ice: *ice,
                dtls: *dtls,
            })
        })
        .collect()
}

/// The rules as W3C words them, on a list of names, so that neither side can borrow the other's mistakes.
fn ice_by_the_book(states: &[&str]) -> &'static str {
    let any = |name| states.contains(&name);
    let only = |names: &[&str]| states.iter().all(|state| names.contains(state));
    match () {
        () if any("failed") => "failed",
        () if any("disconnected") => "disconnected",
        () if only(&["new", "closed"]) => "new",
        () if any("new") || any("checking") => "checking",
        () if only(&["completed", "closed"]) => "completed",
        () => "connected",
    }
}

#[test]
fn state_1_all_combinations_of_two_transports() {
    let mut seen = std::collections::BTreeSet::new();
    for a in all_transports() {
        for b in all_transports() {
            let pair = [a, b];
            let ice = ice_connection_state(false, &pair);
            assert_eq!(
                ice.as_str(),
                ice_by_the_book(&[a.ice.as_str(), b.ice.as_str()]),
                "{pair:?}"
            );

            let dtls = [a.dtls.as_str(), b.dtls.as_str()];
            let only = |names: &[&str]| dtls.iter().all(|state| names.contains(state));
            let expected = match ice.as_str() {
                "failed" => "failed",
                _ if dtls.contains(&"failed") => "failed",
                "disconnected" => "disconnected",
                "new" if only(&["new", "closed"]) => "new",
                "connected" | "completed" if only(&["connected", "closed"]) => "connected",
                _ => "connecting",
            };
            let connection = connection_state(false, &pair);
            assert_eq!(connection.as_str(), expected, "{pair:?}");
            assert_eq!(
                connection,
                connection_state(false, &[b, a]),
                "the order does not matter"
            );
            seen.insert(connection.as_str());
        }
    }
    assert_eq!(
        seen.len(),
        ConnectionState::ALL.len() - 1,
        "all states but closed occur"
    );
}

#[test]
fn state_1_without_a_transport_all_is_new_and_closed_wins() {
    assert_eq!(ice_connection_state(false, &[]), IceState::New);
    assert_eq!(connection_state(false, &[]), ConnectionState::New);
    let failed = [TransportStates {
        ice: IceState::Failed,
        dtls: DtlsState::Failed,
    }];
    assert_eq!(ice_connection_state(true, &failed), IceState::Closed);
    assert_eq!(connection_state(true, &failed), ConnectionState::Closed);
}

#[test]
fn rule_3_a_call_shows_its_states_in_order_and_nothing_after_close() {
    let mut host = peer(1);
    events(&mut host);
    answer(&mut host, CHROMIUM_AUDIO);
    events(&mut host);
    let mut shown = Vec::new();
    for state in [
        TransportState::Connecting,
        TransportState::Connected,
        TransportState::Connected,
        TransportState::Disconnected,
        TransportState::Connected,
    ] {
        host.set_transport_state(state);
        shown.extend(events(&mut host).into_iter().filter_map(|event| match event {
            PeerEvent::ConnectionState(state) => Some(state.as_str()),
            _ => None,
        }));
    }
    assert_eq!(shown, ["connecting", "connected", "disconnected", "connected"]);

    host.close();
    host.close();
    host.set_transport_state(TransportState::Failed);
    assert_eq!(events(&mut host), []);
    assert_eq!(host.connection_state(), ConnectionState::Closed);
    assert_eq!(host.ice_connection_state(), IceState::Closed);
    assert!(host.negotiated_audio().is_none());
    let error = host
        .set_remote_description(SdpType::Offer, CHROMIUM_AUDIO, &mut matcher)
        .unwrap_err();
    assert_eq!(error.name(), "InvalidStateError");
}

#[test]
fn state_2_a_failed_path_may_come_back() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO);
    host.set_transport_state(TransportState::Failed);
    assert_eq!(host.connection_state(), ConnectionState::Failed);
    assert!(host.negotiated_audio().is_some(), "what was agreed upon holds");
    host.set_transport_state(TransportState::Connected);
    assert_eq!(host.connection_state(), ConnectionState::Connected);
}
