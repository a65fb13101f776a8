//! The canceller in a synthetic room: what it takes away, how soon, and what it leaves alone.

use jackfield_processing_aec3::Aec3;
use jackfield_sdk::prelude::*;
use jackfield_testkit::audio_processor::run;
use jackfield_testkit::signal::{Random, lag, level_db, noise, voice};

const RATE: u32 = 16_000;
const SECOND: usize = RATE as usize;
const FORMAT: AudioFormat = AudioFormat::new(SampleRate::HZ_16000, 1);

fn canceller() -> Aec3 {
    let mut canceller = Aec3::create(&Environment::seeded(1)).unwrap();
    canceller.activate(&FORMAT).unwrap();
    canceller
}

/// What the microphone hears of the loudspeaker: after `delay` a direct sound 6 dB down and 120 ms of decaying reverberation.
fn echo(far: &[f32], delay: usize, room: u64) -> Vec<f32> {
    let mut random = Random::new(room);
    let response: Vec<(usize, f32)> = std::iter::once((delay, 0.4))
        .chain((8..RATE as usize / 8).step_by(3).map(|n| {
            let decay = 10_f32.powf(-3.0 * n as f32 / (0.3 * RATE as f32));
            (delay + n, 0.06 * decay * random.sample())
        }))
        .collect();
    let mut echo = vec![0.0; far.len()];
    for (at, gain) in response {
        for (out, sound) in echo.iter_mut().skip(at).zip(far) {
            *out += sound * gain;
        }
    }
    for (n, out) in echo.iter_mut().enumerate() {
        *out += 0.000_1 * (n as f32 * 0.7).sin() * random.sample();
    }
    echo
}

fn erle(echo: &[f32], output: &[f32], seconds: std::ops::Range<usize>) -> f32 {
    let range = seconds.start * SECOND..seconds.end * SECOND;
    level_db(&echo[range.clone()]) - level_db(&output[range])
}

#[test]
fn e12_2_echo_is_down_by_20_db_after_a_second_and_a_half() {
    let far = voice(1, RATE, SECOND * 6);
    let near = echo(&far, 320, 5);
    let output = run(&mut canceller(), &FORMAT, &near, &far);
    let from = SECOND * 3 / 2;
    let enhancement = level_db(&near[from..]) - level_db(&output[from..]);
    assert!(enhancement > 20.0, "{enhancement} dB after 1.5 s");
    assert!(
        erle(&near, &output, 4..6) > 25.0,
        "{} dB after 4 s",
        erle(&near, &output, 4..6)
    );
}

#[test]
fn e12_3_any_delay_from_4_to_480_ms_is_found() {
    for delay_ms in [4, 40, 120, 250, 480] {
        let far = voice(2, RATE, SECOND * 8);
        let near = echo(&far, delay_ms * SECOND / 1_000, 6);
        let mut canceller = canceller();
        let output = run(&mut canceller, &FORMAT, &near, &far);
        let enhancement = erle(&near, &output, 6..8);
        assert!(enhancement > 18.0, "{delay_ms} ms: {enhancement} dB");
        let mut values = [0.0; 4];
        canceller.statistics(&mut values);
        assert!(
            (values[2] - delay_ms as f64).abs() <= 24.0,
            "{delay_ms} ms: {} ms reported",
            values[2]
        );
    }
}

#[test]
fn e12_3_a_changed_path_is_learnt_anew() {
    let far = voice(3, RATE, SECOND * 14);
    let mut near = echo(&far, 320, 7);
    near[SECOND * 6..].copy_from_slice(&echo(&far, 700, 8)[SECOND * 6..]);
    let output = run(&mut canceller(), &FORMAT, &near, &far);
    assert!(erle(&near, &output, 4..6) > 20.0);
    assert!(
        erle(&near, &output, 11..14) > 20.0,
        "{} dB after the change",
        erle(&near, &output, 11..14)
    );
}

#[test]
fn e12_3_a_voice_alone_is_not_touched() {
    let near = voice(4, RATE, SECOND * 4);
    let output = run(&mut canceller(), &FORMAT, &near, &vec![0.0; near.len()]);
    let found = lag(&near[SECOND..], &output[SECOND..], 400);
    assert!(found.likeness > 0.99, "{found:?}");
    assert!((level_db(&output[SECOND..]) - level_db(&near[SECOND..])).abs() < 0.5);
}

#[test]
fn e12_3_both_at_once_leaves_the_near_voice_to_be_heard() {
    let far = voice(5, RATE, SECOND * 10);
    let talker = voice(6, RATE, SECOND * 10);
    let echo = echo(&far, 320, 9);
    let near: Vec<f32> = echo
        .iter()
        .zip(&talker)
        .enumerate()
        .map(|(n, (echo, voice))| if n < SECOND * 5 { *echo } else { echo + voice })
        .collect();
    let output = run(&mut canceller(), &FORMAT, &near, &far);
    let double_talk = SECOND * 6..SECOND * 10;
    let kept = level_db(&output[double_talk.clone()]) - level_db(&talker[double_talk.clone()]);
    assert!((-9.0..=3.0).contains(&kept), "the near voice is at {kept} dB");
    let found = lag(&talker[double_talk.clone()], &output[double_talk], 400);
    assert!(found.likeness > 0.6, "{found:?}");
}

#[test]
fn e12_8_a_successor_that_knows_the_delay_finds_the_echo() {
    let far = voice(7, RATE, SECOND * 8);
    let near = echo(&far, 200 * SECOND / 1_000, 10);
    let mut old = canceller();
    run(&mut old, &FORMAT, &near, &far);
    let mut state = ProcessorHandover::UNKNOWN;
    old.hand_over(&mut state).unwrap();
    assert!(
        (state.echo_delay_ms - 200.0).abs() <= 24.0,
        "{} ms handed over",
        state.echo_delay_ms
    );
    let mut young = canceller();
    young.take_over(&state).unwrap();
    let output = run(&mut young, &FORMAT, &near, &far);
    assert!(
        erle(&near, &output, 2..8) > 20.0,
        "{} dB",
        erle(&near, &output, 2..8)
    );
}

#[test]
fn e12_4_noise_suppression_takes_away_more_at_each_level() {
    let near = noise(1, SECOND * 6, 0.02);
    let mut last = 0.0;
    for (level, least) in [(1, 4.0), (2, 8.0), (3, 12.0), (4, 14.0)] {
        let mut canceller = Aec3::create(&Environment::seeded(1)).unwrap();
        canceller.parameters().noise_suppression = level;
        canceller.activate(&FORMAT).unwrap();
        let output = run(&mut canceller, &FORMAT, &near, &vec![0.0; near.len()]);
        let reduction = erle(&near, &output, 4..6);
        assert!(reduction > least, "level {level}: {reduction} dB");
        assert!(
            reduction > last,
            "level {level}: {reduction} dB, the one below it {last} dB"
        );
        last = reduction;
    }
}
