//! Voices sit where they sat down, whoever comes and goes.

use jackfield_mixer_spatial::Spatial;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{largest_step, rms, tone};

const STEREO: AudioFormat = AudioFormat::new(SampleRate::HZ_48000, 2);
const EVERYONE: MixRequest = MixRequest {
    without: MixRequest::EVERYONE,
    reserved: 0,
};

struct Room {
    mixer: Spatial,
    tick: i64,
    heard: [Vec<f32>; 2],
}

impl Room {
    fn new(format: AudioFormat) -> Self {
        let mut mixer = Spatial::create(&Environment::seeded(1)).unwrap();
        mixer.activate(&MixerConfig::new(format, 16, 4)).unwrap();
        Self {
            mixer,
            tick: 0,
            heard: [Vec::new(), Vec::new()],
        }
    }

    /// 50 ms in which `present` are there and only `speaker` speaks, a steady tone; what is heard of it on each side in the last block.
    fn speaks(&mut self, speaker: u32, present: &[u32]) -> [f32; 2] {
        let mut sides = [0.0; 2];
        for _ in 0..5 {
            let now = Timestamp::from_ms(10 * self.tick);
            let at = (self.tick as usize) * 480;
            self.tick += 1;
            let sources: Vec<MixSource> = present
                .iter()
                .map(|id| MixSource {
                    id: *id,
                    muted: 0,
                    level_dbov: -20.0,
                    gain: 1.0,
                })
                .collect();
            let voice = &tone(400.0, 48_000, at + 480, 0.2)[at..];
            let pcm: Vec<f32> = present
                .iter()
                .flat_map(|id| {
                    let block = if *id == speaker { voice } else { &[0.0; 480] };
                    [block, block].concat()
                })
                .collect();
            let mut chosen = vec![0; sources.len()];
            self.mixer.choose(now, &sources, &mut chosen).unwrap();
            let mut mix = [0.0; 960];
            self.mixer
                .mix(now, &sources, &pcm, &[EVERYONE], &mut mix)
                .unwrap();
            for ((heard, level), side) in self.heard.iter_mut().zip(&mut sides).zip(mix.chunks_exact(480)) {
                heard.extend(side);
                *level = rms(side);
            }
        }
        sides
    }
}

/// On which side, and in the middle.
fn side([left, right]: [f32; 2]) -> &'static str {
    match left / right {
        ratio if ratio > 1.2 => "left",
        ratio if ratio < 0.8 => "right",
        _ => "middle",
    }
}

#[test]
fn e10_7_voices_are_placed_by_the_order_of_joining_and_stay_where_they_are() {
    let mut room = Room::new(STEREO);
    assert_eq!(side(room.speaks(7, &[7])), "middle");
    assert_eq!(side(room.speaks(3, &[3, 7])), "left");
    let [left, right] = room.speaks(9, &[3, 7, 9]);
    assert_eq!(side([left, right]), "right");
    assert!(
        left > 0.0,
        "the ends are not wholly at one side unless that is set"
    );
    assert_eq!(side(room.speaks(7, &[3, 7, 9])), "middle");
    // The one on the left goes; whoever comes next sits there, and nobody has moved.
    assert_eq!(side(room.speaks(9, &[7, 9])), "right");
    assert_eq!(side(room.speaks(1, &[1, 7, 9])), "left");
    assert_eq!(side(room.speaks(7, &[1, 7, 9])), "middle");
}

#[test]
fn e10_7_a_listener_hears_everybody_in_their_places_and_not_themselves() {
    let mut room = Room::new(STEREO);
    room.speaks(1, &[1]);
    room.speaks(2, &[1, 2]);
    let sources = [1, 2].map(|id| MixSource {
        id,
        muted: 0,
        level_dbov: -20.0,
        gain: 1.0,
    });
    let (middle, left) = (vec![0.1; 960], vec![0.3; 960]);
    let mut mix = vec![0.0; 960];
    for _ in 0..3 {
        let now = Timestamp::from_ms(10 * room.tick);
        room.tick += 1;
        room.mixer.choose(now, &sources, &mut [0; 2]).unwrap();
        let pcm = [&middle[..], &left[..]].concat();
        let without = [MixRequest {
            without: 2,
            reserved: 0,
        }];
        room.mixer.mix(now, &sources, &pcm, &without, &mut mix).unwrap();
    }
    assert!(
        mix.iter().all(|sample| (sample - 0.1).abs() < 1e-4),
        "{:?}",
        &mix[476..484]
    );
}

#[test]
fn e10_7_turning_the_width_moves_a_voice_without_a_click() {
    let mut room = Room::new(STEREO);
    room.speaks(1, &[1]);
    room.speaks(2, &[1, 2]);
    let steady = room.heard[0].len();
    for width in [100.0, 0.0, 100.0] {
        room.mixer.parameters().width = width;
        room.speaks(2, &[1, 2]);
    }
    let own = 400.0 * std::f32::consts::TAU / 48_000.0 * 0.2 * std::f32::consts::SQRT_2;
    for heard in &room.heard {
        let step = largest_step(&heard[steady - 480..]);
        assert!(step < own * 1.1, "a step of {step}, where the voice has {own}");
    }
    room.mixer.parameters().width = 0.0;
    assert_eq!(side(room.speaks(2, &[1, 2])), "middle");
}
