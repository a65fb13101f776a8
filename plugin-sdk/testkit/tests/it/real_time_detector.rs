//! T.3: the detector catches each sin of an audio thread, and only those.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use jackfield_testkit::real_time::{section, sees_system_calls};

#[test]
fn arithmetic_is_clean() {
    let mut block = [0.5_f32; 480];
    let (sum, seen) = section(|| {
        block.iter_mut().for_each(|sample| *sample *= 0.5);
        block.iter().sum::<f32>()
    });
    assert!((sum - 120.0).abs() < 1e-3);
    seen.assert_clean("arithmetic");
}

#[test]
fn a_push_that_grows_a_vector_is_an_allocation() {
    let mut vector: Vec<u64> = Vec::new();
    let (_, seen) = section(|| vector.push(7));
    assert_eq!((seen.allocations, seen.frees), (1, 0));
    let mut roomy: Vec<u64> = Vec::with_capacity(8);
    let (_, seen) = section(|| roomy.push(7));
    seen.assert_clean("a push into room that is there");
}

#[test]
fn a_box_that_is_dropped_is_a_free() {
    let boxed = std::hint::black_box(Box::new([0_u8; 64]));
    let (_, seen) = section(|| drop(boxed));
    assert_eq!((seen.allocations, seen.frees), (0, 1));
}

#[test]
fn a_text_that_is_formatted_is_seen() {
    let number = std::hint::black_box(42);
    let (text, seen) = section(|| format!("block {number}"));
    assert_eq!(text, "block 42");
    assert!(seen.allocations >= 1);
}

#[test]
fn a_contended_mutex_is_seen_as_the_system_call_that_waits() {
    if !sees_system_calls() {
        return;
    }
    let mutex = Arc::new(Mutex::new(0));
    let (_, seen) = contended(&mutex, |mutex| section(|| *mutex.lock().unwrap() += 1));
    assert_eq!(seen.system_call, Some(libc::SYS_futex));
    assert_eq!(*mutex.lock().unwrap(), 1, "the call was done all the same");
}

#[test]
fn a_contended_read_write_lock_is_seen() {
    if !sees_system_calls() {
        return;
    }
    let lock = Arc::new(RwLock::new(0));
    let held = Arc::new(AtomicBool::new(false));
    let (theirs, flag) = (Arc::clone(&lock), Arc::clone(&held));
    let holder = start(move || {
        let _guard = theirs.write().unwrap();
        flag.store(true, Ordering::Release);
        wait_a_little();
    });
    while !held.load(Ordering::Acquire) {
        std::hint::spin_loop();
    }
    let (_, seen) = section(|| drop(lock.read()));
    holder.join().unwrap();
    assert_eq!(seen.system_call, Some(libc::SYS_futex));
}

#[test]
fn a_system_call_is_seen_and_is_done() {
    if !sees_system_calls() {
        return;
    }
    let (result, seen) = section(|| std::fs::metadata("/"));
    assert!(result.unwrap().is_dir());
    assert!(seen.system_call.is_some());
    let (id, seen) = section(std::process::id);
    assert_eq!(id, std::process::id());
    assert_eq!(seen.system_call, Some(libc::SYS_getpid));
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn this_machine_sees_system_calls() {
    // Should this fail, the kernel is older than 5.11 or a sandbox forbids it: everything else still works, and these tests see less.
    assert!(sees_system_calls());
}

#[test]
fn sections_follow_one_another_and_each_counts_its_own() {
    for n in 0..3 {
        let (vectors, seen) = section(|| {
            (0..n)
                .map(|_| Vec::<u8>::with_capacity(1))
                .map(std::hint::black_box)
                .map(drop)
                .count()
        });
        assert_eq!(vectors, n);
        assert_eq!((seen.allocations, seen.frees), (n as u32, n as u32));
    }
    let outside = vec![1, 2, 3];
    drop(outside);
    section(|| ()).1.assert_clean("nothing");
}

#[test]
fn other_threads_do_not_count() {
    let go = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let (theirs, finished) = (Arc::clone(&go), Arc::clone(&done));
    let other = start(move || {
        while !theirs.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
        drop(std::hint::black_box(vec![0_u8; 1_000]));
        finished.store(true, Ordering::Release);
    });
    let (_, seen) = section(|| {
        go.store(true, Ordering::Release);
        while !done.load(Ordering::Acquire) {
            std::hint::spin_loop();
        }
    });
    other.join().unwrap();
    seen.assert_clean("waiting in a loop while another thread allocates");
}

#[test]
fn a_panic_ends_the_section() {
    let caught = std::panic::catch_unwind(|| section(|| panic!("on purpose")));
    assert!(caught.is_err());
    let before = [0_u8; 10];
    let (_, seen) = section(|| std::hint::black_box(before.len()));
    seen.assert_clean("a section after one that panicked");
}

/// Calls `body` while another thread holds the mutex and lets go of it a little later.
fn contended<R>(mutex: &Arc<Mutex<i32>>, body: impl FnOnce(&Mutex<i32>) -> R) -> R {
    let held = Arc::new(AtomicBool::new(false));
    let (theirs, flag) = (Arc::clone(mutex), Arc::clone(&held));
    let holder = start(move || {
        let _guard = theirs.lock().unwrap();
        flag.store(true, Ordering::Release);
        wait_a_little();
    });
    while !held.load(Ordering::Acquire) {
        std::hint::spin_loop();
    }
    let result = body(mutex);
    holder.join().unwrap();
    result
}

#[allow(
    clippy::disallowed_methods,
    reason = "a lock that is contended takes a second thread"
)]
fn start(body: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    std::thread::spawn(body)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the holder has to hold the lock until the other thread waits for it"
)]
fn wait_a_little() {
    std::thread::sleep(std::time::Duration::from_millis(50));
}
