//! The truth of every case, without any scanner: the attempt from the definition of the weakness succeeds on each
//! vulnerable case and fails on each safe one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use range::proof::{Proof, Prover};
use range::{Case, Options, Range};

/// What is wrong with a case, if anything is.
fn verdict(range: &Range, case: &Case) -> Option<String> {
    match (Prover { range, case }.attempt(), case.vulnerable) {
        (Ok(None), _) | (Ok(Some(true)), true) | (Ok(Some(false)), false) => None,
        (Ok(Some(_)), true) => Some(format!("{}: the attempt fails on a vulnerable case", case.id())),
        (Ok(Some(_)), false) => Some(format!("{}: the attempt succeeds on a safe case", case.id())),
        (Err(error), _) => Some(format!("{}: {error}", case.id())),
    }
}

/// Makes the attempts at all cases, many at a time, since some only wait.
fn wrong(range: &Range) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let cases = std::iter::from_fn(|| range.cases().get(next.fetch_add(1, Ordering::SeqCst)));
        // Over TLS there is another proof, in the tests of the listeners.
        cases
            .filter(|case| case.needs != Some("https") && case.family != "tls")
            .filter_map(|case| verdict(range, case))
            .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..24).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|_| vec!["an attempt panicked".to_owned()]))
            .collect()
    })
}

#[test]
fn each_case_is_what_it_says() {
    let range = Range::start(&Options::default()).unwrap();
    let wrong = wrong(&range);
    assert!(wrong.is_empty(), "{} cases are not what they say:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn cases_on_postgresql_are_what_they_say() {
    let database = testkit::postgres::Database::create();
    let range =
        Range::start(&Options { postgres: Some(database.url().to_owned()), ..Options::default() }).unwrap();
    let on_postgres = range.cases().iter().filter(|case| case.needs == Some("postgres"));
    let mut count = 0;
    for case in on_postgres {
        assert_eq!(Prover { range: &range, case }.attempt(), Ok(Some(case.vulnerable)), "{}", case.id());
        count += 1;
    }
    assert!(count > 3);
}

#[test]
fn each_family_has_safe_look_alikes_and_ids_are_unique() {
    let cases = range::range::cases(&Options::default());
    let mut families: BTreeMap<_, (usize, usize)> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for case in &cases {
        assert!(ids.insert(case.id()), "{} is there twice", case.id());
        assert!(!case.why.is_empty(), "{}", case.id());
        assert!(!case.qids.is_empty() || !case.cwe.is_empty(), "{}", case.id());
        let counts = families.entry((case.family, format!("{:?}", case.half))).or_default();
        counts.0 += 1;
        counts.1 += usize::from(!case.vulnerable);
    }
    for (family, (all, safe)) in &families {
        println!("{family:?}: {all} cases, {safe} safe");
        assert!(safe * 4 >= *all, "{family:?}: {safe} of {all} are safe, at least a quarter should be");
    }
    println!("{} cases", cases.len());
}

#[test]
fn nothing_but_loopback_is_bound() {
    let options = Options { listen: SocketAddr::from(([0, 0, 0, 0], 0)), ..Options::default() };
    assert!(Range::start(&options).is_err_and(|error| error.to_string().contains("loopback")));
}

#[test]
fn index_pages_lead_to_every_case() {
    let range = Range::start(&Options::default()).unwrap();
    let address: SocketAddr = range.base().trim_start_matches("http://").parse().unwrap();
    let get = |path: &str| range::http::client::send(address, "GET", path, &[], b"").unwrap().text();
    let index = get("/");
    for case in range.cases().iter().filter(|case| case.needs.is_none()) {
        assert!(index.contains(&format!("href=\"/case/{}/\"", case.family)), "{}", case.id());
    }
    let families: BTreeSet<_> =
        range.cases().iter().filter(|case| case.needs.is_none()).map(|case| case.family).collect();
    let pages: String = families.iter().map(|family| get(&format!("/case/{family}/"))).collect();
    for case in range.cases().iter().filter(|case| case.needs.is_none()) {
        assert!(pages.contains(&format!("href=\"{}\"", case.base())), "{}", case.id());
        assert!(!matches!(case.proof, Proof::Shows(ref value, _) if *value == case.sample), "{}", case.id());
    }
}
