//! The option profile of a scan (`contract/was.md 9`).

use serde::{Deserialize, Serialize};

use crate::scope::UrlEntry;

/// Which forms are sent while crawling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FormSubmission {
    /// None.
    None,
    /// Those that ask.
    Get,
    /// Those that tell.
    Post,
    /// All.
    #[default]
    Both,
}

/// How hard a scan may press.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Performance {
    /// One request at once.
    Lowest,
    /// Two.
    Low,
    /// Four.
    #[default]
    Medium,
    /// Eight.
    High,
    /// Sixteen.
    Maximum,
}

impl Performance {
    /// Requests at once.
    #[must_use]
    pub fn concurrency(self) -> usize {
        match self {
            Self::Lowest => 1,
            Self::Low => 2,
            Self::Medium => 4,
            Self::High => 8,
            Self::Maximum => 16,
        }
    }
}

/// When a browser crawls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BrowserUse {
    /// Never.
    Never,
    /// Where a page needs it.
    #[default]
    Auto,
    /// On every page.
    Always,
}

/// Whether well-known pairs of user name and password are tried at logins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BruteForce {
    /// Never.
    Disabled,
    /// A few.
    #[default]
    Minimal,
}

/// What is looked for in texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SensitiveContent {
    /// Card numbers.
    pub credit_card_number: bool,
    /// Social security numbers of the United States.
    pub social_security_number: bool,
    /// Regular expressions of one's own.
    pub custom: Vec<String>,
}

impl Default for SensitiveContent {
    fn default() -> Self {
        Self { credit_card_number: true, social_security_number: true, custom: Vec::new() }
    }
}

/// The profile. Names as on the wire, where the contract has some.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Profile {
    /// Most links and forms that are crawled: 300 unless told otherwise, 8000 at most.
    pub max_crawl_requests: usize,
    /// How many links deep.
    pub max_depth: usize,
    /// When a browser crawls.
    pub browser: BrowserUse,
    /// How many events deep a browser goes on one page.
    pub smart_scan_depth: usize,
    /// How hard the scan may press.
    pub performance: Performance,
    /// Whether well-known pairs are tried at logins.
    pub bruteforce_option: BruteForce,
    /// Seconds for which a server is kept waiting by a request that does not end (QIDs 150079 and 150085); 0 for not at all.
    pub slow_http: u8,
    /// Least milliseconds between the beginnings of two requests.
    pub request_delay: u64,
    /// Forms.
    pub form_submission: FormSubmission,
    /// The name that the scan gives itself; its own unless told otherwise.
    pub user_agent: Option<String>,
    /// Most seconds that an answer may take to begin, and its body to come; a connection has five at the most.
    pub answer_timeout: u64,
    /// Answers that may fail to come in time before the scan gives up (SERVICE_ERROR).
    pub timeout_error_threshold: u64,
    /// Connections that may break before the scan gives up.
    pub unexpected_error_threshold: u64,
    /// Most seconds of the whole scan (TIME_LIMIT_REACHED).
    pub time_limit: u64,
    /// Whether PUT, PATCH and DELETE may be sent.
    pub destructive_methods: bool,
    /// Whether robots.txt adds paths (QID 150077 is told either way).
    pub use_robots: bool,
    /// Whether the sitemap adds paths.
    pub use_sitemap: bool,
    /// Whether the scan only crawls (DISCOVERY) or also tests.
    pub tests: bool,
    /// Names of checks that run; all when empty.
    pub include: Vec<String>,
    /// Names of checks that don't.
    pub exclude: Vec<String>,
    /// Links of one pattern that are crawled at the most.
    pub redundancy_limit: usize,
    /// Patterns of links that count as one, beside what the crawler sees itself.
    pub redundancy_links: Vec<UrlEntry>,
    /// What is looked for in texts.
    pub sensitive_content: SensitiveContent,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            max_crawl_requests: 300,
            max_depth: 20,
            browser: BrowserUse::default(),
            smart_scan_depth: 5,
            performance: Performance::default(),
            bruteforce_option: BruteForce::default(),
            slow_http: 0,
            request_delay: 0,
            form_submission: FormSubmission::default(),
            user_agent: None,
            answer_timeout: 20,
            timeout_error_threshold: 100,
            unexpected_error_threshold: 300,
            time_limit: 24 * 3600,
            destructive_methods: false,
            use_robots: true,
            use_sitemap: true,
            tests: true,
            include: Vec::new(),
            exclude: Vec::new(),
            redundancy_limit: 12,
            redundancy_links: Vec::new(),
            sensitive_content: SensitiveContent::default(),
        }
    }
}
