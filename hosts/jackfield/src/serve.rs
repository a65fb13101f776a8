//! `jackfield serve`: the reference call host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use jackfield_call_host::token::{TokenVerifier, new_secret, secret_of};
use jackfield_call_host::{Access, CallHost, HostOptions, Robots, Tls};
use jackfield_runtime::{Engine, EngineOptions};
use miette::{IntoDiagnostic, Result, WrapErr};

use crate::folders::Folders;

/// A secret from the environment, for hosts whose start is scripted.
const SECRET_VARIABLE: &str = "JACKFIELD_TOKEN_SECRET";

/// Serve calls: rooms that people enter with a browser.
#[derive(Debug, Args)]
pub(crate) struct ServeCommand {
    /// Where to listen for HTTP.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The manifest; without one the built-in default.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Let everybody in without a token.
    #[arg(long)]
    open: bool,
    /// So many robots talk in the room "lobby".
    #[arg(long, value_name = "N", default_value_t = 0)]
    robots: usize,
    /// Where to receive media over UDP. May be given several times; port 0 takes any. Without it, the address of --listen.
    #[arg(long, value_name = "ADDR")]
    media: Vec<SocketAddr>,
    /// Tell peers this address instead of the socket's own: for a host behind a one-to-one NAT.
    #[arg(long, value_name = "IP")]
    advertise: Vec<IpAddr>,
    /// A STUN server that tells our address from outside.
    #[arg(long, value_name = "ADDR")]
    stun: Option<SocketAddr>,
    #[command(flatten)]
    tls: TlsArgs,
    /// The file with the secret by which join tokens are checked (HS256).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["open", "token_public_key"])]
    token_secret_file: Option<PathBuf>,
    /// The file with the Ed25519 public key, in PEM, by which join tokens are checked.
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    token_public_key: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
    /// What to log: error, warn, info, debug, trace, or a filter such as `warn,jackfield_runtime=debug`.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: String,
}

#[derive(Debug, Args)]
struct TlsArgs {
    /// Speak HTTPS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak HTTPS with a certificate that the host signs itself: the default off the loopback address.
    #[arg(long, conflicts_with = "tls_cert")]
    self_signed: bool,
    /// Speak plain HTTP also off the loopback address: behind a proxy that speaks HTTPS.
    #[arg(long, conflicts_with_all = ["self_signed", "tls_cert"])]
    plain_http: bool,
}

impl ServeCommand {
    /// Serves until Ctrl-C or SIGTERM.
    pub(crate) fn run(self) -> Result<()> {
        let filter = tracing_subscriber::EnvFilter::try_new(&self.log)
            .into_diagnostic()
            .wrap_err("--log is not a level: use error, warn, info, debug or trace")?;
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<()> {
        let (access, secret) = self.access()?;
        let (manifest, loader) = self.folders.load(self.manifest.as_deref())?;
        let engine = Engine::start(EngineOptions {
            media: self.media(),
            advertised: self.advertise.clone(),
            stun_server: self.stun,
            ..EngineOptions::new(manifest, loader)
        })
        .into_diagnostic()?;
        let robots = if self.robots > 0 { Some(Robots::seat(&engine, self.robots).into_diagnostic()?) } else { None };
        let tls = self.tls.choose(self.listen);
        let scheme = if tls == Tls::Off { "http" } else { "https" };
        let options = HostOptions { tls, ..HostOptions::new(self.listen, access) };
        let host = CallHost::start(engine.clone(), options).into_diagnostic()?;
        println!("Jackfield serves {scheme}://{}", host.address());
        if let Some(fingerprint) = host.fingerprint() {
            println!("Its certificate is its own (SHA-256 {fingerprint}); the browser will ask.");
        }
        if let Some(secret) = secret {
            println!("Join tokens are checked with this secret, made for this run:\n{secret}");
            println!("Write it to a file and make tokens with: jackfield token --room ROOM --key-file FILE");
        }
        stopped().await?;
        println!("Closing.");
        host.stop().await.into_diagnostic()?;
        engine.close().await;
        drop(robots);
        Ok(())
    }

    /// Whom to let in, and the secret if one was made for this run.
    fn access(&self) -> Result<(Access, Option<String>)> {
        if self.open {
            return Ok((Access::Open, None));
        }
        let read = |path: &PathBuf| {
            std::fs::read(path).into_diagnostic().wrap_err_with(|| format!("cannot read {}", path.display()))
        };
        let (verifier, made) = if let Some(path) = &self.token_public_key {
            (TokenVerifier::with_public_key(&read(path)?), None)
        } else if let Some(path) = &self.token_secret_file {
            (TokenVerifier::with_secret(secret_of(&read(path)?)), None)
        } else if let Ok(secret) = std::env::var(SECRET_VARIABLE) {
            (TokenVerifier::with_secret(secret_of(secret.as_bytes())), None)
        } else {
            let secret = new_secret().into_diagnostic()?;
            (TokenVerifier::with_secret(secret.as_bytes()), Some(secret))
        };
        Ok((Access::Tokens(Box::new(verifier.into_diagnostic()?)), made))
    }

    fn media(&self) -> Vec<SocketAddr> {
        if !self.media.is_empty() {
            return self.media.clone();
        }
        vec![SocketAddr::new(self.listen.ip(), 0)]
    }
}

impl TlsArgs {
    fn choose(&self, listen: SocketAddr) -> Tls {
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            return Tls::Files { certificate: certificate.clone(), key: key.clone() };
        }
        if self.plain_http || (listen.ip().is_loopback() && !self.self_signed) {
            return Tls::Off;
        }
        let mut names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        if !listen.ip().is_unspecified() {
            names.push(listen.ip().to_string());
        }
        Tls::SelfSigned { names }
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stopped() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).into_diagnostic()?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.into_diagnostic(),
        _ = terminate.recv() => Ok(()),
    }
}
