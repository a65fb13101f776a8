//! A process that has gone bad may answer anything: nothing of it reaches a callback unless it is whole, and nothing of it ends the host.

use jackfield_abi::wire::Canned;
use jackfield_core::audio_codec::{AudioCodec, AudioCodecProxy, PayloadFormat, PayloadFormatSink};
use jackfield_core::jitter_buffer::{HandleSink, JitterBuffer, JitterBufferProxy, Playout};
use jackfield_core::time::Timestamp;
use jackfield_core::{Fault, FaultCode};
use proptest::prelude::*;

#[derive(Default)]
struct Told(Vec<u64>, Vec<String>);

impl HandleSink for Told {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

impl PayloadFormatSink for Told {
    fn format(&mut self, name: &str, _: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.1.push(format!("{name} {fmtp}"));
        Ok(())
    }
}

/// The callback that is the method's parameter number `parameter`, its method number `method`, and its arguments.
fn record(parameter: u32, method: u32, arguments: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(parameter.to_ne_bytes());
    bytes.extend(method.to_ne_bytes());
    bytes.extend((arguments.len() as u64).to_ne_bytes());
    bytes.extend(arguments);
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    bytes
}

fn next(told: &mut Told, status: i32, bytes: &[u8], length: usize, room: usize) -> Result<(), Fault> {
    let mut jitter = JitterBufferProxy::remote(Box::new(Canned::new(status, bytes, length)), room);
    jitter.next(Timestamp::ZERO, &Playout::START, told).map(|_| ())
}

#[test]
fn what_is_whole_arrives_in_order() {
    let bytes: Vec<u8> = [7_u64, 9]
        .iter()
        .flat_map(|handle| record(2, 0, &handle.to_ne_bytes()))
        .collect();
    // The last one is not filled up.
    let length = bytes.len() - 8;
    let mut told = Told::default();
    next(&mut told, 0, &bytes, length, 1_024).unwrap();
    assert_eq!(told.0, [7, 9]);
    // The plugin's own fault is what the caller is told, and what was released before it is released.
    let mut told = Told::default();
    let fault = next(&mut told, -3, &bytes, length, 1_024).unwrap_err();
    assert_eq!((fault.code(), told.0.len()), (FaultCode::State, 2));
}

#[test]
fn what_is_not_whole_is_a_fault() {
    let whole = record(2, 0, &7_u64.to_ne_bytes());
    for (bytes, length, room, what) in [
        (
            record(0, 0, &7_u64.to_ne_bytes()),
            24,
            1_024,
            "no callback stands there",
        ),
        (
            record(2, 5, &7_u64.to_ne_bytes()),
            24,
            1_024,
            "it has no such method",
        ),
        (record(2, 0, &[1, 2]), 18, 1_024, "half a handle"),
        (whole.clone(), 20, 1_024, "cut off"),
        (whole.clone(), 24, 16, "more than the host takes"),
        (vec![0xff; 64], 64, 1_024, "longer than anything"),
    ] {
        let mut told = Told::default();
        let fault = next(&mut told, 0, &bytes, length, room).expect_err(what);
        assert!(
            matches!(fault.code(), FaultCode::Invalid | FaultCode::Unsupported),
            "{what}: {fault}"
        );
        assert!(told.0.is_empty(), "{what}");
    }
}

proptest! {
    #[test]
    fn no_answer_ends_the_host(bytes in proptest::collection::vec(any::<u8>(), 0..400), length in 0_usize..512, status in any::<i32>(), room in 0_usize..512) {
        let _ = next(&mut Told::default(), status, &bytes, length, room);
        let mut codec = AudioCodecProxy::remote(Box::new(Canned::new(status, &bytes, length)), room);
        let _ = codec.formats(&mut Told::default());
        let mut text = String::new();
        let _ = codec.answer(0, "x", &mut text);
    }

    #[test]
    fn one_changed_byte_ends_nothing(at in any::<prop::sample::Index>(), new in any::<u8>()) {
        let mut bytes: Vec<u8> = (0..4_u64).flat_map(|handle| record(2, 0, &handle.to_ne_bytes())).collect();
        let at = at.index(bytes.len());
        bytes[at] = new;
        let mut told = Told::default();
        let _ = next(&mut told, 0, &bytes, bytes.len(), 1_024);
        prop_assert!(told.0.len() <= 4);
    }
}
