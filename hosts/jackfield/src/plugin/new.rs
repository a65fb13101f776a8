//! `jackfield plugin new`: a plugin of an area that builds, passes the area's suite and runs, to put one's own algorithm into.

mod area;
mod sdk;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use self::area::NewArea;
use self::sdk::Sdk;
use self::template::Names;

/// Make a plugin: a whole project that builds, passes the suite of its area and runs in a call.
#[derive(Debug, Args)]
pub(crate) struct NewCommand {
    /// What kind of module it is.
    area: NewArea,
    /// Its name, lower-case words with hyphens: `soft-gate`. Its folder is called so too.
    name: String,
    /// The language that it is written in.
    #[arg(long, default_value = "rust")]
    lang: Language,
    /// Who makes it: the first part of its id.
    #[arg(long, default_value = "example")]
    vendor: String,
    /// The folder to make the project's folder in; without it the current one.
    #[arg(long = "in", value_name = "DIR")]
    parent: Option<PathBuf>,
    /// A checkout of Jackfield to build against; without it the one that this command was built in.
    #[arg(long, value_name = "DIR", conflicts_with = "sdk_git")]
    sdk: Option<PathBuf>,
    /// A Git repository to build against, instead of a checkout. Rust only.
    #[arg(long, value_name = "URL")]
    sdk_git: Option<String>,
    /// It becomes a member of the Cargo workspace that it lies in, instead of standing on its own.
    #[arg(long)]
    member: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// A crate.
    Rust,
    /// A project for Make and for CMake.
    C,
}

impl NewCommand {
    /// Writes the project and says what to do next.
    pub(crate) fn run(self) -> Result<()> {
        let names = Names::new(self.area, &self.vendor, &self.name)?;
        let sdk = match self.sdk_git {
            Some(url) if self.lang == Language::Rust => Sdk::Git(url),
            Some(_) => {
                return Err(miette!(
                    "--sdk-git is for Rust; for C name a checkout with --sdk, or copy plugin-sdk/abi/include and plugin-sdk/c/include beside the project"
                ));
            }
            None => Sdk::checkout(self.sdk.as_deref())?,
        };
        let files = match self.lang {
            Language::Rust => template::rust(&names, &sdk, self.member),
            Language::C => template::c(&names, &sdk)?,
        };
        let folder = self.parent.unwrap_or_default().join(&self.name);
        write(&folder, &files)?;
        println!("Made {} in {}.", names.id(), folder.display());
        println!("Next: cd {} && {}", folder.display(), self.lang.next());
        Ok(())
    }
}

impl Language {
    const fn next(self) -> &'static str {
        match self {
            Self::Rust => "cargo test",
            Self::C => "make",
        }
    }
}

/// Writes all files into a folder that is not there yet, or is empty.
fn write(folder: &Path, files: &[(String, String)]) -> Result<()> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(miette!(
            "{} is there already: choose another name, or another place with --in",
            folder.display()
        ));
    }
    for (path, text) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
