//! Template engines: the syntax of each, over one evaluator of expressions.

use std::collections::BTreeMap;

use super::expr::{Flavor, Value, evaluate};

/// An engine's syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// `{{ }}`, Python's semantics.
    Jinja,
    /// `{{ }}`, PHP's semantics.
    Twig,
    /// `${ }`.
    Freemarker,
    /// `#set($x = ...)` and `$x`.
    Velocity,
    /// `<%= %>`.
    Erb,
    /// `{ }` without a blank after the brace.
    Smarty,
    /// `#{ }`.
    Pug,
    /// `@( )`.
    Razor,
    /// `*{ }` and `[[${ }]]`.
    Thymeleaf,
    /// `{{= }}`.
    Dot,
}

impl Engine {
    fn marks(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Jinja | Self::Twig => &[("{{", "}}")],
            Self::Freemarker => &[("${", "}")],
            Self::Velocity => &[],
            Self::Erb => &[("<%=", "%>")],
            Self::Smarty => &[("{", "}")],
            Self::Pug => &[("#{", "}")],
            Self::Razor => &[("@(", ")")],
            Self::Thymeleaf => &[("[[${", "}]]"), ("*{", "}"), ("${", "}")],
            Self::Dot => &[("{{=", "}}")],
        }
    }
}

/// Renders a template.
pub fn render(engine: Engine, template: &str, names: &BTreeMap<String, Value>) -> Result<String, String> {
    if engine == Engine::Velocity {
        return velocity(template, names);
    }
    let flavor = if engine == Engine::Jinja { Flavor::Python } else { Flavor::Script };
    let mut out = String::new();
    let mut rest = template;
    loop {
        // The leftmost mark, the longer where two begin at one place.
        let next = engine
            .marks()
            .iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, *open, *close)))
            .min_by_key(|(at, open, _)| (*at, usize::MAX - open.len()));
        let Some((at, open, close)) = next else {
            out.push_str(rest);
            return Ok(out);
        };
        out.push_str(rest.get(..at).unwrap_or_default());
        let inner = rest.get(at + open.len()..).unwrap_or_default();
        if engine == Engine::Smarty && inner.starts_with(char::is_whitespace) {
            out.push_str(open);
            rest = inner;
            continue;
        }
        let end = match engine {
            Engine::Razor => closing(inner),
            Engine::Freemarker => outside_texts(inner, '}'),
            _ => inner.find(close),
        };
        let Some(end) = end else {
            return Err(format!("{engine:?}: unexpected end of template, expected '{close}'"));
        };
        let expression = inner.get(..end).unwrap_or_default();
        let expression =
            if engine == Engine::Smarty { expression.trim_start_matches('$') } else { expression };
        let expression = match engine {
            Engine::Freemarker => texts_rendered(expression, names)?,
            _ => expression.to_owned(),
        };
        let value = evaluate(&expression, names, flavor)
            .map_err(|error| format!("{engine:?} template error: {error} in '{expression}'"))?;
        out.push_str(&value.show());
        rest = inner.get(end + close.len()..).unwrap_or_default();
    }
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where a sign first stands outside the texts of an expression.
fn outside_texts(text: &str, sign: char) -> Option<usize> {
    let mut rest = text;
    loop {
        let at = rest.find(['"', '\'', sign])?;
        let found = rest.get(at..)?;
        if found.starts_with(sign) {
            return Some(text.len() - found.len());
        }
        rest = found.get(end_of_text(found)?..)?;
    }
}

/// Where the text ends with which this begins, its last quote included.
fn end_of_text(text: &str) -> Option<usize> {
    let mut signs = text.char_indices();
    let (_, quote) = signs.next()?;
    while let Some((at, c)) = signs.next() {
        if c == quote {
            return Some(at + c.len_utf8());
        }
        if c == '\\' {
            signs.next()?;
        }
    }
    None
}

/// FreeMarker looks for expressions in the texts of an expression, too.
fn texts_rendered(expression: &str, names: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = expression;
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, found) = rest.split_at(at);
        let Some(length) = end_of_text(found) else { break };
        let (literal, after) = found.split_at(length);
        out.push_str(before);
        if literal.contains("${") {
            let mut inner = String::new();
            let mut signs = literal.get(1..length - 1).unwrap_or_default().chars();
            while let Some(c) = signs.next() {
                inner.extend(if c == '\\' { signs.next() } else { Some(c) });
            }
            let shown = render(Engine::Freemarker, &inner, names)?;
            out.push_str(&format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\"")));
        } else {
            out.push_str(literal);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn velocity(template: &str, names: &BTreeMap<String, Value>) -> Result<String, String> {
    let mut names = names.clone();
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['#', '$']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        if let Some(inner) = rest.strip_prefix("#set(") {
            let end = closing(inner).ok_or("Velocity: unclosed #set")?;
            let (name, value) =
                inner.get(..end).and_then(|text| text.split_once('=')).ok_or("Velocity: #set needs =")?;
            let value = evaluate(value, &strip(&names), Flavor::Script)?;
            names.insert(name.trim().trim_matches(['$', '!', '{', '}']).to_owned(), value);
            rest = inner.get(end + 1..).unwrap_or_default();
        } else if let Some(inner) = rest.strip_prefix('$') {
            let inner = inner.trim_start_matches('!');
            let braced = inner.starts_with('{');
            let word = inner.trim_start_matches('{');
            let length = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
            let name = word.get(..length).unwrap_or_default();
            match names.get(name) {
                Some(value) => {
                    out.push_str(&value.show());
                    rest = word.get(length + usize::from(braced)..).unwrap_or_default();
                }
                None => {
                    out.push('$');
                    rest = inner;
                }
            }
        } else {
            out.push('#');
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The names with their dollar signs, as expressions write them.
fn strip(names: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    names.iter().map(|(name, value)| (format!("${name}"), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freemarker_reads_texts_as_its_manual_says() {
        let names = BTreeMap::from([("user".to_owned(), Value::Text("ann".to_owned()))]);
        let rendered = |template: &str| render(Engine::Freemarker, template, &names);
        assert_eq!(rendered("a ${\"Hello ${user}!\"} b").unwrap(), "a Hello ann! b");
        assert_eq!(rendered("${'}' + \"\\\"\"}${user}").unwrap(), "}\"ann");
        assert_eq!(rendered("${\"${'${user}'}\"}").unwrap(), "ann");
        assert!(rendered("${\"a}").is_err());
        assert!(rendered("${\"${1 +}\"}").is_err());
    }
}
