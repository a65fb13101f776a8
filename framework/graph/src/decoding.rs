//! The decoding half of a receiver: packets to samples, what is missing made up, all joined without a step.

mod away;

use jackfield_core::audio::{AudioFormat, MAX_BLOCK_SAMPLES, MAX_CHANNELS};
use jackfield_core::audio_codec::{AudioDecoder, PacketInfo};
use jackfield_core::jitter_buffer::Operation;
use jackfield_core::module::ResetReason;
use jackfield_core::units::{SampleRate, TimeDelta};
use jackfield_sdk::dsp::Concealment;

use self::away::Absent;
use crate::converter::Converter;
use crate::fifo::Fifo;
use crate::media::PacketBuffer;
use crate::receive::{ReceiveCounters, Receiver, Recycle};
use crate::stretch::{Direction, stretch};
use crate::swap::{crossfade, decibels, declick, last_samples, steepest};

/// The longest packet: 120 ms at 48 kHz.
const MAX_PACKET_SAMPLES: usize = 5_760;
/// Room for what a stretched packet gains: 15 ms at 48 kHz.
const STRIDE: usize = MAX_PACKET_SAMPLES + 720;
/// How long a packet is before anybody has looked into one: 20 ms.
const USUAL_TICKS: u32 = 960;

/// A decoder with all that belongs to it. Of several for one payload type the first decodes, and the next while its process does not answer.
pub struct Decoder {
    /// The RTP payload type that it decodes.
    pub payload_type: u8,
    /// The plugin, activated.
    pub decoder: Box<dyn AudioDecoder>,
    /// The RTP clock.
    pub clock_rate: SampleRate,
    /// What it gives.
    pub format: AudioFormat,
    /// From what it gives to the room's format, if they differ.
    pub converter: Option<Converter>,
}

/// The decoders and what they have decoded so far. Allocates only when made.
pub(crate) struct Decoding {
    decoders: Vec<Decoder>,
    format: AudioFormat,
    /// Decoded, in the room's format, and not played yet.
    ready: Fifo,
    /// Decoded and not enough yet for the converter.
    unconverted: Fifo,
    pcm: Vec<f32>,
    block_in: Vec<f32>,
    block_out: Vec<f32>,
    current: usize,
    absent: Absent,
    /// Makes up what the decoder cannot, because it is not there.
    concealment: Concealment,
    /// How long the packet lasts that was looked into last, in ticks of the jitter buffer's clock.
    usual_ticks: u32,
    voice: bool,
    /// Packets went by undecoded: the decoder's memory is of another time.
    stale: bool,
    /// The last sample of each channel that became ready.
    last: [f32; MAX_CHANNELS],
    /// The packet that was decoded last: what a new decoder is shown first.
    previous: Option<(u8, Box<PacketBuffer>)>,
    join: Join,
    /// What the decoder before this one would have gone on with.
    tail: Vec<f32>,
    /// Watched while something is swapped.
    seams: Option<Seams>,
}

/// How well what became ready is joined.
#[derive(Clone, Copy)]
struct Seams {
    /// The steepest step that the last piece had by itself.
    own: f32,
    /// The largest step beyond what the pieces on both sides had by themselves.
    worst: f32,
}

/// How the next samples are joined to the last ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// They follow by themselves.
    None,
    /// The step between them is led to zero.
    Lead,
    /// Faded from `tail`.
    Fade,
}

impl Decoding {
    pub(crate) fn new(format: AudioFormat, decoders: Vec<Decoder>) -> Self {
        let channels = decoders
            .iter()
            .map(|d| d.format.channels)
            .fold(format.channels.max(2), u32::max) as usize;
        Self {
            decoders,
            format,
            ready: Fifo::new(format.channels as usize, 2 * STRIDE),
            unconverted: Fifo::new(channels, STRIDE + MAX_BLOCK_SAMPLES),
            pcm: vec![0.0; STRIDE * channels],
            block_in: vec![0.0; MAX_BLOCK_SAMPLES * channels],
            block_out: vec![0.0; format.block_len()],
            current: 0,
            absent: Absent::default(),
            concealment: Concealment::new(format.sample_rate.as_hz(), format.channels as usize),
            usual_ticks: USUAL_TICKS,
            voice: false,
            stale: false,
            last: [0.0; MAX_CHANNELS],
            previous: None,
            join: Join::None,
            tail: vec![0.0; format.block_len()],
            seams: None,
        }
    }

    /// Listens from now on to how the pieces of the signal are joined, as if nothing had been heard so far.
    pub(crate) fn watch_seams(&mut self) {
        let own = self.seams.map_or(0.0, |seams| seams.own);
        self.seams = Some(Seams { own, worst: 0.0 });
    }

    /// The largest step at a joint since that began, beyond the steepest that the signal had around it by itself, in dB below full scale.
    pub(crate) fn worst_seam_db(&self) -> f32 {
        decibels(self.seams.map_or(0.0, |seams| seams.worst))
    }

    /// The decoder that was used last.
    pub(crate) fn decoder(&mut self) -> Option<&mut dyn AudioDecoder> {
        match self.decoders.get_mut(self.current) {
            Some(slot) => Some(&mut *slot.decoder),
            None => None,
        }
    }

    /// Looks into a packet: what it holds, the RTP clock, and how many ticks of the jitter buffer's clock it lasts. `None` if no decoder takes
    /// it. While no decoder for it is there it is taken to be as long as the last one.
    pub(crate) fn probe(
        &mut self,
        payload_type: u8,
        payload: &[u8],
    ) -> Option<(PacketInfo, SampleRate, u32)> {
        loop {
            let at = self.find(payload_type)?;
            let slot = &mut self.decoders[at];
            let rate = u64::from(slot.format.sample_rate.as_hz().max(1));
            if self.absent.has(at) {
                let info = PacketInfo {
                    samples: samples_in(self.usual_ticks, slot.format.sample_rate) as u32,
                    ..PacketInfo::default()
                };
                return Some((info, slot.clock_rate, self.usual_ticks));
            }
            match slot.decoder.probe(payload) {
                Ok(info) => {
                    let ticks = u64::from(info.samples) * u64::from(Receiver::JITTER_CLOCK.as_hz()) / rate;
                    let (clock_rate, ticks) = (slot.clock_rate, u32::try_from(ticks).ok()?);
                    self.usual_ticks = ticks.max(1);
                    return Some((info, clock_rate, ticks));
                }
                Err(fault) => {
                    let other = self.leaves(at, &fault);
                    if !other && !self.absent.has(at) {
                        return None;
                    }
                }
            }
        }
    }

    /// Samples per channel of a block.
    pub(crate) fn block_samples(&self) -> usize {
        self.format.block_samples()
    }

    /// Samples per channel that are ready.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether what was decoded last is speech.
    pub(crate) fn voice(&self) -> bool {
        self.voice
    }

    /// Gives what is ready, `samples` per channel.
    pub(crate) fn pop(&mut self, block: &mut [f32], samples: usize) {
        self.ready.pop(block, samples);
    }

    /// Decodes a packet that lasts `ticks`; gives how many samples had to be made up because nobody could.
    pub(crate) fn decode(
        &mut self,
        (payload_type, payload, ticks): (u8, Box<PacketBuffer>, u32),
        operation: Operation,
        counters: &mut ReceiveCounters,
        recycle: &mut dyn Recycle,
    ) -> usize {
        self.welcome_back(payload_type);
        let (at, decoded) = loop {
            let Some(at) = self.find(payload_type) else {
                counters.undecodable += 1;
                recycle.recycle(payload);
                self.silence(self.samples(ticks));
                return 0;
            };
            self.choose(at);
            let slot = &mut self.decoders[at];
            if self.stale && !self.absent.has(at) {
                self.stale = false;
                let _ = slot.decoder.reset(ResetReason::Stream);
                self.join = Join::Lead;
            }
            let room = &mut self.pcm[..STRIDE * slot.format.channels as usize];
            match slot.decoder.decode(payload.bytes(), room) {
                Ok(decoded) => break (at, decoded),
                Err(fault) if self.leaves(at, &fault) => {}
                Err(_) => {
                    counters.undecodable += 1;
                    let before = self.ready.len();
                    self.conceal(ticks);
                    if self.absent.has(at) {
                        // Whoever comes back is shown the packet before its first one.
                        self.absent.packets += 1;
                        self.keep((payload_type, payload), recycle);
                    } else {
                        recycle.recycle(payload);
                    }
                    return self.ready.len() - before;
                }
            }
        };
        self.absent.is_up_to_date(at);
        if self.is_standing_in(at) {
            self.absent.packets += 1;
        }
        let slot = &self.decoders[at];
        let channels = slot.format.channels as usize;
        let room = &mut self.pcm[..STRIDE * channels];
        self.voice = decoded.voice != 0;
        let mut samples = (decoded.samples as usize).min(MAX_PACKET_SAMPLES);
        let direction = match operation {
            Operation::Accelerate | Operation::FastAccelerate => Some(Direction::Faster),
            Operation::PreemptiveExpand => Some(Direction::Slower),
            _ => None,
        };
        if let Some(direction) = direction {
            let rate = slot.format.sample_rate;
            let again = operation == Operation::FastAccelerate;
            let stretched = stretch_by(again, room, channels, samples, rate, &direction);
            counters.removed_samples += samples.saturating_sub(stretched) as u64;
            counters.inserted_samples += stretched.saturating_sub(samples) as u64;
            samples = stretched;
        }
        if operation == Operation::Merge && self.join == Join::None {
            self.join = Join::Lead;
        }
        self.push(samples);
        self.keep((payload_type, payload), recycle);
        0
    }

    /// The packet that a decoder which comes in next is shown first.
    fn keep(&mut self, packet: (u8, Box<PacketBuffer>), recycle: &mut dyn Recycle) {
        if let Some((_, old)) = self.previous.replace(packet) {
            recycle.recycle(old);
        }
    }

    /// Recovers `ticks` that lie `back` before `later` from the redundancy in it; false if there is none.
    pub(crate) fn recover(&mut self, payload_type: u8, later: &[u8], back: TimeDelta, ticks: u32) -> bool {
        let Some(at) = self.find(payload_type) else {
            return false;
        };
        self.choose(at);
        let slot = &mut self.decoders[at];
        let wanted = samples_in(ticks, slot.format.sample_rate).min(MAX_PACKET_SAMPLES) as u32;
        let room = &mut self.pcm[..STRIDE * slot.format.channels as usize];
        match slot.decoder.recover(later, back, wanted, room) {
            Ok(recovered) if recovered.samples > 0 => {
                self.push(recovered.samples as usize);
                true
            }
            _ => false,
        }
    }

    /// Makes up `ticks`.
    pub(crate) fn conceal(&mut self, ticks: u32) {
        let (usable, at) = (!self.stale, self.current);
        let Some(slot) = self.decoders.get_mut(at).filter(|_| usable) else {
            return self.silence(self.samples(ticks));
        };
        let wanted = samples_in(ticks, slot.format.sample_rate).min(MAX_PACKET_SAMPLES) as u32;
        let room = &mut self.pcm[..STRIDE * slot.format.channels as usize];
        let made = if self.absent.has(at) {
            None
        } else {
            slot.decoder.conceal(wanted, room).ok()
        };
        match made {
            Some(made) => self.push(made.samples as usize),
            None => self.make_up(self.samples(ticks)),
        }
    }

    /// Lets `ticks` go by undecoded.
    pub(crate) fn skip(&mut self, ticks: u32) {
        self.stale = true;
        self.silence(self.samples(ticks));
    }

    /// Silence; what was heard before is led out.
    pub(crate) fn silence(&mut self, samples: usize) {
        let samples = samples.min(MAX_PACKET_SAMPLES);
        self.voice = false;
        self.forget_the_past();
        if self.last.iter().all(|last| last.abs() < 1e-5) {
            self.ready.push_silence(samples);
        } else {
            self.block_out.fill(0.0);
            let n = self.format.block_samples();
            declick(&self.last, &mut self.block_out, n);
            if let Some(seams) = &mut self.seams {
                let steepest = steepest(Some(&self.last), &self.block_out, n);
                seams.worst = seams.worst.max(steepest - seams.own);
            }
            self.ready.push(&self.block_out, n, samples.min(n));
            self.ready.push_silence(samples.saturating_sub(n));
        }
        self.last = [0.0; MAX_CHANNELS];
        self.join = Join::None;
    }

    /// Puts these decoders in the place of the present ones, which are given back. The newcomer for the payload type in use is shown the packet
    /// that was decoded last, so that it does not start in the dark.
    pub(crate) fn swap(&mut self, decoders: Vec<Decoder>) -> Vec<Decoder> {
        let retired = std::mem::replace(&mut self.decoders, decoders);
        self.current = 0;
        self.absent.nobody();
        if let Some(at) = self.previous.as_ref().and_then(|previous| self.find(previous.0)) {
            self.current = at;
            self.show_previous(at);
        }
        self.unconverted.clear();
        self.join = Join::Lead;
        retired
    }

    /// Samples of the room's rate in `ticks` of the jitter buffer's clock.
    pub(crate) fn samples(&self, ticks: u32) -> usize {
        samples_in(ticks, self.format.sample_rate)
    }

    /// Who decodes such packets: the first that is there, else the first.
    fn find(&self, payload_type: u8) -> Option<usize> {
        let mut of_type = (0..)
            .zip(&self.decoders)
            .filter(|(_, d)| d.payload_type == payload_type);
        let (first, _) = of_type.clone().next()?;
        let there = of_type.find(|(at, _)| !self.absent.has(*at));
        Some(there.map_or(first, |(at, _)| at))
    }

    /// Turns to another decoder: the one before goes on for 10 ms, from which the newcomer is faded in.
    fn choose(&mut self, at: usize) {
        if at == self.current {
            return;
        }
        let before = self.ready.len();
        if !self.stale && self.previous.is_some() {
            self.conceal(480);
        }
        let made = self.ready.len() - before;
        let n = self.format.block_samples();
        if made == n {
            self.ready.take_back(&mut self.tail, n);
            self.join = Join::Fade;
            self.forget_the_past();
        } else {
            self.ready.truncate(before);
            self.join = Join::Lead;
        }
        self.unconverted.clear();
        self.current = at;
        if let Some(converter) = &mut self.decoders[at].converter {
            converter.reset();
        }
        self.take_over(at);
    }

    /// Moves `samples` from the decoder's room to what is ready, through the converter if there is one.
    fn push(&mut self, samples: usize) {
        let samples = samples.min(STRIDE);
        if self.decoders[self.current].converter.is_none() {
            let planes = self.format.channels as usize;
            let mut pcm = std::mem::take(&mut self.pcm);
            self.finish(&mut pcm[..planes * STRIDE], STRIDE, samples);
            self.pcm = pcm;
            return;
        }
        self.unconverted.push(&self.pcm, STRIDE, samples);
        let mut out = std::mem::take(&mut self.block_out);
        while let Some(converter) = &mut self.decoders[self.current].converter {
            let n = converter.from().block_samples();
            if self.unconverted.len() < n {
                break;
            }
            let len = converter.from().block_len();
            self.unconverted.pop(&mut self.block_in[..len], n);
            converter.convert(&self.block_in[..len], &mut out);
            let n = self.format.block_samples();
            self.finish(&mut out, n, n);
        }
        self.block_out = out;
    }

    /// Joins `samples` decoded samples of planes `stride` apart to what is ready.
    fn finish(&mut self, pcm: &mut [f32], stride: usize, samples: usize) {
        self.concealment.received(pcm, samples);
        self.absent.past = true;
        self.append(pcm, stride, samples);
    }

    fn append(&mut self, pcm: &mut [f32], stride: usize, samples: usize) {
        if samples == 0 {
            return;
        }
        let n = self.format.block_samples().min(samples);
        let own = self.seams.map(|_| steepest_of(pcm, stride, samples, None));
        match std::mem::replace(&mut self.join, Join::None) {
            Join::None => {}
            Join::Lead => {
                for (plane, last) in pcm.chunks_exact_mut(stride).zip(&self.last) {
                    declick(std::slice::from_ref(last), &mut plane[..n], n);
                }
            }
            Join::Fade => {
                let tails = self.tail.chunks_exact(self.format.block_samples());
                for (plane, tail) in pcm.chunks_exact_mut(stride).zip(tails) {
                    crossfade(&tail[..n], &mut plane[..n], n);
                }
            }
        }
        if let (Some(seams), Some(own)) = (&mut self.seams, own) {
            let steepest = steepest_of(pcm, stride, samples, Some(&self.last));
            seams.worst = seams.worst.max(steepest - own.max(seams.own));
            seams.own = own;
        }
        for (plane, last) in pcm.chunks_exact(stride).zip(&mut self.last) {
            last_samples(&plane[..samples], samples, std::slice::from_mut(last));
        }
        self.ready.push(pcm, stride, samples);
    }
}

/// The steepest step in planes `stride` apart, of which the first `samples` count.
fn steepest_of(pcm: &[f32], stride: usize, samples: usize, before: Option<&[f32]>) -> f32 {
    pcm.chunks_exact(stride)
        .enumerate()
        .map(|(channel, plane)| {
            let before = before.and_then(|before| before.get(channel..=channel));
            steepest(before, &plane[..samples], samples)
        })
        .fold(0.0, f32::max)
}

/// Stretches by one pitch period or, if `again`, takes periods out until no more than half is left or no period is like the next.
fn stretch_by(
    again: bool,
    pcm: &mut [f32],
    channels: usize,
    samples: usize,
    rate: SampleRate,
    direction: &Direction,
) -> usize {
    let mut left = stretch(pcm, channels, STRIDE, samples, rate, direction);
    while again && left > samples / 2 {
        let less = stretch(pcm, channels, STRIDE, left, rate, direction);
        if less == left {
            break;
        }
        left = less;
    }
    left
}

/// Samples at `rate` in `ticks` of the jitter buffer's clock.
fn samples_in(ticks: u32, rate: SampleRate) -> usize {
    (u64::from(ticks) * u64::from(rate.as_hz()) / u64::from(Receiver::JITTER_CLOCK.as_hz())) as usize
}

#[cfg(test)]
mod tests {
    use jackfield_codec_g711::G711Decoder;
    use jackfield_core::audio_codec::{AudioDecoderProxy, DecoderConfig};
    use jackfield_core::environment::Environment;
    use jackfield_core::module::Plugin as _;

    use super::*;

    /// The values of µ-law that stand for nothing, and for as much as there is.
    const NOTHING: u8 = 0xff;
    const FULL: u8 = 0x80;

    struct Nowhere;

    impl Recycle for Nowhere {
        fn recycle(&mut self, _: Box<PacketBuffer>) {}
    }

    fn decoding() -> Decoding {
        let format = AudioFormat::new(SampleRate::HZ_8000, 1);
        let plugin = G711Decoder::create(&Environment::seeded(1)).unwrap();
        let mut decoder = AudioDecoderProxy::local(plugin);
        decoder
            .activate(&DecoderConfig::new(0, format.sample_rate, 1), "")
            .unwrap();
        let decoder = Decoder {
            payload_type: 0,
            decoder: Box::new(decoder),
            clock_rate: format.sample_rate,
            format,
            converter: None,
        };
        Decoding::new(format, vec![decoder])
    }

    /// The seam between a packet of nothing and one of full scale, if they are joined by `operation`.
    fn seam(operation: Operation) -> f32 {
        let mut decoding = decoding();
        let mut counters = ReceiveCounters::default();
        let packet = |value: u8| {
            let mut packet = PacketBuffer::new();
            packet.fill(&[value; 160]);
            packet
        };
        decoding.watch_seams();
        let first = (0, packet(NOTHING), 960);
        decoding.decode(first, Operation::Normal, &mut counters, &mut Nowhere);
        assert_eq!(decoding.worst_seam_db(), -120.0, "nothing follows nothing");
        decoding.decode((0, packet(FULL), 960), operation, &mut counters, &mut Nowhere);
        decoding.worst_seam_db()
    }

    #[test]
    fn t_7_a_step_at_a_seam_is_measured_and_a_joint_makes_it_small() {
        let (raw, joined) = (seam(Operation::Normal), seam(Operation::Merge));
        assert!(raw > -1.0, "a step of full scale is 0 dB: {raw} dB");
        assert!(joined < raw - 20.0, "led to zero within 2 ms: {joined} dB");
    }
}
