//! Swaps of jitter buffers and codecs, as the executor sees them. What waits is handed over.

use std::collections::VecDeque;

use jackfield_core::time::Timestamp;

use crate::command::{Outcome, SwapCodec, SwapJitter};
use crate::conference::Pool;
use crate::history::History;
use crate::receive::JitterSwapped;
use crate::stopwatch::Stopwatch;
use crate::strip::{Input, Output, Settling, Strip};
use crate::swap::{DISPLACED, NO_DISCONTINUITY_DB, SwapMeasure, SwapOutcome};
use crate::transaction::Step;

/// So many blocks the seam of swapped decoders is listened to.
const SEAM_BLOCKS: u32 = 6;
const FAILED_AT_ONCE: &str = "its encoder failed or panicked before its first packet";

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
    let displaced = receiver.swap_jitter(now, order.swap, order.newcomer, order.hold, pool);
    receiver.stalled(watch.us() - start);
    let refused = receiver.take_ended();
    outcomes.extend(
        displaced
            .into_iter()
            .chain(refused)
            .map(|ended| jitter_ended(participant, ended)),
    );
}

/// Pulls the next block of a strip; a newcomer whose time has come comes in before. \[audio\]
pub(crate) fn jitter_goes_on(
    strip: &mut Strip,
    now: Timestamp,
    pool: &mut Pool,
    outcomes: &mut VecDeque<Outcome>,
    watch: &mut dyn Stopwatch,
    decode: bool,
) {
    if let Input::Packets { receiver, .. } = &mut strip.input
        && receiver.is_join_due()
    {
        let start = watch.us();
        receiver.join(now, pool);
        receiver.stalled(watch.us() - start);
    }
    strip.pull(now, decode, pool);
    settle(strip, outcomes);
    let id = strip.id;
    if let Input::Packets { receiver, .. } = &mut strip.input {
        let stepped = receiver.take_stepped();
        outcomes.extend(stepped.map(|(swap, step)| Outcome::Stepped { swap, step }));
        let ended = receiver.take_ended();
        outcomes.extend(ended.map(|ended| jitter_ended(id, ended)));
    }
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

/// Notes the swap of a codec: it is done at an edge of a packet, so that nothing that was gathered is lost. \[audio\]
pub(crate) fn note_codec(strips: &mut [Box<Strip>], order: Box<SwapCodec>, outcomes: &mut VecDeque<Outcome>) {
    let Some(strip) = strips.iter_mut().find(|s| s.id() == order.participant) else {
        outcomes.push_back(codec_ended(order, SwapMeasure::CLEAN));
        return;
    };
    if let Some(displaced) = strip.codec_swap.replace(order) {
        let measure = match displaced.trial.as_deref() {
            // It is what is sent, and stays.
            Some(trial) if trial.step() == Step::Probation => trial.measure(),
            _ => SwapMeasure::CLEAN.rolled_back(DISPLACED),
        };
        outcomes.push_back(codec_ended(displaced, measure));
    }
}

/// Exchanges the codecs of a strip that is between two packets: the encoder is primed with what was sent last, the decoders take over what
/// waits. Swaps without a trial end with it. \[audio\]
pub(crate) fn exchange_codecs(
    strip: &mut Strip,
    history: &History,
    packet_ticks: u64,
    pool: &mut Pool,
    outcomes: &mut VecDeque<Outcome>,
    watch: &mut dyn Stopwatch,
) {
    let Some(mut order) = strip.codec_swap.take() else {
        return;
    };
    let start = watch.us();
    let mut failed = false;
    if let Output::Encoded(encoding) = &mut strip.output {
        failed =
            encoding.own && !pool.with(|payload| order.encoder.prime(history, packet_ticks, payload).is_ok());
        if !failed {
            std::mem::swap(&mut encoding.codec, &mut order.codec);
            std::mem::swap(&mut encoding.encoder, &mut order.encoder);
            encoding.rerouted = true;
            encoding.heed();
        }
    }
    let mut settles = false;
    if let Input::Packets { receiver, .. } = &mut strip.input
        && !order.decoders.is_empty()
        && !failed
    {
        order.decoders = receiver.swap_decoders(std::mem::take(&mut order.decoders));
        settles = true;
    }
    let stall_us = watch.us() - start;
    if let Some(trial) = &mut order.trial {
        let step = if failed {
            trial.broke(FAILED_AT_ONCE);
            Step::RolledBack
        } else {
            trial.exchanged(stall_us)
        };
        if step == Step::Probation {
            outcomes.push_back(Outcome::Stepped {
                swap: order.swap,
                step,
            });
            strip.codec_swap = Some(order);
            return;
        }
        let measure = trial.measure();
        outcomes.push_back(codec_ended(order, measure));
        return;
    }
    let measure = SwapMeasure {
        stall_us,
        ..SwapMeasure::CLEAN
    };
    if settles {
        outcomes.extend(settled(strip));
        strip.settling = Some(Settling {
            order,
            measure,
            blocks: SEAM_BLOCKS,
        });
        return;
    }
    let measure = if failed {
        measure.rolled_back(FAILED_AT_ONCE)
    } else {
        measure
    };
    outcomes.push_back(codec_ended(order, measure));
}

/// Notes which swaps of codecs are being tried out: whoever else takes part in them waits. \[audio\]
pub(crate) fn note_trials(strips: &[Box<Strip>], trials: &mut Vec<u64>) {
    trials.clear();
    let orders = strips.iter().filter_map(|strip| strip.codec_swap.as_deref());
    trials.extend(
        orders
            .filter(|order| order.trial.is_some())
            .map(|order| order.swap),
    );
}

/// Whoever tries a codec out for all has heard `mix` for 10 ms more; at the end the others follow. \[audio\]
pub(crate) fn trial_goes_on(
    strip: &mut Strip,
    mix: &[f32],
    pool: &mut Pool,
    outcomes: &mut VecDeque<Outcome>,
) {
    let Some(order) = &mut strip.codec_swap else {
        return;
    };
    let Some(trial) = &mut order.trial else { return };
    let Some(step) = trial.goes_on(mix, &mut order.encoder, pool) else {
        return;
    };
    if step.is_end() {
        end_trial(strip, outcomes);
    } else {
        outcomes.push_back(Outcome::Stepped {
            swap: order.swap,
            step,
        });
    }
}

/// Somebody decided about a swap of codecs. \[audio\]
pub(crate) fn decide_codecs(
    strips: &mut [Box<Strip>],
    swap: u64,
    promote: bool,
    outcomes: &mut VecDeque<Outcome>,
) {
    for strip in strips.iter_mut() {
        let order = strip.codec_swap.as_deref_mut().filter(|order| order.swap == swap);
        if let Some(trial) = order.and_then(|order| order.trial.as_mut()) {
            trial.decide(promote);
            if trial.step().is_end() {
                end_trial(strip, outcomes);
            }
        }
    }
}

/// Those who waited for a trial that failed stay as they are. \[audio\]
pub(crate) fn follow_failed_trials(strips: &mut [Box<Strip>], outcomes: &mut VecDeque<Outcome>, from: usize) {
    for at in from..outcomes.len() {
        let failed = match &outcomes[at] {
            Outcome::CodecSwapped {
                swap,
                measure,
                retired,
                ..
            } if measure.outcome == SwapOutcome::RolledBack && retired.trial.is_some() => {
                (*swap, measure.reason)
            }
            _ => continue,
        };
        for strip in strips.iter_mut() {
            if let Some(order) = strip.codec_swap.take_if(|order| order.swap == failed.0) {
                outcomes.push_back(codec_ended(order, SwapMeasure::CLEAN.rolled_back(failed.1)));
            }
        }
    }
}

/// Somebody who tries a codec out for all leaves before they have been sent it: the others stay as they are. \[audio\]
pub(crate) fn end_orphans(leaving: &Strip, strips: &mut [Box<Strip>], outcomes: &mut VecDeque<Outcome>) {
    let tried = leaving.codec_swap.as_deref().filter(|order| {
        let trial = order.trial.as_deref();
        trial.is_some_and(|trial| trial.step() != Step::Probation)
    });
    let Some(swap) = tried.map(|order| order.swap) else {
        return;
    };
    for strip in strips {
        if let Some(order) = strip.codec_swap.take_if(|order| order.swap == swap) {
            let measure = SwapMeasure::CLEAN.rolled_back("whoever tried it out for all has left; try again");
            outcomes.push_back(codec_ended(order, measure));
        }
    }
}

/// A block has been played: the seam of swapped decoders is told when it has been heard. \[audio\]
fn settle(strip: &mut Strip, outcomes: &mut VecDeque<Outcome>) {
    let Some(settling) = &mut strip.settling else {
        return;
    };
    settling.blocks -= 1;
    if settling.blocks == 0 {
        outcomes.extend(settled(strip));
    }
}

/// The end of a swap of decoders, with what its seam was like so far.
pub(crate) fn settled(strip: &mut Strip) -> Option<Outcome> {
    let settling = strip.settling.take()?;
    let discontinuity_db = match &strip.input {
        Input::Packets { receiver, .. } => receiver.seam_db(),
        _ => NO_DISCONTINUITY_DB,
    };
    let measure = SwapMeasure {
        discontinuity_db,
        ..settling.measure
    };
    Some(codec_ended(settling.order, measure))
}

fn end_trial(strip: &mut Strip, outcomes: &mut VecDeque<Outcome>) {
    if let Some(order) = strip.codec_swap.take() {
        let measure = order
            .trial
            .as_ref()
            .map_or(SwapMeasure::CLEAN, |trial| trial.measure());
        outcomes.push_back(codec_ended(order, measure));
    }
}

/// `order` holds what is out of use now.
pub(crate) fn codec_ended(order: Box<SwapCodec>, measure: SwapMeasure) -> Outcome {
    Outcome::CodecSwapped {
        swap: order.swap,
        participant: order.participant,
        measure,
        retired: order,
    }
}
