//! The swap of a codec, as the first listener of a room goes through it for all: before anybody is sent a packet of the newcomer, packets of it
//! are decoded again and compared with the mix; and so are those that are sent, until it has proven itself.

use jackfield_core::audio::{AudioFormat, BLOCK_DURATION, level_dbov};
use jackfield_core::audio_codec::CODEC_SWAP;
use jackfield_core::jitter_buffer::Operation;
use jackfield_core::units::TimeDelta;

use crate::conference::Pool;
use crate::decoding::{Decoder, Decoding};
use crate::judge::Judge;
use crate::receive::{ReceiveCounters, Recycle};
use crate::send::Encoder;
use crate::swap::{ABORTED, SwapMeasure, is_sane};
use crate::transaction::{Event, Step, Transaction};

const UNDECODABLE: &str = "its packets cannot be decoded";
const BROKEN: &str = "its encoder failed or panicked";
const NOT_SANE: &str = "its output was not a number or far beyond full scale";
/// By so many blocks what was decoded may be late: a packet of 60 ms, and the codec's own latency.
const LATE_BLOCKS: usize = 10;
/// So long after the newcomer has come in the seams of the signal are laid to it.
const SEAM: TimeDelta = TimeDelta::ms(60);
/// The payload types of the two decoders that a listener has here.
const PRESENT: u8 = 0;
const NEWCOMER: u8 = 1;

/// A listener that checks what the newcomer sends.
pub struct CodecTrial {
    transaction: Transaction,
    measure: SwapMeasure,
    /// Hears what the participant is sent.
    heard: Decoding,
    /// Hears what the newcomer would send.
    shadow: Decoding,
    judge: Judge,
    levels: [f32; LATE_BLOCKS],
    next_level: usize,
    block: Vec<f32>,
    counters: ReceiveCounters,
    wrong: Option<&'static str>,
}

impl CodecTrial {
    /// With a decoder for what the participant is sent now, and two for what the newcomer sends. On `hold` the newcomer is sent, and stays, only
    /// when it is promoted. \[control\]
    pub fn new(format: AudioFormat, present: Decoder, newcomer: [Decoder; 2], hold: bool) -> Self {
        let named = |decoder: Decoder, payload_type| Decoder {
            payload_type,
            ..decoder
        };
        let [heard, shadow] = newcomer.map(|decoder| named(decoder, NEWCOMER));
        Self {
            transaction: Transaction::begun(CODEC_SWAP, hold),
            measure: SwapMeasure::CLEAN,
            heard: Decoding::new(format, vec![named(present, PRESENT), heard]),
            shadow: Decoding::new(format, vec![shadow]),
            judge: Judge::default(),
            levels: [-127.0; LATE_BLOCKS],
            next_level: 0,
            block: vec![0.0; format.block_len()],
            counters: ReceiveCounters::default(),
            wrong: None,
        }
    }

    /// Where it stands.
    pub(crate) fn step(&self) -> Step {
        self.transaction.step()
    }

    /// Whether codecs are to be exchanged at the next edge of a packet: the newcomer comes in, or goes.
    pub(crate) fn wants_exchange(&self) -> bool {
        self.step() == Step::Align || (self.step() == Step::Probation && self.wrong.is_some())
    }

    /// The codecs have been exchanged.
    pub(crate) fn exchanged(&mut self, stall_us: f64) -> Step {
        self.measure.stall_us = self.measure.stall_us.max(stall_us);
        if self.step() == Step::Probation {
            return self.fail();
        }
        self.heard.watch_seams();
        self.judge = Judge::default();
        self.transaction.on(Event::Aligned);
        self.transaction.on(Event::Joined)
    }

    /// The exchange failed.
    pub(crate) fn broke(&mut self, reason: &'static str) {
        self.wrong.get_or_insert(reason);
        self.fail();
    }

    /// Somebody decided.
    pub(crate) fn decide(&mut self, promote: bool) {
        if promote {
            self.transaction.on(Event::Promote);
        } else {
            self.wrong.get_or_insert(ABORTED);
            if self.step() != Step::Probation {
                self.fail();
            }
        }
    }

    /// The figures, at the end.
    pub(crate) fn measure(&self) -> SwapMeasure {
        let measure = SwapMeasure {
            times: self.transaction.times(),
            ..self.measure
        };
        match self.step() {
            Step::RolledBack => measure.rolled_back(self.wrong.unwrap_or_default()),
            _ => measure,
        }
    }

    /// A packet that the participant is sent; `stands_in` is whether somebody else made it, because the encoder failed. \[audio\]
    pub(crate) fn sent(&mut self, packet: &[u8], stands_in: bool, pool: &mut Pool) {
        let on_probation = self.step() == Step::Probation;
        if stands_in {
            if on_probation {
                self.wrong.get_or_insert(BROKEN);
            }
            return;
        }
        let payload_type = if on_probation { NEWCOMER } else { PRESENT };
        let wrong = hear(
            &mut self.heard,
            (payload_type, packet),
            &mut self.counters,
            &mut self.block,
            pool,
            |block| {
                if on_probation {
                    verdict(&mut self.judge, &self.levels, block)
                } else {
                    None
                }
            },
        );
        if on_probation {
            if self.transaction.times().probation <= SEAM {
                self.measure.discontinuity_db = self.heard.worst_seam_db();
            }
            self.wrong = self.wrong.or(wrong);
        }
    }

    /// 10 ms of what the participant hears have passed: the one that is not sent (`unheard`) encodes them too. Gives the step if it has
    /// changed to one that others may wait for, or to the end. \[audio\]
    pub(crate) fn goes_on(&mut self, mix: &[f32], unheard: &mut Encoder, pool: &mut Pool) -> Option<Step> {
        self.levels[self.next_level] = level_dbov(mix);
        self.next_level = (self.next_level + 1) % LATE_BLOCKS;
        let before = self.step();
        let encoded = pool.take().map(|mut payload| {
            let wrong = match unheard.encode(mix, &mut payload) {
                _ if unheard.is_failed() => Some(BROKEN),
                Err(_) => Some(BROKEN),
                Ok(encoded) if encoded.ticks > 0 && before.is_unheard() => hear(
                    &mut self.shadow,
                    (NEWCOMER, payload.bytes()),
                    &mut self.counters,
                    &mut self.block,
                    pool,
                    |block| verdict(&mut self.judge, &self.levels, block),
                ),
                Ok(_) => None,
            };
            pool.recycle(payload);
            wrong
        });
        if let Some(Some(wrong)) = encoded {
            if before == Step::Probation {
                self.transaction.on(Event::PredecessorFailed);
            } else {
                self.wrong = Some(wrong);
                self.fail();
            }
        }
        // A newcomer that is to go stays until the edge of a packet.
        let waits = self.wrong.is_some() && before == Step::Probation;
        if !waits {
            self.transaction.on(Event::Passed(BLOCK_DURATION));
        }
        let step = self.step();
        (step != before && step != Step::Align).then_some(step)
    }

    fn fail(&mut self) -> Step {
        self.transaction.on(match self.wrong {
            Some(ABORTED) => Event::Abort,
            _ => Event::Failed,
        })
    }
}

/// Decodes a packet and looks at every block that comes of it; says what is wrong.
fn hear(
    decoding: &mut Decoding,
    (payload_type, packet): (u8, &[u8]),
    counters: &mut ReceiveCounters,
    block: &mut [f32],
    pool: &mut Pool,
    mut look: impl FnMut(&[f32]) -> Option<&'static str>,
) -> Option<&'static str> {
    // Nothing is sent in a pause (DTX).
    if packet.is_empty() {
        return None;
    }
    let Some((_, _, ticks)) = decoding.probe(payload_type, packet) else {
        return Some(UNDECODABLE);
    };
    let mut copy = pool.take()?;
    copy.fill(packet);
    let before = counters.undecodable;
    decoding.decode((payload_type, copy, ticks), Operation::Normal, counters, pool);
    if counters.undecodable > before {
        return Some(UNDECODABLE);
    }
    let mut wrong = None;
    while decoding.ready() >= decoding.block_samples() {
        decoding.pop(block, decoding.block_samples());
        wrong = wrong.or_else(|| look(block));
    }
    wrong
}

fn verdict(judge: &mut Judge, levels: &[f32], block: &[f32]) -> Option<&'static str> {
    if !is_sane(block) {
        return Some(NOT_SANE);
    }
    let quietest = levels.iter().copied().fold(0.0, f32::min);
    let loudest = levels.iter().copied().fold(-127.0, f32::max);
    judge.see_coded((quietest, loudest), block)
}
