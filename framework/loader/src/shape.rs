//! Compares the shape text of a plugin's tables with ours, over the part that both know.
//!
//! Tables and callback tables only grow at the end, and so do structs that begin with their size (`{...,` in the text). Everything else
//! must be equal to the letter.

use jackfield_abi::shape::{AreaShape, ConstWriter};

use crate::error::FileFault;
use crate::metadata::{AreaText, Frame};

/// Compares the plugin's table of `ours` with ours. A plugin that does not use the area has nothing to compare.
///
/// # Errors
/// With the first difference.
pub(crate) fn check(frame: &Frame, ours: &AreaShape) -> Result<(), FileFault> {
    match frame.areas.iter().find(|area| area.id == ours.id) {
        Some(theirs) => compare(theirs, ours).map_err(|difference| FileFault::Shape {
            area: ours.id.to_owned(),
            difference,
        }),
        None => Ok(()),
    }
}

fn compare(theirs: &AreaText, ours: &AreaShape) -> Result<(), String> {
    let text = text(ours);
    let own: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("method\t"))
        .collect();
    for (own, their) in own.iter().zip(&theirs.methods) {
        if let Some((expected, found)) = difference(own, their) {
            let method = own.split('(').next().unwrap_or(own);
            return Err(format!(
                "method `{method}` differs: expected `{expected}`, found `{found}`"
            ));
        }
    }
    let given = theirs.methods.len();
    let expected = ours
        .methods
        .iter()
        .filter(|method| method.since <= theirs.revision)
        .count();
    // Of a revision newer than ours we know only that it has no fewer methods.
    if given < expected || (given > expected && theirs.revision <= ours.revision) {
        return Err(format!(
            "revision {} has {expected} methods and the plugin lists {given}",
            theirs.revision
        ));
    }
    Ok(())
}

/// The shape text of an area.
pub(crate) fn text(area: &AreaShape) -> String {
    let mut counter = ConstWriter::counting();
    counter.area(area);
    let mut bytes = vec![0; counter.len()];
    ConstWriter::into(&mut bytes).area(area);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The words in which two lines first differ, ours and theirs.
pub(crate) fn difference(ours: &str, theirs: &str) -> Option<(String, String)> {
    let (a, b) = (ours.as_bytes(), theirs.as_bytes());
    let (mut i, mut j) = (0, 0);
    // For each open brace, whether what it encloses may be longer on one side.
    let mut grows = Vec::new();
    loop {
        match (a.get(i), b.get(j)) {
            (None, None) => return None,
            (Some(x), Some(y)) if x == y => {
                match x {
                    b'{' => grows.push(a[i..].starts_with(b"{...") || opens_callback(&a[..i])),
                    b'}' => {
                        grows.pop();
                    }
                    _ => {}
                }
                i += 1;
                j += 1;
            }
            // One side's list ends, the other's goes on.
            (Some(b'}'), Some(b',' | b';')) if grows.last() == Some(&true) => j = closing(b, j),
            (Some(b',' | b';'), Some(b'}')) if grows.last() == Some(&true) => i = closing(a, i),
            _ => return Some((word(ours, i), word(theirs, j))),
        }
    }
}

/// Whether a text that ends before a brace names a callback.
fn opens_callback(before: &[u8]) -> bool {
    let name = before
        .iter()
        .rposition(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    name.is_some_and(|space| before[..=space].ends_with(b"callback "))
}

/// Where the brace closes that is open at `at`.
fn closing(text: &[u8], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in text[at..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at + offset,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The item of the list around byte `at`, for a human.
fn word(text: &str, at: usize) -> String {
    let delimiter = |c: char| matches!(c, ',' | ';' | '{' | '}' | '(' | ')');
    let at = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let start = text[..at].rfind(delimiter).map_or(0, |start| start + 1);
    let end = text[at..].find(delimiter).map_or(text.len(), |end| at + end);
    let word = text[start..end].trim();
    if word.is_empty() {
        "nothing".to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn equal_lines_agree() {
        let line = "f(a: uint32_t, b: const[]float) -> status";
        assert_eq!(difference(line, line), None);
    }

    #[test]
    fn a_growing_struct_may_be_longer_on_either_side() {
        let short = "f(c: const*jf_c_t{...,size:uint32_t,rate:uint32_t}, n: uint32_t) -> status";
        let long =
            "f(c: const*jf_c_t{...,size:uint32_t,rate:uint32_t,more:jf_d_t{a:float}}, n: uint32_t) -> status";
        assert_eq!(difference(short, long), None);
        assert_eq!(difference(long, short), None);
    }

    #[test]
    fn a_callback_may_have_more_methods_on_either_side() {
        let short = "f(s: callback jf_sink_t{push(const[]uint8_t)}) -> status";
        let long = "f(s: callback jf_sink_t{push(const[]uint8_t); end(uint32_t)}) -> status";
        assert_eq!(difference(short, long), None);
        assert_eq!(difference(long, short), None);
    }

    #[test]
    fn a_frozen_struct_may_not_grow() {
        let short = "f(c: const*jf_c_t{rate:uint32_t}) -> status";
        let long = "f(c: const*jf_c_t{rate:uint32_t,more:float}) -> status";
        assert!(difference(short, long).is_some());
        assert!(difference(long, short).is_some());
    }

    #[test]
    fn a_changed_type_is_named() {
        let ours = "f(c: const*jf_c_t{...,size:uint32_t,rate:uint32_t}) -> status";
        let theirs = "f(c: const*jf_c_t{...,size:uint32_t,rate:float}) -> status";
        assert_eq!(
            difference(ours, theirs),
            Some(("rate:uint32_t".to_owned(), "rate:float".to_owned()))
        );
    }

    #[test]
    fn a_growing_struct_is_not_a_frozen_one() {
        assert!(difference("f(c: *jf_c_t{...,size:uint32_t})", "f(c: *jf_c_t{size:uint32_t})").is_some());
    }
}
