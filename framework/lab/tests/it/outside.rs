//! Files that somebody else wrote, or changed: they are refused with what is wrong, or read.

use std::fs;

use jackfield_lab::cell::part_path;
use jackfield_lab::plan::{CellId, CellSpec};
use jackfield_lab::rows::{RowReader, RowsError};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::toy::{Desk, bench, text};

/// `text` with some of its characters at a place replaced.
fn changed(text: &str, at: Index, new: &str, length: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = at.index(characters.len());
    let behind = characters.len().min(at + length);
    characters[..at]
        .iter()
        .copied()
        .chain(new.chars())
        .chain(characters[behind..].iter().copied())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_an_experiment_is_read_or_refused_with_its_place(at in any::<Index>(), new in "\\PC{0,8}", length in 0_usize..20) {
        let desk = Desk::new();
        let text = changed(&text("seeds = 3"), at, &new, length);
        if let Err(error) = desk.read(&text) {
            prop_assert!(!error.to_string().is_empty());
            if let Some(span) = error.span() {
                prop_assert!(span.start <= span.end && span.end <= text.len());
            }
        }
    }

    #[test]
    fn any_change_of_a_cell_is_noticed(at in any::<Index>(), new in "\\PC{0,8}", length in 0_usize..20, name in "[0-9a-f]{62,66}|.{0,20}") {
        let cell = bench().plan(&Desk::new().experiment(1)).unwrap().cell(0).unwrap();
        let line = cell.to_line();
        let text = changed(&line, at, &new, length);
        // What is read is what its name says: a name that is left out is not missed.
        if let Ok(read) = CellSpec::from_line(&text) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            if let Some(named) = value["id"].as_str() {
                prop_assert_eq!(named, read.id().to_string());
            }
        }
        if let Ok(id) = name.parse::<CellId>() {
            prop_assert_eq!(id.to_string(), name);
        }
    }
}

#[test]
fn any_change_of_a_file_of_rows_is_noticed_or_does_no_harm() {
    let (desk, bench) = (Desk::new(), bench());
    let cell = bench.plan(&desk.experiment(1)).unwrap().cell(0).unwrap();
    bench.run_cell(&cell, desk.path()).unwrap();
    let part = part_path(desk.path(), cell.id());
    let whole = fs::read(&part).unwrap();
    let rows = RowReader::open(&part).unwrap().read_verified().unwrap();
    let place = desk.path().join("changed.parquet");
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 1..6);
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(changes in changes, cut in prop::option::of(any::<Index>()))| {
        let mut bytes = whole.clone();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&place, &bytes).unwrap();
        match RowReader::open(&place).and_then(RowReader::read_verified) {
            Ok(read) => prop_assert_eq!(&read, &rows),
            Err(RowsError::Read { error, .. }) => prop_assert!(false, "{}", error),
            Err(_) => {}
        }
    });
}
