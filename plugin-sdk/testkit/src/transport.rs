//! The suite of transports, and the virtual network that it runs on.

pub mod call;
pub mod restarts;

use jackfield_sdk::prelude::*;

use crate::Subject;
use call::{Call, rtcp, rtp};

crate::conformance::cases! { $ __transport_cases transport(Transports):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    transport::nothing_is_sent_before_activation,
    transport::two_of_them_connect,
    transport::media_goes_both_ways_unchanged,
    transport::sending_before_a_connection_is_a_fault,
    transport::what_is_no_packet_is_refused,
    transport::an_unknown_attribute_is_no_fault,
    transport::a_candidate_that_is_none_is_refused,
    transport::garbage_is_no_fault,
    transport::b2_1_damaged_datagrams_are_no_fault,
    transport::the_path_is_told,
    transport::closing_is_told_and_final,
    transport::a_closed_transport_can_be_activated_again,
}

type Transports = Subject<dyn Transport>;

/// How long two ends may take to connect on a network without loss.
const LIMIT: TimeDelta = TimeDelta::seconds(5);

/// Plugin `T` as it is.
pub fn direct<T: Plugin + Transport>() -> Transports {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + Transport>() -> Transports {
    Subject::new::<T>(|plugin| Box::new(TransportProxy::local(plugin)))
}

/// A call between two instances.
pub fn call(subject: &Transports, seed: u64) -> Call {
    Call::new(subject.make(2 * seed), subject.make(2 * seed + 1), seed)
}

fn connected(subject: &Transports, seed: u64) -> Call {
    let mut call = call(subject, seed);
    call.establish();
    assert!(
        call.connect(LIMIT),
        "connected within {LIMIT:?}: {:?}, {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
    call
}

/// Before `activate` nothing can be sent, and nothing has to be done.
pub fn nothing_is_sent_before_activation(subject: &Transports) {
    let mut call = call(subject, 1);
    assert_eq!(
        call.send(0, PacketKind::Rtp, &rtp(1, 1))
            .map_err(|fault| fault.code()),
        Err(FaultCode::State)
    );
    assert_eq!(call.ends[0].transport.deadline(), Ok(Timestamp::NEVER));
    assert!(call.ends[0].sent.is_empty());
}

/// Two instances find each other and both say so.
pub fn two_of_them_connect(subject: &Transports) {
    for seed in 1..4 {
        connected(subject, seed);
    }
}

/// RTP and RTCP arrive as they were sent, in both directions.
pub fn media_goes_both_ways_unchanged(subject: &Transports) {
    let mut call = connected(subject, 1);
    let mut wanted = [Vec::new(), Vec::new()];
    for sequence in 65_500..65_600_u32 {
        for end in 0..2 {
            let packet = rtp(7 + end as u32, sequence as u16);
            call.send(end, PacketKind::Rtp, &packet).expect("connected");
            wanted[1 - end].push((PacketKind::Rtp, packet));
            if sequence % 10 == 0 {
                call.send(end, PacketKind::Rtcp, &rtcp(7 + end as u32))
                    .expect("connected");
                wanted[1 - end].push((PacketKind::Rtcp, rtcp(7 + end as u32)));
            }
        }
        call.run_for(TimeDelta::ms(20));
    }
    for (end, wanted) in call.ends.iter().zip(wanted) {
        let had: Vec<_> = end
            .packets
            .iter()
            .map(|(_, kind, packet)| (*kind, packet.clone()))
            .collect();
        assert_eq!(had, wanted);
    }
}

/// `send` without a connection is refused with `State`, and nothing leaves.
pub fn sending_before_a_connection_is_a_fault(subject: &Transports) {
    let mut call = call(subject, 1);
    call.activate();
    let refused = call.send(0, PacketKind::Rtp, &rtp(1, 1));
    assert_eq!(refused.map_err(|fault| fault.code()), Err(FaultCode::State));
    assert!(call.ends[0].sent.is_empty());
}

/// What is neither RTP nor RTCP is not sent as such.
pub fn what_is_no_packet_is_refused(subject: &Transports) {
    let mut call = connected(subject, 1);
    let extension_beyond_the_end = [&[0x90, 0][..], &[0; 10], &[0xbe, 0xde, 0xff, 0xff]].concat();
    for packet in [
        &[][..],
        &[0x80],
        &[0; 40],
        &rtp(1, 1)[..11],
        &extension_beyond_the_end,
    ] {
        let refused = call.send(0, PacketKind::Rtp, packet);
        assert_eq!(
            refused.map_err(|fault| fault.code()),
            Err(FaultCode::Invalid),
            "{packet:?}"
        );
    }
    for packet in [&[][..], &[0x80, 201], &[0; 40]] {
        let refused = call.send(0, PacketKind::Rtcp, packet);
        assert_eq!(
            refused.map_err(|fault| fault.code()),
            Err(FaultCode::Invalid),
            "{packet:?}"
        );
    }
    call.send(0, PacketKind::Rtp, &rtp(1, 1))
        .expect("a good packet is sent all the same");
}

/// Attributes that a transport does not know mean nothing to it.
pub fn an_unknown_attribute_is_no_fault(subject: &Transports) {
    let mut call = call(subject, 1);
    call.activate();
    let unknown = [
        ("x-unheard-of", "1"),
        ("", ""),
        ("rtcp-mux", ""),
        ("ice-options", "future-things"),
    ];
    call.tell(
        0,
        &unknown.map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    call.negotiate();
    assert!(call.connect(LIMIT));
}

/// What is no candidate is refused; what is one that cannot be used (over TCP, hidden behind a name), and the end of the list, are not.
pub fn a_candidate_that_is_none_is_refused(subject: &Transports) {
    let mut call = call(subject, 1);
    call.activate();
    let now = call.now;
    let remote =
        |call: &mut Call, candidate: &str| call.ends[0].transport.add_remote_candidate(now, candidate);
    for nonsense in [
        "nonsense",
        "1 1 udp 1 192.0.2.9",
        "1 1 udp 1 300.1.1.1 5 typ host",
        "1 1 udp 1 192.0.2.9 99999 typ host",
    ] {
        assert_eq!(
            remote(&mut call, nonsense).map_err(|fault| fault.code()),
            Err(FaultCode::Invalid),
            "{nonsense}"
        );
    }
    for harmless in [
        "",
        "1 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
        "1 1 udp 2113937151 0b5a8a0e-3f6c-4d9f-9b7a-0123456789ab.local 5000 typ host",
        "1 1 udp 2113937151 2001:db8::9 5000 typ host generation 0 network-id 1",
    ] {
        remote(&mut call, harmless).unwrap_or_else(|fault| panic!("{harmless}: {fault}"));
    }
    call.negotiate();
    assert!(call.connect(LIMIT));
}

/// Any bytes from anywhere, at any time, are dropped without a fault, and nothing of them gets through.
pub fn garbage_is_no_fault(subject: &Transports) {
    let mut call = call(subject, 1);
    call.activate();
    throw_garbage(&mut call);
    call.negotiate();
    throw_garbage(&mut call);
    assert!(call.connect(LIMIT));
    throw_garbage(&mut call);
    still_works(&mut call);
}

fn throw_garbage(call: &mut Call) {
    let strange = Route::new(call.ends[0].addresses[0], ([198, 51, 100, 7], 7).into());
    let before = call.ends[0].packets.len();
    for first in [0, 1, 3, 4, 19, 22, 23, 44, 63, 64, 100, 127, 192, 255] {
        for length in [0, 1, 2, 12, 13, 19, 20, 25, 60, 1200] {
            let datagram: Vec<u8> = (0..length)
                .map(|i: u32| if i == 0 { first } else { (i * 31 + length) as u8 })
                .collect();
            for route in [call.route_to(0), strange] {
                call.hand(0, &route, &datagram).expect("garbage is no fault");
            }
        }
    }
    assert_eq!(call.ends[0].packets.len(), before, "nothing of it got through");
}

/// Every datagram of a call, cut short and with bytes changed, is dropped without a fault.
pub fn b2_1_damaged_datagrams_are_no_fault(subject: &Transports) {
    let mut call = connected(subject, 1);
    let genuine: Vec<Vec<u8>> = call.ends[1]
        .sent
        .iter()
        .map(|(_, _, datagram)| datagram.clone())
        .collect();
    let route = call.route_to(0);
    for datagram in &genuine {
        for length in (0..datagram.len()).step_by(7) {
            call.hand(0, &route, &datagram[..length])
                .expect("a torn datagram is no fault");
        }
        for position in 0..datagram.len() {
            let mut damaged = datagram.clone();
            damaged[position] ^= 1 << (position % 8);
            call.hand(0, &route, &damaged)
                .expect("a damaged datagram is no fault");
        }
    }
    still_works(&mut call);
}

fn still_works(call: &mut Call) {
    call.run_for(TimeDelta::seconds(1));
    for end in 0..2 {
        call.ends[1 - end].packets.clear();
        call.send(end, PacketKind::Rtp, &rtp(0x5717, 9))
            .expect("still connected");
        call.run_for(TimeDelta::ms(100));
        assert_eq!(call.ends[1 - end].rtp(), [&rtp(0x5717, 9)[..]]);
    }
}

/// The path is told under the five names, and the pair is the one in use.
pub fn the_path_is_told(subject: &Transports) {
    let mut call = connected(subject, 1);
    for name in ["ice-state", "dtls-version", "dtls-cipher", "srtp-profile"] {
        let _ = call.ends[0].path(name);
    }
    let [ours, theirs] = [call.ends[0].addresses[0], call.ends[1].addresses[0]];
    assert_eq!(call.ends[0].path("selected-pair"), format!("{ours} {theirs}"));
}

/// After `close` nothing leaves any more, nothing is let in and nothing has to be done; closing twice does no harm.
pub fn closing_is_told_and_final(subject: &Transports) {
    let mut call = connected(subject, 1);
    call.close(0).expect("it can be closed");
    assert_eq!(call.ends[0].state(), TransportState::Closed);
    let refused = call.send(0, PacketKind::Rtp, &rtp(1, 1));
    assert_eq!(refused.map_err(|fault| fault.code()), Err(FaultCode::State));
    call.close(0).expect("it can be closed twice");
    assert_eq!(call.ends[0].transport.deadline(), Ok(Timestamp::NEVER));
    let (packets, sent) = (call.ends[0].packets.len(), call.ends[0].sent.len());
    let _ = call.send(1, PacketKind::Rtp, &rtp(1, 1));
    call.run_for(TimeDelta::seconds(5));
    assert_eq!(
        (call.ends[0].packets.len(), call.ends[0].sent.len()),
        (packets, sent),
        "silence in both directions"
    );
}

/// Activation begins a new life.
pub fn a_closed_transport_can_be_activated_again(subject: &Transports) {
    let mut call = connected(subject, 1);
    for end in 0..2 {
        call.close(end).expect("it can be closed");
    }
    call.run_for(TimeDelta::seconds(1));
    for end in &mut call.ends {
        end.states.clear();
        end.packets.clear();
    }
    call.establish();
    assert!(call.connect(LIMIT));
    still_works(&mut call);
}
