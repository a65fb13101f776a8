//! Time is an argument, and audio comes in blocks of 10 ms.

use jackfield_abi::shape::{MethodShape, Passing, Shape};
use jackfield_core::AREAS;
use jackfield_core::audio::{AudioFormat, BLOCK_DURATION};
use jackfield_core::units::{SampleRate, TimeDelta};

/// Methods of the audio and network threads that take no time, and why they need none.
const TIMELESS: &[(&str, &str, &str)] = &[
    ("audio_source", "hand_over", "a position in samples"),
    (
        "audio_processor",
        "hand_over",
        "what was learnt, as of the last block",
    ),
    ("audio_processor", "take_over", "as of the next block"),
    (
        "audio_processor",
        "linear_output",
        "belongs to the block processed last",
    ),
    ("audio_encoder", "encode", "the media clock counts blocks"),
    ("audio_encoder", "network", "a hint that holds until the next"),
    ("audio_encoder", "limits", "a property"),
    ("audio_decoder", "probe", "looks at bytes"),
    ("audio_decoder", "decode", "the media clock counts samples"),
    ("audio_decoder", "recover", "as decode; `back` is media time"),
    ("audio_decoder", "conceal", "as decode"),
    ("jitter_buffer", "set_bounds", "holds until set anew"),
    ("mixer", "hand_over", "a gain, as of the last block"),
    ("mixer", "take_over", "as of the next block"),
    ("congestion_controller", "process_interval", "a property"),
    ("congestion_controller", "adapts_to_ecn", "a property"),
    ("pacer", "deadline", "a moment that was worked out before"),
    ("pacer", "queue", "a count; `status` takes the time"),
    ("pacer", "hand_over", "empties the queue, whenever that is"),
    ("transport", "local_description", "text that is ready"),
    ("transport", "deadline", "a moment that was worked out before"),
    ("transport", "path", "text that is ready"),
];

fn takes_now(method: &MethodShape) -> bool {
    method.parameters.first().is_some_and(|first| {
        matches!(first.passing, Passing::Value(Shape::Newtype(newtype)) if newtype.c_name == "jf_timestamp_t")
            && first.name == "now"
    })
}

#[test]
fn t_4_every_method_of_the_audio_and_network_threads_is_told_the_time_or_needs_none() {
    let mut used = Vec::new();
    for area in AREAS {
        let name = area.c_name.trim_start_matches("jf_");
        for method in area.methods {
            let timed = method.docs.contains("[audio") || method.docs.contains("[network");
            let reason = TIMELESS
                .iter()
                .find(|(of, what, _)| (*of, *what) == (name, method.name));
            if reason.is_some() {
                used.push((name, method.name));
                assert!(
                    timed && !takes_now(method),
                    "{name}.{} takes the time: take it off the list",
                    method.name
                );
            } else if timed {
                assert!(
                    takes_now(method),
                    "{name}.{} must take `now: Timestamp` first",
                    method.name
                );
            }
        }
    }
    for (area, method, _) in TIMELESS {
        assert!(
            used.contains(&(*area, *method)),
            "{area}.{method} is listed and is not there"
        );
    }
}

#[test]
fn t_4_a_block_is_ten_milliseconds_in_every_format() {
    assert_eq!(BLOCK_DURATION, TimeDelta::ms(10));
    for hz in [8_000, 16_000, 32_000, 44_100, 48_000] {
        for channels in 1..=8 {
            let format = AudioFormat {
                sample_rate: SampleRate::hz(hz),
                channels,
            };
            assert_eq!(format.block_samples() * 100, hz as usize);
            assert_eq!(format.block_len(), format.block_samples() * channels as usize);
        }
    }
}

/// Whoever takes or gives samples says in its contract how many.
#[test]
fn t_4_every_area_that_passes_samples_says_that_they_come_in_blocks() {
    for area in AREAS {
        let samples = area.methods.iter().flat_map(|method| method.parameters).any(|p| {
            matches!(
                p.passing,
                Passing::Slice(Shape::Number("float")) | Passing::SliceMut(Shape::Number("float"))
            )
        });
        let says = ["block_len()", "10 ms", "planes of `pcm.len() / channels` samples"];
        assert!(
            !samples || says.iter().any(|words| area.docs.contains(words)),
            "{}: say how many samples a slice holds",
            area.id
        );
    }
}
