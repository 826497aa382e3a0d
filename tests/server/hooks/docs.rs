//! Every example of `docs/hooks.md` does what the page says.
//!
//! A section is a server. `<!-- hook: NAME -->` and `<!-- file: PATH -->` stand before a ```` ```rhai ```` block that is a hook
//! script or another file; `<!-- file: PATH CONTENT -->` is a file of itself. `<!-- test: TARGET key="value" … STATUS … -->`, in
//! order, asks over HTTP/1.1: `header` of the request, `field`, `body` and `contains` of the answer, `log` of the log.

use super::super::docs::words;
use crate::support::ask::{self, Ask};
use crate::support::server::{Builder, Server};

const DOCS: &str = include_str!("../../../docs/hooks.md");

#[derive(Default)]
struct Section {
    title: String,
    hooks: Vec<String>,
    files: Vec<(String, String)>,
    tests: Vec<Vec<(String, String)>>,
}

fn sections() -> Vec<Section> {
    let (mut all, mut name, mut code) = (vec![Section::default()], None, None::<String>);
    for line in DOCS.lines() {
        let section = all.last_mut().expect("the first is there from the beginning");
        let marker = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        if let Some(title) = line.strip_prefix("## ") {
            all.push(Section { title: title.to_owned(), ..Section::default() });
        } else if let Some(hook) = marker.and_then(|marker| marker.strip_prefix("hook: ")) {
            section.hooks.push(format!("hooks/{hook}"));
            name = Some(format!("hooks/{hook}"));
        } else if let Some(file) = marker.and_then(|marker| marker.strip_prefix("file: ")) {
            match file.split_once(' ') {
                Some((path, content)) => section.files.push((path.to_owned(), content.to_owned())),
                None => name = Some(file.to_owned()),
            }
        } else if let Some(test) = marker.and_then(|marker| marker.strip_prefix("test: ")) {
            section.tests.push(words(test));
        } else if line == "```rhai" {
            code = Some(String::new());
        } else if line == "```" {
            let name = name.take().unwrap_or_else(|| panic!("an example below {} has no name", section.title));
            section.files.push((name, code.take().expect("a block ends that has begun")));
        } else if let Some(code) = &mut code {
            code.push_str(line);
            code.push('\n');
        }
    }
    all.retain(|section| !section.files.is_empty());
    all
}

impl Section {
    fn start(&self) -> Server {
        let list: Vec<String> = self.hooks.iter().map(|hook| format!("{hook:?}")).collect();
        let put = |builder: Builder, (path, text): &(String, String)| builder.file(path, text);
        self.files
            .iter()
            .fold(Server::builder(), put)
            .config(&format!("[hooks]\nscripts = [{}]\n", list.join(", ")))
            .start()
    }

    fn ask(&self, server: &Server, test: &[(String, String)]) {
        let all = |wanted: &'static str| test.iter().filter(move |(key, _)| key == wanted).map(|(_, value)| &**value);
        let (target, _) = &test[0];
        // A query has an equals sign of its own.
        let target = if test[0].1.is_empty() { target.clone() } else { format!("{target}={}", test[0].1) };
        let mut ask = Ask::get(&target);
        for header in all("header") {
            let (name, value) = header.split_once(": ").expect("name: value");
            ask = ask.with(name, value);
        }
        let answer = ask::over_http1(server, &ask);
        let status: u16 = test[1..].iter().find_map(|(word, _)| word.parse().ok()).expect("a status");
        let shown = format!("{}: {target}: {answer:?}", self.title);
        assert_eq!(answer.status, status, "{shown}");
        for field in all("field") {
            let (name, value) = field.split_once(": ").expect("name: value");
            assert_eq!(answer.get(name), Some(value), "{shown}");
        }
        for body in all("body") {
            assert_eq!(answer.text(), body, "{shown}");
        }
        for part in all("contains") {
            assert!(answer.text().contains(part), "{part}: {shown}");
        }
        for line in all("log") {
            server.logged(line);
        }
    }
}

#[test]
fn every_example_does_what_it_promises() {
    let sections = sections();
    assert!(sections.len() >= 7, "only {} examples", sections.len());
    for section in sections {
        assert!(!section.hooks.is_empty() && !section.tests.is_empty(), "{} is not tested", section.title);
        let server = section.start();
        section.tests.iter().for_each(|test| section.ask(&server, test));
    }
}

#[test]
fn every_hook_is_there() {
    for hook in wireserve::internal::Hook::ALL {
        let call = format!("{}({})", hook.name(), hook.parameters().join(", "));
        assert!(DOCS.contains(&call), "{call}");
    }
}
