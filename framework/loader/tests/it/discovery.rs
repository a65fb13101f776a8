//! Finding plugins without running them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use jackfield_loader::{FileFault, Isolation, Loader, LoaderOptions, ParameterKind, Problem};

use crate::support::{C_GAIN, Folder, gain_file, null_file, replaced};

#[test]
fn everything_is_known_of_a_plugin_that_was_never_opened() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    let loader = folder.loader();
    let catalogue = loader.catalogue();
    assert_eq!(catalogue.problems(), []);
    let (found, module) = catalogue.of_area("jackfield.audio-processor/1").next().unwrap();
    assert_eq!(found.path, file);
    assert_eq!(found.isolation, Isolation::InProcess);
    assert_eq!(found.digest.unwrap().to_string().len(), "blake3:".len() + 64);
    assert_eq!(module.id, "jackfield.processing.gain");
    assert_eq!(module.revision, 2);
    assert!(module.deterministic);
    let gain = &module.parameters[0];
    assert_eq!(
        (gain.name.as_str(), gain.unit.as_str(), gain.default),
        ("gain", "dB", 0.0)
    );
    assert_eq!(
        gain.kind,
        ParameterKind::Float {
            min: -60.0,
            max: 30.0
        }
    );
    assert!(!module.statistics.is_empty());
    assert!(loader.ledger().images.is_empty(), "nothing was opened");
}

/// A file whose constructor ends the process: listing it is harmless, because none of it runs.
#[test]
fn no_code_of_a_plugin_runs() {
    let folder = Folder::new();
    folder.c_gain("deadly.so", |source| {
        replaced(
            &source,
            "// ---- entry ----",
            "__attribute__((constructor)) static void deadly(void) { abort(); }\n",
        )
    });
    let loader = folder.loader();
    assert_eq!(loader.catalogue().modules().next().unwrap().1.id, C_GAIN);
    loader.rescan();
}

#[test]
fn one_bad_file_keeps_no_other_from_use() {
    let folder = Folder::new();
    folder.put("a-text.so", b"not a plugin at all");
    folder.put("b-empty.so", b"");
    folder.put_file(&gain_file());
    folder.compile(
        "z-other.so",
        "int answer(void);\nint answer(void) { return 42; }\n",
        "",
    );
    let catalogue = folder.loader().catalogue();
    assert_eq!(catalogue.files().len(), 1);
    let faults: Vec<_> = catalogue
        .problems()
        .iter()
        .map(|problem| match problem {
            Problem::File { fault, .. } => fault.clone(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        faults,
        [FileFault::NotElf, FileFault::NotElf, FileFault::NoMetadata]
    );
    assert!(
        catalogue.problems()[2]
            .to_string()
            .contains("z-other.so: it has no section .jf_meta")
    );
}

#[test]
fn a_file_without_section_headers_is_told_apart() {
    let folder = Folder::new();
    let mut bytes = fs::read(gain_file()).unwrap();
    // e_shoff, e_shnum and e_shstrndx: what `llvm-strip --strip-sections` clears.
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    folder.put("stripped.so", &bytes);
    assert_eq!(folder.fault(), FileFault::NoSections);
}

#[test]
fn a_plugin_for_another_processor_is_told_apart() {
    let folder = Folder::new();
    let mut bytes = fs::read(gain_file()).unwrap();
    // e_machine: RISC-V.
    bytes[0x12] = 243;
    folder.put("foreign.so", &bytes);
    assert_eq!(folder.fault(), FileFault::OtherMachine);
}

#[test]
fn e23_4_the_first_folder_wins_and_the_rest_is_reported() {
    let (first, second) = (Folder::new(), Folder::new());
    let used = first.put_file(&gain_file());
    let ignored = second.put_file(&gain_file());
    second.put_file(&null_file());
    let folders = vec![first.path().to_owned(), second.path().to_owned()];
    let loader = Loader::new(LoaderOptions {
        folders,
        ..LoaderOptions::default()
    })
    .unwrap();
    let catalogue = loader.catalogue();
    let ids: Vec<_> = catalogue
        .modules()
        .map(|(file, module)| (file.path.clone(), module.id.as_str()))
        .collect();
    let null = second.path().join("libjackfield_processing_null.so");
    assert_eq!(
        ids,
        [
            (used.clone(), "jackfield.processing.gain"),
            (null, "jackfield.processing.null")
        ]
    );
    assert_eq!(
        catalogue.problems(),
        [Problem::Duplicate {
            id: "jackfield.processing.gain".to_owned(),
            used,
            ignored
        }]
    );
}

#[test]
fn a_folder_named_twice_is_scanned_once() {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    let folders = vec![folder.path().to_owned(), folder.path().join(".")];
    let loader = Loader::new(LoaderOptions {
        folders,
        ..LoaderOptions::default()
    })
    .unwrap();
    assert_eq!(loader.catalogue().problems(), []);
}

#[test]
fn a_folder_that_anybody_may_write_is_refused_unless_allowed() {
    let folder = Folder::new();
    folder.put_file(&gain_file());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let catalogue = folder.loader().catalogue();
    assert!(catalogue.files().is_empty());
    assert!(catalogue.problems()[0].to_string().contains("chmod o-w"));
    let options = LoaderOptions {
        allow_world_writable: true,
        ..folder.options()
    };
    assert_eq!(Loader::new(options).unwrap().catalogue().files().len(), 1);
}

#[test]
fn a_file_that_anybody_may_write_is_refused_unless_allowed() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(folder.fault().to_string().contains("chmod o-w"));
    let options = LoaderOptions {
        allow_world_writable: true,
        ..folder.options()
    };
    assert_eq!(Loader::new(options).unwrap().catalogue().files().len(), 1);
}

#[test]
fn nothing_depends_on_the_current_directory() {
    let folders = [".", "", "plugins"].map(PathBuf::from).to_vec();
    let loader = Loader::new(LoaderOptions {
        folders,
        ..LoaderOptions::default()
    })
    .unwrap();
    let catalogue = loader.catalogue();
    assert_eq!(catalogue.problems().len(), 3);
    assert!(
        catalogue
            .problems()
            .iter()
            .all(|problem| problem.to_string().contains("absolute path"))
    );
}

#[test]
fn a_folder_that_is_not_there_is_reported() {
    let folders = vec![PathBuf::from("/nowhere/plugins"), PathBuf::from("/dev/null")];
    let loader = Loader::new(LoaderOptions {
        folders,
        ..LoaderOptions::default()
    })
    .unwrap();
    let texts: Vec<_> = loader
        .catalogue()
        .problems()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        texts[0].contains("/nowhere/plugins") && texts[0].contains("No such file"),
        "{texts:?}"
    );
    assert!(texts[1].contains("not a folder"), "{texts:?}");
}

#[test]
fn a_pipe_in_a_plugin_folder_does_not_block() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe.so");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    folder.put_file(&gain_file());
    assert_eq!(folder.loader().catalogue().files().len(), 1);
}

/// What has not changed is not read again: its content is taken from the last scan.
#[test]
fn unchanged_files_are_not_read_again() {
    let folder = Folder::new();
    let file = folder.put_file(&gain_file());
    let loader = folder.loader();
    let before = loader.catalogue().files()[0].digest;
    let stamp = fs::metadata(&file).unwrap().modified().unwrap();

    // The same size, inode and time, other content: only a scan that reads would notice.
    let mut bytes = fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&file, &bytes).unwrap();
    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(stamp)
        .unwrap();
    assert_eq!(loader.rescan().files()[0].digest, before);

    fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(stamp + std::time::Duration::from_nanos(1))
        .unwrap();
    assert_ne!(loader.rescan().files()[0].digest, before);
}

#[test]
fn what_a_scan_finds_is_the_same_every_time() {
    let folder = Folder::new();
    folder.put_file(&null_file());
    folder.put_file(&gain_file());
    folder.put("bad.so", b"bad");
    let json = || serde_json::to_string(&*folder.loader().catalogue()).unwrap();
    assert_eq!(json(), json());
    assert!(json().contains("\"kind\":\"float\""));
}

#[test]
fn the_standard_folders_are_absolute_and_there() {
    for folder in jackfield_loader::discovery::standard_folders() {
        assert!(folder.is_absolute() && folder.is_dir(), "{}", folder.display());
    }
}
