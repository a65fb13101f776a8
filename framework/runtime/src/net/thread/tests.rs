//! The network thread on a machine whose interfaces change.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Instant;

use super::*;
use crate::net::SocketOptions;

#[test]
fn e25_6_what_an_interface_brings_is_offered_while_the_thread_runs() {
    let addresses = Arc::new(Mutex::new(vec![IpAddr::from([192, 0, 2, 7])]));
    let machine = Arc::clone(&addresses);
    let handle = start_on(
        NetworkOptions {
            media: vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))],
            advertised: Vec::new(),
            stun_server: None,
            sockets: SocketOptions::default(),
            clock: Clock::new(),
        },
        Box::new(move || Ok(machine.lock().unwrap().clone())),
    )
    .unwrap();
    let offered = |ip: &str| handle.candidates().iter().any(|candidate| candidate.contains(ip));
    assert!(offered(" 192.0.2.7 ") && !offered(" 198.51.100.7 "));

    addresses.lock().unwrap().push(IpAddr::from([198, 51, 100, 7]));
    let deadline = Instant::now() + Duration::from_secs(20);
    while !offered(" 198.51.100.7 ") {
        assert!(Instant::now() < deadline, "{:?}", handle.candidates());
        std::thread::park_timeout(Duration::from_millis(20));
    }
    assert!(offered(" 192.0.2.7 "), "what was there is still there");
    handle.close();
}
