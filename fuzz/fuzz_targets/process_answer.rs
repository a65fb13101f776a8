//! What a plugin's process answers: status, lengths, and calls of callbacks that it wrote down.

#![no_main]

use jackfield_abi::wire::Canned;
use jackfield_core::Fault;
use jackfield_core::audio_codec::{AudioCodec, AudioCodecProxy, PayloadFormat, PayloadFormatSink};
use jackfield_core::congestion_controller::{
    CongestionController, CongestionControllerProxy, CongestionEvent, CongestionEventKind, ProbeCluster, ProbeSink,
};
use jackfield_core::jitter_buffer::{HandleSink, JitterBuffer, JitterBufferProxy, Playout};
use jackfield_core::time::Timestamp;
use libfuzzer_sys::fuzz_target;

struct Heard(usize);

impl HandleSink for Heard {
    fn release(&mut self, handle: u64) -> Result<(), Fault> {
        self.0 += usize::from(handle % 2 == 0);
        Ok(())
    }
}

impl ProbeSink for Heard {
    fn probe(&mut self, cluster: &ProbeCluster) -> Result<(), Fault> {
        self.0 += cluster.id as usize % 2;
        Ok(())
    }
}

impl PayloadFormatSink for Heard {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.0 += name.chars().count() + fmtp.chars().count() + format.channels as usize % 2;
        Ok(())
    }
}

fuzz_target!(|answer: (i32, u16, u16, Vec<u8>)| {
    let (status, length, room, bytes) = answer;
    let canned = || Box::new(Canned::new(status, &bytes, length as usize));
    let mut heard = Heard(0);
    let mut jitter = JitterBufferProxy::remote(canned(), room as usize);
    let _ = jitter.next(Timestamp::ZERO, &Playout::START, &mut heard);
    let mut codec = AudioCodecProxy::remote(canned(), room as usize);
    let _ = codec.formats(&mut heard);
    let _ = codec.answer(0, "a=b", &mut String::new());
    let mut controller = CongestionControllerProxy::remote(canned(), room as usize);
    let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, Timestamp::ZERO);
    let _ = controller.on_event(Timestamp::ZERO, &event, &[], &mut heard);
});
