//! `jackfield serve`: the reference call host.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jackfield_call_host::token::{Claims, EVERY_ROOM, TokenIssuer, TokenVerifier, new_secret, secret_of};
use jackfield_call_host::{Access, CallHost, HostOptions, Robots, Tls};
use jackfield_runtime::net::{Dscp, SocketOptions};
use jackfield_runtime::{Engine, EngineOptions, EventLogOptions, negotiate_plan};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::address::address;
use crate::folders::Folders;

/// How long the link is good that is printed when nobody gave a key.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// A secret from the environment, for hosts whose start is scripted.
const SECRET_VARIABLE: &str = "JACKFIELD_TOKEN_SECRET";

/// Serve calls: rooms that people enter with a browser.
#[derive(Debug, Args)]
pub(crate) struct ServeCommand {
    /// Where to listen for HTTP.
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:8080")]
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
    /// Where to receive media over UDP. May be given several times; port 0 takes any. Without it, the address of --listen, and on the
    /// loopback address every interface too, because browsers offer no loopback address of their own.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    media: Vec<SocketAddr>,
    /// Tell peers this address instead of the socket's own: for a host behind a one-to-one NAT.
    #[arg(long, value_name = "IP")]
    advertise: Vec<IpAddr>,
    /// A STUN server that tells our address from outside.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    stun: Option<SocketAddr>,
    /// Mark media for the routers on the way: `ef`, which networks that keep a queue for voice serve first, or a code point from 0 to 63.
    #[arg(long, value_name = "DSCP", default_value_t = Dscp::DEFAULT)]
    dscp: Dscp,
    #[command(flatten)]
    tls: TlsArgs,
    /// The file with the secret by which join tokens are checked (HS256).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["open", "token_public_key"])]
    token_secret_file: Option<PathBuf>,
    /// The file with the Ed25519 public key, in PEM, by which join tokens are checked.
    #[arg(long, value_name = "FILE", conflicts_with = "open")]
    token_public_key: Option<PathBuf>,
    /// A web page of another host that may talk to this one, or another name of this host: `https://call.example.org`. May be given
    /// several times.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Write down in this folder what the congestion controller and the jitter buffer of each connection are told and answer, one file per connection,
    /// for `jackfield event-log`, `jackfield replay-bwe` and `jackfield replay-jitter`.
    #[arg(long, value_name = "DIR")]
    event_log: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
    /// Look for plugins in this folder before all others, and swap what is built there anew into the running calls.
    #[arg(long, value_name = "DIR")]
    watch: Option<PathBuf>,
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
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .init();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .into_diagnostic()?;
        runtime.block_on(self.serve())
    }

    async fn serve(self) -> Result<()> {
        // Before anybody can know that the host runs, so that whoever ends it then ends it in order.
        let mut signals = Signals::catch()?;
        let (access, secret) = self.access()?;
        let watch = self.watched()?;
        let (manifest, loader) = self
            .folders
            .and_first(watch.as_deref())
            .load(self.manifest.as_deref())?;
        // Not an error: the plugin that is missing may be the one that is being built.
        if let Err(error) = negotiate_plan(&manifest, &loader) {
            eprintln!("Warning: as things stand no room can open: {error}");
        }
        let participants = manifest.room.max_participants as usize;
        let options = EngineOptions::new(manifest, loader);
        let event_log = self.event_log.as_deref().map(|folder| EventLogOptions {
            folder: folder.to_owned(),
            ..options
                .event_log
                .clone()
                .unwrap_or_else(|| EventLogOptions::into_folder(folder))
        });
        let engine = Engine::start(EngineOptions {
            media: self.media(),
            advertised: self.advertise.clone(),
            stun_server: self.stun,
            sockets: SocketOptions {
                dscp: self.dscp,
                ..SocketOptions::default()
            },
            event_log: event_log.or(options.event_log),
            ..options
        })
        .into_diagnostic()?;
        let robots = if self.robots > 0 {
            Some(Robots::seat(&engine, self.robots).into_diagnostic()?)
        } else {
            None
        };
        let tls = self.tls.choose(self.listen);
        let scheme = if tls == Tls::Off { "http" } else { "https" };
        let mut options = HostOptions {
            tls,
            allowed_origins: self.allow_origin.clone(),
            watch,
            ..HostOptions::new(self.listen, access)
        };
        options.limits.participants = participants;
        let host = CallHost::start(engine.clone(), options).into_diagnostic()?;
        greet(scheme, &host, secret.as_deref())?;
        signals.received().await;
        say(format_args!("Closing."));
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
            std::fs::read(path)
                .into_diagnostic()
                .wrap_err_with(|| format!("cannot read {}", path.display()))
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

    /// The folder to watch, which must be there: one that is mistyped would be watched in vain.
    fn watched(&self) -> Result<Option<PathBuf>> {
        let Some(folder) = &self.watch else {
            return Ok(None);
        };
        let found = std::fs::canonicalize(folder).ok().filter(|found| found.is_dir());
        found.map(Some).ok_or_else(|| {
            miette!(
                "--watch {}: there is no such folder; make it first, or name the one that the build writes to",
                folder.display()
            )
        })
    }

    fn media(&self) -> Vec<SocketAddr> {
        if !self.media.is_empty() {
            return self.media.clone();
        }
        let listening = SocketAddr::new(self.listen.ip(), 0);
        if self.listen.ip().is_loopback() {
            return vec![listening, SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))];
        }
        vec![listening]
    }
}

impl TlsArgs {
    fn choose(&self, listen: SocketAddr) -> Tls {
        if let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) {
            return Tls::Files {
                certificate: certificate.clone(),
                key: key.clone(),
            };
        }
        if self.plain_http || (listen.ip().is_loopback() && !self.self_signed) {
            return Tls::Off;
        }
        let mut names = vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
        names.extend(own_addresses(listen.ip()).iter().map(ToString::to_string));
        if let Ok(name) = hostname::get()
            && let Some(name) = name.to_str()
        {
            names.extend([name.to_owned(), format!("{name}.local")]);
        }
        names.sort();
        names.dedup();
        Tls::SelfSigned { names }
    }
}

/// Says where to go, with a token if one is asked for and only this run has the secret.
fn greet(scheme: &str, host: &CallHost, secret: Option<&str>) -> Result<()> {
    let port = host.address().port();
    let urls = own_addresses(host.address().ip())
        .into_iter()
        .map(|ip| format!("{scheme}://{}", SocketAddr::new(ip, port)));
    match secret {
        None => urls.for_each(|url| say(format_args!("Open {url}"))),
        Some(secret) => {
            let mut claims = Claims::new(EVERY_ROOM, LINK_LIFETIME);
            claims.may_swap = true;
            let token = TokenIssuer::from_file_text(secret.as_bytes())
                .and_then(|issuer| issuer.issue(&claims))
                .into_diagnostic()?;
            say(format_args!(
                "For a day, whoever has this link may enter every room and swap its plugins:"
            ));
            urls.for_each(|url| say(format_args!("Open {url}/?token={token}")));
            say(format_args!(
                "For links that allow less, start with --token-secret-file and use `jackfield token`."
            ));
        }
    }
    if let Some(fingerprint) = host.fingerprint() {
        say(format_args!(
            "The browser warns of the certificate, which is the host's own. Compare its SHA-256 fingerprint:\n{fingerprint}"
        ));
    }
    Ok(())
}

/// Prints a line. Whoever closes the other end of a pipe wants to read no more; that is no reason to end the calls.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Under which addresses a browser finds a host that listens on `ip`.
fn own_addresses(ip: IpAddr) -> Vec<IpAddr> {
    if !ip.is_unspecified() {
        return vec![ip];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces
        .iter()
        .map(if_addrs::Interface::ip)
        .filter(|own| own.is_ipv4() || ip.is_ipv6())
        .collect();
    // Link-local IPv6 addresses need a zone, which no URL in a browser can hold.
    addresses.retain(|own| !matches!(own, IpAddr::V6(own) if own.is_unicast_link_local()));
    addresses.sort_by_key(|own| !own.is_loopback());
    addresses
}

/// Ctrl-C and SIGTERM, caught from the moment that this is made.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn catch() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).into_diagnostic()?,
            terminate: signal(SignalKind::terminate()).into_diagnostic()?,
        })
    }

    /// Waits for either.
    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
