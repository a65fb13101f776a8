//! The C header is what the traits say: it is compared with the one that is checked in, compilers take it, and the layouts in it are
//! the compiler's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_core::header::c_header;

fn checked_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/abi/include/jackfield.h")
}

#[test]
fn the_checked_in_header_is_that_of_the_traits() {
    let made = c_header();
    if std::env::var_os("JACKFIELD_BLESS").is_some() {
        std::fs::write(checked_in(), &made).unwrap();
    }
    let found = std::fs::read_to_string(checked_in()).unwrap_or_default();
    assert!(
        found == made,
        "plugin-sdk/abi/include/jackfield.h is not that of the traits: run the tests of jackfield-core with JACKFIELD_BLESS=1 and look at the difference"
    );
}

/// Compiles `source`, which includes the header; gives what the compiler says if it refuses.
fn compile(compiler: &str, standard: &str, language: &str, header: &str, source: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jackfield.h"), header).unwrap();
    let file = folder.path().join("check");
    std::fs::write(&file, source).unwrap();
    let run = Command::new(compiler)
        .args([
            standard,
            "-Wall",
            "-Wextra",
            "-Werror",
            "-pedantic",
            "-fsyntax-only",
            "-x",
            language,
        ])
        .arg("-I")
        .arg(folder.path())
        .arg(&file)
        .output()
        .expect("a C compiler is part of the setup");
    if run.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&run.stderr).into_owned())
    }
}

#[test]
fn it_compiles_as_c11() {
    compile(
        "cc",
        "-std=c11",
        "c",
        &c_header(),
        "#include \"jackfield.h\"\nint main(void) { return JF_OK; }\n",
    )
    .unwrap();
}

#[test]
fn it_compiles_as_c_plus_plus_17() {
    compile(
        "c++",
        "-std=c++17",
        "c++",
        &c_header(),
        "#include \"jackfield.h\"\nint main() { return JF_OK; }\n",
    )
    .unwrap();
}

#[test]
fn metadata_with_every_shape_compiles() {
    let source = "#include \"jackfield.h\"\nJF_META(JF_META_MODULE(JF_MIXER_ID, \"a.b\", \"\", \"1\", \"\", \"\", \"\", \"1\") JF_MODULE_SHAPE JF_TRANSPORT_SHAPE JF_CONGESTION_CONTROLLER_SHAPE JF_MIXER_SHAPE)\nint main(void) { return 0; }\n";
    compile("cc", "-std=c11", "c", &c_header(), source).unwrap();
}

/// Sizes and offsets stand in the header as assertions with Rust's numbers, so that it compiles only where C agrees.
#[test]
fn a_layout_that_differs_does_not_compile() {
    let header = c_header();
    let right = "JF_STATIC_ASSERT(offsetof(jf_capture_info_t, render_delay) == 8,";
    assert!(
        header.contains(right),
        "the layout of growing structs is asserted"
    );
    let wrong = header.replace(
        right,
        "JF_STATIC_ASSERT(offsetof(jf_capture_info_t, render_delay) == 4,",
    );
    let error = compile(
        "cc",
        "-std=c11",
        "c",
        &wrong,
        "#include \"jackfield.h\"\nint main(void) { return 0; }\n",
    )
    .unwrap_err();
    assert!(
        error.contains("offsetof(jf_capture_info_t, render_delay)"),
        "{error}"
    );
}

#[test]
fn every_struct_table_and_field_is_asserted() {
    let header = c_header();
    for struct_name in header
        .lines()
        .filter_map(|line| line.strip_prefix("} ")?.strip_suffix("_t;"))
    {
        let is_callback = header.contains(&format!(
            "typedef struct {struct_name} {{\n  uint32_t size;\n  uint32_t reserved;\n  // Passed to"
        ));
        // jf_str_t is two words, and callback tables are pointers behind 16 bytes: nothing there can differ.
        if struct_name != "jf_str" && !is_callback {
            let wanted = format!("JF_STATIC_ASSERT(sizeof({struct_name}_t) == ");
            assert!(header.contains(&wanted), "{wanted}");
        }
    }
}

#[test]
fn methods_are_described_with_their_threads_and_what_may_be_left_out() {
    let header = c_header();
    assert!(header.contains(
        "  // Processes one near-end block in place and fills in what it knows of it. After `activate`, every 10 ms.\n"
    ));
    assert!(header.contains("  // allocate, lock or block. [audio]\n  jf_status_t (*process)("));
    assert!(header.contains("Optional: may be NULL.\n  jf_status_t (*render)("));
    assert!(header.contains("#define JF_AUDIO_PROCESSOR_ID \"jackfield.audio-processor/1\""));
}

/// The part that is written by hand repeats numbers of the Rust side.
#[test]
fn versions_and_status_codes_are_those_of_the_host() {
    use jackfield_abi::{ABI_MAJOR, ABI_MINOR};
    use jackfield_core::FaultCode;
    let header = c_header();
    let mut wanted = vec![
        format!("#define JF_ABI_MAJOR {ABI_MAJOR}\n"),
        format!("#define JF_ABI_MINOR {ABI_MINOR}\n"),
        format!("\"abi\\t{ABI_MAJOR}\\t{ABI_MINOR}\\n\""),
        format!("\"entry\\t{}\\n\"", jackfield_abi::entry::SYMBOL),
        format!(
            "#define JF_FAULT_TEXT_BYTES {}\n",
            jackfield_core::Fault::TEXT_BYTES
        ),
        format!(
            "#define JF_MAX_CHANNELS {}u\n",
            jackfield_core::audio::MAX_CHANNELS
        ),
        format!(
            "#define JF_MAX_BLOCK_SAMPLES {}u\n",
            jackfield_core::audio::MAX_BLOCK_SAMPLES
        ),
    ];
    for (name, code) in [
        ("INVALID", FaultCode::Invalid),
        ("UNSUPPORTED", FaultCode::Unsupported),
        ("STATE", FaultCode::State),
        ("BUFFER_TOO_SMALL", FaultCode::BufferTooSmall),
        ("FAILED", FaultCode::Failed),
        ("PANICKED", FaultCode::Panicked),
        ("POISONED", FaultCode::Poisoned),
        ("TIMED_OUT", FaultCode::TimedOut),
        ("GONE", FaultCode::Gone),
    ] {
        wanted.push(format!("  JF_E_{name} = {}", code.status()));
    }
    for line in wanted {
        assert!(header.contains(&line), "{line:?}");
    }
}
