//! Entries on the wire, members in the order of `contract/was.md 4.2`.

use qps::ObjectWriter;

use super::model::Entry;
use crate::comments;

/// Writes an entry; comments only where one entry was asked for.
pub(super) fn write(id: u32, entry: &Entry, with_comments: bool, out: &mut ObjectWriter<'_>) {
    out.number("id", id);
    out.text("ipAddress", &entry.address.to_string());
    out.number("port", entry.port);
    out.text_opt("operatingSystem", entry.operating_system.as_deref());
    out.text("source", entry.source.name());
    out.text_opt("fqdn", entry.fqdn.as_deref());
    out.text_opt("netbiosName", entry.netbios_name.as_deref());
    out.text("status", entry.status.name());
    if with_comments {
        comments::write(&entry.comments, out);
    }
    out.date("createdDate", entry.created);
    out.date("updatedDate", entry.updated);
    if let Some(user) = &entry.updated_by {
        user.write("updatedBy", out);
    }
}
