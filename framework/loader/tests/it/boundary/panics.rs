//! A panic in any method of any area becomes a fault, and so does one in `create`; one in a destructor goes nowhere.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};

use jackfield_abi::shape::AreaShape;
use jackfield_abi::{Area, FaultRaw, InstanceRaw, TableHead};
use jackfield_core::audio::*;
use jackfield_core::audio_codec::*;
use jackfield_core::audio_processor::*;
use jackfield_core::audio_sink::*;
use jackfield_core::audio_source::*;
use jackfield_core::congestion_controller::*;
use jackfield_core::environment::Environment;
use jackfield_core::jitter_buffer::*;
use jackfield_core::mixer::*;
use jackfield_core::module::*;
use jackfield_core::pacer::*;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::*;
use jackfield_core::units::{DataRate, TimeDelta};
use jackfield_core::{AREAS, Fault, FaultCode};

/// Panics in every method of every area.
struct Panics;

macro_rules! every_area {
    ($($area:ident $panics:ident $export:ident),* $(,)?) => {
        $(jackfield_core::$panics!(Panics);)*

        /// Each area with a way to make an instance and to call one of its methods.
        fn areas() -> Vec<(&'static AreaShape, fn() -> InstanceRaw, unsafe fn(InstanceRaw, usize))> {
            vec![$((<dyn $area as Area>::SHAPE, || $export::<Panics>::instance(Panics), $export::<Panics>::call)),*]
        }
    };
}
every_area! {
    Module __module_panics ModuleExport,
    AudioSource __audio_source_panics AudioSourceExport,
    AudioSink __audio_sink_panics AudioSinkExport,
    AudioProcessor __audio_processor_panics AudioProcessorExport,
    AudioCodec __audio_codec_panics AudioCodecExport,
    AudioEncoder __audio_encoder_panics AudioEncoderExport,
    AudioDecoder __audio_decoder_panics AudioDecoderExport,
    JitterBuffer __jitter_buffer_panics JitterBufferExport,
    Mixer __mixer_panics MixerExport,
    CongestionController __congestion_controller_panics CongestionControllerExport,
    Pacer __pacer_panics PacerExport,
    Transport __transport_panics TransportExport,
}

/// The head of an instance's table.
fn head(instance: InstanceRaw) -> TableHead {
    // SAFETY: every table begins with its head.
    unsafe { instance.table.cast::<TableHead>().read() }
}

/// The fault that an instance keeps: its status and how its text begins.
fn kept(instance: InstanceRaw) -> (i32, String) {
    let mut fault = FaultRaw::NONE;
    // SAFETY: the instance is alive and the function its own.
    unsafe { (head(instance).last_fault.unwrap())(instance.this, &raw mut fault) };
    let text = fault
        .to_fault()
        .map_or_else(String::new, |fault| fault.text().to_owned());
    (fault.status, text)
}

#[test]
fn t_6_a_panic_in_any_method_of_any_area_becomes_a_fault() {
    let areas = areas();
    let ids: Vec<_> = areas.iter().map(|(shape, ..)| shape.id).collect();
    let all: Vec<_> = AREAS.iter().map(|shape| shape.id).collect();
    assert_eq!(ids, all, "a new area is added to the list above");
    for (shape, make, call) in areas {
        for (index, method) in shape.methods.iter().enumerate() {
            let instance = make();
            // SAFETY: made a moment ago for this area.
            unsafe { call(instance, index) };
            let (status, text) = kept(instance);
            assert_eq!(
                status,
                FaultCode::Panicked.status(),
                "{} {}",
                shape.id,
                method.name
            );
            let said = text.split(' ').next().unwrap_or_default();
            assert_eq!(said, method.name, "{} {}: {text}", shape.id, method.name);
            // Nothing happens from now on: the text stays that of the panic.
            // SAFETY: as above.
            unsafe { call(instance, index) };
            assert_eq!(kept(instance), (status, text));
            // SAFETY: destroyed once.
            unsafe { (head(instance).destroy.unwrap())(instance.this) };
        }
    }
}

/// Panics when it is made or when it ends.
struct Ends;

static ENDED: AtomicU32 = AtomicU32::new(0);

impl Drop for Ends {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::SeqCst);
        panic!("does not want to end");
    }
}

impl Plugin for Ends {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.processing.ends", "Ends", "1.0.0");
    type Parameters = ();

    fn create(environment: &Environment) -> Result<Self, Fault> {
        assert_eq!(environment.seed, 1, "made with another seed");
        Ok(Self)
    }

    fn parameters(&mut self) -> &mut () {
        panic!("has no parameters")
    }
}

jackfield_core::__audio_processor_panics!(Ends);

#[test]
fn t_6_a_panic_in_a_destructor_does_not_leave_the_plugin() {
    let instance = AudioProcessorExport::<Ends>::instance(Ends);
    // SAFETY: made a moment ago, destroyed once.
    unsafe { (head(instance).destroy.unwrap())(instance.this) };
    assert_eq!(ENDED.load(Ordering::SeqCst), 1);
}

#[test]
fn t_6_a_panic_in_create_becomes_a_fault_for_any_area() {
    let environment = Environment::seeded(2);
    let (mut instance, mut fault) = (InstanceRaw::NONE, FaultRaw::NONE);
    // SAFETY: all three outlive the call.
    let status = unsafe {
        AudioProcessorExport::<Ends>::create(
            ptr::from_ref(&environment).cast(),
            &raw mut instance,
            &raw mut fault,
        )
    };
    assert_eq!(status, FaultCode::Panicked.status());
    assert!(instance.this.is_null());
    assert!(
        fault
            .to_fault()
            .unwrap()
            .text()
            .contains("made with another seed")
    );
}

/// What a host calls once in each image.
#[test]
fn t_6_init_of_a_rust_plugin_takes_whatever_the_host_gives() {
    let entry = jackfield_processing_null::JACKFIELD_PLUGIN.entry;
    // SAFETY: null is what it must bear.
    assert_eq!(unsafe { (entry.init.unwrap())(ptr::null()) }, 0);
    assert!(entry.deinit.is_none(), "nothing is unloaded, so nothing ends");
}
