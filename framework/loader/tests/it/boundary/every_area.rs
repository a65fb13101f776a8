//! Every area's table at the sizes that older and newer hosts have: what is newer is taken as far as it is known, what is cut off is refused.

use jackfield_abi::{Area, Import, ImportError, InstanceRaw};
use jackfield_core::AREAS;
use jackfield_core::module::Module;
use jackfield_sdk::codec::{BlockCodec, Codec, Decoder, Encoder};
use jackfield_sdk::congestion::{Path, RateController, RateRule};
use jackfield_sdk::dsp::bus_mixer::{BusMixer, Choice};
use jackfield_sdk::dsp::mix_bus::Lane;
use jackfield_sdk::jitter::{DelayBuffer, DelayPolicy};
use jackfield_sdk::pacing::{Departure, QueuedPacer};
use jackfield_sdk::prelude::*;
use jackfield_sdk::source::{Signal, SignalSource};
use jackfield_sdk::transport::{Direct, Wrapping};

/// The least that a plugin of each area can be.
struct Least(());

impl Plugin for Least {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.every.least", "Least", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self(()))
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }
}

impl Signal for Least {
    fn open(&mut self, _: &str, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn fill(&mut self, _: u64, _: &AudioFormat, block: &mut [f32]) -> Result<SourceState, Fault> {
        block.fill(0.0);
        Ok(SourceState::default())
    }
}

impl AudioSink for Least {
    fn open(&mut self, _: &str, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn write(&mut self, _: Timestamp, _: &[f32]) -> Result<SinkState, Fault> {
        Ok(SinkState::default())
    }

    fn close(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

impl AudioProcessor for Least {
    fn activate(&mut self, _: &AudioFormat) -> Result<(), Fault> {
        Ok(())
    }

    fn process(
        &mut self,
        _: Timestamp,
        _: &mut [f32],
        _: &CaptureInfo,
        _: &mut ProcessorReport,
    ) -> Result<(), Fault> {
        Ok(())
    }
}

impl BlockCodec for Least {
    const NAME: &'static str = "X-LEAST";
    const SAMPLE_RATE: SampleRate = SampleRate::HZ_16000;
    const PACKET_BYTES: usize = 1;

    fn encode(&mut self, _: &[f32], _: &mut [u8]) {}

    fn decode(&mut self, _: &[u8], _: &mut [f32]) {}
}

impl DelayPolicy for Least {
    fn target(&self) -> TimeDelta {
        TimeDelta::ZERO
    }
}

impl Choice for Least {
    type Memo = ();

    fn is_heard(&mut self, _: Timestamp, _: &mut Lane<()>) -> bool {
        true
    }
}

impl RateRule for Least {
    fn target(&mut self, _: Timestamp, _: &CongestionEvent, path: &Path) -> DataRate {
        path.target
    }
}

impl Departure for Least {
    fn due(&self, came: Timestamp, _: &PacedPacket) -> Timestamp {
        came
    }
}

impl Wrapping for Least {
    const NAME: &'static str = "none";

    fn wrap(&mut self, _: &mut Vec<u8>) {}

    fn unwrap(&mut self, _: &mut Vec<u8>) -> bool {
        true
    }
}

fn made<T: Plugin>() -> T {
    T::create(&Environment::seeded(1)).unwrap()
}

/// The same instance behind a table that is `by` bytes longer and of revision `revision`; what is new in it is null.
fn resized(instance: InstanceRaw, by: isize, revision: u32) -> InstanceRaw {
    // SAFETY: a table begins with its size and its revision, and is as long as it says.
    let bytes = unsafe {
        let size = instance.table.cast::<u32>().read() as usize;
        std::slice::from_raw_parts(instance.table.cast::<u8>(), size)
    };
    let size = bytes.len().checked_add_signed(by).unwrap();
    // Tables stay for as long as the process does.
    let table = vec![0_u64; size.div_ceil(8) + 1].leak().as_mut_ptr();
    // SAFETY: both are at least that long, and a table is aligned to eight bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), table.cast::<u8>(), bytes.len().min(size));
        table.cast::<u32>().write(size as u32);
        table.cast::<u32>().add(1).write(revision);
    }
    InstanceRaw {
        table: table.cast(),
        ..instance
    }
}

/// A plugin of `A` as a newer SDK would have made it, and one whose table lacks its last method.
fn meets_older_and_newer<A>(instance: impl Fn() -> InstanceRaw)
where
    A: Area + ?Sized,
    A::Proxy: Module,
{
    let area = A::SHAPE.id;
    let ours = A::SHAPE.revision;
    // SAFETY: an instance of this area, made a moment ago, behind a table that is as long as it says.
    let newer = unsafe { <A::Proxy as Import>::import(resized(instance(), 3 * 8, ours + 1)) };
    let mut newer = newer.unwrap_or_else(|error| panic!("{area}: a newer plugin is refused: {error}"));
    assert_eq!(newer.latency(), Ok(Latency::NONE), "{area}");
    drop(newer);

    let first = A::SHAPE.sizes[0] as isize - *A::SHAPE.sizes.last().unwrap() as isize;
    // SAFETY: as above; it is shorter than any that there was, and that is noticed before anything behind its size is read.
    let cut = unsafe { <A::Proxy as Import>::import(resized(instance(), first - 8, 1)) };
    assert!(
        matches!(cut.err(), Some(ImportError::Size { .. })),
        "{area}: a table that is cut off is taken"
    );
    for revision in 1..ours {
        let older = A::SHAPE.sizes[revision as usize - 1] as isize - *A::SHAPE.sizes.last().unwrap() as isize;
        // SAFETY: as above, at a size that the table has had.
        let older = unsafe { <A::Proxy as Import>::import(resized(instance(), older, revision)) };
        let mut older = older.unwrap_or_else(|error| panic!("{area} revision {revision}: {error}"));
        assert_eq!(older.latency(), Ok(Latency::NONE), "{area} revision {revision}");
    }
}

#[test]
fn e1_4_every_area_takes_plugins_that_are_older_or_newer_than_the_host() {
    macro_rules! areas {
        ($($area:ident, $export:ident => $plugin:ty;)*) => {{
            $(meets_older_and_newer::<dyn $area>(|| $export::<$plugin>::instance(made()));)*
            [$(<dyn $area as Area>::SHAPE.id),*]
        }};
    }
    let seen = areas! {
        AudioSource, AudioSourceExport => SignalSource<Least>;
        AudioSink, AudioSinkExport => Least;
        AudioProcessor, AudioProcessorExport => Least;
        AudioCodec, AudioCodecExport => Codec<Least>;
        AudioEncoder, AudioEncoderExport => Encoder<Least>;
        AudioDecoder, AudioDecoderExport => Decoder<Least>;
        JitterBuffer, JitterBufferExport => DelayBuffer<Least>;
        Mixer, MixerExport => BusMixer<Least>;
        CongestionController, CongestionControllerExport => RateController<Least>;
        Pacer, PacerExport => QueuedPacer<Least>;
        Transport, TransportExport => Direct<Least>;
    };
    for area in AREAS.iter().filter(|area| area.id != "jackfield.module/1") {
        assert!(seen.contains(&area.id), "{} is missing here", area.id);
    }
}
