//! `jackfield plugin keygen`, `sign` and `verify`: who vouches for a plugin file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use jackfield_loader::{Digest, PublicKey, SecretKey, Signature};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

/// Make a key to sign plugins with.
#[derive(Debug, Args)]
pub(crate) struct KeygenCommand {
    /// The file to write the secret key to (PEM). Keep it where nobody else can read it.
    file: PathBuf,
}

/// Sign plugin files: writes a signature beside each.
#[derive(Debug, Args)]
pub(crate) struct SignCommand {
    /// The file with the secret key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The plugin files.
    #[arg(required = true)]
    plugins: Vec<PathBuf>,
}

/// Verify the signatures beside plugin files.
#[derive(Debug, Args)]
pub(crate) struct VerifyCommand {
    /// Whose signature it must be: `ed25519:…`. Without it, anybody's.
    #[arg(long, value_name = "KEY")]
    signer: Option<PublicKey>,
    /// The plugin files.
    #[arg(required = true)]
    plugins: Vec<PathBuf>,
}

impl KeygenCommand {
    /// Writes the secret key and prints the public one.
    pub(crate) fn run(self) -> Result<()> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| miette!("the operating system gives no randomness: {error}"))?;
        let key = SecretKey::from_seed(&seed);
        let pem = key.to_pem().into_diagnostic()?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file)
            .and_then(|mut file| file.write_all(pem.as_bytes()))
            .into_diagnostic()
            .wrap_err_with(|| {
                format!(
                    "cannot write {}; a key that is there is never replaced",
                    self.file.display()
                )
            })?;
        println!("{}", key.public());
        eprintln!(
            "The secret key is in {}. Who trusts you adds the line above to their manifest:\n\n[policy.signers]\nyou = \"{}\"",
            self.file.display(),
            key.public()
        );
        Ok(())
    }
}

impl SignCommand {
    /// Writes the signatures.
    pub(crate) fn run(self) -> Result<()> {
        let key = read_key(&self.key)?;
        for plugin in &self.plugins {
            // What no host could use is not worth signing.
            super::inspect::inspect(plugin)?;
            let signature = Signature::make(&key, Digest::of(&read(plugin)?));
            let path = Signature::path_of(plugin);
            fs::write(&path, signature.to_string())
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot write {}", path.display()))?;
            println!("{} signed by {}", plugin.display(), key.public());
        }
        Ok(())
    }
}

impl VerifyCommand {
    /// Says whose signatures they are.
    pub(crate) fn run(self) -> Result<()> {
        for plugin in &self.plugins {
            let signature = Signature::beside(plugin)
                .into_diagnostic()
                .wrap_err_with(|| plugin.display().to_string())?
                .ok_or_else(|| {
                    miette!(
                        "{} is not signed: there is no .sig file beside it",
                        plugin.display()
                    )
                })?;
            signature
                .verify(Digest::of(&read(plugin)?))
                .into_diagnostic()
                .wrap_err_with(|| plugin.display().to_string())?;
            if let Some(wanted) = self.signer
                && wanted != signature.signer
            {
                return Err(miette!(
                    "{} is signed by {}, not by {wanted}",
                    plugin.display(),
                    signature.signer
                ));
            }
            println!("{} signed by {}", plugin.display(), signature.signer);
        }
        Ok(())
    }
}

/// The secret key in a file.
pub(super) fn read_key(path: &Path) -> Result<SecretKey> {
    let text = fs::read_to_string(path).into_diagnostic().wrap_err_with(|| {
        format!(
            "cannot read {}; make a key with `jackfield plugin keygen`",
            path.display()
        )
    })?;
    SecretKey::from_pem(&text)
        .into_diagnostic()
        .wrap_err_with(|| path.display().to_string())
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {}", path.display()))
}
