//! Mixers are swapped, and break, while people speak.

use jackfield_core::mixer::Mixer;
use jackfield_graph::swap::SwapOutcome;
use jackfield_sdk::prelude::*;

use super::plugins::{ROOM, active_speaker, made, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, perfect, steepest};

#[test]
fn t_7_sum_to_active_speaker_and_back_without_a_click() {
    let (a, b) = (ann(10), bob(10));
    let listen = |swaps: bool| {
        let mut room = Room::new(8, sum(8));
        room.join(Invitation::to_speak(a.clone()));
        room.join(Invitation::to_speak(b.clone()));
        let third = room.join(Invitation::to_listen());
        let mut ended = Vec::new();
        for n in 0..20 {
            if swaps && n > 1 && n < 19 {
                let newcomer = if n % 2 == 0 { active_speaker(8) } else { sum(8) };
                ended.push(room.swap_mixer(newcomer));
            }
            room.run_ms(500);
        }
        for swap in ended {
            let measure = room.ended(swap).unwrap();
            assert_eq!(measure.outcome, SwapOutcome::Committed);
            assert_eq!(measure.samples_lost, 0);
            assert!(
                measure.discontinuity_db <= -60.0,
                "{} dB",
                measure.discontinuity_db
            );
        }
        room.heard(third).to_vec()
    };
    let (swapped, undisturbed) = (listen(true), listen(false));
    let (median, _) = found_again(&perfect(&[&a, &b]), &swapped);
    assert!(median > 0.95, "{median}");
    let (step, bound) = (steepest(&swapped), steepest(&undisturbed) * 1.1 + 0.01);
    assert!(step < bound, "{step} against {bound}");
}

/// A mixer of sums that panics in the mix number `after`.
struct Panicking {
    inner: jackfield_mixer_sum::Sum,
    after: u32,
}

impl Panicking {
    fn after(after: u32, people: u32) -> Box<dyn Mixer> {
        let mut proxy = MixerProxy::local(Self { inner: made(), after });
        proxy
            .activate(&MixerConfig::new(ROOM, people, people + 1))
            .unwrap();
        Box::new(proxy)
    }
}

impl Plugin for Panicking {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.mixer.panicking", "Panicking", "1.0.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        Box::leak(Box::new(()))
    }
}

impl Mixer for Panicking {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.inner.activate(config)
    }
    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        self.inner.choose(now, sources, chosen)
    }
    fn mix(
        &mut self,
        now: Timestamp,
        sources: &[MixSource],
        pcm: &[f32],
        mixes: &[MixRequest],
        output: &mut [f32],
    ) -> Result<(), Fault> {
        assert!(self.after > 0, "on purpose");
        self.after -= 1;
        self.inner.mix(now, sources, pcm, mixes, output)
    }
    fn hand_over(&mut self, id: u32) -> Result<f32, Fault> {
        self.inner.hand_over(id)
    }
    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        self.inner.take_over(id, gain)
    }
}

#[test]
fn a_newcomer_that_panics_is_rolled_back_and_nobody_hears_it() {
    for after in [0, 1, 20] {
        let said = ann(6);
        let mut room = Room::new(4, sum(4));
        room.join(Invitation::to_speak(said.clone()));
        let bob = room.join(Invitation::to_listen());
        room.run_ms(2_000);
        let swap = room.swap_mixer(Panicking::after(after, 4));
        room.run_ms(4_000);
        let measure = room.ended(swap).unwrap();
        assert_eq!(measure.outcome, SwapOutcome::RolledBack, "after {after}");
        let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
        assert!(
            median > 0.97 && worst > 0.8,
            "after {after}: median {median}, worst {worst}"
        );
    }
}

#[test]
fn a_mixer_that_breaks_mid_call_is_gone_around() {
    let said = ann(6);
    let mut room = Room::new(4, Panicking::after(250, 4));
    room.join(Invitation::to_speak(said.clone()));
    let bob = room.join(Invitation::to_listen());
    room.run_ms(4_000);
    assert!(room.control.stats.mixer.is_bypassed());
    let swap = room.swap_mixer(sum(4));
    room.run_ms(2_000);
    assert_eq!(room.ended(swap).unwrap().outcome, SwapOutcome::Committed);
    assert!(!room.control.stats.mixer.is_bypassed());
    let (median, worst) = found_again(&perfect(&[&said]), room.heard(bob));
    assert!(median > 0.97 && worst > 0.8, "median {median}, worst {worst}");
}
