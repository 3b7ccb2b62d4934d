//! Keys, tokens and passwords in the content.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::content::{hidden_again, mask, readable};
use crate::checks::pattern::Pattern;
use crate::checks::{About, Bench, Check, Entry};

/// See [`About`].
pub(super) struct Secrets;

static ABOUT: About = About {
    name: "secrets",
    qids: &[990_023],
    means: "The content has a key, a token or a password that opens something.",
    matters: "Whoever reads the page can use it as its owner does, often without a trace on the site itself.",
    remedy: "Withdraw it at once where it was issued, then take it out of the content; keep secrets on the server.",
    technique: "Texts with the structure that issuers give to their keys, and values of fields that are named as passwords. \
                Public keys, publishable keys and place holders are left alone.",
    source: "CWE-312, CWE-798",
};

/// What a secret is, and its expression: its first group is the secret, its second what must be no place holder.
struct Kind {
    name: &'static str,
    pattern: Pattern,
}

const fn kind(name: &'static str, pattern: &'static str) -> Kind {
    Kind { name, pattern: Pattern::new(pattern) }
}

static KINDS: &[Kind] = &[
    kind(
        "private key",
        r"-----BEGIN (?:[A-Z0-9]{2,10} )?PRIVATE KEY(?: BLOCK)?-----(?:[\s\\nr]|<br ?/?>|[A-Za-z0-9+/=:,-]){40,}",
    ),
    kind("AWS access key id", r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b"),
    kind(
        "AWS secret access key",
        r#"(?i)aws_?(?:secret)?_?(?:access)?_?key["'\s:=>]{1,6}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    ),
    kind("GitHub token", r"\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b"),
    kind("GitLab token", r"\b(gl(?:pat|ptt|rt|dt)-[A-Za-z0-9_-]{20,})"),
    kind("Slack token", r"\b(xox[abeprs]-(?:\d+-){0,3}[A-Za-z0-9-]{20,})"),
    kind(
        "Slack webhook",
        r"(https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})",
    ),
    kind("Google API key", r"\b(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)"),
    kind("Google OAuth secret", r"\b(GOCSPX-[A-Za-z0-9_-]{28})"),
    kind("Stripe secret key", r"\b((?:sk|rk)_live_[0-9a-zA-Z]{20,})\b"),
    kind("Stripe webhook secret", r"\b(whsec_[0-9a-zA-Z]{32,})\b"),
    kind("Twilio API key", r"\b(SK[0-9a-f]{32})\b"),
    kind("SendGrid API key", r"\b(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
    kind("Mailgun API key", r"\b(key-[0-9a-f]{32})\b"),
    kind("npm token", r"\b(npm_[A-Za-z0-9]{36})\b"),
    kind("PyPI token", r"\b(pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,})"),
    kind("Telegram bot token", r"\b(\d{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)"),
    kind(
        "Discord webhook",
        r"(https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,})",
    ),
    kind("Shopify token", r"\b(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})\b"),
    kind("DigitalOcean token", r"\b(do[opr]_v1_[a-f0-9]{64})\b"),
    kind("Hugging Face token", r"\b(hf_[A-Za-z]{34})\b"),
    kind(
        "Heroku API key",
        r"(?i)heroku[\w .-]{0,20}(?:key|token)[\s:='\x22]{1,6}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})",
    ),
    kind("Azure storage key", r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    kind("age secret key", r"\b(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b"),
    kind("OpenAI or Anthropic key", r"\b(sk-(?:proj|ant|svcacct)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{48})\b"),
    kind("Mailchimp API key", r"\b([0-9a-f]{32}-us\d{1,2})\b"),
    kind("Brevo API key", r"\b(xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16})\b"),
    kind("PayPal token", r"(access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32})"),
    kind("Facebook token", r"\b(EAA(?:CEdEose0cBA|[A-Z0-9])[0-9A-Za-z]{60,})\b"),
    kind("Atlassian token", r"\b(ATATT3[A-Za-z0-9_=-]{80,})"),
    kind("Linear API key", r"\b(lin_api_[A-Za-z0-9]{40})\b"),
    kind("Postman API key", r"\b(PMAK-[0-9a-f]{24}-[0-9a-f]{34})\b"),
    kind("Grafana token", r"\b(glsa_[A-Za-z0-9]{32}_[0-9a-f]{8})\b"),
    kind("Databricks token", r"\b(dapi[0-9a-f]{32})\b"),
    kind("Notion token", r"\b(secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,})\b"),
    kind("New Relic key", r"\b(NRAK-[A-Z0-9]{27})\b"),
    kind("Vault token", r"\b(hv[sb]\.[A-Za-z0-9_-]{24,})"),
    kind("Docker Hub token", r"\b(dckr_pat_[A-Za-z0-9_-]{27})"),
    kind("Airtable token", r"\b(pat[A-Za-z0-9]{14}\.[a-f0-9]{64})\b"),
    kind("RubyGems key", r"\b(rubygems_[0-9a-f]{48})\b"),
    kind("Alibaba access key id", r"\b(LTAI[A-Za-z0-9]{20})\b"),
    kind("Supabase token", r"\b(sbp_[0-9a-f]{40})\b"),
    kind("Firebase messaging key", r"\b(AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{134,})"),
    kind(
        "PuTTY private key",
        r"PuTTY-User-Key-File-\d: (?s:.){20,600}?Private-Lines: \d+\s+([A-Za-z0-9+/=]{40,})",
    ),
    kind(
        "hash of a password",
        r"(?m)^[a-z_][a-z0-9_.-]{0,31}:(\$(?:1|5|6|y|2[aby]|apr1)\$[./A-Za-z0-9$=,]{20,})(?::|\s|$)",
    ),
    kind(
        "1Password key",
        r"\b(A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3})\b",
    ),
    kind("1Password service account", r"\b(ops_eyJ[A-Za-z0-9+/]{250,}={0,3})"),
    kind("Adobe client secret", r"\b(p8e-[A-Za-z0-9]{32})\b"),
    kind("Artifactory key", r"\b(AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})\b"),
    kind(
        "Azure client secret",
        r"(?:^|[^A-Za-z0-9_~.-])([A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34})(?:$|[^A-Za-z0-9_~.-])",
    ),
    kind(
        "Azure shared access signature",
        r"\bsv=\d{4}-\d\d-\d\d&[\w=&%:;.,+-]{10,300}?\bsig=([A-Za-z0-9%+/]{43,80}(?:%3D|=))",
    ),
    kind("Azure service bus key", r"SharedAccessKey=([A-Za-z0-9+/]{43}=)"),
    kind("Clojars token", r"\b(CLOJARS_[a-z0-9]{60})\b"),
    kind("Cloudflare origin key", r"\b(v1\.0-[a-f0-9]{24}-[a-f0-9]{146})\b"),
    kind("Contentful token", r"\b(CFPAT-[A-Za-z0-9_-]{43})"),
    kind("Doppler token", r"\b(dp\.(?:pt|st|ct|sa)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44})\b"),
    kind("Duffel token", r"\b(duffel_live_[A-Za-z0-9_=-]{43})"),
    kind("Dynatrace token", r"\b(dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{64})\b"),
    kind("EasyPost key", r"\b(EZAK[A-Za-z0-9]{54})\b"),
    kind("Flutterwave key", r"\b(FLWSECK-[a-h0-9]{32}-X)\b"),
    kind("Fly.io token", r"\b(fo1_[A-Za-z0-9_-]{43}|fm[12][ar]?_[A-Za-z0-9+/]{100,}={0,3})"),
    kind("Frame.io token", r"\b(fio-u-[A-Za-z0-9_=-]{64})"),
    kind(
        "GitLab token of another kind",
        r"\b(gl(?:cbt-\w{1,5}_|ft-|imt-|agent-|oas-|soat-|ffct-)[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20})",
    ),
    kind("Google OAuth token", r"\b(ya29\.[A-Za-z0-9_-]{60,})"),
    kind("Grafana cloud token", r"\b(glc_[A-Za-z0-9+/]{32,400}={0,3})"),
    kind("Groq key", r"\b(gsk_[A-Za-z0-9]{52})\b"),
    kind("Harness token", r"\b([ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20})\b"),
    kind(
        "HubSpot token",
        r"\b(pat-(?:na|eu)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b",
    ),
    kind("Infracost key", r"\b(ico-[A-Za-z0-9]{32})\b"),
    kind("Mapbox secret token", r"\b(sk\.eyJ[A-Za-z0-9_-]{30,}\.[A-Za-z0-9_-]{20,})"),
    kind("MaxMind key", r"\b([A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk)\b"),
    kind(
        "Microsoft Teams webhook",
        r"(https://[a-z0-9-]{1,40}\.webhook\.office\.com/webhookb2/[0-9a-f-]{36}@[0-9a-f-]{36}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f-]{36})",
    ),
    kind("Netlify token", r"\b(nfp_[A-Za-z0-9]{36,40})\b"),
    kind("New Relic insert key", r"\b(NRII-[A-Za-z0-9_-]{32})"),
    kind("OpenAI key", r"\b(sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})\b"),
    kind("OpenShift token", r"\b(sha256~[A-Za-z0-9_-]{43})"),
    kind("Perplexity key", r"\b(pplx-[A-Za-z0-9]{48})\b"),
    kind("PlanetScale token", r"\b(pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_=.-]{32,64})"),
    kind("Prefect token", r"\b(pnu_[a-z0-9]{36})\b"),
    kind("Pulumi token", r"\b(pul-[a-f0-9]{40})\b"),
    kind("ReadMe key", r"\b(rdme_[a-z0-9]{70})\b"),
    kind("Replicate token", r"\b(r8_[A-Za-z0-9]{37,40})\b"),
    kind("Scalingo token", r"\b(tk-us-[A-Za-z0-9_-]{48})"),
    kind("Sentry token", r"\b(sntrys_eyJ[A-Za-z0-9+/=_-]{60,}|sntryu_[a-f0-9]{64})"),
    kind("Shippo token", r"\b(shippo_live_[a-f0-9]{40})\b"),
    kind(
        "Slack app token",
        r"\b(xapp-\d-[A-Z0-9]{8,}-\d+-[a-z0-9]{40,}|xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{100,})",
    ),
    kind("Sourcegraph token", r"\b(sgp_(?:[a-fA-F0-9]{16}_|local_)?[a-fA-F0-9]{40})\b"),
    kind("Square access token", r"\b(EAAA[A-Za-z0-9_-]{60})\b"),
    kind("Terraform Cloud token", r"\b([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})"),
    kind("Typeform token", r"\b(tfp_[A-Za-z0-9_=.-]{59})"),
    kind("xAI key", r"\b(xai-[A-Za-z0-9]{80})\b"),
    kind("Yandex key", r"\b(AQVN[A-Za-z0-9_-]{35,38})\b"),
    kind(
        "credentials of a request",
        r#"(?i)\bAuthorization["']?\s{0,2}[:=,]\s{0,2}["'`]?\s?(?:Bearer|Token)\s+([A-Za-z0-9+/_.=-]{20,400})["'`\s<]"#,
    ),
    kind("Square token", r"\b(sq0(?:atp|csp)-[0-9A-Za-z_-]{22,43})"),
    kind("Dropbox token", r"\b(sl\.[A-Za-z0-9_-]{130,})"),
    kind(
        "database password",
        r#"\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver)://[^\s:@/"'<>{}$]{0,60}:([^\s@/"'<>{}$]{3,80})@[A-Za-z0-9.-]+)"#,
    ),
    kind(
        "password in a URL",
        r#"\b((?:https?|ftp|sftp|ssh)://[A-Za-z0-9._-]{1,60}:([^\s@/"'<>{}$:]{3,80})@[A-Za-z0-9.-]+\.[a-z]{2,})"#,
    ),
    kind(
        "connection string password",
        r#"(?i)(?:Server|Data Source|Host)=[^;"'<>\n]{1,100};[^"'<>\n]{0,200}(?:Password|Pwd)=([^;"'<>\s]{4,80})"#,
    ),
];

static JWT: Pattern = Pattern::new(r"\b(eyJ[A-Za-z0-9_-]{8,})\.(eyJ[A-Za-z0-9_-]{8,})\.([A-Za-z0-9_-]{16,})");
/// A field that is named as a secret, with a value in quotes.
static FIELD: Pattern = Pattern::new(
    r#"(?i)["']?\b(?:[a-z]{1,16}[_.-]?){0,3}(?:passw(?:or)?d|passwd|(?:db|smtp|ftp|ssh|admin|root|mail|imap|ldap|redis|mysql|sql)[_.-]?pass|pwd|passphrase|secret|api[_-]?key|master_?key|signing_?key|apikey|secret_?key|access_?key|private_?key|client_?secret|auth_?token|access_?token|encryption_?key)\\?["']?\s*(?:[:=]|=>)\s*\\?["']([^"'\s<>\\]{8,80})\\?["']"#,
);
/// A member of JSON that is named as a password.
static MEMBER: Pattern = Pattern::new(r#"(?i)"(?:[a-z]{1,12}_?)?passw(?:or)?d"\s*:\s*"([^"\s<>\\]{4,80})""#);
/// A password that a comment tells.
static COMMENT: Pattern = Pattern::new(
    r#"(?is)<!--[^>]{0,300}?\b(?:password|passwd|pwd|passwort|api[ _-]?key|secret)\b\s{0,2}(?:is|=|:|-)\s{0,2}["']?([^\s"'<>]{5,60})"#,
);
/// A password that a script's or a file's comment tells.
static REMARK: Pattern = Pattern::new(
    r#"(?im)(?:/\*(?:[^*]|\*[^/]){0,300}?|(?:^|\s)//[^\n]{0,200}?|^\s*[#;][^\n]{0,200}?)\b(?:password|passwd|pwd|passwort|api[ _-]?key|secret)\b\s{0,2}(?:is|=|:|-)\s{0,2}["'`]?([^\s"'`<>()]{6,60})"#,
);
/// An element, or a line of a file of settings, that is named as a secret.
static ELEMENT: Pattern = Pattern::new(
    r"(?i)<(?:\w+:)?(?:\w{1,16}[_.-]?)?(?:password|passwd|secret|api_?key|secret_?key|access_?key)>\s*([^<>\s]{6,80})\s*</",
);
static LINE: Pattern = Pattern::new(
    r#"(?im)^\s*(?:export\s+|set\s+)?[\w.-]{0,40}(?:password|passwd|pwd|secret|api_?key|secret_?key|access_?key|private_?key)[\w.-]{0,20}\s*[=:]\s*([^\s"'<>{}()$,;]{6,80})\s*$"#,
);
static HOLDERS: Pattern = Pattern::new(
    r"(?i)x{4,}|\*{3,}|\.{3}|example|your[-_ ]?|placeholder|change[-_]?me|insert|dummy|redacted|<[^>]*>|\$\{|\{\{|%[a-z_]+%|todo|sample|^(?:password|passwd|pass|pwd|secret|user|root|admin)$|undefined|process\.env|getenv|0{8,}",
);

impl Check for Secrets {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn look<'a>(&'a self, bench: &'a Bench<'a>, entry: &'a Entry) -> Option<BoxFuture<'a, ()>> {
        let kind = entry.response.media_type();
        let text = readable(entry)?;
        let mut found = secrets(text, kind.contains("json"));
        let is_settings = !["html", "script", "json", "xml", "css"].iter().any(|part| kind.contains(part));
        if found.is_empty() && is_settings {
            found.extend(setting(text));
        }
        // What was sent along is no secret of the site's.
        let sent = String::from_utf8_lossy(&entry.request.body.bytes()).into_owned();
        found.retain(|(_, secret)| !sent.contains(secret.as_str()));
        (!found.is_empty()).then(|| look(bench, entry, found).boxed())
    }
}

/// Whether a text has enough different letters to be a secret.
fn varies(secret: &str) -> bool {
    let mut letters: Vec<char> = secret.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= 4 && !HOLDERS.is_match(secret)
}

/// Whether a value of a named field is more than a word or a sentence.
fn is_mixed(value: &str) -> bool {
    let has = |test: fn(char) -> bool| value.chars().any(test);
    let has_digit = has(|c| c.is_ascii_digit());
    has_digit
        && has(|c| c.is_ascii_alphabetic())
        && !value.contains("://")
        && !value.starts_with(['/', '#', '.'])
}

fn is_jwt(head: &str) -> bool {
    let json = URL_SAFE_NO_PAD.decode(head).ok();
    let value: Option<serde_json::Value> = json.and_then(|json| serde_json::from_slice(&json).ok());
    value.is_some_and(|value| value.get("alg").is_some())
}

/// Kind and text of each secret, the first of each kind.
fn secrets(text: &str, is_json: bool) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> = Vec::new();
    let add = |name: &'static str, secret: &str, all: &mut Vec<(&'static str, String)>| {
        if !all.iter().any(|(have, text)| *have == name || text.contains(secret)) {
            all.push((name, secret.to_owned()));
        }
    };
    for Kind { name, pattern } in KINDS {
        for found in pattern.all_captures(text) {
            let secret = found.get(1).or_else(|| found.get(0)).map_or("", |m| m.as_str());
            let telling = found.get(2).map_or(secret, |m| m.as_str());
            if varies(telling) {
                add(name, secret, &mut all);
                break;
            }
        }
    }
    // An answer of an API that gives a token to who asks for it is how it should be.
    if !is_json && let Some(found) = JWT.captures(text) {
        let part = |n: usize| found.get(n).map_or("", |m| m.as_str());
        if is_jwt(part(1)) {
            add("JSON web token", part(0), &mut all);
        }
    }
    for found in FIELD.all_captures(text) {
        let value = found.get(1).map_or("", |m| m.as_str());
        if is_mixed(value) && varies(value) && all.is_empty() {
            add("password or key in a field", value, &mut all);
        }
    }
    for found in MEMBER.all_captures(text).into_iter().filter(|_| is_json) {
        let value = found.get(1).map_or("", |m| m.as_str());
        if is_mixed(value) && varies(value) && all.is_empty() {
            add("password or key in a field", value, &mut all);
        }
    }
    for found in COMMENT.all_captures(text) {
        let value = found.get(1).map_or("", |m| m.as_str());
        let is_password = value.chars().any(|c| !c.is_ascii_lowercase()) && !value.ends_with([':', ',']);
        if is_password && !HOLDERS.is_match(value) && all.is_empty() {
            add("password in a comment", value, &mut all);
        }
    }
    let others: [(&Pattern, &'static str); 2] =
        [(&REMARK, "password in a comment"), (&ELEMENT, "password or key in a field")];
    for (pattern, name) in others {
        for found in pattern.all_captures(text) {
            let value = found.get(1).map_or("", |m| m.as_str());
            let is_called = value.contains(['(', ')']) || value.ends_with([':', ',', ';']);
            if is_mixed(value) && !is_called && varies(value) && all.is_empty() {
                add(name, value, &mut all);
            }
        }
    }
    all
}

/// The first password in a file of settings.
fn setting(text: &str) -> Option<(&'static str, String)> {
    let values = LINE.all_captures(text).into_iter().filter_map(|found| Some(found.get(1)?.as_str()));
    let value = values.into_iter().find(|value| is_mixed(value) && varies(value))?;
    Some(("password or key in a field", value.to_owned()))
}

async fn look(bench: &Bench<'_>, entry: &Entry, found: Vec<(&'static str, String)>) {
    for (name, secret) in found {
        let begin = secret.lines().next().unwrap_or_default();
        if let Some(proof) = hidden_again(bench, entry, begin, &mask(begin)).await {
            bench.report_named(990_023, entry, name, proof);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_what_only_looks_like_one() {
        let jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
        // Put together here, so that no scanner of repositories takes them for real.
        let cases = [
            format!(
                "-----BEGIN RSA {} KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MhgwMbRvI0MBZhpT",
                "PRIVATE"
            ),
            format!("key = {}ZQ3DN5W7RVEXTQ2A", "AKIA"),
            format!("token: {}_16C7e42F292c6912E7710c838347Ae178B4a", "ghp"),
            format!("{}-123456789012-abcdefghijklmnopqrstuvwx", "xoxb"),
            format!("key={}SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "AIza"),
            format!("{}_live_4eC39HqLyjWDarjtT1zdp7dc", "sk"),
            "postgres://app:s3cr3tPw@db.shop.example/app".to_owned(),
            format!("token = '{jwt}'"),
            "<script>var apiKey = \"9f8b7c6d5e4f3a2b1c\";</script>".to_owned(),
            "<!-- admin password: Winter2024! -->".to_owned(),
            "x = 1; // test login, password: Winter2024!\ny = 2;".to_owned(),
            r#"{"sourcesContent":["const apiKey = \"9f8b7c6d5e4f3a2b1c\";"]}"#.to_owned(),
            "<config><db><password>Wi7ter!x</password></db></config>".to_owned(),
            format!("{}-4fd2a7c1b09e8d3f6a5b2c7d", "PMAK") + "-9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e",
            format!("dp.pt.{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0uvw"),
            format!("pscale_{}_{}", "tkn", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"),
            format!("{}-na1-1f2e3d4c-5b6a-4789-9abc-def012345678", "pat"),
            "curl -H 'Authorization: Bearer 9f8b7c6d5e4f3a2b1c0d' https://a.example/x".to_owned(),
            "www:$6$Qm3xY1aZ$8kq0cE5rT9uPz1wVfLdGhJ2nBvCxZaSd:19000:0".to_owned(),
        ];
        assert_eq!(secrets(r#"{"user": "ann", "password": "pass1"}"#, true).len(), 1);
        assert_eq!(secrets(r#"{"password": "string", "old_password": "required"}"#, true), []);
        for text in &cases {
            assert_eq!(secrets(text, false).len(), 1, "{text}: {:?}", secrets(text, false));
        }
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAXXXXXXXXXXXXXXXX",
            "pk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            "apiKey: \"YOUR_API_KEY_1\"",
            "password: \"Password must have 8 letters\"",
            "<input name=password placeholder='Secret12345'>",
            "postgres://user:password@localhost/db",
            "<!-- password field -->",
            "https://a.example/x:y@z",
            "// password: see the manual\nvar a = 1;",
            "/* The password is checked by checkPassword2(value) */",
            "password: String\nsecret: process.env.SECRET_1\n",
            "<password>${db.password1}</password>",
            "forgot password?\nreset_password=/reset/1",
            "fetch('/me', { headers: { Authorization: 'Bearer ' + token.value } })",
            "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE ",
            "Authorization: Basic dXNlcjpwYXNzd29yZA== ",
            "eyJub3RoaW5n.eyJub3RoaW5n.aaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(secrets(text, false), [], "{text}");
        }
        assert!(setting("APP_ENV=prod\nDB_PASSWORD=Wi7ter!x\n").is_some());
        assert!(setting("db:\n  password: Wi7ter!x\n").is_some());
        assert!(setting("forgot password?\nreset_password=/reset/1\nsecret: ${SECRET_1}\n").is_none());
        assert_eq!(secrets(&format!("{{\"token\":\"{jwt}\"}}"), true).len(), 0);
    }
}
