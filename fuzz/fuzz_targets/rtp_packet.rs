//! Any bytes as an RTP packet: nothing panics, and what is understood can be written again and reads the same.
#![no_main]

use jackfield_rtp::extension::{AbsoluteSendTime, AudioLevel, ExtensionKind, StreamName, TransportSequence};
use jackfield_rtp::header::{Extension, RtpPacketView, is_rtcp, write_header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = is_rtcp(bytes);
    let Ok(packet) = RtpPacketView::parse(bytes) else {
        return;
    };
    assert!(packet.header_length() + packet.payload().len() + packet.padding() == bytes.len());
    let csrcs: Vec<u32> = packet.csrcs().collect();
    let extensions: Vec<Extension<'_>> = packet.extensions().collect();
    for extension in &extensions {
        if let Some(level) = AudioLevel::parse(extension.data) {
            assert_eq!(AudioLevel::parse(&level.to_bytes()), Some(level));
        }
        if let Some(time) = AbsoluteSendTime::parse(extension.data) {
            assert_eq!(time.to_bytes(), extension.data);
        }
        if let Some(name) = StreamName::parse(extension.data) {
            assert_eq!(name.as_bytes(), extension.data);
        }
        let _ = TransportSequence::parse(extension.data);
        let _ = packet.extension(extension.id);
    }
    let _ = ExtensionKind::from_uri(&String::from_utf8_lossy(packet.payload()));

    let mut out = vec![0; bytes.len() * 2 + 64];
    // Not every list of extensions that can be read may be written, such as an id that stands for padding.
    let Ok(start) = write_header(&mut out, &packet.header(), &csrcs, &extensions) else {
        return;
    };
    let end = start + packet.payload().len();
    out[start..end].copy_from_slice(packet.payload());
    let again = RtpPacketView::parse(&out[..end]).expect("what was written can be read");
    assert_eq!(again.header(), packet.header());
    assert_eq!(again.payload(), packet.payload());
    assert!(again.csrcs().eq(csrcs));
    assert!(again.extensions().eq(extensions));
});
