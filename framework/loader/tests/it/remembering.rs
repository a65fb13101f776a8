//! What was found in a file is remembered from one run of a program to the next: files that have not changed are not read again.

use std::fs;
use std::path::PathBuf;

use jackfield_loader::{Catalogue, Digest, Loader, LoaderOptions, SecretKey, Signature, cache};
use proptest::prelude::*;

use crate::support::{Folder, gain_file, null_file, processed, processor};

/// What another run of a program finds that remembers in `cache`.
fn run(folder: &Folder, cache: &std::path::Path) -> std::sync::Arc<Catalogue> {
    loader(folder, cache).catalogue()
}

fn loader(folder: &Folder, cache: &std::path::Path) -> Loader {
    Loader::new(LoaderOptions {
        cache: Some(cache.to_owned()),
        ..folder.options()
    })
    .unwrap()
}

fn in_a_folder_of_its_own() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let cache = place.path().join("not there yet/plugins.json");
    (place, cache)
}

#[test]
fn files_that_have_not_changed_are_not_read_again() {
    let (_place, cache) = in_a_folder_of_its_own();
    let folder = Folder::new();
    let gain = folder.put_file(&gain_file());
    folder.put_file(&null_file());
    folder.put("no-plugin.so", b"not a plugin at all");
    let first = run(&folder, &cache);
    assert_eq!(first.files_read(), 3);
    let second = run(&folder, &cache);
    assert_eq!(second.files_read(), 0, "neither plugins nor what is none");
    assert_eq!(second.files(), first.files());
    assert_eq!(
        second
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        first
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );

    // The same bytes in another inode, a signature beside it, and it gone: each is noticed.
    let bytes = fs::read(&gain).unwrap();
    folder.put("libjackfield_processing_gain.so", &bytes);
    assert_eq!(run(&folder, &cache).files_read(), 1);
    let key = SecretKey::from_seed(&[1; 32]);
    fs::write(
        Signature::path_of(&gain),
        Signature::make(&key, Digest::of(&bytes)).to_string(),
    )
    .unwrap();
    let signed = run(&folder, &cache);
    assert_eq!(
        (signed.files_read(), signed.files()[0].signer),
        (1, Some(key.public()))
    );
    assert_eq!(run(&folder, &cache).files()[0].signer, Some(key.public()));
    fs::remove_file(&gain).unwrap();
    let gone = run(&folder, &cache);
    assert_eq!((gone.files_read(), gone.files().len()), (0, 1));
}

#[test]
fn what_is_remembered_is_no_proof_when_a_plugin_is_opened() {
    let (_place, cache) = in_a_folder_of_its_own();
    let folder = Folder::new();
    folder.put_file(&gain_file());
    run(&folder, &cache);
    let digest = Digest::of(&fs::read(gain_file()).unwrap()).to_string();
    let forged = fs::read_to_string(&cache)
        .unwrap()
        .replace(&digest, &Digest::of(b"what is pinned").to_string());
    fs::write(&cache, forged).unwrap();
    let loader = loader(&folder, &cache);
    assert_eq!(
        loader.catalogue().files()[0].digest,
        Some(Digest::of(b"what is pinned"))
    );
    let error = processor(&loader, "jackfield.processing.gain")
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("has changed"), "{error}");
}

#[test]
fn a_cache_that_cannot_be_used_is_as_good_as_none() {
    let (_place, cache) = in_a_folder_of_its_own();
    let folder = Folder::new();
    folder.put_file(&gain_file());
    run(&folder, &cache);
    let good = fs::read_to_string(&cache).unwrap();
    for text in [
        "",
        "{}",
        "[1,2]",
        &good[..good.len() / 2],
        &good.replacen("blake3:", "blake3:0", 1),
    ] {
        fs::write(&cache, text).unwrap();
        let catalogue = run(&folder, &cache);
        assert_eq!(
            (catalogue.files_read(), catalogue.files().len()),
            (1, 1),
            "{text:.40}"
        );
        processed(&mut processor(&loader(&folder, &cache), "jackfield.processing.gain").unwrap());
    }
    // A folder where the file should be.
    fs::remove_file(&cache).unwrap();
    fs::create_dir(&cache).unwrap();
    assert_eq!(run(&folder, &cache).files().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_a_cache_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        prop_assert_eq!(cache::entries(&bytes), 0);
    }
}
