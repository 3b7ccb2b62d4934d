//! Keys and tokens by their structure, as issuers give it to them.

use crate::checks::pattern::Pattern;

/// What a secret is, and its expression: its first group is the secret, its second what must be no place holder.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) pattern: Pattern,
}

const fn kind(name: &'static str, pattern: &'static str) -> Kind {
    Kind { name, pattern: Pattern::new(pattern) }
}

pub(super) static KINDS: &[Kind] = &[
    kind(
        "private key",
        r"-----? ?BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)? ?----?-?(?:[\s\\nr]|<br ?/?>|[A-Za-z0-9+/=:,-]){40,}",
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
        r"PuTTY-User-Key-File-\d: (?s:.){20,600}?Private-Lines: \d+(?:\s|\\[rn])+([A-Za-z0-9+/=]{40,})",
    ),
    kind(
        "hash of a password",
        r"(?m)^[a-z_][a-z0-9_.-]{0,31}:(\$(?:1|5|6|y|2[aby]|apr1)\$[./A-Za-z0-9$=,]{20,})(?::|\s|$)",
    ),
    // The same without the line of a file around it.
    kind(
        "hash of a password",
        r"(?:^|[^\w$])(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{20,128}|\$(?:1|apr1)\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|\$5\$(?:rounds=\d+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{43}|\$6\$(?:rounds=\d+\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86}|pbkdf2_sha(?:1|256|512)\$\d+\$[A-Za-z0-9]{8,32}\$[A-Za-z0-9+/]{27,88}={0,2})(?:[^./A-Za-z0-9]|$)",
    ),
    kind(
        "private key as JSON",
        r#"(?s)\{[^{}]*?\\?"kty\\?"\s*:[^{}]*?\\?"d\\?"\s*:\s*\\?"([A-Za-z0-9_-]{40,})\\?""#,
    ),
    kind("private key as XML", r"<RSAKeyValue>[\s\S]*?<D>\s*([A-Za-z0-9+/=\s]{40,})</D>"),
    kind(
        "WireGuard private key",
        r"(?m)(?:^|\\n)\s*PrivateKey\s*=\s*([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?:\s|\\[nr]|$)",
    ),
    kind("credentials of a cluster", r"(?m)^\s*(?:client-key-data|token):\s*([A-Za-z0-9+/_.=-]{32,})\s*$"),
    kind(
        "password of a machine",
        r"(?m)^\s*machine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+(\S{4,80})\s*$",
    ),
    kind(
        "password of a database driver",
        r#"(?i)\bjdbc:[a-z0-9:]{2,40}(?://|@)[^\s"'<>]{1,200}?[?;&]password=([^\s"'<>&;{}$]{4,80})|\bjdbc:oracle:thin:\w{1,30}/([^\s"'<>@{}$]{4,80})@"#,
    ),
    kind("Cloudinary credentials", r"\b(cloudinary://\d{10,20}:[A-Za-z0-9_-]{20,40}@[A-Za-z0-9_-]+)"),
    kind("Discord bot token", r"\b([MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})\b"),
    kind("Heroku API key of today", r"\b(HRKU-[A-Za-z0-9_-]{36,64})"),
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
        r#"\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse|ldaps?|smtps?|imaps?)://[^\s:@/"'<>{}$]{0,60}:([^\s@/"'<>{}$]{3,80})@[A-Za-z0-9.-]+)"#,
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
