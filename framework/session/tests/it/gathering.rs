//! Asking a STUN server for our address: when it is asked, what is believed, and that the address is kept.

use std::net::SocketAddr;

use jackfield_core::time::Timestamp;
use jackfield_core::units::TimeDelta;
use jackfield_session::gathering::{Gatherer, Question};
use jackfield_session::stun::{Message, Transaction};

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn server() -> SocketAddr {
    socket("198.51.100.1:3478")
}

/// One that draws 1, 2, 3 … for its transactions.
fn gatherer(bound: &[SocketAddr]) -> Gatherer {
    let mut drawn = 0;
    let draw = move || {
        drawn += 1;
        [drawn; 12]
    };
    Gatherer::new(Some(server()), bound, Box::new(draw))
}

/// What a server answers that sees us under `address`: a Binding success response with XOR-MAPPED-ADDRESS (RFC 8489 section 14.2).
fn answer(transaction: Transaction, address: &str) -> Vec<u8> {
    let SocketAddr::V4(address) = socket(address) else {
        panic!("an IPv4 address");
    };
    let cookie = [0x21, 0x12, 0xA4, 0x42];
    let mut bytes = vec![1, 1, 0, 12];
    bytes.extend(cookie);
    bytes.extend(transaction);
    bytes.extend([0, 0x20, 0, 8, 0, 1]);
    bytes.extend((address.port() ^ 0x2112).to_be_bytes());
    bytes.extend(
        address
            .ip()
            .octets()
            .iter()
            .zip(cookie)
            .map(|(octet, mask)| octet ^ mask),
    );
    bytes
}

fn transaction(question: &Question) -> Transaction {
    Message::parse(&question.request).unwrap().transaction()
}

/// All questions until `end`: when each was put, and its transaction.
fn asked_until(gatherer: &mut Gatherer, end: Timestamp) -> Vec<(i64, Transaction)> {
    let mut asked = Vec::new();
    while gatherer.deadline() <= end {
        let now = gatherer.deadline();
        while let Some(question) = gatherer.poll(now) {
            assert_eq!(question.server, server());
            asked.push(((now - Timestamp::ZERO).as_ms(), transaction(&question)));
        }
    }
    asked
}

#[test]
fn a_question_without_an_answer_is_repeated_as_rfc_8489_says_and_put_anew_after_a_rest() {
    let mut gatherer = gatherer(&[socket("10.0.0.2:5000")]);
    let asked = asked_until(&mut gatherer, Timestamp::from_ms(62_000));
    // RFC 8489 section 6.2.1: 500 ms, doubled each time, seven requests; it fails 16 times 500 ms after the last. Then 20 s of rest.
    let first = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500].map(|at| (at, [1; 12]));
    let second = [59_500, 60_000, 61_000].map(|at| (at, [2; 12]));
    assert_eq!(asked, [&first[..], &second[..]].concat());
}

#[test]
fn an_answer_is_believed_if_it_comes_from_the_server_and_to_our_question() {
    let mut gatherer = gatherer(&[socket("10.0.0.2:5000")]);
    let now = Timestamp::from_ms(10);
    let question = gatherer.poll(now).unwrap();
    let right = answer(transaction(&question), "203.0.113.9:20000");
    let other = answer([9; 12], "203.0.113.66:6");
    let heard = |gatherer: &mut Gatherer, from: &str, bytes: &[u8]| {
        gatherer.answer(now, socket(from), &Message::parse(bytes).unwrap())
    };
    assert_eq!(heard(&mut gatherer, "198.51.100.1:3478", &other), None);
    assert_eq!(heard(&mut gatherer, "198.51.100.66:3478", &right), None);
    assert_eq!(gatherer.mapped().count(), 0);
    assert_eq!(heard(&mut gatherer, "198.51.100.1:3478", &right), Some(true));
    let mapped: Vec<_> = gatherer.mapped().collect();
    assert_eq!(mapped, [(0, socket("203.0.113.9:20000"))]);
    assert_eq!(
        heard(&mut gatherer, "198.51.100.1:3478", &right),
        None,
        "a question is answered once"
    );
}

#[test]
fn the_address_is_asked_anew_so_that_it_stays_ours_and_a_change_is_told_once() {
    let mut gatherer = gatherer(&[socket("10.0.0.2:5000")]);
    let mut now = Timestamp::ZERO;
    for (round, (address, is_new)) in [
        ("203.0.113.9:20000", true),
        ("203.0.113.9:20000", false),
        ("203.0.113.9:20001", true),
        ("203.0.113.9:20001", false),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(gatherer.deadline(), now, "round {round}");
        let question = gatherer.poll(now).expect("it is time");
        let bytes = answer(transaction(&question), address);
        let told = gatherer.answer(now, server(), &Message::parse(&bytes).unwrap());
        assert_eq!(told, Some(is_new), "round {round}");
        // A mapping that lasts for 30 s must not run out between two questions.
        now += TimeDelta::seconds(20);
    }
}

#[test]
fn who_doubts_the_address_asks_at_once_but_not_twice() {
    let mut gatherer = gatherer(&[socket("10.0.0.2:5000")]);
    let question = gatherer.poll(Timestamp::ZERO).unwrap();
    gatherer.ask_again(Timestamp::from_ms(10));
    assert_eq!(gatherer.poll(Timestamp::from_ms(10)), None, "it is on its way");
    let bytes = answer(transaction(&question), "203.0.113.9:20000");
    let message = Message::parse(&bytes).unwrap();
    gatherer.answer(Timestamp::from_ms(40), server(), &message);
    gatherer.ask_again(Timestamp::from_ms(60));
    assert_eq!(
        gatherer.deadline(),
        Timestamp::from_ms(500),
        "the answer is fresh"
    );
    gatherer.ask_again(Timestamp::from_ms(5_000));
    assert!(gatherer.poll(Timestamp::from_ms(5_000)).is_some());
    assert_eq!(gatherer.deadline(), Timestamp::from_ms(5_500));
}

#[test]
fn only_sockets_of_the_servers_family_are_asked_for() {
    let bound = [
        socket("[2001:db8::2]:5000"),
        socket("10.0.0.2:5000"),
        socket("10.0.0.2:5001"),
    ];
    let mut asking = gatherer(&bound);
    let now = Timestamp::ZERO;
    let mut sockets = Vec::new();
    while let Some(question) = asking.poll(now) {
        sockets.push(question.socket);
    }
    assert_eq!(sockets, [1, 2]);
    let mut idle = Gatherer::new(None, &bound, Box::new(|| [0; 12]));
    assert!(idle.deadline().is_never() && idle.poll(now).is_none());
}
