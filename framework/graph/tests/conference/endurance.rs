//! Ten thousand swaps in one call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jackfield_core::jitter_buffer::JitterBuffer;
use jackfield_graph::command::Outcome;
use jackfield_graph::processor::PreparedProcessor;
use jackfield_graph::swap::{SwapMeasure, SwapOutcome};
use jackfield_testkit::signal::Random;

use super::plugins::{Codec, active_speaker, adaptive, by_hand, fixed, gain, rnnoise, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, perfect};

static ALIVE: AtomicI64 = AtomicI64::new(0);

/// One of those that are alive.
struct Life;

impl Life {
    fn begin() -> Self {
        ALIVE.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Relaxed);
    }
}

/// Changes nothing, and is counted.
fn counted() -> Box<PreparedProcessor> {
    let life = Life::begin();
    by_hand(0, move |_| {
        let _kept = &life;
        Ok(())
    })
}

type Ends = BTreeMap<u64, Vec<SwapMeasure>>;

/// Takes the ends of swaps out of the room; what they carry is dropped, as the control thread does.
fn sweep(room: &mut Room, ends: &mut Ends, places: &BTreeMap<u64, usize>) {
    for outcome in room.outcomes.drain(..) {
        let (swap, measure) = match &outcome {
            Outcome::ProcessorSwapped { swap, measure, .. }
            | Outcome::JitterSwapped { swap, measure, .. }
            | Outcome::CodecSwapped { swap, measure, .. } => (*swap, *measure),
            Outcome::MixerSwapped(swapped) => (swapped.id, swapped.measure),
            Outcome::Bypassed { reason, .. } => panic!("bypassed: {reason}"),
            _ => continue,
        };
        let places = places.get(&swap).copied().unwrap_or(1);
        let so_far = ends.entry(swap).or_default();
        so_far.push(measure);
        assert!(so_far.len() <= places, "swap {swap} ended twice in one place");
    }
}

#[test]
fn t_7_ten_thousand_swaps_lose_no_sample_and_leak_nothing() {
    const SWAPS: u64 = 10_000;
    let seconds = 63;
    let said = ann(seconds);
    let mut random = Random::new(2_026);
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(said.clone()).through(vec![counted(), counted()]));
    let bob = room.join(Invitation::to_speak(bob(seconds)).through(vec![counted(), counted()]));
    let guests = [ann, bob];
    let mut ends = Ends::new();
    // Swaps that concern both guests end twice.
    let mut places = BTreeMap::new();
    let mut begun = 0;
    room.run_ms(500);
    while begun < SWAPS {
        for _ in 0..random.below(5) {
            let guest = guests[random.below(2) as usize];
            let swap = match random.below(10) {
                0 | 1 => room.swap_processor(guest, 0, counted()),
                2 => room.swap_processor(
                    guest,
                    1,
                    if random.below(20) == 0 {
                        rnnoise()
                    } else {
                        counted()
                    },
                ),
                3 => room.swap_processor(guest, 1, gain(random.below(6) as f32)),
                4 => {
                    let newcomer: Box<dyn JitterBuffer> =
                        if random.below(2) == 0 { adaptive() } else { fixed() };
                    room.swap_jitter(guest, newcomer)
                }
                5 => room.swap_mixer(if random.below(2) == 0 {
                    sum(4)
                } else {
                    active_speaker(4)
                }),
                6 => room.swap_codec(guest, Codec::ALL[random.below(2) as usize]),
                7 => {
                    let newcomer = Codec::ALL[random.below(2) as usize];
                    let encoder = match newcomer {
                        Codec::Opus => || Codec::Opus.encoder(20),
                        Codec::Pcmu => || Codec::Pcmu.encoder(20),
                        _ => unreachable!("one of the first two"),
                    };
                    // Whatever is sent now: the trial hears both.
                    let swap = room.swap_codec_on_trial(&guests, newcomer, (newcomer, encoder));
                    places.insert(swap, guests.len());
                    swap
                }
                8 => {
                    // One that waits for a decision, of which more below.
                    room.hold = true;
                    let swap = room.swap_processor(guest, 0, counted());
                    room.hold = false;
                    swap
                }
                _ => room.swap_processor(guest, 0, gain(0.0)),
            };
            begun += 1;
            if random.below(4) == 0 {
                // Somebody decides about this swap or about an older one, sensibly or not.
                room.decide(swap - random.below(4).min(swap - 1), random.below(3) > 0);
            }
        }
        room.step();
        sweep(&mut room, &mut ends, &places);
    }
    let calm = (room.clock.now().us() * 48 / 1_000) as usize;
    for swap in 1..=begun {
        // Whoever still waits for a decision gets it, twice.
        if !ends.contains_key(&swap) {
            room.decide(swap, true);
        }
    }
    room.run_ms(1_000);
    sweep(&mut room, &mut ends, &places);
    for swap in 1..=begun {
        if !ends.contains_key(&swap) {
            room.decide(swap, true);
        }
    }
    room.run_ms(8_000);
    sweep(&mut room, &mut ends, &places);
    assert_eq!(ends.len() as u64, begun, "every swap has ended, once");
    for (swap, measure) in &ends {
        assert_eq!(
            measure.len(),
            places.get(swap).copied().unwrap_or(1),
            "swap {swap}"
        );
    }
    for (swap, measure) in ends
        .iter()
        .flat_map(|(swap, all)| all.iter().map(move |one| (swap, one)))
    {
        assert_eq!(measure.samples_lost, 0, "swap {swap}");
        let displaced = ["another swap took its place", "it was aborted by hand"].contains(&measure.reason);
        assert!(
            measure.outcome == SwapOutcome::Committed || displaced,
            "swap {swap}: {}",
            measure.reason
        );
    }
    for guest in guests {
        let stats = &room.guest(guest).stats;
        assert_eq!(stats.late.load(Relaxed) + stats.undecodable.load(Relaxed), 0);
        assert_eq!(stats.concealed_samples.load(Relaxed), 0);
        let packets = &room.guest(guest).packets;
        assert!(
            packets
                .windows(2)
                .all(|pair| (pair[1].0 - pair[0].0).as_ms() == 20),
            "no packet is missing"
        );
    }
    let seconds = room.clock.now().us() / 1_000_000 - 3;
    let (said, heard) = (perfect(&[&said[..seconds as usize * 48_000]]), room.heard(bob));
    // In the storm the codec of the mix, and with it the delay, changes every few packets: a half second has no delay of its own.
    let (storm, _) = found_again(&said[..calm], &heard[..calm]);
    let (after, _) = found_again(&said[calm + 48_000..], &heard[calm + 48_000..]);
    assert!(storm > 0.7, "in the storm: {storm}");
    assert!(after > 0.93, "after it: {after}");
    let alive = ALIVE.load(Relaxed);
    assert!((0..=8).contains(&alive), "{alive} instances for four sockets");
    drop(room);
    assert_eq!(ALIVE.load(Relaxed), 0);
}
