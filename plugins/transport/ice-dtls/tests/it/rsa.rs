//! Peers outside the browsers often have RSA certificates. They are met in both DTLS roles.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;

use crate::outside::RsaPeer;
use crate::world::{Client, DEFAULT, Setting, connected, talk, transport};

/// A call with an RSA peer in which both have heard each other.
fn met(setting: Setting, peer_is_client: bool) -> Call {
    let peer = Box::new(RsaPeer::create(&Environment::seeded(1)).unwrap());
    let mut call = Call::new(transport(1, setting), peer, 1);
    call.configs[1].role = if peer_is_client {
        DtlsRole::Client
    } else {
        DtlsRole::Server
    };
    call.establish();
    assert!(
        call.connect(TimeDelta::seconds(5)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
    let heard = talk(&mut call, 0, TimeDelta::seconds(1));
    assert!(heard.iter().all(|heard| heard.lost == 0), "{heard:?}");
    call
}

#[test]
fn an_rsa_peer_that_is_the_client_is_met_by_default() {
    let mut call = met(DEFAULT, true);
    assert_eq!(call.ends[0].path("dtls-version"), "1.2");
}

#[test]
fn an_rsa_peer_that_is_the_server_is_met_with_dtls_1_2() {
    let mut call = met(|parameters| parameters.dtls_client = 2, false);
    assert!(
        call.ends[0].path("dtls-cipher").contains("RSA"),
        "{}",
        call.ends[0].path("dtls-cipher")
    );
}

#[test]
fn an_rsa_server_that_turns_the_first_hello_down_gets_another() {
    let mut call = met(DEFAULT, false);
    assert_eq!(call.ends[0].path("dtls-version"), "1.2");
}

#[test]
fn c3_2_an_rsa_handshake_gets_through_10_percent_loss() {
    for peer_is_client in [true, false] {
        let succeeds = |seed| {
            let peer = Box::new(RsaPeer::create(&Environment::seeded(1)).unwrap());
            let setting: Setting = |parameters| parameters.dtls_client = 2;
            let mut call = Call::new(transport(seed, setting), peer, seed);
            call.configs[1].role = if peer_is_client {
                DtlsRole::Client
            } else {
                DtlsRole::Server
            };
            call.network.loss = 0.1;
            call.establish();
            call.connect(TimeDelta::seconds(15))
        };
        // Not all: the library that the peer is made of forgets its timer when it is interrupted, and nothing from outside wakes it.
        let successes = (0..100).filter(|seed| succeeds(*seed)).count();
        assert!(
            successes >= 97,
            "peer is client: {peer_is_client}: {successes} of 100"
        );
    }
}

const RSA: Setting = |parameters| parameters.certificate = 1;

#[test]
fn e25_4_our_own_certificate_can_be_rsa_in_either_role() {
    for client in [Client::Offerer, Client::Answerer] {
        for kinds in [[true, false], [false, true], [true, true]] {
            let settings = kinds.map(|rsa| if rsa { RSA } else { DEFAULT });
            let mut call = connected(1, client, settings);
            assert_eq!(call.ends[0].path("dtls-version"), "1.2");
            let server = usize::from(client == Client::Offerer);
            let by_rsa = call.ends[0].path("dtls-cipher").contains("RSA");
            assert_eq!(by_rsa, kinds[server], "the server's certificate decides");
            assert!(
                talk(&mut call, 0, TimeDelta::seconds(1))
                    .iter()
                    .all(|heard| heard.lost == 0)
            );
        }
    }
}
