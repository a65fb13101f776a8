//! What was set on a socket while the call ran is heard from whatever stands there afterwards: the stand-in for a plugin that broke, the plugin that stays
//! when a swap is rolled back, and what comes after that.

use std::time::{Duration, Instant};

use jackfield_codec_opus::{OpusDecoder, OpusEncoder};
use jackfield_core::audio::level_dbov;
use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_sdk::prelude::*;
use jackfield_transport_loopback::Loopback;
use serde_json::{Value, json};

use super::JACKFIELD_PLUGIN;
use super::caller::{Caller, loader, manifest, transport};

const MANIFEST: &str = "profile = \"conference\"\n\
     [sockets.transport]\nuse = \"jackfield.transport.loopback\"\n\
     [sockets.echo]\nuse = \"jackfield.processing.null\"\n\
     [sockets.noise]\nuse = \"jackfield.processing.null\"\n\
     [sockets.gain]\nuse = \"test.processing.brittle\"\nfallback = \"jackfield.processing.gain\"\n";

/// What both can be set to.
#[derive(Params)]
pub(crate) struct Knobs {
    /// As that of the gain that comes with Jackfield: by name and unit.
    #[param(unit = "dB", min = -60.0, max = 30.0, default = 0.0)]
    gain: f32,
    /// Whether the next block fails.
    #[param(default = false)]
    breaks: bool,
}

macro_rules! processor {
    ($name:ident, $id:literal, $process:expr) => {
        pub(crate) struct $name(Knobs);

        impl Plugin for $name {
            const DESCRIPTOR: Descriptor = Descriptor::new($id, stringify!($name), "1.0.0");
            type Parameters = Knobs;

            fn create(_: &Environment) -> Result<Self, Fault> {
                Ok(Self(Knobs::defaults()))
            }

            fn parameters(&mut self) -> &mut Knobs {
                &mut self.0
            }
        }

        impl AudioProcessor for $name {
            fn activate(&mut self, _: &AudioFormat) -> Result<(), Fault> {
                Ok(())
            }

            fn process(
                &mut self,
                _: Timestamp,
                near: &mut [f32],
                _: &CaptureInfo,
                _: &mut ProcessorReport,
            ) -> Result<(), Fault> {
                let process: fn(&Knobs, &mut [f32]) -> Result<(), Fault> = $process;
                process(&self.0, near)
            }
        }
    };
}

processor!(Brittle, "test.processing.brittle", |knobs, near| {
    if knobs.breaks {
        return Err(Fault::failed("it was told to break"));
    }
    let gain = 10_f32.powf(knobs.gain / 20.0);
    near.iter_mut().for_each(|sample| *sample *= gain);
    Ok(())
});
processor!(Spoilt, "test.processing.spoilt", |_, near| {
    near.fill(f32::NAN);
    Ok(())
});

/// Ann speaks a tone of -13.5 dBov, Bob listens.
struct Call {
    engine: Engine,
    room: Room,
    ann: Caller,
    bob: Caller,
    tone: Vec<Vec<u8>>,
    decoder: OpusDecoder,
    decoded: usize,
}

impl Call {
    async fn new() -> Self {
        let options = EngineOptions::new(manifest(MANIFEST), loader(&[JACKFIELD_PLUGIN]));
        let engine = Engine::start(options).unwrap();
        let room = engine.open_room("room").unwrap();
        let mut ann = Caller::join(&room, "Ann", transport::<Loopback>(1)).await;
        let mut bob = Caller::join(&room, "Bob", transport::<Loopback>(2)).await;
        ann.connect();
        bob.connect();
        let mut decoder = OpusDecoder::create(&Environment::seeded(1)).unwrap();
        decoder
            .activate(&DecoderConfig::new(0, SampleRate::HZ_48000, 1), "")
            .unwrap();
        Self {
            engine,
            room,
            ann,
            bob,
            tone: tone(),
            decoder,
            decoded: 0,
        }
    }

    async fn set(&self, parameters: Value) {
        let set = self
            .room
            .set_socket("gain", None, parameters.as_object().unwrap());
        let report = set.await.unwrap();
        assert_eq!(report.outcome, SwapOutcome::ParametersSet);
    }

    /// Ann speaks for a second; how loud Bob hears her in the end.
    fn level(&mut self) -> f32 {
        let begin = Instant::now();
        for (number, payload) in (0..).zip(self.tone.clone()) {
            while begin.elapsed() < Duration::from_millis(20) * number {
                self.ann.step();
                self.bob.step();
            }
            self.ann.say(&payload);
        }
        let mut levels = Vec::new();
        let mut pcm = [0.0; 5_760];
        for (_, payload) in &self.bob.heard[self.decoded..] {
            let decoded = self.decoder.decode(payload, &mut pcm).unwrap();
            levels.push(level_dbov(&pcm[..decoded.samples as usize]));
        }
        self.decoded = self.bob.heard.len();
        let mut last = levels[levels.len() - 20..].to_vec();
        last.sort_by(f32::total_cmp);
        last[10]
    }

    /// What the graph shows of the parameter `gain`.
    fn shown(&self) -> (String, Value) {
        let graph = serde_json::to_value(self.room.graph()).unwrap();
        let sockets = graph["sockets"].as_array().unwrap();
        let gain = sockets.iter().find(|socket| socket["socket"] == "gain").unwrap();
        let parameters = gain["parameters"].as_array().unwrap();
        let parameter = parameters
            .iter()
            .find(|parameter| parameter["name"] == "gain")
            .unwrap();
        let id = gain["plugin"]["id"].as_str().unwrap();
        (id.to_owned(), parameter["value"].clone())
    }
}

fn tone() -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::create(&Environment::seeded(1)).unwrap();
    encoder
        .activate(&EncoderConfig::new(0, SampleRate::HZ_48000, 1, 20), "")
        .unwrap();
    let (mut payload, mut packets) = ([0; 1_275], Vec::new());
    for number in 0..100 {
        let block: Vec<f32> = (number * 480..(number + 1) * 480)
            .map(|n| 0.3 * (std::f32::consts::TAU * 400.0 * n as f32 / 48_000.0).sin())
            .collect();
        let encoded = encoder.encode(&block, &mut payload).unwrap();
        if encoded.bytes > 0 {
            packets.push(payload[..encoded.bytes as usize].to_vec());
        }
    }
    packets
}

#[track_caller]
fn is_about(level: f32, wanted: f32) {
    assert!((level - wanted).abs() < 1.0, "{level} dBov, not {wanted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_is_set_on_the_stand_in_for_a_plugin_that_broke() {
    let mut call = Call::new().await;
    is_about(call.level(), -13.5);
    call.set(json!({ "gain": -10.0 })).await;
    is_about(call.level(), -23.5);
    call.set(json!({ "breaks": true })).await;
    call.level();
    is_about(call.level(), -23.5);
    call.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_holds_after_a_roll_back_and_for_whatever_comes_then() {
    let mut call = Call::new().await;
    call.set(json!({ "gain": -10.0 })).await;
    is_about(call.level(), -23.5);
    let spoilt = json!({ "gain": 6.0 });
    let swap = {
        let room = call.room.clone();
        tokio::spawn(async move {
            room.set_socket(
                "gain",
                Some("test.processing.spoilt"),
                spoilt.as_object().unwrap(),
            )
            .await
        })
    };
    call.level();
    let report = swap.await.unwrap().unwrap();
    assert_eq!(report.outcome, SwapOutcome::RolledBack, "{report:?}");
    is_about(call.level(), -23.5);
    assert_eq!(call.shown(), ("test.processing.brittle".to_owned(), json!(-10.0)));

    let room = call.room.clone();
    let nothing = serde_json::Map::new();
    let swap = tokio::spawn(async move {
        room.set_socket("gain", Some("jackfield.processing.gain"), &nothing)
            .await
    });
    call.level();
    assert_eq!(swap.await.unwrap().unwrap().outcome, SwapOutcome::Committed);
    assert_eq!(
        call.shown(),
        ("jackfield.processing.gain".to_owned(), json!(-10.0)),
        "what the one that was sent away was to be set to is forgotten"
    );
    is_about(call.level(), -23.5);
    call.engine.close().await;
}
