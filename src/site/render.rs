//! Pages with placeholders, in the way of Mustache.
//!
//! | placeholder | what stands there then |
//! |---|---|
//! | `{{name}}`, `{{a.b}}` | a value as text, escaped for HTML; nothing if there is none |
//! | `{{{name}}}` | the same, not escaped |
//! | `{{#name}}…{{/name}}` | the part, once for each element of a list; for any other value once, unless it is empty, 0 or false |
//! | `{{^name}}…{{/name}}` | the part, if `{{#name}}` would show nothing |
//!
//! Names are looked up in the element, then in what is around it; `{{.}}` is the element itself. A part does not contain
//! another one of the same name.

use super::escape;
use serde_json::Value;

/// The page that a template makes of data.
pub fn render(template: &str, data: &Value) -> String {
    let mut page = String::with_capacity(2 * template.len());
    render_part(&mut page, template, &mut vec![data]);
    page
}

fn render_part(page: &mut String, mut template: &str, scopes: &mut Vec<&Value>) {
    while let Some((before, rest)) = template.split_once("{{") {
        page.push_str(before);
        let (tag, end) = if rest.starts_with('{') { ("{", "}}}") } else { ("", "}}") };
        let Some((name, rest)) = rest.strip_prefix(tag).and_then(|rest| rest.split_once(end)) else { return };
        template = rest;
        if let Some(name) = name.strip_prefix('#') {
            let inner = part(&mut template, name);
            let value = look_up(scopes, name);
            let elements = match value {
                Value::Array(elements) => elements.as_slice(),
                value if is_set(value) => std::slice::from_ref(value),
                _ => &[],
            };
            for element in elements {
                scopes.push(element);
                render_part(page, inner, scopes);
                scopes.pop();
            }
        } else if let Some(name) = name.strip_prefix('^') {
            let inner = part(&mut template, name);
            if !is_set(look_up(scopes, name)) {
                render_part(page, inner, scopes);
            }
        } else if tag.is_empty() {
            page.push_str(&escape::html(&text(look_up(scopes, name))));
        } else {
            page.push_str(&text(look_up(scopes, name)));
        }
    }
    page.push_str(template);
}

/// Takes what is up to the end of the part `name`.
fn part<'t>(template: &mut &'t str, name: &str) -> &'t str {
    let (inner, rest) = template.split_once(&format!("{{{{/{name}}}}}")).unwrap_or((*template, ""));
    *template = rest;
    inner
}

fn look_up<'d>(scopes: &[&'d Value], name: &str) -> &'d Value {
    if name == "." {
        return scopes.last().copied().unwrap_or(&Value::Null);
    }
    let find = |scope: &&'d Value| name.split('.').try_fold(*scope, |value, key| value.get(key));
    scopes.iter().rev().find_map(find).unwrap_or(&Value::Null)
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_replaced() {
        let data = json!({"a": "<b>", "n": 0, "list": [{"x": 1, "sub": []}, {"x": 2, "sub": ["y", "z"]}], "o": {"p": {"q": true}}});
        for (template, expected) in [
            ("no placeholder } }} {", "no placeholder } }} {"),
            ("{{a}} {{{a}}} {{none}}|", "&lt;b&gt; <b> |"),
            ("{{#list}}{{x}}{{a}}:{{#sub}}{{.}},{{/sub}}{{^sub}}-{{/sub}} {{/list}}", "1&lt;b&gt;:- 2&lt;b&gt;:y,z, "),
            ("{{#n}}set{{/n}}{{^n}}zero{{/n}}{{#none}}set{{/none}}", "zero"),
            ("{{o.p.q}} {{#o.p}}{{q}}{{/o.p}}", "true true"),
            ("{{open", ""),
        ] {
            assert_eq!(render(template, &data), expected, "{template}");
        }
    }
}
