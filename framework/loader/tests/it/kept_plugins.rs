//! Plugins as earlier revisions of the SDK built them go on working: their files are kept and never built anew.
#![cfg(target_arch = "x86_64")]

use std::path::Path;

use jackfield_abi::Area;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{
    AudioCodec, AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig, PayloadFormat, PayloadFormatSink,
};
use jackfield_core::audio_processor::{AudioProcessor, CaptureInfo, ProcessorReport};
use jackfield_core::audio_sink::AudioSink;
use jackfield_core::audio_source::AudioSource;
use jackfield_core::congestion_controller::{
    CongestionController, CongestionEvent, CongestionEventKind, ProbeCluster, ProbeSink, RateConstraints,
};
use jackfield_core::jitter_buffer::{
    HandleSink, Insertion, JitterBuffer, JitterConfig, PacketArrival, Playout,
};
use jackfield_core::mixer::{MixRequest, MixSource, Mixer, MixerConfig};
use jackfield_core::module::Module;
use jackfield_core::pacer::{DepartureSink, PacedPacket, Pacer, PacketPriority};
use jackfield_core::time::Timestamp;
use jackfield_core::transport::{AttributeSink, Transport, TransportConfig};
use jackfield_core::units::{DataRate, DataSize, SampleRate};
use jackfield_core::{AREAS, Fault};
use jackfield_loader::{Loader, LoaderOptions, ModuleInfo, Resolved};

use crate::support::{processed, processor, socket};

fn kept() -> Loader {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/fixtures");
    let options = LoaderOptions {
        folders: vec![folder.canonicalize().unwrap()],
        ..LoaderOptions::default()
    };
    Loader::new(options).unwrap()
}

#[derive(Default)]
struct Heard(Vec<String>);

impl PayloadFormatSink for Heard {
    fn format(&mut self, name: &str, _: &PayloadFormat, _: &str) -> Result<(), Fault> {
        self.0.push(name.to_owned());
        Ok(())
    }
}

impl HandleSink for Heard {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle.to_string());
        Ok(())
    }
}

impl ProbeSink for Heard {
    fn probe(&mut self, _: &ProbeCluster) -> Result<(), Fault> {
        Ok(())
    }
}

impl DepartureSink for Heard {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle.to_string());
        Ok(())
    }
}

impl AttributeSink for Heard {
    fn attribute(&mut self, name: &str, _: &str) -> Result<(), Fault> {
        self.0.push(name.to_owned());
        Ok(())
    }
}

/// Everything that is kept, each in its area.
fn modules(loader: &Loader) -> Vec<ModuleInfo> {
    loader
        .catalogue()
        .modules()
        .map(|(_, module)| module.clone())
        .collect()
}

fn resolved(loader: &Loader, module: &ModuleInfo) -> Resolved {
    loader
        .resolve(&socket(&module.id), &module.area)
        .unwrap_or_else(|error| panic!("{}: {error}", module.id))
}

fn made<A>(loader: &Loader, module: &ModuleInfo) -> A::Proxy
where
    A: Area + ?Sized,
    A::Proxy: Module,
{
    let mut proxy = loader
        .create::<A>(&resolved(loader, module), 1)
        .unwrap_or_else(|error| panic!("{}: {error}", module.id));
    for index in 0..module.parameters.len() {
        let value = proxy.parameter(index as u32).unwrap();
        assert_eq!(value, module.parameters[index].default, "{}", module.id);
    }
    proxy
}

#[test]
fn e1_4_todays_host_finds_every_plugin_that_is_kept_in_every_area() {
    let loader = kept();
    assert_eq!(loader.catalogue().problems(), []);
    let modules = modules(&loader);
    for area in AREAS.iter().filter(|area| area.id != "jackfield.module/1") {
        assert!(modules.iter().any(|module| module.area == area.id), "{}", area.id);
    }
}

#[test]
fn e1_4_todays_host_runs_every_audio_plugin_that_is_kept() {
    let loader = kept();
    let (now, format) = (Timestamp::from_ms(10), AudioFormat::MONO_48K);
    for module in modules(&loader) {
        match module.area.as_str() {
            "jackfield.audio-source/1" => {
                let mut source = made::<dyn AudioSource>(&loader, &module);
                source.open("", &format).unwrap();
                let mut block = [0.0; 480];
                source.read(now, &mut block).unwrap();
                assert!(block.iter().any(|sample| *sample != 0.0));
                assert_eq!(source.hand_over().unwrap().position, 480);
            }
            "jackfield.audio-sink/1" => {
                let mut sink = made::<dyn AudioSink>(&loader, &module);
                sink.open("", &format).unwrap();
                sink.write(now, &[0.1; 480]).unwrap();
                sink.close().unwrap();
            }
            "jackfield.audio-processor/1" => {
                let mut one = made::<dyn AudioProcessor>(&loader, &module);
                one.activate(&format).unwrap();
                one.render(now, &[0.1; 480]).unwrap();
                let mut report = ProcessorReport::UNKNOWN;
                one.process(now, &mut [0.1; 480], &CaptureInfo::UNKNOWN, &mut report)
                    .unwrap();
                assert!((processed(&mut processor(&loader, &module.id).unwrap()) - 1.0).abs() < 0.1);
            }
            "jackfield.audio-codec/1" => {
                let mut codec = made::<dyn AudioCodec>(&loader, &module);
                let mut heard = Heard::default();
                codec.formats(&mut heard).unwrap();
                assert_eq!(heard.0.len(), 1);
                let rate = SampleRate::HZ_16000;
                let of = |area: &str| ModuleInfo {
                    area: area.to_owned(),
                    ..module.clone()
                };
                let mut encoder = made::<dyn AudioEncoder>(&loader, &of("jackfield.audio-encoder/1"));
                encoder.activate(&EncoderConfig::new(0, rate, 1, 10), "").unwrap();
                let mut decoder = made::<dyn AudioDecoder>(&loader, &of("jackfield.audio-decoder/1"));
                decoder.activate(&DecoderConfig::new(0, rate, 1), "").unwrap();
                let (mut payload, mut pcm) = ([0; 1_275], [0.0; 1_920]);
                let encoded = encoder.encode(&[0.25; 160], &mut payload).unwrap();
                let decoded = decoder
                    .decode(&payload[..encoded.bytes as usize], &mut pcm)
                    .unwrap();
                assert_eq!(decoded.samples, 160);
                assert!((pcm[80] - 0.25).abs() < 0.02);
            }
            "jackfield.mixer/1" => {
                let mut mixer = made::<dyn Mixer>(&loader, &module);
                mixer.activate(&MixerConfig::new(format, 2, 2)).unwrap();
                let sources = [1, 2].map(|id| MixSource {
                    id,
                    muted: 0,
                    level_dbov: -20.0,
                    gain: 1.0,
                });
                let mut chosen = [0; 2];
                assert_eq!(mixer.choose(now, &sources, &mut chosen), Ok(2));
                let requests = [MixRequest {
                    without: MixRequest::EVERYONE,
                    reserved: 0,
                }];
                let mut mix = [0.0; 480];
                mixer
                    .mix(now, &sources, &[0.1; 960], &requests, &mut mix)
                    .unwrap();
                assert!((mix[479] - 0.2).abs() < 0.01);
            }
            _ => {}
        }
    }
}

#[test]
fn e1_4_todays_host_runs_every_network_plugin_that_is_kept() {
    let loader = kept();
    let now = Timestamp::from_ms(10);
    for module in modules(&loader) {
        let mut heard = Heard::default();
        match module.area.as_str() {
            "jackfield.jitter-buffer/1" => {
                let mut jitter = made::<dyn JitterBuffer>(&loader, &module);
                jitter
                    .activate(&JitterConfig::new(SampleRate::HZ_48000, 50))
                    .unwrap();
                let packet = PacketArrival {
                    arrival: now,
                    handle: 7,
                    sequence_number: 1,
                    timestamp: 0,
                    ticks: 960,
                    redundancy: 0,
                    dtx: 0,
                    marker: 1,
                };
                assert_eq!(jitter.insert(now, &packet, &mut heard), Ok(Insertion::Accepted));
                let action = jitter
                    .next(Timestamp::from_ms(1_000), &Playout::START, &mut heard)
                    .unwrap();
                assert_eq!(action.handle, 7);
            }
            "jackfield.congestion-controller/1" => {
                let mut controller = made::<dyn CongestionController>(&loader, &module);
                let bounds = RateConstraints {
                    minimum: DataRate::kbps(10),
                    maximum: DataRate::kbps(100),
                    start: DataRate::kbps(50),
                };
                controller.activate(now, &bounds).unwrap();
                let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, now);
                let update = controller.on_event(now, &event, &[], &mut heard).unwrap();
                assert_eq!(update.target, DataRate::kbps(50));
            }
            "jackfield.pacer/1" => {
                let mut pacer = made::<dyn Pacer>(&loader, &module);
                let packet = PacedPacket {
                    handle: 9,
                    size: DataSize::bytes(100),
                    priority: PacketPriority::Audio,
                    ssrc: 1,
                };
                pacer.enqueue(now, &packet).unwrap();
                pacer.poll(Timestamp::from_ms(2_000), &mut heard).unwrap();
                assert_eq!(heard.0, ["9"]);
            }
            "jackfield.transport/1" => {
                let mut transport = made::<dyn Transport>(&loader, &module);
                transport.activate(now, &TransportConfig::new(true, 0)).unwrap();
                transport.local_description(&mut heard).unwrap();
                assert!(heard.0.iter().any(|name| name == "fingerprint"));
            }
            _ => {}
        }
    }
}
