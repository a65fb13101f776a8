//! What the loader checks before and while it opens a file, one wrong file for each.

use std::fs;

use jackfield_loader::{Digest, FileFault, LoadError};
use proptest::prelude::*;

use crate::support::{
    C_GAIN, Folder, PROCESSOR, c_gain_source, gain_file, header, processor, replaced, resolve, socket,
};

const GAIN: &str = "jackfield.processing.gain";

#[test]
fn a_plugin_for_a_future_major_version_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(&source, ".abi_major = JF_ABI_MAJOR", ".abi_major = 2")
    });
    assert_eq!(
        folder.fault(),
        FileFault::AbiMajor { theirs: 2 },
        "the entry says so"
    );

    let folder = Folder::new();
    folder.compile(
        "gain.so",
        &c_gain_source(),
        &replaced(&header(), "\"abi\\t1\\t0\\n\"", "\"abi\\t7\\t0\\n\""),
    );
    let fault = folder.fault();
    assert_eq!(fault, FileFault::AbiMajor { theirs: 7 }, "the metadata says so");
    assert!(fault.to_string().contains("major version 7"), "{fault}");
}

#[test]
fn an_entry_without_the_magic_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(&source, ".magic = JF_MAGIC", ".magic = {'N', 'O', 'T', 'U', 'S'}")
    });
    assert_eq!(
        folder.fault(),
        FileFault::Magic {
            symbol: "jf_plugin_entry".to_owned()
        }
    );
}

#[test]
fn an_entry_that_is_not_exported_is_named() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(
            &source,
            "JF_EXPORT const jf_entry_t",
            "__attribute__((used)) const jf_entry_t",
        )
    });
    assert_eq!(
        folder.fault(),
        FileFault::NoEntry {
            symbol: "jf_plugin_entry".to_owned()
        }
    );
}

#[test]
fn an_entry_that_is_too_short_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(&source, ".size = sizeof(jf_entry_t)", ".size = 24")
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap().to_string();
    assert!(error.contains("24 bytes long and must be at least"), "{error}");
}

#[test]
fn a_module_that_the_metadata_promises_must_be_there() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        replaced(
            &source,
            "JF_STR(\"example.processing.c-gain\")",
            "JF_STR(\"example.processing.other\")",
        )
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap().to_string();
    assert!(
        error.contains("has no module `example.processing.c-gain`"),
        "{error}"
    );
}

#[test]
fn a_module_without_create_is_refused() {
    let folder = Folder::new();
    folder.c_gain("gain.so", |source| {
        let source = replaced(&source, "gain_create},", "NULL},");
        replaced(
            &source,
            "static jf_status_t gain_create",
            "__attribute__((unused)) static jf_status_t gain_create",
        )
    });
    let error = processor(&folder.loader(), C_GAIN).err().unwrap().to_string();
    assert!(error.contains("without `create`"), "{error}");
}

#[test]
fn a_plugin_for_another_area_is_refused_by_name() {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    let error = folder
        .loader()
        .resolve(&socket(GAIN), "jackfield.mixer/1")
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "`jackfield.processing.gain` does not fit: jackfield.mixer/1 is wanted and it offers jackfield.audio-processor/1; choose another one from `jackfield plugin list`"
    );
}

#[test]
fn a_file_that_is_not_the_pinned_one_is_refused_with_both_digests() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    let found = Digest::of(&fs::read(&file).unwrap());
    let expected = Digest::of(b"what was trusted");
    let loader = folder.loader();
    let mut pinned = socket(GAIN);
    pinned.fallback = Some(GAIN.to_owned());
    pinned.pin = Some(expected);
    let error = loader.resolve(&pinned, PROCESSOR).err().unwrap();
    assert!(
        matches!(error, LoadError::Pin { .. }),
        "not even the fallback is used: {error}"
    );
    let text = error.to_string();
    assert!(
        text.contains(&expected.to_string()) && text.contains(&found.to_string()),
        "{text}"
    );

    pinned.pin = Some(found);
    let resolved = loader.resolve(&pinned, PROCESSOR).unwrap();
    assert!(resolved.pinned);
    loader
        .create::<dyn jackfield_core::audio_processor::AudioProcessor>(&resolved, 1)
        .unwrap();
}

/// Changes one of the names that the layout proof holds; the shape text stays as it was.
#[test]
fn a_proof_that_differs_is_refused_with_the_field_that_does() {
    let mut bytes = fs::read(gain_file()).unwrap();
    let changed = rename_outside_metadata(&mut bytes, b"render_delay", b"render_dalay");
    assert!(changed > 0, "the proof names its fields");
    let folder = Folder::new();
    folder.put("gain.so", &bytes);
    let loader = folder.loader();
    resolve(&loader, GAIN).expect("nothing is wrong as far as its metadata goes");
    let error = processor(&loader, GAIN).err().unwrap();
    assert!(matches!(error, LoadError::Proof { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("render_delay") && text.contains("render_dalay"),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
}

/// Replaces `old` everywhere but in the shape text, which is the only place where a colon follows it.
fn rename_outside_metadata(bytes: &mut [u8], old: &[u8], new: &[u8]) -> usize {
    let mut changed = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old) && bytes[at + old.len()] != b':' {
            bytes[at..at + old.len()].copy_from_slice(new);
            changed += 1;
        }
    }
    changed
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let folder = Folder::new();
    let whole = fs::read(folder.c_gain("gain.so", |source| source)).unwrap();
    // Every length near the ends of its parts, and a few hundred in between.
    let step = whole.len() / 300 + 1;
    let lengths = (0..200)
        .chain((200..whole.len()).step_by(step))
        .chain(whole.len() - 100..whole.len());
    for length in lengths {
        folder.put("gain.so", &whole[..length]);
        let fault = folder.fault();
        assert!(
            matches!(
                fault,
                FileFault::NotElf | FileFault::Cut | FileFault::NoSections | FileFault::NoMetadata
            ),
            "{length} of {} bytes: {fault}",
            whole.len()
        );
    }
}

#[test]
fn a_file_that_is_cut_off_after_the_scan_is_not_opened() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    let loader = folder.loader();
    let resolved = resolve(&loader, GAIN).unwrap();
    let whole = fs::read(&file).unwrap();
    folder.put("libjackfield_processing_gain.so", &whole[..whole.len() / 2]);
    let error = loader
        .create::<dyn jackfield_core::audio_processor::AudioProcessor>(&resolved, 1)
        .err()
        .unwrap();
    assert!(matches!(error, LoadError::Changed { .. }), "{error}");
    assert!(loader.ledger().images.is_empty());
}

/// Where the metadata stands in the plugin in C.
fn metadata_range(bytes: &[u8]) -> std::ops::Range<usize> {
    let start = bytes.windows(4).position(|window| window == b"jf1\0").unwrap();
    let len = bytes[start + 4..].iter().position(|byte| *byte == 0).unwrap();
    start..start + 4 + len + 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Flips of bits in the metadata: refused with a text, or harmless. What is accepted also opens and runs.
    #[test]
    fn flipped_bits_in_the_metadata_never_do_harm(flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4)) {
        let folder = Folder::new();
        let mut bytes = c_gain().clone();
        let range = metadata_range(&bytes);
        for (place, bit) in flips {
            let place = range.start + place.index(range.len());
            bytes[place] ^= 1 << bit;
        }
        folder.put("gain.so", &bytes);
        let loader = folder.loader();
        match loader.catalogue().problems() {
            [] => if let Ok(mut gain) = processor(&loader, C_GAIN) {
                crate::support::processed(&mut gain);
            },
            [problem] => prop_assert!(!problem.to_string().is_empty()),
            more => prop_assert!(false, "{more:?}"),
        }
    }

    /// Flips of bits in the headers of the file and of its sections: never a panic. Nothing is opened.
    #[test]
    fn flipped_bits_in_the_headers_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..6)) {
        let folder = Folder::new();
        let mut bytes = c_gain().clone();
        let sections = u64::from_le_bytes(bytes[0x28..0x30].try_into().unwrap()) as usize;
        let places: Vec<usize> = (0..0x40 + 9 * 0x38).chain(sections..bytes.len()).collect();
        for (place, bit) in flips {
            bytes[places[place.index(places.len())]] ^= 1 << bit;
        }
        folder.put("gain.so", &bytes);
        let catalogue = folder.loader().catalogue();
        prop_assert_eq!(catalogue.problems().len() + catalogue.files().len(), 1);
    }

    /// Anything at all that begins like an ELF file.
    #[test]
    fn garbage_never_panics(tail in prop::collection::vec(any::<u8>(), 0..2_000), elf in any::<bool>()) {
        let folder = Folder::new();
        let mut bytes = if elf { c_gain()[..0x40].to_vec() } else { Vec::new() };
        bytes.extend(tail);
        folder.put("garbage.so", &bytes);
        prop_assert!(!folder.fault().to_string().is_empty());
    }
}

/// The bytes of the plugin in C, compiled once.
fn c_gain() -> &'static Vec<u8> {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = Folder::new();
        fs::read(folder.c_gain("gain.so", |source| source)).unwrap()
    })
}
