//! Candidates are read, printed and taken while the call is set up.

use std::net::SocketAddr;

use jackfield_session::candidate::{Candidate, CandidateAddress, CandidateKind, CandidateProtocol, TcpType};
use jackfield_session::sdp::SessionDescription;
use jackfield_session::signalling::CandidateInit;
use jackfield_session::{AddedCandidate, PeerConnection};
use proptest::prelude::*;

use crate::support::{
    CHROMIUM_AUDIO_TRICKLE, CHROMIUM_FIRST, CHROMIUM_RESTART, RECORDED, answer, configuration, peer,
};

const HOST: &str = "candidate:1 1 udp 2122194687 192.0.2.9 50008 typ host generation 0 network-id 3";

fn init(candidate: &str, mid: Option<&str>, index: Option<u16>, ufrag: Option<&str>) -> CandidateInit {
    CandidateInit {
        candidate: candidate.into(),
        sdp_mid: mid.map(Into::into),
        sdp_m_line_index: index,
        username_fragment: ufrag.map(Into::into),
    }
}

#[test]
fn every_candidate_that_was_recorded_is_read_and_printed_as_it_was() {
    let mut count = 0;
    for text in RECORDED {
        for media in SessionDescription::parse(text).unwrap().media {
            for text in media.candidates {
                assert_eq!(Candidate::parse(&text).unwrap().to_string(), text);
                count += 1;
            }
        }
    }
    assert!(count > 15);
}

#[test]
fn all_that_a_candidate_can_say() {
    let text = "842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.2 rport 5000 ufrag abcd generation 0";
    let candidate = Candidate::parse(text).unwrap();
    assert_eq!(
        (candidate.kind, candidate.component, candidate.priority),
        (CandidateKind::ServerReflexive, 1, 1_677_729_535)
    );
    assert_eq!(candidate.related, Some(("10.0.0.2".into(), 5_000)));
    assert_eq!(candidate.username_fragment.as_deref(), Some("abcd"));
    assert_eq!(candidate.extensions, [("generation".into(), "0".into())]);
    assert_eq!(
        candidate.socket_address(),
        Some("203.0.113.7:46154".parse().unwrap())
    );
    assert_eq!(candidate.to_string(), text);

    let tcp = Candidate::parse("a=candidate:3 1 TCP 1518083839 ::1 9 typ host tcptype active").unwrap();
    assert_eq!(
        (tcp.protocol, tcp.tcp_type),
        (CandidateProtocol::Tcp, Some(TcpType::Active))
    );
}

#[test]
fn d4_7_names_are_never_taken_for_addresses() {
    let with =
        |address: &str| Candidate::parse(&format!("1 1 udp 1 {address} 9 typ host")).map(|c| c.address);
    let mdns = "4ea375a7-3623-4866-88cd-40ca4519195d.local";
    assert_eq!(with(mdns), Ok(CandidateAddress::Mdns(mdns.into())));
    assert_eq!(
        with("internal.example.com"),
        Ok(CandidateAddress::Name("internal.example.com".into()))
    );
    assert!(with("1.2.3.999").is_err() && with("a b").is_err() && with("evil/../x").is_err());
    let candidate = Candidate::parse(&format!("1 1 udp 1 {mdns} 9 typ host")).unwrap();
    assert!(candidate.is_mdns() && candidate.socket_address().is_none());
}

#[test]
fn what_is_malformed_is_refused_and_the_error_names_what_is_missing() {
    for (text, expected) in [
        ("", "a foundation"),
        ("1 0 udp 1 192.0.2.1 9 typ host", "a component from 1 to 256"),
        ("1 1 sctp 1 192.0.2.1 9 typ host", "udp or tcp"),
        ("1 1 udp 4294967296 192.0.2.1 9 typ host", "a priority of 32 bits"),
        ("1 1 udp 1 192.0.2.1 65536 typ host", "a port from 0 to 65535"),
        ("1 1 udp 1 192.0.2.1 9 host", "`typ` after the port"),
        ("1 1 udp 1 192.0.2.1 9 typ local", "host, srflx, prflx or relay"),
        (
            "1 1 udp 1 192.0.2.1 9 typ host generation",
            "a value for every extension",
        ),
        (
            "1 1 udp 1 192.0.2.1 9 typ srflx raddr 1.2.3.4",
            "rport after raddr",
        ),
        ("1 1 udp 1 192.0.2.1 9 typ host\r\na=evil:1 2", "a single line"),
    ] {
        assert_eq!(Candidate::parse(text).unwrap_err().expected, expected, "{text}");
    }
    assert!(
        Candidate::parse(&format!("{HOST}{}", " x y".repeat(400))).is_err(),
        "too long"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_printed_alike(text in "(candidate:)?[ -~]{0,120}") {
        if let Ok(candidate) = Candidate::parse(&text) {
            prop_assert_eq!(Candidate::parse(&candidate.to_string()), Ok(candidate));
        }
    }

    #[test]
    fn host_candidates_are_read_as_they_were_made(address in any::<SocketAddr>(), preference in any::<u16>()) {
        let SocketAddr::V4(_) = address else { return Ok(()) };
        let made = Candidate::host(address, preference);
        let read = Candidate::parse(&made.to_string()).unwrap();
        prop_assert_eq!(read.socket_address(), Some(address));
        prop_assert_eq!(read.priority >> 24, 126);
        prop_assert_eq!(read, made);
    }
}

#[test]
fn b1_3_candidates_trickle_in_and_are_known_thereafter() {
    let mut host = peer(1);
    let early = host
        .add_ice_candidate(Some(&init(HOST, Some("0"), None, None)))
        .unwrap_err();
    assert_eq!(
        early.name(),
        "InvalidStateError",
        "there is no remote description yet"
    );
    answer(&mut host, CHROMIUM_AUDIO_TRICKLE);

    let added = host
        .add_ice_candidate(Some(&init(HOST, Some("0"), Some(0), None)))
        .unwrap();
    let AddedCandidate::New(candidate) = added else {
        panic!("{added:?}")
    };
    assert_eq!(candidate.to_string(), HOST.strip_prefix("candidate:").unwrap());
    assert_eq!(
        host.remote_transport().unwrap().candidates,
        [candidate.to_string()]
    );
    assert_eq!(
        host.add_ice_candidate(Some(&init(HOST, None, Some(0), None))),
        Ok(AddedCandidate::Known)
    );
    assert_eq!(host.add_ice_candidate(None), Ok(AddedCandidate::End));
    assert!(host.remote_transport().unwrap().end_of_candidates);
}

#[test]
fn b1_3_an_empty_candidate_ends_them_too() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO_TRICKLE);
    assert_eq!(
        host.add_ice_candidate(Some(&init("", Some("0"), None, None))),
        Ok(AddedCandidate::End)
    );
    assert!(host.remote_transport().unwrap().end_of_candidates);
}

#[test]
fn candidates_that_name_nothing_or_something_else_are_refused_as_browsers_do() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_AUDIO_TRICKLE);
    let mut name = |candidate: &CandidateInit| {
        host.add_ice_candidate(Some(candidate))
            .map_err(|error| error.name())
    };
    assert_eq!(name(&init(HOST, None, None, None)), Err("TypeError"));
    assert_eq!(
        name(&init(HOST, Some("nobody"), None, None)),
        Err("OperationError")
    );
    assert_eq!(name(&init(HOST, None, Some(7), None)), Err("OperationError"));
    assert_eq!(
        name(&init("nonsense", Some("0"), None, None)),
        Err("OperationError")
    );
    assert_eq!(
        name(&init(HOST, Some("0"), None, Some("othr"))),
        Err("OperationError")
    );
}

#[test]
fn a_candidate_of_earlier_credentials_is_late() {
    let mut host = peer(1);
    answer(&mut host, CHROMIUM_FIRST);
    let ufrag = host.remote_transport().unwrap().ice_ufrag;
    answer(&mut host, CHROMIUM_RESTART);
    let error = host
        .add_ice_candidate(Some(&init(HOST, Some("0"), None, Some(&ufrag))))
        .unwrap_err();
    assert!(error.to_string().ends_with("it is late"), "{error}");
    let error = host.add_ice_candidate(Some(&init(
        &format!("{HOST} ufrag {ufrag}"),
        Some("0"),
        None,
        None,
    )));
    assert!(error.is_err(), "the candidate itself may tell");
}

#[test]
fn a_flood_of_candidates_is_bounded() {
    let mut host = PeerConnection::new(configuration(1)).unwrap();
    answer(&mut host, CHROMIUM_AUDIO_TRICKLE);
    let results: Vec<_> = (1..=200)
        .map(|port| {
            let text = format!("candidate:1 1 udp 1 192.0.2.1 {port} typ host");
            host.add_ice_candidate(Some(&init(&text, Some("0"), None, None)))
                .is_ok()
        })
        .collect();
    assert_eq!(results.iter().filter(|ok| **ok).count(), 128);
}
