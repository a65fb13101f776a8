//! Any bytes as RTCP: nothing panics, however deep one looks, and what is understood can be written again and reads the same.
#![no_main]

use jackfield_rtp::rtcp::{RtcpDatagram, RtcpPacket, RtcpWriter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(datagram) = RtcpDatagram::parse(bytes) else {
        return;
    };
    let _ = datagram.is_compound();
    for packet in datagram.packets().flatten() {
        look_into(&packet);
        let mut out = vec![0; bytes.len() * 2 + 64];
        let mut writer = RtcpWriter::new(&mut out);
        if writer.packet(&packet).is_err() {
            continue;
        }
        let again = RtcpDatagram::parse(writer.written()).expect("what was written is framed");
        let again = again
            .packets()
            .next()
            .expect("one packet was written")
            .expect("what was written can be read");
        assert_eq!(format!("{:?}", deep(&again)), format!("{:?}", deep(&packet)));
    }
});

fn look_into(packet: &RtcpPacket<'_>) {
    let _ = deep(packet);
}

/// All that the packet says, through its iterators: two packets say the same if this is the same, whatever their bytes.
fn deep(packet: &RtcpPacket<'_>) -> Vec<String> {
    match packet {
        RtcpPacket::SenderReport(report) => report.blocks().map(|block| format!("{block:?}")).collect(),
        RtcpPacket::ReceiverReport(report) => report.blocks().map(|block| format!("{block:?}")).collect(),
        RtcpPacket::SourceDescription(description) => description
            .chunks()
            .flat_map(|chunk| chunk.items().map(|item| format!("{item:?}")).collect::<Vec<_>>())
            .collect(),
        RtcpPacket::Goodbye(goodbye) => goodbye.sources().map(|source| source.to_string()).collect(),
        RtcpPacket::Nack(nack) => nack.lost().map(|lost| lost.to_string()).collect(),
        RtcpPacket::FullIntraRequest(request) => request.requests().map(|one| format!("{one:?}")).collect(),
        RtcpPacket::ReceiverEstimatedBitrate(remb) => remb.streams().map(|one| one.to_string()).collect(),
        RtcpPacket::TransportFeedback(feedback) => feedback.packets().map(|one| format!("{one:?}")).collect(),
        RtcpPacket::CongestionFeedback(feedback) => feedback
            .blocks()
            .flat_map(|block| block.packets().map(|one| format!("{one:?}")).collect::<Vec<_>>())
            .collect(),
        other => vec![format!("{other:?}")],
    }
}
