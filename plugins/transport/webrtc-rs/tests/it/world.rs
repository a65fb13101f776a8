//! What the stories have in common: calls between transports of either kind.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtcp, rtp};
use jackfield_transport_ice_dtls::IceDtls;
use jackfield_transport_webrtc_rs::WebrtcRs;

/// Which transport an end has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one under test.
    WebrtcRs,
    /// The default one.
    IceDtls,
}

/// Offerer and answerer: every pair with the one under test in it.
pub(crate) const PAIRS: [[Kind; 2]; 3] = [
    [Kind::WebrtcRs, Kind::WebrtcRs],
    [Kind::WebrtcRs, Kind::IceDtls],
    [Kind::IceDtls, Kind::WebrtcRs],
];

/// What the answerer can be in DTLS; the offerer is the other.
pub(crate) const ROLES: [DtlsRole; 2] = [DtlsRole::Server, DtlsRole::Client];

fn transport(kind: Kind, seed: u64) -> Box<dyn Transport> {
    let environment = Environment::seeded(seed);
    match kind {
        Kind::WebrtcRs => Box::new(WebrtcRs::create(&environment).unwrap()),
        Kind::IceDtls => Box::new(IceDtls::create(&environment).unwrap()),
    }
}

/// A call that has not begun.
pub(crate) fn call(kinds: [Kind; 2], role: DtlsRole, seed: u64) -> Call {
    let mut call = Call::new(
        transport(kinds[0], 2 * seed),
        transport(kinds[1], 2 * seed + 1),
        seed,
    );
    call.configs[1].role = role;
    call
}

/// A call that is connected.
pub(crate) fn connected(kinds: [Kind; 2], role: DtlsRole) -> Call {
    let mut call = call(kinds, role, 1);
    call.establish();
    connect(&mut call, TimeDelta::seconds(5));
    call
}

pub(crate) fn connect(call: &mut Call, limit: TimeDelta) {
    assert!(
        call.connect(limit),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
}

/// Both ends send RTP every 20 ms for `time`, and RTCP at the end; returns how much was lost on the way to each. What arrives is what
/// was sent.
pub(crate) fn talk(call: &mut Call, first: u16, time: TimeDelta) -> [usize; 2] {
    for end in &mut call.ends {
        end.packets.clear();
    }
    let mut sent = [Vec::new(), Vec::new()];
    for sequence in 0..(time.as_ms() / 20) as u16 {
        for end in 0..2 {
            let packet = rtp(end as u32, first.wrapping_add(sequence));
            call.send(end, PacketKind::Rtp, &packet).expect("connected");
            sent[1 - end].push(packet);
        }
        call.run_for(TimeDelta::ms(20));
    }
    for end in 0..2 {
        call.send(end, PacketKind::Rtcp, &rtcp(end as u32))
            .expect("connected");
        sent[1 - end].push(rtcp(end as u32));
    }
    call.run_for(TimeDelta::ms(100));
    [0, 1].map(|end| {
        let mut lost = sent[end].len();
        for (_, _, packet) in &call.ends[end].packets {
            assert!(sent[end].contains(packet), "not what was sent");
            lost -= 1;
        }
        lost
    })
}

/// A statistic of an end that has the transport under test.
pub(crate) fn statistic(call: &mut Call, end: usize, name: &str) -> f64 {
    let mut values = [0.0; 32];
    call.ends[end].transport.stats(&mut values).unwrap();
    let index = WebrtcRs::STATISTICS
        .iter()
        .position(|statistic| statistic.name == name)
        .unwrap();
    values[index]
}
