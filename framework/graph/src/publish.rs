//! Reading the plugins' statistics and setting their parameters from the audio thread, between two blocks.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::Fault;
use jackfield_core::module::Module;
use jackfield_core::time::Timestamp;

use crate::command::{SetParameter, Socket};
use crate::conference::SharedEncoder;
use crate::mixing::Mixing;
use crate::stats::{MAX_STATISTICS, SocketStats};
use crate::strip::{Input, Output, Strip};

/// Leaves the numbers of a strip and its plugins where others can read them. Its encoder is the one that it hears: its own, or one of those
/// that are `shared`. \[audio\]
pub(crate) fn strip(strip: &mut Strip, shared: &mut [Box<SharedEncoder>], now: Timestamp) {
    let stats = &*strip.stats;
    for (slot, place) in strip.slots.iter_mut().zip(&stats.sockets) {
        let (latency, bypassed) = (slot.latency_samples(), slot.is_bypassed());
        place.set_concealed(slot.concealed_blocks());
        socket(place, slot.processor(), latency, bypassed);
    }
    if let Input::Packets { receiver, .. } = &mut strip.input {
        let counters = receiver.counters();
        stats.late.store(counters.late, Relaxed);
        stats.duplicate.store(counters.duplicate, Relaxed);
        stats.flushed.store(counters.flushed, Relaxed);
        stats.undecodable.store(counters.undecodable, Relaxed);
        let delay = receiver.delay(now);
        stats
            .jitter_delay_us
            .store(delay.current.as_us().max(0) as u64, Relaxed);
        stats
            .jitter_target_us
            .store(delay.target.as_us().max(0) as u64, Relaxed);
        let failed = receiver.is_jitter_failed();
        socket(&stats.jitter, receiver.jitter(), 0, failed);
        let (away, concealed) = (receiver.is_decoder_away(), receiver.concealed_packets());
        if let Some(decoder) = receiver.decoder() {
            stats.decoder.set_concealed(concealed);
            socket(&stats.decoder, decoder, 0, away);
        }
    }
    if let Output::Encoded(encoding) = &mut strip.output {
        let heard = shared
            .iter_mut()
            .find(|s| !encoding.own && s.codec == encoding.codec);
        let encoder = heard.map_or(&mut encoding.encoder, |shared| &mut shared.encoder);
        let failed = encoder.is_failed();
        stats.encoder.set_concealed(encoder.concealed_blocks());
        socket(&stats.encoder, encoder.encoder(), 0, failed);
    }
}

/// Reads one plugin's statistics.
pub(crate) fn socket<M: Module + ?Sized>(
    place: &SocketStats,
    module: &mut M,
    latency_samples: usize,
    bypassed: bool,
) {
    let mut values = [0.0; MAX_STATISTICS];
    if let Ok(count) = module.stats(&mut values) {
        place.set(&values[..(count as usize).min(MAX_STATISTICS)]);
    }
    place.set_state(latency_samples, bypassed);
}

/// Sets a parameter wherever the order says; how many places took it. \[audio\]
pub(crate) fn set_parameter(
    strips: &mut [Box<Strip>],
    shared: &mut [Box<SharedEncoder>],
    mixing: &mut Mixing,
    order: &SetParameter,
) -> Result<u32, Fault> {
    let (index, value) = (order.index, order.value);
    let mut places = 0;
    let mut count = |result: Result<(), Fault>| result.map(|()| places += 1);
    if order.socket == Socket::Mixer {
        count(mixing.mixer().set_parameter(index, value))?;
        return Ok(places);
    }
    for strip in strips
        .iter_mut()
        .filter(|s| order.participant.is_none_or(|id| id == s.id()))
    {
        match order.socket {
            Socket::Processor(at) => {
                if let Some(slot) = strip.slots.get_mut(at) {
                    count(slot.processor().set_parameter(index, value))?;
                }
            }
            Socket::Jitter => {
                if let Input::Packets { receiver, .. } = &mut strip.input {
                    count(receiver.jitter().set_parameter(index, value))?;
                }
            }
            Socket::Encoder => {
                if let Output::Encoded(encoding) = &mut strip.output {
                    count(encoding.encoder.set_parameter(index, value))?;
                }
            }
            Socket::Mixer => {}
        }
    }
    if order.socket == Socket::Encoder && order.participant.is_none() {
        for encoder in shared {
            count(encoder.encoder.set_parameter(index, value))?;
        }
    }
    Ok(places)
}
