//! Changing a list inside an object (contract/qps.md 10).

use crate::{Element, ServiceError};

/// What a request wants of one list. `add`, `remove` and `update` may come together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListEdit<'a> {
    /// Replace all items by these; `Some` of none clears the list.
    pub set: Option<Vec<&'a Element>>,
    /// Add these, or update those that are there already.
    pub add: Vec<&'a Element>,
    /// Remove these by key; unknown ones are no error.
    pub remove: Vec<&'a Element>,
    /// Change these in place by key.
    pub update: Vec<&'a Element>,
    /// What the request put under the read-only `list`. Most areas ignore it; activation keys take it as `set`
    /// (contract/ca.md 1.3). Items of other names are left out.
    pub list: Option<Vec<&'a Element>>,
}

impl ListEdit<'_> {
    /// Whether the request changes nothing: no verb was given, or only verbs without items (`set` always changes).
    pub fn is_empty(&self) -> bool {
        self.set.is_none() && self.add.is_empty() && self.remove.is_empty() && self.update.is_empty()
    }
}

const VERBS: [&str; 4] = ["set", "add", "remove", "update"];

impl Element {
    /// Reads the change of the list `list_name`, whose items are called one of `item_names`; `None` if the request
    /// does not speak of the list. `count` and `list` in it are read-only and change nothing.
    ///
    /// # Errors
    /// `INVALID_XML` for an unknown verb or item, `INVALID_REQUEST` for `set` together with another verb.
    pub fn list_edit<'a>(
        &'a self,
        list_name: &str,
        item_names: &[&str],
    ) -> Result<Option<ListEdit<'a>>, ServiceError> {
        let edit = self.list_edit_mixed(list_name, item_names)?;
        let mixed = |edit: &ListEdit| {
            edit.set.is_some() && !(edit.add.is_empty() && edit.remove.is_empty() && edit.update.is_empty())
        };
        if edit.as_ref().is_some_and(mixed) {
            return Err(ServiceError::invalid_request(
                format!(
                    "Data: 'set' can't be combined with other changes of the list '{}'.",
                    self.field(list_name)
                ),
                "Use either 'set', or 'add', 'remove' and 'update'.",
            ));
        }
        Ok(edit)
    }

    /// Like [`Element::list_edit`], for the lists where `set` may stand beside `add` and `remove`, such as a tag's
    /// children (contract/am.md 4.5).
    ///
    /// # Errors
    /// `INVALID_XML` for an unknown verb or item.
    pub fn list_edit_mixed<'a>(
        &'a self,
        list_name: &str,
        item_names: &[&str],
    ) -> Result<Option<ListEdit<'a>>, ServiceError> {
        let mut edit = None;
        for list in self.children.iter().filter(|child| child.name == list_name) {
            let edit = edit.get_or_insert_default();
            refuse_text(list)?;
            for verb in &list.children {
                read_verb(edit, list, verb, item_names)?;
            }
        }
        Ok(edit)
    }
}

fn read_verb<'a>(
    edit: &mut ListEdit<'a>,
    list: &Element,
    verb: &'a Element,
    item_names: &[&str],
) -> Result<(), ServiceError> {
    let items = match verb.name.as_str() {
        "count" => return Ok(()),
        "list" => {
            let known = verb.children.iter().filter(|item| item_names.contains(&item.name.as_str()));
            edit.list.get_or_insert_default().extend(known);
            return Ok(());
        }
        "set" => edit.set.get_or_insert_default(),
        "add" => &mut edit.add,
        "remove" => &mut edit.remove,
        "update" => &mut edit.update,
        _ => return Err(verb.unexpected(&list.name, &VERBS)),
    };
    refuse_text(verb)?;
    verb.expect_only(item_names)?;
    items.extend(&verb.children);
    Ok(())
}

fn refuse_text(element: &Element) -> Result<(), ServiceError> {
    if element.text.is_empty() {
        return Ok(());
    }
    Err(ServiceError::invalid_xml(
        format!(
            "Unexpected text '{}' in '{}' ({}).",
            crate::error::quoted(&element.text),
            element.name,
            element.position
        ),
        "Elements are expected here.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Limits, ResponseCode, read};

    fn host(body: &str) -> Element {
        let format = if body.starts_with('<') { Format::Xml } else { Format::Json };
        read(body.as_bytes(), format, &Limits::default()).unwrap().data.unwrap()
    }

    fn xml(tags: &str) -> Element {
        host(&format!("<ServiceRequest><data><HostAsset>{tags}</HostAsset></data></ServiceRequest>"))
    }

    fn json(tags: &str) -> Element {
        host(&format!(r#"{{"ServiceRequest":{{"data":{{"HostAsset":{{{tags}}}}}}}}}"#))
    }

    fn ids(items: &[&Element]) -> Vec<u64> {
        items.iter().map(|item| item.id("id").unwrap().unwrap()).collect()
    }

    #[test]
    fn add_and_remove_may_come_together() {
        let host = xml("<tags><add><TagSimple><id>1</id></TagSimple><TagSimple><id>2</id></TagSimple></add>\
                        <remove><TagSimple><id>3</id></TagSimple></remove></tags>");
        let edit = host.list_edit("tags", &["TagSimple"]).unwrap().unwrap();
        assert_eq!((ids(&edit.add), ids(&edit.remove), edit.set), (vec![1, 2], vec![3], None));
    }

    #[test]
    fn an_empty_set_clears_the_list() {
        for host in [
            xml("<tags><set/></tags>"),
            json(r#""tags":{"set":{}}"#),
            json(r#""tags":{"set":[]}"#),
            json(r#""tags":{"set":{"TagSimple":[]}}"#),
            json(r#""tags":{"set":"" }"#),
        ] {
            let edit = host.list_edit("tags", &["TagSimple"]).unwrap().unwrap();
            assert_eq!(edit.set, Some(vec![]), "{host:?}");
            assert!(!edit.is_empty());
        }
    }

    #[test]
    fn a_list_that_is_not_mentioned_is_not_changed() {
        for host in [xml(""), json(""), json(r#""tags":null"#)] {
            assert_eq!(host.list_edit("tags", &["TagSimple"]), Ok(None));
        }
        let silent = xml("<tags><count>3</count><list><TagSimple><id>1</id></TagSimple><Odd/></list></tags>");
        let edit = silent.list_edit("tags", &["TagSimple"]).unwrap().unwrap();
        assert!(edit.is_empty());
        assert_eq!(edit.list.as_deref().map(ids), Some(vec![1]));
        assert!(
            json(r#""tags":{"set":null}"#).list_edit("tags", &["TagSimple"]).unwrap().unwrap().is_empty()
        );
    }

    #[test]
    fn one_item_or_many_read_alike() {
        for host in [
            xml("<tags><set><TagSimple><id>5001</id></TagSimple></set></tags>"),
            json(r#""tags":{"set":{"TagSimple":{"id":"5001"}}}"#),
            json(r#""tags":{"set":{"TagSimple":[{"id":5001}]}}"#),
            json(r#""tags":{"set":[{"TagSimple":{"id":5001}}]}"#),
        ] {
            let edit = host.list_edit("tags", &["TagSimple"]).unwrap().unwrap();
            assert_eq!(edit.set.as_deref().map(ids), Some(vec![5001]), "{host:?}");
        }
    }

    #[test]
    fn primitive_items_are_read() {
        for asset in [
            xml(
                "<activation><set><ActivationModule>VM</ActivationModule><ActivationModule>PC</ActivationModule></set></activation>",
            ),
            json(r#""activation":{"set":{"ActivationModule":["VM","PC"]}}"#),
        ] {
            let edit = asset.list_edit("activation", &["ActivationModule"]).unwrap().unwrap();
            let modules: Vec<_> = edit.set.unwrap().iter().map(|item| item.value()).collect();
            assert_eq!(modules, [Some("VM"), Some("PC")]);
        }
    }

    #[test]
    fn several_item_names_may_be_allowed() {
        let tag = xml(
            "<children><set><Tag><name>a</name></Tag><TagSimple><name>b</name></TagSimple></set></children>",
        );
        let edit = tag.list_edit("children", &["TagSimple", "Tag"]).unwrap().unwrap();
        assert_eq!(edit.set.map(|items| items.len()), Some(2));
        assert!(tag.list_edit("children", &["TagSimple"]).is_err());
    }

    #[test]
    fn set_beside_another_verb_is_refused_unless_allowed() {
        let host = xml("<tags><set/><add><TagSimple><id>1</id></TagSimple></add></tags>");
        let error = host.list_edit("tags", &["TagSimple"]).unwrap_err();
        assert_eq!(error.code, ResponseCode::InvalidRequest);
        assert!(error.message.contains("'HostAsset.tags'"), "{error}");
        let edit = host.list_edit_mixed("tags", &["TagSimple"]).unwrap().unwrap();
        assert_eq!((edit.set, edit.add.len()), (Some(vec![]), 1));
    }

    #[test]
    fn unknown_verbs_items_and_texts_are_refused_by_name() {
        for (tags, wrong) in [
            ("<tags><ad><TagSimple/></ad></tags>", "'ad'"),
            ("<tags><TagSimple/></tags>", "'TagSimple'"),
            ("<tags><add><Tagsimple/></add></tags>", "'Tagsimple'"),
            ("<tags>5001</tags>", "'5001'"),
            ("<tags><set>5001</set></tags>", "'5001'"),
        ] {
            let error = xml(tags).list_edit("tags", &["TagSimple"]).unwrap_err();
            assert_eq!(error.code, ResponseCode::InvalidXml);
            assert!(error.message.contains(wrong), "{error}");
        }
    }
}
