//! What a congestion controller has decided, and the probes that it asks for.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{CongestionAdvice, CongestionUpdate, ProbeCluster, ProbeSink};
use jackfield_core::pacer::PacerConfig;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// More probes than this are never asked for at a time.
const PROBES: usize = 8;

/// What holds until the controller decides otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Decided {
    pub(crate) target: DataRate,
    pacing: DataRate,
    padding: DataRate,
    pub(crate) estimate: DataRate,
    pub(crate) feedback_interval: TimeDelta,
    /// Packets are to leave as ECT(1).
    pub(crate) ecn: bool,
    pub(super) window: DataSize,
    /// What the pacing rate allows in so long may leave at once; zero for the pacer's own choice.
    pacing_window: TimeDelta,
    /// How far the packets of a probe are apart; zero for the pacer's own choice.
    probe_distance: TimeDelta,
    /// By this share the encoders stay below the target for now.
    reduction: f32,
}

/// At which rates packets may leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PacerRates {
    pub(crate) pacing: DataRate,
    pub(crate) padding: DataRate,
}

impl Decided {
    /// Zero means: as before.
    pub(super) fn take(&mut self, update: &CongestionUpdate) {
        let keep = |new: DataRate, old: DataRate| if new == DataRate::ZERO { old } else { new };
        self.target = keep(update.target, self.target);
        self.pacing = keep(update.pacing, self.pacing);
        self.padding = keep(update.padding, self.padding);
        self.estimate = keep(update.estimate, self.estimate);
        self.ecn |= update.ecn == 1;
        if update.window > DataSize::ZERO {
            self.window = update.window;
        }
        if update.feedback_interval > TimeDelta::ZERO {
            self.feedback_interval = update.feedback_interval;
        }
    }

    /// Zero means: nothing special.
    pub(super) fn heed(&mut self, advice: &CongestionAdvice) {
        self.pacing_window = advice.pacing_window.max(TimeDelta::ZERO);
        self.probe_distance = advice.probe_distance.max(TimeDelta::ZERO);
        // What is no number reduces nothing.
        self.reduction = if advice.reduction > 0.0 {
            advice.reduction.min(1.0)
        } else {
            0.0
        };
    }

    /// At which rates packets may leave.
    pub(crate) fn pacer_rates(&self) -> PacerRates {
        PacerRates {
            pacing: self.pacing,
            padding: self.padding,
        }
    }

    /// What of it the pacer is set up with.
    pub(crate) fn pacer_config(&self) -> PacerConfig {
        PacerConfig {
            window: self.pacing_window,
            probe_distance: self.probe_distance,
            ..PacerConfig::DEFAULT
        }
    }

    /// What the encoders of all streams together may make.
    pub(crate) fn media_rate(&self) -> DataRate {
        self.target * (1.0 - f64::from(self.reduction))
    }
}

/// Keeps the probes that were asked for until they are taken.
pub(super) struct Probes(Vec<ProbeCluster>);

impl Probes {
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(PROBES))
    }

    /// The one that was asked for first.
    pub(super) fn take_next(&mut self) -> Option<ProbeCluster> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

impl ProbeSink for Probes {
    /// One for which there is no room is left out, as if nothing had come back from it.
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        if self.0.len() < PROBES {
            self.0.push(*cluster);
        }
        Ok(())
    }
}

/// Whoever's decisions do not count sends no probes.
pub(super) struct NoProbes;

impl ProbeSink for NoProbes {
    fn probe(&mut self, _cluster: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}
