//! What the stories have in common: calls between two of these transports.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::{Call, rtp};
use jackfield_transport_ice_dtls::{IceDtls, IceDtlsParameters};

/// How a set of parameters differs from the defaults.
pub(crate) type Setting = fn(&mut IceDtlsParameters);

/// The defaults.
pub(crate) const DEFAULT: Setting = |_| {};
/// DTLS 1.2, whatever the other end could.
pub(crate) const LEGACY: Setting = |parameters| {
    parameters.dtls_client = 2;
    parameters.dtls_server = 1;
};

/// One transport.
pub(crate) fn transport(seed: u64, setting: Setting) -> Box<dyn Transport> {
    let mut transport = IceDtls::create(&Environment::seeded(seed)).unwrap();
    setting(transport.parameters());
    Box::new(transport)
}

/// Who speaks first in DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Offerer,
    Answerer,
}

/// A call that has not begun.
pub(crate) fn call(seed: u64, client: Client, settings: [Setting; 2]) -> Call {
    let mut call = Call::new(
        transport(2 * seed, settings[0]),
        transport(2 * seed + 1, settings[1]),
        seed,
    );
    if client == Client::Answerer {
        call.configs[1].role = DtlsRole::Client;
    }
    call
}

/// A call that is connected.
pub(crate) fn connected(seed: u64, client: Client, settings: [Setting; 2]) -> Call {
    let mut call = call(seed, client, settings);
    call.establish();
    assert!(
        call.connect(TimeDelta::seconds(5)),
        "{:?} {:?}",
        call.ends[0].states,
        call.ends[1].states
    );
    call
}

/// A statistic by name.
pub(crate) fn statistic(call: &mut Call, end: usize, name: &str) -> f64 {
    let mut values = [0.0; 32];
    call.ends[end].transport.stats(&mut values).unwrap();
    let index = IceDtls::STATISTICS
        .iter()
        .position(|statistic| statistic.name == name)
        .unwrap();
    values[index]
}

/// What a conversation was like at each end.
#[derive(Debug)]
pub(crate) struct Heard {
    /// How many packets of the other end's did not come.
    pub(crate) lost: usize,
    /// The longest time without any.
    pub(crate) gap: TimeDelta,
}

/// Both ends send a packet every 20 ms for `time`; `first` numbers the first packet.
pub(crate) fn talk(call: &mut Call, first: u16, time: TimeDelta) -> [Heard; 2] {
    let count = (time.as_ms() / 20) as u16;
    let begin = call.now;
    for end in &mut call.ends {
        end.packets.clear();
    }
    for sequence in 0..count {
        for end in 0..2 {
            call.send(
                end,
                PacketKind::Rtp,
                &rtp(end as u32, first.wrapping_add(sequence)),
            )
            .expect("connected");
        }
        call.run_for(TimeDelta::ms(20));
    }
    call.run_for(TimeDelta::ms(100));
    [0, 1].map(|end| {
        let mut last = begin;
        let mut gap = TimeDelta::ZERO;
        for at in call.ends[end]
            .packets
            .iter()
            .map(|(at, _, _)| *at)
            .chain([begin + time])
        {
            gap = gap.max(at.since(last));
            last = at;
        }
        Heard {
            lost: usize::from(count) - call.ends[end].packets.len(),
            gap,
        }
    })
}
