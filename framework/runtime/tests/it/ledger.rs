//! What was set on a socket while the call ran is heard from whatever stands there afterwards: the stand-in for a plugin that broke, the plugin that stays
//! when a swap is rolled back, and what comes after that.

use std::time::{Duration, Instant};

use jackfield_runtime::view::SwapOutcome;
use jackfield_runtime::{Engine, EngineOptions, Room};
use jackfield_sdk::prelude::*;
use jackfield_transport_loopback::Loopback;
use serde_json::{Value, json};

use super::caller::{Caller, Ear, TONE_DBOV, loader, manifest, settled, tone, transport};
use super::strangers::JACKFIELD_PLUGIN;

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

/// Ann speaks a tone, Bob listens.
struct Call {
    engine: Engine,
    room: Room,
    ann: Caller,
    bob: Caller,
    tone: Vec<Vec<u8>>,
    ear: Ear,
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
        Self {
            engine,
            room,
            ann,
            bob,
            tone: tone(),
            ear: Ear::new(),
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
        settled(&self.ear.levels(&self.bob))
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

#[track_caller]
fn is_about(level: f32, wanted: f32) {
    assert!((level - wanted).abs() < 1.0, "{level} dBov, not {wanted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_is_set_on_the_stand_in_for_a_plugin_that_broke() {
    let mut call = Call::new().await;
    is_about(call.level(), TONE_DBOV);
    call.set(json!({ "gain": -10.0 })).await;
    is_about(call.level(), TONE_DBOV - 10.0);
    call.set(json!({ "breaks": true })).await;
    call.level();
    is_about(call.level(), TONE_DBOV - 10.0);
    call.engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_holds_after_a_roll_back_and_for_whatever_comes_then() {
    let mut call = Call::new().await;
    call.set(json!({ "gain": -10.0 })).await;
    is_about(call.level(), TONE_DBOV - 10.0);
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
    is_about(call.level(), TONE_DBOV - 10.0);
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
    is_about(call.level(), TONE_DBOV - 10.0);
    call.engine.close().await;
}
