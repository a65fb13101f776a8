//! Plugins of nobody's: a codec, congestion controllers and a pacer that no other file knows, and processors that do wrong. A program has one
//! list of such plugins.

use jackfield_sdk::congestion::{Path, RateController, RateRule};
use jackfield_sdk::pacing::{Departure, QueuedPacer};
use jackfield_sdk::prelude::*;

use super::custom_codec::{Root, RootDecoder, RootEncoder};
use super::feedback_by_stream::Heeding;
use super::ledger::{Brittle, Spoilt};
use super::scarce_plugin::Scarce;
use super::slow_plugin::{Slow, SlowPacer};

/// Halves the rate when anything is lost, else adds a twentieth.
struct Halving(());

impl Plugin for Halving {
    const DESCRIPTOR: Descriptor = Descriptor::new("example.congestion.halving", "Halving", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self(()))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

impl RateRule for Halving {
    fn target(&mut self, _: Timestamp, event: &CongestionEvent, path: &Path) -> DataRate {
        match event.kind {
            CongestionEventKind::PacketFeedback if path.loss > 0.0 => path.target * 0.5,
            CongestionEventKind::PacketFeedback => path.target * 1.05,
            _ => path.target,
        }
    }
}

/// A packet every 5 ms.
struct Metronome {
    next: Timestamp,
    parameters: (),
}

impl Plugin for Metronome {
    const DESCRIPTOR: Descriptor = Descriptor::new("example.pacing.metronome", "Metronome", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self {
            next: Timestamp::ZERO,
            parameters: (),
        })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Departure for Metronome {
    fn due(&self, came: Timestamp, _: &PacedPacket) -> Timestamp {
        came.max(self.next)
    }

    fn departed(&mut self, due: Timestamp, _: &PacedPacket) {
        self.next = due + TimeDelta::ms(5);
    }
}

jackfield_sdk::export! {
    AudioCodec => Root,
    AudioEncoder => RootEncoder,
    AudioDecoder => RootDecoder,
    AudioProcessor => Brittle,
    AudioProcessor => Spoilt,
    AudioProcessor => Slow,
    CongestionController => RateController<Halving>,
    CongestionController => Heeding,
    Pacer => QueuedPacer<Metronome>,
    Pacer => QueuedPacer<Scarce>,
    Pacer => QueuedPacer<SlowPacer>,
}
