//! Plugins that are linked into the host, for targets without dynamic loading and for tests.

use jackfield_core::audio_processor::AudioProcessor;
use jackfield_core::module::Module;
use jackfield_loader::{Isolation, LoadError, Loader, LoaderOptions, Manifest};

use crate::support::{Folder, PROCESSOR, gain_file, processed, socket};

const GAIN: &str = "jackfield.processing.gain";

fn linked() -> Loader {
    let linked = vec![
        jackfield_processing_gain::JACKFIELD_PLUGIN,
        jackfield_processing_null::JACKFIELD_PLUGIN,
    ];
    Loader::new(LoaderOptions {
        linked,
        ..LoaderOptions::default()
    })
    .unwrap()
}

#[test]
fn t_5_the_same_plugin_works_linked_in_and_from_a_file() {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    let both = Loader::new(LoaderOptions {
        linked: vec![jackfield_processing_gain::JACKFIELD_PLUGIN],
        ..folder.options()
    })
    .unwrap();
    let catalogue = both.catalogue();
    assert_eq!(
        catalogue.problems(),
        [],
        "two ways to the same plugin are no duplicates"
    );
    let describe = |isolation| catalogue.module(GAIN, PROCESSOR, isolation).unwrap();
    assert_eq!(describe(Isolation::Static), describe(Isolation::InProcess));

    for isolation in [Isolation::Static, Isolation::InProcess] {
        let mut wanted = socket(GAIN);
        wanted.isolation = isolation;
        let resolved = both.resolve(&wanted, PROCESSOR).unwrap();
        let mut gain = both.create::<dyn AudioProcessor>(&resolved, 1).unwrap();
        gain.set_parameter(0, -6.0).unwrap();
        assert!((processed(&mut gain) - 0.501).abs() < 1e-3, "{isolation:?}");
    }
    assert_eq!(
        both.ledger().images.len(),
        1,
        "only files make images that can be retired"
    );
}

#[test]
fn t_5_a_manifest_can_be_run_without_any_file() {
    let manifest = Manifest::embedded_default().linked();
    let resolved = linked()
        .resolve(manifest.socket("gain").unwrap(), PROCESSOR)
        .unwrap();
    assert_eq!(
        (resolved.id.as_str(), resolved.file.isolation),
        (GAIN, Isolation::Static)
    );
}

#[test]
fn a_linked_plugin_is_not_taken_where_a_file_is_asked_for() {
    let error = linked().resolve(&socket(GAIN), PROCESSOR).err().unwrap();
    assert!(matches!(error, LoadError::NotFound { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("it is there as isolation = \"static\""),
        "{error}"
    );
}

/// A host that links a plugin shares its panic hook with it, and keeps it.
#[test]
fn the_hosts_panic_hook_stays_its_own() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let loader = linked();
    let mut wanted = socket(GAIN);
    wanted.isolation = Isolation::Static;
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        CALLS.fetch_add(1, Ordering::SeqCst);
        usual(info);
    }));
    let _gain = loader
        .create::<dyn AudioProcessor>(&loader.resolve(&wanted, PROCESSOR).unwrap(), 1)
        .unwrap();
    let _ = std::panic::catch_unwind(|| panic!("for the hook"));
    assert!(CALLS.load(Ordering::SeqCst) >= 1, "it is still called");
}
