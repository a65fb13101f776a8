//! The way out: who hears which mix, and its encoding.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_core::mixer::MixRequest;
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize};
use rtrb::Producer;

use super::{Conference, Pool, SharedEncoder};
use crate::codec_trial::CodecTrial;
use crate::command::Outcome;
use crate::history::History;
use crate::media::{Mix, Outbound, OutboundPacket};
use crate::mixing::MixerEvent;
use crate::receive::Recycle;
use crate::send::Encoder;
use crate::stopwatch::Stopwatch;
use crate::strip::{Encoding, Output, Strip};
use crate::swaps;

/// For so many ticks a participant that fell silent goes on hearing its own mix: 2 s.
const OWN_MIX_HOLD_TICKS: u64 = 200;

impl Conference {
    /// Chooses who hears which mix, and mixes. \[audio\]
    pub(super) fn mix(&mut self, now: Timestamp, watch: &mut dyn Stopwatch) {
        self.requests.clear();
        self.requests.push(MixRequest {
            without: MixRequest::EVERYONE,
            reserved: 0,
        });
        let begins = self.tick.is_multiple_of(self.config.packet_ticks);
        let outcomes_before = self.waiting_outcomes.len();
        swaps::note_trials(&self.strips, &mut self.trials);
        self.note_narrow_paths();
        for (index, strip) in self.strips.iter_mut().enumerate() {
            let wanted = self.wanted[index];
            let edge = Edge {
                shared: &self.shared,
                begins,
            };
            if let Output::Encoded(encoding) = &mut strip.output {
                if wanted {
                    encoding.own_until = self.tick + OWN_MIX_HOLD_TICKS;
                }
                let own = wanted || encoding.is_narrow || self.tick < encoding.own_until;
                if own != encoding.own && edge.of(encoding) && (own || edge.of_shared(encoding.codec)) {
                    encoding.own = own;
                    encoding.rerouted = true;
                    if own {
                        let (history, ticks) = (&self.history, self.config.packet_ticks);
                        self.pool
                            .with(|payload| encoding.encoder.prime(history, ticks, payload).is_ok());
                    }
                }
            }
            let ready = strip.codec_swap.as_ref().is_some_and(|order| {
                let due = match &order.trial {
                    Some(trial) => trial.wants_exchange(),
                    None => !self.trials.contains(&order.swap),
                };
                let at_an_edge = match &strip.output {
                    Output::Encoded(encoding) => {
                        edge.of(encoding) && (encoding.own || edge.of_shared(order.codec))
                    }
                    _ => true,
                };
                due && at_an_edge
            });
            if ready {
                let (history, ticks) = (&self.history, self.config.packet_ticks);
                let (pool, outcomes) = (&mut self.pool, &mut self.waiting_outcomes);
                swaps::exchange_codecs(strip, history, ticks, pool, outcomes, watch);
            }
            if let Output::Encoded(encoding) = &mut strip.output {
                if std::mem::take(&mut encoding.rerouted) {
                    // A full ring means that the network thread stands still: it is told again.
                    let route = Outbound::Route {
                        participant: strip.id,
                        own: encoding.own,
                        codec: encoding.codec,
                    };
                    encoding.rerouted = self.ports.outbound.push(route).is_err();
                }
                if encoding.own {
                    self.requests.push(MixRequest {
                        without: strip.id,
                        reserved: 0,
                    });
                }
            } else if let Output::Sink(_) = &strip.output {
                self.requests.push(MixRequest {
                    without: strip.id,
                    reserved: 0,
                });
            }
        }
        swaps::follow_failed_trials(&mut self.strips, &mut self.waiting_outcomes, outcomes_before);
        let strips = &self.strips;
        let swapped = self.mixing.mix(
            now,
            &self.sources,
            |index| &strips[index].block,
            &self.requests,
            &mut self.mixes,
            watch,
        );
        self.waiting_outcomes.extend(swapped.map(|event| match event {
            MixerEvent::Swapped(swapped) => Outcome::MixerSwapped(swapped),
            MixerEvent::Stepped { id, step } => Outcome::Stepped { swap: id, step },
        }));
    }

    /// Encodes the mixes, each once, and sends them off. \[audio\]
    pub(super) fn send(&mut self, now: Timestamp) {
        let len = self.config.format.block_len();
        let (everyone, own) = self.mixes.split_at(len);
        let mut own = own.chunks_exact(len);
        let mut encoders = 0;
        let outcomes_before = self.waiting_outcomes.len();
        for strip in &mut self.strips {
            match &mut strip.output {
                Output::Encoded(encoding) if encoding.own => {
                    let Some(mix) = own.next() else { continue };
                    encoders += 1;
                    encoding.last_mix.copy_from_slice(mix);
                    let sent = encode(
                        &mut encoding.encoder,
                        mix,
                        (Mix::Own(strip.id), encoding.codec),
                        strip
                            .codec_swap
                            .as_mut()
                            .and_then(|order| order.trial.as_deref_mut()),
                        &mut self.pool,
                        &mut self.ports.outbound,
                    );
                    if sent.is_none() {
                        self.stats.dropped_packets.fetch_add(1, Relaxed);
                    }
                    swaps::trial_goes_on(strip, mix, &mut self.pool, &mut self.waiting_outcomes);
                }
                Output::Sink(sink) => {
                    let Some(mix) = own.next() else { continue };
                    let _ = sink.write(now, mix);
                }
                _ => {}
            }
        }
        for shared in &mut self.shared {
            if self.tick.is_multiple_of(self.config.packet_ticks)
                && let Some(unused) = shared.succeed(&self.history, self.config.packet_ticks, &mut self.pool)
            {
                self.waiting_outcomes.push_back(Outcome::UnusedEncoder(unused));
            }
            let listened = self.strips.iter().any(|strip| {
                matches!(&strip.output, Output::Encoded(encoding) if !encoding.own && encoding.codec == shared.codec)
            });
            if listened && !shared.running {
                if !self.tick.is_multiple_of(self.config.packet_ticks) {
                    continue;
                }
                let (history, ticks) = (&self.history, self.config.packet_ticks);
                self.pool
                    .with(|payload| shared.encoder.prime(history, ticks, payload).is_ok());
            }
            shared.running = listened;
            if listened {
                encoders += 1;
                let mix = Mix::Shared(shared.codec);
                let trial = self
                    .strips
                    .iter_mut()
                    .find_map(|strip| shared_trial(strip, shared.codec));
                let sent = encode(
                    &mut shared.encoder,
                    everyone,
                    (mix, shared.codec),
                    trial,
                    &mut self.pool,
                    &mut self.ports.outbound,
                );
                match sent {
                    Some(size) => shared.appetite.pass(size),
                    None => _ = self.stats.dropped_packets.fetch_add(1, Relaxed),
                }
            }
        }
        for strip in &mut self.strips {
            if matches!(&strip.output, Output::Encoded(encoding) if !encoding.own) {
                swaps::trial_goes_on(strip, everyone, &mut self.pool, &mut self.waiting_outcomes);
            }
        }
        swaps::follow_failed_trials(&mut self.strips, &mut self.waiting_outcomes, outcomes_before);
        self.history.push(everyone);
        self.stats.encoders.store(encoders, Relaxed);
    }
}

impl SharedEncoder {
    /// Lets its successor in, if one waits and a packet has ended; gives the one that is out of use. \[audio\]
    fn succeed(&mut self, history: &History, ticks: u64, pool: &mut Pool) -> Option<Box<Self>> {
        if self.running && !self.encoder.is_between_packets() {
            return None;
        }
        let mut successor = self.successor.take()?;
        let works = pool.with(|payload| successor.encoder.prime(history, ticks, payload).is_ok());
        if works {
            std::mem::swap(&mut self.encoder, &mut successor.encoder);
            // It knows of no limit yet.
            self.most = DataRate::INFINITE;
        }
        Some(successor)
    }
}

/// The trial of a codec in this strip, if it hears the mix that all share in `codec`.
fn shared_trial(strip: &mut Strip, codec: u32) -> Option<&mut CodecTrial> {
    let hears =
        matches!(&strip.output, Output::Encoded(encoding) if !encoding.own && encoding.codec == codec);
    strip.codec_swap.as_mut().filter(|_| hears)?.trial.as_deref_mut()
}

/// Tells whether packets end at this tick, so that what is sent can change without a loss.
struct Edge<'a> {
    shared: &'a [Box<SharedEncoder>],
    /// Encoders that stand still begin at this tick.
    begins: bool,
}

impl Edge<'_> {
    /// Whether a participant's packets end here.
    fn of(&self, encoding: &Encoding) -> bool {
        if encoding.own {
            encoding.encoder.is_between_packets()
        } else {
            self.of_shared(encoding.codec)
        }
    }

    /// Whether the packets that all with this codec share end here, or can begin.
    fn of_shared(&self, codec: u32) -> bool {
        match self.shared.iter().find(|s| s.codec == codec) {
            Some(shared) if shared.running => shared.encoder.is_between_packets(),
            _ => self.begins,
        }
    }
}

/// Encodes a block; a complete packet goes to the network. Its size, or zero while it is not complete; `None` if it could not.
fn encode(
    encoder: &mut Encoder,
    block: &[f32],
    (mix, codec): (Mix, u32),
    trial: Option<&mut CodecTrial>,
    pool: &mut Pool,
    outbound: &mut Producer<Outbound>,
) -> Option<DataSize> {
    let mut payload = pool.take()?;
    match encoder.encode(block, &mut payload) {
        Ok(encoded) if encoded.ticks > 0 => {
            if let Some(trial) = trial {
                trial.sent(payload.bytes(), encoder.is_failed(), pool);
            }
            let size = DataSize::bytes(payload.bytes().len() as i64);
            let packet = OutboundPacket {
                mix,
                codec: encoder.codec_or(codec),
                payload,
                ticks: encoded.ticks,
                level_dbov: level_dbov(block),
                voice: encoded.voice != 0,
            };
            if let Err(rtrb::PushError::Full(Outbound::Packet(packet))) =
                outbound.push(Outbound::Packet(packet))
            {
                pool.recycle(packet.payload);
                return None;
            }
            Some(size)
        }
        Ok(_) => {
            pool.recycle(payload);
            Some(DataSize::ZERO)
        }
        Err(_) => {
            pool.recycle(payload);
            None
        }
    }
}
