//! The suite of pacers.

use jackfield_sdk::prelude::*;

use crate::Subject;
use crate::module::range;
use crate::real_time;
use crate::signal::Random;

crate::conformance::cases! { $ __pacer_cases pacer(Pacers):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    pacer::nothing_waits_in_a_new_pacer,
    pacer::every_packet_leaves_once,
    pacer::packets_of_one_stream_keep_their_order,
    pacer::the_deadline_is_when_polling_helps,
    pacer::the_queue_is_what_waits,
    pacer::t_2_a_handover_gives_everything_in_order,
    pacer::any_rate_is_taken,
    pacer::a_sink_that_refuses_loses_nothing,
    pacer::equal_input_gives_equal_departures,
    pacer::every_parameter_can_be_turned_while_it_runs,
    pacer::t_1_a_paused_pacer_gives_nothing_until_it_goes_on,
    pacer::t_1_the_status_is_that_of_the_queue,
    pacer::t_1_congestion_holds_no_audio_back,
    pacer::t_1_a_probe_is_sent_or_turned_down,
    pacer::t_3_network_calls_are_real_time_safe,
}

type Pacers = Subject<dyn Pacer>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + Pacer>() -> Pacers {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + Pacer>() -> Pacers {
    Subject::new::<T>(|plugin| Box::new(PacerProxy::local(plugin)))
}

/// A new pacer is empty, has no deadline and gives nothing.
pub fn nothing_waits_in_a_new_pacer(subject: &Pacers) {
    let mut pacer = subject.make(1);
    assert_eq!(pacer.queue(), Ok(PacerQueue::default()));
    assert_eq!(pacer.deadline(), Ok(Timestamp::NEVER));
    let mut gone = Gone::default();
    pacer
        .poll(Timestamp::from_ms(5), &mut gone)
        .expect("an empty poll");
    pacer.hand_over(&mut gone).expect("an empty handover");
    assert!(gone.0.is_empty());
}

/// What is enqueued leaves, once, within the time that the rate needs and two seconds.
pub fn every_packet_leaves_once(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let mut random = Random::new(1);
    for handle in 0..500 {
        let size = 40 + random.below(1_160) as i64;
        bench.enqueue(handle, size, PRIORITIES[random.below(5) as usize]);
        if handle % 10 == 9 {
            bench.run_for(TimeDelta::ms(20));
        }
    }
    bench.run_for(TimeDelta::seconds(2));
    let mut handles: Vec<u64> = bench.departures.iter().map(|(_, handle)| *handle).collect();
    handles.sort_unstable();
    assert_eq!(handles, (0..500).collect::<Vec<u64>>());
    assert_eq!(bench.pacer.queue(), Ok(PacerQueue::default()));
    assert_eq!(bench.pacer.deadline(), Ok(Timestamp::NEVER));
}

/// Packets of one stream and one priority never overtake each other.
pub fn packets_of_one_stream_keep_their_order(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let mut random = Random::new(2);
    for handle in 0..300 {
        bench.enqueue(
            handle,
            100 + random.below(1_000) as i64,
            PRIORITIES[(handle % 5) as usize],
        );
        if random.below(3) == 0 {
            bench.run_for(TimeDelta::ms(random.below(15) as i64));
        }
    }
    bench.run_for(TimeDelta::seconds(3));
    assert_eq!(bench.departures.len(), 300);
    for class in 0..5 {
        let order: Vec<u64> = bench
            .departures
            .iter()
            .map(|(_, handle)| *handle)
            .filter(|handle| handle % 5 == class)
            .collect();
        assert!(order.is_sorted(), "priority {class}: {order:?}");
    }
}

/// After a poll, the next deadline lies ahead (or there is none); a poll at the deadline makes progress, so nobody spins.
pub fn the_deadline_is_when_polling_helps(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    for handle in 0..100 {
        bench.enqueue(handle, 1_000, PacketPriority::Video);
    }
    let mut polls = 0;
    while bench.departures.len() < 100 {
        let deadline = bench.pacer.deadline().expect("a deadline");
        assert!(!deadline.is_never(), "packets wait and no deadline is given");
        assert!(
            deadline - bench.now < TimeDelta::seconds(2),
            "packets wait and the deadline is {deadline:?}"
        );
        bench.now = bench.now.max(deadline);
        bench.poll();
        let after = bench.pacer.deadline().expect("a deadline");
        assert!(
            after > bench.now,
            "right after a poll at {:?} the deadline is {after:?}",
            bench.now
        );
        polls += 1;
        assert!(polls < 2_000, "100 packets took more than 2,000 polls");
    }
    assert_eq!(bench.pacer.deadline(), Ok(Timestamp::NEVER));
}

/// Count and size of the queue are those of what was enqueued and has not left.
pub fn the_queue_is_what_waits(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    for handle in 0..60 {
        bench.enqueue(handle, 500, PacketPriority::Audio);
        if handle % 4 == 3 {
            bench.run_for(TimeDelta::ms(3));
        }
        let waiting = handle as i64 + 1 - bench.departures.len() as i64;
        let queue = bench.pacer.queue().expect("a queue");
        assert_eq!(queue.packets as i64, waiting);
        assert_eq!(queue.size, DataSize::bytes(waiting * 500));
    }
}

/// Everything that waits is given to the successor in order, nothing twice, nothing lost; then the pacer is empty.
pub fn t_2_a_handover_gives_everything_in_order(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    bench
        .pacer
        .set_rates(bench.now, DataRate::kbps(100), DataRate::ZERO)
        .expect("rates");
    for handle in 0..200 {
        bench.enqueue(handle, 1_000, PacketPriority::Video);
    }
    bench.poll();
    let mut handed = Gone::default();
    bench.pacer.hand_over(&mut handed).expect("a handover");
    assert_eq!(bench.pacer.queue(), Ok(PacerQueue::default()));
    assert_eq!(bench.pacer.deadline(), Ok(Timestamp::NEVER));
    let all: Vec<u64> = bench
        .departures
        .iter()
        .map(|(_, handle)| *handle)
        .chain(handed.0.iter().copied())
        .collect();
    assert_eq!(all, (0..200).collect::<Vec<u64>>());
    let mut young = Bench::new(subject);
    for handle in handed.0 {
        young.enqueue(handle, 1_000, PacketPriority::Video);
    }
    young.run_for(TimeDelta::seconds(3));
    assert_eq!(young.departures.len() + bench.departures.len(), 200);
}

/// No rate, the smallest, the largest, a negative one: no call panics, and with a sane rate the packets leave.
pub fn any_rate_is_taken(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let mut handle = 0;
    for rate in [
        DataRate::ZERO,
        DataRate::bps(1),
        DataRate::bps(-5),
        DataRate::INFINITE,
        DataRate::kbps(1),
    ] {
        let _ = bench.pacer.set_rates(bench.now, rate, rate);
        for size in [0, 1, 1_200, 65_535] {
            bench.enqueue(handle, size, PacketPriority::Video);
            handle += 1;
        }
        bench.run_for(TimeDelta::ms(50));
    }
    bench
        .pacer
        .set_rates(bench.now, DataRate::kbps(10_000), DataRate::ZERO)
        .expect("a sane rate");
    bench.run_for(TimeDelta::seconds(5));
    assert_eq!(bench.departures.len() as u64, handle);
}

/// A departure that the host refuses ends the poll with its fault; that packet, or at least all behind it, still wait.
pub fn a_sink_that_refuses_loses_nothing(subject: &Pacers) {
    struct Refuses(u32);
    impl DepartureSink for Refuses {
        fn depart(&mut self, _: u64) -> Result<(), Fault> {
            self.0 += 1;
            Err(Fault::failed("no"))
        }
    }
    let mut bench = Bench::new(subject);
    for handle in 0..10 {
        bench.enqueue(handle, 100, PacketPriority::Audio);
    }
    let mut refuses = Refuses(0);
    bench.now += TimeDelta::ms(100);
    let result = bench.pacer.poll(bench.now, &mut refuses);
    assert!(
        result.is_err() || refuses.0 == 0,
        "the fault of the sink is passed on"
    );
    let waiting = bench.pacer.queue().expect("a queue").packets;
    assert!(
        waiting >= 9,
        "one packet at most is lost to the fault, {waiting} wait"
    );
    bench.run_for(TimeDelta::seconds(2));
    assert_eq!(bench.departures.len() as u64, waiting);
}

/// A pacer that can pause gives nothing meanwhile and asks for no poll; afterwards everything leaves. One that cannot says so, and goes on.
pub fn t_1_a_paused_pacer_gives_nothing_until_it_goes_on(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let paused = bench.pacer.set_paused(bench.now, 1);
    for handle in 0..5 {
        bench.enqueue(handle, 200, PacketPriority::Audio);
    }
    bench.run_for(TimeDelta::ms(200));
    match paused {
        Ok(()) => assert_eq!(bench.departures, [], "something left a pacer that was paused"),
        Err(fault) => assert_eq!(fault.code(), FaultCode::Unsupported),
    }
    let _ = bench.pacer.set_paused(bench.now, 0);
    bench.run_for(TimeDelta::seconds(2));
    assert_eq!(bench.departures.len(), 5);
}

/// Count and size are those of the queue, and what is known of times is plausible: the packet that came first has waited since it came.
pub fn t_1_the_status_is_that_of_the_queue(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let _ = bench.pacer.set_paused(bench.now, 1);
    for handle in 0..20 {
        bench.enqueue(handle, 900, PacketPriority::Video);
        bench.now += TimeDelta::ms(1);
        let (queue, status) = (
            bench.pacer.queue().expect("a queue"),
            bench.pacer.status(bench.now).expect("a status"),
        );
        assert_eq!((status.packets, status.waiting), (queue.packets, queue.size));
        assert_eq!(status.size as usize, size_of::<PacerStatus>());
        assert!(
            status.oldest_wait <= TimeDelta::ms(handle as i64 + 1),
            "the oldest waits {:?}, longer than there were packets",
            status.oldest_wait
        );
        assert!(status.expected_wait < TimeDelta::seconds(10));
    }
}

/// Whatever the window does, audio leaves; and everything leaves once the window is open again.
pub fn t_1_congestion_holds_no_audio_back(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    bench
        .pacer
        .set_congested(bench.now, 1)
        .expect("anybody can be told");
    for handle in 0..10 {
        let audio = handle % 2 == 0;
        let priority = if audio {
            PacketPriority::Audio
        } else {
            PacketPriority::Video
        };
        bench.enqueue(handle, 200, priority);
    }
    bench.run_for(TimeDelta::ms(500));
    let audio = bench
        .departures
        .iter()
        .filter(|(_, handle)| handle % 2 == 0)
        .count();
    assert_eq!(audio, 5, "audio leaves in any case");
    bench
        .pacer
        .set_congested(bench.now, 0)
        .expect("anybody can be told");
    bench.run_for(TimeDelta::seconds(2));
    assert_eq!(bench.departures.len(), 10);
}

/// A probe is taken, or turned down with `Unsupported`; configuration of any kind is no fault. The media leaves all the same.
pub fn t_1_a_probe_is_sent_or_turned_down(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let cluster = ProbeCluster {
        id: 1,
        minimum_packets: 5,
        rate: DataRate::kbps(900),
        duration: TimeDelta::ms(15),
    };
    if let Err(fault) = bench.pacer.probe(bench.now, &cluster) {
        assert_eq!(fault.code(), FaultCode::Unsupported);
    }
    for config in [
        PacerConfig::DEFAULT,
        PacerConfig {
            count_audio: 1,
            window: TimeDelta::ms(40),
            longest_wait: TimeDelta::seconds(2),
            overhead: DataSize::bytes(48),
            ..PacerConfig::DEFAULT
        },
    ] {
        bench
            .pacer
            .configure(bench.now, &config)
            .expect("anybody can be told");
    }
    for handle in 0..10 {
        bench.enqueue(handle, 300, PacketPriority::Audio);
    }
    bench.run_for(TimeDelta::seconds(2));
    assert_eq!(bench.departures.len(), 10);
}

/// Two instances, the same calls, the same departures.
pub fn equal_input_gives_equal_departures(subject: &Pacers) {
    if !subject.descriptor.deterministic {
        return;
    }
    let [a, b] = [(), ()].map(|()| {
        let mut bench = Bench::new(subject);
        let mut random = Random::new(9);
        for handle in 0..200 {
            bench.enqueue(
                handle,
                60 + random.below(1_100) as i64,
                PRIORITIES[random.below(5) as usize],
            );
            bench.run_for(TimeDelta::us(random.below(9_000) as i64));
        }
        bench.run_for(TimeDelta::seconds(2));
        bench.departures
    });
    assert_eq!(a, b);
}

/// Every parameter can be set to its extremes between two packets.
pub fn every_parameter_can_be_turned_while_it_runs(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let mut handle = 0;
    for (index, parameter) in subject.parameters.iter().enumerate() {
        let (min, max) = range(parameter);
        for value in [max, min, parameter.default] {
            bench
                .pacer
                .set_parameter(index as u32, value)
                .expect("within the range");
            for _ in 0..20 {
                bench.enqueue(handle, 500, PacketPriority::Video);
                handle += 1;
                bench.run_for(TimeDelta::ms(7));
            }
        }
    }
    bench.run_for(TimeDelta::seconds(3));
    assert_eq!(bench.departures.len() as u64, handle);
}

/// No call of the network thread allocates, frees, locks or calls the system.
pub fn t_3_network_calls_are_real_time_safe(subject: &Pacers) {
    let mut bench = Bench::new(subject);
    let mut gone = Gone(Vec::with_capacity(10_000));
    let mut values = vec![0.0; subject.statistics.len()];
    for handle in 0..1_000 {
        let packet = packet(handle, 400, PRIORITIES[(handle % 5) as usize]);
        let (_, seen) = real_time::section(|| {
            bench.pacer.enqueue(bench.now, &packet)?;
            if handle % 3 == 0 {
                bench.pacer.poll(bench.now, &mut gone)?;
            }
            if handle % 50 == 0 {
                bench
                    .pacer
                    .set_rates(bench.now, DataRate::kbps(500 + handle as i64), DataRate::ZERO)?;
            }
            bench
                .pacer
                .set_congested(bench.now, u32::from(handle % 100 < 10))?;
            bench.pacer.status(bench.now)?;
            bench.pacer.deadline()?;
            bench.pacer.queue()?;
            bench.pacer.stats(&mut values)
        });
        seen.assert_clean(&format!("packet {handle}"));
        bench.now += TimeDelta::ms(1);
    }
    let (_, seen) = real_time::section(|| bench.pacer.hand_over(&mut gone));
    seen.assert_clean("handover");
    let (_, seen) = real_time::section(|| bench.pacer.reset(ResetReason::Stream));
    seen.assert_clean("reset");
}

const PRIORITIES: [PacketPriority; 5] = [
    PacketPriority::Audio,
    PacketPriority::AudioRetransmission,
    PacketPriority::VideoRetransmission,
    PacketPriority::Video,
    PacketPriority::Padding,
];

#[derive(Default)]
struct Gone(Vec<u64>);

impl DepartureSink for Gone {
    fn depart(&mut self, handle: u64) -> Result<(), Fault> {
        self.0.push(handle);
        Ok(())
    }
}

/// A pacer at 2 Mbit/s, the time, and what has left when.
struct Bench {
    pacer: Box<dyn Pacer>,
    now: Timestamp,
    departures: Vec<(Timestamp, u64)>,
}

impl Bench {
    fn new(subject: &Pacers) -> Self {
        let mut pacer = subject.make(1);
        let now = Timestamp::from_ms(1_000);
        pacer
            .set_rates(now, DataRate::kbps(2_000), DataRate::ZERO)
            .expect("sane rates");
        Self {
            pacer,
            now,
            departures: Vec::new(),
        }
    }

    fn enqueue(&mut self, handle: u64, size: i64, priority: PacketPriority) {
        self.pacer
            .enqueue(self.now, &packet(handle, size, priority))
            .expect("room for a packet");
    }

    fn poll(&mut self) {
        let mut gone = Gone::default();
        self.pacer.poll(self.now, &mut gone).expect("a poll");
        self.departures
            .extend(gone.0.into_iter().map(|handle| (self.now, handle)));
    }

    /// Polls at each deadline for as long as `time`.
    fn run_for(&mut self, time: TimeDelta) {
        let end = self.now + time;
        for _ in 0..100_000 {
            let deadline = self.pacer.deadline().expect("a deadline");
            if deadline > end {
                break;
            }
            self.now = self.now.max(deadline);
            self.poll();
        }
        self.now = end;
    }
}

fn packet(handle: u64, size: i64, priority: PacketPriority) -> PacedPacket {
    PacedPacket {
        handle,
        size: DataSize::bytes(size),
        priority,
        ssrc: 0x1234,
    }
}
