//! Libraries that show their version in other ways, and other content that should not be there.

use super::HALF;
use crate::case::Place::Page;
use crate::case::{Case, Family, Hit};
use crate::first::passive::{library, old};
use crate::http::Reply;
use crate::proof::{Proof, Prover};
use crate::world::World;

fn page(text: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| if h.rest.is_empty() { Reply::html(text) } else { Reply::missing() }
}

/// Whether the page or a script of its own names one of these.
fn names(p: &Prover<'_>) -> Result<bool, String> {
    let text = p.get("")?.text();
    let outside =
        ["bootstrap/4.1.3/", "angular.js/1.7.2/", "lodash.js/4.17.4/", "jquery@3.3.1", "vue/2.5.16/"];
    Ok(outside.iter().any(|mark| text.contains(mark)) || old(p)?)
}

pub(super) fn libraries() -> Vec<Case> {
    let mut f = Family::new("libraries", HALF, &[], &[1104, 1035, 937, 1395, 1329, 79]);
    let steps = || Proof::Steps(names);
    f.bad("cdn-path", Page, "Bootstrap 4.1.3 by its path at another host (CVE-2019-8331)", steps(), page("<script src=\"https://cdn.example.test/ajax/libs/twitter-bootstrap/bootstrap/4.1.3/js/bootstrap.min.js\"></script>"));
    f.bad(
        "cdn-at-version",
        Page,
        "jQuery 3.3.1 by its package's address (CVE-2019-11358)",
        steps(),
        page("<script src=\"https://cdn.example.test/npm/jquery@3.3.1/dist/jquery.min.js\"></script>"),
    );
    f.bad(
        "cdn-angular",
        Page,
        "AngularJS 1.7.2 by its path (CVE-2019-10768)",
        steps(),
        page("<script src=\"https://cdn.example.test/ajax/libs/angular.js/1.7.2/angular.min.js\"></script>"),
    );
    f.bad(
        "handlebars-4.0.11",
        Page,
        "Handlebars 4.0.11 by its comment (CVE-2019-19919)",
        steps(),
        library(
            "handlebars.js",
            "/**!\n\n @license\n handlebars v4.0.11\n\n Copyright (C) 2011-2017 by Yehuda Katz\n*/\n",
        ),
    );
    f.bad("jquery-2.1.0", Page, "jQuery 2.1.0 by its long comment (CVE-2015-9251)", steps(), library("js/all.js?v=12", "/*!\n * jQuery JavaScript Library v2.1.0\n * http://jquery.com/\n *\n * Copyright 2005, 2014 jQuery Foundation, Inc.\n */\n(function( global, factory ) {})();"));
    f.bad("underscore-1.8.3", Page, "Underscore 1.8.3 by its comment (CVE-2021-23358)", steps(), library("u.js", "//     Underscore.js 1.8.3\n//     http://underscorejs.org\n//     (c) 2009-2015 Jeremy Ashkenas\n"));
    f.bad("knockout-3.4.2", Page, "Knockout 3.4.2 by its comment (CVE-2019-14862)", steps(), library("ko.js", "/*!\n * Knockout JavaScript library v3.4.2\n * (c) The Knockout.js team - http://knockoutjs.com/\n */\n"));
    f.good(
        "jquery-cdn-new",
        Page,
        "jQuery 3.7.1 by its package's address",
        steps(),
        page("<script src=\"https://cdn.example.test/npm/jquery@3.7.1/dist/jquery.min.js\"></script>"),
    );
    f.good("lodash-new", Page, "lodash 4.18.1 has no known fault", steps(), library("lodash.js", "/**\n * @license\n * lodash (Custom Build) lodash.com/license | Underscore.js 1.13.6 underscorejs.org/LICENSE\n */\n;(function(){var n,VERSION=\"4.18.1\";}).call(this);"));
    f.good(
        "plugin-for-jquery",
        Page,
        "a plugin of version 1.4.2 that names jQuery",
        steps(),
        library("jquery.shop-slider.js", "/* Shop slider 1.4.2, a plugin for jQuery 3.x */\n"),
    );
    f.cases()
}

fn digits_of(text: &str) -> Vec<String> {
    let runs = text.split(|c: char| !c.is_ascii_digit() && c != ' ' && c != '-' && c != '.');
    runs.map(|run| run.chars().filter(char::is_ascii_digit).collect()).collect()
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(at, digit)| {
            if at % 2 == 0 {
                digit
            } else if digit > 4 {
                digit * 2 - 9
            } else {
                digit * 2
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the data shows a number that by length, beginning and check digit is a card's.
fn card(p: &Prover<'_>) -> Result<bool, String> {
    let mut all = p.get("")?.text();
    all.push('|');
    all.push_str(&p.get("orders.json")?.text());
    let visible = all.replace(['<', '>', '"', ':', ','], "|");
    Ok(digits_of(&visible).iter().any(|digits| {
        let begins = |from: u32, to: u32, length: usize| {
            digits
                .get(..length)
                .and_then(|start| start.parse::<u32>().ok())
                .is_some_and(|start| (from..=to).contains(&start))
        };
        let is_brand = digits.len() == 16
            && (begins(4, 4, 1)
                || begins(51, 55, 2)
                || begins(2221, 2720, 4)
                || begins(6011, 6011, 4)
                || begins(3528, 3589, 4))
            || digits.len() == 14 && (begins(300, 305, 3) || begins(36, 36, 2))
            || digits.len() == 15 && (begins(34, 34, 2) || begins(37, 37, 2));
        is_brand && luhn(digits)
    }))
}

/// A page, and data that its script loads.
fn data(json: &'static str) -> impl Fn(&World, &Hit<'_>) -> Reply + Send + Sync {
    move |_, h| match h.rest {
        "" => Reply::html("<a href=\"orders.json\">Orders</a>"),
        "orders.json" => Reply::new(200, "application/json", json),
        _ => Reply::missing(),
    }
}

fn has(mark: &'static str) -> Proof {
    Proof::Steps(match mark {
        "slack" => |p| Ok(p.get("")?.text().contains("xoxb-")),
        "stripe" => |p| Ok(p.get("")?.text().contains("sk_live_")),
        "google" => |p| Ok(p.get("")?.text().contains("AIza")),
        "jwt" => |p| Ok(p.get("")?.text().contains("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.")),
        "connection" => |p| Ok(p.get("")?.text().contains("postgres://shop:")),
        "ssn" => |p| {
            Ok(p.get("orders.json")?.text().contains("078-05-1120")
                || p.get("orders.json")?.text().contains("219-09-9998"))
        },
        "email" => |p| {
            let text = p.get("")?.text();
            Ok(text.contains("mailto:") && text.contains("@example.org"))
        },
        "ec" => |p| Ok(p.get("")?.text().contains("-----BEGIN EC PRIVATE KEY-----\nMHc")),
        _ => |p| Ok(p.get("")?.text().contains("password = \"")),
    })
}

pub(super) fn sensitive() -> Vec<Case> {
    let mut f = Family::new("sensitive", HALF, &[], &[200, 201, 359, 312, 540, 615, 798, 522]);
    f.bad(
        "card-in-json",
        Page,
        "a card's number in JSON",
        Proof::Steps(card),
        data("{\"orders\":[{\"id\":7,\"card\":\"5555555555554444\"}]}"),
    )
    .qids(&[150033]);
    f.bad(
        "card-discover",
        Page,
        "a card's number of another brand, with hyphens",
        Proof::Steps(card),
        page("<p>6011-1111-1111-1117</p>"),
    )
    .qids(&[150033]);
    f.bad(
        "card-in-comment",
        Page,
        "a card's number in a comment",
        Proof::Steps(card),
        page("<!-- test order: 4012 8888 8888 1881 --><p>Hello.</p>"),
    )
    .qids(&[150033]);
    f.bad(
        "ssn-in-json",
        Page,
        "a US social security number in JSON",
        has("ssn"),
        data("{\"employees\":[{\"name\":\"Ann\",\"ssn\":\"219-09-9998\"}]}"),
    )
    .qids(&[150034]);
    f.bad(
        "email-link",
        Page,
        "an e-mail address in a link",
        has("email"),
        page("<a href=\"mailto:john.doe+shop@example.org?subject=Hello\">Write to us</a>"),
    )
    .qids(&[150054]);
    f.bad(
        "slack-token",
        Page,
        "a token of a chat service",
        has("slack"),
        page(concat!(
            "<script>var hook = { token: 'xoxb",
            "-204817552013-2130987654321-Qw7eRt5yUi3oPa1sDf9gHj2k' };</script>"
        )),
    );
    f.bad(
        "payment-key",
        Page,
        "a secret key of a payment service",
        has("stripe"),
        page(concat!("<script>window.pay = 'sk_", "live_4eC39HqLyjWDarjtT1zdp7dcQx8Vb2Nm';</script>")),
    );
    f.bad(
        "google-key",
        Page,
        "an API key in a comment",
        has("google"),
        page("<!-- key: AIzaSyD3f7Kq9Lm2Np5Rs8Tv1Wx4Yz6Bc0De-Fg --><p>Map.</p>"),
    );
    f.bad("jwt-in-page", Page, "a signed token in a page", has("jwt"), page("<script>sessionStorage.t = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsInJvbGUiOiJhZG1pbiJ9.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';</script>"));
    f.bad(
        "connection-text",
        Page,
        "a database's address with its password",
        has("connection"),
        page("<!-- postgres://shop:osprey-1188@db.internal:5432/shop --><p>Hello.</p>"),
    );
    f.bad("ec-key", Page, "a private key of an elliptic curve", has("ec"), page("<pre>-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49\nAwEHoUQDQgAEPR3tU2Fta9ktY+6P9G0cWO+0kETA6SFs38GecTyudlHz6xvCdz8q\n-----END EC PRIVATE KEY-----</pre>"));
    f.good(
        "card-masked",
        Page,
        "a card's number of which only four digits are shown",
        Proof::Steps(card),
        page("<p>Card **** **** **** 4444, 5555-XXXX-XXXX-4444</p>"),
    )
    .qids(&[150033]);
    f.good(
        "numbers-in-json",
        Page,
        "order numbers of sixteen digits with a wrong check digit",
        Proof::Steps(card),
        data("{\"orders\":[4111111111111112, 5555555555554445]}"),
    )
    .qids(&[150033]);
    f.good(
        "phone-numbers",
        Page,
        "telephone numbers and a date",
        has("ssn"),
        data("{\"phones\":[\"212-555-0147\", \"+1-202-555-0133\"], \"date\":\"2031-03-1120\"}"),
    )
    .qids(&[150034]);
    f.good(
        "publishable-key",
        Page,
        "a key that is made for pages",
        has("stripe"),
        page("<script>window.pay = 'pk_live_TYooMQauvdEDq54NiTphI7jx';</script>"),
    );
    f.good("placeholder", Page, "placeholders in a manual", has("other"), page("<pre>api_key = YOUR_API_KEY\ntoken = xxxxxxxxxxxxxxxx\naws_access_key_id = AKIA................</pre>"));
    f.cases()
}
