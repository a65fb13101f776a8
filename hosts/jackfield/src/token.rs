//! `jackfield token`: makes a join token.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jackfield_call_host::token::{Claims, TokenIssuer};
use miette::{IntoDiagnostic, Result, WrapErr};

/// Make a join token for a host that is not open.
#[derive(Debug, Args)]
pub(crate) struct TokenCommand {
    /// The room that it opens; `*` is every room.
    #[arg(long)]
    room: String,
    /// The name under which its bearer joins; without one they choose.
    #[arg(long)]
    name: Option<String>,
    /// The file with the key: the host's secret, or an Ed25519 private key in PEM.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// For how many minutes it is good.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// Its bearer may not swap plugins or set parameters.
    #[arg(long)]
    listen_only: bool,
}

impl TokenCommand {
    /// Prints the token.
    pub(crate) fn run(self) -> Result<()> {
        let text = std::fs::read(&self.key_file)
            .into_diagnostic()
            .wrap_err_with(|| {
                format!(
                    "cannot read {}; name the key with --key-file",
                    self.key_file.display()
                )
            })?;
        let issuer = TokenIssuer::from_file_text(&text).into_diagnostic()?;
        let mut claims = Claims::new(&self.room, Duration::from_secs(self.minutes.saturating_mul(60)));
        claims.name = self.name;
        claims.may_swap = !self.listen_only;
        println!("{}", issuer.issue(&claims).into_diagnostic()?);
        Ok(())
    }
}
