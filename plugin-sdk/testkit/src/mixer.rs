//! The suite of mixers.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::{Random, db, lag, largest_step, level_db, noise, rms, tone};

crate::conformance::cases! { $ __mixer_cases mixer(Mixers):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    mixer::calls_before_activation_are_faults,
    mixer::an_impossible_configuration_is_a_fault,
    mixer::lengths_that_do_not_fit_are_faults,
    mixer::nobody_and_nothing_is_silence,
    mixer::the_choice_is_a_choice,
    mixer::the_muted_are_not_heard,
    mixer::e10_1_sources_come_and_go,
    mixer::e10_2_nobody_hears_their_own_voice,
    mixer::e10_4_no_sample_above_full_scale_for_any_input,
    mixer::e10_5_join_and_leave_without_a_click,
    mixer::e10_5_a_source_that_vanishes_makes_no_click,
    mixer::e10_6_every_offered_format_works,
    mixer::a_source_that_is_no_number_harms_nobody_else,
    mixer::t_2_gains_are_handed_over,
    mixer::equal_input_gives_equal_output,
    mixer::every_parameter_can_be_turned_while_it_runs,
    mixer::t_3_audio_calls_are_real_time_safe,
}

type Mixers = Subject<dyn Mixer>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + Mixer>() -> Mixers {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + Mixer>() -> Mixers {
    Subject::new::<T>(|plugin| Box::new(MixerProxy::local(plugin)))
}

/// Nothing works before `activate`, and nothing panics.
pub fn calls_before_activation_are_faults(subject: &Mixers) {
    let mut mixer = subject.make(1);
    assert!(
        mixer
            .choose(Timestamp::ZERO, &[source(1, -20.0)], &mut [0])
            .is_err()
    );
    assert!(
        mixer
            .mix(
                Timestamp::ZERO,
                &[source(1, -20.0)],
                &[0.0; 480],
                &[everyone()],
                &mut [0.0; 480]
            )
            .is_err()
    );
}

/// A format that there is not is refused.
pub fn an_impossible_configuration_is_a_fault(subject: &Mixers) {
    for (rate, channels) in [
        (0, 1),
        (48_000, 0),
        (48_000, 9),
        (48_001, 1),
        (u32::MAX, u32::MAX),
    ] {
        let config = MixerConfig::new(AudioFormat::new(SampleRate::hz(rate), channels), 4, 4);
        assert!(
            subject.make(1).activate(&config).is_err(),
            "{rate} Hz x{channels}"
        );
    }
}

/// Too short, too long, too many: each is answered with a fault, and the mixer works on.
pub fn lengths_that_do_not_fit_are_faults(subject: &Mixers) {
    let mut bench = Bench::new(subject, 3);
    let length = bench.format.block_len();
    let sources: Vec<MixSource> = (0..4).map(|id| source(id, -20.0)).collect();
    let mut output = vec![0.0; length * 2];
    let now = Timestamp::ZERO;
    assert!(
        bench.mixer.choose(now, &sources[..2], &mut [0]).is_err(),
        "`chosen` too short"
    );
    assert!(
        bench.mixer.choose(now, &sources, &mut [0; 4]).is_err(),
        "more sources than announced"
    );
    for wrong in [0, 1, length - 1, length + 1, 3 * length] {
        let pcm = vec![0.1; wrong];
        assert!(
            bench
                .mixer
                .mix(now, &sources[..2], &pcm, &[everyone()], &mut output[..length])
                .is_err(),
            "pcm {wrong}"
        );
    }
    let pcm = vec![0.1; length];
    for wrong in [0, length - 1, length + 1, length * 2] {
        assert!(
            bench
                .mixer
                .mix(now, &sources[..1], &pcm, &[everyone()], &mut output[..wrong])
                .is_err(),
            "output {wrong}"
        );
    }
    let many = vec![everyone(); 9];
    assert!(
        bench
            .mixer
            .mix(now, &sources[..1], &pcm, &many, &mut vec![0.0; length * 9])
            .is_err(),
        "more mixes than announced"
    );
    bench
        .mixer
        .mix(now, &sources[..1], &pcm, &[everyone()], &mut output[..length])
        .expect("a call that fits");
}

/// No sources give silence, no mixes give nothing, silent sources give silence.
pub fn nobody_and_nothing_is_silence(subject: &Mixers) {
    let mut bench = Bench::new(subject, 4);
    let length = bench.format.block_len();
    for _ in 0..5 {
        assert_eq!(bench.mixer.choose(Timestamp::ZERO, &[], &mut []), Ok(0));
        let mut output = vec![0.7; length];
        bench
            .mixer
            .mix(Timestamp::ZERO, &[], &[], &[everyone()], &mut output)
            .expect("nobody is there");
        assert!(
            output.iter().all(|sample| *sample == 0.0),
            "an empty conference is silent"
        );
        bench
            .mixer
            .mix(Timestamp::ZERO, &[], &[], &[], &mut [])
            .expect("nobody listens");
    }
    for _ in 0..20 {
        let mixed = bench.tick(&[(source(1, -127.0), vec![0.0; length])], &[everyone()]);
        assert!(mixed.iter().all(|sample| *sample == 0.0));
    }
}

/// What `choose` writes are indices of sources, each once, whatever the levels and gains; and what they say is not written behind.
pub fn the_choice_is_a_choice(subject: &Mixers) {
    let mut bench = Bench::new(subject, 40);
    let mut random = Random::new(3);
    let odd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        -1e9,
        1e9,
        -127.0,
        0.0,
        -20.0,
        -30.0,
    ];
    for _ in 0..300 {
        let count = random.below(41) as usize;
        let first = random.below(3) as u32;
        let sources: Vec<MixSource> = (0..count as u32)
            .map(|n| MixSource {
                id: (first + n) * 3,
                muted: u32::from(random.below(4) == 0),
                level_dbov: odd[random.below(9) as usize],
                gain: [1.0, 0.0, f32::NAN, -3.0, 1e30][random.below(5) as usize],
            })
            .collect();
        let mut chosen = vec![u32::MAX; count + 2];
        let picked = bench
            .mixer
            .choose(bench.now, &sources, &mut chosen)
            .expect("a good call") as usize;
        assert!(picked <= count);
        let mut seen = vec![false; count];
        for index in &chosen[..picked] {
            assert!(
                !std::mem::replace(&mut seen[*index as usize], true),
                "source {index} is chosen twice"
            );
        }
        assert!(chosen[count..].iter().all(|index| *index == u32::MAX));
        let list: Vec<MixSource> = chosen[..picked]
            .iter()
            .map(|index| sources[*index as usize])
            .collect();
        let pcm = noise(random.bits(), picked * bench.format.block_len(), 0.5);
        let mut output = vec![0.0; bench.format.block_len()];
        bench
            .mixer
            .mix(bench.now, &list, &pcm, &[everyone()], &mut output)
            .expect("those chosen can be mixed");
        assert!(output.iter().all(|sample| sample.abs() <= 1.0));
        bench.now += BLOCK_DURATION;
    }
}

/// Whoever is muted is silent a block later and is not chosen after that.
pub fn the_muted_are_not_heard(subject: &Mixers) {
    let mut bench = Bench::new(subject, 4);
    let length = bench.format.block_len();
    let loud = |seed| noise(seed, length, 0.3);
    for n in 0..50 {
        bench.tick(&[(source(1, -15.0), loud(n))], &[everyone()]);
    }
    let muted = MixSource {
        muted: 1,
        ..source(1, -15.0)
    };
    bench.tick(&[(muted, loud(99))], &[everyone()]);
    for n in 0..10 {
        let output = bench.tick(&[(muted, loud(100 + n))], &[everyone()]);
        assert!(
            output.iter().all(|sample| *sample == 0.0),
            "the muted are still heard"
        );
        assert_eq!(
            bench.mixer.choose(bench.now, &[muted], &mut [0]),
            Ok(0),
            "the muted are not worth decoding"
        );
    }
}

/// Sources that come are heard in full after a block, those that go are gone.
pub fn e10_1_sources_come_and_go(subject: &Mixers) {
    let mut bench = Bench::new(subject, 3);
    let length = bench.format.block_len();
    let tones: Vec<Vec<f32>> = [400.0, 1_100.0]
        .iter()
        .map(|hz| tone(*hz, bench.rate(), length * 60, 0.2))
        .collect();
    let block = |who: usize, n: usize| tones[who][n * length..][..length].to_vec();
    for n in 0..60 {
        let both = (20..40).contains(&n);
        let mut parts = vec![(source(1, -17.0), block(0, n))];
        if both {
            parts.push((source(2, -17.0), block(1, n)));
        }
        let output = bench.tick(&parts, &[everyone()]);
        let expected: Vec<f32> = parts.iter().fold(vec![0.0; length], |sum, (_, pcm)| {
            sum.iter().zip(pcm).map(|(a, b)| a + b).collect()
        });
        if n % 20 >= 2 {
            let error: Vec<f32> = output.iter().zip(&expected).map(|(a, b)| a - b).collect();
            assert!(
                level_db(&error) < -90.0,
                "block {n}: off by {} dB",
                level_db(&error)
            );
        }
    }
}

/// The mix of a listener who speaks holds everyone else and not a trace of their own voice.
pub fn e10_2_nobody_hears_their_own_voice(subject: &Mixers) {
    let mut bench = Bench::new(subject, 4);
    let length = bench.format.block_len();
    let voices: Vec<Vec<f32>> = (1..=3).map(|seed| noise(seed, length * 40, 0.2)).collect();
    let listeners: Vec<MixRequest> = (1..=3).map(without).chain([without(77), everyone()]).collect();
    let mut heard = vec![Vec::new(); listeners.len()];
    for n in 0..40 {
        let parts: Vec<(MixSource, Vec<f32>)> = (0..3)
            .map(|who| {
                (
                    source(who as u32 + 1, -19.0),
                    voices[who][n * length..][..length].to_vec(),
                )
            })
            .collect();
        let output = bench.tick(&parts, &listeners);
        for (heard, mix) in heard.iter_mut().zip(output.chunks_exact(length)) {
            heard.extend_from_slice(mix);
        }
    }
    let from = length * 5;
    for who in 0..3 {
        let own = lag(&voices[who][from..], &heard[who][from..], 0).likeness;
        assert!(own < 0.05, "listener {} hears themselves: {own}", who + 1);
        let others: Vec<f32> = (from..length * 40)
            .map(|i| voices[(who + 1) % 3][i] + voices[(who + 2) % 3][i])
            .collect();
        let error: Vec<f32> = others
            .iter()
            .zip(&heard[who][from..])
            .map(|(a, b)| a - b)
            .collect();
        assert!(
            level_db(&error) < -90.0,
            "listener {} hears the others: off by {} dB",
            who + 1,
            level_db(&error)
        );
    }
    assert_eq!(
        heard[3][from..],
        heard[4][from..],
        "who does not speak hears what everyone hears"
    );
}

/// However loud and however many: full scale is the end.
pub fn e10_4_no_sample_above_full_scale_for_any_input(subject: &Mixers) {
    let mut bench = Bench::new(subject, 8);
    let length = bench.format.block_len();
    let listeners: Vec<MixRequest> = (0..7).map(without).chain([everyone()]).collect();
    for n in 0..60_u64 {
        let parts: Vec<(MixSource, Vec<f32>)> = (0..8)
            .map(|id| {
                let peak = [0.1, 0.9, 1.0, 3.0, 1e6, f32::MAX][((n / 4 + u64::from(id)) % 6) as usize];
                let gain = [1.0, 4.0, 100.0][(n % 3) as usize];
                (
                    MixSource {
                        gain,
                        ..source(id, 0.0)
                    },
                    noise(n * 8 + u64::from(id), length, peak),
                )
            })
            .collect();
        let output = bench.tick(&parts, &listeners);
        let worst = output.iter().find(|sample| !(-1.0..=1.0).contains(*sample));
        assert_eq!(worst, None, "block {n}");
    }
}

/// A voice that joins, leaves, is muted or made louder adds no step: nothing above −60 dB beyond the signals' own steps.
pub fn e10_5_join_and_leave_without_a_click(subject: &Mixers) {
    let mut bench = Bench::new(subject, 3);
    let length = bench.format.block_len();
    let steady = tone(150.0, bench.rate(), length * 80, 0.2);
    // A quarter turn ahead: it is at its peak where the blocks begin.
    let other: Vec<f32> = tone(100.0, bench.rate(), length * 81, 0.3)[length / 4..][..length * 80].to_vec();
    let mut heard = Vec::new();
    for n in 0..80 {
        let mut parts = vec![(source(1, -17.0), steady[n * length..][..length].to_vec())];
        let guest = match n / 10 % 4 {
            0 => None,
            1 => Some(source(2, -13.0)),
            2 => Some(MixSource {
                gain: 0.25,
                ..source(2, -13.0)
            }),
            _ => Some(MixSource {
                muted: 1,
                ..source(2, -13.0)
            }),
        };
        parts.extend(guest.map(|guest| (guest, other[n * length..][..length].to_vec())));
        heard.extend(bench.tick(&parts, &[everyone()]));
    }
    let own = largest_step(&steady) + largest_step(&other);
    for n in 1..80 {
        let block = &heard[n * length - 1..(n + 1) * length];
        let click = db((largest_step(block) - own * 1.05).max(0.0));
        assert!(click < -60.0, "block {n}: a step of {click} dB");
    }
}

/// A host that simply takes a source away in the middle of a word causes no step above −40 dB.
pub fn e10_5_a_source_that_vanishes_makes_no_click(subject: &Mixers) {
    let mut bench = Bench::new(subject, 3);
    let length = bench.format.block_len();
    let voice: Vec<f32> = tone(100.0, bench.rate(), length * 21, 0.3)[length / 4..][..length * 20].to_vec();
    let mut heard = Vec::new();
    for n in 0..40 {
        let parts = if n < 20 {
            vec![(source(1, -13.0), voice[n * length..][..length].to_vec())]
        } else {
            Vec::new()
        };
        heard.extend(bench.tick(&parts, &[everyone()]));
    }
    let click = db((largest_step(&heard) - largest_step(&voice) * 1.05).max(0.0));
    assert!(click < -40.0, "a step of {click} dB");
    assert!(
        heard[length * 22..].iter().all(|sample| *sample == 0.0),
        "and then there is silence"
    );
}

/// Every offered rate and number of channels.
pub fn e10_6_every_offered_format_works(subject: &Mixers) {
    for format in subject.formats() {
        let mut bench = Bench::in_format(subject, format, 3);
        let length = format.block_len();
        let mut output = Vec::new();
        for n in 0..20 {
            let parts = [1, 2].map(|id| (source(id, -19.0), noise(n * 2 + u64::from(id), length, 0.2)));
            output = bench.tick(&parts, &[everyone()]);
        }
        let level = db(rms(&output));
        assert!((-19.0..=-14.0).contains(&level), "{format}: {level} dB");
        for channel in output.chunks_exact(format.block_samples()) {
            assert!(level_db(channel) > -20.0, "{format}: a channel is missing");
        }
    }
}

/// One source full of NaN is as good as silent; the others are heard as before.
pub fn a_source_that_is_no_number_harms_nobody_else(subject: &Mixers) {
    let mut bench = Bench::new(subject, 3);
    let length = bench.format.block_len();
    for n in 0..30 {
        let good = noise(n, length, 0.2);
        let poison = if n < 20 {
            [f32::NAN, f32::INFINITY][n as usize % 2]
        } else {
            0.0
        };
        let parts = [
            (source(1, -19.0), good.clone()),
            (source(2, -19.0), vec![poison; length]),
        ];
        let output = bench.tick(&parts, &[everyone()]);
        assert!(output.iter().all(|sample| sample.abs() <= 1.0), "block {n}");
    }
    // The limiter may have worked hard; a second later it has forgotten.
    let mut error = Vec::new();
    for n in 0..150 {
        let good = noise(n, length, 0.2);
        let output = bench.tick(&[(source(1, -19.0), good.clone())], &[everyone()]);
        error = output.iter().zip(&good).map(|(a, b)| a - b).collect();
    }
    assert!(level_db(&error) < -90.0, "{} dB", level_db(&error));
}

/// The gain of a source is told, and a successor starts at it: no step from one mixer to the next.
pub fn t_2_gains_are_handed_over(subject: &Mixers) {
    let mut bench = Bench::new(subject, 4);
    let length = bench.format.block_len();
    let voice: Vec<f32> = tone(100.0, bench.rate(), length * 41, 0.3)[length / 4..][..length * 40].to_vec();
    let mut heard = Vec::new();
    let here = MixSource {
        gain: 0.5,
        ..source(5, -13.0)
    };
    for n in 0..20 {
        heard.extend(bench.tick(&[(here, voice[n * length..][..length].to_vec())], &[everyone()]));
    }
    let gain = bench.mixer.hand_over(5).expect("a source that is there");
    assert!((gain - 0.5).abs() < 1e-4, "the gain is {gain}");
    assert!(
        bench.mixer.hand_over(6).expect("a source that is not there") < 0.0,
        "unknown is negative"
    );
    let mut young = Bench::new(subject, 4);
    young.now = bench.now;
    young.mixer.take_over(5, gain).expect("a sane gain");
    let _ = young.mixer.take_over(6, -1.0);
    let _ = young.mixer.take_over(7, f32::NAN);
    for n in 20..40 {
        heard.extend(young.tick(&[(here, voice[n * length..][..length].to_vec())], &[everyone()]));
    }
    let click = db((largest_step(&heard[length * 10..]) - largest_step(&voice) * 0.55).max(0.0));
    assert!(click < -60.0, "a step of {click} dB at the swap");
}

/// Two instances give the same bits. Asked of those only that say they are deterministic.
pub fn equal_input_gives_equal_output(subject: &Mixers) {
    if !subject.descriptor.deterministic {
        return;
    }
    let [a, b] = [(), ()].map(|()| {
        let mut bench = Bench::new(subject, 6);
        let length = bench.format.block_len();
        (0..100_u64)
            .flat_map(|n| {
                let parts: Vec<(MixSource, Vec<f32>)> = (0..6_u32)
                    .map(|id| {
                        let level = -10.0 - ((n / 7 + u64::from(id) * 5) % 40) as f32;
                        (source(id, level), noise(n * 6 + u64::from(id), length, 0.5))
                    })
                    .collect();
                bench.tick(&parts, &[without(2), everyone()])
            })
            .map(f32::to_bits)
            .collect::<Vec<u32>>()
    });
    assert!(a == b, "two runs differ");
}

/// Every parameter can be set to its extremes between two blocks.
pub fn every_parameter_can_be_turned_while_it_runs(subject: &Mixers) {
    let mut bench = Bench::new(subject, 6);
    let length = bench.format.block_len();
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        for value in [max, min, parameter.default] {
            bench
                .mixer
                .set_parameter(index as u32, value)
                .expect("within the range");
            for n in 0..20_u64 {
                let parts: Vec<(MixSource, Vec<f32>)> = (0..6_u32)
                    .map(|id| (source(id, -20.0), noise(n * 6 + u64::from(id), length, 0.4)))
                    .collect();
                let output = bench.tick(&parts, &[without(2), everyone()]);
                assert!(
                    output.iter().all(|sample| sample.abs() <= 1.0),
                    "`{}` = {value}",
                    parameter.name
                );
            }
        }
    }
}

/// Choosing, mixing, handing over and taking over, with sources that come and go: no allocation, no lock, no system call.
pub fn t_3_audio_calls_are_real_time_safe(subject: &Mixers) {
    let mut bench = Bench::new(subject, 30);
    let length = bench.format.block_len();
    let pcm = noise(1, length * 30, 0.2);
    let mixes: Vec<MixRequest> = (0..7).map(without).chain([everyone()]).collect();
    let mut output = vec![0.0; length * mixes.len()];
    let mut values = vec![0.0; subject.statistics.len()];
    let mut random = Random::new(5);
    for n in 0..200 {
        let first = random.below(60) as u32;
        let sources: Vec<MixSource> = (0..random.below(31) as u32)
            .map(|id| source(first + id, -10.0 - random.below(60) as f32))
            .collect();
        let mut chosen = vec![0; sources.len()];
        let (count, seen) = real_time::section(|| bench.mixer.choose(bench.now, &sources, &mut chosen));
        seen.assert_clean("choose");
        let list: Vec<MixSource> = chosen[..count.expect("a good call") as usize]
            .iter()
            .map(|index| sources[*index as usize])
            .collect();
        let (result, seen) = real_time::section(|| {
            bench
                .mixer
                .mix(bench.now, &list, &pcm[..list.len() * length], &mixes, &mut output)
        });
        result.expect("a good call");
        seen.assert_clean(&format!("mix {n}"));
        let (_, seen) = real_time::section(|| {
            let _ = bench.mixer.stats(&mut values);
            let gain = bench.mixer.hand_over(first);
            let _ = bench.mixer.take_over(first, gain.unwrap_or(-1.0));
        });
        seen.assert_clean("statistics and handover");
        bench.now += BLOCK_DURATION;
    }
    let (_, seen) = real_time::section(|| bench.mixer.reset(ResetReason::Stream));
    seen.assert_clean("reset");
}

/// A mixer and the time.
struct Bench {
    mixer: Box<dyn Mixer>,
    format: AudioFormat,
    now: Timestamp,
}

impl Bench {
    fn new(subject: &Mixers, max_sources: u32) -> Self {
        Self::in_format(subject, subject.format(), max_sources)
    }

    fn in_format(subject: &Mixers, format: AudioFormat, max_sources: u32) -> Self {
        let mut mixer = subject.make(1);
        mixer
            .activate(&MixerConfig::new(format, max_sources, 8))
            .expect("an offered format");
        Self {
            mixer,
            format,
            now: Timestamp::from_ms(1_000),
        }
    }

    fn rate(&self) -> u32 {
        self.format.sample_rate.as_hz()
    }

    /// One tick as a host does it: choose, take the blocks of those chosen, mix.
    fn tick(&mut self, parts: &[(MixSource, Vec<f32>)], mixes: &[MixRequest]) -> Vec<f32> {
        let sources: Vec<MixSource> = parts.iter().map(|(source, _)| *source).collect();
        let mut chosen = vec![0; sources.len()];
        let count = self
            .mixer
            .choose(self.now, &sources, &mut chosen)
            .expect("choose") as usize;
        let list: Vec<MixSource> = chosen[..count]
            .iter()
            .map(|index| sources[*index as usize])
            .collect();
        let pcm: Vec<f32> = chosen[..count]
            .iter()
            .flat_map(|index| parts[*index as usize].1.clone())
            .collect();
        let mut output = vec![f32::NAN; mixes.len() * self.format.block_len()];
        self.mixer
            .mix(self.now, &list, &pcm, mixes, &mut output)
            .expect("mix");
        self.now += BLOCK_DURATION;
        output
    }
}

fn source(id: u32, level_dbov: f32) -> MixSource {
    MixSource {
        id,
        muted: 0,
        level_dbov,
        gain: 1.0,
    }
}

fn without(id: u32) -> MixRequest {
    MixRequest {
        without: id,
        reserved: 0,
    }
}

fn everyone() -> MixRequest {
    without(MixRequest::EVERYONE)
}
