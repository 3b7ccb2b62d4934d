//! Requests that can't be answered, beside those that every operation refuses.

use super::samples::INFO;
use super::{add, asked};
use crate::common::{World, data};

const DOWNLOAD: &str = "/qps/rest/1.0/download/ca/downloadbinary";

#[test]
fn values_that_are_not_in_the_matrix_are_named() {
    let world = World::new();
    let me = world.manager();
    add(&world, |_| true);
    let before = world.fingerprint();
    for (path, object, status) in [(INFO, "BinaryInfo", 200), (DOWNLOAD, "DownloadBinary", 400)] {
        for (platform, architecture, wrong) in [
            ("linux", "X_64", "linux"),
            ("Windows", "X_64", "Windows"),
            ("LINUX_ARM", "X_64", "LINUX_ARM"),
            ("LINUX", "x86_64", "x86_64"),
            ("LINUX", "AMD64", "AMD64"),
            ("LINUX", "all", "all"),
            ("\u{202e}LINUX", "X_64", "LINUX"),
        ] {
            let reply = me.post(path, &asked(object, platform, architecture));
            reply.refused("INVALID_PARAM");
            assert!(reply.message().contains(wrong), "{}", reply.message());
            assert!(reply.resolution().contains("Case matters"), "{}", reply.resolution());
            assert_eq!(reply.status, status);
        }
        for pair in [("LINUX", "SPARC"), ("WINDOWS", "ARM_64"), ("SOLARIS_SPARC", "X_64")] {
            let reply = me.post(path, &asked(object, pair.0, pair.1));
            reply.invalid(&format!("{} on {}", pair.0, pair.1));
            assert_eq!(reply.status, status);
        }
        for body in [
            format!("<{object}/>"),
            format!("<{object}><platform>LINUX</platform></{object}>"),
            format!("<{object}><architecture>X_64</architecture></{object}>"),
            format!("<{object}><platform/><architecture>X_64</architecture></{object}>"),
            format!("<{object}><platform> </platform><architecture>X_64</architecture></{object}>"),
        ] {
            assert_eq!(me.post(path, &data(&body)).refused("CANNOT_BE_NULL").status, status, "{body}");
        }
        for body in [
            "<Widget><platform>LINUX</platform></Widget>",
            // What the other call takes.
            if object == "BinaryInfo" { "<DownloadBinary/>" } else { "<BinaryInfo/>" },
        ] {
            me.post(path, &data(body)).refused("INVALID_REQUEST");
        }
        let twice = format!(
            "<{object}><platform>LINUX</platform><platform>AIX</platform><architecture>X_64</architecture></{object}>"
        );
        me.post(path, &data(&twice)).refused("INVALID_XML");
        me.post(path, "").refused("CANNOT_BE_NULL");
        me.post(path, "<ServiceRequest/>").refused("CANNOT_BE_NULL");
    }
    let all = me.post(DOWNLOAD, &asked("DownloadBinary", "ALL", "ALL"));
    all.refused("INVALID_PARAM");
    assert!(!all.resolution().contains("ALL,"), "{}", all.resolution());
    assert_eq!(world.fingerprint(), before);
}
