//! The signaling state machine, transition by transition.

use jackfield_session::jsep::{SdpType, Side, SignalingState};

use SignalingState::{
    Closed, HaveLocalOffer, HaveLocalPranswer, HaveRemoteOffer, HaveRemotePranswer, Stable,
};

/// All that RFC 9429 section 3.2 allows, rollback included; everything else is forbidden.
const ALLOWED: [(SignalingState, Side, SdpType, SignalingState); 20] = [
    (Stable, Side::Local, SdpType::Offer, HaveLocalOffer),
    (Stable, Side::Remote, SdpType::Offer, HaveRemoteOffer),
    (HaveLocalOffer, Side::Local, SdpType::Offer, HaveLocalOffer),
    (
        HaveLocalOffer,
        Side::Remote,
        SdpType::Pranswer,
        HaveRemotePranswer,
    ),
    (HaveLocalOffer, Side::Remote, SdpType::Answer, Stable),
    (HaveLocalOffer, Side::Local, SdpType::Rollback, Stable),
    (HaveLocalOffer, Side::Remote, SdpType::Rollback, Stable),
    (HaveRemoteOffer, Side::Remote, SdpType::Offer, HaveRemoteOffer),
    (HaveRemoteOffer, Side::Local, SdpType::Pranswer, HaveLocalPranswer),
    (HaveRemoteOffer, Side::Local, SdpType::Answer, Stable),
    (HaveRemoteOffer, Side::Local, SdpType::Rollback, Stable),
    (HaveRemoteOffer, Side::Remote, SdpType::Rollback, Stable),
    (
        HaveLocalPranswer,
        Side::Local,
        SdpType::Pranswer,
        HaveLocalPranswer,
    ),
    (HaveLocalPranswer, Side::Local, SdpType::Answer, Stable),
    (HaveLocalPranswer, Side::Local, SdpType::Rollback, Stable),
    (HaveLocalPranswer, Side::Remote, SdpType::Rollback, Stable),
    (
        HaveRemotePranswer,
        Side::Remote,
        SdpType::Pranswer,
        HaveRemotePranswer,
    ),
    (HaveRemotePranswer, Side::Remote, SdpType::Answer, Stable),
    (HaveRemotePranswer, Side::Local, SdpType::Rollback, Stable),
    (HaveRemotePranswer, Side::Remote, SdpType::Rollback, Stable),
];

#[test]
fn a4_1_state_4_every_transition_is_as_the_standard_has_it_and_every_other_is_refused() {
    let mut allowed = 0;
    for state in SignalingState::ALL {
        for side in [Side::Local, Side::Remote] {
            for kind in SdpType::ALL {
                let expected = ALLOWED
                    .iter()
                    .find(|(s, d, k, _)| (*s, *d, *k) == (state, side, kind));
                match (state.after(side, kind), expected) {
                    (Ok(next), Some((.., then))) => {
                        assert_eq!(next, *then, "{state} + {side} {kind}");
                        allowed += 1;
                    }
                    (Err(error), None) => {
                        assert_eq!(error.name(), "InvalidStateError", "{state} + {side} {kind}");
                    }
                    (got, _) => panic!("{state} + {side} {kind} gave {got:?}"),
                }
            }
        }
    }
    assert_eq!(allowed, ALLOWED.len());
}

#[test]
fn a_refusal_says_what_to_do() {
    let error = Stable.after(Side::Remote, SdpType::Answer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a remote answer cannot be set while signaling is stable: an offer comes first"
    );
    let error = HaveLocalOffer.after(Side::Remote, SdpType::Offer).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("answer the pending offer or roll it back first")
    );
    assert_eq!(
        Closed.after(Side::Local, SdpType::Offer).unwrap_err().to_string(),
        "the connection is closed: make a new one"
    );
}

#[test]
fn the_names_are_those_of_w3c() {
    let names: Vec<_> = SignalingState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(
        names,
        [
            "stable",
            "have-local-offer",
            "have-remote-offer",
            "have-local-pranswer",
            "have-remote-pranswer",
            "closed"
        ]
    );
    for kind in SdpType::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}
