//! Uploads for out-of-band assessment over HTTP: how many a second are assessed and durable, and how soon posture tells
//! of one.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use assess::bench::ios_configuration;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::ground::Ground;
use crate::http::{Connection, Request};
use crate::report::{machine, put_section};
use crate::server::{Login, Server, own_program};
use crate::stats::Times;
use crate::synthetic::{Plan, Synthesizer};
use crate::tell::Teller;

/// The name of the report in documents.
const SECTION: &str = "redoubt bench oca";
const API: &str = "/ocaapi/v2.0";
/// What is wanted, a second.
const WANTED: f64 = 150.0;
const WARM: Duration = Duration::from_secs(2);
/// Devices of each connection.
const DEVICES: usize = 4;
/// Uploads whose posture is read right after.
const FOLLOWED: usize = 100;

/// `redoubt bench oca`.
#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    /// Uploads at once
    #[arg(long, value_name = "N", default_value_t = 16)]
    connections: usize,
    /// Bytes of each, about
    #[arg(long, value_name = "BYTES", default_value_t = 100_000)]
    size: usize,
    /// Seconds to upload as fast as the server answers
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    seconds: u64,
    /// Write the figures as JSON into this file too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the report into this Markdown document, in place of the last one
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figures {
    machine: String,
    date: String,
    command: String,
    /// Bytes of an upload.
    bytes: usize,
    connections: usize,
    /// Uploads a second.
    per_second: f64,
    /// How long each took.
    uploads: Times,
    /// How long the posture right after an upload took, one at a time.
    posture: Times,
    /// Controls that each was judged by.
    controls: usize,
    /// MiB of the server at the most.
    peak: f64,
}

/// Measures and tells.
///
/// # Errors
/// When the server refuses something, or says of an upload what is not so.
pub(crate) fn run(arguments: &UploadArgs, date: String, command: String) -> Result<()> {
    let teller = Teller::new();
    let until = "2026-06-30T12:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let plan = Plan { seed: 1, assets: 100, packages: 10, ports: 2, vulnerabilities: 2, tags: 2, until };
    let ground = Ground::prepare(Arc::new(Synthesizer::new(plan)), None, own_program()?, &teller)?;
    let (_, served) = ground.close()?;
    let server = served.start()?;
    let text = configuration(arguments.size);
    teller.now("provisioning devices");
    let mut lines = lines(&server, &served.login, &text, arguments.connections)?;
    teller.now("uploading");
    all_at_once(&mut lines, Instant::now() + WARM)?;
    let begun = Instant::now();
    let times = all_at_once(&mut lines, begun + Duration::from_secs(arguments.seconds))?;
    let per_second = times.len() as f64 / begun.elapsed().as_secs_f64();
    teller.now("reading posture");
    lines.iter_mut().try_for_each(Line::check)?;
    let (posture, controls) = follow(&mut lines)?;
    let figures = Figures {
        machine: machine(),
        date,
        command,
        bytes: text.len(),
        connections: arguments.connections,
        per_second,
        uploads: Times::of(times),
        posture: Times::of(posture),
        controls,
        peak: server.memory()?.peak,
    };
    server.stop()?;
    drop(teller);
    crate::cli::say(&figures.markdown());
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&figures)?)?;
    }
    match &arguments.out {
        Some(document) => Ok(put_section(document, SECTION, &figures.markdown())?),
        None => Ok(()),
    }
}

/// A configuration of about so many bytes.
fn configuration(size: usize) -> String {
    let (mut low, mut high) = (100, size / 10 + 200);
    while low + 40 < high {
        let middle = usize::midpoint(low, high);
        if ios_configuration(middle).len() < size { low = middle } else { high = middle }
    }
    ios_configuration(high)
}

/// A connection with devices of its own.
struct Line {
    connection: Connection,
    devices: Vec<Device>,
    /// How many uploads went out.
    sent: usize,
}

struct Device {
    /// Two texts that differ, so that no upload is the one before.
    uploads: [Request; 2],
    posture: Request,
    /// How many uploads were answered.
    answered: u64,
}

impl Line {
    fn send(&mut self) -> Result<()> {
        let count = self.devices.len().max(1);
        let (device, turn) = (self.sent % count, self.sent / count % 2);
        self.sent += 1;
        let Some(device) = self.devices.get_mut(device) else { return Ok(()) };
        let [even, odd] = &device.uploads;
        self.connection.succeed(if turn == 0 { even } else { odd })?;
        device.answered += 1;
        Ok(())
    }

    fn until(&mut self, end: Instant) -> Result<Vec<Duration>> {
        let (mut times, mut now) = (Vec::new(), Instant::now());
        while now < end {
            self.send()?;
            let after = Instant::now();
            times.push(after - now);
            now = after;
        }
        Ok(times)
    }

    /// Every upload that was answered was counted, and posture is that of the last one.
    fn check(&mut self) -> Result<()> {
        for device in &self.devices {
            let (upload, _) = posture(self.connection.succeed(&device.posture)?)?;
            if upload != device.answered {
                let told = format!("posture is of upload {upload}, and {} were answered", device.answered);
                return Err(Error::Answer(told));
            }
        }
        Ok(())
    }
}

/// The number of the upload, and of the controls.
fn posture(answer: &[u8]) -> Result<(u64, usize)> {
    let answer: Value = serde_json::from_slice(answer)?;
    let unreadable = || Error::Answer("posture can't be read".to_owned());
    let upload = answer.pointer("/data/upload/number").and_then(Value::as_u64).ok_or_else(unreadable)?;
    let items = answer.pointer("/data/items").and_then(Value::as_array).ok_or_else(unreadable)?;
    Ok((upload, items.len()))
}

fn all_at_once(lines: &mut [Line], end: Instant) -> Result<Vec<Duration>> {
    thread::scope(|scope| {
        let running: Vec<_> = lines.iter_mut().map(|line| scope.spawn(move || line.until(end))).collect();
        let mut all = Vec::new();
        for line in running {
            let ended = |_| Error::Answer("a connection's thread ended early".to_owned());
            all.extend(line.join().map_err(ended)??);
        }
        Ok(all)
    })
}

/// Uploads one by one, and reads the posture right after each.
fn follow(lines: &mut [Line]) -> Result<(Vec<Duration>, usize)> {
    let (mut times, mut controls) = (Vec::new(), 0);
    let Some(line) = lines.first_mut() else { return Ok((times, controls)) };
    for _ in 0..FOLLOWED {
        let place = line.sent % line.devices.len().max(1);
        line.send()?;
        let Some(device) = line.devices.get(place) else { break };
        let begun = Instant::now();
        let answer = line.connection.succeed(&device.posture)?;
        times.push(begun.elapsed());
        let (upload, count) = posture(answer)?;
        if upload != device.answered {
            return Err(Error::Answer(format!("posture is of upload {upload}, not {}", device.answered)));
        }
        controls = count;
    }
    Ok((times, controls))
}

fn lines(server: &Server, login: &Login, text: &str, connections: usize) -> Result<Vec<Line>> {
    let mut connection = server.connect()?;
    let token = connection.issued(&Request::post(
        "/auth",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        login.form.as_bytes(),
    ))?;
    let authorization = format!("Bearer {token}");
    let uuids = provision(&mut connection, &authorization, connections * DEVICES)?;
    uuids
        .chunks(DEVICES)
        .map(|uuids| {
            let devices = uuids.iter().map(|uuid| device(uuid, text, &authorization)).collect();
            Ok(Line { connection: server.connect()?, devices, sent: 0 })
        })
        .collect()
}

fn device(uuid: &str, text: &str, authorization: &str) -> Device {
    let headers = [("Authorization", authorization)];
    let upload = |name: &str| {
        let text = text.replacen("hostname bench-1", &format!("hostname {name}"), 1);
        let path = format!("{API}/asset/{uuid}/command/bulk/output/PolicyCompliance");
        form(&path, authorization, "device.txt", &text)
    };
    let named = |turn: &str| format!("bench-{}-{turn}", uuid.get(..8).unwrap_or_default());
    Device {
        uploads: [upload(&named("a")), upload(&named("b"))],
        posture: Request::get(&format!("{API}/asset/{uuid}/posture"), &headers),
        answered: 0,
    }
}

fn provision(connection: &mut Connection, authorization: &str, count: usize) -> Result<Vec<String>> {
    let mut sheet = "hostIP,technology\n".to_owned();
    for at in 0..count {
        let _ = writeln!(sheet, "10.0.{}.{},Cisco IOS 15.x", at / 250, at % 250 + 1);
    }
    let answer =
        connection.succeed(&form(&format!("{API}/asset/bulk"), authorization, "devices.csv", &sheet))?;
    let answer: Value = serde_json::from_slice(answer)?;
    let made = answer.pointer("/data/items/successfulProvisions").and_then(Value::as_array);
    let uuid = |one: &Value| one.get("uuid").and_then(Value::as_str).map(str::to_owned);
    let uuids: Vec<_> = made.into_iter().flatten().filter_map(uuid).collect();
    if uuids.len() == count {
        Ok(uuids)
    } else {
        Err(Error::Answer(format!("not all were provisioned: {answer}")))
    }
}

fn form(path: &str, authorization: &str, file: &str, text: &str) -> Request {
    let body = format!(
        "--RedoubtBench\r\nContent-Disposition: form-data; name=\"data\"; filename=\"{file}\"\r\n\
         Content-Type: text/plain\r\n\r\n{text}\r\n--RedoubtBench--\r\n"
    );
    let headers =
        [("Authorization", authorization), ("Content-Type", "multipart/form-data; boundary=RedoubtBench")];
    Request::post(path, &headers, body.as_bytes())
}

impl Figures {
    fn markdown(&self) -> String {
        let Self { machine, date, command, bytes, connections, per_second, uploads, posture, controls, peak } =
            self;
        let met = if *per_second >= WANTED { "met" } else { "missed" };
        format!(
            "## Uploads for out-of-band assessment\n\n{machine}, {date}. Made by `{command}`.\n\n\
             {connections} at once, each of {bytes} bytes of a router's configuration: assessed by {controls} controls, \
             sealed, and durable before the answer. At the end, the posture of every device is that of its last upload.\n\n\
             | figure | wanted | measured | |\n| --- | ---: | ---: | --- |\n\
             | uploads a second | {WANTED:.0} | {per_second:.0} | {met} |\n\n\
             | | runs | median | p99 | longest |\n| --- | ---: | ---: | ---: | ---: |\n\
             | upload, {connections} at once | {} | {:.1} ms | {:.1} ms | {:.1} ms |\n\
             | posture right after, one at a time | {} | {:.1} ms | {:.1} ms | {:.1} ms |\n\n\
             Memory of the server at the most: {peak:.0} MiB.\n",
            uploads.runs,
            uploads.median,
            uploads.p99,
            uploads.max,
            posture.runs,
            posture.median,
            posture.p99,
            posture.max,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_about_the_size_that_was_asked_for() {
        for size in [20_000, 100_000, 1_000_000] {
            let length = configuration(size).len();
            assert!((size..size + 5_000).contains(&length), "{size}: {length}");
        }
    }
}
