//! Scripts as HTML, with their words in color.

use super::escape::html;

/// The words of Rhai.
const KEYWORDS: [&str; 28] = [
    "as", "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "global", "if",
    "import", "in", "let", "loop", "private", "return", "switch", "this", "throw", "true", "try", "until", "while",
    "call", "Fn",
];

/// A script's text as HTML: comments, strings, numbers, words of the language and calls are in elements of their own.
/// None of them contains a line's end, so that the result can be cut into lines.
pub fn rhai(text: &str) -> String {
    let mut page = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = length_of(first, rest);
        let (token, after) = rest.split_at(length);
        let class = match first {
            '/' if length > 1 => "c",
            '"' | '`' | '\'' => "s",
            '0'..='9' => "n",
            _ if KEYWORDS.contains(&token) => "k",
            _ if is_word(first) && after.starts_with('(') => "f",
            _ => "",
        };
        rest = after;
        for (at, line) in token.split('\n').enumerate() {
            if at > 0 {
                page.push('\n');
            }
            match class {
                "" => page.push_str(&html(line)),
                _ if line.is_empty() => {}
                class => page.push_str(&format!("<i class={class}>{}</i>", html(line))),
            }
        }
    }
    page
}

/// The bytes of the token that `rest` begins with; at least those of `first`, its first character.
fn length_of(first: char, rest: &str) -> usize {
    let while_ = |is: fn(char) -> bool| rest.find(|char| !is(char)).unwrap_or(rest.len());
    match first {
        '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
        '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
        '"' | '`' | '\'' => quoted(first, rest),
        '0'..='9' => while_(is_word),
        _ if is_word(first) => while_(is_word),
        _ => first.len_utf8(),
    }
}

/// The bytes of a string with its quotes. One in double quotes that is not closed ends with its line.
fn quoted(quote: char, rest: &str) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            '\n' if quote != '`' => return at,
            _ if char == quote => return at + char.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::rhai;

    #[test]
    fn words_are_told_apart_and_nothing_gets_out() {
        for (text, page) in [
            ("let x = 0x1f;", "<i class=k>let</i> x = <i class=n>0x1f</i>;"),
            (
                "f(\"<b>\\\"\") // </i>",
                "<i class=f>f</i>(<i class=s>&quot;&lt;b&gt;\\&quot;&quot;</i>) <i class=c>// &lt;/i&gt;</i>",
            ),
            ("`a\nb` / 2", "<i class=s>`a</i>\n<i class=s>b`</i> / <i class=n>2</i>"),
            ("\"open\n'é", "<i class=s>&quot;open</i>\n<i class=s>&#x27;é</i>"),
            ("/* a\n */ é <", "<i class=c>/* a</i>\n<i class=c> */</i> é &lt;"),
        ] {
            assert_eq!(rhai(text), page, "{text}");
        }
    }
}
