//! The suite of audio codecs: the codec, its encoder and its decoder together.
//!
//! `conformance! { audio_codec: my_crate::Codec, my_crate::Encoder, my_crate::Decoder }`

mod line;
mod negotiation;

pub use negotiation::*;

use jackfield_sdk::prelude::*;

use line::{Line, encoder_config, planes};

use crate::audio_decoder::MAX_SAMPLES;
use crate::audio_encoder::PAYLOAD;
use crate::module::range;
use crate::real_time;
use crate::signal::{lag, level_db};
use crate::{Subject, audio_decoder, audio_encoder};

crate::conformance::cases! { $ __audio_codec_cases audio_codec(Parts):
    audio_codec::the_codec_is_described,
    audio_codec::the_three_parts_are_one_plugin,
    audio_codec::payload_formats_are_complete,
    audio_codec::its_own_offer_is_answered,
    audio_codec::any_offer_is_answered_or_refused,
    audio_codec::e9_1_a_voice_survives_the_round_trip,
    audio_codec::every_packet_length_works_or_is_refused,
    audio_codec::silence_stays_silent,
    audio_codec::what_is_no_number_does_no_lasting_harm,
    audio_codec::e9_1_losses_are_filled,
    audio_codec::every_parameter_can_be_turned_while_it_runs,
    audio_codec::a_reset_in_the_middle_does_no_harm,
    audio_codec::equal_seeds_give_equal_output,
    audio_codec::t_3_audio_calls_are_real_time_safe,
}

/// A codec under test: three plugins with one id.
pub struct Parts {
    /// The codec as negotiation sees it.
    pub codec: Subject<dyn AudioCodec>,
    /// Its encoder.
    pub encoder: Subject<dyn AudioEncoder>,
    /// Its decoder.
    pub decoder: Subject<dyn AudioDecoder>,
}

/// Codec `C` with encoder `E` and decoder `D` as they are.
pub fn direct<C: Plugin + AudioCodec, E: Plugin + AudioEncoder, D: Plugin + AudioDecoder>() -> Parts {
    Parts {
        codec: Subject::new::<C>(|plugin| Box::new(plugin)),
        encoder: audio_encoder::direct::<E>(),
        decoder: audio_decoder::direct::<D>(),
    }
}

/// Codec `C` with encoder `E` and decoder `D` behind the C boundary.
pub fn through_the_boundary<C: Plugin + AudioCodec, E: Plugin + AudioEncoder, D: Plugin + AudioDecoder>()
-> Parts {
    Parts {
        codec: Subject::new::<C>(|plugin| Box::new(AudioCodecProxy::local(plugin))),
        encoder: audio_encoder::through_the_boundary::<E>(),
        decoder: audio_decoder::through_the_boundary::<D>(),
    }
}

/// A payload format with its index, its name and the fmtp that it is offered with.
#[derive(Clone, Debug)]
pub struct Offered {
    /// The index.
    pub index: u32,
    /// The encoding name.
    pub name: String,
    /// The numbers.
    pub format: PayloadFormat,
    /// The parameters to offer.
    pub fmtp: String,
}

impl Parts {
    /// The payload formats that the codec tells.
    ///
    /// # Panics
    /// If it cannot.
    pub fn formats(&self) -> Vec<Offered> {
        let mut sink = Formats(Vec::new());
        self.codec.make(1).formats(&mut sink).expect("its formats");
        sink.0
    }
}

struct Formats(Vec<Offered>);

impl PayloadFormatSink for Formats {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        let (index, name, fmtp) = (self.0.len() as u32, name.to_owned(), fmtp.to_owned());
        self.0.push(Offered {
            index,
            name,
            format: *format,
            fmtp,
        });
        Ok(())
    }
}

/// A voice comes out as it went in, as loud, and behind by what is declared; the RTP clock goes on with it.
pub fn e9_1_a_voice_survives_the_round_trip(parts: &Parts) {
    for offered in parts.formats() {
        for channels in 1..=offered.format.max_channels {
            let what = format!("{} x{channels}", offered.name);
            let rate = offered.format.sample_rate.as_hz();
            let clean = planes(rate, channels, 300);
            let mut line = Line::new(parts, &offered, channels, 0);
            let heard = line.run(&clean);
            let declared = line.latency();
            let ticks = offered.format.clock_rate.as_hz() as u64 * 3;
            assert!(
                line.ticks <= ticks && line.ticks + ticks / 20 >= ticks,
                "{what}: {} ticks in 3 s",
                line.ticks
            );
            for (clean, heard) in clean.iter().zip(&heard) {
                assert!(heard.iter().all(|s| s.is_finite()));
                let change = level_db(heard) - level_db(clean);
                assert!(change.abs() < 4.0, "{what}: {change} dB louder");
                let from = rate as usize;
                let found = lag(&clean[from..], &heard[from..], declared + rate as usize / 50);
                assert!(
                    found.likeness > 0.6,
                    "{what}: the output is not like the input: {found:?}"
                );
                let error_ms = found.samples.abs_diff(declared) as f64 / f64::from(rate) * 1e3;
                assert!(
                    error_ms <= 0.5,
                    "{what}: {declared} samples of latency declared, {} measured",
                    found.samples
                );
            }
            assert!(line.voice > 0, "{what}: no packet counts as voice");
        }
    }
}

/// Packets of 10 to 60 ms work or are refused when the encoder is set up, not later.
pub fn every_packet_length_works_or_is_refused(parts: &Parts) {
    for offered in parts.formats() {
        for packet_ms in [0, 10, 20, 30, 40, 60] {
            let config = EncoderConfig {
                packet_ms,
                ..encoder_config(&offered, 1)
            };
            if parts.encoder.make(1).activate(&config, &offered.fmtp).is_err() {
                continue;
            }
            let clean = planes(offered.format.sample_rate.as_hz(), 1, 60);
            let mut line = Line::new(parts, &offered, 1, packet_ms);
            let heard = line.run(&clean);
            let ms = heard[0].len() as f64 * 1e3 / f64::from(offered.format.sample_rate.as_hz());
            assert!(
                (520.0..=600.0).contains(&ms),
                "{}, {packet_ms} ms: of 600 ms {ms} come out",
                offered.name
            );
        }
    }
}

/// Silence in, silence out.
pub fn silence_stays_silent(parts: &Parts) {
    for offered in parts.formats() {
        let silence = vec![vec![0.0; offered.format.sample_rate.as_hz() as usize * 2]];
        let heard = Line::new(parts, &offered, 1, 0).run(&silence);
        assert!(
            level_db(&heard[0]) < -60.0,
            "{}: {} dBov",
            offered.name,
            level_db(&heard[0])
        );
    }
}

/// Blocks of NaN and infinity leave no trace half a second later.
pub fn what_is_no_number_does_no_lasting_harm(parts: &Parts) {
    for offered in parts.formats() {
        for poison in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-42] {
            let rate = offered.format.sample_rate.as_hz();
            let clean = planes(rate, 1, 200);
            let mut dirty = clean.clone();
            dirty[0][rate as usize / 2..rate as usize * 55 / 100].fill(poison);
            let mut line = Line::new(parts, &offered, 1, 0);
            let heard = line.run(&dirty);
            assert!(
                heard[0].iter().all(|s| s.is_finite()),
                "{}: after {poison}",
                offered.name
            );
            let from = rate as usize * 11 / 10;
            let found = lag(
                &clean[0][from..],
                &heard[0][from..],
                line.latency() + rate as usize / 100,
            );
            assert!(
                found.likeness > 0.6,
                "{}: half a second after {poison}: {found:?}",
                offered.name
            );
        }
    }
}

/// With every tenth packet lost the stream goes on at its pace and nothing explodes.
pub fn e9_1_losses_are_filled(parts: &Parts) {
    for offered in parts.formats() {
        let rate = offered.format.sample_rate.as_hz();
        let clean = planes(rate, 1, 300);
        let mut line = Line::new(parts, &offered, 1, 0);
        line.lose_every = 10;
        let heard = line.run(&clean);
        assert!(heard[0].iter().all(|s| s.is_finite() && s.abs() <= 2.0));
        assert_eq!(
            heard[0].len() as u64,
            line.samples_sent,
            "{}: as many samples as were sent",
            offered.name
        );
        let from = rate as usize;
        let found = lag(
            &clean[0][from..],
            &heard[0][from..],
            line.latency() + rate as usize / 100,
        );
        assert!(found.likeness > 0.5, "{}: {found:?}", offered.name);
    }
}

/// Every parameter of the encoder can be set to its ends between any two blocks.
pub fn every_parameter_can_be_turned_while_it_runs(parts: &Parts) {
    for offered in parts.formats() {
        let rate = offered.format.sample_rate.as_hz();
        for (index, parameter) in parts.encoder.parameters.iter().enumerate() {
            let clean = planes(rate, 1, 120);
            let mut line = Line::new(parts, &offered, 1, 0);
            let (min, max) = range(parameter);
            let mut heard = Vec::new();
            for (n, block) in clean[0].chunks_exact(rate as usize / 100).enumerate() {
                if n % 7 == 3 {
                    let value = [min, max, parameter.default, f64::midpoint(min, max)][n / 7 % 4];
                    let value = parameter.accept(value).expect("within the range");
                    line.encoder
                        .set_parameter(index as u32, value)
                        .unwrap_or_else(|fault| panic!("{}: {fault}", parameter.name));
                }
                heard.extend(line.block(block).concat());
            }
            assert!(heard.iter().all(|s| s.is_finite()), "`{}`", parameter.name);
            assert!(
                heard.len() > clean[0].len() * 9 / 10,
                "`{}`: nothing is left out",
                parameter.name
            );
        }
    }
}

/// Encoder and decoder reset in mid-stream work on.
pub fn a_reset_in_the_middle_does_no_harm(parts: &Parts) {
    for offered in parts.formats() {
        let rate = offered.format.sample_rate.as_hz();
        let clean = planes(rate, 1, 100);
        let mut line = Line::new(parts, &offered, 1, 0);
        line.run(&clean);
        line.encoder
            .reset(ResetReason::Stream)
            .expect("a reset is always possible");
        line.decoder
            .reset(ResetReason::Stream)
            .expect("a reset is always possible");
        let heard = line.run(&clean);
        let from = rate as usize / 2;
        let found = lag(
            &clean[0][from..],
            &heard[0][from..],
            line.latency() + rate as usize / 100,
        );
        assert!(
            found.likeness > 0.6,
            "{}: after the reset: {found:?}",
            offered.name
        );
    }
}

/// Two lines with one seed give the same bits. Asked of those only that say they are deterministic.
pub fn equal_seeds_give_equal_output(parts: &Parts) {
    if !(parts.encoder.descriptor.deterministic && parts.decoder.descriptor.deterministic) {
        return;
    }
    for offered in parts.formats() {
        let clean = planes(offered.format.sample_rate.as_hz(), 1, 100);
        let [a, b] = [(), ()].map(|()| Line::new(parts, &offered, 1, 0).run(&clean));
        assert!(
            a[0].iter().zip(&b[0]).all(|(a, b)| a.to_bits() == b.to_bits()),
            "{}",
            offered.name
        );
    }
}

/// Encoding, probing, decoding, recovering, concealing, hints and parameters allocate nothing, free nothing and make no system call.
pub fn t_3_audio_calls_are_real_time_safe(parts: &Parts) {
    for offered in parts.formats() {
        let rate = offered.format.sample_rate.as_hz();
        let clean = planes(rate, 1, 150);
        let mut line = Line::new(parts, &offered, 1, 0);
        let (mut payload, mut pcm, mut values) = ([0; PAYLOAD], vec![0.0; MAX_SAMPLES], vec![0.0; 64]);
        for (n, block) in clean[0].chunks_exact(rate as usize / 100).enumerate() {
            let (_, seen) = real_time::section(|| {
                if n % 10 == 5 {
                    let (rate, loss) = (DataRate::kbps(10 + n as i64), n as f32 / 300.0);
                    let _ = line
                        .encoder
                        .network(&NetworkHint::new(rate, loss, 1.5, TimeDelta::ms(40)));
                    for (index, parameter) in (0..).zip(parts.encoder.parameters) {
                        let (min, max) = range(parameter);
                        let _ = line
                            .encoder
                            .set_parameter(index, if n % 20 == 5 { min } else { max });
                    }
                }
                let encoded = line.encoder.encode(block, &mut payload).unwrap_or_default();
                if encoded.bytes > 0 {
                    let packet = &payload[..encoded.bytes as usize];
                    let info = line.decoder.probe(packet).unwrap_or_default();
                    let _ = match n % 16 {
                        3 => line
                            .decoder
                            .recover(packet, TimeDelta::ms(20), info.samples, &mut pcm),
                        7 => line.decoder.conceal(info.samples, &mut pcm),
                        _ => line.decoder.decode(packet, &mut pcm),
                    };
                }
                let _ = (
                    line.encoder.stats(&mut values),
                    line.decoder.stats(&mut values),
                    line.encoder.latency(),
                );
                if n == 100 {
                    let _ = (
                        line.encoder.reset(ResetReason::Stream),
                        line.decoder.reset(ResetReason::Stream),
                    );
                }
            });
            seen.assert_clean(&format!("{}: block {n}", offered.name));
        }
    }
}
