//! A package that was changed, cut off, or made by somebody with ideas.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jackfield_package::{About, Package, PackageError};
use proptest::prelude::*;

fn package() -> Package {
    let about = About::new("example.processing.hush", "1.0.0", "MIT", "libhush.so");
    let files = vec![
        ("libhush.so".to_owned(), vec![7; 5_000]),
        ("LICENSE".to_owned(), b"as you like".to_vec()),
        ("docs/README.md".to_owned(), b"# Hush".to_vec()),
    ];
    Package::new(about, files).unwrap()
}

/// An archive of these entries, made with no regard for the rules.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        // `set_path` refuses what we want to try.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    zipped(&archive.into_inner().unwrap())
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
    zip.write_all(bytes).unwrap();
    zip.finish().unwrap()
}

/// `package.toml` of the package above, with the file `path` of these bytes in it too.
fn manifest_with(path: &str, bytes: &[u8]) -> String {
    let mut about = package().about().clone();
    about
        .digests
        .insert(path.to_owned(), jackfield_loader::Digest::of(bytes).to_string());
    toml::to_string(&about).unwrap()
}

#[test]
fn a_package_comes_back_as_it_was_packed_and_is_the_same_every_time() {
    let bytes = package().to_bytes().unwrap();
    assert_eq!(bytes, package().to_bytes().unwrap());
    let read = Package::from_bytes(&bytes).unwrap();
    assert_eq!(read, package());
    assert_eq!(read.plugin(), [7; 5_000]);
    assert_eq!(read.file("docs/README.md").unwrap(), b"# Hush");
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    for path in [
        "../up.so",
        "/etc/passwd",
        "docs/../../up",
        ".hidden",
        "docs//x",
        "a/b/c/d/e",
        "x\\y",
        "package.toml",
        "",
    ] {
        let about = About::new("a.b.c", "1.0.0", "MIT", "libhush.so");
        let files = vec![("libhush.so".to_owned(), vec![1]), (path.to_owned(), vec![2])];
        let error = Package::new(about, files).unwrap_err();
        assert!(matches!(error, PackageError::Path { .. }), "{path}: {error}");

        let manifest = manifest_with(path, b"x");
        let bytes = archive(&[("package.toml", manifest.as_bytes()), (path, b"x")]);
        assert!(Package::from_bytes(&bytes).is_err(), "{path}");
    }
}

#[test]
fn a_link_is_refused() {
    let mut archive = tar::Builder::new(Vec::new());
    let manifest = toml::to_string(package().about()).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    archive
        .append_data(&mut header, "package.toml", manifest.as_bytes())
        .unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    archive
        .append_link(&mut header, "libhush.so", "/etc/passwd")
        .unwrap();
    let bytes = zipped(&archive.into_inner().unwrap());
    let error = Package::from_bytes(&bytes).unwrap_err();
    assert_eq!(
        error,
        PackageError::NotAFile {
            path: "libhush.so".to_owned()
        }
    );
}

#[test]
fn what_is_not_named_is_missing_or_is_there_twice_is_refused() {
    let manifest = toml::to_string(package().about()).unwrap();
    let manifest = ("package.toml", manifest.as_bytes());
    let (plugin, licence, readme) = (
        ("libhush.so", &[7; 5_000][..]),
        ("LICENSE", &b"as you like"[..]),
        ("docs/README.md", &b"# Hush"[..]),
    );
    Package::from_bytes(&archive(&[manifest, plugin, licence, readme])).expect("as it should be");
    let error = |entries: &[(&str, &[u8])]| Package::from_bytes(&archive(entries)).unwrap_err();
    let named = |path: &str| PackageError::Changed {
        path: path.to_owned(),
    };
    assert_eq!(
        error(&[manifest, plugin, licence, readme, ("extra", b"x")]),
        named("extra")
    );
    assert_eq!(
        error(&[manifest, plugin, ("LICENSE", b"as I like"), readme]),
        named("LICENSE")
    );
    assert_eq!(
        error(&[manifest, licence, readme]),
        PackageError::Missing {
            path: "libhush.so".to_owned()
        }
    );
    assert!(matches!(
        error(&[manifest, plugin, plugin, licence, readme]),
        PackageError::Path { .. }
    ));
    assert_eq!(
        error(&[plugin, manifest, licence, readme]),
        PackageError::NoManifest
    );
    assert_eq!(error(&[]), PackageError::NoManifest);
}

#[test]
fn a_small_file_that_unpacks_into_a_large_one_is_cut_off() {
    let mut entries = vec![(
        "package.toml".to_owned(),
        toml::to_string(package().about()).unwrap(),
    )];
    entries.extend((0..1_100).map(|n| (format!("f{n}"), String::new())));
    let entries: Vec<(&str, &[u8])> = entries
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    assert_eq!(
        Package::from_bytes(&archive(&entries)).unwrap_err(),
        PackageError::TooMuch
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A bit flipped anywhere: refused, or (in what gzip and tar say of time and owner) without effect.
    #[test]
    fn a_flipped_bit_never_changes_a_file(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = package().to_bytes().unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        if let Ok(read) = Package::from_bytes(&bytes) {
            prop_assert!(read == package(), "byte {place}, bit {bit}");
        }
    }

    /// Cut off anywhere.
    #[test]
    fn a_package_that_is_cut_off_never_panics(place in any::<prop::sample::Index>()) {
        let bytes = package().to_bytes().unwrap();
        let _ = Package::from_bytes(&bytes[..place.index(bytes.len())]);
    }

    /// Anything at all, zipped or not.
    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
        prop_assert!(Package::from_bytes(&bytes).is_err());
        prop_assert!(Package::from_bytes(&zipped(&bytes)).is_err());
    }
}
