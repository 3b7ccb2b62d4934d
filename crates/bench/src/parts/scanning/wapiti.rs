//! Wapiti on the same targets, from PyPI in a directory for now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ground::Ground;
use super::judge::Found;
use super::scanner::{Scan, split};
use crate::error::{Error, Result};
use crate::tell::Teller;

/// What Wapiti's categories are in the Common Weakness Enumeration.
const CATEGORIES: &[(&str, &[u32])] = &[
    ("Backup file", &[530, 538]),
    ("Weak credentials", &[521, 798, 1391, 1392]),
    ("CRLF Injection", &[93, 113]),
    ("Content Security Policy Configuration", &[693, 1021]),
    ("Cross Site Request Forgery", &[352]),
    ("Potentially dangerous file", &[538, 552]),
    ("Command execution", &[78, 94, 95]),
    ("Path Traversal", &[22, 23, 73, 98]),
    ("Fingerprint web application framework", &[]),
    ("Fingerprint web server", &[]),
    ("Htaccess Bypass", &[285, 650]),
    ("HTML Injection", &[79, 80]),
    ("Clickjacking Protection", &[1021]),
    ("HTTP Strict Transport Security (HSTS)", &[319, 523]),
    ("MIME Type Confusion", &[430, 16]),
    ("HttpOnly Flag cookie", &[1004]),
    ("Inconsistent Redirection", &[]),
    ("Information Disclosure - Full Path", &[209, 497, 200]),
    ("LDAP Injection", &[90]),
    ("Log4Shell", &[502, 917]),
    ("NS takeover", &[]),
    ("Open Redirect", &[601]),
    ("Reflected Cross Site Scripting", &[79]),
    ("Secure Flag cookie", &[614]),
    ("Spring4Shell", &[94]),
    ("SQL Injection", &[89]),
    ("TLS/SSL misconfigurations", &[295, 326, 327]),
    ("Server Side Request Forgery", &[918]),
    ("Stored HTML Injection", &[79, 80]),
    ("Stored Cross Site Scripting", &[79]),
    ("Subdomain takeover", &[]),
    ("Blind SQL Injection", &[89]),
    ("Unencrypted Channels", &[319]),
    ("Unrestricted File Upload", &[434]),
    ("Vulnerable software", &[1104, 1395, 937]),
    ("XML External Entity", &[611]),
    ("Internal Server Error", &[]),
];

/// All that looks at what the range has: not the modules for products, nor those that guess thousands of names or ask others.
const MODULES: &str = "backup,brute_login_form,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,https_redirect,ldap,\
                       methods,permanentxss,redirect,shellshock,sql,ssl,ssrf,timesql,upload,xss,xxe";

/// Scans all targets that our scanner scans.
///
/// # Errors
/// When Wapiti can't be installed or run.
pub(super) fn scan_all(ground: &Ground, teller: &Teller) -> Result<Scan> {
    let folder = tempfile::Builder::new().prefix("redoubt-bench-wapiti.").tempdir()?;
    teller.now("installing Wapiti");
    let program = install(folder.path())?;
    let mut all = Scan::default();
    let secure: Vec<_> = ground.cases.iter().filter(|case| case.needs.as_deref() == Some("https")).collect();
    let own = ground.cases.iter().filter(|case| case.needs.as_deref() == Some("origin"));
    let mut one = |name: &str, url: &str, more: &[String]| -> Result<()> {
        teller.now(format!("Wapiti scans {name}"));
        let file = folder.path().join("report.json");
        let begun = Instant::now();
        let mut child = Command::new(&program)
            .args(["-u", url, "-m", MODULES, "--flush-session", "--no-bugreport", "--verify-ssl", "0"])
            .args(["--scope", "domain", "-f", "json", "--max-scan-time", "7200", "-v", "0", "-o"])
            .arg(&file)
            // Nobody outside of this machine is asked anything.
            .args(["--external-endpoint", "http://127.0.0.1:9/"])
            .args(["--store-session"])
            .arg(folder.path())
            .args(["--store-config"])
            .arg(folder.path())
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("errors"))?)
            .spawn()?;
        loop {
            all.peak = all.peak.max(super::scanner::high_water(child.id()));
            if child.try_wait()?.is_some() {
                break;
            }
            sleep(Duration::from_millis(20));
        }
        all.seconds += begun.elapsed().as_secs_f64();
        match fs::read(&file) {
            Ok(text) => all.found.extend(findings(url, &serde_json::from_slice(&text)?)),
            Err(_) => {
                let said = fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
                let last = said.lines().last().unwrap_or_default();
                all.problems.push(format!("{name}: no report: {last}"));
            }
        }
        // A report that is left over must not count for the next target.
        let _ = fs::remove_file(&file);
        Ok(())
    };
    let described = ["--swagger".to_owned(), format!("{}/api/openapi.json", ground.base)];
    one("the site", &format!("{}/", ground.base), &described)?;
    if let Some((first, rest)) = secure.split_first() {
        let more: Vec<String> = rest.iter().flat_map(|case| ["-s".to_owned(), case.entry.clone()]).collect();
        one("what is served over TLS", &first.entry, &more)?;
    }
    for case in own {
        one(&case.id, &case.entry, &[])?;
    }
    Ok(all)
}

fn install(folder: &Path) -> Result<PathBuf> {
    let place = folder.join("venv");
    run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    run(Command::new(place.join("bin/pip")).args(["install", "--quiet", "wapiti3"]))?;
    Ok(place.join("bin/wapiti"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let problem = said.lines().last().unwrap_or("it failed").to_owned();
    Err(Error::Program { program: format!("{:?}", command.get_program()), problem })
}

/// What a report says: `vulnerabilities` by category, each with method, path and parameter.
fn findings(target: &str, report: &Value) -> Vec<Found> {
    let Some((origin, _)) = split(target) else { return Vec::new() };
    let groups =
        ["vulnerabilities", "anomalies"].into_iter().filter_map(|name| report.get(name)?.as_object());
    let mut all = Vec::new();
    for (category, list) in groups.flatten() {
        let known = CATEGORIES.iter().find(|(name, _)| name == category);
        let cwe = known.map(|(_, cwe)| cwe.to_vec()).unwrap_or_default();
        for one in list.as_array().into_iter().flatten() {
            let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
            let path = text("path").unwrap_or_default();
            all.push(Found {
                origin: origin.clone(),
                path: path.split('?').next().unwrap_or_default().to_owned(),
                method: text("method").unwrap_or_default(),
                parameter: text("parameter").filter(|name| !name.is_empty()),
                qid: 0,
                cwe: cwe.clone(),
                title: category.clone(),
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = serde_json::json!({"vulnerabilities": {"SQL Injection": [
            {"method": "GET", "path": "/case/sql/a/show", "parameter": "q", "level": 4}], "Other": []}, "anomalies": {}});
        let all = findings("http://127.0.0.1:8/", &report);
        assert_eq!((all.len(), all[0].cwe.as_slice()), (1, &[89][..]));
        assert_eq!(
            (all[0].path.as_str(), all[0].origin.as_str()),
            ("/case/sql/a/show", "http://127.0.0.1:8")
        );
    }
}
