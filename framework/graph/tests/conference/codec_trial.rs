//! Before a codec is sent to anybody it is tried out by one: its packets are decoded again and compared with the mix.

use jackfield_codec_opus::OpusEncoder;
use jackfield_core::audio_codec::{AudioEncoder, AudioEncoderProxy, Encoded, EncoderConfig};
use jackfield_graph::send::Encoder;
use jackfield_graph::swap::SwapOutcome;
use jackfield_graph::transaction::Step;
use jackfield_sdk::prelude::*;

use super::plugins::{Codec, ROOM, made, sum};
use super::room::{Invitation, Room};
use super::sound::{ann, bob, found_again, perfect};

/// What an encoder does wrong after `after` blocks.
#[derive(Clone, Copy, PartialEq)]
enum Sin {
    /// Its packets are none.
    Nonsense,
    /// It encodes silence.
    Silence,
    /// It panics.
    Panic,
}

struct Sinner {
    inner: OpusEncoder,
    sin: Sin,
    after: u32,
    nothing: (),
}

impl Plugin for Sinner {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.codec.sinner", "Sinner", "1.0.0");
    type Parameters = ();
    fn create(_: &Environment) -> Result<Self, Fault> {
        Err(Fault::unsupported("made by the test itself"))
    }
    fn parameters(&mut self) -> &mut () {
        &mut self.nothing
    }
}

impl AudioEncoder for Sinner {
    fn activate(&mut self, config: &EncoderConfig, fmtp: &str) -> Result<(), Fault> {
        self.inner.activate(config, fmtp)
    }
    fn encode(&mut self, block: &[f32], payload: &mut [u8]) -> Result<Encoded, Fault> {
        let sins = self.after == 0;
        self.after = self.after.saturating_sub(1);
        assert!(!sins || self.sin != Sin::Panic, "on purpose");
        let silence = vec![0.0; block.len()];
        let heard = if sins && self.sin == Sin::Silence {
            &silence
        } else {
            block
        };
        let mut encoded = self.inner.encode(heard, payload)?;
        if sins && self.sin == Sin::Nonsense && encoded.bytes > 0 {
            // A packet of an unknown number of frames that does not say how many (RFC 6716 section 3.2.5).
            payload[0] = 0xff;
            encoded.bytes = 1;
        }
        Ok(encoded)
    }
}

fn sinner(sin: Sin, after: u32) -> Encoder {
    let mut proxy = AudioEncoderProxy::local(Sinner {
        inner: made(),
        sin,
        after,
        nothing: (),
    });
    proxy
        .activate(&EncoderConfig::new(0, ROOM.sample_rate, 1, 20), "")
        .unwrap();
    Encoder::new(Box::new(proxy), ROOM, ROOM).unwrap()
}

/// Ann speaks, Bob and Cat hear her; after two seconds both are to be sent another codec, which Bob tries out.
fn tried(newcomer: (Codec, fn() -> Encoder)) -> (Room, u64, [u32; 3]) {
    let mut room = Room::new(4, sum(4));
    let ann = room.join(Invitation::to_speak(ann(8)));
    let bob = room.join(Invitation::to_speak(bob(8)));
    let cat = room.join(Invitation::to_listen());
    room.run_ms(2_000);
    let swap = room.swap_codec_on_trial(&[bob, cat], Codec::Opus, newcomer);
    (room, swap, [ann, bob, cat])
}

#[test]
fn a2_5_t_7_one_tries_it_out_and_the_others_follow() {
    let (mut room, swap, [_, bob, cat]) = tried((Codec::Pcmu, || Codec::Pcmu.encoder(20)));
    room.run_ms(600);
    assert_eq!(room.steps(swap), [Step::Probation]);
    let codecs = |room: &Room, id: u32| room.guest(id).packets.last().unwrap().1;
    assert_eq!(
        (codecs(&room, bob), codecs(&room, cat)),
        (160, 960),
        "G.711 counts in 8 kHz"
    );
    room.run_ms(5_400);
    assert_eq!((codecs(&room, bob), codecs(&room, cat)), (160, 160));
    let ends = room.ends(swap);
    assert_eq!(ends.len(), 2);
    for end in &ends {
        assert_eq!(
            (end.outcome, end.samples_lost),
            (SwapOutcome::Committed, 0),
            "{}",
            end.reason
        );
    }
    let seam = ends[0].discontinuity_db;
    assert!(seam <= -26.0, "a seam of {seam} dB");
    let (median, worst) = found_again(&perfect(&[&ann(8)]), room.heard(bob));
    assert!(median > 0.9 && worst > 0.4, "median {median}, worst {worst}");
}

#[test]
fn packets_that_cannot_be_decoded_send_a_codec_away() {
    const SHADOW: u32 = 31;
    let newcomers: [(fn() -> Encoder, &str); 5] = [
        (|| sinner(Sin::Nonsense, 0), "its packets cannot be decoded"),
        (|| sinner(Sin::Panic, 9), "its encoder failed or panicked"),
        (
            || sinner(Sin::Silence, 0),
            "it was silent where its predecessor gave speech",
        ),
        // What it encodes to be primed counts too.
        (
            || sinner(Sin::Nonsense, SHADOW + 8),
            "its packets cannot be decoded",
        ),
        (
            || sinner(Sin::Silence, SHADOW + 8),
            "it was silent where its predecessor gave speech",
        ),
    ];
    for (n, (newcomer, reason)) in newcomers.into_iter().enumerate() {
        let (mut room, swap, [_, bob, cat]) = tried((Codec::Opus, newcomer));
        room.run_ms(6_000);
        let ends = room.ends(swap);
        assert_eq!(ends.len(), 2, "{n}");
        for end in ends {
            assert_eq!(
                (end.outcome, end.reason),
                (SwapOutcome::RolledBack, reason),
                "{n}"
            );
        }
        let (median, _) = found_again(&perfect(&[&ann(8)]), room.heard(bob));
        assert!(median > 0.93, "{n}: Bob: {median}");
        let both = [ann(8), super::sound::bob(8)];
        let (median, _) = found_again(&perfect(&both.each_ref().map(Vec::as_slice)), room.heard(cat));
        assert!(median > 0.93, "{n}: Cat was never sent it: {median}");
    }
}
