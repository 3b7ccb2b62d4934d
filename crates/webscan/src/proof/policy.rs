//! Whether a Content-Security-Policy keeps a browser from running what stands in the page itself.

use crate::http::Response;

/// Whether scripts, handlers and script URLs within the page are all forbidden.
pub(crate) fn forbids_inline(response: &Response) -> bool {
    let policies = response.all("content-security-policy").flat_map(|value| value.split(','));
    policies.into_iter().any(policy_forbids)
}

/// Whether scripts from any host are allowed by a scheme.
pub(crate) fn allows_anywhere(response: &Response, scheme: &str) -> bool {
    let policies = response.all("content-security-policy").flat_map(|value| value.split(','));
    policies.into_iter().all(|policy| {
        let policy = policy.to_ascii_lowercase();
        let directives: Vec<Vec<&str>> =
            policy.split(';').map(|directive| directive.split_ascii_whitespace().collect()).collect();
        let of = |name: &str| directives.iter().find(|words| words.first() == Some(&name));
        let scripts = of("script-src-elem").or_else(|| of("script-src")).or_else(|| of("default-src"));
        let is_open = scripts.is_none_or(|words| {
            let names = |word: &&str| *word == "*" || word.strip_suffix(':') == Some(scheme);
            words.iter().any(names) && !words.contains(&"'strict-dynamic'")
        });
        let is_boxed = of("sandbox").is_some_and(|words| !words.contains(&"allow-scripts"));
        is_open && !is_boxed
    })
}

/// Whether addresses without a host may be made any host's.
pub(crate) fn allows_base(response: &Response) -> bool {
    let mut words = response.all("content-security-policy").flat_map(|value| value.split([' ', ';', ',']));
    !words.any(|word| word.eq_ignore_ascii_case("base-uri"))
}

/// Whether all policies allow a script of the page that has a nonce.
pub(crate) fn allows_nonce(response: &Response, nonce: &str) -> bool {
    let policies = response.all("content-security-policy").flat_map(|value| value.split(','));
    policies.into_iter().all(|policy| {
        let lists: Vec<Vec<&str>> =
            policy.split(';').map(|directive| directive.split_ascii_whitespace().collect()).collect();
        let of = |name: &str| {
            lists.iter().find(|words| words.first().is_some_and(|first| first.eq_ignore_ascii_case(name)))
        };
        let scripts = of("script-src-elem").or_else(|| of("script-src")).or_else(|| of("default-src"));
        let names_it = |word: &&str| {
            word.strip_prefix("'nonce-").and_then(|word| word.strip_suffix('\'')) == Some(nonce)
        };
        let is_named = scripts.is_some_and(|words| words.iter().any(names_it));
        !policy_forbids(policy) || (is_named && of("sandbox").is_none())
    })
}

/// The nonce that a policy names.
pub(crate) fn nonce_of(response: &Response) -> Option<&str> {
    let mut words = response.all("content-security-policy").flat_map(|value| value.split([' ', ';', ',']));
    words.find_map(|word| word.strip_prefix("'nonce-")?.strip_suffix('\''))
}

/// The same for one policy: of several, each has to allow.
fn policy_forbids(policy: &str) -> bool {
    let policy = policy.to_ascii_lowercase();
    let directives: Vec<Vec<&str>> =
        policy.split(';').map(|directive| directive.split_ascii_whitespace().collect()).collect();
    let sources = |names: &[&str]| {
        names.iter().find_map(|name| directives.iter().find(|words| words.first() == Some(name)))
    };
    let forbids = |kind: &str| {
        let Some(words) = sources(&[kind, "script-src", "default-src"]) else { return false };
        // Where one inline script is named, others are not meant.
        let names_one = words.iter().any(|word| word.starts_with("'nonce-") || word.starts_with("'sha"));
        !words.contains(&"'unsafe-inline'") || names_one
    };
    let is_boxed = sources(&["sandbox"]).is_some_and(|words| !words.contains(&"allow-scripts"));
    is_boxed || (forbids("script-src-elem") && forbids("script-src-attr"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_with_a_nonce_is_one_of_the_policy() {
        for (policy, nonce, wanted) in [
            ("script-src 'self' 'nonce-Ab1'", "Ab1", true),
            ("script-src 'self' 'nonce-Ab1'", "ab1", false),
            ("default-src 'self'; script-src 'nonce-x' 'strict-dynamic'", "x", true),
            ("script-src 'self'", "x", false),
            ("script-src 'nonce-x', script-src 'self'", "x", false),
            ("script-src 'nonce-x'; sandbox", "x", false),
        ] {
            let response = Response::new(200, &[("content-security-policy", policy)], String::new());
            assert_eq!(allows_nonce(&response, nonce), wanted, "{policy}");
        }
        let response = Response::new(
            200,
            &[("content-security-policy", "script-src 'self' 'nonce-Ab1';")],
            String::new(),
        );
        assert_eq!(nonce_of(&response), Some("Ab1"));
    }

    #[test]
    fn policies_are_read_as_browsers_do() {
        for (policy, wanted) in [
            ("default-src 'none'", true),
            ("script-src 'self'; style-src 'unsafe-inline'", true),
            ("script-src 'nonce-a1' 'unsafe-inline'", true),
            ("sandbox allow-forms", true),
            ("default-src *, script-src 'self'", true),
            ("default-src 'self' 'unsafe-inline'", false),
            ("script-src-elem 'self'; script-src 'unsafe-inline'", false),
            ("img-src 'self'", false),
            ("sandbox allow-scripts", false),
            ("", false),
        ] {
            let response = Response::new(200, &[("content-security-policy", policy)], String::new());
            assert_eq!(forbids_inline(&response), wanted, "{policy}");
        }
    }
}
