//! The way out: who hears which mix, and its encoding.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::audio::level_dbov;
use jackfield_core::mixer::MixRequest;
use jackfield_core::time::Timestamp;
use rtrb::Producer;

use super::{Conference, Pool, SharedEncoder};
use crate::command::Outcome;
use crate::media::{Mix, Outbound, OutboundPacket};
use crate::receive::Recycle;
use crate::send::Encoder;
use crate::stopwatch::Stopwatch;
use crate::strip::{Encoding, Output};
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
                let own = wanted || self.tick < encoding.own_until;
                if own != encoding.own && edge.of(encoding) && (own || edge.of_shared(encoding.codec)) {
                    encoding.own = own;
                    encoding.rerouted = true;
                    if own {
                        let (history, ticks) = (&self.history, self.config.packet_ticks);
                        self.pool
                            .with(|payload| encoding.encoder.prime(history, ticks, payload).is_ok());
                    }
                }
                let ready = strip
                    .codec_swap
                    .as_ref()
                    .is_some_and(|order| edge.of(encoding) && (encoding.own || edge.of_shared(order.codec)));
                if ready && let Some(order) = strip.codec_swap.take() {
                    let (history, ticks) = (&self.history, self.config.packet_ticks);
                    let ended = swaps::codec(strip, order, history, ticks, &mut self.pool, watch);
                    self.waiting_outcomes.push_back(ended);
                }
            } else if let Some(order) = strip.codec_swap.take() {
                let (history, ticks) = (&self.history, self.config.packet_ticks);
                let ended = swaps::codec(strip, order, history, ticks, &mut self.pool, watch);
                self.waiting_outcomes.push_back(ended);
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
        let strips = &self.strips;
        let swapped = self.mixing.mix(
            now,
            &self.sources,
            |index| &strips[index].block,
            &self.requests,
            &mut self.mixes,
            watch,
        );
        if let Some(swapped) = swapped {
            self.waiting_outcomes.push_back(Outcome::MixerSwapped(swapped));
        }
    }

    /// Encodes the mixes, each once, and sends them off. \[audio\]
    pub(super) fn send(&mut self, now: Timestamp) {
        let len = self.config.format.block_len();
        let (everyone, own) = self.mixes.split_at(len);
        let mut own = own.chunks_exact(len);
        let mut encoders = 0;
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
                        &mut self.pool,
                        &mut self.ports.outbound,
                    );
                    if !sent {
                        self.stats.dropped_packets.fetch_add(1, Relaxed);
                    }
                }
                Output::Sink(sink) => {
                    let Some(mix) = own.next() else { continue };
                    let _ = sink.write(now, mix);
                }
                _ => {}
            }
        }
        for shared in &mut self.shared {
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
                if !encode(
                    &mut shared.encoder,
                    everyone,
                    (mix, shared.codec),
                    &mut self.pool,
                    &mut self.ports.outbound,
                ) {
                    self.stats.dropped_packets.fetch_add(1, Relaxed);
                }
            }
        }
        self.history.push(everyone);
        self.stats.encoders.store(encoders, Relaxed);
    }
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

/// Encodes a block; a complete packet goes to the network. False if it could not.
fn encode(
    encoder: &mut Encoder,
    block: &[f32],
    (mix, codec): (Mix, u32),
    pool: &mut Pool,
    outbound: &mut Producer<Outbound>,
) -> bool {
    let Some(mut payload) = pool.take() else {
        return false;
    };
    match encoder.encode(block, &mut payload) {
        Ok(encoded) if encoded.ticks > 0 => {
            let packet = OutboundPacket {
                mix,
                codec,
                payload,
                ticks: encoded.ticks,
                level_dbov: level_dbov(block),
                voice: encoded.voice != 0,
            };
            if let Err(rtrb::PushError::Full(Outbound::Packet(packet))) =
                outbound.push(Outbound::Packet(packet))
            {
                pool.recycle(packet.payload);
                return false;
            }
            true
        }
        Ok(_) => {
            pool.recycle(payload);
            true
        }
        Err(_) => {
            pool.recycle(payload);
            false
        }
    }
}
