//! Prints the timings that `docs/performance.md` quotes: `cargo run --release -p assess --example bench`.

use assess::bench::{ios_configuration, pathological, time};

fn main() {
    let memory = || -> String {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned()
    };
    let show = |t: &assess::bench::Timing| {
        let text = format!(
            "{:<28} {:>9} bytes {:>7} lines {:>3} controls  median {:>9.3?}  longest {:>9.3?}",
            t.name, t.bytes, t.lines, t.controls, t.median, t.longest
        );
        writeln(&text);
    };
    let small = ios_configuration(2_000);
    show(&time("100 KB router", &small, "cisco-ios", 21));
    let large = ios_configuration(200_000);
    show(&time("10 MB router", &large, "cisco-ios", 5));
    writeln(&memory());
    let mut slowest = std::time::Duration::ZERO;
    for (name, family, input) in pathological(300) {
        let timing = time(&name, &input, family, 1);
        if timing.longest > slowest {
            slowest = timing.longest;
            show(&timing);
        }
    }
    writeln(&format!("300 pathological inputs: slowest {slowest:.3?}"));
}

fn writeln(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
