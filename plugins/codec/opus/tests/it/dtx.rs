//! E9.1: silence is not sent.

use crate::support::{decode, encode, encoder, set, speech};

#[test]
fn e9_1_dtx_keeps_silence_back_and_says_so() {
    let mut signal = speech()[..48_000 * 3].to_vec();
    signal.extend(std::iter::repeat_n(0.0, 48_000 * 5));
    signal.extend(&speech()[..48_000]);

    let sent = |dtx: bool| {
        let mut encoder = encoder(1, 20, "");
        set(&mut encoder, "dtx", f64::from(u8::from(dtx)));
        encode(&mut encoder, &signal, |_, _| {})
    };
    let (without, with) = (sent(false), sent(true));
    assert!(without.iter().all(|p| p.encoded.bytes > 0 && p.encoded.dtx == 0));
    assert!(
        with.iter().all(|p| p.encoded.ticks == 960),
        "the clock goes on while nothing is sent"
    );

    let silence = &with[150 + 20..150 + 250];
    let packets = silence.iter().filter(|p| p.encoded.bytes > 0).count();
    assert!(packets < 30, "{packets} packets in 4.6 s of silence");
    let first = with
        .iter()
        .position(|p| p.encoded.dtx == 1)
        .expect("there is silence");
    assert!(
        with[first].encoded.bytes > 0,
        "the first packet of a silence tells the receiver"
    );
    assert_eq!(with[first + 1].encoded.bytes, 0, "the next is kept back");
    assert!(
        with[400..].iter().filter(|p| p.encoded.dtx == 0).count() > 25,
        "speech is sent again"
    );

    let heard = decode(&with);
    let quiet = &heard[48_000 * 4..48_000 * 7];
    assert!(quiet.iter().all(|s| s.abs() < 0.01), "silence stays silent");
}

#[test]
fn the_remote_end_can_ask_for_dtx() {
    let silence = vec![0.0; 48_000 * 2];
    let kept_back = |fmtp| {
        encode(&mut encoder(1, 20, fmtp), &silence, |_, _| {})
            .iter()
            .filter(|p| p.encoded.bytes == 0)
            .count()
    };
    assert_eq!(kept_back("usedtx=0"), 0);
    assert!(kept_back("usedtx=1") > 50);
}

#[test]
fn the_voice_flag_follows_the_voice() {
    let mut signal = vec![0.0; 48_000];
    signal.extend(&speech()[..48_000 * 2]);
    let packets = encode(&mut encoder(1, 20, ""), &signal, |_, _| {});
    assert_eq!(packets[..49].iter().filter(|p| p.encoded.voice == 1).count(), 0);
    assert!(packets[50..].iter().filter(|p| p.encoded.voice == 1).count() > 60);
}
