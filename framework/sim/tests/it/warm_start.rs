//! A swap of the congestion controller in the middle of a run: any one after any other goes on where its predecessor was.

use jackfield_congestion_bbr::Bbr;
use jackfield_congestion_fixed::Fixed;
use jackfield_congestion_gcc::Gcc;
use jackfield_congestion_nada::Nada;
use jackfield_congestion_oracle::Oracle;
use jackfield_congestion_scream::Scream;
use jackfield_core::congestion_controller::{
    CongestionAdvice, CongestionController, CongestionEvent, CongestionHandover, CongestionUpdate,
    PacketFeedback, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::environment::Environment;
use jackfield_core::module::{Latency, Module, Plugin, ResetReason};
use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_core::{Fault, FaultCode};
use jackfield_pacing_leaky_bucket::LeakyBucket;
use jackfield_sim::Source;
use jackfield_sim::light::{self, FlowModules};
use jackfield_sim::scenario::FlowSpec;

use crate::bbr::scenario;
use crate::watch::Watch;

/// When the newcomer begins to listen, and when it comes in (`CONGESTION_CONTROLLER_SWAP`).
const SHADOW: Timestamp = Timestamp::from_ms(29_700);
const SWAP: Timestamp = Timestamp::from_ms(30_000);

/// Makes a controller of one kind.
type Make = fn(u64) -> Result<Box<dyn CongestionController>, Fault>;

fn make<T: Plugin + CongestionController>(seed: u64) -> Result<Box<dyn CongestionController>, Fault> {
    Ok(Box::new(T::create(&Environment::seeded(seed))?))
}

/// Holds nearly what the link bears: what it is set to is the affair of whoever swaps it in.
fn fixed(seed: u64) -> Result<Box<dyn CongestionController>, Fault> {
    let mut fixed = Fixed::create(&Environment::seeded(seed))?;
    fixed.parameters().rate = 900.0;
    Ok(Box::new(fixed))
}

const ALL: [(&str, Make); 6] = [
    ("fixed", fixed),
    ("oracle", make::<Oracle>),
    ("bbr", make::<Bbr>),
    ("gcc", make::<Gcc>),
    ("scream", make::<Scream>),
    ("nada", make::<Nada>),
];

/// Two controllers, of which the second takes over from the first as in a live swap: it listens for a while, is told what its predecessor
/// believes, and from then on is the one that counts.
struct Swap {
    old: Box<dyn CongestionController>,
    young: Box<dyn CongestionController>,
    bounds: Option<RateConstraints>,
    listens: bool,
    swapped: bool,
}

/// What a controller in the shadow wants probed is not probed.
struct Nobody;

impl ProbeSink for Nobody {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

impl Swap {
    fn present(&mut self) -> &mut dyn CongestionController {
        if self.swapped {
            &mut *self.young
        } else {
            &mut *self.old
        }
    }
}

impl CongestionController for Swap {
    fn activate(&mut self, now: Timestamp, constraints: &RateConstraints) -> Result<(), Fault> {
        self.bounds = Some(*constraints);
        self.old.activate(now, constraints)
    }

    fn on_event(
        &mut self,
        now: Timestamp,
        event: &CongestionEvent,
        packets: &[PacketFeedback],
        probes: &mut dyn ProbeSink,
    ) -> Result<CongestionUpdate, Fault> {
        let bounds = self.bounds.ok_or_else(|| Fault::state("activate it first"))?;
        if now >= SHADOW && !self.listens {
            self.young.activate(now, &bounds)?;
            self.listens = true;
        }
        if now >= SWAP && !self.swapped {
            let state = self.old.hand_over(now)?;
            self.young.take_over(now, &state)?;
            self.swapped = true;
        }
        if self.listens && !self.swapped {
            self.young.on_event(now, event, packets, &mut Nobody)?;
        }
        self.present().on_event(now, event, packets, probes)
    }

    fn process_interval(&mut self) -> Result<TimeDelta, Fault> {
        // Both must be content with it.
        Ok(TimeDelta::ms(25))
    }

    fn hand_over(&mut self, now: Timestamp) -> Result<CongestionHandover, Fault> {
        self.present().hand_over(now)
    }

    fn take_over(&mut self, now: Timestamp, state: &CongestionHandover) -> Result<(), Fault> {
        self.present().take_over(now, state)
    }

    fn advice(&mut self, now: Timestamp) -> Result<CongestionAdvice, Fault> {
        self.present().advice(now)
    }
}

impl Module for Swap {
    fn set_parameter(&mut self, index: u32, value: f64) -> Result<(), Fault> {
        self.present().set_parameter(index, value)
    }
    fn parameter(&mut self, index: u32) -> Result<f64, Fault> {
        self.present().parameter(index)
    }
    fn latency(&mut self) -> Result<Latency, Fault> {
        self.present().latency()
    }
    fn stats(&mut self, values: &mut [f64]) -> Result<u32, Fault> {
        self.present().stats(values)
    }
    fn reset(&mut self, reason: ResetReason) -> Result<(), Fault> {
        self.present().reset(reason)
    }
}

/// Runs a swap on a link of 1 Mbit/s that both know how to fill.
fn swap(old: Make, young: Make, knows_truth: bool, seed: u64) -> Watch {
    let scenario = scenario(
        45,
        "rate = \"1 Mbit/s\"\ndelay = \"50 ms\"\nqueue = \"300 ms\"",
        &["call"],
        "",
    );
    let mut modules = |_: usize, _: &FlowSpec, seed: u64| {
        Ok(FlowModules {
            controller: Box::new(Swap {
                old: old(seed)?,
                young: young(seed + 1)?,
                bounds: None,
                listens: false,
                swapped: false,
            }),
            pacer: Box::new(LeakyBucket::create(&Environment::seeded(seed))?),
            knows_truth,
        })
    };
    let mut watch = Watch::default();
    let summary = light::run(&scenario, seed, &mut modules, &mut watch).expect("a run");
    assert_eq!(
        summary.flows[0].controller_fault.as_ref().map(Fault::code),
        None::<FaultCode>
    );
    watch
}

#[test]
fn e17_6_any_controller_goes_on_where_any_other_was() {
    let mut wrong = Vec::new();
    for (old_name, old) in ALL {
        for (young_name, young) in ALL {
            let knows = [old_name, young_name].contains(&"oracle");
            for seed in 0..3 {
                let watch = swap(old, young, knows, seed);
                let before = watch.target(0, 30_000);
                // Before the path can have said anything new of what the newcomer does: a round trip and a feedback later it may.
                for (at, target) in watch.targets(0, 30_000, 30_200) {
                    let jump = target / before;
                    if !(0.8..=1.2).contains(&jump) {
                        wrong.push(format!(
                            "{old_name} to {young_name}, seed {seed}: {target:?} at {at} ms after {before:?}"
                        ));
                        break;
                    }
                }
                let after = watch.rate(Source::Flow(0), 31_000, 45_000);
                if after < 600.0 {
                    wrong.push(format!(
                        "{old_name} to {young_name}, seed {seed}: {after:.0} kbit/s afterwards"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
