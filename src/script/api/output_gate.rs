//! How the output of a connection is cut into writes, when these go out, and where they end.

use std::time::Duration;

use rhai::{Dynamic, Engine, INT};

use super::arguments::time_of;
use super::outcome::{Outcome, fail};
use crate::exchange::{Close, Connection};

/// The longest that a write may wait.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

pub fn register(engine: &mut Engine) {
    engine.register_fn("set_write_size", |connection: &mut Connection, size: INT| -> Outcome<()> {
        match usize::try_from(size) {
            Ok(0) => connection.set_write_size(None),
            Ok(size) => connection.set_write_size(Some(size)),
            Err(_) => return fail(format!("{size} is not a number of bytes; 0 means no limit")),
        }
        Ok(())
    });
    engine.register_fn("flush", |connection: &mut Connection| connection.flush());
    engine.register_fn("set_write_delay", |connection: &mut Connection, seconds: Dynamic| delay(connection, &seconds));
    engine.register_fn("pause_writing", |connection: &mut Connection| connection.pause_writing());
    engine.register_fn("resume_writing", |connection: &mut Connection| connection.resume_writing());
    engine.register_fn("cut_after", |connection: &mut Connection, octets: INT, how: &str| cut(connection, octets, how));
}

fn delay(connection: &Connection, seconds: &Dynamic) -> Outcome<()> {
    match time_of(seconds) {
        Some(delay) if delay <= LONGEST_DELAY => {
            connection.set_write_delay(delay);
            Ok(())
        }
        _ => fail(format!("the delay must be 0 to {} seconds, not {seconds}", LONGEST_DELAY.as_secs())),
    }
}

fn cut(connection: &Connection, octets: INT, how: &str) -> Outcome<()> {
    let Ok(octets) = u64::try_from(octets) else { return fail(format!("{octets} is not a number of bytes")) };
    let how = match how {
        "close" => Some(Close::Graceful),
        "truncate" => Some(Close::Truncate),
        "half-close" => Some(Close::Half),
        "reset" => Some(Close::Abort),
        "stall" => None,
        other => {
            return fail(format!(
                "{other:?} is not a way to end a connection: close, truncate, half-close, reset or stall"
            ));
        }
    };
    connection.cut_after(octets, how);
    Ok(())
}
