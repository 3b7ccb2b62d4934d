//! The numbers of findings: what each QID means in the contract (`contract/was.md 15`), and our own numbers for what it
//! has none for (990001 and up, outside the vendor's ranges). No number ever gets another meaning.

use serde::{Deserialize, Serialize};

/// What kind of thing a finding is (`contract/was.md 5.2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Proven weakness.
    Vulnerability,
    /// A weakness that may or may not matter.
    PotentialVulnerability,
    /// Data that should not be there.
    SensitiveContent,
    /// Worth knowing.
    InformationGathered,
}

/// The class of a QID, from which come group, OWASP and WASC codes (`contract/was.md 14`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Authentication and sessions.
    Auth,
    /// Commands and code.
    Cmd,
    /// Cookies.
    Cookie,
    /// Cross-site request forgery.
    Csrf,
    /// Diagnostics.
    Diag,
    /// Directory listings.
    Dirlist,
    /// Exhaustion.
    Dos,
    /// Response headers.
    Hdr,
    /// LDAP.
    Ldap,
    /// Information leaks.
    Leak,
    /// Local files.
    Lfi,
    /// Known vulnerable components.
    Lib,
    /// Document databases.
    Nosql,
    /// Predictable resources.
    Path,
    /// Redirects.
    Redirect,
    /// Remote files.
    Rfi,
    /// Errors of the server.
    ServerError,
    /// Header injection.
    Split,
    /// SQL.
    Sqli,
    /// Requests of the server.
    Ssrf,
    /// Transport security.
    Tls,
    /// XPath.
    Xpath,
    /// Script in the page.
    Xss,
    /// XML entities.
    Xxe,
}

/// What a QID means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Qid {
    /// The number.
    pub id: u32,
    /// The title.
    pub title: &'static str,
    /// What kind of thing it is.
    pub kind: Kind,
    /// 1 (minimal) to 5 (urgent).
    pub severity: u8,
    /// The weakness in the Common Weakness Enumeration.
    pub cwe: Option<u32>,
    /// Its class.
    pub class: Class,
}

impl Qid {
    /// What a number means; none for a number that is not ours to give.
    #[must_use]
    pub fn of(id: u32) -> Option<&'static Self> {
        TABLE.binary_search_by_key(&id, |qid| qid.id).ok().and_then(|at| TABLE.get(at))
    }

    /// All of them, by number.
    #[must_use]
    pub fn all() -> &'static [Self] {
        TABLE
    }

    /// The group that API filters know (`contract/was.md 14`).
    #[must_use]
    pub fn group(&self) -> &'static str {
        match (self.id, self.kind, self.class) {
            (150_033 | 150_080, ..) => "CC",
            (150_034, ..) => "SSN_US",
            (_, Kind::SensitiveContent, _) => "CUSTOM",
            (_, Kind::InformationGathered, Class::Hdr | Class::Dos) | (150_099 | 150_126, ..) => "IG_WEAK",
            (_, Kind::InformationGathered, _) => "IG_DIAG",
            (.., Class::Xss) => "XSS",
            (.., Class::Sqli) => "SQL",
            (.., Class::Path | Class::Dirlist | Class::Lfi) => "PATH",
            _ => "INFO",
        }
    }
}

const fn qid(id: u32, title: &'static str, kind: Kind, severity: u8, cwe: u32, class: Class) -> Qid {
    Qid { id, title, kind, severity, cwe: if cwe == 0 { None } else { Some(cwe) }, class }
}

const V: Kind = Kind::Vulnerability;
const P: Kind = Kind::PotentialVulnerability;
const S: Kind = Kind::SensitiveContent;
const I: Kind = Kind::InformationGathered;

const TABLE: &[Qid] = &[
    qid(6, "DNS Host Name", I, 1, 0, Class::Diag),
    qid(45_017, "Operating System Detected", I, 2, 0, Class::Diag),
    qid(45_038, "Host Scan Time", I, 1, 0, Class::Diag),
    qid(86_000, "Web Server Version (VM)", I, 1, 0, Class::Diag),
    qid(86_001, "SSL Web Server Version (VM)", I, 1, 0, Class::Diag),
    qid(150_000, "Persistent Cross-Site Scripting (XSS) Vulnerabilities", V, 5, 79, Class::Xss),
    qid(150_001, "Reflected Cross-Site Scripting (XSS) Vulnerabilities", V, 5, 79, Class::Xss),
    qid(150_002, "Persistent Cross-Site Scripting (XSS) in HTTP Header", V, 5, 79, Class::Xss),
    qid(150_003, "SQL Injection", V, 5, 89, Class::Sqli),
    qid(150_004, "Path-Based Vulnerability", V, 2, 22, Class::Path),
    qid(150_005, "Nonspecific Web Application Vulnerability", V, 2, 16, Class::Leak),
    qid(150_006, "Web Application Authentication Not Attempted", I, 1, 0, Class::Diag),
    qid(150_007, "Web Application Authentication Method", I, 1, 0, Class::Diag),
    qid(150_008, "Web Application Authentication Failed", I, 1, 0, Class::Diag),
    qid(150_009, "Links Crawled", I, 1, 0, Class::Diag),
    qid(150_010, "External Links Discovered", I, 1, 0, Class::Diag),
    qid(150_011, "Local File Inclusion", V, 3, 22, Class::Lfi),
    qid(150_012, "Blind SQL Injection", V, 5, 89, Class::Sqli),
    qid(150_013, "Browser-Specific Cross-Site Scripting (XSS) Vulnerabilities", V, 5, 79, Class::Xss),
    qid(150_014, "External Form Actions Discovered", I, 1, 0, Class::Diag),
    qid(150_015, "Server response contains NULL character before end of buffer", I, 1, 0, Class::Diag),
    qid(150_016, "Sensitive Content in HTML", S, 2, 201, Class::Leak),
    qid(150_018, "Connection Error Occurred During Web Application Scan", I, 2, 0, Class::Diag),
    qid(150_019, "Server Returned Unexpected Response Code", I, 2, 0, Class::Diag),
    qid(150_020, "Links Rejected By Scan Permissions", I, 1, 0, Class::Diag),
    qid(150_021, "Scan Diagnostics", I, 1, 0, Class::Diag),
    qid(150_022, "Verbose Error Message", V, 3, 200, Class::Leak),
    qid(150_023, "Directory Listing", V, 2, 22, Class::Dirlist),
    qid(150_024, "Scan Time Limit Reached", I, 1, 0, Class::Diag),
    qid(150_025, "Web Application Scan Configuration Error", I, 1, 0, Class::Diag),
    qid(150_026, "Maximum Number of Links Reached During Crawl", I, 1, 0, Class::Diag),
    qid(150_028, "Cookies Collected", I, 1, 0, Class::Diag),
    qid(150_029, "Session Cookies", I, 1, 0, Class::Diag),
    qid(150_030, "Maximum URI Length Encountered", I, 1, 0, Class::Diag),
    qid(
        150_032,
        "Session Cookie Does Not Contain the \"secure\" Attribute (superseded)",
        V,
        3,
        311,
        Class::Cookie,
    ),
    qid(150_033, "Credit Card Number Pattern Identified in HTML", S, 3, 201, Class::Leak),
    qid(150_034, "U.S. Social Security Number Pattern Identified in HTML", S, 3, 201, Class::Leak),
    qid(150_035, "HTTP Basic Authentication", I, 1, 0, Class::Diag),
    qid(150_036, "HTTP Basic Authentication Failed", I, 1, 0, Class::Diag),
    qid(150_037, "HTTP Digest Authentication", I, 1, 0, Class::Diag),
    qid(150_038, "HTTP Digest Authentication Failed", I, 1, 0, Class::Diag),
    qid(150_039, "HTTP NTLM Authentication", I, 1, 0, Class::Diag),
    qid(150_040, "HTTP NTLM Authentication Failed", I, 1, 0, Class::Diag),
    qid(150_041, "Links Rejected", I, 1, 0, Class::Diag),
    qid(150_042, "Server Returns HTTP 500 Message For Request", I, 3, 0, Class::ServerError),
    qid(150_043, "Form Contains Credit Card Information", I, 1, 201, Class::Diag),
    qid(150_044, "Login Form Is Not Submitted Via HTTPS (superseded)", V, 3, 311, Class::Tls),
    qid(
        150_045,
        "Session Cookie Does Not Contain the \"HTTPOnly\" Attribute (superseded)",
        V,
        3,
        0,
        Class::Cookie,
    ),
    qid(150_046, "Reflected Cross-Site Scripting (XSS) in HTTP Header", V, 5, 79, Class::Xss),
    qid(150_047, "SQL Injection in HTTP Header", V, 5, 89, Class::Sqli),
    qid(150_048, "Browser-Specific Cross-Site Scripting (XSS) in HTTP Header", V, 5, 79, Class::Xss),
    qid(150_049, "Login Brute Force Vulnerability", V, 4, 285, Class::Auth),
    qid(150_051, "Open Redirect", V, 3, 601, Class::Redirect),
    qid(150_052, "Password is present in HTTP traffic unrelated to the login page", V, 5, 319, Class::Tls),
    qid(150_053, "Login Form Is Not Submitted Via HTTPS", V, 3, 319, Class::Tls),
    qid(150_054, "Email Addresses Collected", I, 1, 0, Class::Diag),
    qid(150_055, "PHP Command Injection", V, 5, 78, Class::Cmd),
    qid(150_056, "SQL Error Message", V, 2, 89, Class::Sqli),
    qid(150_057, "PHP Remote File Inclusion", V, 5, 98, Class::Rfi),
    qid(150_058, "Flash Analysis", I, 1, 0, Class::Diag),
    qid(150_059, "Reference to Windows file path is present in HTML", V, 1, 200, Class::Leak),
    qid(150_060, "Response Splitting Vulnerabilities", V, 5, 113, Class::Split),
    qid(150_061, "Account Lockout Detected", I, 1, 0, Class::Diag),
    qid(150_062, "Flash Cross-Site Scripting (XSS) Vulnerabilities", V, 5, 79, Class::Xss),
    qid(150_063, "Wildcard Use in Flash allowDomain Method", V, 1, 601, Class::Hdr),
    qid(150_064, ".NET Viewstate Content does not include an HMAC", I, 1, 0, Class::Leak),
    qid(150_065, "Large amount of .NET Viewstate data", I, 2, 0, Class::Diag),
    qid(150_066, "Summary of .NET Viewstate fields", I, 1, 0, Class::Diag),
    qid(150_067, "Links discovered during User-Agent and mobile site checks", I, 3, 0, Class::Diag),
    qid(150_068, "Session ID in URL", V, 1, 384, Class::Auth),
    qid(150_069, "Unmatching MIME type specified in the header", I, 4, 0, Class::Hdr),
    qid(150_071, "Form Can Be Manipulated with Cross-Site Request Forgery (CSRF)", V, 3, 352, Class::Csrf),
    qid(150_072, "Form With Potential Sensitive Content Submits Over HTTP", V, 2, 319, Class::Tls),
    qid(150_076, "DOM XSS vulnerability in web page content", V, 4, 79, Class::Xss),
    qid(150_077, "Content of robots.txt", I, 1, 0, Class::Diag),
    qid(150_078, "Content of sitemap.xml", I, 1, 0, Class::Diag),
    qid(150_079, "Slow HTTP headers vulnerability", P, 3, 772, Class::Dos),
    qid(150_080, "Credit Card Number Pattern Reflected In HTML", S, 3, 201, Class::Leak),
    qid(150_081, "X-Frame-Options header is not set", V, 1, 693, Class::Hdr),
    qid(150_082, "Protection against Clickjacking", I, 1, 693, Class::Hdr),
    qid(150_083, "Form is protected against Cross-Site Request Forgery (CSRF)", I, 1, 0, Class::Diag),
    qid(150_084, "Unencoded characters", P, 1, 79, Class::Xss),
    qid(150_085, "Slow HTTP POST vulnerability", P, 3, 772, Class::Dos),
    qid(150_086, "Server accepts unnecessarily large POST request body", I, 3, 0, Class::Dos),
    qid(150_087, "Web Service Found", I, 1, 0, Class::Diag),
    qid(150_088, "Suspicious Web Service API Name", I, 1, 676, Class::Diag),
    qid(
        150_089,
        "Links to non-routable resources discovered in externally facing content",
        V,
        3,
        0,
        Class::Leak,
    ),
    qid(
        150_090,
        "Reflected Cross-Site Scripting (XSS) Vulnerabilities in Web Service Call",
        V,
        5,
        79,
        Class::Xss,
    ),
    qid(150_092, "Browser-Specific Cross-Site Scripting in Web Service Call", V, 5, 79, Class::Xss),
    qid(150_093, "SQL Injection in Web Service call", V, 5, 89, Class::Sqli),
    qid(150_094, "Selenium Web Application Authentication Was Successful", I, 1, 0, Class::Diag),
    qid(150_095, "Selenium Web Application Authentication Failed", I, 1, 0, Class::Diag),
    qid(150_097, "HTTP Response Indicates Scan May Be Blocked", I, 1, 0, Class::Diag),
    qid(150_098, "Web Service Response Error", I, 2, 0, Class::Diag),
    qid(150_099, "Cookies Issued Without User Consent", I, 1, 0, Class::Diag),
    qid(150_100, "Selenium Diagnostics", I, 1, 0, Class::Diag),
    qid(150_101, "Third-party Cookies Collected", I, 1, 0, Class::Diag),
    qid(150_103, "Secure Cookie set by Insecure Connection", V, 1, 319, Class::Cookie),
    qid(150_104, "Form Contains Email Address Field", I, 1, 200, Class::Diag),
    qid(150_105, "Form Contains Postal Address Field", I, 1, 200, Class::Diag),
    qid(150_106, "Content of crossdomain.xml", I, 1, 0, Class::Diag),
    qid(150_107, "Very permissive access directive in crossdomain.xml", V, 1, 0, Class::Hdr),
    qid(150_108, "Secure attribute set to false in crossdomain.xml", V, 1, 0, Class::Hdr),
    qid(150_109, "Very permissive list of ports in crossdomain.xml", V, 1, 0, Class::Hdr),
    qid(150_111, "HTTP Service Detection Failure", I, 1, 0, Class::Diag),
    qid(150_112, "Sensitive form field has not disabled autocomplete", V, 2, 525, Class::Leak),
    qid(150_114, "Arbitrary File Upload vulnerability", V, 3, 434, Class::Cmd),
    qid(150_115, "Authentication Form found", I, 1, 0, Class::Diag),
    qid(150_116, "Server Authentication Found", I, 1, 0, Class::Diag),
    qid(150_117, "Path-Based Cross-Site Scripting (XSS)", V, 5, 79, Class::Xss),
    qid(150_118, "Failure to Restrict Form Submission", V, 1, 285, Class::Auth),
    qid(150_120, "Session Cookie Does Not Contain The \"secure\" Attribute", V, 3, 614, Class::Cookie),
    qid(150_121, "Session Cookie Does Not Contain The \"HTTPOnly\" Attribute", V, 3, 614, Class::Cookie),
    qid(150_122, "Cookie Does Not Contain The \"secure\" Attribute", V, 2, 614, Class::Cookie),
    qid(150_123, "Cookie Does Not Contain The \"HTTPOnly\" Attribute", V, 2, 614, Class::Cookie),
    qid(150_124, "Framable Page", V, 3, 693, Class::Hdr),
    qid(150_125, "File Upload Form Found", I, 1, 0, Class::Diag),
    qid(150_126, "Links With High Resource Consumption", I, 1, 0, Class::Diag),
    qid(
        150_127,
        "Apache Struts ClassLoader Manipulation Security Bypass Vulnerability",
        V,
        5,
        20,
        Class::Cmd,
    ),
    qid(150_128, "Authenticated Resource Is Not Served Over HTTPS", V, 1, 319, Class::Tls),
    qid(150_129, "Insufficient Session Protection/Regeneration", V, 2, 613, Class::Auth),
    qid(150_134, "Shellshock Apache Injection", V, 5, 78, Class::Cmd),
    qid(150_135, "HTTP Strict Transport Security (HSTS) header missing/misconfigured", I, 1, 0, Class::Hdr),
    qid(150_152, "Forms Crawled", I, 1, 0, Class::Diag),
    qid(150_176, "JavaScript Libraries Detected", I, 1, 0, Class::Diag),
    qid(150_202, "Missing header: X-Content-Type-Options", I, 2, 0, Class::Hdr),
    qid(150_204, "Missing header: X-XSS-Protection", I, 1, 0, Class::Hdr),
    qid(150_206, "Content-Security-Policy Not Implemented", I, 2, 0, Class::Hdr),
    qid(150_208, "Missing header: Referrer-Policy", I, 2, 0, Class::Hdr),
    qid(150_246, "Path-relative stylesheet import (PRSSI) vulnerability", V, 1, 0, Class::Leak),
    qid(150_258, "External Service Interaction", V, 2, 918, Class::Cmd),
    qid(150_262, "Missing header: Permissions-Policy", I, 2, 0, Class::Hdr),
    qid(150_528, "Server Returns HTTP 4XX Message For Request", I, 1, 0, Class::Diag),
    qid(990_001, "NoSQL Injection", V, 5, 943, Class::Nosql),
    qid(990_002, "LDAP Injection", V, 5, 90, Class::Ldap),
    qid(990_003, "XPath Injection", V, 5, 643, Class::Xpath),
    qid(990_004, "Operating System Command Injection", V, 5, 78, Class::Cmd),
    qid(990_005, "Server-Side Template Injection", V, 5, 1336, Class::Cmd),
    qid(990_006, "Server-Side Request Forgery (SSRF)", V, 5, 918, Class::Ssrf),
    qid(990_007, "XML External Entity (XXE) Injection", V, 5, 611, Class::Xxe),
    qid(990_008, "Cross-Origin Resource Sharing Trusts Any Origin", V, 3, 942, Class::Hdr),
    qid(990_009, "JSON Web Token Is Accepted Without Proper Verification", V, 5, 347, Class::Auth),
    qid(990_010, "Host Header Injection", V, 3, 644, Class::Redirect),
    qid(990_011, "Web Cache Deception", V, 4, 525, Class::Leak),
    qid(990_012, "Client-Side Prototype Pollution", V, 3, 1321, Class::Xss),
    qid(990_013, "Mass Assignment", V, 4, 915, Class::Auth),
    qid(990_014, "GraphQL Schema Is Exposed by Introspection", V, 2, 200, Class::Leak),
    qid(990_015, "Backup or Source File Is Served", V, 3, 530, Class::Path),
    qid(990_016, "Version Control Metadata Is Served", V, 4, 527, Class::Path),
    qid(990_017, "Debug or Status Page Is Served", V, 3, 489, Class::Path),
    qid(990_018, "Mixed Content", V, 2, 319, Class::Tls),
    qid(990_019, "Obsolete TLS Protocol Version Is Accepted", V, 3, 327, Class::Tls),
    qid(990_020, "Weak TLS Cipher Suite Is Accepted", V, 3, 326, Class::Tls),
    qid(990_021, "TLS Certificate Is Not Valid", V, 3, 295, Class::Tls),
    qid(990_022, "Known Vulnerable JavaScript Library", V, 3, 1395, Class::Lib),
    qid(990_023, "Key, Token or Password Is Present in the Content", S, 3, 312, Class::Leak),
    qid(990_024, "National Identification Number Pattern Identified in the Content", S, 3, 201, Class::Leak),
    qid(990_025, "Stack Trace or Source Code Is Disclosed", V, 3, 209, Class::Leak),
    qid(990_026, "Remote File Inclusion", V, 5, 98, Class::Rfi),
    qid(990_027, "Private Address Is Disclosed", I, 1, 200, Class::Leak),
    qid(990_028, "Session Cookie Has No SameSite Protection", V, 1, 1275, Class::Cookie),
    qid(990_029, "Code Injection", V, 5, 94, Class::Cmd),
    qid(990_030, "GraphQL Endpoint Answers Batched or Unbounded Queries", V, 1, 770, Class::Dos),
    qid(990_031, "HTTP TRACE Method Is Enabled", V, 1, 693, Class::Leak),
    qid(990_032, "Server-Side Prototype Pollution", V, 4, 1321, Class::Cmd),
    qid(990_033, "GraphQL Errors Suggest Names of Fields", V, 1, 200, Class::Leak),
    qid(990_034, "Regular Expression Injection", V, 2, 1333, Class::Dos),
    qid(990_035, "Deserialization of Untrusted Data", V, 5, 502, Class::Cmd),
    qid(990_040, "Web Cache Poisoning", V, 4, 349, Class::Leak),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_and_found() {
        assert!(TABLE.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(Qid::of(150_001).map(|qid| (qid.severity, qid.group())), Some((5, "XSS")));
        assert_eq!(Qid::of(150_034).map(Qid::group), Some("SSN_US"));
        assert_eq!(Qid::of(150_202).map(Qid::group), Some("IG_WEAK"));
        assert_eq!(Qid::of(1), None);
    }
}
