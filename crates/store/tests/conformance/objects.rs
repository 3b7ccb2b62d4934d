//! The objects of this suite.

use query::{Field, Fields, Filter, Kind as Holds, List, Member, Source, Test, Value, ValueRef};
use serde::{Deserialize, Serialize};
use store::{Kind, Object};

/// A machine: its name and its aliases are unique among machines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Host {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) hits: i64,
    #[serde(default)]
    pub(crate) ports: Vec<i64>,
}

impl Host {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn hits(mut self, hits: i64) -> Self {
        self.hits = hits;
        self
    }
}

impl Object for Host {
    const KIND: Kind = Kind::new("host");

    fn fields() -> &'static Fields<Self> {
        &HOSTS
    }

    fn keys(&self) -> Vec<String> {
        [&self.name].into_iter().chain(&self.aliases).cloned().collect()
    }
}

pub(crate) static HOSTS: Fields<Host> = Fields {
    fields: &[
        Field::new(Holds::Text, Source::Read(|host: &Host, out| out(ValueRef::Text(&host.name))))
            .criteria(&["name"]),
        Field::new(Holds::Integer, Source::Read(|host: &Host, out| out(ValueRef::Integer(host.hits))))
            .criteria(&["hits"]),
    ],
    lists: &[List {
        names: &["ports"],
        members: &[Member::new("number", Holds::Integer).projected()],
        read: |host, out| host.ports.iter().for_each(|port| out(&[Some(ValueRef::Integer(*port))])),
    }],
};

/// Something without keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) text: String,
}

impl Object for Note {
    const KIND: Kind = Kind::new("side_note");

    fn fields() -> &'static Fields<Self> {
        &NOTES
    }
}

static NOTES: Fields<Note> = Fields {
    fields: &[Field::new(Holds::Text, Source::Read(|note: &Note, out| out(ValueRef::Text(&note.text))))
        .criteria(&["text"])],
    lists: &[],
};

/// The filter that asks for one value of a field, by the field's name in Criteria.
fn equals<T>(fields: &Fields<T>, name: &str, value: Value) -> Filter {
    let (id, _) = fields.by_criteria(name).unwrap();
    fields.ask(id, Test::Equals(value))
}

pub(crate) fn host_named(name: &str) -> Filter {
    equals(&HOSTS, "name", Value::Text(name.to_owned()))
}

pub(crate) fn hosts_with_hits(hits: i64) -> Filter {
    equals(&HOSTS, "hits", Value::Integer(hits))
}
