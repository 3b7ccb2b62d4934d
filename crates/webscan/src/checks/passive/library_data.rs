//! JavaScript libraries: how they are known, and which versions have known weaknesses (from the public CVE records).

use crate::checks::pattern::Pattern;

/// A library.
pub(super) struct Library {
    pub(super) name: &'static str,
    /// Names in URLs, in lower case.
    pub(super) files: &'static [&'static str],
    /// In its code, with the version as first group.
    pub(super) code: &'static [Pattern],
    /// From (or empty), below, what it is known as.
    pub(super) flaws: &'static [(&'static str, &'static str, &'static str)],
}

macro_rules! library {
    ($name:literal, [$($file:literal),*], [$($code:literal),*], $flaws:expr) => {
        Library { name: $name, files: &[$($file),*], code: &[$(Pattern::new($code)),*], flaws: $flaws }
    };
}

pub(super) static LIBRARIES: &[Library] = &[
    library!(
        "jQuery",
        ["jquery"],
        [
            r"jQuery (?:JavaScript Library )?v(\d+\.\d+(?:\.\d+)?(?:-?(?:rc|beta|alpha)[.\d]*)?)(?:\s|$|[^\d.])",
            r#"\bjquery:\s*"(\d+\.\d+(?:\.\d+)?)""#
        ],
        &[
            ("", "1.6.3", "CVE-2011-4969"),
            ("", "1.9.0", "CVE-2012-6708"),
            ("1.4.0", "1.12.0", "CVE-2015-9251"),
            ("1.12.3", "3.0.0", "CVE-2015-9251"),
            ("1.1.4", "3.4.0", "CVE-2019-11358"),
            ("1.2.0", "3.5.0", "CVE-2020-11022"),
            ("1.0.3", "3.5.0", "CVE-2020-11023"),
        ]
    ),
    library!(
        "jQuery UI",
        ["jquery-ui", "jquery.ui", "jqueryui"],
        [
            r"jQuery UI (?:- v)?(\d+\.\d+\.\d+)\b",
            r#"\.ui\.version\s*=\s*"(\d+\.\d+\.\d+)""#,
            r#"\.ui,\s*\{\s*version:\s*"(\d+\.\d+\.\d+)""#
        ],
        &[
            ("", "1.10.0", "CVE-2010-5312"),
            ("1.7.0", "1.10.0", "CVE-2012-6662"),
            ("1.10.0", "1.12.0", "CVE-2016-7103"),
            ("", "1.13.0", "CVE-2021-41182, CVE-2021-41183, CVE-2021-41184"),
            ("", "1.13.2", "CVE-2022-31160"),
        ]
    ),
    library!(
        "jQuery Validation",
        ["jquery.validate", "jquery-validate", "jquery-validation"],
        [r"jQuery Validation Plugin (?:- )?v(\d+\.\d+\.\d+)"],
        &[
            ("", "1.19.3", "CVE-2021-21252"),
            ("", "1.19.4", "CVE-2021-43306"),
            ("", "1.19.5", "CVE-2022-31147"),
            ("", "1.20.0", "CVE-2025-3573"),
        ]
    ),
    library!("jQuery Migrate", ["jquery-migrate"], [r"jQuery Migrate (?:- )?v(\d+\.\d+\.\d+)"], &[]),
    library!(
        "prettyPhoto",
        ["jquery.prettyphoto", "prettyphoto"],
        [r"prettyPhoto[\s\S]{0,200}?Version: (\d+\.\d+\.\d+)"],
        &[("", "3.1.5", "CVE-2013-6837"), ("", "3.1.6", "CVE-2015-9478"),]
    ),
    library!(
        "DataTables",
        ["jquery.datatables", "datatables", "datatables.net"],
        [r"DataTables (\d+\.\d+\.\d+)\b"],
        &[
            ("", "1.10.10", "CVE-2015-6584"),
            ("", "1.10.22", "CVE-2020-28458"),
            ("", "1.11.3", "CVE-2021-23445"),
        ]
    ),
    library!(
        "Bootstrap",
        ["bootstrap", "bootstrap.bundle"],
        [
            r"Bootstrap(?:\.js)? v(\d+\.\d+\.\d+(?:-(?:alpha|beta)[.\d]*)?) ?\(?(?:https?://|by )?",
            r"Bootstrap: [a-z-]+\.js v(\d+\.\d+\.\d+)",
            r"\* bootstrap-[a-z]+\.js v(\d+\.\d+\.\d+)"
        ],
        &[
            ("", "3.4.0", "CVE-2016-10735, CVE-2018-20676, CVE-2018-20677, CVE-2018-14042"),
            ("2.3.0", "3.4.0", "CVE-2018-14040"),
            ("", "3.4.1", "CVE-2019-8331"),
            ("4.0.0-alpha", "4.0.0-beta.2", "CVE-2016-10735"),
            ("4.0.0-alpha", "4.1.2", "CVE-2018-14040, CVE-2018-14041, CVE-2018-14042"),
            ("4.0.0-alpha", "4.3.1", "CVE-2019-8331"),
        ]
    ),
    library!(
        "bootstrap-select",
        ["bootstrap-select"],
        [r"Bootstrap-select v(\d+\.\d+\.\d+)"],
        &[("", "1.13.6", "CVE-2019-20921"),]
    ),
    library!("bootstrap-table", ["bootstrap-table"], [], &[("", "1.20.2", "CVE-2022-1726")]),
    library!(
        "AngularJS",
        ["angular", "angularjs", "angular.js"],
        [r"AngularJS v(1\.\d+\.\d+)", r#"full:\s*['"](1\.\d+\.\d+)['"],\s*major:"#],
        &[
            ("", "1.6.9", "CVE-2019-14863"),
            ("", "1.7.9", "CVE-2019-10768"),
            ("", "1.8.0", "CVE-2020-7676"),
            ("1.7.0", "2.0.0", "CVE-2022-25844"),
            ("", "2.0.0", "CVE-2022-25869"),
            ("1.2.21", "2.0.0", "CVE-2023-26116"),
            ("", "2.0.0", "CVE-2023-26117"),
            ("1.4.9", "2.0.0", "CVE-2023-26118"),
            ("1.3.0", "2.0.0", "CVE-2024-21490"),
        ]
    ),
    library!(
        "Angular",
        ["@angular/core"],
        [r#"ng-version="(\d+\.\d+\.\d+)"#, r"@license Angular v(\d+\.\d+\.\d+)"],
        &[("2.0.0", "10.2.5", "CVE-2021-4231"), ("11.0.0", "11.0.5", "CVE-2021-4231"),]
    ),
    library!(
        "Vue",
        ["vue"],
        [r"Vue\.js v(\d+\.\d+\.\d+)", r"\* vue v(\d+\.\d+\.\d+)"],
        &[("2.0.0", "3.0.0", "CVE-2024-9506"),]
    ),
    library!(
        "React",
        ["react"],
        [
            r"@license React v(\d+\.\d+\.\d+)\s+\*\s+react\.",
            r"\* React v(0\.\d+\.\d+)",
            r"\* React v(15\.\d+\.\d+)"
        ],
        &[("0.4.0", "0.4.2", "CVE-2013-7035"), ("0.5.0", "0.5.2", "CVE-2013-7035"),]
    ),
    library!(
        "React DOM",
        ["react-dom"],
        [r"@license React v(\d+\.\d+\.\d+)\s+\*\s+react-dom\b", r"\* ReactDOM v(\d+\.\d+\.\d+)"],
        &[
            ("16.0.0", "16.0.1", "CVE-2018-6341"),
            ("16.1.0", "16.1.2", "CVE-2018-6341"),
            ("16.2.0", "16.2.1", "CVE-2018-6341"),
            ("16.3.0", "16.3.3", "CVE-2018-6341"),
            ("16.4.0", "16.4.2", "CVE-2018-6341"),
        ]
    ),
    library!(
        "Lodash",
        ["lodash", "lodash.js"],
        [
            r"(?i)\blo-?dash (?:v)?(\d+\.\d+\.\d+)\b",
            r#"(?is)\blodash\b.*?\bVERSION\s*=\s*['"](\d+\.\d+\.\d+)['"]"#,
            r#"__lodash_hash_undefined__[\s\S]*?\.VERSION\s*=\s*['"](\d+\.\d+\.\d+)['"]"#
        ],
        &[
            ("", "4.17.5", "CVE-2018-3721"),
            ("", "4.17.11", "CVE-2018-16487, CVE-2019-1010266"),
            ("", "4.17.12", "CVE-2019-10744"),
            ("3.7.0", "4.17.19", "CVE-2020-8203"),
            ("", "4.17.21", "CVE-2021-23337, CVE-2020-28500"),
        ]
    ),
    library!(
        "Moment.js",
        ["moment", "moment.js", "moment-with-locales"],
        [
            r"//! (?:moment\.js\s+//! )?version : (\d+\.\d+\.\d+)",
            r"(?i)\bmoment(?:\.js)? (?:v|version )(\d+\.\d+\.\d+)"
        ],
        &[
            ("", "2.11.2", "CVE-2016-4055"),
            ("", "2.19.3", "CVE-2017-18214"),
            ("1.0.1", "2.29.2", "CVE-2022-24785"),
            ("2.18.0", "2.29.4", "CVE-2022-31129"),
        ]
    ),
    library!(
        "Handlebars",
        ["handlebars"],
        [
            r"(?i)\bhandlebars v?(\d+\.\d+\.\d+)",
            r#"HandlebarsEnvironment[\s\S]{0,2000}?VERSION\s*=\s*['"](\d+\.\d+\.\d+)"#
        ],
        &[
            ("", "4.0.0", "CVE-2015-8861"),
            ("", "4.3.0", "CVE-2019-19919"),
            ("4.0.0", "4.4.5", "CVE-2019-20922"),
            ("", "3.0.8", "CVE-2019-20920"),
            ("4.0.0", "4.5.3", "CVE-2019-20920"),
            ("", "4.7.7", "CVE-2021-23369, CVE-2021-23383"),
        ]
    ),
    library!(
        "Mustache.js",
        ["mustache"],
        [r#"mustache\.js[\s\S]{0,400}?version(?:\s*=|:)\s*["'](\d+\.\d+\.\d+)"#],
        &[("", "2.2.1", "CVE-2015-8862"),]
    ),
    library!(
        "DOMPurify",
        ["dompurify", "purify"],
        [r"DOMPurify (\d+\.\d+\.\d+)\b"],
        &[
            ("", "1.0.11", "CVE-2019-25155"),
            ("", "2.0.3", "CVE-2019-16728"),
            ("", "2.0.17", "CVE-2020-26870"),
            ("", "2.4.2", "CVE-2024-48910"),
            ("", "2.5.0", "CVE-2024-47875"),
            ("3.0.0", "3.1.3", "CVE-2024-47875"),
            ("", "2.5.4", "CVE-2024-45801"),
            ("3.0.0", "3.1.3", "CVE-2024-45801"),
            ("", "3.2.4", "CVE-2025-26791"),
        ]
    ),
    library!(
        "Underscore.js",
        ["underscore"],
        [r"(?m)^\s*(?://|\*|/\*!?)\s*Underscore\.js (\d+\.\d+\.\d+)"],
        &[("1.3.2", "1.12.1", "CVE-2021-23358"),]
    ),
    library!("Backbone", ["backbone"], [r"Backbone\.js (\d+\.\d+\.\d+)"], &[]),
    library!(
        "Prototype",
        ["prototype"],
        [
            r"Prototype JavaScript framework, version (\d+\.\d+(?:\.\d+){0,2})",
            r#"Prototype\s*=\s*\{\s*Version:\s*['"](\d+\.\d+(?:\.\d+){0,2})"#
        ],
        &[("", "1.6.0.2", "CVE-2008-7220"), ("", "1.7.3.1", "CVE-2020-7993, CVE-2020-27511"),]
    ),
    library!(
        "script.aculo.us",
        ["scriptaculous"],
        [r"script\.aculo\.us scriptaculous\.js v(\d+\.\d+\.\d+)"],
        &[]
    ),
    library!(
        "Ember",
        ["ember"],
        [r"Ember[\s\S]{0,600}?@version\s+(\d+\.\d+\.\d+)"],
        &[
            ("1.0.0", "1.0.1", "CVE-2014-0013"),
            ("1.1.0", "1.1.3", "CVE-2014-0013"),
            ("1.2.0", "1.2.1", "CVE-2014-0013"),
            ("1.3.0", "1.3.1", "CVE-2014-0013"),
            ("1.8.0", "1.11.4", "CVE-2015-7565"),
            ("1.12.0", "1.12.2", "CVE-2015-7565"),
            ("1.13.0", "1.13.12", "CVE-2015-7565"),
            ("2.0.0", "2.0.3", "CVE-2015-7565"),
            ("2.1.0", "2.1.2", "CVE-2015-7565"),
            ("2.2.0", "2.2.1", "CVE-2015-7565"),
        ]
    ),
    library!(
        "Knockout",
        ["knockout"],
        [r"Knockout JavaScript library v(\d+\.\d+\.\d+)"],
        &[("", "3.5.0", "CVE-2019-14862"),]
    ),
    library!(
        "Dojo",
        ["dojo"],
        [r"dojo[\s\S]{0,300}?\bversion\s*[:=]\s*\{\s*major:\s*(\d+)"],
        &[
            ("", "1.11.10", "CVE-2020-5258"),
            ("1.12.0", "1.12.8", "CVE-2020-5258"),
            ("1.13.0", "1.13.7", "CVE-2020-5258"),
            ("1.14.0", "1.14.6", "CVE-2020-5258"),
            ("1.15.0", "1.15.3", "CVE-2020-5258"),
            ("1.16.0", "1.16.2", "CVE-2020-5258"),
            ("", "1.14.0", "CVE-2018-15494"),
        ]
    ),
    library!(
        "YUI",
        ["yui"],
        [r"YUI (\d+\.\d+\.\d+)\b"],
        &[
            ("2.4.0", "2.8.2", "CVE-2010-4207, CVE-2010-4208, CVE-2010-4209"),
            ("2.4.0", "2.9.1", "CVE-2012-5881, CVE-2012-5882"),
            ("3.0.0", "3.10.3", "CVE-2013-4939, CVE-2013-4940"),
        ]
    ),
    library!(
        "MooTools",
        ["mootools", "mootools-core"],
        [r#"MooTools\s*=\s*\{\s*version:\s*['"](\d+\.\d+(?:\.\d+)?)"#],
        &[]
    ),
    library!(
        "axios",
        ["axios"],
        [r"(?i)\baxios v(\d+\.\d+\.\d+)", r"/\*! Axios v(\d+\.\d+\.\d+)"],
        &[
            ("", "0.18.1", "CVE-2019-10742"),
            ("", "0.21.1", "CVE-2020-28168"),
            ("", "0.21.2", "CVE-2021-3749"),
            ("0.8.1", "0.28.0", "CVE-2023-45857"),
            ("1.0.0", "1.6.0", "CVE-2023-45857"),
            ("", "0.30.0", "CVE-2025-27152"),
            ("1.0.0", "1.8.2", "CVE-2025-27152"),
        ]
    ),
    library!(
        "marked",
        ["marked"],
        [r"marked (?:v)?(\d+\.\d+\.\d+) - a markdown parser"],
        &[
            ("", "0.3.7", "CVE-2017-1000427"),
            ("", "0.3.9", "CVE-2017-16114"),
            ("", "4.0.10", "CVE-2022-21680, CVE-2022-21681"),
        ]
    ),
    library!(
        "TinyMCE",
        ["tinymce", "tiny_mce"],
        [r"TinyMCE version (\d+\.\d+\.\d+)", r"(?i)\btinymce v?(\d+\.\d+\.\d+)"],
        &[
            ("", "4.9.11", "CVE-2020-12648"),
            ("5.0.0", "5.4.1", "CVE-2020-12648"),
            ("", "5.6.0", "CVE-2024-21911"),
            ("", "5.10.0", "CVE-2024-21908"),
            ("", "5.10.7", "CVE-2022-23494"),
            ("6.0.0", "6.3.1", "CVE-2022-23494"),
            ("", "5.10.8", "CVE-2023-45818, CVE-2023-45819"),
            ("6.0.0", "6.7.1", "CVE-2023-45818, CVE-2023-45819"),
            ("", "5.11.0", "CVE-2024-38356, CVE-2024-38357"),
            ("6.0.0", "6.8.4", "CVE-2024-38356, CVE-2024-38357"),
            ("7.0.0", "7.2.0", "CVE-2024-38356, CVE-2024-38357"),
        ]
    ),
    library!(
        "CKEditor",
        ["ckeditor"],
        [r#"CKEDITOR[\s\S]{0,400}?version:\s*["'](4\.\d+(?:\.\d+)?)"#],
        &[
            ("4.0.0", "4.4.3", "CVE-2014-5191"),
            ("4.0.0", "4.11.0", "CVE-2018-17960"),
            ("4.0.0", "4.16.1", "CVE-2021-33829"),
            ("4.0.0", "4.17.0", "CVE-2021-41164, CVE-2021-41165"),
            ("4.0.0", "4.18.0", "CVE-2022-24728, CVE-2022-24729"),
            ("4.0.0", "4.21.0", "CVE-2023-28439"),
            ("4.0.0", "4.24.0", "CVE-2024-24815, CVE-2024-24816"),
        ]
    ),
    library!(
        "Highcharts",
        ["highcharts"],
        [r"Highcharts (?:JS )?v(\d+\.\d+\.\d+)"],
        &[("", "9.0.0", "CVE-2021-29489")]
    ),
    library!(
        "Chart.js",
        ["chart", "chart.js"],
        [r"Chart\.js v(\d+\.\d+\.\d+)", r"\* Chart\.js\s+\* http[^\n]*\s+\* Version: (\d+\.\d+\.\d+)"],
        &[("", "2.9.4", "CVE-2020-7746"),]
    ),
    library!(
        "Plupload",
        ["plupload"],
        [r"(?i)plupload[\s\S]{0,200}?\bv(\d+\.\d+\.\d+)"],
        &[("", "2.1.9", "CVE-2016-4566"), ("", "2.3.9", "CVE-2021-23562"),]
    ),
    library!(
        "PDF.js",
        ["pdf", "pdfjs", "pdfjs-dist"],
        [r#"pdfjsVersion = ['"](\d+\.\d+\.\d+)"#],
        &[("", "1.10.100", "CVE-2018-5158"), ("2.0.0", "4.2.67", "CVE-2024-4367"),]
    ),
    library!(
        "Video.js",
        ["video", "video.js"],
        [r"Video\.js (\d+\.\d+\.\d+)"],
        &[("", "7.14.3", "CVE-2021-23414")]
    ),
    library!(
        "Swiper",
        ["swiper", "swiper-bundle"],
        [r"Swiper (\d+\.\d+\.\d+)"],
        &[("", "6.5.1", "CVE-2021-23370")]
    ),
    library!("Select2", ["select2"], [r"Select2 (\d+\.\d+\.\d+)"], &[("", "4.0.6", "CVE-2016-10744")]),
    library!("Svelte", ["svelte"], [], &[("", "3.49.0", "CVE-2022-25875")]),
    library!(
        "jPlayer",
        ["jquery.jplayer", "jplayer"],
        [r"jPlayer[\s\S]{0,400}?Version: (\d+\.\d+\.\d+)"],
        &[("", "2.3.1", "CVE-2013-2022, CVE-2013-2023"),]
    ),
    library!("htmx", ["htmx", "htmx.org"], [], &[]),
    library!("Alpine.js", ["alpinejs", "alpine"], [], &[]),
    library!("D3", ["d3"], [r"// https://d3js\.org v(\d+\.\d+\.\d+)"], &[]),
    library!("three.js", ["three"], [], &[]),
    library!("Modernizr", ["modernizr"], [r"(?i)modernizr v?(\d+\.\d+\.\d+)"], &[]),
    library!("RequireJS", ["require", "requirejs"], [r"RequireJS (\d+\.\d+\.\d+)"], &[]),
    library!("Socket.IO client", ["socket.io"], [r"Socket\.IO v(\d+\.\d+\.\d+)"], &[]),
];
