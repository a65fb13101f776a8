//! E10.3: the loudest are heard, and they do not flap.

use jackfield_mixer_active_speaker::ActiveSpeaker;
use jackfield_sdk::prelude::*;
use jackfield_testkit::signal::Random;

/// A conference: levels in, ids of those chosen out, 10 ms at a time.
struct Conference {
    mixer: ActiveSpeaker,
    now: Timestamp,
    muted: Vec<u32>,
}

impl Conference {
    fn new(speakers: u32) -> Self {
        let mut mixer = ActiveSpeaker::create(&Environment::seeded(1)).unwrap();
        mixer.parameters().speakers = speakers;
        mixer
            .activate(&MixerConfig::new(AudioFormat::MONO_48K, 64, 1))
            .unwrap();
        Self {
            mixer,
            now: Timestamp::from_ms(500),
            muted: Vec::new(),
        }
    }

    /// One tick: chooses and mixes, so that gains follow.
    fn tick(&mut self, levels: &[f32]) -> Vec<u32> {
        let sources: Vec<MixSource> = levels
            .iter()
            .enumerate()
            .map(|(id, level)| MixSource {
                id: id as u32,
                muted: u32::from(self.muted.contains(&(id as u32))),
                level_dbov: *level,
                gain: 1.0,
            })
            .collect();
        let mut chosen = vec![0; sources.len()];
        let count = self.mixer.choose(self.now, &sources, &mut chosen).unwrap() as usize;
        let ids: Vec<u32> = chosen[..count].to_vec();
        let list: Vec<MixSource> = ids.iter().map(|id| sources[*id as usize]).collect();
        let everyone = [MixRequest {
            without: MixRequest::EVERYONE,
            reserved: 0,
        }];
        self.mixer
            .mix(
                self.now,
                &list,
                &vec![0.0; 480 * count],
                &everyone,
                &mut [0.0; 480],
            )
            .unwrap();
        self.now += BLOCK_DURATION;
        ids
    }

    fn run(&mut self, ticks: usize, levels: &[f32]) -> Vec<u32> {
        (0..ticks).map(|_| self.tick(levels)).last().unwrap()
    }
}

#[test]
fn e10_3_the_loudest_are_chosen() {
    let mut conference = Conference::new(3);
    assert_eq!(
        conference.run(5, &[-50.0, -20.0, -40.0, -127.0, -30.0, -60.0]),
        [1, 2, 4]
    );
}

#[test]
fn e10_3_a_slightly_louder_voice_changes_nothing() {
    let mut conference = Conference::new(1);
    conference.run(100, &[-30.0, -60.0]);
    assert_eq!(
        conference.run(300, &[-30.0, -27.0]),
        [0],
        "3 dB louder, and 6 dB are asked for"
    );
    let ids = conference.run(300, &[-30.0, -20.0]);
    assert_eq!(ids, [1], "10 dB louder");
}

#[test]
fn e10_3_whoever_has_just_begun_is_not_interrupted() {
    let mut conference = Conference::new(1);
    conference.run(1, &[-30.0, -127.0]);
    assert_eq!(conference.run(50, &[-30.0, -10.0]), [0], "half a second later");
    assert_eq!(
        conference.run(20, &[-30.0, -10.0]),
        [1],
        "after the hold of 600 ms"
    );
}

#[test]
fn e10_3_a_leaving_voice_is_chosen_one_block_longer() {
    let mut conference = Conference::new(1);
    conference.run(100, &[-30.0, -127.0]);
    let changes: Vec<Vec<u32>> = (0..100).map(|_| conference.tick(&[-30.0, -10.0])).collect();
    let overlap = changes.iter().filter(|ids| ids.len() == 2).count();
    assert_eq!(
        overlap, 1,
        "both in exactly one block: one fades out, the other in"
    );
    assert_eq!(changes.last().unwrap(), &[1]);
}

#[test]
fn e10_3_the_choice_does_not_flap_when_people_speak_alike() {
    let mut conference = Conference::new(2);
    let mut random = Random::new(7);
    let (mut changes, mut last) = (0, Vec::new());
    for tick in 0..6_000 {
        // Six people at about the same level, with syllables and pauses of their own.
        let levels: Vec<f32> = (0..6)
            .map(|who| {
                let syllable = (tick / 15 + who * 3) % 4 != 0;
                if syllable {
                    -30.0 + 4.0 * random.sample()
                } else {
                    -65.0
                }
            })
            .collect();
        let ids = conference.tick(&levels);
        assert!(ids.len() <= 4);
        if ids != last {
            changes += 1;
            last = ids;
        }
    }
    assert!(changes <= 12, "{changes} changes in a minute");
}

#[test]
fn e10_3_a_free_place_is_taken_at_once() {
    let mut conference = Conference::new(3);
    conference.run(50, &[-30.0, -127.0, -127.0]);
    assert_eq!(conference.tick(&[-30.0, -127.0, -45.0]), [0, 2]);
}

#[test]
fn e10_3_silence_frees_the_place_after_the_hold() {
    let mut conference = Conference::new(1);
    conference.run(50, &[-30.0]);
    assert_eq!(conference.run(40, &[-127.0]), [0], "a pause of 400 ms");
    assert!(conference.run(40, &[-127.0]).is_empty(), "a silence of 800 ms");
}

#[test]
fn a_mute_frees_the_place_at_once() {
    let mut conference = Conference::new(1);
    conference.run(50, &[-20.0, -40.0]);
    conference.muted.push(0);
    conference.tick(&[-20.0, -40.0]);
    assert_eq!(conference.tick(&[-20.0, -40.0]), [1]);
}

#[test]
fn fewer_places_send_the_quietest_away() {
    let mut conference = Conference::new(3);
    conference.run(50, &[-30.0, -20.0, -25.0]);
    conference.mixer.parameters().speakers = 1;
    conference.tick(&[-30.0, -20.0, -25.0]);
    assert_eq!(conference.tick(&[-30.0, -20.0, -25.0]), [1]);
}

#[test]
fn e10_8_no_more_are_decoded_than_there_are_places() {
    let mut conference = Conference::new(3);
    let mut random = Random::new(2);
    for _ in 0..3_000 {
        let levels: Vec<f32> = (0..60).map(|_| -20.0 - random.below(40) as f32).collect();
        let ids = conference.tick(&levels);
        assert!(
            ids.len() <= 6,
            "three on stage and at most three fading out: {}",
            ids.len()
        );
    }
}

#[test]
fn a_successor_keeps_who_is_on_stage() {
    let mut old = Conference::new(1);
    old.run(100, &[-30.0, -31.0]);
    let mut young = Conference::new(1);
    young.now = old.now;
    for id in 0..2 {
        let gain = old.mixer.hand_over(id).unwrap();
        young.mixer.take_over(id, gain).unwrap();
    }
    assert_eq!(
        young.tick(&[-31.0, -30.0]),
        [0],
        "the other is 1 dB louder now, and the stage stays as it was"
    );
}
