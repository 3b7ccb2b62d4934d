//! What stands in pages: libraries with known faults, and content that should not be there.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

/// A page with a script `lib.js` (or another name) that begins like a library.
pub(crate) fn library(
    name: &'static str,
    text: &'static str,
) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html(format!("<script src=\"{name}\"></script><p>Hello.</p>")),
        rest if rest == name.split('?').next().unwrap_or_default() => {
            Reply::new(200, "text/javascript", text)
        }
        _ => Reply::missing(),
    }
}

/// Whether a page or its script names a version that is known to be vulnerable. The versions are from the libraries' own advisories.
pub(crate) fn old(p: &Prover<'_>) -> Result<bool, String> {
    let page = p.get("")?.text();
    let mut all = page.clone();
    for source in page
        .split("src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|source| !source.contains("//"))
    {
        all.push_str(&p.get(source)?.text());
    }
    let marks = [
        "jQuery v1.12.4",
        "jQuery JavaScript Library v2.1.0",
        "jquery-3.4.1",
        "jQuery v3.4.1",
        "Bootstrap v3.3.7",
        "bootstrap/4.1.3",
        "AngularJS v1.5.8",
        "lodash 4.17.11",
        "lodash.js/4.17.4",
        "Handlebars v4.0.11",
        "handlebars v4.0.11",
        "moment.js\n//! version : 2.18.1",
        "version : 2.18.1",
        "Vue.js v2.5.16",
        "jQuery UI - v1.12.1",
        "DOMPurify 2.0.0",
        "Prototype JavaScript framework, version 1.6.0",
        "dojo/1.9.0",
        "Underscore.js 1.8.3",
        "Knockout JavaScript library v3.4.2",
        "marked v0.3.5",
        "axios v0.21.0",
        "ember-2.10.0",
        "TinyMCE 4.9.0",
    ];
    Ok(marks.iter().any(|mark| all.contains(mark)))
}

pub(super) fn libraries() -> Vec<Case> {
    let mut f = Family::new("libraries", HALF, &[], &[1104, 1035, 937, 1395, 1329, 79]);
    let steps = || Proof::Steps(old);
    f.bad("jquery-1.12.4", Page, "jQuery 1.12.4: markup in htmlPrefilter (CVE-2020-11022)", steps(), library("jquery.min.js", "/*! jQuery v1.12.4 | (c) jQuery Foundation | jquery.org/license */\n!function(a,b){\"object\"==typeof module}(this);"));
    f.bad(
        "jquery-name",
        Page,
        "jQuery 3.4.1 by the file's name (CVE-2020-11022)",
        steps(),
        library("jquery-3.4.1.min.js", "!function(e,t){\"use strict\"}(window);"),
    );
    f.bad(
        "bootstrap-3.3.7",
        Page,
        "Bootstrap 3.3.7: markup in data attributes (CVE-2018-14040)",
        steps(),
        library(
            "bootstrap.min.js",
            "/*!\n * Bootstrap v3.3.7 (http://getbootstrap.com)\n * Copyright 2011-2016 Twitter, Inc.\n */\n",
        ),
    );
    f.bad("angular-1.5.8", Page, "AngularJS 1.5.8: sandbox and sanitizer escapes (CVE-2019-10768)", steps(), library("angular.js", "/**\n * @license AngularJS v1.5.8\n * (c) 2010-2016 Google, Inc. http://angularjs.org\n * License: MIT\n */\n"));
    f.bad("lodash-4.17.11", Page, "lodash 4.17.11: prototype pollution (CVE-2019-10744)", steps(), library("lodash.js", "/**\n * @license\n * lodash 4.17.11 (Custom Build)\n */\n;(function() { var VERSION = '4.17.11'; }.call(this));"));
    f.bad(
        "moment-2.18.1",
        Page,
        "moment 2.18.1: slow expressions (CVE-2017-18214)",
        steps(),
        library("moment.js", "//! moment.js\n//! version : 2.18.1\n//! license : MIT\n//! momentjs.com\n"),
    );
    f.bad(
        "jquery-ui-1.12.1",
        Page,
        "jQuery UI 1.12.1: markup in options (CVE-2021-41184)",
        steps(),
        library("jquery-ui.js", "/*! jQuery UI - v1.12.1 - 2016-09-14\n* http://jqueryui.com\n*/\n"),
    );
    f.good(
        "jquery-3.7.1",
        Page,
        "jQuery 3.7.1 has no known fault",
        steps(),
        library(
            "jquery.min.js",
            "/*! jQuery v3.7.1 | (c) OpenJS Foundation and other contributors | jquery.org/license */\n",
        ),
    );
    f.good(
        "bootstrap-5.3.3",
        Page,
        "Bootstrap 5.3.3 has no known fault",
        steps(),
        library("bootstrap.min.js", "/*!\n  * Bootstrap v5.3.3 (https://getbootstrap.com/)\n  */\n"),
    );
    f.good(
        "changelog",
        Page,
        "a change log speaks of old versions",
        steps(),
        library("app.js", "// own code, version 1.2.0\n// 2019: no longer uses jquery 1.x\n"),
    );
    f.cases()
}

fn says(text: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, _| Reply::html(text)
}

/// Whether a text of digits is a card's number by Luhn's rule.
fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            match (at % 2, digit * 2) {
                (0, _) => digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the page shows a card's number, by length, first digits and check digit.
fn card(p: &Prover<'_>) -> Result<bool, String> {
    let page = p.get("")?.text();
    let text: String = page
        .split('<')
        .filter_map(|piece| piece.split_once('>').map(|(_, text)| format!("{text}|")))
        .collect();
    let runs = text
        .split(|c: char| !c.is_ascii_digit() && c != ' ' && c != '-')
        .map(|run| run.chars().filter(char::is_ascii_digit).collect::<String>());
    let is_card = |digits: &String| {
        (digits.len() == 16 && matches!(digits.get(..1), Some("4" | "5"))
            || digits.len() == 15 && digits.starts_with('3'))
            && luhn(digits)
    };
    Ok(runs.into_iter().any(|digits| is_card(&digits)))
}

fn contains(mark: &'static str) -> Proof {
    Proof::Steps(match mark {
        "ssn" => |p| Ok(p.get("")?.text().contains("536-22-8726")),
        "email" => |p| Ok(p.get("")?.text().contains("@example.org")),
        "aws" => |p| Ok(p.get("")?.text().contains("AKIA")),
        "key" => |p| Ok(p.get("")?.text().contains("-----BEGIN RSA PRIVATE KEY-----\nMII")),
        "token" => |p| Ok(p.get("")?.text().contains("ghp_")),
        "address" => |p| {
            Ok(p.get("")?.text().contains("href=\"http://10.")
                || p.get("")?.text().contains("href=\"http://192.168."))
        },
        _ => |p| Ok(p.get("")?.text().contains("C:\\inetpub")),
    })
}

pub(super) fn sensitive() -> Vec<Case> {
    let mut f = Family::new("sensitive", HALF, &[], &[200, 201, 359, 312, 540, 615, 798, 522]);
    f.bad(
        "card-visa",
        Page,
        "a card's number with a right check digit",
        Proof::Steps(card),
        says("<p>Paid with 4539 1488 0343 6467.</p>"),
    )
    .qids(&[150033]);
    f.bad(
        "card-plain",
        Page,
        "a card's number without blanks",
        Proof::Steps(card),
        says("<table><tr><td>5425233430109903</td></tr></table>"),
    )
    .qids(&[150033]);
    f.bad(
        "card-amex",
        Page,
        "a card's number of fifteen digits",
        Proof::Steps(card),
        says("<p>Card: 3714-496353-98431</p>"),
    )
    .qids(&[150033]);
    f.bad(
        "ssn",
        Page,
        "a US social security number",
        contains("ssn"),
        says("<p>Employee 12, SSN 536-22-8726</p>"),
    )
    .qids(&[150034]);
    f.bad(
        "email",
        Page,
        "an e-mail address",
        contains("email"),
        says("<p>Write to mary.miller@example.org</p>"),
    )
    .qids(&[150054]);
    f.bad("aws-key", Page, "an access key of a cloud in a script", contains("aws"), says("<script>var config = { accessKeyId: 'AKIAJ2Q7N5XK4WTPLM3B', secretAccessKey: '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' };</script>"));
    f.bad("private-key", Page, "a private key", contains("key"), says("<pre>-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Qu\nKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==\n-----END RSA PRIVATE KEY-----</pre>"));
    f.bad(
        "token",
        Page,
        "a token of a code host",
        contains("token"),
        says("<script>const deploy = 'ghp_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R';</script>"),
    );
    f.bad(
        "windows-path",
        Page,
        "a path of a Windows server",
        contains("path"),
        says("<p>Template: C:\\inetpub\\wwwroot\\shop\\index.aspx</p>"),
    )
    .qids(&[150059]);
    f.bad(
        "private-address",
        Page,
        "a link to a private address",
        contains("address"),
        says("<a href=\"http://10.20.30.40/wiki\">Wiki</a>"),
    )
    .qids(&[150089, 150010]);
    f.good(
        "not-a-card",
        Page,
        "sixteen digits whose check digit is wrong",
        Proof::Steps(card),
        says("<p>Order 4539 1488 0343 6468.</p>"),
    )
    .qids(&[150033]);
    f.good(
        "long-number",
        Page,
        "a number of twenty digits",
        Proof::Steps(card),
        says("<p>Serial 45391488034364670012</p>"),
    )
    .qids(&[150033]);
    f.good(
        "not-an-ssn",
        Page,
        "numbers that can't be one: 000, 666, 9xx",
        contains("ssn"),
        says("<p>Parts 000-12-3456, 666-12-3456, 912-34-5678 and phone 555-1234-567</p>"),
    )
    .qids(&[150034]);
    f.good("public-key", Page, "a public key is for everybody", contains("key"), says("<pre>-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n-----END PUBLIC KEY-----</pre>"));
    f.good(
        "at-sign",
        Page,
        "an at sign does not make an address",
        contains("email"),
        says("<p>Follow @example on the network, three tickets @ 5 each.</p>"),
    )
    .qids(&[150054]);
    f.cases()
}
