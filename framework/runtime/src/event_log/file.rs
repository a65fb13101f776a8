//! The file of one connection's log.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jackfield_core::time::Timestamp;
use jackfield_event_log::Lines;

use super::source::Source;

/// What is kept free at the end, for the event that is being written and the line that says that it was the last.
const MARGIN: u64 = 64 << 10;
/// So much is gathered before it is written.
const GATHERED: usize = 64 << 10;

/// A log that is being written.
pub(super) struct LogFile {
    path: PathBuf,
    /// None once nothing more is written.
    file: Option<File>,
    room: u64,
    lines: Lines,
    sources: Vec<(u32, Source)>,
    last: Timestamp,
    /// Nobody will record into it any more.
    pub(super) ended: bool,
}

/// The name of a log: when it began, where and whose it is.
pub(super) fn name(began_unix_us: u64, room: &str, participant: &str, number: u64) -> String {
    let plain = |text: &str| -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        };
        text.chars().take(40).map(plain).collect()
    };
    format!(
        "{}-{}-{}-{number}.jsonl",
        began_unix_us / 1_000,
        plain(room),
        plain(participant)
    )
}

impl LogFile {
    /// Makes the file in this folder, with its first lines. If that fails it is told, and everything goes on without it.
    pub(super) fn create(folder: &Path, name: &str, bytes: u64, first: Lines) -> Self {
        let path = folder.join(name);
        let file = std::fs::create_dir_all(folder).and_then(|()| File::create_new(&path));
        Self::on(path, file, bytes, first)
    }

    pub(super) fn on(path: PathBuf, file: io::Result<File>, bytes: u64, first: Lines) -> Self {
        let mut log = Self {
            path,
            file: None,
            room: bytes.saturating_sub(MARGIN),
            lines: first,
            sources: Vec::new(),
            last: Timestamp::ZERO,
            ended: false,
        };
        match file {
            Ok(file) => {
                log.file = Some(file);
                tracing::info!(file = %log.path.display(), "an event log begins");
            }
            Err(error) => log.give_up(&error),
        }
        log
    }

    /// Lines that come from no ring are added to it.
    pub(super) fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// What this ring brings is written, too.
    pub(super) fn record(&mut self, instance: u32, source: Source) {
        if self.file.is_some() {
            self.sources.push((instance, source));
        }
    }

    /// Writes what there is. Nothing here fails: what cannot be written ends the log.
    pub(super) fn write(&mut self) {
        for at in 0..self.sources.len() {
            loop {
                let (instance, source) = &mut self.sources[at];
                let Some(time) = source.write_next(*instance, &mut self.lines) else {
                    break;
                };
                self.last = self.last.max(time);
                if self.lines.as_text().len() >= GATHERED {
                    self.put();
                    if self.file.is_none() {
                        return;
                    }
                }
            }
        }
        self.put();
        self.sources.retain(|(_, source)| !source.is_over());
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.sources.is_empty()
    }

    fn put(&mut self) {
        let Some(file) = &mut self.file else {
            self.lines.clear();
            return;
        };
        let wanted = self.lines.as_text().len() as u64;
        let full = wanted > self.room;
        if full {
            // Whole lines of what still fits.
            let text = std::mem::replace(&mut self.lines, Lines::more()).into_text();
            self.lines = Lines::whole(&text, self.room as usize);
            self.lines
                .stopped(self.last, "the file is as large as it may become");
        }
        let written = file.write_all(self.lines.as_text().as_bytes());
        self.lines.clear();
        self.room = self.room.saturating_sub(wanted);
        match written {
            Err(error) => self.give_up(&error),
            Ok(()) if full => {
                tracing::warn!(
                    file = %self.path.display(),
                    "the event log is as large as it may become and stops here; the call goes on. Raise `event_log.megabytes` for more"
                );
                self.stop();
            }
            Ok(()) => {}
        }
    }

    fn give_up(&mut self, error: &io::Error) {
        tracing::error!(
            file = %self.path.display(),
            %error,
            "the event log cannot be written; the call goes on without it. Make room there, or name a folder that can be written to with `event_log.folder` or --event-log"
        );
        self.stop();
    }

    /// Whoever records finds the ring abandoned, and full soon, and goes on.
    fn stop(&mut self) {
        self.file = None;
        self.sources.clear();
    }
}

#[cfg(test)]
mod tests {
    use jackfield_core::congestion_controller::{CongestionEvent, CongestionEventKind};
    use jackfield_event_log::ring::{RingSink, ring};
    use jackfield_event_log::{EventLog, EventSink, Happening};

    use super::*;

    fn told(sink: &mut RingSink, ms: i64) -> bool {
        let at = Timestamp::from_ms(ms);
        let event = CongestionEvent::new(CongestionEventKind::ProcessInterval, at);
        sink.note(
            at,
            &Happening::Told {
                event: &event,
                packets: &[],
                probes: &[],
                answer: None,
            },
        )
    }

    #[test]
    fn names_have_no_way_out_of_the_folder() {
        let name = name(1_800_000_000_123_456, "../../etc", "p1/ä", 7);
        assert_eq!(name, "1800000000123-------etc-p1---7.jsonl");
    }

    #[test]
    fn e29_1_a_full_disk_ends_the_log_and_nobody_waits() {
        let full = File::options().write(true).open("/dev/full");
        let mut log = LogFile::on("/dev/full".into(), full, 1 << 20, Lines::new().begin_log());
        let (mut sink, source) = ring(16);
        log.record(0, Source::Controller(source));
        assert!(told(&mut sink, 1));
        log.write();
        // The ring takes what it has room for; then it refuses, and that is all.
        assert_eq!((0..100).filter(|ms| told(&mut sink, *ms)).count(), 16);
        log.ended = true;
        log.write();
        assert!(log.is_over());
    }

    #[test]
    fn e29_1_a_folder_that_cannot_be_made_ends_the_log_before_it_begins() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = LogFile::create(
            &file.path().join("logs"),
            "a.jsonl",
            1 << 20,
            Lines::new().begin_log(),
        );
        let (_sink, source) = ring(16);
        log.record(0, Source::Controller(source));
        log.write();
        log.ended = true;
        assert!(log.is_over());
    }

    #[test]
    fn e29_1_a_log_stops_at_its_size_with_whole_lines_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = MARGIN + 20_000;
        let mut log = LogFile::create(folder.path(), "a.jsonl", bytes, Lines::new().begin_log());
        let (mut sink, source) = ring(64);
        log.record(0, Source::Controller(source));
        for ms in 0..10_000 {
            told(&mut sink, ms);
            if ms % 50 == 0 {
                log.write();
            }
        }
        let text = std::fs::read(folder.path().join("a.jsonl")).unwrap();
        assert!(
            text.len() as u64 <= bytes && text.len() > 15_000,
            "{}",
            text.len()
        );
        let read = EventLog::parse(&text).unwrap();
        assert!(!read.torn);
        assert!(read.stopped.unwrap().contains("as large as it may become"));
        assert!(read.controllers[0].told().count() > 100);
    }
}
