//! What other programs are given of a run.

use jackfield_core::units::{DataRate, DataSize, TimeDelta};
use jackfield_sim::export::{EventLog, Pcapng};
use jackfield_sim::light::{FrameRecord, Observer};
use jackfield_sim::{DropReason, Ecn, PacketKind, PacketRecord, Source, VirtualTime};

fn packet(source: Source, kind: PacketKind, number: u64, size: i64) -> PacketRecord {
    PacketRecord {
        source,
        number,
        size: DataSize::bytes(size),
        sent: VirtualTime::from_ns(1_000_000_000),
        kind,
        ecn: Ecn::Ect1,
        stream: 1,
        cluster: 0,
        frame: 3,
    }
}

fn tell(observer: &mut dyn Observer) {
    let at = |ms: u64| VirtualTime::from_ns(ms * 1_000_000);
    observer.capacity(at(0), 0, DataRate::kbps(500));
    let video = packet(Source::Flow(2), PacketKind::Video, 70_000, 1_200);
    observer.sent(at(1_000), &video);
    observer.arrived(
        at(1_050),
        &PacketRecord {
            ecn: Ecn::Ce,
            ..video
        },
        TimeDelta::ms(7),
    );
    observer.dropped(
        at(1_060),
        &packet(Source::CrossTraffic(0), PacketKind::Tcp, 5, 1_500),
        DropReason::Overflow,
    );
    observer.sent(
        at(5_000),
        &packet(Source::Feedback(2), PacketKind::Feedback, 1, 70),
    );
    observer.queue(at(5_000), 0, DataSize::bytes(3_000));
    observer.frame(
        2,
        &FrameRecord {
            stream: 1,
            number: 3,
            audio: false,
            captured: at(990),
            size: DataSize::bytes(1_200),
            target: DataRate::kbps(400),
            sent: Some(at(1_000)),
            completed: None,
        },
    );
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// The blocks of a file: type and body.
fn blocks(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let (mut at, mut blocks) = (0, Vec::new());
    while at < bytes.len() {
        let length = word(bytes, at + 4) as usize;
        assert!(length.is_multiple_of(4) && word(bytes, at + length - 4) as usize == length);
        blocks.push((word(bytes, at), &bytes[at + 8..at + length - 4]));
        at += length;
    }
    blocks
}

#[test]
fn a_capture_has_three_interfaces_and_packets_with_headers_that_add_up() {
    let mut capture = Pcapng::new();
    tell(&mut capture);
    let bytes = capture.into_bytes();
    let blocks = blocks(&bytes);
    let kinds: Vec<u32> = blocks.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [0x0a0d_0d0a, 1, 1, 1, 6, 6, 6, 6]);
    assert_eq!(word(blocks[0].1, 0), 0x1a2b_3c4d);
    let packets = &blocks[4..];
    let interfaces: Vec<u32> = packets.iter().map(|(_, body)| word(body, 0)).collect();
    assert_eq!(interfaces, [0, 1, 2, 0]);
    for (_, body) in packets {
        let (kept, whole) = (word(body, 12) as usize, word(body, 16) as usize);
        let ip = &body[20..20 + kept];
        assert_eq!((ip[0], ip[9]), (0x45, 17));
        assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), whole);
        let sum: u32 = ip[..20]
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
            .sum();
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff, "the checksum");
    }
    let (_, video) = packets[1];
    let time = u64::from(word(video, 4)) << 32 | u64::from(word(video, 8));
    assert_eq!(time, 1_050_000_000);
    let ip = &video[20..60];
    assert_eq!((ip[1], &ip[12..20]), (3, &[10, 0, 2, 1, 10, 0, 2, 2][..]));
    // RTP: payload type, sequence number modulo 2^16, a second in ticks of 90 kHz, SSRC.
    assert_eq!(ip[28..32], [0x80, 96, 0x11, 0x70]);
    assert_eq!(u32::from_be_bytes(ip[32..36].try_into().expect("four")), 90_000);
    assert_eq!(ip[36..40], [0, 0, 2, 1]);
    let (_, feedback) = packets[3];
    assert_eq!(feedback[32..40], [10, 0, 2, 2, 10, 0, 2, 1]);
    let (_, dropped) = packets[2];
    assert!(dropped.windows(18).any(|part| part == b"the queue was full"));
}

#[test]
fn e29_1_every_event_is_a_line_of_json_under_a_version() {
    let mut log = EventLog::new("a \"name\"\n", 42);
    tell(&mut log);
    let text = log.into_text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect();
    assert_eq!(lines[0]["schema"], "jackfield.events/1");
    assert_eq!(
        (&lines[0]["scenario"], &lines[0]["seed"]),
        (&"a \"name\"\n".into(), &42.into())
    );
    let events: Vec<&str> = lines[1..]
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert_eq!(
        events,
        ["capacity", "sent", "arrived", "dropped", "sent", "queue", "frame"]
    );
    assert_eq!(lines[3]["queueing"], 7_000);
    assert_eq!(
        (&lines[3]["ecn"], &lines[3]["number"]),
        (&"ce".into(), &70_000.into())
    );
    assert_eq!(lines[4]["why"], "overflow");
    assert_eq!(lines[7]["sent"], 1_000_000_000_u64);
    assert!(lines[7].get("completed").is_none());
}
