//! C5.1: after closing no socket, thread or timer remains.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::Host;

/// Set in the process that runs one test alone, so that it can count what the process holds.
const ALONE: &str = "JACKFIELD_TEST_ALONE";

#[tokio::test(flavor = "multi_thread")]
async fn c5_1_everybody_is_told_and_the_port_is_free_again() {
    let host = Host::open();
    let (mut ann, _) = host.join("studio", "Ann").await;
    let mut stranger = host.connect().await;
    let address = host.host.address();
    host.stop().await;
    for client in [&mut ann, &mut stranger] {
        let said = client.until_closed().await;
        let error = said
            .iter()
            .find(|message| message["type"] == "error")
            .expect("a word of farewell");
        assert_eq!(
            (&error["code"], &error["fatal"]),
            (&json!("host-closing"), &json!(false)),
            "{error}"
        );
    }
    std::net::TcpListener::bind(address).expect("the port is free");
}

#[test]
fn c5_1_after_closing_no_socket_thread_or_timer_remains() {
    if std::env::var_os(ALONE).is_none() {
        let own = std::env::current_exe().expect("this test");
        let done = Command::new(own)
            .args([
                "--exact",
                "closing::c5_1_after_closing_no_socket_thread_or_timer_remains",
                "--nocapture",
            ])
            .env(ALONE, "1")
            .output()
            .expect("a process of its own");
        let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    // Once beforehand, so that what is made once for the process is there already.
    run_a_call();
    let before = held();
    run_a_call();
    let after = held();
    assert_eq!(after, before);
}

fn run_a_call() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let host = Host::open();
        let (ann, _) = host.join("studio", "Ann").await;
        let (mut bob, _) = host.join("kitchen", "Bob").await;
        // One place is kept for someone who has gone, one connection is open, one has never joined.
        drop(ann);
        let stranger = host.connect().await;
        bob.is_served().await;
        let metrics = tokio::runtime::Handle::current().metrics();
        tokio::time::timeout(Duration::from_secs(15), host.stop())
            .await
            .expect("it closes at once, whatever is kept");
        drop((bob, stranger));
        tokio::time::timeout(Duration::from_secs(5), async {
            while metrics.num_alive_tasks() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("no task and no timer goes on");
    });
}

/// Threads and open files of this process.
fn held() -> (usize, Vec<String>) {
    let threads = fs::read_dir("/proc/self/task").expect("Linux").count();
    let mut files: Vec<String> = fs::read_dir("/proc/self/fd")
        .expect("Linux")
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        // Numbers differ from run to run.
        .map(|target| target.split('[').next().unwrap_or_default().to_owned())
        .collect();
    files.sort();
    (threads, files)
}
