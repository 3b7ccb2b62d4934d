//! Comments on objects, and who wrote what: what the areas of web applications share (`contract/was.md 1.3, 4.2`).
//! Comments come and never change or go.

use jiff::Timestamp;
use qps::{Element, ObjectWriter, ServiceError};
use serde::{Deserialize, Serialize};
use store::{Id, Job};

use crate::users::User;
use crate::{Call, Error, Result};

/// The longest comment, in characters.
const LONGEST: usize = 4_096;
/// The most comments of an object.
const MOST: usize = 1_000;

/// Somebody, as they were called when they did something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The user.
    pub id: Id<User>,
    /// Their login.
    pub username: String,
    /// Given name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Family name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_name: String,
}

impl Author {
    /// The caller.
    pub(crate) fn of(call: &Call, job: &mut Job<'_>) -> Result<Self> {
        let caller = &call.caller;
        let unnamed = || Self {
            id: caller.user,
            username: caller.login.clone(),
            first_name: String::new(),
            last_name: String::new(),
        };
        Ok(Self::user(job, caller.user)?.unwrap_or_else(unnamed))
    }

    /// A user; none if there is no such user.
    pub(crate) fn user(job: &mut Job<'_>, id: Id<User>) -> Result<Option<Self>> {
        Ok(job.get(id)?.map(|user| {
            let User { login: username, first_name, last_name, .. } = user.object;
            Self { id, username, first_name, last_name }
        }))
    }

    /// Writes it as a member.
    pub(crate) fn write(&self, name: &str, out: &mut ObjectWriter<'_>) {
        out.object(name, |out| {
            out.number("id", self.id.get());
            out.text("username", &self.username);
            out.cdata("firstName", &self.first_name);
            out.cdata("lastName", &self.last_name);
        });
    }
}

/// A comment on an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// What it says.
    pub contents: String,
    /// Who wrote it; nobody for what the system notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// When.
    pub created: Timestamp,
}

impl Comment {
    /// What the system notes.
    pub(crate) fn system(contents: impl Into<String>, now: Timestamp) -> Self {
        Self { contents: contents.into(), author: None, created: now }
    }
}

/// Writes comments as a member.
pub(crate) fn write(comments: &[Comment], out: &mut ObjectWriter<'_>) {
    out.counted_list("comments", comments.len() as u64, |list| {
        for comment in comments {
            list.item("Comment", |out| {
                out.cdata("contents", &comment.contents);
                if let Some(author) = &comment.author {
                    author.write("author", out);
                }
                out.date("createdDate", comment.created);
            });
        }
    });
}

/// Comments that a request brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NewComments {
    contents: Vec<String>,
    /// Whether they are to be all that there are.
    is_set: bool,
}

impl NewComments {
    /// Reads the member `comments` of `data`.
    ///
    /// # Errors
    /// `INVALID_REQUEST` where comments are to be changed or removed, `CANNOT_BE_NULL` for one without contents.
    pub(crate) fn read(data: &Element) -> Result<Self> {
        let Some(edit) = data.list_edit("comments", &["Comment"])? else { return Ok(Self::default()) };
        if !edit.remove.is_empty() || !edit.update.is_empty() {
            return Err(unchangeable());
        }
        let is_set = edit.set.is_some();
        let given = edit.set.into_iter().flatten().chain(edit.add);
        let contents = given.map(contents).collect::<Result<_>>()?;
        Ok(Self { contents, is_set })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.contents.is_empty() && !self.is_set
    }

    /// Adds them to those that are there.
    ///
    /// # Errors
    /// When they would replace others, or become too many.
    pub(crate) fn add_to(&self, comments: &mut Vec<Comment>, author: &Author, now: Timestamp) -> Result<()> {
        if self.is_set && !comments.is_empty() {
            return Err(unchangeable());
        }
        if comments.len() + self.contents.len() > MOST {
            return Err(Error::invalid(
                format!("Data: An object can't have more than {MOST} comments."),
                "Leave the comments out.",
            ));
        }
        comments.extend(self.contents.iter().map(|contents| Comment {
            contents: contents.clone(),
            author: Some(author.clone()),
            created: now,
        }));
        Ok(())
    }
}

fn contents(comment: &Element) -> Result<String> {
    comment.expect_only(&["contents", "author", "createdDate"])?;
    let contents = comment.required_text("contents")?;
    if contents.chars().nth(LONGEST).is_some() {
        let shown: String = contents.chars().take(40).collect();
        let wanted = format!("Specify a text of at most {LONGEST} characters.");
        return Err(ServiceError::invalid_value("Comment.contents", &format!("{shown}…"), wanted).into());
    }
    Ok(contents.to_owned())
}

fn unchangeable() -> Error {
    Error::invalid("Data: Existing comments can't be changed or removed.", "Use 'add' to add a comment.")
}
