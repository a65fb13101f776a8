//! Any datagrams, genuine ones with changes and any candidates for either end of a call, at any stage of it, over each transport: none is a fault,
//! and nothing is let in.
#![no_main]

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::Call;
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_loopback::Loopback;
use jackfield_transport_webrtc_rs::WebrtcRs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, Vec<(u8, u8, Vec<u8>)>)| {
    let (which, stage, datagrams) = input;
    let secure = which % 4 != 0;
    let mut call = match which % 4 {
        0 => begin::<Loopback>(),
        1 | 2 => begin::<IceDtls>(),
        _ => begin::<WebrtcRs>(),
    };
    call.run_for(TimeDelta::ms(i64::from(stage)));
    let before = call.ends.each_ref().map(|end| end.packets.len());
    for (how, place, bytes) in datagrams.iter().take(40) {
        let end = usize::from(how & 1);
        if how & 2 == 0 {
            let route = call.route_to(end);
            let sent = &call.ends[1 - end].sent;
            let datagram = if how & 4 == 0 || sent.is_empty() {
                bytes.clone()
            } else {
                changed(&sent[usize::from(*place) % sent.len()].2, bytes)
            };
            call.hand(end, &route, &datagram).expect("a datagram is no fault");
        } else if let Ok(text) = std::str::from_utf8(bytes) {
            let now = call.now;
            if let Err(fault) = call.ends[end].transport.add_remote_candidate(now, text) {
                assert!(!fault.text().is_empty());
            }
        }
    }
    call.run_for(TimeDelta::ms(20));
    if secure {
        let after = call.ends.each_ref().map(|end| end.packets.len());
        assert_eq!(before, after, "nobody guesses a key");
    }
});

fn begin<T: Plugin + Transport + 'static>() -> Call {
    let transport = |seed| -> Box<dyn Transport> {
        Box::new(T::create(&Environment::seeded(seed)).expect("it needs nothing"))
    };
    let mut call = Call::new(transport(1), transport(2), 1);
    call.establish();
    call
}

/// A genuine datagram, in which each pair of bytes names a place and what is turned over there; an odd byte at the end cuts it.
fn changed(genuine: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut datagram = genuine.to_vec();
    let (pairs, rest) = changes.as_chunks::<2>();
    for [place, change] in pairs {
        // Most of what decides stands in front.
        if let Some(byte) = datagram.get_mut(usize::from(*place)) {
            *byte ^= change;
        }
    }
    if let [length] = rest {
        datagram.truncate(usize::from(*length));
    }
    datagram
}
