//! Swaps of jitter buffers and codecs: done within one tick, because no signal has to be faded. What waits is handed over.

use jackfield_core::time::Timestamp;

use crate::command::{Outcome, SwapCodec, SwapJitter};
use crate::conference::{Pool, prime};
use crate::history::History;
use crate::stopwatch::Stopwatch;
use crate::strip::{Input, Output, Strip};
use crate::swap::{SwapMeasure, SwapOutcome};

/// Swaps the jitter buffer of one strip: the newcomer starts from its predecessor's state and gets every waiting packet. [audio]
pub(crate) fn jitter(
    strips: &mut [Box<Strip>],
    order: SwapJitter,
    now: Timestamp,
    pool: &mut Pool,
    outcomes: &mut Vec<Outcome>,
    watch: &mut dyn Stopwatch,
) {
    let SwapJitter {
        swap,
        participant,
        newcomer,
    } = order;
    let start = watch.us();
    let receiver = strips
        .iter_mut()
        .find(|s| s.id() == participant)
        .and_then(|s| match &mut s.input {
            Input::Packets { receiver, .. } => Some(receiver),
            _ => None,
        });
    let Some(receiver) = receiver else {
        outcomes.push(Outcome::JitterSwapped {
            swap,
            participant,
            measure: SwapMeasure::CLEAN,
            retired: newcomer,
        });
        return;
    };
    let before = receiver.delay(now).current;
    let (measure, retired) = match receiver.swap_jitter(now, newcomer, pool) {
        Ok((retired, samples_lost)) => (
            SwapMeasure {
                samples_lost,
                ..SwapMeasure::CLEAN
            },
            retired,
        ),
        Err((retired, _)) => {
            let reason = "it failed or panicked while it took over";
            (
                SwapMeasure {
                    outcome: SwapOutcome::RolledBack,
                    reason,
                    ..SwapMeasure::CLEAN
                },
                retired,
            )
        }
    };
    let added_latency_ms = (receiver.delay(now).current - before).as_ms_f64();
    let measure = SwapMeasure {
        stall_us: watch.us() - start,
        added_latency_ms,
        ..measure
    };
    outcomes.push(Outcome::JitterSwapped {
        swap,
        participant,
        measure,
        retired,
    });
}

/// Swaps the codec of one strip: its encoder is primed with what was sent last, its decoders take over what waits. [audio]
pub(crate) fn codec(
    strips: &mut [Box<Strip>],
    order: SwapCodec,
    history: &History,
    packet_ticks: u64,
    pool: &mut Pool,
    outcomes: &mut Vec<Outcome>,
    watch: &mut dyn Stopwatch,
) {
    let SwapCodec {
        swap,
        participant,
        codec,
        encoder,
        decoders,
    } = order;
    let start = watch.us();
    let mut retired = (encoder, decoders);
    if let Some(strip) = strips.iter_mut().find(|s| s.id() == participant) {
        if let Input::Packets { receiver, .. } = &mut strip.input
            && !retired.1.is_empty()
        {
            retired.1 = receiver.swap_decoders(std::mem::take(&mut retired.1));
        }
        if let Output::Encoded(encoding) = &mut strip.output {
            encoding.codec = codec;
            std::mem::swap(&mut encoding.encoder, &mut retired.0);
            if encoding.own {
                prime(&mut encoding.encoder, history, packet_ticks, pool);
            }
        }
    }
    let measure = SwapMeasure {
        stall_us: watch.us() - start,
        ..SwapMeasure::CLEAN
    };
    outcomes.push(Outcome::CodecSwapped {
        swap,
        participant,
        measure,
        retired,
    });
}
