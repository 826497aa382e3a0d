//! Pages of the docs as HTML.

use super::super::escape;
use super::super::highlight;
use super::super::layout::{self, Title};
use super::super::render::render;
use super::page::{Page, events};
use super::search::{Hit, hits};
use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd, html};
use serde_json::{Value, json};

const PAGE: &str = include_str!("docs.html");
const FOUND: &str = include_str!("found.html");

/// Sections that a search shows.
const MAX_FOUND: usize = 30;

/// The page at `/_wire/docs/PATH`; `None` if there is no such page.
pub fn page(path: &str, title: &Title<'_>) -> Option<String> {
    let page = Page::at_url(path)?;
    Some(framed(&Page::all(), Some(&page), "", &body(&page), title))
}

/// The page that lists what has all of some words.
pub fn found(words: &str, title: &Title<'_>) -> String {
    let pages = Page::all();
    let found = hits(&pages, words, MAX_FOUND);
    let hit = |hit: &Hit<'_>| {
        let section = &hit.section;
        let page = (section.level > 1).then(|| section.page.title());
        json!({"url": section.url(), "heading": section.heading, "page": page, "excerpt": hit.excerpt})
    };
    let data = json!({"words": words, "found": found.iter().map(hit).collect::<Value>()});
    framed(&pages, None, words, &render(FOUND, &data), title)
}

fn framed(pages: &[Page], current: Option<&Page>, words: &str, main: &str, title: &Title<'_>) -> String {
    let entry = |page: &Page| {
        let is_current = current.is_some_and(|current| current.path() == page.path());
        json!({"url": page.url(), "title": page.title(), "below": page.is_below_another(), "current": is_current})
    };
    let data = json!({"words": words, "pages": pages.iter().map(entry).collect::<Value>(), "main": main});
    let name = current.map_or_else(|| format!("Search: {words}"), Page::title);
    layout::page(&Title { name: &name, entry: "Docs", ..*title }, &render(PAGE, &data))
}

/// The text of a page.
fn body(page: &Page) -> String {
    let sections = page.sections();
    let mut anchors = sections.iter().map(|section| section.anchor.as_str());
    let mut anchor = "";
    let mut parts: Vec<Event<'_>> = Vec::new();
    // The language of a block of code, and what is in it so far.
    let mut code: Option<(bool, String)> = None;
    // Whether the links around a text lead somewhere.
    let mut links: Vec<bool> = Vec::new();
    for (event, _) in events(page.text()) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let is_rhai = matches!(&kind, CodeBlockKind::Fenced(language) if **language == *"rhai");
                code = Some((is_rhai, String::new()));
            }
            Event::Text(text) if code.is_some() => code.iter_mut().for_each(|(_, code)| code.push_str(&text)),
            Event::End(TagEnd::CodeBlock) => parts.extend(code.take().map(|(is_rhai, code)| block(is_rhai, &code))),
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                anchor = anchors.next().unwrap_or_default();
                parts.push(Event::Start(Tag::Heading { level, id: Some(anchor.into()), classes, attrs }));
            }
            Event::End(TagEnd::Heading(level)) => {
                let label = "Link to this section";
                parts.push(Event::Html(
                    format!(" <a class=\"anchor\" href=\"#{anchor}\" aria-label=\"{label}\">#</a>").into(),
                ));
                parts.push(Event::End(TagEnd::Heading(level)));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = page.resolve(&dest_url);
                links.push(target.is_some());
                let link = |target: String| Event::Start(Tag::Link { link_type, dest_url: target.into(), title, id });
                parts.extend(target.map(link));
            }
            Event::End(TagEnd::Link) => {
                parts.extend(links.pop().filter(|leads| *leads).map(|_| Event::End(TagEnd::Link)))
            }
            Event::Start(Tag::Table(alignment)) => {
                parts.push(Event::Html("<div class=\"wide\">".into()));
                parts.push(Event::Start(Tag::Table(alignment)));
            }
            Event::End(TagEnd::Table) => {
                parts.push(Event::End(TagEnd::Table));
                parts.push(Event::Html("</div>".into()));
            }
            // Comments say how the examples are tested.
            Event::Html(_) | Event::InlineHtml(_) => {}
            event => parts.push(event),
        }
    }
    let mut shown = String::with_capacity(2 * page.text().len());
    html::push_html(&mut shown, parts.into_iter());
    shown
}

fn block(is_rhai: bool, code: &str) -> Event<'static> {
    let code = if is_rhai { highlight::rhai(code) } else { escape::html(code) };
    Event::Html(format!("<pre class=\"code\">{}</pre>\n", code.trim_end()).into())
}
