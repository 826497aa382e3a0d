//! What shapes a connection: its first SETTINGS, and the switches of what the engine does by itself.

use rhai::{Array, Dynamic, Engine, INT};

use super::arguments::handle;
use super::frames::settings_of;
use super::outcome::{Outcome, fail, other_protocol};
use crate::exchange::{Auto, Connection, Protocol};
use crate::script::types;

/// `connection.auto`.
#[derive(Clone)]
pub struct Switches(Connection);

/// `connection.first_settings`, as long as they wait.
#[derive(Clone)]
pub struct FirstSettings(Connection);

type Switch = fn(&mut Auto) -> &mut bool;

const SWITCHES: [(&str, Switch); 5] = [
    ("settings_ack", |auto| &mut auto.settings_ack),
    ("ping_ack", |auto| &mut auto.ping_ack),
    ("window_update", |auto| &mut auto.window_update),
    ("goaway_on_error", |auto| &mut auto.goaway_on_error),
    ("validate", |auto| &mut auto.validate),
];

const TOO_LATE: &str = "the first SETTINGS have been sent already: they can be chosen in on_connect of a profile, before \
                        connection.start(); connection.send_settings sends others";

fn shown_switches(switches: &Switches) -> String {
    let Some(mut auto) = switches.0.auto() else { return "switches".to_owned() };
    let shown = SWITCHES.map(|(name, switch)| format!("{name} {}", if *switch(&mut auto) { "on" } else { "off" }));
    format!("switches: {}", shown.join(", "))
}

pub fn register(engine: &mut Engine) {
    types::register(engine, "switches", shown_switches);
    handle!(engine, "auto", |connection: &mut Connection| -> Switches { Switches(connection.clone()) });
    for (name, switch) in SWITCHES {
        engine.register_get(name, move |switches: &mut Switches| match switches.0.auto() {
            Some(mut auto) => Ok(*switch(&mut auto)),
            None => other_protocol("connection.auto", Protocol::Http2),
        });
        engine.register_set(name, move |switches: &mut Switches, on: bool| -> Outcome<()> {
            if switches.0.change_auto(|auto| *switch(auto) = on) {
                return Ok(());
            }
            other_protocol("connection.auto", Protocol::Http2)
        });
    }
    register_first_settings(engine);
    engine.register_fn("start", |connection: &mut Connection| -> Outcome<()> {
        http2_only(connection, "connection.start")?;
        connection.start();
        Ok(())
    });
    engine.register_fn("start_without_settings", |connection: &mut Connection| -> Outcome<()> {
        http2_only(connection, "connection.start_without_settings")?;
        if connection.has_started() {
            return fail(TOO_LATE);
        }
        connection.start_without_settings();
        Ok(())
    });
}

fn register_first_settings(engine: &mut Engine) {
    types::register(engine, "first settings", |settings: &FirstSettings| {
        format!("first settings {:?}", settings.0.first_settings().unwrap_or_default())
    });
    engine.register_get("first_settings", |connection: &mut Connection| -> Outcome<FirstSettings> {
        http2_only(connection, "connection.first_settings")?;
        Ok(FirstSettings(connection.clone()))
    });
    engine.register_set("first_settings", |connection: &mut Connection, value: Dynamic| -> Outcome<()> {
        // What the getter gave comes back after something was done to it.
        if value.is::<FirstSettings>() {
            return Ok(());
        }
        http2_only(connection, "connection.first_settings")?;
        let entries = settings_of(&value)?;
        change(connection, move |settings| *settings = entries)
    });
    engine.register_get("entries", |settings: &mut FirstSettings| -> Outcome<Array> {
        let Some(entries) = settings.0.first_settings() else { return fail(TOO_LATE) };
        let entry =
            |(id, value): &(u16, u32)| Dynamic::from_array(vec![INT::from(*id).into(), INT::from(*value).into()]);
        Ok(entries.iter().map(entry).collect())
    });
    engine.register_indexer_get(|settings: &mut FirstSettings, id: Dynamic| -> Outcome<Dynamic> {
        let id = id_of(id)?;
        let Some(entries) = settings.0.first_settings() else { return fail(TOO_LATE) };
        let found = entries.iter().rev().find(|(other, _)| *other == id);
        Ok(found.map_or(Dynamic::UNIT, |(_, value)| INT::from(*value).into()))
    });
    engine.register_indexer_set(|settings: &mut FirstSettings, id: Dynamic, value: Dynamic| -> Outcome<()> {
        let entry = Dynamic::from_array(vec![Dynamic::from_array(vec![id, value])]);
        let new = settings_of(&entry)?;
        change(&settings.0, |settings| {
            for (id, value) in new {
                match settings.iter_mut().find(|(other, _)| *other == id) {
                    Some((_, held)) => *held = value,
                    None => settings.push((id, value)),
                }
            }
        })
    });
    engine.register_fn("remove", |settings: &mut FirstSettings, id: Dynamic| -> Outcome<()> {
        let id = id_of(id)?;
        change(&settings.0, |settings| settings.retain(|(other, _)| *other != id))
    });
}

/// A setting's identifier from its number or name.
fn id_of(id: Dynamic) -> Outcome<u16> {
    let entry = Dynamic::from_array(vec![Dynamic::from_array(vec![id, Dynamic::from_int(0)])]);
    Ok(settings_of(&entry)?.first().map_or(0, |(id, _)| *id))
}

fn change(connection: &Connection, change: impl FnOnce(&mut Vec<(u16, u32)>)) -> Outcome<()> {
    if connection.change_first_settings(change) { Ok(()) } else { fail(TOO_LATE) }
}

fn http2_only(connection: &Connection, function: &'static str) -> Outcome<()> {
    match connection.protocol() {
        Protocol::Http2 => Ok(()),
        Protocol::Http1 => other_protocol(function, Protocol::Http2),
    }
}
