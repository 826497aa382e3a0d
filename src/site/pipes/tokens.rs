//! The grammar of pipes: names, arguments in parentheses, escapes.

/// A pipe as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// What stands before the parenthesis.
    pub name: String,
    /// What stands between commas; with parentheses there is one argument at least, which may be empty.
    pub arguments: Vec<String>,
}

/// A backslash is the last character: there is nothing that it could escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LoneBackslash;

/// Takes `name(argument,argument)|name|…` apart as wptserve does: `\n`, `\r` and `\t` in an argument are those
/// characters, a backslash before any other stands for that character; the last parenthesis may be missing, and what
/// follows a parenthesis begins the next name. Nothing between two bars is no pipe.
pub(super) fn parse(text: &str) -> Result<Vec<Call>, LoneBackslash> {
    let mut calls = Vec::new();
    let mut name = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' => calls.push(Call { name: std::mem::take(&mut name), arguments: arguments(&mut characters)? }),
            '|' => calls.extend(bare(&mut name)),
            _ => name.push(character),
        }
    }
    calls.extend(bare(&mut name));
    Ok(calls)
}

/// A name without parentheses, if there is one.
fn bare(name: &mut String) -> Option<Call> {
    (!name.is_empty()).then(|| Call { name: std::mem::take(name), arguments: Vec::new() })
}

fn arguments(characters: &mut impl Iterator<Item = char>) -> Result<Vec<String>, LoneBackslash> {
    let mut all = Vec::new();
    let mut argument = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => argument.push(match characters.next().ok_or(LoneBackslash)? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                escaped => escaped,
            }),
            ',' => all.push(std::mem::take(&mut argument)),
            ')' => break,
            _ => argument.push(character),
        }
    }
    all.push(argument);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(calls) => calls.iter().map(|call| format!("{}{:?}", call.name, call.arguments)).collect(),
            Err(LoneBackslash) => "error".to_owned(),
        }
    }

    #[test]
    fn names_and_arguments() {
        for (text, calls) in [
            ("", ""),
            ("sub", "sub[]"),
            ("sub|gzip", "sub[]gzip[]"),
            ("||sub||gzip||", "sub[]gzip[]"),
            ("status(202)", "status[\"202\"]"),
            ("status(202", "status[\"202\"]"),
            ("status()", "status[\"\"]"),
            ("status(", "status[\"\"]"),
            ("()", "[\"\"]"),
            ("header(a,b,)", "header[\"a\", \"b\", \"\"]"),
            ("header( a , b )", "header[\" a \", \" b \"]"),
            ("header(a,b|c(d)", "header[\"a\", \"b|c(d\"]"),
            ("status(1)gzip|sub", "status[\"1\"]gzip[]sub[]"),
            ("status(1))", "status[\"1\"])[]"),
            (r"a\n", "a\\n[]"),
        ] {
            assert_eq!(shown(text), calls, "{text}");
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(shown(r"header(a\,b,\)\(\\\|\n\r\t\x)"), r#"header["a,b", ")(\\|\n\r\tx"]"#);
        assert_eq!(shown(r"header(a,b\"), "error");
    }

    #[test]
    fn long_texts_take_linear_time() {
        for part in ["a", "|", "(", ",", ")", "a(", "a()|", "\\\\", "(,"] {
            assert!(parse(&part.repeat(1 << 20)).is_ok(), "{part}");
        }
    }

    proptest! {
        #![proptest_config(crate::properties::config(256))]

        #[test]
        fn any_text_is_taken_apart(text: String) {
            if let Ok(calls) = parse(&text) {
                let length: usize = calls.iter().map(|call| call.name.len() + call.arguments.concat().len()).sum();
                prop_assert!(length <= text.len());
            }
        }
    }
}
