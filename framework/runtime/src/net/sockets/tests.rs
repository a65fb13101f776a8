//! E25.5: what leaves is marked for routers, what comes with a mark of theirs is known by it, and buffers are as large as the machine lets them
//! be. On real sockets of the loopback interface.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket as StdSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};

use super::*;
use crate::clock::Clock;
use crate::net::datagrams::Datagrams;
use crate::net::{Dscp, Ecn, NetworkOptions, NetworkThread, SocketOptions};

fn open(address: SocketAddr, options: SocketOptions) -> Sockets {
    Sockets::open(&[address], &[], options, Arc::default()).unwrap()
}

/// A peer that is told the traffic class of what comes.
fn peer(ip: IpAddr) -> StdSocket {
    let peer = StdSocket::bind((ip, 0)).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    if ip.is_ipv4() {
        setsockopt(&peer, sockopt::IpRecvTos, &true).unwrap();
    } else {
        setsockopt(&peer, sockopt::Ipv6RecvTClass, &true).unwrap();
    }
    peer
}

/// The next datagram, and its traffic class.
fn arrival(peer: &StdSocket) -> (Vec<u8>, u32) {
    let mut bytes = [0; 2_000];
    let mut control = cmsg_space!([u8; 64]);
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let message = recvmsg::<SockaddrStorage>(
        peer.as_raw_fd(),
        &mut slices,
        Some(&mut control),
        MsgFlags::empty(),
    )
    .unwrap();
    let length = message.bytes;
    let class = message
        .cmsgs()
        .unwrap()
        .find_map(|control| match control {
            ControlMessageOwned::Ipv4Tos(class) => Some(u32::from(class)),
            ControlMessageOwned::Ipv6TClass(class) => Some(class as u32),
            _ => None,
        })
        .expect("the system tells the traffic class");
    (bytes[..length].to_vec(), class)
}

/// The marks of `count` datagrams that come.
fn marks(sockets: &Sockets, count: usize) -> Vec<EcnMark> {
    let mut datagrams = Datagrams::new();
    let (mut seen, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(5));
    while seen.len() < count {
        assert!(Instant::now() < deadline, "{} of {count} came", seen.len());
        if datagrams.receive(&sockets.all[0]).is_ok() {
            seen.extend(datagrams.iter().map(|datagram| datagram.mark));
        }
    }
    seen
}

fn loopbacks() -> Vec<IpAddr> {
    let six = IpAddr::from(Ipv6Addr::LOCALHOST);
    let mut all = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    // Not every machine has IPv6.
    all.extend(StdSocket::bind((six, 0)).is_ok().then_some(six));
    all
}

#[test]
fn e25_5_what_leaves_carries_the_code_point_and_the_ecn_mark_that_were_asked_for() {
    let voice = Dscp::EXPEDITED_FORWARDING;
    for ip in loopbacks() {
        for (dscp, ecn, expected) in [
            (Dscp::DEFAULT, Ecn::NotCapable, 0),
            (Dscp::DEFAULT, Ecn::Capable1, 1),
            (Dscp::DEFAULT, Ecn::Capable0, 2),
            (voice, Ecn::NotCapable, 46 << 2),
            (voice, Ecn::Capable1, 46 << 2 | 1),
            (voice, Ecn::Capable0, 46 << 2 | 2),
        ] {
            let options = SocketOptions {
                dscp,
                ecn,
                ..SocketOptions::default()
            };
            // One that is bound to its address, and one that has to say from which it sends.
            let any = if ip.is_ipv4() {
                [0; 4].into()
            } else {
                [0_u16; 8].into()
            };
            for bound in [ip, any] {
                let mut sockets = open(SocketAddr::new(bound, 0), options);
                let peer = peer(ip);
                let local = SocketAddr::new(ip, sockets.all[0].bound.port());
                let route = Route::new(local, peer.local_addr().unwrap());
                sockets.send(&route, b"one by itself", EcnMark::NotCapable);
                sockets.flush();
                assert_eq!(
                    arrival(&peer),
                    (b"one by itself".to_vec(), expected),
                    "{bound} {dscp} {ecn:?}"
                );
                let run: [&[u8]; 3] = [b"three in one call", b"of the system and", b"the last"];
                run.iter()
                    .for_each(|datagram| sockets.send(&route, datagram, EcnMark::NotCapable));
                sockets.flush();
                for datagram in run {
                    assert_eq!(
                        arrival(&peer),
                        (datagram.to_vec(), expected),
                        "{bound} {dscp} {ecn:?}"
                    );
                }
                assert_eq!(sockets.statistics.sent.load(Relaxed), 4);
            }
        }
    }
}

#[test]
fn e17_4_each_datagram_leaves_with_the_mark_that_its_sender_wants() {
    for ip in loopbacks() {
        let options = SocketOptions {
            dscp: Dscp::EXPEDITED_FORWARDING,
            ..SocketOptions::default()
        };
        let mut sockets = open(SocketAddr::new(ip, 0), options);
        let receiver = open(SocketAddr::new(ip, 0), SocketOptions::default());
        let peer = peer(ip);
        let sent: [(&[u8; 4], EcnMark, u32); 6] = [
            (b"one.", EcnMark::Capable1, 1),
            (b"two.", EcnMark::Capable1, 1),
            (b"RTCP", EcnMark::NotCapable, 0),
            (b"more", EcnMark::NotCapable, 0),
            (b"four", EcnMark::Capable0, 2),
            (b"five", EcnMark::Capable1, 1),
        ];
        for to in [peer.local_addr().unwrap(), receiver.all[0].bound] {
            let route = Route::new(sockets.all[0].bound, to);
            for (datagram, mark, _) in sent {
                sockets.send(&route, datagram, mark);
            }
            sockets.flush();
        }
        for (datagram, _, ecn) in sent {
            assert_eq!(arrival(&peer), (datagram.to_vec(), 46 << 2 | ecn), "{ip}");
        }
        let expected = sent.map(|(_, mark, _)| mark);
        assert_eq!(
            marks(&receiver, sent.len()),
            expected,
            "{ip}: each is read as it was sent"
        );
    }
}

#[test]
fn e25_5_the_network_thread_marks_what_it_sends_as_it_was_told() {
    let peer = peer(Ipv4Addr::LOCALHOST.into());
    let handle = NetworkThread::start(NetworkOptions {
        media: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        advertised: Vec::new(),
        // It asks there for its own address: the first that it sends.
        stun_server: Some(peer.local_addr().unwrap()),
        sockets: SocketOptions {
            dscp: Dscp::EXPEDITED_FORWARDING,
            ..SocketOptions::default()
        },
        clock: Clock::new(),
    })
    .unwrap();
    let (request, class) = arrival(&peer);
    assert_eq!(request[..2], [0, 1], "a Binding request (RFC 8489 section 6)");
    assert_eq!(class, 46 << 2);
    handle.close();
}

#[test]
fn e25_5_a_run_that_the_system_refuses_leaves_datagram_by_datagram() {
    for ip in loopbacks() {
        let mut sockets = open(SocketAddr::new(ip, 0), SocketOptions::default());
        let peer = peer(ip);
        let route = Route::new(sockets.all[0].bound, peer.local_addr().unwrap());
        // Linux cuts a run into 128 at most, older kernels into 64.
        sockets.all[0].most_in_a_run = 150;
        for number in 0..150_u8 {
            sockets.send(&route, &[number; 20], EcnMark::NotCapable);
        }
        sockets.flush();
        for number in 0..150 {
            assert_eq!(arrival(&peer).0, [number; 20], "{ip}");
        }
        assert_eq!(sockets.all[0].most_in_a_run, 1, "it is not tried again");
        assert_eq!(sockets.statistics.sent.load(Relaxed), 150);
        assert_eq!(sockets.statistics.refused.load(Relaxed), 0);
    }
}

#[test]
fn e25_5_a_refusal_that_has_another_cause_leaves_runs_allowed() {
    let mut sockets = open(
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketOptions::default(),
    );
    let peer = peer(Ipv4Addr::LOCALHOST.into());
    let port = sockets.all[0].bound.port();
    let before = sockets.all[0].most_in_a_run;
    // An address of ours that is not ours any more.
    let gone = SocketAddr::from(([192, 0, 2, 9], port));
    let route = Route::new(gone, peer.local_addr().unwrap());
    for _ in 0..3 {
        sockets.send(&route, b"from nowhere", EcnMark::NotCapable);
    }
    sockets.flush();
    assert_eq!(sockets.statistics.refused.load(Relaxed), 3);
    assert_eq!(sockets.all[0].most_in_a_run, before);
}

#[test]
fn e25_5_a_mark_of_congestion_is_read() {
    for ip in loopbacks() {
        let sockets = open(SocketAddr::new(ip, 0), SocketOptions::default());
        let sender = RawSocket::from(StdSocket::bind((ip, 0)).unwrap());
        for class in [0, 1, 2, 3] {
            if ip.is_ipv4() {
                sender.set_tos_v4(class).unwrap();
            } else {
                sender.set_tclass_v6(class).unwrap();
            }
            sender
                .send_to(b"through a router", &sockets.all[0].bound.into())
                .unwrap();
        }
        let expected = [0, 1, 2, 3].map(EcnMark::from_bits);
        assert_eq!(marks(&sockets, 4), expected, "{ip}");
    }
}

#[test]
fn e25_5_buffers_are_as_large_as_was_asked_or_as_the_machine_lets_them_be() {
    // No machine's limit lies below this.
    let options = SocketOptions {
        receive_buffer: 65_536,
        send_buffer: 32_768,
        ..SocketOptions::default()
    };
    let sockets = open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options);
    assert_eq!(sockets.all[0].buffers().unwrap(), (65_536, 32_768));

    let limit = std::fs::read_to_string("/proc/sys/net/core/rmem_max").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let asked = SocketOptions::default().receive_buffer;
    let sockets = open(
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketOptions::default(),
    );
    let (granted, _) = sockets.all[0].buffers().unwrap();
    assert_eq!(granted, asked.min(limit));
}
