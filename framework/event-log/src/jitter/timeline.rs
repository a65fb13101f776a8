//! What was heard of a stream, as numbers: in all, and over time. Where nothing is known a value is not a number.

use jackfield_core::jitter_buffer::Operation;
use jackfield_core::units::TimeDelta;

use super::{Listening, Loss};
use crate::timeline::{Grid, hold};

/// What was heard, in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How long was played, in seconds.
    pub seconds: f64,
    /// Packets that were played.
    pub packets: u64,
    /// How long a packet waited on average, in ms.
    pub delay_ms: f64,
    /// How long 95 of 100 packets waited at most, in ms.
    pub delay_95_ms: f64,
    /// The share of the time that was made up: 0 to 1, as those below.
    pub concealed: f64,
    /// The share that was recovered from redundancy.
    pub recovered: f64,
    /// What the time stretcher took out.
    pub accelerated: f64,
    /// What the time stretcher put in.
    pub expanded: f64,
    /// The share that was silence or comfort noise.
    pub paused: f64,
    /// Packets that came too late.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets that waited and were thrown away.
    pub let_go: u64,
}

impl Summary {
    /// Of what was heard.
    pub fn of(listening: &Listening) -> Self {
        let seconds = |time: TimeDelta| time.as_seconds_f64();
        let all: f64 = listening.played.iter().map(|one| seconds(one.lasted)).sum();
        // A sum of nothing is a negative zero.
        let share = |time: f64| if time > 0.0 { time / all } else { 0.0 };
        let of = |wanted: &[Operation]| {
            let those = listening.played.iter();
            let those = those.filter(|one| wanted.contains(&one.operation));
            share(those.map(|one| seconds(one.lasted)).sum())
        };
        let stretched = |sign: f64| {
            let those = listening.played.iter().map(|one| sign * seconds(one.stretched));
            share(those.filter(|time| *time > 0.0).sum())
        };
        let lost = |wanted| listening.lost.iter().filter(|(_, loss)| *loss == wanted).count() as u64;
        let mut waits: Vec<f64> = listening
            .played
            .iter()
            .filter_map(|one| Some(one.waited?.as_ms_f64()))
            .collect();
        waits.sort_by(f64::total_cmp);
        let at = |share: f64| waits.get(((waits.len() as f64 * share) as usize).min(waits.len().max(1) - 1));
        Self {
            seconds: all,
            packets: waits.len() as u64,
            delay_ms: waits.iter().sum::<f64>() / waits.len() as f64,
            delay_95_ms: at(0.95).copied().unwrap_or(f64::NAN),
            concealed: of(&[Operation::Conceal]),
            recovered: of(&[Operation::Recover]),
            accelerated: stretched(-1.0),
            expanded: stretched(1.0),
            paused: of(&[Operation::Silence, Operation::ComfortNoise]),
            late: lost(Loss::Late),
            duplicate: lost(Loss::Duplicate),
            let_go: lost(Loss::LetGo),
        }
    }
}

/// What was heard, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// How long the packets of the step waited on average, in ms.
    pub delay: Vec<f64>,
    /// The delay that was aimed for, in ms.
    pub target: Vec<f64>,
    /// The share of the step that was made up: 0 to 1.
    pub concealed: Vec<f64>,
    /// What the time stretcher took out of the step: a share of it.
    pub accelerated: Vec<f64>,
    /// What the time stretcher put into the step: a share of it.
    pub expanded: Vec<f64>,
    /// Packets that came too late in the step, or were thrown away in it.
    pub lost: Vec<f64>,
}

impl Heard {
    /// Of what was heard.
    pub fn over(grid: &Grid, listening: &Listening) -> Self {
        let steps = grid.steps();
        let mut heard = Self {
            delay: vec![f64::NAN; steps],
            target: vec![f64::NAN; steps],
            concealed: vec![0.0; steps],
            accelerated: vec![0.0; steps],
            expanded: vec![0.0; steps],
            lost: vec![0.0; steps],
        };
        let mut waits = vec![(0.0, 0_u64); steps];
        for one in &listening.played {
            let at = grid.index(one.at);
            let share = |time: TimeDelta| time.as_seconds_f64() / grid.step_seconds();
            if one.operation == Operation::Conceal {
                heard.concealed[at] += share(one.lasted);
            }
            if one.stretched < TimeDelta::ZERO {
                heard.accelerated[at] -= share(one.stretched);
            } else {
                heard.expanded[at] += share(one.stretched);
            }
            if let Some(waited) = one.waited {
                waits[at].0 += waited.as_ms_f64();
                waits[at].1 += 1;
            }
        }
        for (delay, (sum, count)) in heard.delay.iter_mut().zip(waits) {
            if count > 0 {
                *delay = sum / count as f64;
            }
        }
        for (at, target) in &listening.targets {
            heard.target[grid.index(*at)] = target.as_ms_f64();
        }
        hold(&mut heard.target);
        for (at, loss) in &listening.lost {
            if *loss != Loss::Duplicate {
                heard.lost[grid.index(*at)] += 1.0;
            }
        }
        heard
    }
}
