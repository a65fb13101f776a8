//! `jackfield impair`: the network of a scenario between two programs that speak UDP, in the machine's time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use jackfield_sim::scenario::Scenario;
use jackfield_sim::{Direction, Ecn, Relay, VirtualTime};
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::address::address;

/// Longest datagram.
const DATAGRAM: usize = 65_535;
/// Datagrams that may wait to be looked at; more are lost, as they would be in the kernel.
const WAITING: usize = 1_024;
/// Callers beyond this get no way through.
const CALLERS: usize = 256;

/// Forward UDP through the network of a scenario: its rates, queues, delays and losses, in the machine's time.
///
/// The scenario begins with the first datagram. Needs no privileges.
#[derive(Debug, Args)]
pub(crate) struct ImpairCommand {
    /// The scenario, such as benches/ab/scenarios/rfc8867/5.1-single-flow.toml.
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// Which of its variants, by name; without it the scenario as it is written, before anything is varied.
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// Whose path is taken; without it that of the first flow.
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// Where callers send to. What comes from here goes the way of the flow's media.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: SocketAddr,
    /// Where it goes on to. What comes back goes the way of the flow's feedback.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: SocketAddr,
    /// For losses and jitter.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl ImpairCommand {
    /// Forwards until it is interrupted, and says what became of the datagrams.
    pub(crate) fn run(self) -> Result<()> {
        let scenario = self.scenario()?;
        let relay = Relay::new(&scenario, self.seed, self.flow.as_deref())
            .map_err(|error| miette!("{}: {error}", self.scenario.display()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .into_diagnostic()?;
        runtime.block_on(self.forward(relay))
    }

    fn scenario(&self) -> Result<Scenario> {
        let place = self.scenario.display();
        let text = std::fs::read_to_string(&self.scenario)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read the scenario {place}"))?;
        let folder = self.scenario.parent().unwrap_or(Path::new(""));
        let mut traces = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        let Some(variant) = &self.variant else {
            return Scenario::parse_with(&text, &mut traces).map_err(|error| miette!("{place}: {error}"));
        };
        let all =
            Scenario::parse_all_with(&text, &mut traces).map_err(|error| miette!("{place}: {error}"))?;
        let names: Vec<String> = all.iter().map(|scenario| scenario.name.clone()).collect();
        all.into_iter()
            .find(|scenario| scenario.name == *variant)
            .ok_or_else(|| miette!("{place} has no variant `{variant}`; it has: {}", names.join(", ")))
    }

    async fn forward(self, mut relay: Relay) -> Result<()> {
        let door = UdpSocket::bind(self.listen)
            .await
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot listen on {}", self.listen))?;
        println!(
            "listening on {}, forwarding to {}",
            door.local_addr().into_diagnostic()?,
            self.to
        );
        let mut callers = Callers::new(self.to);
        let mut buffer = vec![0; DATAGRAM];
        let mut began: Option<Instant> = None;
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        loop {
            let wake = wake_at(began, relay.deadline());
            tokio::select! {
                _ = &mut interrupt => break,
                came = door.recv_from(&mut buffer) => {
                    // An error here is of one datagram, such as a port that was closed.
                    let Ok((length, from)) = came else { continue };
                    let Some(caller) = callers.of(from).await? else { continue };
                    let now = since(*began.get_or_insert_with(Instant::now));
                    relay.datagram(now, Direction::There, caller, Ecn::NotEct, &buffer[..length]);
                }
                Some((caller, bytes)) = callers.back.recv() => {
                    let now = since(*began.get_or_insert_with(Instant::now));
                    relay.datagram(now, Direction::Back, caller, Ecn::NotEct, &bytes);
                }
                () = tokio::time::sleep_until(wake) => {}
            }
            let Some(began) = began else { continue };
            while let Some(datagram) = relay.poll(since(began)) {
                // A datagram that cannot be sent is lost, as any other may be.
                let caller = usize::from(datagram.caller);
                let _ = match datagram.direction {
                    Direction::There => callers.sockets[caller].send(&datagram.bytes).await,
                    Direction::Back => {
                        let to = callers.addresses[caller];
                        door.send_to(&datagram.bytes, to).await
                    }
                };
            }
        }
        for (way, direction) in [("there", Direction::There), ("back", Direction::Back)] {
            let stats = relay.stats(direction);
            println!(
                "{way}: {} datagrams carried, {} dropped by queues, {} lost on the way",
                stats.delivered, stats.dropped, stats.lost
            );
        }
        Ok(())
    }
}

fn since(began: Instant) -> VirtualTime {
    VirtualTime::from_ns(began.elapsed().as_nanos() as u64)
}

/// When to look again; an hour from now if nothing is on its way.
fn wake_at(began: Option<Instant>, deadline: Option<VirtualTime>) -> tokio::time::Instant {
    let later = tokio::time::Instant::now() + std::time::Duration::from_secs(3_600);
    let due = began
        .zip(deadline)
        .and_then(|(began, deadline)| began.checked_add(std::time::Duration::from_nanos(deadline.ns())));
    due.map_or(later, |due| tokio::time::Instant::from_std(due).min(later))
}

/// Who calls through the relay: each has a socket of its own towards the other end, so that answers find back.
struct Callers {
    to: SocketAddr,
    known: HashMap<SocketAddr, u16>,
    addresses: Vec<SocketAddr>,
    sockets: Vec<Arc<UdpSocket>>,
    back: mpsc::Receiver<(u16, Box<[u8]>)>,
    answers: mpsc::Sender<(u16, Box<[u8]>)>,
}

impl Callers {
    fn new(to: SocketAddr) -> Self {
        let (answers, back) = mpsc::channel(WAITING);
        Self {
            to,
            known: HashMap::new(),
            addresses: Vec::new(),
            sockets: Vec::new(),
            back,
            answers,
        }
    }

    /// The number of the caller at this address; none if there are too many.
    async fn of(&mut self, address: SocketAddr) -> Result<Option<u16>> {
        if let Some(known) = self.known.get(&address) {
            return Ok(Some(*known));
        }
        if self.sockets.len() >= CALLERS {
            return Ok(None);
        }
        let unspecified: SocketAddr = if self.to.is_ipv4() {
            ([0, 0, 0, 0], 0).into()
        } else {
            ([0_u16; 8], 0).into()
        };
        let socket = Arc::new(UdpSocket::bind(unspecified).await.into_diagnostic()?);
        socket.connect(self.to).await.into_diagnostic()?;
        let number = self.sockets.len() as u16;
        self.known.insert(address, number);
        self.addresses.push(address);
        self.sockets.push(Arc::clone(&socket));
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; DATAGRAM];
            loop {
                match socket.recv(&mut buffer).await {
                    // Full means that the relay is late: the datagram is lost.
                    Ok(length) => _ = answers.try_send((number, buffer[..length].into())),
                    // Nobody listens there, yet or any more.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
                }
            }
        });
        Ok(Some(number))
    }
}
