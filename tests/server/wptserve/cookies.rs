//! `test_cookies.py`.

use super::{Ask, both, handler, run};

#[test]
fn a_cookie_is_set_with_its_path() {
    let script = r#"fn main(request, response) { response.set_cookie("name", "value"); "Test" }"#;
    run(script, |answer| assert_eq!(answer.values("set-cookie"), ["name=value; Path=/"]));
}

#[test]
fn a_cookie_can_be_unset() {
    let script = r#"fn main(request, response) {
        response.set_cookie("name", "value");
        response.unset_cookie("name");
        "Test"
    }"#;
    run(script, |answer| assert!(answer.values("set-cookie").is_empty()));
}

#[test]
fn a_deleted_cookie_is_empty_and_expired() {
    let script = r#"fn main(request, response) { response.delete_cookie("name"); "Test" }"#;
    run(script, |answer| {
        let [cookie] = answer.values("set-cookie")[..] else { panic!("not one cookie") };
        let parts: Vec<&str> = cookie.split("; ").collect();
        assert!(parts.contains(&"name=") && parts.contains(&"Path=/") && parts.contains(&"Max-Age=0"), "{cookie}");
        let expires = parts.iter().find_map(|part| part.strip_prefix("expires=").or(part.strip_prefix("Expires=")));
        assert!(expires.is_some(), "{cookie}");
    });
}

#[test]
fn a_request_has_its_cookies() {
    let server = handler(r#"fn main(request, response) { request.cookies.get("name") }"#);
    let ask = Ask::get("/handlers/test.rhai").with("cookie", "name=value");
    both(&server, &ask, |answer| assert_eq!(answer.text(), "value"));
}
