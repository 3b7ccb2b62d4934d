//! Nested braces with one statement a line: F5 tmsh.

use super::{NodeId, Notation, Parsed, ROOT, Shape, Source, Tree, scan::Scanner, scan::Token, scan::quote};

pub(crate) fn parse(source: Source<'_>) -> Parsed {
    let mut tree = Tree::new(Shape::Words, Notation::Braces);
    let mut scanner = Scanner::new(source, false);
    let mut open: Vec<NodeId> = Vec::new();
    let (mut statement, mut line, mut cut) = (String::new(), 0, None);
    while let Some(token) = scanner.next() {
        let parent = open.last().copied().unwrap_or(ROOT);
        match token {
            Token::Word(word) => {
                if statement.is_empty() {
                    line = scanner.line();
                } else {
                    statement.push(' ');
                }
                quote(&word, &mut statement);
            }
            Token::Open if statement.is_empty() => open.push(parent),
            Token::Open => {
                open.push(tree.statement(parent, &statement, line));
                statement.clear();
            }
            Token::Close => {
                end(&mut tree, parent, &mut statement, line);
                if open.pop().is_none() {
                    cut = Some(format!(
                        "line {} closes a block that does not begin in this text",
                        scanner.line()
                    ));
                }
            }
            Token::LineEnd | Token::Semicolon => end(&mut tree, parent, &mut statement, line),
            Token::ListOpen | Token::ListClose => {}
        }
    }
    end(&mut tree, open.last().copied().unwrap_or(ROOT), &mut statement, line);
    if !open.is_empty() {
        cut = Some(format!("{} block(s) do not end", open.len()));
    }
    if let Some(line) = scanner.unclosed {
        cut = Some(format!("the quoted value that begins on line {line} does not end"));
    }
    Parsed { tree: tree.finish(), cut }
}

fn end(tree: &mut Tree, parent: NodeId, statement: &mut String, line: u32) {
    if !statement.is_empty() {
        tree.statement(parent, statement, line);
        statement.clear();
    }
}
