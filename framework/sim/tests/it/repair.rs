//! What is lost is asked for and sent again, for streams of a scenario that say so.

use jackfield_core::units::{DataSize, TimeDelta};
use jackfield_sim::light::{self, FrameRecord, Observer};
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{DropReason, PacketKind, PacketRecord, Source, VirtualTime};

use crate::light::fixed;

#[derive(Default)]
struct Watch {
    sent: i64,
    lost: u64,
    resent: u64,
    repaired: Vec<TimeDelta>,
    frames: Vec<FrameRecord>,
    feedback: u64,
}

impl Observer for Watch {
    fn sent(&mut self, _: VirtualTime, packet: &PacketRecord) {
        if packet.source == Source::Flow(0) {
            self.sent += packet.size.as_bytes();
            self.resent += u64::from(packet.kind == PacketKind::Retransmission);
        }
    }
    fn dropped(&mut self, _: VirtualTime, packet: &PacketRecord, _: DropReason) {
        self.lost += u64::from(packet.source == Source::Flow(0) && packet.kind == PacketKind::Video);
    }
    fn repaired(&mut self, at: VirtualTime, flow: usize, lost: VirtualTime) {
        assert_eq!(flow, 0);
        self.repaired
            .push(TimeDelta::us((at.ns() - lost.ns()) as i64 / 1_000));
    }
    fn feedback(&mut self, _: VirtualTime, _: usize, _: DataSize) {
        self.feedback += 1;
    }
    fn frame(&mut self, _: usize, frame: &FrameRecord) {
        self.frames.push(*frame);
    }
}

impl Watch {
    fn whole(&self) -> usize {
        self.frames
            .iter()
            .filter(|frame| frame.completed.is_some())
            .count()
    }
}

/// A flow of video at 1 Mbit/s for 30 s, over a path with a round trip of 80 ms.
fn video(forward: &str, backward: &str, repair: &str) -> Watch {
    let text = format!(
        r#"
        name = "repair"
        duration = "30 s"
        [links.forward]
        rate = "3 Mbit/s"
        delay = "40 ms"
        {forward}
        [links.backward]
        delay = "40 ms"
        {backward}
        [[flows]]
        name = "call"
        path = ["forward"]
        return_path = ["backward"]
        rate = {{ minimum = "100 kbit/s", maximum = "3 Mbit/s" }}
        streams = [{{ kind = "video", model = "steady", maximum = "3 Mbit/s", {repair} }}]
        "#
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut watch = Watch::default();
    light::run(&scenario, 1, &mut fixed(1_000.0), &mut watch).expect("a run");
    watch
}

#[test]
fn e29_2_what_is_lost_comes_a_round_trip_later_and_the_encoder_pays_for_it() {
    let loss = "loss = \"5 %\"";
    let (without, with) = (video(loss, "", ""), video(loss, "", "repair = {}"));
    let lost = without.frames.len() - without.whole();
    assert!(
        lost > 100 && without.resent == 0,
        "{lost} of {}",
        without.frames.len()
    );
    let lost = with.frames.len() - with.whole();
    assert!(
        lost <= 3,
        "{lost} of {}: the last ones, at most",
        with.frames.len()
    );
    assert!(with.resent >= with.lost && (with.resent as f64) < 1.2 * with.lost as f64);

    let mut waits: Vec<f64> = with.repaired.iter().map(|wait| wait.as_ms_f64()).collect();
    waits.sort_by(f64::total_cmp);
    let median = waits[waits.len() / 2];
    // Known with the next packet, asked for, and sent again: the way there of the next packet, and a round trip.
    assert!((80.0..130.0).contains(&median), "{median} ms");

    let more = with.sent as f64 / without.sent as f64;
    assert!(
        (0.97..1.03).contains(&more),
        "{more} of the rate: no more is sent"
    );
    let whole: Vec<_> = with
        .frames
        .iter()
        .filter(|frame| frame.completed.is_some())
        .collect();
    let in_order = whole
        .windows(2)
        .all(|pair| pair[0].number < pair[1].number && pair[0].completed <= pair[1].completed);
    assert!(in_order, "nothing is decoded before what it hangs on");
}

#[test]
fn e29_2_requests_that_are_lost_are_made_again_and_no_more_often_than_allowed() {
    let loss = "loss = \"5 %\"";
    let deaf = video(loss, "loss = \"30 %\"", "repair = {}");
    assert!(
        deaf.frames.len() - deaf.whole() <= 3,
        "{}",
        deaf.frames.len() - deaf.whole()
    );
    let shy = video(loss, "loss = \"100 %\"", "repair = { attempts = 2 }");
    assert_eq!(shy.resent, 0);
    let silent = video(loss, "loss = \"100 %\"", "");
    let requests = shy.feedback - silent.feedback;
    assert!(
        requests > shy.lost && requests <= 2 * shy.lost,
        "{requests} for {} losses",
        shy.lost
    );
    let lost = shy.frames.len() - shy.whole();
    let before = silent.frames.len() - silent.whole();
    assert!(
        lost.abs_diff(before) <= 5,
        "{lost} {before}: given up, and the rest goes on"
    );
}

#[test]
fn e29_2_an_outage_longer_than_the_patience_ends_in_frames_that_are_given_up() {
    let outage = "outages = [{ from = \"10 s\", to = \"12 s\" }]";
    let patient = video(outage, "", "repair = { patience = \"2 s\" }");
    assert!(
        patient.frames.len() - patient.whole() <= 1,
        "asked for after the outage, all of it comes"
    );
    let hasty = video(outage, "", "repair = { attempts = 1, patience = \"60 ms\" }");
    let lost = hasty.frames.len() - hasty.whole();
    assert!(
        (55..=65).contains(&lost),
        "{lost} frames of 2 s are given up within 60 ms, less than a round trip"
    );
    let after: Vec<_> = hasty
        .frames
        .iter()
        .filter(|frame| frame.captured >= VirtualTime::from_ns(13_000_000_000))
        .collect();
    assert!(after.len() > 450);
    assert!(
        after[..after.len() - 3]
            .iter()
            .all(|frame| frame.completed.is_some())
    );
}

#[test]
fn voice_is_not_repaired() {
    let text = r#"
        name = "voice"
        duration = "1 s"
        [links.link]
        [[flows]]
        name = "call"
        path = ["link"]
        streams = [{ kind = "audio", repair = {} }]
    "#;
    let error = Scenario::parse(text).expect_err("no such thing").to_string();
    assert!(
        error.starts_with("`flows[0].streams[0].repair`: voice is not repaired"),
        "{error}"
    );
}
