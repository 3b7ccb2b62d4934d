//! Answers against the schemas that they name, with xmllint as the judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use parking_lot::Mutex;
use tempfile::TempDir;

/// XML answers that wait to be judged. Judging is one process for each schema, so it is done once, at the end.
pub(crate) struct Answers {
    directory: TempDir,
    /// By schema, the files that hold the answers.
    files: Mutex<BTreeMap<String, Vec<PathBuf>>>,
}

impl Answers {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), files: Mutex::default() }
    }

    /// Keeps an answer; `call` is shown if it turns out to be wrong.
    pub(crate) fn keep(&self, call: &str, document: &str) {
        let location = document
            .split_once("xsi:noNamespaceSchemaLocation=\"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .unwrap_or_else(|| panic!("{call} names no schema: {document}"))
            .0;
        let schema = location
            .strip_prefix(&format!("{}/qps/xsd/", super::HOST))
            .unwrap_or_else(|| panic!("{call} names a schema elsewhere: {location}"));
        let mut files = self.files.lock();
        let list = files.entry(schema.to_owned()).or_default();
        let name = format!("{}-{}.xml", schema.replace('/', "-"), list.len());
        let path = self.directory.path().join(name);
        std::fs::write(&path, format!("{document}\n<!-- {} -->", call.replace("--", "- -"))).unwrap();
        list.push(path);
    }

    fn judge(&self) {
        for (schema, files) in &*self.files.lock() {
            let served = platform::schema(schema).unwrap_or_else(|| panic!("nobody serves {schema}"));
            self.judge_by(&format!("the served {schema}"), &served, files);
            if let Some((_, published)) = PUBLISHED.iter().find(|(known, _)| known == schema) {
                self.judge_by(&format!("the published {schema}"), published, files);
            }
        }
    }

    fn judge_by(&self, schema: &str, text: &str, files: &[PathBuf]) {
        let path = self.directory.path().join("schema.xsd");
        std::fs::write(&path, text).unwrap();
        for some in files.chunks(1_000) {
            let output = lint(&path, some);
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                let wrong = some.iter().find(|file| !said.contains(&format!("{} validates", file.display())));
                let shown = wrong.map(|file| std::fs::read_to_string(file).unwrap());
                let said: Vec<_> = said.lines().filter(|line| !line.ends_with("validates")).collect();
                panic!("{schema}: {}\n{}", said.join("\n"), shown.unwrap_or_default());
            }
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.judge();
        }
    }
}

/// Schemas as they were published, by the path of ours.
const PUBLISHED: [(&str, &str); 1] = [("3.0/was/catalog.xsd", include_str!("../was/catalog.published.xsd"))];

fn lint(schema: &Path, files: &[PathBuf]) -> Output {
    let mut lint = Command::new("xmllint");
    lint.args(["--noout", "--nonet", "--schema"]).arg(schema).args(files);
    lint.output().expect("xmllint is installed")
}

/// Whether a document is valid by the schema that is served at a path, and by the one that was published.
pub(crate) fn is_valid(schema: &str, document: &str) -> [bool; 2] {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("schema.xsd"), folder.path().join("document.xml"));
    std::fs::write(&file, document).unwrap();
    let published = PUBLISHED.iter().find(|(known, _)| *known == schema).unwrap().1;
    [&platform::schema(schema).unwrap(), published].map(|text| {
        std::fs::write(&path, text).unwrap();
        lint(&path, std::slice::from_ref(&file)).status.success()
    })
}

/// Panics unless a document is valid by a document type definition.
#[track_caller]
pub(crate) fn demand_valid(definition: &str, document: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("definition.dtd"), folder.path().join("document.xml"));
    std::fs::write(&path, definition).unwrap();
    std::fs::write(&file, document).unwrap();
    let lint =
        Command::new("xmllint").args(["--noout", "--nonet", "--dtdvalid"]).arg(&path).arg(&file).output();
    let lint = lint.expect("xmllint is installed");
    assert!(lint.status.success(), "{}\n{document}", String::from_utf8_lossy(&lint.stderr));
}

#[test]
fn an_answer_that_does_not_fit_its_schema_is_noticed() {
    let head = "<ServiceResponse xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                xsi:noNamespaceSchemaLocation=\"https://scan.example.test/qps/xsd/2.0/am/tag.xsd\">\
                <responseCode>SUCCESS</responseCode><count>1</count><data>";
    let noticed = |record: &str| {
        let answers = Answers::new();
        answers.keep("call", &format!("{head}{record}</data></ServiceResponse>"));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(answers))).is_err()
    };
    assert!(!noticed("<Tag><id>1</id><name>a</name></Tag>"));
    assert!(noticed("<Tag><name>a</name><id>1</id></Tag>"), "out of order");
    assert!(noticed("<Tag><id>one</id></Tag>"), "of the wrong type");
    assert!(noticed("<Tag><uuid>1</uuid></Tag>"), "not in the schema");
    assert!(noticed("<Asset/>"), "another object");
}
