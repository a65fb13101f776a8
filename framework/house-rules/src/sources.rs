//! Rust sources as tokens with their lines: comments and strings are out of the way, and code for tests can be left out.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// Its path below the root, with `/` between the parts.
    pub path: String,
    /// Its text.
    pub text: String,
    tokens: Vec<Token>,
    all_tokens: Vec<Token>,
}

/// A word, a sign or the edge of a group. Paths are joined: `std::time::Instant::now` is one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What stands there.
    pub text: String,
    /// The line that it begins on, from 1.
    pub line: usize,
}

impl Source {
    /// Takes a file apart. A file that is no Rust gives no tokens: the compiler says so better.
    pub fn from_text(path: &str, text: &str) -> Self {
        let taken_apart = |with_tests| {
            let mut tokens = Vec::new();
            if let Ok(stream) = text.parse::<TokenStream>() {
                flatten(stream, with_tests, &mut tokens);
            }
            join_paths(tokens)
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens: taken_apart(false),
            all_tokens: taken_apart(true),
        }
    }

    /// The tokens outside `#[cfg(test)]` modules and functions.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// All tokens, those of tests too.
    pub fn all_tokens(&self) -> &[Token] {
        &self.all_tokens
    }

    /// Whether the file holds nothing but tests, benches, examples or a build script.
    pub fn is_for_tests(&self) -> bool {
        let parts: Vec<_> = self.path.split('/').collect();
        parts
            .iter()
            .any(|part| ["tests", "benches", "examples", "fuzz"].contains(part))
            || parts
                .last()
                .is_some_and(|name| ["tests.rs", "build.rs"].contains(name))
    }
}

fn flatten(stream: TokenStream, with_tests: bool, out: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if !with_tests && is_test_attribute(&trees, at) {
            // Skips the attribute and all up to the end of what it is on: its block, or the semicolon of `mod tests;`.
            at += 2;
            while at < trees.len() && !ends_item(&trees[at]) {
                at += 1;
            }
            at += 1;
            continue;
        }
        let line = trees[at].span().start().line;
        match &trees[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::None => ("", ""),
                };
                out.push(Token {
                    text: open.to_owned(),
                    line,
                });
                flatten(group.stream(), with_tests, out);
                out.push(Token {
                    text: close.to_owned(),
                    line: group.span_close().start().line,
                });
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint => {
                out.push(Token {
                    text: "::".to_owned(),
                    line,
                });
                at += 1;
            }
            TokenTree::Literal(_) => out.push(Token {
                text: "literal".to_owned(),
                line,
            }),
            tree => out.push(Token {
                text: tree.to_string(),
                line,
            }),
        }
        at += 1;
    }
}

fn is_test_attribute(trees: &[TokenTree], at: usize) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group)] = &trees[at..trees.len().min(at + 2)] else {
        return false;
    };
    let content = group.stream().to_string().replace(' ', "");
    hash.as_char() == '#'
        && (content == "cfg(test)" || content == "test" || content.starts_with("cfg(all(test,"))
}

fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

fn join_paths(tokens: Vec<Token>) -> Vec<Token> {
    let mut joined: Vec<Token> = Vec::new();
    for token in tokens {
        let is_word = token
            .text
            .starts_with(|first: char| first.is_alphanumeric() || first == '_');
        match joined.last_mut() {
            Some(last) if token.text == "::" && is_path(&last.text) => last.text.push_str("::"),
            Some(last) if is_word && last.text.ends_with("::") => last.text.push_str(&token.text),
            _ => joined.push(token),
        }
    }
    joined
}

fn is_path(text: &str) -> bool {
    text.chars()
        .all(|one| one.is_alphanumeric() || one == '_' || one == ':')
        && !text.ends_with(':')
}
