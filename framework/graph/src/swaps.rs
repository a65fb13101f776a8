//! Swaps of jitter buffers and codecs: done within one tick, because no signal has to be faded. What waits is handed over.

use std::collections::VecDeque;

use jackfield_core::time::Timestamp;

use crate::command::{Outcome, SwapCodec, SwapJitter};
use crate::conference::Pool;
use crate::history::History;
use crate::receive::JitterSwapped;
use crate::stopwatch::Stopwatch;
use crate::strip::{Input, Output, Strip};
use crate::swap::{SwapMeasure, SwapOutcome};

/// Swaps the jitter buffer of one strip: the newcomer starts from its predecessor's state and gets every waiting packet. \[audio\]
pub(crate) fn jitter(
    strips: &mut [Box<Strip>],
    order: SwapJitter,
    now: Timestamp,
    pool: &mut Pool,
    outcomes: &mut VecDeque<Outcome>,
    watch: &mut dyn Stopwatch,
) {
    let participant = order.participant;
    let receiver = strips
        .iter_mut()
        .find(|s| s.id() == participant)
        .and_then(|s| match &mut s.input {
            Input::Packets { receiver, .. } => Some(receiver),
            _ => None,
        });
    let Some(receiver) = receiver else {
        let gone = JitterSwapped {
            id: order.swap,
            measure: SwapMeasure::CLEAN,
            retired: order.newcomer,
        };
        outcomes.push_back(jitter_ended(participant, gone));
        return;
    };
    let start = watch.us();
    let displaced = receiver.swap_jitter(now, order.swap, order.newcomer, pool);
    receiver.stalled(watch.us() - start);
    let refused = receiver.take_ended();
    outcomes.extend(
        displaced
            .into_iter()
            .chain(refused)
            .map(|ended| jitter_ended(participant, ended)),
    );
}

/// The end of a swap of a jitter buffer, as the control thread is told.
pub(crate) fn jitter_ended(participant: u32, ended: JitterSwapped) -> Outcome {
    Outcome::JitterSwapped {
        swap: ended.id,
        participant,
        measure: ended.measure,
        retired: ended.retired,
    }
}

/// Notes the swap of a codec: it is done at the next edge of a packet, so that nothing that was gathered is lost. \[audio\]
pub(crate) fn note_codec(strips: &mut [Box<Strip>], order: SwapCodec, outcomes: &mut VecDeque<Outcome>) {
    let Some(strip) = strips.iter_mut().find(|s| s.id() == order.participant) else {
        outcomes.push_back(codec_ended(order, SwapMeasure::CLEAN));
        return;
    };
    if let Some(displaced) = strip.codec_swap.replace(order) {
        outcomes.push_back(codec_ended(displaced, rolled_back("another swap took its place")));
    }
}

/// Swaps the codec of a strip that is between two packets: its encoder is primed with what was sent last, its decoders take over what
/// waits. \[audio\]
pub(crate) fn codec(
    strip: &mut Strip,
    mut order: SwapCodec,
    history: &History,
    packet_ticks: u64,
    pool: &mut Pool,
    watch: &mut dyn Stopwatch,
) -> Outcome {
    let start = watch.us();
    if let Output::Encoded(encoding) = &mut strip.output {
        if encoding.own && !pool.with(|payload| order.encoder.prime(history, packet_ticks, payload).is_ok()) {
            return codec_ended(
                order,
                rolled_back("its encoder failed or panicked before its first packet"),
            );
        }
        encoding.codec = order.codec;
        std::mem::swap(&mut encoding.encoder, &mut order.encoder);
    }
    if let Input::Packets { receiver, .. } = &mut strip.input
        && !order.decoders.is_empty()
    {
        order.decoders = receiver.swap_decoders(std::mem::take(&mut order.decoders));
    }
    let measure = SwapMeasure {
        stall_us: watch.us() - start,
        ..SwapMeasure::CLEAN
    };
    codec_ended(order, measure)
}

/// `order` holds what is out of use now.
pub(crate) fn codec_ended(order: SwapCodec, measure: SwapMeasure) -> Outcome {
    Outcome::CodecSwapped {
        swap: order.swap,
        participant: order.participant,
        measure,
        retired: (order.encoder, order.decoders),
    }
}

fn rolled_back(reason: &'static str) -> SwapMeasure {
    SwapMeasure {
        outcome: SwapOutcome::RolledBack,
        reason,
        ..SwapMeasure::CLEAN
    }
}
