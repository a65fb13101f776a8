//! What is worth knowing of a jitter buffer.

use jackfield_event_log::EventLog;
use jackfield_event_log::jitter::timeline::Summary;
use jackfield_event_log::jitter::{BufferLog, Happened, Listening};

use super::identity_facts;

/// How long packets waited from when they came to when they were played.
pub(super) fn delay(heard: &Summary) -> String {
    if heard.delay_ms.is_nan() {
        return "nothing was played".to_owned();
    }
    format!(
        "{:.1} ms on average, 95 % within {:.1} ms",
        heard.delay_ms, heard.delay_95_ms
    )
}

/// By name. The first one of a stream has what was heard of the stream, whoever played it.
pub(super) fn facts(log: &EventLog, buffer: &BufferLog, first: bool) -> Vec<(String, String)> {
    let mut facts = identity_facts(buffer.identity.as_ref());
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    let count = |wanted: fn(&Happened) -> bool| buffer.steps.iter().filter(|step| wanted(&step.what)).count();
    let packets = count(|what| matches!(what, Happened::Inserted { .. }));
    let asked = count(|what| matches!(what, Happened::Asked { .. }));
    fact("told", format!("{packets} packets, asked {asked} times"));
    if buffer.missing > 0 {
        fact("missing", format!("{} steps", buffer.missing));
    }
    if !first {
        return facts;
    }
    match Listening::of_record(log, buffer.stream) {
        Ok(listening) => {
            let heard = Summary::of(&listening);
            fact("delay", delay(&heard));
            fact(
                "heard",
                format!(
                    "{:.1} s, of which {:.2} % made up, {:.2} % recovered, {:.2} % paused",
                    heard.seconds,
                    100.0 * heard.concealed,
                    100.0 * heard.recovered,
                    100.0 * heard.paused
                ),
            );
            fact(
                "stretched",
                format!(
                    "{:.2} % taken out, {:.2} % put in",
                    100.0 * heard.accelerated,
                    100.0 * heard.expanded
                ),
            );
            fact(
                "not played",
                format!(
                    "{} packets late, {} twice, {} let go",
                    heard.late, heard.duplicate, heard.let_go
                ),
            );
        }
        Err(error) => fact("heard", error.to_string()),
    }
    facts
}
