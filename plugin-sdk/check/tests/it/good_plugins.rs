//! Every plugin of ours passes, or its README says why not. The long cases are cut short here; `make check-plugins` runs all of them.

use jackfield_check::Report;

use super::support::{check, plugin, quick, root};

fn judged(package: &str) -> Report {
    check(&plugin(package), None, quick())
}

#[track_caller]
fn passes(package: &str) {
    let report = judged(package);
    assert!(report.passed(), "{report}");
}

macro_rules! plugins {
    ($($test:ident: $package:literal;)*) => {
        $(
            #[test]
            fn $test() {
                passes($package);
            }
        )*
    };
}

plugins! {
    the_gain_passes: "jackfield-processing-gain";
    the_null_processor_passes: "jackfield-processing-null";
    the_sum_passes: "jackfield-mixer-sum";
    the_active_speaker_mixer_passes: "jackfield-mixer-active-speaker";
    the_spatial_mixer_passes: "jackfield-mixer-spatial";
    the_fixed_jitter_buffer_passes: "jackfield-jitter-fixed";
    the_adaptive_jitter_buffer_passes: "jackfield-jitter-adaptive";
    the_fixed_congestion_controller_passes: "jackfield-congestion-fixed";
    the_oracle_passes: "jackfield-congestion-oracle";
    bbr_passes: "jackfield-congestion-bbr";
    nada_passes: "jackfield-congestion-nada";
    the_receive_side_estimator_passes: "jackfield-congestion-receive-side";
    scream_passes: "jackfield-congestion-scream";
    the_null_pacer_passes: "jackfield-pacing-null";
    the_leaky_bucket_passes: "jackfield-pacing-leaky-bucket";
    opus_passes: "jackfield-codec-opus";
    g711_passes: "jackfield-codec-g711";
    pcm_passes: "jackfield-codec-pcm";
    the_file_player_and_recorder_pass: "jackfield-capture-file";
    the_media_player_passes: "jackfield-capture-media-file";
    the_tone_passes: "jackfield-capture-tone";
    the_loopback_passes: "jackfield-transport-loopback";
    ice_dtls_passes: "jackfield-transport-ice-dtls";
    webrtc_rs_passes: "jackfield-transport-webrtc-rs";
}

/// It breaks the rules that its README names, each between backticks, and no other.
#[track_caller]
fn breaks_what_its_readme_says(package: &str, folder: &str) {
    let report = judged(package);
    let readme = std::fs::read_to_string(root().join(folder).join("README.md")).expect("a README");
    for rule in report.broken() {
        assert!(
            readme.contains(&format!("`{rule}`")),
            "the README does not say why `{rule}` is broken:\n{report}"
        );
    }
    assert!(
        !report.passed(),
        "it keeps every rule: take that out of its README"
    );
}

#[test]
fn aec3_breaks_what_its_readme_says() {
    breaks_what_its_readme_says("jackfield-processing-aec3", "plugins/processing/aec3");
}

#[test]
fn rnnoise_breaks_what_its_readme_says() {
    breaks_what_its_readme_says("jackfield-processing-ns-rnnoise", "plugins/processing/ns-rnnoise");
}
