//! Jitter buffers are swapped, and break, while packets wait in them.

use std::sync::atomic::Ordering::Relaxed;

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_core::units::TimeDelta;
use jackfield_graph::swap::SwapOutcome;
use jackfield_sdk::prelude::*;
use jackfield_sim::LinkConfig;

use super::plugins::{adaptive, fixed, jitter_of, made, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, found_again, perfect};

const JITTERY: LinkConfig = LinkConfig {
    delay: TimeDelta::ms(20),
    jitter: TimeDelta::ms(8),
    loss: 0.01,
    ..LinkConfig::PERFECT
};

struct Heard {
    said: Vec<f32>,
    heard: Vec<f32>,
    concealed: u64,
    late: u64,
}

/// Ann speaks for `seconds` over a jittery network; before each step `disturb` may do something to her jitter buffer.
fn over(weather: LinkConfig, seconds: usize, mut disturb: impl FnMut(&mut Room, u32, i64)) -> Heard {
    let said = ann(seconds);
    let mut room = Room::new(4, sum(4));
    room.uplinks.set_default(weather);
    let ann = room.join(Invitation::to_speak(said.clone()));
    let bob = room.join(Invitation::to_listen());
    for ms in (0..seconds as i64 * 1_000).step_by(10) {
        disturb(&mut room, ann, ms);
        room.step();
    }
    let stats = &room.guest(ann).stats;
    Heard {
        said,
        heard: room.heard(bob).to_vec(),
        concealed: stats.concealed_samples.load(Relaxed),
        late: stats.late.load(Relaxed),
    }
}

#[test]
fn t_7_fixed_to_adaptive_and_back_while_packets_wait() {
    let (mut swaps, mut worst) = (Vec::new(), -120.0_f32);
    let undisturbed = over(JITTERY, 10, |_, _, _| {});
    let swapped = over(JITTERY, 10, |room, ann, ms| {
        if ms >= 1_000 && ms % 500 == 0 {
            let newcomer: Box<dyn JitterBuffer> = if ms % 1_000 == 0 { adaptive() } else { fixed() };
            swaps.push(room.swap_jitter(ann, newcomer));
        }
        if ms == 9_990 {
            // The last but one: the last is still in its probation.
            for swap in &swaps[..swaps.len() - 1] {
                let measure = room.ended(*swap).unwrap();
                assert_eq!(measure.outcome, SwapOutcome::Committed, "{}", measure.reason);
                assert_eq!(measure.samples_lost, 0);
                worst = worst.max(measure.discontinuity_db);
            }
        }
    });
    assert_eq!(swaps.len(), 18);
    assert!(worst <= -26.0, "a seam of {worst} dB");
    assert!(
        swapped.concealed <= undisturbed.concealed + 960,
        "{} samples concealed, {} without swaps",
        swapped.concealed,
        undisturbed.concealed
    );
    let (median, _) = found_again(&perfect(&[&swapped.said]), &swapped.heard);
    assert!(median > 0.95, "{median}");
}

/// A fixed delay that panics when it was asked `after` times.
struct Panicking {
    inner: jackfield_jitter_fixed::FixedDelay,
    after: u32,
    on_insert: bool,
}

impl Panicking {
    fn after(after: u32, on_insert: bool) -> Box<dyn JitterBuffer> {
        jitter_of(Self {
            inner: made(),
            after,
            on_insert,
        })
    }

    fn count(&mut self, insert: bool) {
        if insert == self.on_insert {
            assert!(self.after > 0, "on purpose");
            self.after -= 1;
        }
    }
}

impl Plugin for Panicking {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.jitter.panicking", "Panicking", "1.0.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        Box::leak(Box::new(()))
    }
}

impl JitterBuffer for Panicking {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        self.inner.activate(config)
    }
    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        self.count(true);
        self.inner.insert(now, packet, released)
    }
    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        self.count(false);
        self.inner.next(now, playout, released)
    }
    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault> {
        self.inner.set_bounds(minimum, maximum)
    }
    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault> {
        self.inner.delay(now)
    }
    fn hand_over(&mut self, now: Timestamp) -> Result<JitterHandover, Fault> {
        self.inner.hand_over(now)
    }
    fn take_over(&mut self, now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.inner.take_over(now, state)
    }
}

const CALM: LinkConfig = LinkConfig {
    delay: TimeDelta::ms(20),
    ..LinkConfig::PERFECT
};

#[test]
fn a_newcomer_that_panics_is_rolled_back_without_a_lost_packet() {
    // In the shadow, while it is told of what waits, and in the probation.
    for (after, on_insert) in [(12, false), (12, true), (22, false), (22, true), (26, true)] {
        let mut swap = 0;
        let heard = over(CALM, 6, |room, ann, ms| match ms {
            2_000 => swap = room.swap_jitter(ann, Panicking::after(after, on_insert)),
            5_000 => {
                let measure = room.ended(swap).unwrap();
                assert_eq!(measure.outcome, SwapOutcome::RolledBack);
                assert!(
                    measure.reason.starts_with("it failed or panicked"),
                    "{}",
                    measure.reason
                );
                assert_eq!(measure.samples_lost, 0);
                assert!(
                    !room.guest(ann).stats.is_receiver_failed(),
                    "the predecessor plays on"
                );
            }
            _ => {}
        });
        assert_eq!((heard.concealed, heard.late), (0, 0), "on insert: {on_insert}");
        let (median, worst) = found_again(&perfect(&[&heard.said]), &heard.heard);
        assert!(median > 0.97 && worst > 0.8, "median {median}, worst {worst}");
    }
}

#[test]
fn a_newcomer_that_panics_while_it_takes_over_changes_nothing() {
    let mut swap = 0;
    let heard = over(CALM, 4, |room, ann, ms| match ms {
        2_000 => swap = room.swap_jitter(ann, Panicking::after(0, true)),
        2_020 => {
            let measure = room.ended(swap).unwrap();
            assert_eq!(measure.outcome, SwapOutcome::RolledBack);
            assert_eq!(measure.reason, "it failed or panicked while it took over");
        }
        _ => {}
    });
    assert_eq!((heard.concealed, heard.late), (0, 0));
}

#[test]
fn a_jitter_buffer_that_breaks_mid_call_loses_no_packet() {
    let said = ann(8);
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said.clone()).with_jitter(Panicking::after(150, true)));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(5_000);
    let stats = std::sync::Arc::clone(&room.guest(ann).stats);
    assert!(stats.is_receiver_failed(), "the stand-in plays");
    assert_eq!(stats.concealed_samples.load(Relaxed), 0);
    assert_eq!(stats.late.load(Relaxed), 0);
    let swap = room.swap_jitter(ann, adaptive());
    room.run_ms(3_000);
    assert!(
        !stats.is_receiver_failed(),
        "another jitter buffer took its place"
    );
    assert_eq!(room.ended(swap).unwrap().outcome, SwapOutcome::Committed);
    assert!(stats.concealed_samples.load(Relaxed) <= 960);
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
    assert!(median > 0.97 && worst > 0.6, "median {median}, worst {worst}");
}

#[test]
fn the_stand_in_bears_loss_and_jitter() {
    let heard = {
        let said = ann(8);
        let mut room = Room::new(4, sum(4));
        room.uplinks.set_default(LinkConfig {
            loss: 0.03,
            jitter: TimeDelta::ms(5),
            ..CALM
        });
        room.join(Invitation::to_speak(said.clone()).with_jitter(Panicking::after(0, true)));
        let bob = room.join(Invitation::to_listen());
        room.run_ms(8_000);
        (said, room.heard(bob).to_vec())
    };
    let (median, _) = found_again(&perfect(&[&heard.0]), &heard.1);
    assert!(median > 0.9, "{median}");
}

/// Takes every packet and plays none.
struct Mute(jackfield_jitter_fixed::FixedDelay, ());

impl Plugin for Mute {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.jitter.mute", "Mute", "1.0.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.1
    }
}

impl JitterBuffer for Mute {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        self.0.activate(config)
    }
    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        self.0.insert(now, packet, released)
    }
    fn next(&mut self, _: Timestamp, _: &Playout, _: &mut dyn HandleSink) -> Result<Action, Fault> {
        Ok(Action {
            operation: Operation::Conceal,
            ticks: 480,
            handle: 0,
            back: TimeDelta::ZERO,
        })
    }
    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault> {
        self.0.set_bounds(minimum, maximum)
    }
    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault> {
        self.0.delay(now)
    }
    fn hand_over(&mut self, now: Timestamp) -> Result<JitterHandover, Fault> {
        self.0.hand_over(now)
    }
    fn take_over(&mut self, now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.0.take_over(now, state)
    }
}

#[test]
fn one_that_plays_nothing_while_packets_wait_is_found_out_in_the_shadow() {
    let mut swap = 0;
    let heard = over(CALM, 5, |room, ann, ms| match ms {
        2_000 => swap = room.swap_jitter(ann, jitter_of(Mute(made(), ()))),
        2_500 => {
            let measure = room.ended(swap).unwrap();
            assert_eq!(measure.outcome, SwapOutcome::RolledBack);
            assert_eq!(measure.reason, "it played nothing while packets waited");
        }
        _ => {}
    });
    assert_eq!((heard.concealed, heard.late), (0, 0), "nobody heard it");
}
