//! The thread that writes event logs.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::file::LogFile;
use super::{EventLogOptions, Order};

/// How often the rings are emptied.
const EVERY: Duration = Duration::from_millis(100);

/// Writes until it is told to stop, or nobody is left to tell it anything.
pub(super) fn run(options: &EventLogOptions, orders: &Receiver<Order>) {
    let mut logs: BTreeMap<u64, LogFile> = BTreeMap::new();
    let mut next = Instant::now() + EVERY;
    loop {
        let going_on = match orders.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => false,
            Ok(order) => {
                take(&mut logs, options, order);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
        };
        if going_on && Instant::now() < next {
            continue;
        }
        next = Instant::now() + EVERY;
        for log in logs.values_mut() {
            log.write();
        }
        logs.retain(|_, log| !log.is_over());
        if !going_on {
            return;
        }
    }
}

fn take(logs: &mut BTreeMap<u64, LogFile>, options: &EventLogOptions, order: Order) {
    match order {
        Order::Begin { log, name, first } => {
            let file = LogFile::create(&options.folder, &name, options.file_bytes, first);
            logs.insert(log, file);
        }
        Order::Record {
            log,
            instance,
            at,
            identity,
            source,
        } => {
            if let Some(file) = logs.get_mut(&log) {
                source.identify(instance, at, &identity, file.lines());
                file.record(instance, source);
            }
        }
        Order::Swapped {
            log,
            of,
            instance,
            at,
            swap,
            why,
        } => {
            if let Some(file) = logs.get_mut(&log) {
                // Behind what led to it.
                file.write();
                of.swapped(instance, at, swap, why, file.lines());
            }
        }
        Order::End { log } => {
            if let Some(file) = logs.get_mut(&log) {
                file.ended = true;
            }
        }
        Order::Stop => {}
    }
}
