//! The suite of audio encoders on their own. What they make is looked at by the suite of codecs ([`crate::audio_codec`]).

use jackfield_sdk::prelude::*;

use crate::Subject;

crate::conformance::cases! { $ __audio_encoder_cases audio_encoder(Encoders):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    audio_encoder::calls_before_activation_are_faults,
    audio_encoder::a_setup_that_cannot_be_is_a_fault,
    audio_encoder::a_block_of_the_wrong_length_is_a_fault,
    audio_encoder::a_payload_without_room_is_a_fault,
    audio_encoder::another_setup_can_be_activated,
    audio_encoder::any_hint_about_the_network_is_taken,
    audio_encoder::any_fmtp_is_taken_or_refused,
    audio_encoder::t_1_its_limits_are_in_order,
}

type Encoders = Subject<dyn AudioEncoder>;

/// The least room for a payload that a host gives.
pub const PAYLOAD: usize = 1_275;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + AudioEncoder>() -> Encoders {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + AudioEncoder>() -> Encoders {
    Subject::new::<T>(|plugin| Box::new(AudioEncoderProxy::local(plugin)))
}

/// Without `activate` there is nothing to encode with.
pub fn calls_before_activation_are_faults(subject: &Encoders) {
    let mut encoder = subject.make(1);
    let format = subject.format();
    let block = vec![0.1; format.block_len()];
    assert!(encoder.encode(&block, &mut [0; PAYLOAD]).is_err());
    let hint = NetworkHint::new(DataRate::kbps(30), 0.0, 1.0, TimeDelta::ms(50));
    let _ = encoder.network(&hint);
    encoder
        .activate(&config(&format), "")
        .expect("an offered format mends it");
    encoder.encode(&block, &mut [0; PAYLOAD]).expect("a good block");
}

/// What it says of its bounds is in order, once it is set up.
pub fn t_1_its_limits_are_in_order(subject: &Encoders) {
    let mut encoder = subject.make(1);
    encoder.limits().expect("asking is no fault");
    encoder
        .activate(&config(&subject.format()), "")
        .expect("an offered format");
    let limits = encoder.limits().expect("asking is no fault");
    assert!(limits.minimum <= limits.maximum, "{limits:?}");
    assert!(limits.shortest_packet <= limits.longest_packet, "{limits:?}");
    assert!(limits.minimum >= DataRate::ZERO && limits.shortest_packet >= TimeDelta::ZERO);
}

/// Setups that cannot be are refused, and a good one works afterwards.
pub fn a_setup_that_cannot_be_is_a_fault(subject: &Encoders) {
    let good = config(&subject.format());
    let most = subject.descriptor.audio.max_channels;
    for (format, rate, channels, packet_ms) in [
        (u32::MAX, good.sample_rate.as_hz(), 1, 0),
        (0, 0, 1, 0),
        (0, 48_001, 1, 0),
        (0, good.sample_rate.as_hz(), 0, 0),
        (0, good.sample_rate.as_hz(), most + 1, 0),
        (0, good.sample_rate.as_hz(), u32::MAX, 0),
        (0, good.sample_rate.as_hz(), 1, 7),
        (0, good.sample_rate.as_hz(), 1, u32::MAX),
    ] {
        let mut encoder = subject.make(1);
        let bad = EncoderConfig::new(format, SampleRate::hz(rate), channels, packet_ms);
        let what = format!("format {format}, {rate} Hz x{channels}, {packet_ms} ms");
        assert!(encoder.activate(&bad, "").is_err(), "{what}");
        encoder
            .activate(&good, "")
            .expect("an offered format, afterwards");
    }
}

/// A block that is too short or too long is answered with a fault; the next one that fits is encoded.
pub fn a_block_of_the_wrong_length_is_a_fault(subject: &Encoders) {
    let format = subject.format();
    let mut encoder = activated(subject);
    let right = format.block_len();
    for wrong in [0, 1, right - 1, right + 1, right * 2] {
        assert!(
            encoder.encode(&vec![0.1; wrong], &mut [0; PAYLOAD]).is_err(),
            "{wrong} samples"
        );
    }
    encoder
        .encode(&vec![0.1; right], &mut [0; PAYLOAD])
        .expect("the right length");
}

/// Where there is no room for the payload there is a fault, and nothing is written beyond the room that there is.
pub fn a_payload_without_room_is_a_fault(subject: &Encoders) {
    let mut encoder = activated(subject);
    let block = vec![0.1; subject.format().block_len()];
    let faults = (0..12)
        .filter(|_| encoder.encode(&block, &mut []).is_err())
        .count();
    assert!(faults > 0, "120 ms do not fit into 0 bytes");
    for _ in 0..12 {
        encoder
            .encode(&block, &mut [0; PAYLOAD])
            .expect("room enough, afterwards");
    }
}

/// An instance can be activated again.
pub fn another_setup_can_be_activated(subject: &Encoders) {
    let mut encoder = activated(subject);
    let block = vec![0.1; subject.format().block_len()];
    encoder.encode(&block, &mut [0; PAYLOAD]).expect("a good block");
    for packet_ms in [0, 10, 20, 40, 60, 0] {
        let config = EncoderConfig {
            packet_ms,
            ..config(&subject.format())
        };
        if encoder.activate(&config, "").is_ok() {
            let made: u32 = (0..12)
                .map(|_| {
                    encoder
                        .encode(&block, &mut [0; PAYLOAD])
                        .expect("a good block")
                        .ticks
                })
                .sum();
            assert!(made > 0, "120 ms make a packet at packets of {packet_ms} ms");
        }
    }
}

/// Hints that make no sense are taken or refused, and encoding goes on.
pub fn any_hint_about_the_network_is_taken(subject: &Encoders) {
    let mut encoder = activated(subject);
    let block = vec![0.1; subject.format().block_len()];
    for bps in [i64::MIN, -1, 0, 1, 30_000, i64::MAX] {
        for number in [f32::NAN, f32::INFINITY, -1.0, 0.0, 0.3, 1e30] {
            let round_trip = TimeDelta::us(bps);
            let _ = encoder.network(&NetworkHint::new(DataRate::bps(bps), number, number, round_trip));
            encoder.encode(&block, &mut [0; PAYLOAD]).expect("a good block");
        }
    }
}

/// Whatever the remote end writes, it does no harm.
pub fn any_fmtp_is_taken_or_refused(subject: &Encoders) {
    let long = "x".repeat(100_000);
    let texts = [
        "",
        ";",
        "=",
        "a=b;c",
        "\0",
        "ptime=0",
        "ptime=-1",
        "maxptime=99999999999999999999",
        "ü=ö",
        &long,
    ];
    let block = vec![0.1; subject.format().block_len()];
    for text in texts {
        let mut encoder = subject.make(1);
        if encoder.activate(&config(&subject.format()), text).is_ok() {
            encoder.encode(&block, &mut [0; PAYLOAD]).expect("a good block");
        }
    }
}

fn config(format: &AudioFormat) -> EncoderConfig {
    EncoderConfig::new(0, format.sample_rate, format.channels, 0)
}

fn activated(subject: &Encoders) -> Box<dyn AudioEncoder> {
    let mut encoder = subject.make(1);
    encoder
        .activate(&config(&subject.format()), "")
        .expect("an offered format");
    encoder
}
