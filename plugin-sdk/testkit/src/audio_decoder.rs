//! The suite of audio decoders on their own. What they make of good packets is looked at by the suite of codecs ([`crate::audio_codec`]).

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::signal::Random;

crate::conformance::cases! { $ __audio_decoder_cases audio_decoder(Decoders):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    audio_decoder::calls_before_activation_are_faults,
    audio_decoder::a_setup_that_cannot_be_is_a_fault,
    audio_decoder::an_empty_packet_is_a_fault,
    audio_decoder::any_bytes_are_decoded_or_refused,
    audio_decoder::concealment_before_the_first_packet_is_quiet,
    audio_decoder::any_length_is_concealed,
    audio_decoder::a_plane_without_room_is_a_fault,
}

type Decoders = Subject<dyn AudioDecoder>;

/// The longest packet, 120 ms at 48 kHz, in samples of each channel.
pub const MAX_SAMPLES: usize = 5_760;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + AudioDecoder>() -> Decoders {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + AudioDecoder>() -> Decoders {
    Subject::new::<T>(|plugin| Box::new(AudioDecoderProxy::local(plugin)))
}

/// Without `activate` there is nothing to decode with.
pub fn calls_before_activation_are_faults(subject: &Decoders) {
    let mut decoder = subject.make(1);
    let mut pcm = vec![0.0; MAX_SAMPLES];
    assert!(decoder.decode(&[1; 40], &mut pcm).is_err());
    assert!(decoder.conceal(80, &mut pcm).is_err());
    decoder
        .activate(&config(&subject.format()), "")
        .expect("an offered format mends it");
    decoder
        .conceal(80, &mut pcm)
        .expect("something can always be made up");
}

/// Setups that cannot be are refused, and a good one works afterwards.
pub fn a_setup_that_cannot_be_is_a_fault(subject: &Decoders) {
    let good = config(&subject.format());
    let most = subject.descriptor.audio.max_channels;
    for (format, rate, channels) in [
        (u32::MAX, good.sample_rate.as_hz(), 1),
        (0, 0, 1),
        (0, 48_001, 1),
        (0, good.sample_rate.as_hz(), 0),
        (0, good.sample_rate.as_hz(), most + 1),
        (0, good.sample_rate.as_hz(), u32::MAX),
    ] {
        let mut decoder = subject.make(1);
        let bad = DecoderConfig::new(format, SampleRate::hz(rate), channels);
        assert!(
            decoder.activate(&bad, "").is_err(),
            "format {format}, {rate} Hz x{channels}"
        );
        decoder
            .activate(&good, "")
            .expect("an offered format, afterwards");
    }
}

/// A packet of nothing is no packet.
pub fn an_empty_packet_is_a_fault(subject: &Decoders) {
    let mut decoder = activated(subject);
    assert!(decoder.probe(&[]).is_err());
    assert!(decoder.decode(&[], &mut vec![0.0; MAX_SAMPLES]).is_err());
}

/// Random bytes are decoded or refused; what comes out are finite samples, as many as announced, and nothing behind them.
pub fn any_bytes_are_decoded_or_refused(subject: &Decoders) {
    let mut random = Random::new(1);
    let mut decoder = activated(subject);
    let mut pcm = vec![0.0; MAX_SAMPLES];
    for _ in 0..3_000 {
        let most = if random.below(10) == 0 { 2_000 } else { 120 };
        let length = random.below(most) as usize;
        let packet: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
        pcm.fill(77.0);
        let probed = decoder.probe(&packet);
        match decoder.decode(&packet, &mut pcm) {
            Ok(decoded) => {
                let samples = decoded.samples as usize;
                assert!(samples <= MAX_SAMPLES);
                assert_eq!(
                    probed.map(|info| info.samples),
                    Ok(decoded.samples),
                    "the probe announces what is decoded"
                );
                assert!(pcm[..samples].iter().all(|s| s.is_finite()));
                assert!(
                    pcm[samples..].iter().all(|s| *s == 77.0),
                    "nothing is written behind the samples"
                );
            }
            Err(fault) => assert_eq!(fault.code(), FaultCode::Invalid, "{fault}"),
        }
        let samples = 1 + random.below(MAX_SAMPLES as u64 - 1) as u32;
        let back = TimeDelta::us(random.below(200_000) as i64 - 20_000);
        if let Ok(recovered) = decoder.recover(&packet, back, samples, &mut pcm) {
            assert!(
                recovered.samples == 0 || recovered.samples == samples,
                "all that was asked for or nothing"
            );
        }
    }
    decoder.conceal(80, &mut pcm).expect("it works on");
}

/// Before anything was decoded there is nothing to go on from.
pub fn concealment_before_the_first_packet_is_quiet(subject: &Decoders) {
    let mut decoder = activated(subject);
    let mut pcm = vec![1.0; MAX_SAMPLES];
    let decoded = decoder
        .conceal(960, &mut pcm)
        .expect("something can always be made up");
    assert_eq!((decoded.samples, decoded.voice), (960, 0));
    assert!(pcm[..960].iter().all(|s| s.abs() < 0.01));
}

/// Any number of samples can be made up; exactly so many are written, in each plane from its start.
pub fn any_length_is_concealed(subject: &Decoders) {
    let most = subject.descriptor.audio.max_channels.min(2);
    for channels in 1..=most {
        let mut decoder = subject.make(1);
        let format = AudioFormat::new(subject.format().sample_rate, channels);
        decoder.activate(&config(&format), "").expect("an offered format");
        let mut pcm = vec![0.0; MAX_SAMPLES * channels as usize];
        for samples in [1, 7, 79, 80, 81, 440, 480, 960, 2_881, MAX_SAMPLES] {
            pcm.fill(77.0);
            let decoded = decoder
                .conceal(samples as u32, &mut pcm)
                .expect("something can always be made up");
            assert_eq!(decoded.samples as usize, samples);
            for plane in pcm.chunks(MAX_SAMPLES) {
                assert!(
                    plane[..samples].iter().all(|s| s.abs() <= 2.0),
                    "{samples} samples"
                );
                assert!(
                    plane[samples..].iter().all(|s| *s == 77.0),
                    "nothing is written behind {samples} samples"
                );
            }
        }
    }
}

/// Where there is no room there is a fault.
pub fn a_plane_without_room_is_a_fault(subject: &Decoders) {
    let mut decoder = activated(subject);
    assert!(decoder.conceal(480, &mut [0.0; 479]).is_err());
    assert!(decoder.conceal(1, &mut []).is_err());
    assert!(decoder.conceal(u32::MAX, &mut [0.0; 480]).is_err());
    decoder
        .conceal(480, &mut [0.0; 480])
        .expect("room enough, afterwards");
}

fn config(format: &AudioFormat) -> DecoderConfig {
    DecoderConfig::new(0, format.sample_rate, format.channels)
}

fn activated(subject: &Decoders) -> Box<dyn AudioDecoder> {
    let mut decoder = subject.make(1);
    decoder
        .activate(&config(&subject.format()), "")
        .expect("an offered format");
    decoder
}
