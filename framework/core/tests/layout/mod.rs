//! Where every field and every method stands, written down: `plugin-sdk/abi/layout/lp64.txt`. The compiler of this machine agrees with it, so
//! does the rule by which C lays structs out where `long` and pointers have 64 bits, and so does a C compiler for x86-64 and AArch64.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_abi::TableHead;
use jackfield_abi::shape::{Shape, StructShape};
use jackfield_core::AREAS;
use jackfield_core::header::c_header;

use crate::shapes::Types;

const POINTER: usize = 8;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/abi/layout/lp64.txt")
}

/// One line for each struct, table and field: `offset name type`, in the order of the names in C.
fn written_down() -> String {
    let types = Types::all();
    let mut out = String::new();
    for (name, shape) in &types.structs {
        let grows = if shape.grows { " grows" } else { "" };
        let _ = writeln!(out, "struct {name} {}{grows}", shape.size);
        for field in shape.fields {
            let _ = writeln!(
                out,
                "  {} {} {}",
                field.offset,
                field.name,
                type_name(field.shape)
            );
        }
    }
    for (name, callback) in &types.callbacks {
        let _ = writeln!(out, "struct {name} {}", 16 + POINTER * callback.methods.len());
        out.push_str("  0 size uint32_t\n  4 reserved uint32_t\n  8 context pointer\n");
        for (index, method) in callback.methods.iter().enumerate() {
            let _ = writeln!(out, "  {} {} pointer", 16 + POINTER * index, method.name);
        }
    }
    for area in AREAS {
        let size = area.sizes.last().expect("an area has a first revision");
        let _ = writeln!(
            out,
            "struct {}_table_t {size} revision {}",
            area.c_name, area.revision
        );
        let _ = writeln!(out, "  0 head jf_table_head_t");
        for (index, method) in area.methods.iter().enumerate() {
            let offset = size_of::<TableHead>() + POINTER * index;
            let _ = writeln!(out, "  {offset} {} pointer since {}", method.name, method.since);
        }
    }
    out
}

fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::Number(name) => (*name).to_owned(),
        Shape::Bytes(len) => format!("uint8_t[{len}]"),
        Shape::Newtype(newtype) => newtype.c_name.to_owned(),
        Shape::Enum(values) => values.c_name.to_owned(),
        Shape::Struct(fields) => fields.c_name.to_owned(),
    }
}

#[test]
fn e1_4_the_layout_that_is_written_down_is_that_of_this_machine() {
    let made = written_down();
    if std::env::var_os("JACKFIELD_BLESS").is_some() {
        std::fs::create_dir_all(golden().parent().unwrap()).unwrap();
        std::fs::write(golden(), &made).unwrap();
    }
    let found = std::fs::read_to_string(golden()).unwrap_or_default();
    let differs = made
        .lines()
        .zip(found.lines())
        .find(|(made, found)| made != found);
    assert!(
        made == found,
        "plugin-sdk/abi/layout/lp64.txt says otherwise ({differs:?}). What stands there must stay: a table and a struct that grows get \
         longer at the end, and nothing else changes. If that is what happened, run the tests of jackfield-core with JACKFIELD_BLESS=1"
    );
}

/// Size and alignment of a type where `long` and pointers have 64 bits.
fn lp64(shape: &Shape) -> (usize, usize) {
    match shape {
        Shape::Number("uint8_t") => (1, 1),
        Shape::Number("uint32_t" | "int32_t" | "float") | Shape::Enum(_) => (4, 4),
        Shape::Number("uint64_t" | "int64_t" | "double") => (8, 8),
        Shape::Number(other) => panic!("{other} is not a number that crosses"),
        Shape::Bytes(len) => (*len, 1),
        Shape::Newtype(newtype) => lp64(newtype.raw),
        Shape::Struct(fields) => {
            let (offsets, size, align) = lp64_struct(fields);
            drop(offsets);
            (size, align)
        }
    }
}

fn lp64_struct(fields: &StructShape) -> (Vec<usize>, usize, usize) {
    let (mut at, mut widest, mut offsets) = (0_usize, 1, Vec::new());
    for field in fields.fields {
        let (size, align) = lp64(field.shape);
        at = at.next_multiple_of(align);
        offsets.push(at);
        at += size;
        widest = widest.max(align);
    }
    (offsets, at.next_multiple_of(widest), widest)
}

#[test]
fn e1_4_the_rule_of_lp64_gives_the_same_layout_so_it_holds_on_aarch64() {
    for (name, shape) in Types::all().structs {
        let (offsets, size, _) = lp64_struct(shape);
        assert_eq!(size, shape.size, "{name}");
        for (field, offset) in shape.fields.iter().zip(offsets) {
            assert_eq!(offset, field.offset, "{name}.{}", field.name);
        }
    }
    for area in AREAS {
        let whole = size_of::<TableHead>() + POINTER * area.methods.len();
        assert_eq!(area.sizes.last(), Some(&whole), "{}", area.id);
    }
}

/// The lines of the layout as assertions in C.
fn assertions(layout: &str) -> String {
    let mut source = "#include \"jackfield.h\"\n".to_owned();
    let mut owner = "";
    for line in layout.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["struct", name, size, ..] = words[..] {
            owner = name;
            let _ = writeln!(source, "_Static_assert(sizeof({name}) == {size}, \"{name}\");");
        } else {
            let (offset, field) = (words[0], words[1]);
            let _ = writeln!(
                source,
                "_Static_assert(offsetof({owner}, {field}) == {offset}, \"{owner}.{field}\");"
            );
        }
    }
    source
}

/// What a C compiler for `target` says against the header with these assertions.
fn refused(target: &str, source: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jackfield.h"), c_header()).unwrap();
    std::fs::write(folder.path().join("layout.c"), source).unwrap();
    let run = Command::new("clang")
        .arg(format!("--target={target}"))
        .args(["-std=c11", "-ffreestanding", "-Wall", "-Werror", "-fsyntax-only"])
        .arg(folder.path().join("layout.c"))
        .output()
        .expect("clang is part of the setup: run `make setup`");
    (!run.status.success()).then(|| String::from_utf8_lossy(&run.stderr).into_owned())
}

#[test]
fn e1_4_c_compilers_for_x86_64_and_aarch64_lay_everything_out_as_written_down() {
    let layout = std::fs::read_to_string(golden()).unwrap();
    let source = assertions(&layout);
    assert!(source.lines().count() > 300, "every field has a line");
    for target in ["x86_64-linux-gnu", "aarch64-linux-gnu"] {
        assert_eq!(refused(target, &source), None, "{target}");
        let wrong = source.replacen(
            "offsetof(jf_capture_info_t, render_delay) == 8",
            "offsetof(jf_capture_info_t, render_delay) == 4",
            1,
        );
        let said = refused(target, &wrong).expect("a wrong offset is refused");
        assert!(said.contains("jf_capture_info_t.render_delay"), "{said}");
    }
}
