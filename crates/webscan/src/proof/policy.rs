//! Whether a Content-Security-Policy keeps a browser from running what stands in the page itself.

use crate::http::Response;

/// Whether scripts, handlers and script URLs within the page are all forbidden.
pub(crate) fn forbids_inline(response: &Response) -> bool {
    let policies = response.all("content-security-policy").flat_map(|value| value.split(','));
    policies.into_iter().any(policy_forbids)
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
