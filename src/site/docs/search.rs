//! What the docs say about a word.

use super::page::{Page, Section, events};
use pulldown_cmark::Event;

/// Characters of an excerpt.
const EXCERPT: usize = 160;

/// A section that has all words, and the first place that has one.
#[derive(Clone, Debug)]
pub struct Hit<'p> {
    /// The section.
    pub section: Section<'p>,
    /// Some words of its text.
    pub excerpt: String,
}

/// Sections about exactly this function, by its whole name or else the last part of it; or else the page or the sections
/// with exactly this heading.
pub fn exact<'p>(pages: &'p [Page], words: &str) -> Vec<Section<'p>> {
    let wanted = words.trim().trim_end_matches("()").to_lowercase();
    let is_function = |section: &Section<'_>| functions(section).any(|name| name.eq_ignore_ascii_case(&wanted));
    let is_end = |section: &Section<'_>| {
        let mut ends = functions(section).filter_map(|name| name.rsplit(['.', ':']).next());
        ends.any(|end| end.eq_ignore_ascii_case(&wanted))
    };
    let is_heading = |section: &Section<'_>| section.heading.to_lowercase() == wanted;
    let is_page = |section: &Section<'_>| {
        let name = section.page.name();
        section.level == 1 && (name == wanted || name.rsplit('/').next() == Some(&wanted) || is_heading(section))
    };
    let ways: [&dyn Fn(&Section<'_>) -> bool; 4] = [&is_function, &is_end, &is_page, &is_heading];
    let all: Vec<Section<'p>> = pages.iter().flat_map(Page::sections).collect();
    let found = |is: &&dyn Fn(&Section<'_>) -> bool| all.iter().filter(|section| is(section)).cloned().collect();
    let found = ways.iter().map(found).find(|found: &Vec<Section<'p>>| !found.is_empty());
    found.filter(|_| !wanted.is_empty()).unwrap_or_default()
}

/// The functions and members that a heading names, without their parameters.
fn functions<'s>(section: &'s Section<'_>) -> impl Iterator<Item = &'s str> {
    section.codes.iter().filter_map(|code| code.split('(').next()).map(|name| name.trim_end_matches(':'))
}

/// Up to `max` sections: those of [`exact`], then those that have one of the words on a page that has all, ordered by how
/// much of them they have. The list of pages is not searched.
pub fn hits<'p>(pages: &'p [Page], words: &str, max: usize) -> Vec<Hit<'p>> {
    let exact = exact(pages, words);
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let is_exact = |section: &Section<'_>| exact.iter().any(|exact| exact.url() == section.url());
    let has_all = |page: &&Page| {
        let text = page.text().to_lowercase();
        let is_exact = exact.iter().any(|section| section.page.path() == page.path());
        is_exact || !page.name().is_empty() && words.iter().all(|word| text.contains(word))
    };
    let scored = |section: Section<'p>| {
        let plain = plain(section.own);
        let heading = section.heading.to_lowercase();
        let text = plain.to_lowercase();
        // A section that has each of the words comes before one that has much of one; a heading has its words twice.
        let (mut number, mut sum) = (0, 0);
        for word in &words {
            let (times, in_heading) = (text.matches(word.as_str()).count(), usize::from(heading.contains(word)));
            number += usize::from(times > 0) + in_heading;
            sum += times.min(5) + 10 * in_heading;
        }
        let score = if is_exact(&section) { (usize::MAX, sum) } else { (number, sum) };
        // A heading may have nothing but other headings below it.
        let is_empty = plain.trim() == section.heading;
        let excerpt = excerpt(if is_empty { section.all } else { &plain }, &section.heading, &words);
        (score.0 > 0).then_some((score, Hit { section, excerpt }))
    };
    let searched = pages.iter().filter(has_all).flat_map(Page::sections);
    let mut hits: Vec<((usize, usize), Hit<'p>)> = searched.filter_map(scored).collect();
    hits.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    hits.into_iter().take(max).map(|(_, hit)| hit).collect()
}

/// The text without its marks, a line for each paragraph, cell or line of code.
fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for (event, _) in events(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(end) if !is_inline(end) => text.push('\n'),
            _ => {}
        }
    }
    text
}

fn is_inline(end: pulldown_cmark::TagEnd) -> bool {
    use pulldown_cmark::TagEnd;
    matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link)
}

/// The first line that has one of the words, from a little before it.
fn excerpt(plain: &str, heading: &str, words: &[String]) -> String {
    let lines = || plain.lines().filter(|line| *line != heading && !line.trim().is_empty());
    let place = |line: &&str| words.iter().find_map(|word| line.to_lowercase().find(word.as_str()));
    let line = lines().find(|line| place(line).is_some()).or_else(|| lines().next()).unwrap_or_default();
    let at = place(&line).unwrap_or(0);
    let before = line.char_indices().take_while(|(index, _)| *index < at).count();
    let skipped = before.saturating_sub(EXCERPT / 2);
    let shown: String = line.chars().skip(skipped).take(EXCERPT).collect();
    let (begin, end) =
        (if skipped > 0 { "…" } else { "" }, if line.chars().count() > skipped + EXCERPT { "…" } else { "" });
    format!("{begin}{}{end}", shown.trim())
}
