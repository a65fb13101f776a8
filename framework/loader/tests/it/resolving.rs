//! From a socket of the manifest to the plugin that stands in it.

use std::collections::BTreeMap;

use jackfield_core::audio_codec::{AudioCodec, AudioDecoder};
use jackfield_core::audio_processor::AudioProcessor;
use jackfield_core::module::Module;
use jackfield_loader::{Isolation, LoadError, Loader, LoaderOptions, Manifest, ParameterValue};

use crate::support::{Folder, PROCESSOR, gain_file, null_file, socket};

const GAIN: &str = "jackfield.processing.gain";
const NULL: &str = "jackfield.processing.null";

/// A folder with the gain and the null processor.
fn stocked() -> (Folder, Loader) {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    folder.put_file(&null_file());
    let loader = folder.loader();
    (folder, loader)
}

#[test]
fn a2_7_the_first_candidate_that_is_there_is_used() {
    let (_folder, loader) = stocked();
    let mut wanted = socket("acme.processing.gone");
    wanted.candidates.extend([NULL.to_owned(), GAIN.to_owned()]);
    let resolved = loader.resolve(&wanted, PROCESSOR).unwrap();
    assert_eq!(resolved.id, NULL);
    assert_eq!(resolved.module().name, "None");
    assert_eq!(resolved.passed_over.len(), 1);
    assert!(
        resolved.passed_over[0].contains("acme.processing.gone"),
        "{:?}",
        resolved.passed_over
    );
}

#[test]
fn a2_7_the_fallback_is_used_when_no_candidate_is_there() {
    let (_folder, loader) = stocked();
    let mut wanted = socket("acme.processing.gone");
    wanted.fallback = Some(NULL.to_owned());
    wanted.parameters = BTreeMap::from([("strength".to_owned(), ParameterValue::Number(1.0))]);
    let resolved = loader.resolve(&wanted, PROCESSOR).unwrap();
    assert_eq!(resolved.id, NULL);
    assert!(
        resolved.parameters.is_empty(),
        "the parameters were for the candidates"
    );
    assert_eq!(
        loader.resolve_fallback(&wanted, PROCESSOR).unwrap().unwrap().id,
        NULL
    );
    assert!(
        loader
            .resolve_fallback(&socket(GAIN), PROCESSOR)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_name_that_is_nearly_right_is_recognised() {
    let (folder, loader) = stocked();
    let error = loader
        .resolve(&socket("jackfield.processing.gian"), PROCESSOR)
        .err()
        .unwrap()
        .to_string();
    let place = folder.path().display().to_string();
    assert!(
        error.contains("did you mean `jackfield.processing.gain`?") && error.contains(&place),
        "{error}"
    );
    let error = loader
        .resolve(&socket("gain"), PROCESSOR)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("did you mean `jackfield.processing.gain`?"),
        "{error}"
    );
}

#[test]
fn when_nothing_can_be_used_every_reason_is_given() {
    let (_folder, loader) = stocked();
    let mut wanted = socket("acme.processing.gone");
    wanted.candidates.push(GAIN.to_owned());
    wanted.fallback = Some("acme.mixer.gone".to_owned());
    let error = loader.resolve(&wanted, "jackfield.mixer/1").err().unwrap();
    let LoadError::NoneAvailable { tried, .. } = &error else {
        panic!("{error}")
    };
    let ids: Vec<_> = tried.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["acme.processing.gone", GAIN, "acme.mixer.gone"]);
    assert!(
        error.to_string().contains("no plugin for the socket `gain`"),
        "{error}"
    );
}

#[test]
fn t_5_a_manifest_that_wants_a_transport_in_a_process_of_its_own_is_refused_before_a_call() {
    let loader = Loader::new(LoaderOptions::default()).unwrap();
    let mut wanted = socket("jackfield.transport.ice-dtls");
    wanted.isolation = Isolation::Process;
    let error = loader.resolve(&wanted, "jackfield.transport/1").err().unwrap();
    assert!(matches!(error, LoadError::NotInAProcess { .. }), "{error}");
    let told = error.to_string();
    assert!(
        told.contains("keys and connections would die") && told.contains("isolation = \"in-process\""),
        "why, and what to write: {told}"
    );
}

#[test]
fn without_a_folder_the_advice_is_to_add_one() {
    let loader = Loader::new(LoaderOptions::default()).unwrap();
    let error = loader
        .resolve(&socket(GAIN), PROCESSOR)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("add one to [plugins] folders"), "{error}");
}

#[test]
fn the_folders_of_the_manifest_come_first() {
    let folder = Folder::new();
    folder.put_file(&null_file());
    let text = "profile = \"conference\"\n[plugins]\nfolders = [\"here\"]\n[limits]\nimages = 3\n";
    let manifest = Manifest::parse(text, "/etc/jackfield/jackfield.toml").unwrap();
    let options = folder.options().with_manifest(&manifest);
    assert_eq!(options.folders[0].to_str(), Some("/etc/jackfield/here"));
    assert_eq!(options.folders[1], folder.path());
    assert_eq!(options.retired_images, 3);
}

#[test]
fn parameters_are_checked_before_anything_is_opened() {
    let (_folder, loader) = stocked();
    let resolve = |name: &str, value: ParameterValue| {
        let mut wanted = socket(GAIN);
        wanted.parameters = BTreeMap::from([(name.to_owned(), value)]);
        loader
            .resolve(&wanted, PROCESSOR)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(resolve("gain", ParameterValue::Number(-6.0)), Ok(()));
    assert_eq!(
        resolve("gian", ParameterValue::Number(-6.0)).unwrap_err(),
        "socket `gain`, plugin `jackfield.processing.gain`: there is no parameter `gian`; did you mean `gain`? it has: gain"
    );
    assert_eq!(
        resolve("gain", ParameterValue::Number(99.0)).unwrap_err(),
        "socket `gain`, plugin `jackfield.processing.gain`: parameter `gain` cannot be 99: expected a number from -60 to 30 dB"
    );
    assert_eq!(
        resolve("gain", ParameterValue::Text("loud".to_owned())).unwrap_err(),
        "socket `gain`, plugin `jackfield.processing.gain`: parameter `gain` cannot be `loud`: expected a number from -60 to 30"
    );
    assert!(loader.ledger().images.is_empty());
}

#[test]
fn parameters_are_set_on_every_instance() {
    let (_folder, loader) = stocked();
    let mut wanted = socket(GAIN);
    wanted.parameters = BTreeMap::from([("gain".to_owned(), ParameterValue::Number(-12.0))]);
    let resolved = loader.resolve(&wanted, PROCESSOR).unwrap();
    for seed in 0..3 {
        let mut gain = loader.create::<dyn AudioProcessor>(&resolved, seed).unwrap();
        assert_eq!(gain.parameter(0), Ok(-12.0));
    }
}

#[test]
fn an_area_that_the_plugin_does_not_offer_is_refused_when_made() {
    let (_folder, loader) = stocked();
    let resolved = loader.resolve(&socket(GAIN), PROCESSOR).unwrap();
    for error in [
        loader
            .create::<dyn AudioCodec>(&resolved, 1)
            .map(|_| ())
            .unwrap_err(),
        loader
            .create::<dyn AudioDecoder>(&resolved, 1)
            .map(|_| ())
            .unwrap_err(),
    ] {
        assert!(matches!(error, LoadError::WrongArea { .. }), "{error}");
    }
}

#[test]
fn a_swap_asks_for_the_same_socket_with_another_plugin() {
    let (_folder, loader) = stocked();
    let mut before = socket(GAIN);
    before.pin = loader.catalogue().file_of(GAIN, before.isolation).unwrap().digest;
    before.fallback = Some(NULL.to_owned());
    let after = before.with_plugin(NULL, BTreeMap::new());
    assert_eq!(
        (after.candidates.as_slice(), after.pin, after.fallback.as_deref()),
        (&[NULL.to_owned()][..], None, Some(NULL))
    );
    assert_eq!(loader.resolve(&after, PROCESSOR).unwrap().id, NULL);
    assert_eq!(
        before.with_plugin(GAIN, BTreeMap::new()).pin,
        before.pin,
        "the pin stays with its plugin"
    );
}
