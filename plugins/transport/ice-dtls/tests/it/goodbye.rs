//! The end of a call reaches the other side.

use jackfield_sdk::prelude::*;
use jackfield_testkit::transport::call::rtp;

use crate::world::{Client, DEFAULT, LEGACY, call, connected};

#[test]
fn c5_1_a_goodbye_closes_the_other_end_too_and_leaves_nothing_to_do() {
    for settings in [[DEFAULT, DEFAULT], [LEGACY, LEGACY], [DEFAULT, LEGACY]] {
        for client in [Client::Offerer, Client::Answerer] {
            for first in [0, 1] {
                let mut call = connected(1, client, settings);
                call.close(first).unwrap();
                call.run_for(TimeDelta::ms(50));
                for end in 0..2 {
                    assert_eq!(
                        call.ends[end].state(),
                        TransportState::Closed,
                        "{client:?}, end {first} closed: end {end}"
                    );
                    assert!(call.send(end, PacketKind::Rtp, &rtp(1, 1)).is_err());
                    assert_eq!(call.ends[end].transport.deadline(), Ok(Timestamp::NEVER));
                }
                let sent = call.ends.each_ref().map(|end| end.sent.len());
                call.run_for(TimeDelta::seconds(60));
                assert_eq!(call.ends.each_ref().map(|end| end.sent.len()), sent, "silence");
            }
        }
    }
}

#[test]
fn closing_in_the_middle_of_the_handshake_is_possible_at_every_moment() {
    for setting in [DEFAULT, LEGACY] {
        for ms in 0..120 {
            let mut call = call(1, Client::Offerer, [setting, setting]);
            call.establish();
            call.run_for(TimeDelta::ms(ms));
            for end in 0..2 {
                call.close(end).unwrap();
                assert_eq!(call.ends[end].state(), TransportState::Closed);
            }
            call.run_for(TimeDelta::seconds(1));
        }
    }
}
