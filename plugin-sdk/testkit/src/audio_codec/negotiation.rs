//! What a codec tells and answers before anything is coded.

use jackfield_sdk::prelude::*;

use super::line::encoder_config;
use super::{Offered, Parts};
use crate::module;

/// The cases that every area has, for the codec.
pub fn the_codec_is_described(parts: &Parts) {
    module::t_2_descriptor_is_complete(&parts.codec);
    module::parameters_and_statistics_are_described(&parts.codec);
    module::parameters_start_at_their_defaults(&parts.codec);
    module::t_2_parameters_take_their_whole_range(&parts.codec);
    module::parameters_refuse_what_is_out_of_range(&parts.codec);
    module::an_unknown_parameter_is_refused(&parts.codec);
    module::t_2_statistics_are_as_many_as_described(&parts.codec);
    module::t_2_reset_keeps_the_parameters(&parts.codec);
}

/// Codec, encoder and decoder have one id and one version, so that a host finds what belongs together.
pub fn the_three_parts_are_one_plugin(parts: &Parts) {
    let of = |descriptor: &Descriptor| (descriptor.id, descriptor.version, descriptor.vendor);
    assert_eq!(of(&parts.codec.descriptor), of(&parts.encoder.descriptor));
    assert_eq!(of(&parts.codec.descriptor), of(&parts.decoder.descriptor));
}

/// There is a payload format, each is one that SDP and RTP can carry, and no two are the same.
pub fn payload_formats_are_complete(parts: &Parts) {
    let formats = parts.formats();
    assert!(!formats.is_empty(), "a codec has at least one payload format");
    for (
        n,
        Offered {
            name, format, fmtp, ..
        },
    ) in formats.iter().enumerate()
    {
        // RFC 8866: a token.
        let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c);
        assert!(
            !name.is_empty() && name.chars().all(token),
            "the name `{name}` is a token"
        );
        assert!(!fmtp.contains(['\r', '\n']), "{name}: fmtp is one line");
        assert!(
            format.clock_rate.as_hz() >= 1_000,
            "{name}: {}",
            format.clock_rate
        );
        assert!(
            (1..=MAX_CHANNELS as u32).contains(&format.channels),
            "{name}: {} channels",
            format.channels
        );
        assert!(
            AudioFormat::new(format.sample_rate, format.max_channels).is_valid(),
            "{name}: {}",
            format.sample_rate
        );
        assert!(
            format.packet_ms >= 10 && format.packet_ms.is_multiple_of(10),
            "{name}: packets of {} ms",
            format.packet_ms
        );
        let payload_type = format.static_payload_type;
        assert!(
            payload_type == PayloadFormat::DYNAMIC || payload_type < 35,
            "{name}: payload type {payload_type}"
        );
        let same = |other: &&Offered| {
            other.name.eq_ignore_ascii_case(name)
                && (other.format.clock_rate, other.format.channels) == (format.clock_rate, format.channels)
        };
        assert_eq!(
            formats[..n].iter().filter(same).count(),
            0,
            "{name} is there twice"
        );
    }
}

/// What it offers itself, it answers; an index that there is not is refused.
pub fn its_own_offer_is_answered(parts: &Parts) {
    let mut codec = parts.codec.make(1);
    let formats = parts.formats();
    for Offered {
        index, name, fmtp, ..
    } in &formats
    {
        for offered in [fmtp.as_str(), ""] {
            let mut answer = String::new();
            codec
                .answer(*index, offered, &mut answer)
                .unwrap_or_else(|fault| panic!("{name}, `{offered}`: {fault}"));
            assert!(!answer.contains(['\r', '\n']), "{name}: the answer is one line");
            let mut encoder = parts.encoder.make(1);
            encoder
                .activate(&encoder_config(&formats[*index as usize], 1), &answer)
                .expect("its own answer");
        }
    }
    assert!(
        codec
            .answer(formats.len() as u32, "", &mut String::new())
            .is_err()
    );
    assert!(codec.answer(u32::MAX, "", &mut String::new()).is_err());
}

/// Nothing that stands in an offer breaks it.
pub fn any_offer_is_answered_or_refused(parts: &Parts) {
    let long = "stereo=1;".repeat(20_000);
    for text in [
        ";;;",
        "=",
        "a",
        "a=",
        "=b",
        "\u{0}",
        "ptime=-1;stereo=2",
        "x=99999999999999999999999",
        "ü=ö",
        &long,
    ] {
        for Offered { index, .. } in parts.formats() {
            let mut answer = String::new();
            let _ = parts.codec.make(1).answer(index, text, &mut answer);
            assert!(answer.len() < 1_000, "the answer does not repeat nonsense");
        }
    }
}
