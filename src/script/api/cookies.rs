//! Cookies of the response: `set_cookie`, `unset_cookie`, `delete_cookie`.

use std::time::{Duration, SystemTime};

use rhai::{Dynamic, Engine, Map};

use super::arguments::{check_options, flag_of};
use super::fields::value_of;
use super::outcome::{Outcome, fail};
use super::response::Response;
use crate::http::cookies::{self, SetCookie};

/// An option that is there and not `()`.
fn given<'a>(options: &'a Map, name: &str) -> Option<&'a Dynamic> {
    options.get(name).filter(|value| !value.is_unit())
}

/// `()` as value makes the client forget the cookie, as wptserve's `None` does.
fn cookie(now: SystemTime, name: &Dynamic, value: &Dynamic, options: &Map) -> Outcome<SetCookie> {
    const KNOWN: [&str; 8] = ["path", "domain", "max_age", "expires", "secure", "httponly", "samesite", "comment"];
    check_options(options, &KNOWN)?;
    let text = |name: &str| given(options, name).map(ToString::to_string);
    let path = Some("/".to_owned());
    let forget = value.is_unit();
    let mut cookie = match forget {
        true => SetCookie::deletion(value_of(name)?, path, None, now),
        false => SetCookie::new(value_of(name)?, value_of(value)?),
    };
    if options.contains_key("path") {
        cookie.path = text("path");
    }
    cookie.domain = text("domain");
    cookie.comment = text("comment");
    cookie.same_site = text("samesite");
    cookie.secure = flag_of(options, "secure", false)?;
    cookie.http_only = flag_of(options, "httponly", false)?;
    if let Some(seconds) = given(options, "max_age").filter(|_| !forget) {
        cookie.max_age = Some(seconds.as_int().or_else(|_| fail("max_age must be a whole number of seconds"))?);
    }
    if let Some(seconds) = given(options, "expires").filter(|_| !forget) {
        let Ok(seconds) = seconds.as_int() else { return fail("expires is a number of seconds from now") };
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        cookie.expires = Some(time.unwrap_or(SystemTime::UNIX_EPOCH));
    }
    Ok(cookie)
}

fn set_cookie(response: &Response, name: &Dynamic, value: &Dynamic, options: &Map) -> Outcome<()> {
    let cookie = cookie((response.common().wall_clock)(), name, value, options)?;
    response.parts().headers.0.borrow_mut().append("set-cookie", cookie.to_value());
    Ok(())
}

fn delete_cookie(response: &Response, name: &Dynamic, options: &Map) -> Outcome<()> {
    check_options(options, &["path", "domain"])?;
    set_cookie(response, name, &Dynamic::UNIT, options)
}

pub fn register(engine: &mut Engine) {
    engine.register_fn("set_cookie", |response: &mut Response, name: Dynamic, value: Dynamic| {
        set_cookie(response, &name, &value, &Map::new())
    });
    engine.register_fn("set_cookie", |response: &mut Response, name: Dynamic, value: Dynamic, options: Map| {
        set_cookie(response, &name, &value, &options)
    });
    engine.register_fn("delete_cookie", |response: &mut Response, name: Dynamic| {
        delete_cookie(response, &name, &Map::new())
    });
    engine.register_fn("delete_cookie", |response: &mut Response, name: Dynamic, options: Map| {
        delete_cookie(response, &name, &options)
    });
    engine.register_fn("unset_cookie", |response: &mut Response, name: Dynamic| -> Outcome<()> {
        cookies::unset(&mut response.parts().headers.0.borrow_mut(), &value_of(&name)?);
        Ok(())
    });
}
