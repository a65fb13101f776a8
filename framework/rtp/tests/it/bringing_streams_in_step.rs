//! E2.3: a voice and its pictures are brought in step. What libwebrtc's `video/stream_synchronization_unittest.cc` wants, and what must hold always.

use jackfield_core::time::{NtpTime, Timestamp};
use jackfield_core::units::TimeDelta;
use jackfield_rtp::synchronization::{
    Delays, LEAST_DIFFERENCE, MOST_CHANGE, MOST_DELAY, Standing, Syncable, Synchronizer, relative_delay,
};
use proptest::prelude::*;

const NOTHING: TimeDelta = TimeDelta::ZERO;

fn ms(ms: i64) -> TimeDelta {
    TimeDelta::ms(ms)
}

/// Of both the newest packet was captured at the same instant; the voice was so long under way, and the pictures so long.
fn step(synchronizer: &mut Synchronizer, voice: i64, pictures: i64, held: Delays) -> Option<Delays> {
    let captured = NtpTime::from_unix_us(1_700_000_000_000_000);
    let standing = |delay: i64, held| Standing {
        captured,
        arrived: Timestamp::from_ms(43_210_000 + delay),
        delay: held,
    };
    let relative = relative_delay(&standing(voice, held.voice), &standing(pictures, held.pictures)).unwrap();
    assert_eq!(relative, ms(pictures - voice));
    synchronizer.reckon(relative, held.voice, held.pictures)
}

fn held(voice: i64, pictures: i64) -> Delays {
    Delays {
        voice: ms(voice),
        pictures: ms(pictures),
    }
}

#[test]
fn e2_3_streams_in_step_are_left_alone() {
    assert_eq!(step(&mut Synchronizer::new(), 0, 0, held(0, 0)), None);
}

#[test]
fn e2_3_where_the_voice_is_late_the_pictures_are_held_back_an_eighth_at_a_time() {
    let mut synchronizer = Synchronizer::new();
    for steps in 1..=3 {
        let delays = step(&mut synchronizer, 200, 0, held(0, 0)).unwrap();
        assert_eq!(delays, held(0, steps * 25));
    }
}

#[test]
fn e2_3_where_the_pictures_are_late_the_voice_is_held_back_until_they_are_in_step() {
    let mut synchronizer = Synchronizer::new();
    let mut told = NOTHING;
    // What the jitter buffer has is what it was told, but twice it goes its own way.
    for playing in [None, None, None, Some(ms(10)), Some(ms(350))] {
        let playing = playing.unwrap_or(told);
        let now = Delays {
            voice: playing,
            pictures: NOTHING,
        };
        let delays = step(&mut synchronizer, 0, 200, now).unwrap();
        let change = ((ms(200) - playing) / 8).min(MOST_CHANGE);
        assert!(
            (delays.voice - (told + change)).abs() <= TimeDelta::us(1),
            "{delays:?}"
        );
        assert_eq!(delays.pictures, NOTHING);
        told = delays.voice;
    }
}

#[test]
fn e2_3_both_late_and_the_voice_later_the_pictures_follow_what_the_jitter_buffer_does() {
    for base in [0, 3_000] {
        let mut synchronizer = Synchronizer::new();
        synchronizer.set_base(ms(base));
        let mut extra = 0;
        for neteq in [0, 0, 0, 50, 10] {
            let delays = step(
                &mut synchronizer,
                base + 300,
                base + 100,
                held(base + neteq, base),
            )
            .unwrap();
            extra += (200 + neteq) * 1_000 / 8;
            assert_eq!(delays.pictures, ms(base) + TimeDelta::us(extra), "base {base}");
            assert_eq!(delays.voice, ms(base), "base {base}");
        }
    }
}

#[test]
fn e2_3_what_is_held_back_is_let_go_before_the_other_one_is_held_back() {
    let mut synchronizer = Synchronizer::new();
    let before = step(&mut synchronizer, 0, 400, held(0, 0)).unwrap();
    assert_eq!(before, held(50, 0));
    // Now the voice is the late one.
    let after = step(&mut synchronizer, 240, 0, held(50, 0)).unwrap();
    assert!(
        after.voice < before.voice + ms(1) && after.pictures == NOTHING,
        "{after:?}"
    );
    let spent = step(&mut synchronizer, 240, 0, held(0, 0)).unwrap();
    assert_eq!(spent, after, "nothing is left to let go");
    let later = step(&mut synchronizer, 240, 0, held(0, 0)).unwrap();
    assert_eq!(later.pictures, ms(30));
}

#[test]
fn e2_3_small_differences_add_up_only_if_they_last() {
    let mut synchronizer = Synchronizer::new();
    // A filter over four: 119 ms once are less than 30.
    assert_eq!(step(&mut synchronizer, 0, 119, held(0, 0)), None);
    assert!(step(&mut synchronizer, 0, 119, held(0, 0)).is_some());
    let mut synchronizer = Synchronizer::new();
    for _ in 0..100 {
        assert_eq!(step(&mut synchronizer, 0, 29, held(0, 0)), None);
    }
}

#[test]
fn e2_3_streams_that_are_too_far_apart_do_not_belong_together() {
    let at = |ms| Standing {
        captured: NtpTime::from_unix_us(1_000_000),
        arrived: Timestamp::from_ms(ms),
        delay: NOTHING,
    };
    assert_eq!(relative_delay(&at(0), &at(10_000)), Some(ms(10_000)));
    assert_eq!(relative_delay(&at(0), &at(10_001)), None);
    assert_eq!(relative_delay(&at(10_001), &at(0)), None);
    // Over the end of an era of NTP, too.
    let era = |seconds: u64, ms| Standing {
        captured: NtpTime::from_bits(seconds << 32),
        ..at(ms)
    };
    assert_eq!(
        relative_delay(&era(u64::from(u32::MAX), 0), &era(0, 1_500)),
        Some(ms(500))
    );
}

/// A stream that does what it is told, or cannot.
struct Stream {
    standing: Option<Standing>,
    told: Vec<TimeDelta>,
    able: bool,
}

impl Stream {
    fn new(arrived: i64) -> Self {
        let standing = Standing {
            captured: NtpTime::from_unix_us(0),
            arrived: Timestamp::from_ms(arrived),
            delay: NOTHING,
        };
        Self {
            standing: Some(standing),
            told: Vec::new(),
            able: true,
        }
    }

    fn goes_on(&mut self, by: TimeDelta) {
        if let Some(standing) = &mut self.standing {
            standing.arrived += by;
            standing.captured = standing.captured.advanced_by(by);
        }
    }
}

impl Syncable for Stream {
    fn standing(&self) -> Option<Standing> {
        self.standing
    }

    fn set_minimum_delay(&mut self, delay: TimeDelta) -> bool {
        self.told.push(delay);
        self.able
    }
}

#[test]
fn e2_3_nothing_is_done_while_one_of_them_stands_still() {
    let (mut voice, mut pictures) = (Stream::new(0), Stream::new(400));
    let mut synchronizer = Synchronizer::new();
    assert_eq!(synchronizer.step(&mut voice, &mut pictures), Some(ms(400)));
    assert_eq!(voice.told, [ms(50)]);
    voice.goes_on(ms(1_000));
    assert_eq!(synchronizer.step(&mut voice, &mut pictures), None);
    pictures.goes_on(ms(2_000));
    assert_eq!(synchronizer.step(&mut voice, &mut pictures), None);
    voice.goes_on(ms(1_000));
    pictures.goes_on(ms(1_000));
    assert_eq!(synchronizer.step(&mut voice, &mut pictures), Some(ms(400)));
    pictures.standing = None;
    assert_eq!(synchronizer.step(&mut voice, &mut pictures), None);
    assert_eq!(voice.told.len(), 2);
}

#[test]
fn e2_3_a_delay_that_cannot_be_had_is_not_built_upon() {
    let (mut voice, mut pictures) = (Stream::new(0), Stream::new(400));
    voice.able = false;
    let mut synchronizer = Synchronizer::new();
    for _ in 0..200 {
        synchronizer.step(&mut voice, &mut pictures);
        voice.goes_on(ms(1_000));
        pictures.goes_on(ms(1_000));
    }
    let most = voice.told.iter().max().unwrap();
    assert!(*most <= ms(510), "a tenth is taken back each time: {most:?}");
}

proptest! {
    #[test]
    fn e2_3_delays_stay_within_their_bounds_and_change_one_at_a_time(
        steps in prop::collection::vec((-12_000..12_000_i64, 0..2_000_i64, 0..2_000_i64), 1..60), base in 0..3_000_i64,
    ) {
        let mut synchronizer = Synchronizer::new();
        synchronizer.set_base(ms(base));
        let mut before = held(base, base);
        for (relative, voice, pictures) in steps {
            let Some(delays) = synchronizer.reckon(ms(relative), ms(voice), ms(pictures)) else { continue };
            for (now, then) in [(delays.voice, before.voice), (delays.pictures, before.pictures)] {
                prop_assert!(now >= ms(base) && now <= ms(base) + MOST_DELAY, "{now:?}");
                prop_assert!((now - then).abs() <= MOST_CHANGE, "{then:?} to {now:?}");
            }
            prop_assert!(delays.voice == before.voice || delays.pictures == before.pictures, "{before:?} to {delays:?}");
            before = delays;
        }
    }

    /// Streams that heed what they are told come in step, from however far apart, and stay so.
    #[test]
    fn e2_3_streams_that_heed_it_come_in_step(relative in -3_000..3_000_i64, needed in 0..200_i64) {
        let mut synchronizer = Synchronizer::new();
        let mut delays = held(needed, 0);
        for _ in 0..400 {
            let now = Delays { voice: delays.voice.max(ms(needed)), pictures: delays.pictures };
            if let Some(told) = synchronizer.reckon(ms(relative), now.voice, now.pictures) {
                delays = told;
            }
        }
        let voice = delays.voice.max(ms(needed));
        let apart = ms(relative) + delays.pictures - voice;
        prop_assert!(apart.abs() <= LEAST_DIFFERENCE + ms(1), "{apart:?} apart with {delays:?}");
    }
}
