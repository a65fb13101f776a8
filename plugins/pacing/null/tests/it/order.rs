//! Everything leaves at the next poll, in the order in which it came, whatever its priority and whatever the rate.

use jackfield_pacing_null::{CAPACITY, Null};
use jackfield_sdk::prelude::*;

struct Gone(Vec<u64>);

impl DepartureSink for Gone {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

fn packet(handle: u64) -> PacedPacket {
    let priority = [
        PacketPriority::Padding,
        PacketPriority::Audio,
        PacketPriority::Video,
    ][handle as usize % 3];
    PacedPacket {
        handle,
        size: DataSize::bytes(1_200),
        priority,
        ssrc: 1,
    }
}

#[test]
fn everything_leaves_at_once_and_in_order() {
    let mut pacer = Null::create(&Environment::seeded(1)).unwrap();
    pacer
        .set_rates(Timestamp::ZERO, DataRate::bps(1), DataRate::ZERO)
        .unwrap();
    for handle in 0..1_000 {
        pacer
            .enqueue(Timestamp::from_us(handle as i64), &packet(handle))
            .unwrap();
    }
    assert_eq!(
        pacer.deadline().unwrap(),
        Timestamp::ZERO,
        "the first of them can leave"
    );
    let mut gone = Gone(Vec::new());
    pacer.poll(Timestamp::from_ms(1), &mut gone).unwrap();
    assert_eq!(gone.0, (0..1_000).collect::<Vec<u64>>());
}

#[test]
fn a_queue_that_nobody_polls_is_full_at_some_point() {
    let mut pacer = Null::create(&Environment::seeded(1)).unwrap();
    for handle in 0..CAPACITY as u64 {
        pacer.enqueue(Timestamp::ZERO, &packet(handle)).unwrap();
    }
    assert_eq!(
        pacer.enqueue(Timestamp::ZERO, &packet(0)).unwrap_err().code(),
        FaultCode::State
    );
    let mut gone = Gone(Vec::new());
    pacer.hand_over(&mut gone).unwrap();
    assert_eq!(gone.0.len(), CAPACITY, "and nothing of it is lost");
}
