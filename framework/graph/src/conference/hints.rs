//! What the network domain says of the paths to the participants, and who encodes what for whom because of it.

use jackfield_core::audio_codec::NetworkHint;
use jackfield_core::units::{DataRate, TimeDelta};

use super::Conference;
use crate::send::Encoder;
use crate::strip::{Encoding, Output, Strip};

/// More than any encoder makes.
const UNLIMITED: DataRate = DataRate::kbps(1_000_000);
/// Nobody has said what it is like.
const UNKNOWN_PATH: NetworkHint = NetworkHint::new(DataRate::ZERO, 0.0, 0.0, TimeDelta::ZERO);

/// A path is narrow if it bears less than this share of what all who hear the same are sent, and wide again above the second.
const NARROW: f64 = 0.95;
const WIDE: f64 = 1.1;

impl Conference {
    /// Takes the hints that have come: encoders of a participant's own follow its path; one that many share takes the worst losses among them, and
    /// nobody's rate, for whoever's path is narrower hears a mix of its own. \[audio\]
    pub(super) fn heed_hints(&mut self) {
        let mut heeded = false;
        while let Ok(told) = self.ports.hints.pop() {
            let strip = self.strips.iter_mut().find(|strip| strip.id == told.participant);
            if let Some(Output::Encoded(encoding)) = strip.map(|strip| &mut strip.output) {
                encoding.hint = Some(told.hint);
                encoding.heed();
                heeded = true;
            }
        }
        if heeded {
            self.tell_shared();
        }
    }

    fn tell_shared(&mut self) {
        for shared in &mut self.shared {
            if let Some(hint) = worst(&self.strips, shared.codec) {
                tell(&mut shared.encoder, hint, bounded(DataRate::ZERO, shared.most));
            }
        }
    }

    /// Resources have agreed on another limit. \[audio\]
    pub(super) fn limit(&mut self, participant: Option<u32>, most: DataRate) {
        let Some(participant) = participant else {
            self.most = most;
            return;
        };
        let strip = self.strips.iter_mut().find(|strip| strip.id == participant);
        if let Some(Output::Encoded(encoding)) = strip.map(|strip| &mut strip.output) {
            encoding.own_most = most;
        }
    }

    /// Tells the limits to encoders that do not know them: they are new, or the limits are. \[audio\]
    pub(super) fn keep_limits(&mut self) {
        for strip in &mut self.strips {
            if let Output::Encoded(encoding) = &mut strip.output {
                let most = self.most.min(encoding.own_most);
                if most != encoding.most {
                    encoding.most = most;
                    let hint = encoding.hint.unwrap_or(UNKNOWN_PATH);
                    tell(&mut encoding.encoder, hint, released(hint.target).min(most));
                }
            }
        }
        for shared in &mut self.shared {
            if shared.most != self.most {
                shared.most = self.most;
                let hint = worst(&self.strips, shared.codec).unwrap_or(UNKNOWN_PATH);
                tell(&mut shared.encoder, hint, UNLIMITED.min(self.most));
            }
        }
    }

    /// Looks whose path is too narrow for what all who hear the same are sent. \[audio\]
    pub(super) fn note_narrow_paths(&mut self) {
        for strip in &mut self.strips {
            let Output::Encoded(encoding) = &mut strip.output else {
                continue;
            };
            let shared = self.shared.iter().find(|shared| shared.codec == encoding.codec);
            let appetite = shared.map_or(DataRate::ZERO, |shared| shared.appetite.rate());
            encoding.is_narrow = encoding.is_narrow_for(appetite);
        }
    }
}

impl Encoding {
    /// Tells the participant's own encoder what its path is like.
    pub(crate) fn heed(&mut self) {
        if self.hint.is_some() || self.most < DataRate::INFINITE {
            let hint = self.hint.unwrap_or(UNKNOWN_PATH);
            tell(&mut self.encoder, hint, bounded(hint.target, self.most));
        }
    }

    fn is_narrow_for(&mut self, appetite: DataRate) -> bool {
        let target = self.hint.map_or(DataRate::ZERO, |hint| hint.target);
        // A limit for this participant alone is kept by an encoder of its own.
        let target = bounded(target, self.own_most);
        if target == DataRate::ZERO || appetite == DataRate::ZERO {
            return false;
        }
        let bound = if self.is_narrow { WIDE } else { NARROW };
        target < appetite * bound && self.follows()
    }

    /// Whether its encoder can take less: one of a constant rate is not worth encoding twice for.
    fn follows(&mut self) -> bool {
        match self.encoder.encoder().limits() {
            Ok(limits) => limits.maximum == DataRate::ZERO || limits.minimum < limits.maximum,
            // One that does not answer follows if it did before.
            Err(_) => self.is_narrow,
        }
    }
}

/// Tells an encoder what its path is like, and what it may make: zero says nothing of that.
fn tell(encoder: &mut Encoder, hint: NetworkHint, target: DataRate) {
    encoder.network(&NetworkHint { target, ..hint });
}

/// The target of a path that is known, or not, when resources allow at most this.
fn bounded(target: DataRate, most: DataRate) -> DataRate {
    if most < DataRate::INFINITE {
        released(target).min(most)
    } else {
        target
    }
}

/// A target that takes an earlier one back where there is none now.
fn released(target: DataRate) -> DataRate {
    if target > DataRate::ZERO {
        target
    } else {
        UNLIMITED
    }
}

/// The worst of the paths to those who share the encoder of this codec, whatever rates they bear.
fn worst(strips: &[Box<Strip>], codec: u32) -> Option<NetworkHint> {
    let hints = strips.iter().filter_map(|strip| match &strip.output {
        Output::Encoded(encoding) if encoding.codec == codec && !encoding.own => encoding.hint,
        _ => None,
    });
    let worst = hints.reduce(worse)?;
    Some(NetworkHint {
        bandwidth: DataRate::ZERO,
        ..worst
    })
}

/// What an encoder for two must reckon with.
fn worse(a: NetworkHint, b: NetworkHint) -> NetworkHint {
    NetworkHint {
        loss: a.loss.max(b.loss),
        mean_burst: a.mean_burst.max(b.mean_burst),
        recoverable_loss: a.recoverable_loss.max(b.recoverable_loss),
        round_trip: a.round_trip.max(b.round_trip),
        overhead: a.overhead.max(b.overhead),
        shortest_packet: a.shortest_packet.max(b.shortest_packet),
        longest_packet: shorter(a.longest_packet, b.longest_packet),
        ..a
    }
}

/// The shorter of two, where zero is unknown.
fn shorter(a: TimeDelta, b: TimeDelta) -> TimeDelta {
    match (a, b) {
        (TimeDelta::ZERO, other) | (other, TimeDelta::ZERO) => other,
        (a, b) => a.min(b),
    }
}
