//! E10.6: a manifest makes a room of two channels, and guests who negotiate stereo hear and are heard in it.

use std::time::{Duration, Instant};

use jackfield_transport_ice_dtls::IceDtls;

use super::caller::{Caller, Codec, OPUS, engine, transport};
use super::calls::{loudest_sides, voice_on_the_left};

const STEREO: Codec = Codec {
    payload_type: 111,
    lines: "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 stereo=1;sprop-stereo=1\r\n",
    ticks: 960,
};
const ROOM: &str = "profile = \"conference\"\n[room]\nchannels = 2\n";

#[tokio::test(flavor = "multi_thread")]
async fn e10_6_who_negotiates_stereo_hears_it_and_who_does_not_hears_both_sides_in_one() {
    let engine = engine(ROOM);
    let room = engine.open_room("room").unwrap();
    let mut ann = Caller::join_in(&room, "Ann", transport::<IceDtls>(1), STEREO).await;
    let mut bob = Caller::join_in(&room, "Bob", transport::<IceDtls>(2), STEREO).await;
    let mut cid = Caller::join_in(&room, "Cid", transport::<IceDtls>(3), OPUS).await;
    let mut all = [&mut ann, &mut bob, &mut cid];
    all.iter_mut().for_each(|caller| caller.connect());
    let begin = Instant::now();
    for (number, payload) in voice_on_the_left(2, "stereo=1").iter().enumerate() {
        while begin.elapsed() < Duration::from_millis(20 * number as u64) {
            all.iter_mut().for_each(|caller| caller.step());
        }
        all[0].say(payload);
    }
    for caller in &mut all[1..] {
        caller.run_until(|caller| caller.heard.len() >= 50);
    }
    let [left, right] = loudest_sides(&bob);
    assert!(
        left > -35.0 && left > right + 12.0,
        "Bob hears {left} dBov on the left and {right} on the right"
    );
    let [left, right] = loudest_sides(&cid);
    assert!(
        left > -41.0 && (left - right).abs() < 0.1,
        "Cid hears {left} and {right} dBov"
    );
    let graph = room.graph();
    let formats: Vec<&str> = graph.nodes.iter().map(|node| node.format.as_str()).collect();
    assert!(
        graph.nodes.iter().all(|node| node.kind != "converter"),
        "{formats:?}"
    );
    engine.close().await;
}
