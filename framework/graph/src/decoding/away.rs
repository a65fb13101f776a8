//! Decoders whose process does not answer: another one for the same payload type stands in, and with nobody to do that the signal is made up.

use jackfield_core::module::ResetReason;
use jackfield_core::{Fault, FaultCode};

use super::{Decoding, MAX_PACKET_SAMPLES, STRIDE};

/// Who is not there. Decoders beyond the 64th are never told of.
#[derive(Clone, Copy, Default)]
pub(super) struct Absent {
    who: u64,
    /// Of those who are back, or not: who was late with a packet, which they have taken all the same.
    late: u64,
    /// Who has missed packets: they have to be shown where the signal stands.
    behind: u64,
    /// Packets that went without the first decoder for them.
    pub(super) packets: u64,
    /// Something was decoded since the last silence: what is made up goes on from it.
    pub(super) past: bool,
}

impl Absent {
    pub(super) fn has(self, at: usize) -> bool {
        at < 64 && self.who & 1 << at != 0
    }

    /// All have been replaced.
    pub(super) fn nobody(&mut self) {
        (self.who, self.late, self.behind) = (0, 0, 0);
    }

    fn is_behind(self, at: usize) -> bool {
        at < 64 && self.behind & 1 << at != 0
    }

    /// This one has decoded a packet.
    pub(super) fn is_up_to_date(&mut self, at: usize) {
        if at < 64 {
            self.late &= !(1 << at);
            self.behind &= !(1 << at);
        }
    }
}

impl Decoding {
    /// Whether the first decoder for what came last does not answer.
    pub(crate) fn is_away(&self) -> bool {
        self.first_like(self.current)
            .is_some_and(|first| self.absent.has(first))
    }

    /// Packets that went without the first decoder for them.
    pub(crate) fn concealed_packets(&self) -> u64 {
        self.absent.packets
    }

    /// Whether another decoder comes before this one for the same packets.
    pub(super) fn is_standing_in(&self, at: usize) -> bool {
        self.first_like(at).is_some_and(|first| first != at)
    }

    /// Notes that a decoder does not answer, or never will; true if somebody else is to be asked instead.
    pub(super) fn leaves(&mut self, at: usize, fault: &Fault) -> bool {
        let payload_type = self.decoders[at].payload_type;
        let others = (0..).zip(&self.decoders).any(|(other, decoder)| {
            other != at && decoder.payload_type == payload_type && !self.absent.has(other)
        });
        let away = match fault.code() {
            FaultCode::TimedOut | FaultCode::Gone => true,
            // It does not come back, but with nobody else it is still the one to ask.
            FaultCode::Failed | FaultCode::Panicked | FaultCode::Poisoned => others,
            _ => false,
        };
        if away && at < 64 {
            let bit = 1 << at;
            let late_again = self.absent.late & bit != 0;
            if fault.code() != FaultCode::TimedOut || late_again {
                self.absent.behind |= bit;
            }
            self.absent.late |= bit;
            self.absent.who |= bit;
        }
        away && others
    }

    /// Asks the first decoder for such packets whether it is there again. One that was late with the packet before has taken it all the same; any other
    /// one knows nothing, or the wrong things, and is shown the packet before.
    pub(super) fn welcome_back(&mut self, payload_type: u8) {
        let first = self.decoders.iter().position(|d| d.payload_type == payload_type);
        let Some(at) = first.filter(|at| self.absent.has(*at)) else {
            return;
        };
        if self.absent.is_behind(at) {
            if self.decoders[at].decoder.reset(ResetReason::Stream).is_err() {
                return;
            }
            if at == self.current {
                self.show_previous(at);
            }
        }
        self.absent.who &= !(1 << at);
    }

    /// It goes on in the middle of a stream that another one for the same packets has decoded so far.
    pub(super) fn take_over(&mut self, at: usize) {
        let payload_type = self.decoders[at].payload_type;
        let goes_on = self
            .previous
            .as_ref()
            .is_some_and(|previous| previous.0 == payload_type);
        if !goes_on {
            return;
        }
        if self.is_standing_in(at) {
            let _ = self.decoders[at].decoder.reset(ResetReason::Stream);
            self.show_previous(at);
        } else if self.absent.is_behind(at) {
            self.show_previous(at);
        }
    }

    /// Decodes the packet before, for nobody to hear, so that a decoder does not start in the dark.
    pub(super) fn show_previous(&mut self, at: usize) {
        if let Some((_, payload)) = &self.previous {
            let slot = &mut self.decoders[at];
            let room = &mut self.pcm[..STRIDE * slot.format.channels as usize];
            let _ = slot.decoder.decode(payload.bytes(), room);
        }
    }

    /// Goes on with the signal as it was, for a while.
    pub(super) fn make_up(&mut self, samples: usize) {
        if !self.absent.past {
            return self.silence(samples);
        }
        let samples = samples.min(MAX_PACKET_SAMPLES);
        let planes = self.format.channels as usize;
        let mut pcm = std::mem::take(&mut self.pcm);
        let room = &mut pcm[..planes * STRIDE];
        self.concealment.lost(room, samples);
        self.append(room, STRIDE, samples);
        self.pcm = pcm;
    }

    /// What was heard so far is no past to go on from.
    pub(super) fn forget_the_past(&mut self) {
        if std::mem::take(&mut self.absent.past) {
            self.concealment.reset();
        }
    }

    fn first_like(&self, at: usize) -> Option<usize> {
        let payload_type = self.decoders.get(at)?.payload_type;
        self.decoders.iter().position(|d| d.payload_type == payload_type)
    }
}
