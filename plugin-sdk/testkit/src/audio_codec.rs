//! The suite of audio codecs: the codec, its encoder and its decoder together.
//!
//! `conformance! { audio_codec: my_crate::Codec, my_crate::Encoder, my_crate::Decoder }`

use jackfield_sdk::prelude::*;

use crate::audio_decoder::MAX_SAMPLES;
use crate::audio_encoder::PAYLOAD;
use crate::module::{self, range};
use crate::real_time;
use crate::signal::{lag, level_db, voice};
use crate::{Subject, audio_decoder, audio_encoder};

crate::conformance::cases! { $ __audio_codec_cases audio_codec:
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

/// The cases that every area has, for the codec.
pub fn the_codec_is_described(parts: &Parts) {
    module::descriptor_is_complete(&parts.codec);
    module::parameters_and_statistics_are_described(&parts.codec);
    module::parameters_start_at_their_defaults(&parts.codec);
    module::parameters_take_their_whole_range(&parts.codec);
    module::parameters_refuse_what_is_out_of_range(&parts.codec);
    module::an_unknown_parameter_is_refused(&parts.codec);
    module::statistics_are_as_many_as_described(&parts.codec);
    module::reset_keeps_the_parameters(&parts.codec);
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

/// An encoder, a network that may lose packets, and a decoder.
struct Line {
    encoder: Box<dyn AudioEncoder>,
    decoder: Box<dyn AudioDecoder>,
    offered: Offered,
    channels: usize,
    lose_every: usize,
    packets: usize,
    ticks: u64,
    samples_sent: u64,
    voice: u32,
    /// What the last packet that came held was lost, so many samples.
    missing: Option<u32>,
}

impl Line {
    fn new(parts: &Parts, offered: &Offered, channels: u32, packet_ms: u32) -> Self {
        let (mut encoder, mut decoder) = (parts.encoder.make(1), parts.decoder.make(1));
        let config = EncoderConfig {
            packet_ms,
            ..encoder_config(offered, channels)
        };
        // Both ends want to hear every channel that there is.
        let fmtp = if channels == 2 {
            format!("{};stereo=1", offered.fmtp)
        } else {
            offered.fmtp.clone()
        };
        encoder.activate(&config, &fmtp).expect("an offered format");
        let config = DecoderConfig::new(offered.index, offered.format.sample_rate, channels);
        decoder.activate(&config, &fmtp).expect("an offered format");
        Self {
            encoder,
            decoder,
            offered: offered.clone(),
            channels: channels as usize,
            lose_every: usize::MAX,
            packets: 0,
            ticks: 0,
            samples_sent: 0,
            voice: 0,
            missing: None,
        }
    }

    /// The latency of encoder and decoder together, in samples.
    fn latency(&mut self) -> usize {
        let rate = u64::from(self.offered.format.sample_rate.as_hz());
        let of = |latency: Latency| {
            u64::from(latency.samples) * rate / u64::from(latency.sample_rate.as_hz().max(1))
        };
        let encoder = self.encoder.latency().expect("a latency");
        (of(encoder) + of(self.decoder.latency().expect("a latency"))) as usize
    }

    /// Sends all planes through and returns what comes out.
    fn run(&mut self, clean: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let block = self.offered.format.sample_rate.as_hz() as usize / 100;
        let mut heard = vec![Vec::new(); self.channels];
        for n in 0..clean[0].len() / block {
            let planar: Vec<f32> = clean
                .iter()
                .flat_map(|plane| &plane[n * block..(n + 1) * block])
                .copied()
                .collect();
            for (heard, plane) in heard.iter_mut().zip(self.block(&planar)) {
                heard.extend(plane);
            }
        }
        heard
    }

    /// Sends a block and returns the planes of what comes out, if anything does.
    fn block(&mut self, block: &[f32]) -> Vec<Vec<f32>> {
        let mut payload = [0; PAYLOAD];
        let encoded = self.encoder.encode(block, &mut payload).expect("a good block");
        let mut heard = vec![Vec::new(); self.channels];
        if encoded.ticks == 0 {
            assert_eq!(encoded.bytes, 0, "a packet lasts some time");
            return heard;
        }
        self.ticks += u64::from(encoded.ticks);
        self.voice += encoded.voice;
        let rate = u64::from(self.offered.format.sample_rate.as_hz());
        let samples =
            (u64::from(encoded.ticks) * rate / u64::from(self.offered.format.clock_rate.as_hz())) as u32;
        self.packets += 1;
        if encoded.bytes == 0 {
            self.give(&mut heard, |decoder, pcm| decoder.conceal(samples, pcm));
        } else if self.packets.is_multiple_of(self.lose_every) {
            self.missing = Some(samples);
            return heard;
        }
        if encoded.bytes > 0 {
            let packet = &payload[..encoded.bytes as usize];
            let info = self.decoder.probe(packet).expect("its own packet");
            assert_eq!(info.samples, samples, "the RTP clock and the packet agree");
            if let Some(missing) = self.missing.take() {
                let back = self.offered.format.sample_rate.duration(i64::from(missing));
                let recovered = self.give(&mut heard, |decoder, pcm| {
                    decoder.recover(packet, back, missing, pcm)
                });
                if recovered == 0 {
                    self.give(&mut heard, |decoder, pcm| decoder.conceal(missing, pcm));
                }
                self.samples_sent += u64::from(missing);
            }
            self.give(&mut heard, |decoder, pcm| decoder.decode(packet, pcm));
        }
        self.samples_sent += u64::from(samples);
        heard
    }

    fn give(
        &mut self,
        heard: &mut [Vec<f32>],
        make: impl FnOnce(&mut dyn AudioDecoder, &mut [f32]) -> Result<Decoded, Fault>,
    ) -> u32 {
        let mut pcm = vec![0.0; MAX_SAMPLES * self.channels];
        let decoded = make(&mut *self.decoder, &mut pcm).expect("its own packet");
        for (heard, plane) in heard.iter_mut().zip(pcm.chunks(MAX_SAMPLES)) {
            heard.extend_from_slice(&plane[..decoded.samples as usize]);
        }
        decoded.samples
    }
}

fn encoder_config(offered: &Offered, channels: u32) -> EncoderConfig {
    EncoderConfig::new(offered.index, offered.format.sample_rate, channels, 0)
}

/// Voices, a different one for each channel.
fn planes(rate: u32, channels: u32, blocks: usize) -> Vec<Vec<f32>> {
    (0..channels)
        .map(|channel| voice(u64::from(channel) + 1, rate, blocks * rate as usize / 100))
        .collect()
}
