//! Everyone who is not muted and not silent is heard, and the limiter is not heard until it must be.

use jackfield_mixer_sum::Sum;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::{level_db, noise, tone};

const EVERYONE: [MixRequest; 1] = [MixRequest {
    without: MixRequest::EVERYONE,
    reserved: 0,
}];

fn mixer(max_sources: u32) -> Sum {
    let mut mixer = Sum::create(&Environment::seeded(1)).unwrap();
    mixer
        .activate(&MixerConfig::new(AudioFormat::MONO_48K, max_sources, 4))
        .unwrap();
    mixer
}

fn source(id: u32, level_dbov: f32) -> MixSource {
    MixSource {
        id,
        muted: 0,
        level_dbov,
        gain: 1.0,
    }
}

fn tick(
    mixer: &mut Sum,
    now_ms: i64,
    sources: &[MixSource],
    pcm: impl Fn(u32) -> Vec<f32>,
) -> (Vec<u32>, Vec<f32>) {
    let now = Timestamp::from_ms(now_ms);
    let mut chosen = vec![0; sources.len()];
    let count = mixer.choose(now, sources, &mut chosen).unwrap() as usize;
    let list: Vec<MixSource> = chosen[..count]
        .iter()
        .map(|index| sources[*index as usize])
        .collect();
    let blocks: Vec<f32> = list.iter().flat_map(|source| pcm(source.id)).collect();
    let mut output = vec![0.0; 480];
    mixer.mix(now, &list, &blocks, &EVERYONE, &mut output).unwrap();
    (list.iter().map(|source| source.id).collect(), output)
}

#[test]
fn e10_1_a_hundred_voices_are_all_heard() {
    let mut mixer = mixer(100);
    let sources: Vec<MixSource> = (0..100).map(|id| source(id, -40.0)).collect();
    let voice = |id: u32| noise(u64::from(id), 480, 0.01);
    let mut last = (Vec::new(), Vec::new());
    for n in 0..5 {
        last = tick(&mut mixer, n * 10, &sources, voice);
    }
    assert_eq!(last.0.len(), 100);
    let expected: Vec<f32> = (0..480).map(|i| (0..100).map(|id| voice(id)[i]).sum()).collect();
    let error: Vec<f32> = last.1.iter().zip(&expected).map(|(a, b)| a - b).collect();
    assert!(level_db(&error) < -90.0, "off by {} dB", level_db(&error));
}

#[test]
fn the_silent_are_not_decoded_after_the_hold() {
    let mut mixer = mixer(4);
    let quiet = |_| vec![0.0; 480];
    for n in 0..20 {
        tick(&mut mixer, n * 10, &[source(1, -30.0), source(2, -127.0)], quiet);
    }
    let (chosen, _) = tick(&mut mixer, 210, &[source(1, -127.0), source(2, -127.0)], quiet);
    assert_eq!(chosen, [1], "a pause");
    for n in 22..60 {
        tick(&mut mixer, n * 10, &[source(1, -127.0), source(2, -127.0)], quiet);
    }
    let (chosen, _) = tick(&mut mixer, 600, &[source(1, -127.0), source(2, -127.0)], quiet);
    assert!(chosen.is_empty(), "silence");
}

#[test]
fn the_silence_level_can_be_set() {
    let mut mixer = mixer(4);
    mixer.parameters().silence = -50.0;
    mixer.parameters().hold = 0;
    let hiss = |_| noise(1, 480, 0.001);
    for n in 0..5 {
        assert!(tick(&mut mixer, n * 10, &[source(1, -60.0)], hiss).0.is_empty());
    }
}

#[test]
fn e10_4_what_fits_is_not_touched_by_the_limiter() {
    let mut mixer = mixer(2);
    let mut worst = -200.0_f32;
    for n in 0..100_usize {
        let part = |hertz: f64| tone(hertz, 48_000, 48_000, 0.45)[n * 480..][..480].to_vec();
        let (_, output) = tick(
            &mut mixer,
            n as i64 * 10,
            &[source(1, -10.0), source(2, -10.0)],
            |id| part(f64::from(id) * 300.0),
        );
        if n > 1 {
            let error: Vec<f32> = output
                .iter()
                .zip(part(300.0).iter().zip(part(600.0)))
                .map(|(sum, (a, b))| sum - a - b)
                .collect();
            worst = worst.max(level_db(&error));
        }
    }
    assert!(worst < -120.0, "{worst} dB");
}

#[test]
fn e10_2_e10_4_a_listener_who_starts_to_speak_hears_no_step_of_the_limiter() {
    // Two loud voices keep the limiter busy; the third is soft and comes in late. Its own mix must go on where the common one was.
    let mut mixer = mixer(3);
    let mut heard = Vec::new();
    let own = MixRequest {
        without: 3,
        reserved: 0,
    };
    let loud = tone(100.0, 48_000, 48_000 * 2, 0.8);
    for n in 0..150_usize {
        let now = Timestamp::from_ms(n as i64 * 10);
        let mut sources = vec![source(1, -5.0), source(2, -5.0)];
        let block = &loud[n * 480..][..480];
        let mut pcm = [block, block].concat();
        if n >= 75 {
            sources.push(source(3, -60.0));
            pcm.extend(noise(n as u64, 480, 0.001));
        }
        let mut chosen = [0; 3];
        mixer.choose(now, &sources, &mut chosen).unwrap();
        let mut output = [0.0; 480];
        mixer.mix(now, &sources, &pcm, &[own], &mut output).unwrap();
        heard.extend(output);
    }
    let around = &heard[74 * 480..77 * 480];
    let before = &heard[70 * 480..73 * 480];
    let step = |signal: &[f32]| {
        signal
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max)
    };
    assert!(
        step(around) < step(before) * 1.2 + 1e-3,
        "{} against {}",
        step(around),
        step(before)
    );
}
