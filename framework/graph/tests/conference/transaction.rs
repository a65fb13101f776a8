//! The machine of a swap by itself: whatever happens in whatever order, every step follows from the one before, every swap ends once, and the
//! predecessor is there until the newcomer stays.

use jackfield_core::audio_processor::PROCESSOR_SWAP;
use jackfield_core::congestion_controller::CONGESTION_CONTROLLER_SWAP;
use jackfield_core::jitter_buffer::JITTER_BUFFER_SWAP;
use jackfield_core::mixer::MIXER_SWAP;
use jackfield_core::swap::SwapRules;
use jackfield_core::units::TimeDelta;
use jackfield_graph::transaction::{Event, Step, Transaction};
use proptest::prelude::*;

const TICK: TimeDelta = TimeDelta::ms(10);
const RULES: [SwapRules; 4] = [
    PROCESSOR_SWAP,
    MIXER_SWAP,
    JITTER_BUFFER_SWAP,
    CONGESTION_CONTROLLER_SWAP,
];

/// What may follow what.
fn may_follow(before: Step, after: Step) -> bool {
    use Step::{
        Align, Committed, Gone, Instantiate, Join, Probation, Ready, Refused, RolledBack, Shadow, Verify,
    };
    let next: &[Step] = match before {
        Verify => &[Instantiate, Refused],
        Instantiate => &[Shadow, Refused],
        Shadow => &[Ready, Align, RolledBack, Committed, Gone],
        Ready => &[Align, RolledBack, Committed, Gone],
        Align => &[Join, RolledBack, Committed, Gone],
        Join => &[Probation, RolledBack, Committed, Gone],
        Probation => &[RolledBack, Committed, Gone],
        Committed | RolledBack | Refused | Gone => &[],
    };
    before == after || next.contains(&after)
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_i64..400).prop_map(|ms| Event::Passed(TimeDelta::ms(ms))),
        2 => Just(Event::Verified),
        2 => Just(Event::Instantiated),
        2 => Just(Event::Aligned),
        2 => Just(Event::Joined),
        1 => Just(Event::Promote),
        1 => Just(Event::Failed),
        1 => Just(Event::PredecessorFailed),
        1 => Just(Event::Abort),
        1 => Just(Event::Displaced),
        1 => Just(Event::Left),
    ]
}

proptest! {
    #[test]
    fn t_7_no_sequence_of_events_makes_an_illegal_step(
        rules in 0..RULES.len(),
        hold: bool,
        events in proptest::collection::vec(any_event(), 0..200),
    ) {
        let mut transaction = Transaction::new(RULES[rules], hold);
        let mut ends = 0;
        // The two instances of a place: what an executor does with them on each step.
        let (mut heard, mut predecessor_there) = ("predecessor", true);
        for event in events {
            let before = transaction.step();
            let after = transaction.on(event);
            prop_assert!(may_follow(before, after), "{before:?} on {event:?} to {after:?}");
            if before != after {
                ends += u32::from(after.is_end());
                match after {
                    Step::Probation => heard = "newcomer",
                    Step::Committed => {
                        heard = "newcomer";
                        predecessor_there = false;
                    }
                    Step::RolledBack | Step::Refused => {
                        prop_assert!(predecessor_there, "nobody is there to roll back to");
                        heard = "predecessor";
                    }
                    _ => {}
                }
            }
            prop_assert!(predecessor_there || after == Step::Committed);
            prop_assert_eq!(after.is_unheard(), heard == "predecessor"
                && !after.is_end() && after > Step::Instantiate);
        }
        prop_assert!(ends <= 1, "it ended {ends} times");
        prop_assert_eq!(ends == 1, transaction.step().is_end());
    }

    #[test]
    fn left_to_itself_every_swap_ends_and_one_on_hold_waits(rules in 0..RULES.len(), hold: bool) {
        let rules = RULES[rules];
        let mut transaction = Transaction::new(rules, hold);
        let all = rules.shadow + rules.probation + TICK * 10;
        let ticks = all / TICK;
        transaction.on(Event::Verified);
        transaction.on(Event::Instantiated);
        for _ in 0..ticks as i64 {
            transaction.on(Event::Passed(TICK));
            transaction.on(Event::Aligned);
            transaction.on(Event::Joined);
        }
        prop_assert_eq!(transaction.step(), if hold { Step::Ready } else { Step::Committed });
        if !hold {
            prop_assert!(transaction.times().shadow >= rules.shadow);
            prop_assert!(transaction.times().probation >= rules.probation);
        }
    }
}
