//! E29.3: a minute of a whole call in virtual time, and how good it was. What it costs is measured by the bench `call_minute`.

use jackfield_benches::Call;
use jackfield_benches::plugins::Codec;
use jackfield_core::units::TimeDelta;
use jackfield_sim::LinkConfig;

struct Weather {
    link: LinkConfig,
    /// Shares of packets lost and of sound made up, from and to.
    lost: [f64; 2],
    concealed: [f64; 2],
    /// From mouth to ear, at most: the link, 20 ms of packet, two ticks and the jitter buffer.
    delay_ms: f64,
    /// By the E-model, at least.
    mos: f64,
}

#[test]
fn e29_3_a_minute_of_call_is_as_good_as_its_weather_allows() {
    let clear = LinkConfig {
        delay: TimeDelta::ms(30),
        ..LinkConfig::PERFECT
    };
    for weather in [
        Weather {
            link: clear,
            lost: [0.0, 0.0],
            concealed: [0.0, 0.005],
            delay_ms: 130.0,
            mos: 4.3,
        },
        Weather {
            link: LinkConfig {
                jitter: TimeDelta::ms(10),
                loss: 0.02,
                ..clear
            },
            lost: [0.01, 0.03],
            concealed: [0.005, 0.04],
            delay_ms: 180.0,
            mos: 3.9,
        },
    ] {
        let mut call = Call::new(Codec::Opus, weather.link, 7);
        call.run_for(TimeDelta::seconds(60));
        for end in [0, 1] {
            let quality = call.quality(end);
            println!("{:?}: end {end} {quality:?}", weather.link);
            let within = |value: f64, [from, to]: [f64; 2]| (from..=to).contains(&value);
            assert!(within(quality.lost, weather.lost), "{quality:?}");
            assert!(within(quality.concealed, weather.concealed), "{quality:?}");
            assert!(
                quality.delay_ms > 50.0 && quality.delay_ms <= weather.delay_ms,
                "{quality:?}"
            );
            assert!(quality.mos >= weather.mos, "{quality:?}");
            // The encoder's high-pass turns the phases of low voices, which nobody hears and a correlation sees.
            assert!(quality.likeness > 0.75, "what was said was heard: {quality:?}");
            let (found, spoken) = quality.found;
            assert!(spoken > 30 && found * 10 >= spoken * 8, "{quality:?}");
        }
    }
}

#[test]
fn without_a_codec_of_a_library_the_same_call_is_held() {
    let mut call = Call::new(Codec::L16, LinkConfig::PERFECT, 7);
    call.run_for(TimeDelta::seconds(10));
    for end in [0, 1] {
        assert!(call.packets_received(end) > 800, "{}", call.packets_received(end));
        assert!(call.quality(end).likeness > 0.85, "{:?}", call.quality(end));
    }
}
