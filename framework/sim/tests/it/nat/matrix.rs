//! Who meets whom: every kind of gateway before either end, in both directions, with loss on the path.

use jackfield_core::units::TimeDelta;
use jackfield_sim::{LinkConfig, Nat, NatConfig};

use super::world::{By, Setup, World, ip};

/// What stands before an end.
const KINDS: [(&str, Option<NatConfig>); 7] = [
    ("nothing", None),
    ("full cone", Some(NatConfig::FULL_CONE)),
    ("address-restricted", Some(NatConfig::ADDRESS_RESTRICTED)),
    ("port-restricted", Some(NatConfig::PORT_RESTRICTED)),
    ("symmetric", Some(NatConfig::SYMMETRIC)),
    ("UDP blocked", Some(NatConfig::UDP_BLOCKED)),
    ("symmetric, by address", Some(BY_ADDRESS)),
];

/// Another port for every address, but not for every port of it.
const BY_ADDRESS: NatConfig = NatConfig {
    mapping: jackfield_sim::Mapping::AddressDependent,
    ..NatConfig::SYMMETRIC
};

/// Who meets whom, by the terms of RFC 4787 and the way in which ICE goes about it.
///
/// A check reaches the other end by the port that the STUN server saw. That port must be the one from which the other sends to us too, so its
/// mapping must be endpoint-independent (section 4.1), or there must be none. And its filter must let us in (section 5): an
/// endpoint-independent one does; an address-dependent one does once the other has sent to our address, by whichever port; one that also
/// depends on ports does only if the port that we send from is the one that the other was told of, so ours must be endpoint-independent as well.
/// One check that gets through in either direction is enough, since the answer and the check that it triggers go the way that it came
/// (RFC 8445 section 7.3.1.4). Whose address or port changes with the destination therefore meets those that look at addresses at most.
const MEETS: [[bool; 7]; 7] = [
    // nothing, full cone, address-, port-restricted, symmetric, blocked, symmetric by address
    [true, true, true, true, true, false, true],
    [true, true, true, true, true, false, true],
    [true, true, true, true, true, false, true],
    [true, true, true, true, false, false, false],
    [true, true, true, false, false, false, false],
    [false, false, false, false, false, false, false],
    [true, true, true, false, false, false, false],
];

/// A transport gives up after so long; the time that a call may take to connect is shorter by far.
const PATIENCE: TimeDelta = TimeDelta::seconds(12);

fn world(transports: [By; 2], kinds: [usize; 2], seed: u64) -> World {
    let mut hosts = ["203.0.113.11", "203.0.113.12"];
    let mut gateways = Vec::new();
    for (side, (inside, outside)) in [("10.0.0.2", "203.0.113.1"), ("10.0.1.2", "203.0.113.2")]
        .into_iter()
        .enumerate()
    {
        if let Some(config) = KINDS[kinds[side]].1 {
            hosts[side] = inside;
            gateways.push(Nat::new(config, ip(outside), [ip(inside)]));
        }
    }
    World::new(Setup {
        seed,
        patience: PATIENCE,
        link: LinkConfig {
            delay: TimeDelta::ms(10 + 20 * seed as i64),
            jitter: TimeDelta::ms(3),
            loss: 0.05,
            ..LinkConfig::PERFECT
        },
        ..Setup::new(transports, hosts, gateways)
    })
}

/// Lets everybody call everybody in the weather of each seed.
fn everybody_meets_whom_theory_says(transports: [By; 2], seeds: std::ops::Range<u64>) {
    let mut wrong = Vec::new();
    for (row, meets) in MEETS.iter().enumerate() {
        for (column, meets) in meets.iter().enumerate() {
            for seed in seeds.clone() {
                let names = format!(
                    "{} calls {}, {transports:?}, seed {seed}",
                    KINDS[row].0, KINDS[column].0
                );
                let mut world = world(transports, [row, column], seed);
                let verdict = if *meets {
                    connects(&mut world)
                } else {
                    fails_and_asks_for_a_relay(&mut world)
                };
                if let Err(why) = verdict {
                    wrong.push(format!("{names}: {why}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn connects(world: &mut World) -> Result<(), String> {
    // Both are connected, and a packet of each has come through DTLS and SRTP to the other.
    if world.connect(PATIENCE) {
        return Ok(());
    }
    Err(format!("should connect: {:?}", world.states()))
}

fn fails_and_asks_for_a_relay(world: &mut World) -> Result<(), String> {
    world.run_until(PATIENCE + TimeDelta::ms(500), World::has_failed);
    if !world.has_failed() {
        return Err(format!("should fail in time: {:?}", world.states()));
    }
    for side in [0, 1] {
        let why = world.path(side, "failure");
        if !why.contains("a relay is needed") || !why.contains("host") {
            return Err(format!("end {side} should ask for a relay: {why}"));
        }
    }
    Ok(())
}

#[test]
fn c2_1_e25_1_ice_dtls_meets_whom_theory_says() {
    everybody_meets_whom_theory_says([By::IceDtls; 2], 0..3);
}

#[test]
fn c2_1_webrtc_rs_meets_whom_theory_says() {
    everybody_meets_whom_theory_says([By::WebrtcRs; 2], 0..2);
}

#[test]
fn c2_1_ice_dtls_calls_webrtc_rs_wherever_theory_says() {
    everybody_meets_whom_theory_says([By::IceDtls, By::WebrtcRs], 0..1);
}

#[test]
fn c2_1_webrtc_rs_calls_ice_dtls_wherever_theory_says() {
    everybody_meets_whom_theory_says([By::WebrtcRs, By::IceDtls], 1..2);
}
