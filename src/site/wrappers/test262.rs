//! Pages for tests of the suite test262, with WPT's `/resources/test262/*.js` and test262's own harness.

use super::pages::{Parts, page};
use crate::site::escape::{attribute, string};
use std::fmt::Write;

/// Where test262's harness lies in a checkout of WPT.
const HARNESS: &str = "/third_party/test262/harness";

/// What the YAML at a test's head says, as far as a page needs it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    includes: Vec<String>,
    is_async: bool,
    /// The error's type and when it has to come.
    negative: Option<(String, String)>,
}

impl Record {
    /// Reads what stands between `/*---` and `---*/`; `None` if nothing does. Of YAML it takes what test262 writes:
    /// `name: value`, lists in brackets or line by line, and a map of one level.
    pub fn read(text: &str) -> Option<Self> {
        let (head, _) = text.split_once("/*---")?.1.split_once("---*/")?;
        let mut record = Self::default();
        let (mut kind, mut phase) = (None, None);
        let mut section = "";
        for line in head.lines() {
            let is_nested = line.starts_with([' ', '\t', '-']);
            let line = line.split(" #").next().unwrap_or_default().trim();
            let (name, value) = line.split_once(':').map_or(("", line), |(name, value)| (name.trim(), value.trim()));
            if !is_nested && !name.is_empty() {
                section = name;
            }
            match (section, name) {
                ("negative", "type") => kind = Some(value.to_owned()),
                ("negative", "phase") => phase = Some(value.to_owned()),
                ("includes", _) => record.includes.extend(items(value)),
                ("flags", _) => record.is_async |= items(value).any(|flag| flag == "async"),
                _ => {}
            }
        }
        record.negative = kind.zip(phase);
        Some(record)
    }
}

/// The items of a list in brackets, or of one of its lines.
fn items(value: &str) -> impl Iterator<Item = String> + '_ {
    let value = value.strip_prefix("- ").unwrap_or(value).trim_matches(['[', ']']);
    value.split(',').map(|item| item.trim().trim_matches(['"', '\'']).to_owned()).filter(|item| !item.is_empty())
}

/// A page that shows the test in a frame and takes its result.
pub(super) fn frame(parts: &Parts<'_>) -> String {
    let body = format!(
        "<script>\nconst test262 = async_test(document.title);\n\
         window.test262HarnessDone = test262.step_func_done((status, message) => {{\n  \
         if (status === 1) throw new Error(message || \"Test failed\");\n  \
         if (status === 2) throw new Error(message || \"Harness Error\");\n}});\n</script>\n\
         <div id=log></div>\n<iframe id=\"test262-iframe\" src=\"{}\"></iframe>\n",
        attribute(parts.path)
    );
    page(parts, "", &[], &body)
}

/// The page in the frame. A module is imported once everything else is there.
pub(super) fn test(parts: &Parts<'_>, record: Option<&Record>, is_module: bool) -> String {
    let mut page = String::from("<!doctype html>\n<meta charset=utf-8>\n<title>Test</title>\n");
    let mut load = |url: String| {
        let _ = writeln!(page, "<script src=\"{}\"></script>", attribute(&url));
    };
    load("/resources/test262/test262-reporter.js".to_owned());
    load(format!("{HARNESS}/assert.js"));
    load(format!("{HARNESS}/sta.js"));
    load("/resources/test262/test262-provider.js".to_owned());
    if let Some(record) = record {
        // The harness of an asynchronous test waits for what it prints.
        let done = record.is_async.then_some("doneprintHandle.js");
        record.includes.iter().map(String::as_str).chain(done).for_each(|file| load(format!("{HARNESS}/{file}")));
        if let Some((kind, phase)) = &record.negative {
            let _ = writeln!(page, "<script>test262Negative({}, {})</script>", string(kind), string(phase));
        }
        if record.is_async {
            page.push_str("<script>test262IsAsync(true)</script>\n");
        }
    }
    let _ = if is_module {
        writeln!(
            page,
            "<body>\n<script>window.__test262IsModule = true;</script>\n<script type=module>\ntest262Setup();\n\
             import(\"{}\").then(() => {{\n  if (!window.test262Async) test262Done();\n}}, \
             error => setTimeout(() => {{ throw error; }}));\n</script>\n</body>",
            parts.path
        )
    } else {
        writeln!(
            page,
            "<body>\n<script>test262Setup()</script>\n<script src=\"{}\" onerror=\"test262ScriptError()\"></script>\n</body>",
            attribute(parts.path)
        )
    };
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_test_is_read() {
        let text = "// Copyright\n/*---\nesid: sec-x\ndescription: >\n  flags: [async] in words: no\n\
                    includes: [a.js, 'b.js']\nflags: [module, async]\nnegative:\n  phase: parse # when\n  type: SyntaxError\n---*/\n$DONE();";
        let expected = Record {
            includes: vec!["a.js".to_owned(), "b.js".to_owned()],
            is_async: true,
            negative: Some(("SyntaxError".to_owned(), "parse".to_owned())),
        };
        assert_eq!(Record::read(text), Some(expected));
        let lines = "/*---\nincludes:\n  - a.js\n- b.js\nflags: [onlyStrict]\n---*/";
        let expected = Record { includes: vec!["a.js".to_owned(), "b.js".to_owned()], ..Record::default() };
        assert_eq!(Record::read(lines), Some(expected));
        assert_eq!(Record::read("/*--- flags: [async]"), None);
        assert_eq!(Record::read("let x;"), None);
    }
}
