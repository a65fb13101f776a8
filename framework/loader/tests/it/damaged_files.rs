//! Plugin files that were cut off, changed or made up: thousands of them, and none does harm to whoever only looks.

use std::fs;
use std::sync::OnceLock;

use jackfield_loader::inspection::Inspection;
use jackfield_loader::{Loader, LoaderOptions, examine};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Folder, gain_file};

/// A real plugin: the gain in C, which has every part that a file can have and is small.
fn whole() -> &'static Vec<u8> {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = Folder::new();
        fs::read(folder.c_gain("gain.so", |source| source)).unwrap()
    })
}

/// A change that a disk, a network or somebody with ideas makes.
#[derive(Clone, Debug)]
enum Damage {
    FlipBit(Index, u8),
    SetByte(Index, u8),
    /// In the first bytes, where every number leads somewhere.
    Header(Index, u64),
    Cut(Index),
    Append(Vec<u8>),
    /// A piece stands somewhere else too.
    Copy(Index, Index, u16),
    Zero(Index, u16),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0_u8..8).prop_map(|(at, bit)| Damage::FlipBit(at, bit)),
        4 => (at(), any::<u8>()).prop_map(|(at, byte)| Damage::SetByte(at, byte)),
        3 => (at(), prop_oneof![any::<u64>(), 0_u64..4, Just(u64::MAX), Just(i64::MAX as u64)])
            .prop_map(|(at, number)| Damage::Header(at, number)),
        2 => at().prop_map(Damage::Cut),
        1 => prop::collection::vec(any::<u8>(), 0..64).prop_map(Damage::Append),
        2 => (at(), at(), 1_u16..2_000).prop_map(|(from, to, length)| Damage::Copy(from, to, length)),
        2 => (at(), 1_u16..2_000).prop_map(|(at, length)| Damage::Zero(at, length)),
    ]
}

fn damaged(damage: &[Damage]) -> Vec<u8> {
    let mut bytes = whole().clone();
    for one in damage {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match one {
            Damage::FlipBit(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Damage::SetByte(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Header(at, number) => {
                let at = at.index(length.min(640));
                let end = (at + 8).min(length);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
            }
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Append(more) => bytes.extend(more),
            Damage::Copy(from, to, size) => {
                let (from, to) = (from.index(length), to.index(length));
                let size = usize::from(*size).min(length - from).min(length - to);
                bytes.copy_within(from..from + size, to);
            }
            Damage::Zero(at, size) => {
                let at = at.index(length);
                let end = (at + usize::from(*size)).min(length);
                bytes[at..end].fill(0);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes are, the answer is who the plugin says it is, or what is wrong and what to do.
    #[test]
    fn a_damaged_file_is_read_or_refused_with_a_reason(damage in prop::collection::vec(damage(), 1..6)) {
        match examine(&damaged(&damage)) {
            Ok(frames) => prop_assert!(frames.iter().any(|frame| !frame.modules.is_empty())),
            Err(fault) => prop_assert!(fault.to_string().len() > 20, "{fault}"),
        }
    }

    #[test]
    fn what_can_be_examined_can_be_inspected(damage in prop::collection::vec(damage(), 1..6)) {
        let bytes = damaged(&damage);
        prop_assert_eq!(Inspection::of(&bytes).is_ok(), examine(&bytes).is_ok());
    }

    #[test]
    fn any_bytes_are_refused_with_a_reason(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(examine(&bytes).is_err());
    }
}

/// A folder full of them beside a good one: each is told of, and the good one can be used.
#[test]
fn a_folder_full_of_damaged_files_hides_no_good_one() {
    let folder = Folder::new();
    for n in 0..whole().len() / 64 {
        folder.put(&format!("cut-{n:03}.so"), &whole()[..n * 64]);
    }
    folder.put_file(&gain_file());
    let loader = Loader::new(LoaderOptions {
        folders: vec![folder.path().to_owned()],
        ..LoaderOptions::default()
    })
    .unwrap();
    let catalogue = loader.catalogue();
    assert_eq!(catalogue.problems().len(), whole().len() / 64);
    assert!(
        catalogue
            .modules()
            .any(|(_, module)| module.id == "jackfield.processing.gain")
    );
}
