//! Web applications on the wire, members in the order of `contract/was.md 7.2`.

use qps::ObjectWriter;

use super::model::{Pattern, WebApp};
use super::scripts;
use crate::comments;
use crate::tags::TagName;

/// Writes what a search shows.
pub(super) fn write_brief(
    id: u32,
    app: &WebApp,
    tags: &[TagName],
    verbose: bool,
    out: &mut ObjectWriter<'_>,
) {
    head(id, app, out);
    if let Some(owner) = &app.owner {
        out.object("owner", |out| out.number("id", owner.id.get()));
    }
    write_tags(tags, verbose, out);
    out.date("createdDate", app.created);
    out.date("updatedDate", app.updated);
}

fn head(id: u32, app: &WebApp, out: &mut ObjectWriter<'_>) {
    out.number("id", id);
    out.cdata("name", &app.name);
    out.cdata("url", &app.url);
}

/// Writes a web application whole.
pub(super) fn write(id: u32, app: &WebApp, tags: &[TagName], out: &mut ObjectWriter<'_>) {
    let (settings, crawl, scanner) = (&app.settings, &app.settings.crawl, &app.settings.scanner);
    head(id, app, out);
    if let Some(owner) = &app.owner {
        owner.write("owner", out);
    }
    out.text("scope", crawl.scope.name());
    out.cdata_opt("subDomain", crawl.sub_domain.as_deref());
    write_lines("domains", "Domain", &crawl.domains, out);
    write_lines("uris", "Url", &crawl.uris, out);
    out.counted_list("attributes", app.attributes.len() as u64, |list| {
        for attribute in &app.attributes {
            list.item("Attribute", |out| {
                out.cdata("name", &attribute.name);
                out.cdata("value", &attribute.value);
            });
        }
    });
    out.object("defaultScanner", |out| {
        out.text("type", if scanner.is_internal { "INTERNAL" } else { "EXTERNAL" });
        out.text_opt("friendlyName", scanner.name.as_deref());
    });
    out.boolean("scannerLocked", scanner.is_locked);
    out.boolean("progressiveScanning", crawl.progressive);
    out.cdata_opt("redundancyLinks", crawl.redundancy_links.as_deref());
    out.number_opt("maxRedundancyLinks", crawl.max_redundancy_links);
    write_patterns("urlExcludelist", &crawl.exclude, out);
    write_patterns("urlAllowlist", &crawl.allow, out);
    write_patterns("postDataExcludelist", &crawl.no_forms, out);
    write_patterns("logoutRegexList", &crawl.logout, out);
    out.counted_list("authRecords", 0, |_| {});
    out.counted_list("dnsOverrides", 0, |_| {});
    out.text("useRobots", crawl.robots.as_deref().unwrap_or("IGNORE"));
    out.boolean("useSitemap", crawl.site_map);
    write_lines("headers", "WebAppHeader", &crawl.headers, out);
    out.boolean("malwareMonitoring", settings.malware_monitoring);
    out.boolean("malwareNotification", settings.malware_notification);
    write_tags(tags, true, out);
    comments::write(&app.comments, out);
    out.boolean("isScheduled", false);
    app.created_by.write("createdBy", out);
    out.date("createdDate", app.created);
    app.updated_by.write("updatedBy", out);
    out.date("updatedDate", app.updated);
    if settings.cancel_after_hours.is_some() || settings.cancel_at.is_some() {
        out.object("config", |out| {
            out.number_opt("cancelScansAfterNHours", settings.cancel_after_hours);
            out.text_opt("cancelScansAt", settings.cancel_at.as_deref());
        });
    }
    out.counted_list("crawlingScripts", app.scripts.len() as u64, |list| {
        for script in &app.scripts {
            list.item(scripts::NAME, |out| scripts::write(id, script, out));
        }
    });
}

fn write_tags(tags: &[TagName], with_list: bool, out: &mut ObjectWriter<'_>) {
    if !with_list {
        return out.object("tags", |out| out.number("count", tags.len() as u64));
    }
    out.counted_list("tags", tags.len() as u64, |list| {
        for tag in tags {
            list.item("Tag", |out| {
                out.number("id", tag.id);
                out.cdata("name", &tag.name);
            });
        }
    });
}

fn write_lines(name: &str, item: &str, lines: &[String], out: &mut ObjectWriter<'_>) {
    out.counted_list(name, lines.len() as u64, |list| {
        lines.iter().for_each(|line| list.attributed(item, &[], line));
    });
}

fn write_patterns(name: &str, patterns: &[Pattern], out: &mut ObjectWriter<'_>) {
    out.counted_list(name, patterns.len() as u64, |list| {
        for pattern in patterns {
            let regex = if pattern.regex { "true" } else { "false" };
            list.attributed("UrlEntry", &[("regex", regex)], &pattern.text);
        }
    });
}
