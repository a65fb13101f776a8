//! A course over time, in steps of equal length, for tables and plots. Where nothing is known a value is not a number.

use jackfield_core::congestion_controller::{CongestionEventKind, CongestionUpdate, PacketFeedback};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

use crate::log::What;
use crate::replay::Course;

/// The steps of a timeline. It has no more than so many of them, however far apart the times of a log are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    begin: Timestamp,
    step: TimeDelta,
    steps: usize,
}

/// The most steps of a timeline.
pub const MOST_STEPS: usize = 1 << 20;

impl Grid {
    /// From the beginning of a course to its end. The step becomes longer if there would be too many of them, and is 1 ms at least.
    pub fn over(course: &Course<'_>, step: TimeDelta) -> Self {
        Self::between(course.span(), step)
    }

    /// From a beginning to an end, in the same way.
    pub fn between((begin, end): (Timestamp, Timestamp), step: TimeDelta) -> Self {
        let length = end.since(begin).as_us();
        let step = step.as_us().max(1_000).max(length / (MOST_STEPS as i64 - 1) + 1);
        Self {
            begin,
            step: TimeDelta::us(step),
            steps: (length / step) as usize + 1,
        }
    }

    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The length of a step in seconds.
    pub fn step_seconds(&self) -> f64 {
        self.step.as_seconds_f64()
    }

    /// In which step a time lies.
    pub(crate) fn index(&self, at: Timestamp) -> usize {
        ((at.since(self.begin).as_us() / self.step.as_us()) as usize).min(self.steps - 1)
    }

    /// Seconds from the beginning to a time.
    pub fn seconds(&self, at: Timestamp) -> f64 {
        at.since(self.begin).as_seconds_f64()
    }
}

/// What held at the end of each step, in kbit/s.
#[derive(Clone, Debug, PartialEq)]
pub struct Decisions {
    /// The rate for all media together.
    pub target: Vec<f64>,
    /// The rate at which packets may leave.
    pub pacing: Vec<f64>,
    /// The estimate of what the path bears.
    pub estimate: Vec<f64>,
}

impl Decisions {
    /// From updates in the order of time. Zero in an update means: as before.
    pub fn over(grid: &Grid, updates: impl Iterator<Item = (Timestamp, CongestionUpdate)>) -> Self {
        let mut decisions = Self {
            target: vec![f64::NAN; grid.steps],
            pacing: vec![f64::NAN; grid.steps],
            estimate: vec![f64::NAN; grid.steps],
        };
        for (at, update) in updates {
            let index = grid.index(at);
            for (series, rate) in [
                (&mut decisions.target, update.target),
                (&mut decisions.pacing, update.pacing),
                (&mut decisions.estimate, update.estimate),
            ] {
                if rate > DataRate::ZERO && rate < DataRate::INFINITE {
                    series[index] = rate.as_kbps_f64();
                }
            }
        }
        for series in [
            &mut decisions.target,
            &mut decisions.pacing,
            &mut decisions.estimate,
        ] {
            hold(series);
        }
        decisions
    }
}

/// What the path did.
#[derive(Clone, Debug, PartialEq)]
pub struct PathTimeline {
    /// What left, in kbit/s.
    pub sent: Vec<f64>,
    /// What feedback in the step said has come, in kbit/s.
    pub acknowledged: Vec<f64>,
    /// The share of the packets that feedback in the step told of, or of the receiver's report, that are lost: 0 to 1.
    pub loss: Vec<f64>,
    /// The last round-trip time within the step: measured by reports, or from a packet's leaving to the feedback on it. In ms.
    pub round_trip: Vec<f64>,
    /// When probes were asked for, in seconds, and at which rate in kbit/s.
    pub probes: Vec<(f64, f64)>,
}

impl PathTimeline {
    /// Of a course.
    pub fn over(grid: &Grid, course: &Course<'_>) -> Self {
        let mut path = Self {
            sent: vec![0.0; grid.steps],
            acknowledged: vec![0.0; grid.steps],
            loss: vec![f64::NAN; grid.steps],
            round_trip: vec![f64::NAN; grid.steps],
            probes: Vec::new(),
        };
        let mut told_of = vec![(0_u64, 0_u64); grid.steps];
        for (_, step) in course.steps() {
            let What::Told(told) = &step.what else { continue };
            let (at, index, event) = (step.at, grid.index(step.at), &told.event);
            let kbit = |size: DataSize| size.as_bits() as f64 / 1e3 / grid.step_seconds();
            match event.kind {
                CongestionEventKind::SentPacket => {
                    path.sent[index] += kbit(event.size) + kbit(event.untracked);
                }
                CongestionEventKind::PacketFeedback => {
                    let came = told.packets.iter().filter(|packet| !packet.received.is_never());
                    path.acknowledged[index] += came.map(|packet| kbit(packet.size)).sum::<f64>();
                    let lost = told.packets.iter().filter(|packet| packet.received.is_never());
                    told_of[index].0 += lost.count() as u64;
                    told_of[index].1 += told.packets.len() as u64;
                    if let Some(round_trip) = round_trip(at, &told.packets) {
                        path.round_trip[index] = round_trip.as_ms_f64();
                    }
                }
                CongestionEventKind::TransportLoss => {
                    told_of[index].0 += u64::from(event.lost);
                    told_of[index].1 += u64::from(event.lost) + u64::from(event.received);
                }
                CongestionEventKind::RoundTripTime => path.round_trip[index] = event.time.as_ms_f64(),
                _ => {}
            }
            let asked = told.probes.iter();
            path.probes
                .extend(asked.map(|probe| (grid.seconds(at), probe.rate.as_kbps_f64())));
        }
        for (loss, (lost, all)) in path.loss.iter_mut().zip(told_of) {
            if all > 0 {
                *loss = lost as f64 / all as f64;
            }
        }
        path
    }
}

/// From the leaving of the packet that came last to the feedback on it, without the time that the other end held the feedback if it tells.
fn round_trip(at: Timestamp, packets: &[PacketFeedback]) -> Option<TimeDelta> {
    let came = packets.iter().filter(|packet| !packet.received.is_never());
    let newest = came.max_by_key(|packet| packet.received)?;
    let held = newest.arrival_offset.as_us().max(0);
    Some(TimeDelta::us((at.since(newest.sent).as_us() - held).max(0)))
}

/// Where nothing is known holds what was known before.
pub(crate) fn hold(series: &mut [f64]) {
    let mut held = f64::NAN;
    for value in series {
        if value.is_nan() {
            *value = held;
        }
        held = *value;
    }
}
