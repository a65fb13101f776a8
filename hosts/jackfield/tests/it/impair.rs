//! `jackfield impair` treats real datagrams as the simulation treats the same ones: how many come through, how fast, and how late.
//!
//! The tolerance: the share that comes through within 5 points, the rate within 5 %, and the median delay within 15 ms. A machine that is busy with
//! something else delays what it likes, so the real run has up to three tries.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jackfield_sim::scenario::Scenario;
use jackfield_sim::{Direction, Ecn, Relay, VirtualTime};

/// 800 kbit/s with a queue of 200 ms and 40 ms of delay.
const SCENARIO: &str = r#"
    name = "narrow"
    duration = "10 s"
    [links.there]
    rate = "800 kbit/s"
    delay = "40 ms"
    queue = "200 ms"
    [links.back]
    delay = "10 ms"
    [[flows]]
    name = "call"
    path = ["there"]
    return_path = ["back"]
    streams = [{ kind = "audio", rate = "20 kbit/s" }]
"#;
/// One every 5 ms with 600 bytes: 960 kbit/s, more than the link bears.
const PAYLOAD: usize = 572;
const EVERY: Duration = Duration::from_millis(5);
const DATAGRAMS: u32 = 800;

/// What came of the datagrams.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    share: f64,
    /// Of the second half, when the queue is full.
    kbps: f64,
    median_delay_ms: f64,
}

impl Outcome {
    /// From each datagram's number, and when it came, in seconds; datagram n left at n times 5 ms.
    fn of(arrivals: &[(u32, f64)]) -> Self {
        let half = &arrivals[arrivals.len() / 2..];
        let (first, last) = (half[0].1, half[half.len() - 1].1);
        let mut delays: Vec<f64> = half
            .iter()
            .map(|(number, at)| (at - f64::from(*number) * EVERY.as_secs_f64()) * 1e3)
            .collect();
        delays.sort_by(f64::total_cmp);
        Self {
            share: arrivals.len() as f64 / f64::from(DATAGRAMS),
            kbps: (half.len() - 1) as f64 * 600.0 * 8.0 / (last - first) / 1e3,
            median_delay_ms: delays[delays.len() / 2],
        }
    }

    fn agrees(&self, other: &Self) -> bool {
        (self.share - other.share).abs() <= 0.05
            && (self.kbps / other.kbps - 1.0).abs() <= 0.05
            && (self.median_delay_ms - other.median_delay_ms).abs() <= 15.0
    }
}

#[test]
fn e29_2_a_real_relay_and_the_simulation_agree() {
    let simulated = simulated();
    assert!(
        simulated.share > 0.8 && simulated.share < 0.95,
        "some are dropped: {simulated:?}"
    );
    let mut seen = Vec::new();
    for _ in 0..3 {
        let real = real();
        if real.agrees(&simulated) {
            return;
        }
        seen.push(real);
    }
    panic!("simulated {simulated:?}, real {seen:?}");
}

fn simulated() -> Outcome {
    let scenario = Scenario::parse(SCENARIO).unwrap();
    let mut relay = Relay::new(&scenario, 1, None).unwrap();
    let mut arrivals = Vec::new();
    let mut take = |relay: &mut Relay, until: VirtualTime| {
        while let Some(now) = relay.deadline().filter(|now| *now <= until) {
            while let Some(datagram) = relay.poll(now) {
                let number = datagram.bytes[..4].try_into().map(u32::from_be_bytes).unwrap();
                arrivals.push((number, now.ns() as f64 / 1e9));
            }
        }
    };
    for number in 0..DATAGRAMS {
        let now = VirtualTime::from_ns(u64::from(number) * EVERY.as_nanos() as u64);
        take(&mut relay, now);
        relay.datagram(now, Direction::There, 0, Ecn::NotEct, &payload(number));
    }
    take(&mut relay, VirtualTime::from_ns(60_000_000_000));
    Outcome::of(&arrivals)
}

fn payload(number: u32) -> [u8; PAYLOAD] {
    let mut datagram = [0; PAYLOAD];
    datagram[..4].copy_from_slice(&number.to_be_bytes());
    datagram
}

/// The program; it ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn real() -> Outcome {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SCENARIO).unwrap();
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    far.set_read_timeout(Some(Duration::from_millis(800))).unwrap();
    let to = far.local_addr().unwrap().to_string();
    let mut relay = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_jackfield")))
        .args(["impair", "--listen", "127.0.0.1:0", "--to", &to, "--scenario"])
        .arg(file.path())
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .unwrap();
    let mut said = String::new();
    BufReader::new(relay.0.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    let door: SocketAddr = said
        .trim_start_matches("listening on ")
        .split(',')
        .next()
        .and_then(|address| address.parse().ok())
        .unwrap_or_else(|| panic!("{said}"));
    let near = UdpSocket::bind("127.0.0.1:0").unwrap();
    let began = Instant::now();
    let sending = std::thread::spawn(move || {
        for number in 0..DATAGRAMS {
            let due = began + EVERY * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            near.send_to(&payload(number), door).unwrap();
        }
    });
    let mut arrivals = Vec::new();
    let mut buffer = [0; 2_000];
    while let Ok((length, _)) = far.recv_from(&mut buffer) {
        assert_eq!(length, PAYLOAD);
        let number = u32::from_be_bytes(buffer[..4].try_into().unwrap());
        arrivals.push((number, began.elapsed().as_secs_f64()));
    }
    sending.join().unwrap();
    Outcome::of(&arrivals)
}

#[test]
fn a_scenario_that_cannot_be_relayed_is_refused_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let run = |text: &str, more: &[&str]| {
        let file = place.path().join("scenario.toml");
        std::fs::write(&file, text).unwrap();
        let ran = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_jackfield")))
            .args([
                "impair",
                "--listen",
                "127.0.0.1:0",
                "--to",
                "127.0.0.1:9",
                "--scenario",
            ])
            .arg(&file)
            .args(more)
            .output()
            .unwrap();
        assert!(!ran.status.success());
        String::from_utf8_lossy(&ran.stderr)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let said = run(&SCENARIO.replace("queue = \"200 ms\"", "queue = \"0 ms\""), &[]);
    assert!(said.contains("queue"), "{said}");
    let said = run(&SCENARIO.replace("40 ms", "-40 ms"), &[]);
    assert!(said.contains("delay"), "{said}");
    let said = run(SCENARIO, &["--variant", "wide"]);
    assert!(said.contains("wide") && said.contains("narrow"), "{said}");
    let said = run(SCENARIO, &["--flow", "video"]);
    assert!(said.contains("video") && said.contains("call"), "{said}");
}
