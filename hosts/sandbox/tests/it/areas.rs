//! Every area that can be carried to another process: what an instance answers there is what it answers in the host's own.

use std::fmt::Debug;

use jackfield_abi::Area;
use jackfield_abi::wire;
use jackfield_core::AREAS;
use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{
    AudioCodec, AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig, NetworkHint, PayloadFormat,
    PayloadFormatSink,
};
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::jitter_buffer::{
    HandleSink, Insertion, JitterBuffer, JitterConfig, JitterHandover, PacketArrival, Playout,
};
use jackfield_core::mixer::{MixRequest, MixSource, Mixer, MixerConfig};
use jackfield_core::module::Module;
use jackfield_core::pacer::{DepartureSink, PacedPacket, Pacer, PacketPriority};
use jackfield_core::time::Timestamp;
use jackfield_core::units::{DataRate, DataSize, SampleRate, TimeDelta};
use jackfield_loader::Isolation;
use jackfield_loader::isolation::obstacle;

use crate::support::{Bench, PATIENT, block};

/// Asks the same of an instance in this process and of one in another.
fn same<A, R>(id: &str, ask: impl Fn(&mut A::Proxy) -> R) -> R
where
    A: Area + ?Sized,
    A::Proxy: Module,
    R: PartialEq + Debug,
{
    let bench = Bench::new(PATIENT);
    let [here, there] = [Isolation::InProcess, Isolation::Process].map(|isolation| {
        let mut instance = bench.instance::<A>(id, isolation).unwrap();
        ask(&mut instance)
    });
    assert_eq!(here, there);
    there
}

#[derive(Debug, Default, PartialEq)]
struct Told(Vec<String>);

impl PayloadFormatSink for Told {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.0.push(format!("{name} {format:?} {fmtp}"));
        Ok(())
    }
}

impl HandleSink for Told {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(format!("released {handle}"));
        Ok(())
    }
}

impl DepartureSink for Told {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        if handle == 13 {
            return Err(Fault::invalid("not this one"));
        }
        self.0.push(format!("departed {handle}"));
        Ok(())
    }
}

impl ProbeSink for Told {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0.push(format!("{cluster:?}"));
        Ok(())
    }
}

fn now(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

#[test]
fn t_5_a_mixer_mixes_the_same() {
    let mixes = same::<dyn Mixer, _>("jackfield.mixer.sum", |mixer| {
        mixer
            .activate(&MixerConfig::new(AudioFormat::MONO_48K, 8, 9))
            .unwrap();
        let sources: Vec<_> = (1..=4)
            .map(|id| MixSource {
                id,
                muted: u32::from(id == 3),
                level_dbov: -20.0,
                gain: 1.0,
            })
            .collect();
        let requests = [MixRequest::EVERYONE, 1, 2].map(|without| MixRequest { without, reserved: 0 });
        let mut heard = Vec::new();
        for tick in 0..20_i64 {
            let mut chosen = [0; 4];
            let count = mixer.choose(now(tick * 10), &sources, &mut chosen).unwrap() as usize;
            let chosen: Vec<_> = chosen[..count].iter().map(|at| sources[*at as usize]).collect();
            let pcm: Vec<f32> = chosen
                .iter()
                .flat_map(|source| block(source.id as usize))
                .collect();
            let mut output = vec![0.0; 3 * 480];
            mixer
                .mix(now(tick * 10), &chosen, &pcm, &requests, &mut output)
                .unwrap();
            heard.push((count, output));
        }
        (heard, mixer.hand_over(1).unwrap())
    });
    assert!(
        mixes
            .0
            .iter()
            .any(|(_, output)| output.iter().any(|sample| *sample != 0.0))
    );
}

#[test]
fn t_5_a_jitter_buffer_decides_the_same_and_gives_its_handles_back() {
    let (actions, told, ..) = same::<dyn JitterBuffer, _>("jackfield.jitter.fixed", |jitter| {
        jitter
            .activate(&JitterConfig::new(SampleRate::HZ_48000, 16))
            .unwrap();
        let mut told = Told::default();
        let mut actions = Vec::new();
        for tick in 0..40_i64 {
            if tick % 2 == 0 {
                let packet = PacketArrival {
                    arrival: now(tick * 10),
                    handle: 100 + tick as u64,
                    sequence_number: tick / 2,
                    timestamp: tick * 480,
                    ticks: 960,
                    redundancy: 0,
                    dtx: 0,
                    marker: 0,
                };
                // A second and a third time, so that something is refused.
                for _ in 0..=tick % 3 {
                    let insertion = jitter.insert(now(tick * 10), &packet, &mut told).unwrap();
                    assert!(insertion.0 <= Insertion::Flushed.0);
                    actions.push(format!("{insertion:?}"));
                }
            }
            let action = jitter.next(now(tick * 10), &Playout::START, &mut told).unwrap();
            actions.push(format!("{action:?}"));
        }
        // Far ahead of all that waits: what is left must be given back.
        let state = JitterHandover {
            started: 1,
            next_sequence_number: 1_000,
            next_timestamp: 960_000,
            ..JitterHandover::default()
        };
        jitter.take_over(now(400), &state).unwrap();
        for step in 0..4 {
            let action = jitter.next(now(400 + step), &Playout::START, &mut told).unwrap();
            actions.push(format!("{action:?}"));
        }
        let delay = jitter.delay(now(400)).unwrap();
        (actions, told, delay, jitter.hand_over(now(400)).unwrap())
    });
    assert!(
        actions.iter().any(|action| action.contains("Normal")),
        "{actions:?}"
    );
    assert!(told.0.iter().all(|line| line.starts_with("released")), "{told:?}");
}

#[test]
fn t_5_a_codec_negotiates_encodes_and_decodes_the_same() {
    const PCM: &str = "jackfield.codec.pcm";
    let bench = Bench::new(PATIENT);
    let id = bench
        .loader
        .catalogue()
        .of_area(<dyn AudioCodec as Area>::SHAPE.id)
        .map(|(_, module)| module.id.clone())
        .next()
        .unwrap_or_else(|| PCM.to_owned());
    let (formats, answer) = same::<dyn AudioCodec, _>(&id, |codec| {
        let mut formats = Told::default();
        codec.formats(&mut formats).unwrap();
        let mut answer = String::new();
        let answered = codec
            .answer(0, "", &mut answer)
            .map_err(|fault| fault.to_string());
        (formats, (answered, answer))
    });
    assert!(!formats.0.is_empty(), "{answer:?}");

    let rate = SampleRate::HZ_48000;
    let packets = same::<dyn AudioEncoder, _>(&id, |encoder| {
        let config = EncoderConfig::new(0, rate, 1, 10);
        if let Err(fault) = encoder.activate(&config, "") {
            return Err(fault.to_string());
        }
        encoder
            .network(&NetworkHint::new(DataRate::kbps(64), 0.0, 1.0, TimeDelta::ms(50)))
            .unwrap();
        Ok((0..10)
            .map(|number| {
                let mut payload = vec![0; 4_000];
                let encoded = encoder.encode(&block(number), &mut payload).unwrap();
                payload.truncate(encoded.bytes as usize);
                (encoded, payload)
            })
            .collect::<Vec<_>>())
    })
    .expect("it takes 48 kHz mono");
    assert!(
        packets
            .iter()
            .all(|(encoded, payload)| encoded.bytes > 0 && payload.len() > 100)
    );

    let decoded = same::<dyn AudioDecoder, _>(&id, |decoder| {
        decoder.activate(&DecoderConfig::new(0, rate, 1), "").unwrap();
        let mut heard = Vec::new();
        for (_, payload) in &packets {
            let info = decoder.probe(payload).unwrap();
            let mut pcm = vec![0.0; 5_760];
            let decoded = decoder.decode(payload, &mut pcm).unwrap();
            heard.push((info, decoded, pcm));
        }
        let mut pcm = vec![0.0; 5_760];
        let concealed = decoder.conceal(480, &mut pcm).unwrap();
        // Not every decoder has it: the trait's own answer comes from the other process too.
        let recovered = decoder
            .recover(&packets[0].1, TimeDelta::ms(10), 480, &mut pcm)
            .unwrap();
        (heard, concealed, recovered, pcm)
    });
    assert!(decoded.0.iter().all(|(_, decoded, _)| decoded.samples == 480));
}

#[test]
fn t_5_a_pacer_lets_the_same_packets_go_and_the_host_may_refuse_one() {
    let (told, refused) = same::<dyn Pacer, _>("jackfield.pacing.null", |pacer| {
        let packet = |handle| PacedPacket {
            handle,
            size: DataSize::bytes(1_200),
            priority: PacketPriority::Audio,
            ssrc: 1,
        };
        let mut told = Told::default();
        for handle in 1..=5 {
            pacer.enqueue(now(0), &packet(handle)).unwrap();
        }
        let queue = pacer.queue().unwrap();
        pacer.poll(now(1), &mut told).unwrap();
        told.0.push(format!("{queue:?} {:?}", pacer.queue().unwrap()));
        pacer.enqueue(now(2), &packet(13)).unwrap();
        let refused = pacer.poll(now(3), &mut told).unwrap_err();
        (told, refused.code())
    });
    assert_eq!(
        told.0.iter().filter(|line| line.starts_with("departed")).count(),
        5
    );
    assert_eq!(refused, jackfield_core::FaultCode::Invalid);
}

#[test]
fn t_5_a_congestion_controller_decides_the_same() {
    let updates = same::<dyn CongestionController, _>("jackfield.congestion.fixed", |controller| {
        let constraints = RateConstraints {
            minimum: DataRate::kbps(30),
            maximum: DataRate::kbps(2_000),
            start: DataRate::kbps(300),
        };
        controller.activate(now(0), &constraints).unwrap();
        let mut told = Told::default();
        let updates: Vec<_> = (1..10)
            .map(|tick| {
                let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, now(tick * 25));
                controller
                    .on_event(now(tick * 25), &event, &[], &mut told)
                    .unwrap()
            })
            .collect();
        let interval = controller.process_interval().unwrap();
        (updates, interval, told, controller.hand_over(now(300)).unwrap())
    });
    assert_eq!(updates.0.len(), 9);
}

#[test]
fn a_transport_stays_in_the_hosts_process_and_everything_else_of_this_release_may_leave_it() {
    let kept: Vec<_> = AREAS
        .iter()
        .filter(|area| obstacle(area).is_some())
        .map(|area| area.id)
        .collect();
    assert_eq!(kept, ["jackfield.transport/1"]);
    assert!(AREAS.iter().all(|area| wire::obstacle(area).is_none()));
}
