//! From the templates in `plugin-sdk/templates`, which are built into this command, to the files of a project.

use miette::{Result, miette};

use super::area::NewArea;
use super::sdk::Sdk;

macro_rules! common {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../plugin-sdk/templates/",
            $file
        ))
    };
}

/// What a plugin is called, in each of the ways that it is needed.
pub(crate) struct Names {
    area: NewArea,
    vendor: String,
    /// With hyphens, as it was given.
    name: String,
}

impl Names {
    /// Names that make an id and a crate.
    pub(crate) fn new(area: NewArea, vendor: &str, name: &str) -> Result<Self> {
        for (what, word) in [("the name of a plugin", name), ("a vendor", vendor)] {
            if !is_word(word) {
                return Err(miette!(
                    "`{word}` cannot be {what}: use lower-case letters, digits and single hyphens, beginning with a letter, such as soft-gate"
                ));
            }
        }
        if RESERVED.contains(&name) || name.starts_with("jackfield") {
            return Err(miette!(
                "a crate cannot be called `{name}`: choose another name, such as my-{name}"
            ));
        }
        Ok(Self {
            area,
            vendor: vendor.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Its id: `example.processing.soft-gate`.
    pub(crate) fn id(&self) -> String {
        format!("{}.{}.{}", self.vendor, self.area.about().family, self.name)
    }

    fn snake(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Its type: `SoftGate`.
    fn camel(&self) -> String {
        self.name.split('-').map(capitalised).collect()
    }

    /// What people read: `Soft gate`.
    fn title(&self) -> String {
        capitalised(&self.name.replace('-', " "))
    }

    /// `text` with the plugin's names in the places that the templates have for them.
    fn fill(&self, text: &str) -> String {
        text.replace("PLUGIN_ID", &self.id())
            .replace("PLUGIN_TITLE", &self.title())
            .replace("PLUGIN_VENDOR", &capitalised(&self.vendor))
            .replace("PLUGIN_UPPER", &self.name.to_uppercase())
            .replace("PluginName", &self.camel())
            .replace("plugin_name", &self.snake())
            .replace("plugin-name", &self.name)
            .replace("AREA_WORDS", self.area.about().words)
    }
}

/// The files of a crate, each with its path in it.
pub(crate) fn rust(names: &Names, sdk: &Sdk, member: bool) -> Vec<(String, String)> {
    let about = names.area.about();
    let cargo = common!("rust/common/Cargo.toml")
        .replace("SDK_DEPENDENCY", &sdk.dependency("plugin-sdk/sdk"))
        .replace("TESTKIT_DEPENDENCY", &sdk.dependency("plugin-sdk/testkit"));
    let cargo = match cargo.split_once("\n# A plugin must be able") {
        Some((as_member, _)) if member => as_member.to_owned(),
        _ => cargo,
    };
    let suite = format!(
        "jackfield_testkit::conformance! {{ {}: {} }}",
        about.suite, about.subjects
    );
    let conformance = common!("rust/common/conformance.rs").replace("CONFORMANCE", &suite);
    let mut files = vec![
        ("Cargo.toml", names.fill(&cargo)),
        ("src/lib.rs", names.fill(about.rust)),
        ("tests/conformance.rs", names.fill(&conformance)),
        ("rustfmt.toml", common!("rust/common/rustfmt.toml").to_owned()),
        (".gitignore", common!("rust/common/gitignore").to_owned()),
        ("README.md", readme(names, common!("rust/common/README.md"))),
    ];
    files.extend(manifest(names, "target/release").map(|text| ("jackfield.toml", text)));
    owned(files)
}

/// The files of a project in C.
pub(crate) fn c(names: &Names, sdk: &Sdk) -> Result<Vec<(String, String)>> {
    let include = |text: &str| -> Result<String> {
        Ok(text
            .replace(
                "ABI_INCLUDE",
                &sdk.path("plugin-sdk/abi/include")?.display().to_string(),
            )
            .replace(
                "C_INCLUDE",
                &sdk.path("plugin-sdk/c/include")?.display().to_string(),
            ))
    };
    let mut files = vec![
        ("plugin_name.c", names.fill(names.area.about().c)),
        ("Makefile", include(&names.fill(common!("c/common/Makefile")))?),
        (
            "CMakeLists.txt",
            include(&names.fill(common!("c/common/CMakeLists.txt")))?,
        ),
        (".gitignore", common!("c/common/gitignore").to_owned()),
        ("README.md", readme(names, common!("c/common/README.md"))),
    ];
    files.extend(manifest(names, "build").map(|text| ("jackfield.toml", text)));
    Ok(owned(files)
        .into_iter()
        .map(|(path, text)| (names.fill(&path), text))
        .collect())
}

fn owned(files: Vec<(&str, String)>) -> Vec<(String, String)> {
    files
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text))
        .collect()
}

fn readme(names: &Names, text: &str) -> String {
    let run = if names.area.about().socket.is_some() {
        "jackfield serve --manifest jackfield.toml --open --robots 2   # a call with it in: http://127.0.0.1:8080"
    } else {
        "# No socket of a conference takes it; a host that opens audio devices and files does."
    };
    names.fill(&text.replace("RUN_COMMAND", run))
}

/// A manifest that puts the plugin into a call.
fn manifest(names: &Names, folder: &str) -> Option<String> {
    let (socket, fallback) = names.area.about().socket?;
    let fallback = fallback.map_or(String::new(), |fallback| format!("fallback = \"{fallback}\"\n"));
    let note = if socket == "transport" {
        "# Browsers speak ICE and DTLS only: with this transport the robots talk, and browsers cannot join.\n"
    } else {
        ""
    };
    Some(format!(
        "# A conference with the plugin in it: jackfield serve --manifest jackfield.toml --open --robots 2\nprofile = \"conference\"\n\n[plugins]\nfolders = [\"{folder}\"]\n\n{note}[sockets.{socket}]\nuse = \"{}\"\n{fallback}",
        names.id()
    ))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

fn is_word(word: &str) -> bool {
    word.len() <= 40
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.split('-').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}

/// Names that Cargo or Rust has for something else.
const RESERVED: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
    "alloc",
    "build",
    "deps",
    "examples",
    "incremental",
];
