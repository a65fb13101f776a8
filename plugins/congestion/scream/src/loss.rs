//! The losses' part: a reordering window as in RACK (section 4.2.1.1), so that late packets are not taken for lost ones, and behind it
//! libwebrtc's level, so that single losses are not taken for congestion.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// So many packets may wait for their fate; more are lost for certain.
const CAPACITY: usize = 1_024;
/// From this level on losses are congestion.
const CONGESTED: f64 = 0.99;
/// Up to this level the window may grow.
const CALM: f64 = 0.01;
/// So many rounds in a row without a loss take the level from one to zero.
const LOSSLESS_ROUNDS: f64 = 2.0;
/// Share of the last round in the rate of rounds with losses.
const EVENT_GAIN: f64 = 0.02;
/// After so many rounds without reordering its window is halved.
const REORDERING_MEMORY_ROUNDS: u32 = 100;

#[derive(Clone, Copy)]
struct Missing {
    number: i64,
    since: Timestamp,
}

/// What is known of the losses.
pub(crate) struct Losses {
    missing: VecDeque<Missing>,
    /// How long after it was missed a packet has still come, ms.
    reordering: f64,
    rounds_in_order: u32,
    level: f64,
    unrecovered: u32,
    lossy_round: bool,
    round_began: Option<Timestamp>,
    last_change: Option<Timestamp>,
    event_rate: f64,
    share: f64,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            missing: VecDeque::with_capacity(CAPACITY),
            reordering: 0.0,
            rounds_in_order: 0,
            level: 0.0,
            unrecovered: 0,
            lossy_round: false,
            round_began: None,
            last_change: None,
            event_rate: 0.0,
            share: 0.0,
        }
    }

    pub(crate) fn forget(&mut self) {
        let mut missing = std::mem::take(&mut self.missing);
        missing.clear();
        *self = Self {
            missing,
            // `new` would allocate.
            reordering: 0.0,
            rounds_in_order: 0,
            level: 0.0,
            unrecovered: 0,
            lossy_round: false,
            round_began: None,
            last_change: None,
            event_rate: 0.0,
            share: 0.0,
        };
    }

    /// Takes a feedback; says whether packets are lost that were not known to be. `round_trip` in ms; a level of one takes `rounds_to_react`
    /// rounds with losses in a row.
    pub(crate) fn update(
        &mut self,
        now: Timestamp,
        packets: &[PacketFeedback],
        round_trip: f64,
        rounds_to_react: f64,
    ) -> bool {
        let round = TimeDelta::us((round_trip * 1e3) as i64);
        if self.last_change.is_some_and(|last| now - last > round) {
            // What has not come until now never will.
            self.unrecovered = 0;
        }
        let (mut lost, mut known) = (0, 0_u32);
        for packet in packets {
            known += 1;
            if packet.received.is_never() && packet.recovered == 0 {
                lost += self.miss(now, packet.sequence_number);
            } else if packet.recovered == 1 && !packet.received.is_never() {
                self.find(now, packet.sequence_number, round_trip);
            }
        }
        lost += self.give_up(now);
        if known > 0 {
            self.share += 0.1 * (f64::from(lost) / f64::from(known) - self.share);
        }
        if lost > 0 {
            (self.last_change, self.lossy_round) = (Some(now), true);
            self.unrecovered = self.unrecovered.saturating_add(lost);
        }
        self.turn_round(now, round, rounds_to_react);
        lost > 0
    }

    /// A packet is missing; says how many are lost for certain by that.
    fn miss(&mut self, now: Timestamp, number: i64) -> u32 {
        if self.reordering == 0.0 {
            return 1;
        }
        let full = self.missing.len() == CAPACITY;
        if full {
            self.missing.pop_front();
        }
        self.missing.push_back(Missing { number, since: now });
        u32::from(full)
    }

    /// A packet that was missing has come.
    fn find(&mut self, now: Timestamp, number: i64, round_trip: f64) {
        self.rounds_in_order = 0;
        if let Some(index) = self.missing.iter().position(|one| one.number == number) {
            let late = self.missing[index].since;
            self.missing.remove(index);
            self.widen((now - late).as_ms_f64(), round_trip);
            return;
        }
        // It had been given up.
        let late = self.last_change.map_or(0.0, |last| (now - last).as_ms_f64());
        self.widen(late.max(1.0), round_trip);
        self.last_change = Some(now);
        self.unrecovered = self.unrecovered.saturating_sub(1);
        if self.unrecovered == 0 {
            (self.level, self.lossy_round) = (0.0, false);
        }
    }

    fn widen(&mut self, late: f64, round_trip: f64) {
        self.reordering = self.reordering.max(late.min(round_trip));
    }

    fn give_up(&mut self, now: Timestamp) -> u32 {
        let mut lost = 0;
        while let Some(first) = self.missing.front() {
            if (now - first.since).as_ms_f64() < self.reordering {
                break;
            }
            self.missing.pop_front();
            lost += 1;
        }
        lost
    }

    fn turn_round(&mut self, now: Timestamp, round: TimeDelta, rounds_to_react: f64) {
        if self.round_began.is_some_and(|began| now - began < round) {
            return;
        }
        self.round_began = Some(now);
        let lossy = std::mem::take(&mut self.lossy_round);
        self.level = if lossy {
            (self.level + 1.0 / rounds_to_react.max(1.0)).min(1.0)
        } else {
            (self.level - 1.0 / LOSSLESS_ROUNDS).max(0.0)
        };
        self.event_rate += EVENT_GAIN * (f64::from(u8::from(lossy)) - self.event_rate);
        self.rounds_in_order += 1;
        if self.rounds_in_order >= REORDERING_MEMORY_ROUNDS {
            self.rounds_in_order = 0;
            self.reordering = if self.reordering < 1.0 {
                0.0
            } else {
                self.reordering / 2.0
            };
        }
    }

    /// Whether losses have come in round after round.
    pub(crate) fn is_congested(&self) -> bool {
        self.level >= CONGESTED
    }

    /// Whether there have been none for two rounds.
    pub(crate) fn is_calm(&self) -> bool {
        self.level < CALM
    }

    /// The level, 0 to 1.
    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// `loss_event_rate`: the share of rounds with losses.
    pub(crate) fn event_rate(&self) -> f64 {
        self.event_rate
    }

    /// The share of packets lost, smoothed over ten feedbacks.
    pub(crate) fn share(&self) -> f64 {
        self.share.clamp(0.0, 1.0)
    }

    /// Goes on with the share of packets lost that somebody else saw.
    pub(crate) fn inherit(&mut self, share: f64) {
        self.share = share;
    }
}
