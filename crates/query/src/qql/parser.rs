//! The grammar of `contract/qql.md 2.1`, by recursive descent.
//!
//! What comes out is in one form: no conjunction directly within a conjunction, no disjunction within a
//! disjunction, no negation of a negation, nothing with a single part.

use std::ops::Bound;

use super::error::{Fault, Problem};
use super::lexer::{Clause, Comparison, Lexer, Place, Separator, Shape};
use super::literal::{Literal, Style};
use super::names::{Names, Scope, Target};
use super::value;
use super::{MAX_ITEMS, MAX_LENGTH, MAX_NESTING};
use crate::{Filter, Test};

const CLAUSE: Problem = Problem::Expected("a clause or a value");
const VALUE: Problem = Problem::Expected("a value");

type Parsed<T> = Result<T, Fault>;

pub(super) fn parse(names: &dyn Names, text: &str) -> Parsed<Filter> {
    if text.len() > MAX_LENGTH {
        return Err(Fault::new(Problem::TooLong(text.len()), 0..text.len()));
    }
    if text.trim().is_empty() {
        return Ok(Filter::All);
    }
    let mut parser = Parser { names, lexer: Lexer::new(text), depth: 0 };
    let filter = parser.or(&Scope::Object(String::new()))?;
    parser.lexer.skip_blanks();
    match parser.lexer.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.lexer.fault(Problem::Expected("'and', 'or', a clause or the end"))),
    }
}

struct Parser<'q, 'n> {
    names: &'n dyn Names,
    lexer: Lexer<'q>,
    depth: usize,
}

impl<'q> Parser<'q, '_> {
    fn or(&mut self, scope: &Scope) -> Parsed<Filter> {
        let mut parts = vec![self.and(scope)?];
        while self.lexer.keyword("or") {
            parts.push(self.and(scope)?);
        }
        Ok(any(parts))
    }

    fn and(&mut self, scope: &Scope) -> Parsed<Filter> {
        let mut parts = vec![self.not(scope)?];
        while self.lexer.keyword("and") || self.is_at_more() {
            parts.push(self.not(scope)?);
        }
        Ok(all(parts))
    }

    /// Whether another clause follows side by side.
    fn is_at_more(&self) -> bool {
        let mut ahead = self.lexer;
        if ahead.keyword("or") {
            return false;
        }
        ahead.skip_blanks();
        !matches!(ahead.peek(), None | Some(')' | ']' | '[' | ',' | ':' | '<' | '>' | '='))
    }

    fn not(&mut self, scope: &Scope) -> Parsed<Filter> {
        let mut negated = false;
        while self.lexer.keyword("not") {
            negated = !negated;
        }
        let filter = self.primary(scope)?;
        Ok(if negated { negate(filter) } else { filter })
    }

    fn primary(&mut self, scope: &Scope) -> Parsed<Filter> {
        self.lexer.skip_blanks();
        if let Scope::Values(target, token) = scope {
            return self.alternative(scope, *target, token);
        }
        if self.lexer.peek() == Some('(') {
            return self.parenthesised(scope);
        }
        if let Some(clause) = self.lexer.clause() {
            return self.clause(scope, clause);
        }
        if let Some(clause) = self.is_null_call()? {
            return self.present(scope, clause).map(negate);
        }
        self.free(scope)
    }

    fn parenthesised(&mut self, scope: &Scope) -> Parsed<Filter> {
        let start = self.lexer.at();
        if self.depth == MAX_NESTING {
            return Err(self.lexer.fault(Problem::TooDeep));
        }
        self.lexer.eat("(");
        self.depth += 1;
        let filter = self.or(scope)?;
        self.lexer.close(&[')'], start)?;
        self.depth -= 1;
        Ok(filter)
    }

    /// `isnull(token)`.
    fn is_null_call(&mut self) -> Parsed<Option<Clause<'q>>> {
        let mut ahead = self.lexer;
        let is_call = ahead.name().is_some_and(|name| name.eq_ignore_ascii_case("isnull"));
        let open = ahead.at();
        if !is_call || !ahead.eat("(") {
            return Ok(None);
        }
        ahead.skip_blanks();
        let start = ahead.at();
        let name = ahead.name().ok_or_else(|| ahead.fault(Problem::Expected("a token")))?;
        ahead.close(&[')'], open)?;
        self.lexer = ahead;
        Ok(Some(Clause { name, start, separator: Separator::Null { negated: false } }))
    }

    /// Text without a token.
    fn free(&mut self, scope: &Scope) -> Parsed<Filter> {
        let start = self.lexer;
        let literal = self.literal()?;
        let fault = |problem| Fault::new(problem, literal.span.clone());
        if !matches!(scope, Scope::Object(prefix) if prefix.is_empty()) {
            return Err(fault(Problem::NoToken));
        }
        let text = match literal.plain() {
            None => return Err(fault(Problem::WildcardAlone)),
            Some("") => return Err(start.fault(VALUE)),
            Some(text) => text,
        };
        if literal.style == Style::Bare && text.contains(':') {
            return Err(fault(Problem::NeedsQuotes));
        }
        let targets = self.names.free().into_iter();
        let parts: Vec<_> = targets
            .filter_map(|target| value::tests(target.kind, &literal).ok().map(|tests| target.ask_any(tests)))
            .collect();
        if parts.is_empty() { Err(fault(Problem::NoToken)) } else { Ok(any(parts)) }
    }

    fn clause(&mut self, scope: &Scope, clause: Clause<'q>) -> Parsed<Filter> {
        match clause.separator {
            Separator::Null { negated: true } => self.present(scope, clause),
            Separator::Null { negated: false } => self.present(scope, clause).map(negate),
            Separator::Colon => self.value(scope, clause),
            Separator::NotEqual => self.value(scope, clause).map(negate),
            Separator::In => {
                let target = self.target(scope, clause)?;
                self.list(target, clause.name)
            }
            Separator::Compare(comparison) => {
                let target = self.target(scope, clause)?;
                self.compare(target, clause.name, comparison)
            }
        }
    }

    /// Objects where what the clause names has some value or element.
    fn present(&mut self, scope: &Scope, clause: Clause<'q>) -> Parsed<Filter> {
        if let Some(target) = scope.target(self.names, clause.name) {
            return Ok(target.ask(Test::Present));
        }
        match scope.list(self.names, clause.name) {
            Some(list) => Ok(Filter::Any(list.id, Box::new(Filter::All))),
            None => Err(self.unknown(scope, clause)),
        }
    }

    fn target(&self, scope: &Scope, clause: Clause<'q>) -> Parsed<Target> {
        scope.target(self.names, clause.name).ok_or_else(|| self.unknown(scope, clause))
    }

    fn unknown(&self, scope: &Scope, clause: Clause<'q>) -> Fault {
        let token = clause.name.to_owned();
        let problem = match scope.list(self.names, clause.name) {
            Some(list) => Problem::List { token, members: list.tokens() },
            None => Problem::UnknownToken { near: scope.nearest(self.names, clause.name), token },
        };
        Fault::new(problem, clause.start..clause.start + clause.name.len())
    }

    /// What follows a colon.
    fn value(&mut self, scope: &Scope, clause: Clause<'q>) -> Parsed<Filter> {
        let is_close = self.lexer.peek().is_some_and(|sign| !sign.is_whitespace());
        self.lexer.skip_blanks();
        if self.lexer.peek() == Some('(') {
            return self.group(scope, clause);
        }
        if self.lexer.peek() == Some('[') {
            let target = self.target(scope, clause)?;
            return self.bracketed(target, clause.name);
        }
        self.refuse_clause(scope, is_close)?;
        let target = scope.target(self.names, clause.name);
        let Some(target) = target else { return self.any_element(scope, clause) };
        let literal = self.literal()?;
        apply(target, clause.name, &literal)
    }

    /// `list:*`.
    fn any_element(&mut self, scope: &Scope, clause: Clause<'q>) -> Parsed<Filter> {
        let unknown = self.unknown(scope, clause);
        let Some(list) = scope.list(self.names, clause.name) else { return Err(unknown) };
        let is_anything = self.literal()?.is_anything();
        if is_anything { Ok(Filter::Any(list.id, Box::new(Filter::All))) } else { Err(unknown) }
    }

    /// A value may look like a clause only right behind its separator, and not like one about a known token.
    fn refuse_clause(&self, scope: &Scope, is_close: bool) -> Parsed<()> {
        let Some(next) = self.lexer.clone().clause() else { return Ok(()) };
        let is_known =
            || scope.target(self.names, next.name).is_some() || scope.inner(self.names, next.name).is_some();
        let is_words = matches!(next.separator, Separator::Null { .. } | Separator::In);
        if is_words || (is_close && !is_known()) { Ok(()) } else { Err(self.lexer.fault(VALUE)) }
    }

    /// A quoted value or bare words.
    fn literal(&mut self) -> Parsed<Literal> {
        if let Some(quoted) = self.lexer.quoted()? {
            return Ok(quoted);
        }
        let start = self.lexer;
        let words = self.lexer.words(true)?;
        if words.span.is_empty() { Err(start.fault(CLAUSE)) } else { Ok(words) }
    }

    /// A round bracket after a colon.
    fn group(&mut self, scope: &Scope, clause: Clause<'q>) -> Parsed<Filter> {
        match self.lexer.shape() {
            Shape::Range => {
                let target = self.target(scope, clause)?;
                self.range(target, clause.name)
            }
            Shape::Values => {
                let target = self.target(scope, clause)?;
                self.parenthesised(&Scope::Values(target, clause.name.to_owned()))
            }
            Shape::Clauses => {
                let inner = scope.inner(self.names, clause.name).ok_or_else(|| {
                    let known = scope.target(self.names, clause.name).is_some();
                    if known { self.lexer.fault(Problem::NeedsQuotes) } else { self.unknown(scope, clause) }
                })?;
                let filter = self.parenthesised(&inner)?;
                Ok(match (scope, inner) {
                    (Scope::Object(_), Scope::Element(list, _)) => Filter::Any(list.id, Box::new(filter)),
                    _ => filter,
                })
            }
        }
    }

    /// One of the values in a round bracket.
    fn alternative(&mut self, scope: &Scope, target: Target, token: &str) -> Parsed<Filter> {
        match self.lexer.peek() {
            Some('(') if self.lexer.shape() == Shape::Range => return self.range(target, token),
            Some('(') => return self.parenthesised(scope),
            Some('[') => return self.bracketed(target, token),
            _ => {}
        }
        let separator = self.lexer.comparison();
        self.lexer.skip_blanks();
        if let Some(Separator::Compare(comparison)) = separator {
            return self.compare(target, token, comparison);
        }
        let filter = apply(target, token, &self.literal()?)?;
        Ok(if separator == Some(Separator::NotEqual) { negate(filter) } else { filter })
    }

    fn bracketed(&mut self, target: Target, token: &str) -> Parsed<Filter> {
        if self.lexer.shape() == Shape::Range { self.range(target, token) } else { self.list(target, token) }
    }

    fn list(&mut self, target: Target, token: &str) -> Parsed<Filter> {
        let start = self.lexer.at();
        let close = if self.lexer.eat("[") { ']' } else { ')' };
        if close == ')' {
            self.lexer.eat("(");
        }
        let mut tests = Vec::new();
        for count in 0.. {
            if count == MAX_ITEMS {
                return Err(self.lexer.fault(Problem::TooManyItems));
            }
            let item = self.lexer.item(Place::Item)?;
            if item.span.is_empty() {
                return Err(self.lexer.fault(VALUE));
            }
            tests.extend(value::tests(target.kind, &item).map_err(|wanted| wrong(token, wanted, &item))?);
            if !self.lexer.eat(",") {
                break;
            }
        }
        self.lexer.close(&[close], start)?;
        Ok(target.ask_any(tests))
    }

    fn range(&mut self, target: Target, token: &str) -> Parsed<Filter> {
        let start = self.lexer.at();
        if !value::has_order(target.kind) {
            return Err(self.lexer.fault(Problem::NoOrder { token: token.to_owned() }));
        }
        let is_from_in = self.lexer.eat_any(&['(', '[']) == Some('[');
        let from = self.lexer.item(Place::Bound)?;
        if !self.lexer.eat("..") {
            return Err(self.lexer.fault(Problem::Expected("'..'")));
        }
        self.lexer.eat(".");
        let to = self.lexer.item(Place::Bound)?;
        let is_to_in = self.lexer.close_range(start)? == ']';
        let from = bound(target, token, &from)?
            .map(|(first, last)| if is_from_in { Bound::Included(first) } else { Bound::Excluded(last) });
        let to = bound(target, token, &to)?
            .map(|(first, last)| if is_to_in { Bound::Included(last) } else { Bound::Excluded(first) });
        Ok(target.ask(match (from, to) {
            (None, None) => Test::Present,
            (from, to) => Test::Range(from.unwrap_or(Bound::Unbounded), to.unwrap_or(Bound::Unbounded)),
        }))
    }

    fn compare(&mut self, target: Target, token: &str, comparison: Comparison) -> Parsed<Filter> {
        self.lexer.skip_blanks();
        if !value::has_order(target.kind) {
            return Err(self.lexer.fault(Problem::NoOrder { token: token.to_owned() }));
        }
        let literal = self.literal()?;
        let wrong = |wanted| wrong(token, wanted, &literal);
        let (first, last) = value::bound(target.kind, &literal).map_err(wrong)?;
        Ok(target.ask(match comparison {
            Comparison::Greater => Test::Range(Bound::Excluded(last), Bound::Unbounded),
            Comparison::GreaterEqual => Test::Range(Bound::Included(first), Bound::Unbounded),
            Comparison::Less => Test::Range(Bound::Unbounded, Bound::Excluded(first)),
            Comparison::LessEqual => Test::Range(Bound::Unbounded, Bound::Included(last)),
        }))
    }
}

fn wrong(token: &str, wanted: super::Wanted, literal: &Literal) -> Fault {
    Fault::new(Problem::Value { token: token.to_owned(), wanted }, literal.span.clone())
}

fn apply(target: Target, token: &str, literal: &Literal) -> Parsed<Filter> {
    let tests = value::tests(target.kind, literal).map_err(|wanted| wrong(token, wanted, literal))?;
    Ok(target.ask_any(tests))
}

/// A bound of a range; none for `*`.
fn bound(target: Target, token: &str, literal: &Literal) -> Parsed<Option<(crate::Value, crate::Value)>> {
    if literal.is_anything() {
        return Ok(None);
    }
    value::bound(target.kind, literal).map(Some).map_err(|wanted| wrong(token, wanted, literal))
}

fn negate(filter: Filter) -> Filter {
    if let Filter::Not(inner) = filter { *inner } else { !filter }
}

fn all(parts: Vec<Filter>) -> Filter {
    let flat = parts.into_iter().flat_map(|part| match part {
        Filter::And(inner) => inner,
        other => vec![other],
    });
    single(flat.collect(), Filter::And)
}

fn any(parts: Vec<Filter>) -> Filter {
    let flat = parts.into_iter().flat_map(|part| match part {
        Filter::Or(inner) => inner,
        other => vec![other],
    });
    single(flat.collect(), Filter::Or)
}

fn single(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.swap_remove(0) } else { many(parts) }
}
