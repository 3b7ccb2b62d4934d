//! What a document says, whichever format it is in.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// An element of XML or a member of JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) text: String,
    /// Attributes, then elements, in their order.
    pub(crate) members: Vec<(String, Node)>,
}

impl Node {
    fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), members: Vec::new() }
    }

    /// The root of an XML document, under its name.
    pub(crate) fn xml(document: &str) -> Self {
        let mut reader = Reader::from_str(document);
        let mut open = vec![(String::new(), Node::default())];
        loop {
            match reader.read_event().unwrap_or_else(|error| panic!("{error} in {document}")) {
                Event::Start(start) => open.push(begun(&start)),
                Event::Empty(start) => {
                    let node = begun(&start);
                    open.last_mut().unwrap().1.members.push(node);
                }
                Event::End(_) => {
                    let (name, mut node) = open.pop().unwrap();
                    if !node.members.is_empty() {
                        node.text = node.text.trim().to_owned();
                    }
                    open.last_mut().unwrap().1.members.push((name, node));
                }
                Event::Text(text) => open.last_mut().unwrap().1.text.push_str(&text.xml10_content()),
                Event::CData(text) => open.last_mut().unwrap().1.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().unwrap() {
                        Some(c) => c,
                        None => match &*reference {
                            "lt" => '<',
                            "gt" => '>',
                            "amp" => '&',
                            "quot" => '"',
                            "apos" => '\'',
                            other => panic!("the entity {other} in {document}"),
                        },
                    };
                    open.last_mut().unwrap().1.text.push(c);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(open.len(), 1, "not closed: {document}");
        let mut root = open.pop().unwrap().1;
        root.text.clear();
        root
    }

    /// A JSON document. The objects of arrays are as many members of their one key.
    pub(crate) fn json(document: &str) -> Self {
        let value = serde_json::from_str(document).unwrap_or_else(|error| panic!("{error} in {document}"));
        Self::of(&value)
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (name.clone(), Self::of(value).told(name)));
                Self { text: String::new(), members: members.collect() }
            }
            Value::Array(items) => {
                let members = items.iter().flat_map(|item| Self::of(item).members);
                Self { text: String::new(), members: members.collect() }
            }
            Value::String(text) => Self::leaf(text),
            other => Self::leaf(other.to_string()),
        }
    }

    /// Texts that may have attributes are objects in JSON (`contract/was.md 1.3`).
    fn told(mut self, name: &str) -> Self {
        let with_attributes = ["Domain", "Url", "UrlEntry", "WebAppHeader"];
        let value = self.members.iter().position(|(member, _)| member == "value");
        if let Some(at) = value.filter(|_| with_attributes.contains(&name)) {
            self.text = self.members.remove(at).1.text;
        }
        self
    }

    /// The same for a comparison that does not care about the order of different names.
    pub(crate) fn sorted(mut self) -> Self {
        self.members = self.members.into_iter().map(|(name, node)| (name, node.sorted())).collect();
        self.members.sort_by(|a, b| a.0.cmp(&b.0));
        self
    }

    /// The same with `change` done to every text.
    pub(crate) fn with_texts(mut self, change: &impl Fn(&str) -> String) -> Self {
        self.text = change(&self.text);
        self.members = self.members.into_iter().map(|(name, node)| (name, node.with_texts(change))).collect();
        self
    }

    /// The JSON request that says what this XML request says.
    pub(crate) fn to_json(&self, name: &str) -> Value {
        const CONTAINERS: [&str; 6] = ["ServiceRequest", "filters", "preferences", "data", "set", "children"];
        if self.members.is_empty() && !CONTAINERS.contains(&name) {
            return Value::String(self.text.clone());
        }
        let mut object = Map::new();
        for (name, node) in &self.members {
            let value = node.to_json(name);
            match object.remove(name) {
                None => object.insert(name.clone(), value),
                Some(Value::Array(mut several)) => {
                    several.push(value);
                    object.insert(name.clone(), Value::Array(several))
                }
                Some(one) => object.insert(name.clone(), Value::Array(vec![one, value])),
            };
        }
        if !self.text.trim().is_empty() || object.contains_key("operator") || object.contains_key("field") {
            object.insert("value".into(), Value::String(self.text.clone()));
        }
        Value::Object(object)
    }

    /// The first member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, node)| node)
    }

    /// The node at a path of names with dots between them.
    pub(crate) fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, name| node.get(name))
    }

    /// The text at a path; `-` if there is none.
    pub(crate) fn text_at(&self, path: &str) -> &str {
        self.at(path).map_or("-", |node| node.text.as_str())
    }

    /// The items of a list, whatever they are called.
    pub(crate) fn items(&self, list: &str) -> Vec<&Node> {
        let list = self.at(&format!("{list}.list"));
        list.map(|list| list.members.iter().map(|(_, item)| item).collect()).unwrap_or_default()
    }

    /// One member of every item of a list.
    pub(crate) fn each(&self, list: &str, member: &str) -> Vec<&str> {
        self.items(list).into_iter().map(|item| item.text_at(member)).collect()
    }

    /// The names of the members.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.members.iter().map(|(name, _)| name.as_str()).collect()
    }
}

fn begun(start: &BytesStart<'_>) -> (String, Node) {
    let mut node = Node::default();
    for attribute in start.attributes() {
        let attribute = attribute.unwrap();
        let name = attribute.key.0.to_owned();
        if name.starts_with("xmlns") || name.starts_with("xsi:") {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Explicit1_0).unwrap().into_owned();
        node.members.push((name, Node::leaf(value)));
    }
    (start.name().0.to_owned(), node)
}
