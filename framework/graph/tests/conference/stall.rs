//! How long a swap holds the audio tick up, in virtual time: on a stopwatch on which every call into a plugin takes one microsecond, and nothing
//! else takes any. The stall is bounded by calls of the handover and not by what the plugins do with the signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use jackfield_core::jitter_buffer::{JitterBufferProxy, JitterConfig};
use jackfield_core::mixer::{MixerConfig, MixerProxy};
use jackfield_graph::receive::{MAX_WAITING, Receiver};
use jackfield_graph::stopwatch::Stopwatch;
use jackfield_sdk::prelude::*;

use super::plugins::{ROOM, made, prepare, sum};
use super::room::{Invitation, Room};
use super::sound::ann;

/// Calls so far.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicU64>);

impl Calls {
    fn one(&self) {
        self.0.fetch_add(1, Relaxed);
    }
}

impl Stopwatch for Calls {
    fn us(&mut self) -> f64 {
        self.0.load(Relaxed) as f64
    }
}

/// Counts every call, and passes it on.
struct Counting<T> {
    inner: T,
    calls: Calls,
    nothing: (),
}

impl<T: Plugin> Counting<T> {
    fn new(calls: &Calls) -> Self {
        Self {
            inner: made(),
            calls: calls.clone(),
            nothing: (),
        }
    }
}

impl<T: Plugin> Plugin for Counting<T> {
    const DESCRIPTOR: Descriptor = T::DESCRIPTOR;
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.nothing
    }
    fn reset(&mut self, reason: ResetReason) {
        self.calls.one();
        Plugin::reset(&mut self.inner, reason);
    }
}

impl<T: Plugin + AudioProcessor> AudioProcessor for Counting<T> {
    fn activate(&mut self, format: &AudioFormat) -> Result<(), Fault> {
        self.inner.activate(format)
    }
    fn process(
        &mut self,
        now: Timestamp,
        near: &mut [f32],
        capture: &CaptureInfo,
        report: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        self.calls.one();
        self.inner.process(now, near, capture, report)
    }
    fn hand_over(&mut self, state: &mut ProcessorHandover) -> Result<(), Fault> {
        self.calls.one();
        self.inner.hand_over(state)
    }
    fn take_over(&mut self, state: &ProcessorHandover) -> Result<(), Fault> {
        self.calls.one();
        self.inner.take_over(state)
    }
}

impl<T: Plugin + JitterBuffer> JitterBuffer for Counting<T> {
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault> {
        self.inner.activate(config)
    }
    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        self.calls.one();
        self.inner.insert(now, packet, released)
    }
    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault> {
        self.calls.one();
        self.inner.next(now, playout, released)
    }
    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault> {
        self.inner.set_bounds(minimum, maximum)
    }
    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault> {
        self.calls.one();
        self.inner.delay(now)
    }
    fn hand_over(&mut self, now: Timestamp) -> Result<JitterHandover, Fault> {
        self.calls.one();
        self.inner.hand_over(now)
    }
    fn take_over(&mut self, now: Timestamp, state: &JitterHandover) -> Result<(), Fault> {
        self.calls.one();
        self.inner.take_over(now, state)
    }
}

impl<T: Plugin + Mixer> Mixer for Counting<T> {
    fn activate(&mut self, config: &MixerConfig) -> Result<(), Fault> {
        self.inner.activate(config)
    }
    fn choose(&mut self, now: Timestamp, sources: &[MixSource], chosen: &mut [u32]) -> Result<u32, Fault> {
        self.calls.one();
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
        self.calls.one();
        self.inner.mix(now, sources, pcm, mixes, output)
    }
    fn hand_over(&mut self, id: u32) -> Result<f32, Fault> {
        self.calls.one();
        self.inner.hand_over(id)
    }
    fn take_over(&mut self, id: u32, gain: f32) -> Result<(), Fault> {
        self.calls.one();
        self.inner.take_over(id, gain)
    }
}

#[test]
fn t_7_a_swap_stalls_the_tick_for_its_handover_and_no_longer() {
    type Gain = jackfield_processing_gain::Gain;
    type Fixed = jackfield_jitter_fixed::FixedDelay;
    type Sum = jackfield_mixer_sum::Sum;
    let calls = Calls::default();
    let gain = || prepare(Counting::<Gain>::new(&calls));
    let jitter = || -> Box<dyn JitterBuffer> {
        let mut proxy = JitterBufferProxy::local(Counting::<Fixed>::new(&calls));
        let config = JitterConfig::new(Receiver::JITTER_CLOCK, MAX_WAITING as u32);
        proxy.activate(&config).unwrap();
        Box::new(proxy)
    };
    let mixer = || -> Box<dyn Mixer> {
        let mut proxy = MixerProxy::local(Counting::<Sum>::new(&calls));
        proxy.activate(&MixerConfig::new(ROOM, 4, 5)).unwrap();
        Box::new(proxy)
    };
    let mut room = Room::new(4, sum(4));
    room.watch = Box::new(calls.clone());
    let ann = room.join(
        Invitation::to_speak(ann(12))
            .through(vec![gain()])
            .with_jitter(jitter()),
    );
    let people = room.join(Invitation::to_listen());
    assert_eq!(people, 2);
    room.swap_mixer(mixer());
    room.run_ms(2_000);
    let swaps = [
        // One hands over, one takes over.
        ("processor", room.swap_processor(ann, 0, gain()), 2.0),
        // Both for each of two people.
        ("mixer", room.swap_mixer(mixer()), 4.0),
        // Two delays, a handover, a reset, a take-over, and a dozen packets at most that wait.
        ("jitter", room.swap_jitter(ann, jitter()), 5.0 + 12.0),
    ];
    room.run_ms(3_000);
    for (kind, swap, most) in swaps {
        let stall = room.ended(swap).unwrap().stall_us;
        assert!(
            stall > 0.0 && stall <= most,
            "{kind}: {stall} calls, {most} at most"
        );
    }
}
