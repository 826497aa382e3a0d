//! Markdown as text for a terminal.

use super::page::events;
use anstyle::{AnsiColor, Style};
use pulldown_cmark::{Event, Tag, TagEnd};
use std::mem;

const PLAIN: Style = Style::new();
const TITLE: Style = Style::new().bold().underline();
const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
const LINK: Style = Style::new().underline();
const PLACE: Style = Style::new().dimmed();

/// Columns between those of a table.
const GAP: usize = 2;

/// Columns that each column of a table has at least, if its text is that long.
const MIN_COLUMN: usize = 8;

/// Characters with their styles.
type Line = Vec<(char, Style)>;

/// A text in Markdown with styles for a terminal of `width` columns.
pub fn terminal(markdown: &str, width: usize) -> String {
    let mut text = Text { width: width.max(20), ..Text::default() };
    for (event, _) in events(markdown) {
        text.add(event);
    }
    text.out
}

#[derive(Default)]
struct Text {
    out: String,
    width: usize,
    /// Styles of what is around the next text.
    styles: Vec<Style>,
    /// The paragraph, heading, item, cell or block of code that is being read.
    line: Line,
    /// For each list around it: the number of the next item, if it has numbers.
    lists: Vec<Option<u64>>,
    /// What the next line begins with: the sign of an item.
    sign: Option<String>,
    is_code: bool,
    /// The rows of the table that is being read.
    rows: Vec<Vec<Line>>,
}

impl Text {
    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.push(&text, self.styles.last().copied().unwrap_or(PLAIN)),
            Event::Code(text) => self.push(&text, if self.styles.contains(&HEADING) { HEADING } else { CODE }),
            Event::SoftBreak | Event::HardBreak => self.push(" ", PLAIN),
            // Where a section is from is in a comment; how an example is tested does not matter here.
            Event::Html(text) => {
                if let Some(place) = text.strip_prefix("<!-- docs/").and_then(|rest| rest.split(" -->").next()) {
                    self.blank_line();
                    self.push(&format!("docs/{place}"), PLACE);
                    self.paragraph();
                }
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.blank_line();
                self.styles.push(if *level as usize == 1 { TITLE } else { HEADING });
            }
            Tag::Strong => self.styles.push(HEADING),
            Tag::Emphasis | Tag::Link { .. } => self.styles.push(LINK),
            Tag::Paragraph if self.lists.is_empty() => self.blank_line(),
            Tag::CodeBlock(_) => {
                self.paragraph();
                self.blank_line();
                self.is_code = true;
                self.styles.push(CODE);
            }
            Tag::List(first) => {
                self.paragraph();
                if self.lists.is_empty() {
                    self.blank_line();
                }
                self.lists.push(*first);
            }
            Tag::Item => {
                self.sign = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                });
            }
            Tag::Table(_) => {
                self.blank_line();
                self.rows.clear();
            }
            Tag::TableHead => {
                self.rows.push(Vec::new());
                self.styles.push(HEADING);
            }
            Tag::TableRow => self.rows.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.styles.pop();
                self.paragraph();
            }
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link | TagEnd::TableHead => drop(self.styles.pop()),
            TagEnd::Paragraph | TagEnd::Item => self.paragraph(),
            TagEnd::CodeBlock => {
                self.styles.pop();
                self.is_code = false;
                self.code();
            }
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::TableCell => {
                let cell = mem::take(&mut self.line);
                self.rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
            }
            TagEnd::Table => self.table(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str, style: Style) {
        self.line.extend(text.chars().map(|char| (char, style)));
    }

    fn blank_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Columns before the text of an item.
    fn indent(&self) -> usize {
        2 * self.lists.len()
    }

    /// Writes what was read, in lines that fit.
    fn paragraph(&mut self) {
        let line = mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        let sign = self.sign.take();
        let indent = self.indent().max(sign.as_ref().map_or(0, |sign| self.indent() - 2 + sign.len()));
        for (at, line) in wrapped(&line, self.width.saturating_sub(indent)).into_iter().enumerate() {
            let before = sign.as_deref().filter(|_| at == 0).unwrap_or_default();
            self.out.push_str(&" ".repeat(indent - before.len()));
            self.out.push_str(before);
            write(&mut self.out, &line);
            self.out.push('\n');
        }
    }

    fn code(&mut self) {
        let text = mem::take(&mut self.line);
        let indent = " ".repeat(4 + self.indent());
        let mut lines: Vec<&[(char, Style)]> = text.split(|(char, _)| *char == '\n').collect();
        lines.pop_if(|last| last.is_empty());
        for line in lines {
            if !line.is_empty() {
                self.out.push_str(&indent);
                write(&mut self.out, line);
            }
            self.out.push('\n');
        }
    }

    fn table(&mut self) {
        let rows = mem::take(&mut self.rows);
        let widths = widths(&rows, self.width);
        for (at, row) in rows.iter().enumerate() {
            let fitted = |(cell, width): (&Line, &usize)| fitted(wrapped(cell, *width), *width);
            let cells: Vec<Vec<Line>> = row.iter().zip(&widths).map(fitted).collect();
            for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
                let mut text: Line = Vec::new();
                let mut column = 0;
                for (cell, width) in cells.iter().zip(&widths) {
                    text.resize(column, (' ', PLAIN));
                    text.extend(cell.get(line).into_iter().flatten());
                    column += width + GAP;
                }
                write(&mut self.out, &text);
                self.out.push('\n');
            }
            let is_head = at == 0 && row.iter().any(|cell| !cell.is_empty());
            if is_head {
                let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                self.out.push_str(&rules.join(&" ".repeat(GAP)));
                self.out.push('\n');
            }
        }
    }
}

/// The widths of columns, the widest made narrower until all fit.
fn widths(rows: &[Vec<Line>], width: usize) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let longest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Vec::len).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..columns).map(longest).collect();
    let available = width.saturating_sub(GAP * columns.saturating_sub(1));
    let mut over = widths.iter().sum::<usize>().saturating_sub(available);
    while over > 0 {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > MIN_COLUMN) else { break };
        *widest -= 1;
        over -= 1;
    }
    widths
}

/// The lines of a text, broken at spaces; a word that is longer than a line is not broken.
fn wrapped(text: &[(char, Style)], width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = vec![Vec::new()];
    for word in text.split(|(char, _)| *char == ' ').filter(|word| !word.is_empty()) {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.extend_from_slice(word);
        } else if line.len() + 1 + word.len() <= width {
            // The space between two words of one code or link looks as they do.
            let around = line.last().map(|(_, style)| *style);
            let style = around.filter(|style| word.first().is_some_and(|(_, first)| first == style));
            line.push((' ', style.unwrap_or(PLAIN)));
            line.extend_from_slice(word);
        } else {
            lines.push(word.to_vec());
        }
    }
    lines
}

/// Lines of which none is longer than `width`: words are broken.
fn fitted(lines: Vec<Line>, width: usize) -> Vec<Line> {
    lines.iter().flat_map(|line| line.chunks(width.max(1)).map(<[_]>::to_vec)).collect()
}

/// Writes characters, and a code wherever the style changes.
fn write(out: &mut String, line: &[(char, Style)]) {
    for part in line.chunk_by(|(_, one), (_, other)| one == other) {
        let text: String = part.iter().map(|(char, _)| char).collect();
        match part.first() {
            Some((_, style)) if *style != PLAIN => out.push_str(&format!("{style}{text}{style:#}")),
            _ => out.push_str(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::terminal;

    fn plain(markdown: &str, width: usize) -> String {
        anstream::adapter::strip_str(&terminal(markdown, width)).to_string()
    }

    #[test]
    fn headings_lists_code_and_tables_are_laid_out() {
        let markdown = "# A `b`\n\nOne two\nthree [four](x.md) five.\n\n<!-- test: both 200 -->\n```rhai\nfn a() {\n\n}\n```\n\
                        - item one is long\n- two\n  1. in `it`\n\n| a | b c |\n|---|---|\n| `x` | long words in a cell |\n";
        let expected = "A b\n\nOne two three four\nfive.\n\n    fn a() {\n\n    }\n\n- item one is long\n- two\n  1. in it\n\n\
                        a  b c\n─  ─────────────────\nx  long words in a\n   cell\n";
        assert_eq!(plain(markdown, 20), expected);
        assert!(terminal("a `b`", 20).contains("\u{1b}["), "code has a color");
    }

    #[test]
    fn no_width_loses_letters() {
        for width in [0, 1, 20, 1000] {
            let shown = plain(
                "| a | b |\n|---|---|\n| verylongwordthatdoesnotfit | c |\n\nanotherverylongwordthatdoesnotfit d",
                width,
            );
            for letter in "verylongwordthatdoesnotfitcanotherd".chars() {
                assert!(shown.contains(letter), "{width}: {shown}");
            }
            assert!(shown.contains("anotherverylongwordthatdoesnotfit"), "{width}: {shown}");
        }
    }
}
