//! Robots sit in the lobby, and the lobby stays open for them.

use std::time::Duration;

use jackfield_call_host::{LOBBY, Robots};

use crate::support::{Host, engine, open_options};

#[tokio::test(flavor = "multi_thread")]
async fn robots_wait_in_the_lobby_which_is_not_closed_while_they_do() {
    let mut options = open_options();
    options.limits.empty_room = Duration::from_millis(20);
    let engine = engine();
    let robots = Robots::seat(&engine, 6).expect("robots");
    let host = Host::serve(engine, options);
    let (ann, joined) = host.join(LOBBY, "Ann").await;
    let people = joined["participants"].as_array().expect("participants");
    assert_eq!(people.iter().filter(|one| one["kind"] == "robot").count(), 6);
    let mut names: Vec<&str> = people.iter().filter_map(|one| one["name"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 7, "everyone has a name of their own");
    drop(ann);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(host.engine.room(LOBBY).is_some());
    host.stop().await;
    drop(robots);
}
