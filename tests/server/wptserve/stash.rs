//! `test_stash.py`.

use super::{Ask, both, handler};

#[test]
fn a_value_is_put_and_taken_once() {
    let script = r#"fn main(request, response) {
        if request.method == "POST" {
            request.server.stash.put(request.POST.first("id"), request.POST.first("data"));
            return "OK";
        }
        let data = request.server.stash.take(request.GET.first("id"));
        if data == () { "NOT FOUND" } else { data }
    }"#;
    let server = handler(script);
    let id = "3e3a9d4b-6c3a-4b0e-8a31-7a2c7f9f7e10";
    let (body, target) = (format!("id={id}&data=Sample+data"), format!("/handlers/test.rhai?id={id}"));
    let put =
        Ask::post("/handlers/test.rhai", body.as_bytes()).with("content-type", "application/x-www-form-urlencoded");
    for ask in [super::over_http1, super::over_http2] {
        assert_eq!(ask(&server, &put).text(), "OK");
        assert_eq!(ask(&server, &Ask::get(&target)).text(), "Sample data");
        assert_eq!(ask(&server, &Ask::get(&target)).text(), "NOT FOUND");
    }
    // What one protocol puts, the other takes.
    super::over_http1(&server, &put);
    assert_eq!(super::over_http2(&server, &Ask::get(&target)).text(), "Sample data");
    both(&server, &Ask::get(&target), |answer| assert_eq!(answer.text(), "NOT FOUND"));
}
