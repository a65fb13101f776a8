use jackfield_house_rules::public_api::of_file;
use jackfield_house_rules::workspace::{files, root, text};

const LIST: &str = "plugin-sdk/sdk/public-api.txt";
/// What a plugin is built of.
const CRATES: [&str; 3] = [
    "plugin-sdk/abi/src/",
    "framework/core/src/",
    "plugin-sdk/sdk/src/",
];

#[test]
fn the_public_items_of_the_sdk_are_those_of_the_list() {
    let mut found = String::new();
    for file in files(&["rs"]) {
        let Some(krate) = CRATES.iter().find(|krate| file.starts_with(**krate)) else {
            continue;
        };
        if file.ends_with("tests.rs") {
            continue;
        }
        let name = krate.split('/').nth(1).expect("two folders");
        let module = file[krate.len()..]
            .trim_end_matches(".rs")
            .trim_end_matches("/mod")
            .replace('/', "::");
        let module = if module == "lib" {
            name.to_owned()
        } else {
            format!("{name}::{module}")
        };
        for line in of_file(&module, &text(&file)).expect("our own sources are Rust") {
            found.push_str(&line);
            found.push('\n');
        }
    }
    if std::env::var_os("JACKFIELD_BLESS").is_some() {
        std::fs::write(root().join(LIST), &found).expect("the list can be written");
    }
    let listed = text(LIST);
    let gone: Vec<&str> = listed
        .lines()
        .filter(|line| !found.lines().any(|own| own == *line))
        .collect();
    let new: Vec<&str> = found
        .lines()
        .filter(|line| !listed.lines().any(|own| own == *line))
        .collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "the public items of the SDK changed. Gone, which breaks plugins unless docs/compat.md allows it:\n{}\nNew:\n{}\nIf that is meant, run this test with JACKFIELD_BLESS=1 and look at the difference of {LIST}",
        gone.join("\n"),
        new.join("\n")
    );
}

#[test]
fn a_method_that_is_gone_or_has_another_signature_is_seen() {
    let of = |text: &str| of_file("sample", text).expect("Rust");
    let before =
        of("pub trait A: Send { fn f(&self, x: u32) -> Result<(), Fault> { Ok(()) } const N: usize; }");
    assert_eq!(
        before,
        [
            "sample: pub trait A: Send",
            "sample: A::fn f(&self, x: u32) -> Result<(), Fault> (default)",
            "sample: A::const N: usize"
        ]
    );
    assert_ne!(
        before,
        of("pub trait A: Send { fn f(&self, x: u64) -> Result<(), Fault>; const N: usize; }")
    );
    assert_eq!(
        of("struct Hidden { pub x: u8 } pub(crate) fn g() {} fn h() {}"),
        Vec::<String>::new()
    );
    assert_eq!(
        of("pub struct S { pub x: u8, y: u8 } impl S { pub fn new() -> Self { S } fn z() {} }"),
        [
            "sample: pub struct S",
            "sample: S.x: u8",
            "sample: S::pub fn new() -> Self"
        ]
    );
    assert_eq!(
        of("#[repr(u32)] pub enum E { A = 1, B(u8) }"),
        [
            "sample: pub enum E",
            "sample: E::A = 1",
            "sample: E::B",
            "sample: E::B.0: u8"
        ]
    );
}
