//! What came back.

use qps::Format;
use regex::Regex;

use super::node::Node;

/// An answer, read.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The document as it came.
    pub(crate) text: String,
    root: Node,
}

impl Reply {
    #[track_caller]
    pub(crate) fn read(status: u16, format: Format, text: String) -> Self {
        let root = match format {
            Format::Xml => Node::xml(&text),
            Format::Json => Node::json(&text),
        };
        let root = root.get("ServiceResponse").unwrap_or_else(|| panic!("no answer: {text}")).clone();
        Self { status, text, root }
    }

    /// Both formats carry the same data. Ids that chance gives are not compared, nor where in the body an error is.
    #[track_caller]
    pub(crate) fn demand_equal(&self, other: &Self, call: &str) {
        let pattern = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|line [0-9]+, column [0-9]+|XML|JSON";
        let differs = Regex::new(pattern).unwrap();
        let plain = |reply: &Self| {
            let plain = |text: &str| differs.replace_all(text, "*").into_owned();
            reply.root.clone().with_texts(&plain).sorted()
        };
        assert_eq!(self.status, other.status, "{call}\n{}\n{}", self.text, other.text);
        assert_eq!(plain(self), plain(other), "{call}\n{}\n{}", self.text, other.text);
    }

    pub(crate) fn code(&self) -> &str {
        self.root.text_at("responseCode")
    }

    pub(crate) fn message(&self) -> &str {
        self.root.text_at("responseErrorDetails.errorMessage")
    }

    pub(crate) fn resolution(&self) -> &str {
        self.root.text_at("responseErrorDetails.errorResolution")
    }

    /// `count`, for an answer that is a success.
    #[track_caller]
    pub(crate) fn count(&self) -> u64 {
        self.ok().root.text_at("count").parse().unwrap_or_else(|_| panic!("no count: {}", self.text))
    }

    pub(crate) fn more(&self) -> Option<bool> {
        self.root.get("hasMoreRecords").map(|more| more.text == "true")
    }

    pub(crate) fn last_id(&self) -> Option<u64> {
        self.root.get("lastId").map(|id| id.text.parse().unwrap())
    }

    /// Whether there is a `data` at all.
    pub(crate) fn has_data(&self) -> bool {
        self.root.get("data").is_some()
    }

    /// The records, of which there are as many as `count` says unless this is a bare count.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<&Node> {
        let records: Vec<_> = self
            .root
            .get("data")
            .map(|data| data.members.iter().map(|(_, record)| record))
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(records.len() as u64, self.count(), "{}", self.text);
        records
    }

    /// The one record.
    #[track_caller]
    pub(crate) fn record(&self) -> &Node {
        let records = self.records();
        assert_eq!(records.len(), 1, "{}", self.text);
        records[0]
    }

    /// The ids of the records.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.records().iter().map(|record| record.text_at("id").parse().unwrap()).collect()
    }

    /// The id of the one record.
    #[track_caller]
    pub(crate) fn id(&self) -> u64 {
        self.record().text_at("id").parse().unwrap()
    }

    /// Demands success.
    #[track_caller]
    pub(crate) fn ok(&self) -> &Self {
        assert_eq!((self.status, self.code()), (200, "SUCCESS"), "{}", self.text);
        self
    }

    /// Demands a refusal with a code, which names what is wrong and says what would be right.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) -> &Self {
        assert_eq!(self.code(), code, "{}", self.text);
        assert!(self.message().len() > 10 && self.resolution().len() > 5, "{}", self.text);
        assert!(!self.has_data() && self.root.get("count").is_none(), "{}", self.text);
        self
    }

    /// Demands `INVALID_REQUEST` with these words in its message.
    #[track_caller]
    pub(crate) fn invalid(&self, words: &str) -> &Self {
        self.refused("INVALID_REQUEST");
        assert!(self.message().contains(words), "{} does not say {words:?}", self.message());
        self
    }
}
