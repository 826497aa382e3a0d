//! `/_wire/status`: how the server stands, gathered from the workers for each request.

use super::super::stats::{WorkerStats, add};
use super::super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::script::hooks::shared::Failure;
use crate::site::{self, escape_html};
use crate::transcript::Failed;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Expectations that failed which are shown, the newest.
const MAX_EXPECTATIONS: usize = 64;

/// The page: HTML for people, or JSON with `?json` or where `accept` asks for it.
pub(super) async fn page(worker: &Worker, request: &Request) -> Prepared {
    let status = gather(worker).await;
    let accept = request.fields.get("accept").map(|value| String::from_utf8_lossy(value).into_owned());
    let wants_json = request.query() == Some(b"json") || accept.is_some_and(|accept| accept.contains("json"));
    if wants_json {
        return super::json_page(&status);
    }
    let mut prepared = site::html_page(html(&status));
    prepared.head.fields.append("cache-control", "no-store");
    prepared
}

async fn gather(worker: &Worker) -> Value {
    let shared = &worker.shared;
    let hooks = hooks(worker).await;
    let reports = shared.workers.stats().await;
    let known: Vec<&WorkerStats> = reports.iter().flatten().collect();
    let sum = |count: fn(&WorkerStats) -> usize| known.iter().map(|report| count(report)).sum::<usize>();
    let mut errors: Vec<&String> = known.iter().flat_map(|report| &report.errors).collect();
    errors.sort_unstable();
    errors.dedup();
    let total = |counts: fn(&WorkerStats) -> &BTreeMap<String, u64>| {
        let mut all = BTreeMap::new();
        known.iter().for_each(|report| add(&mut all, counts(report).clone()));
        all
    };
    let (handlers, at_work) = (sum(|report| report.handlers), sum(|report| report.running_handlers));
    let http2 = sum(|report| report.http2_connections);
    let failed = shared.transcripts.failed_expectations(MAX_EXPECTATIONS);
    let expectation = |one: &Failed| json!({"connection": one.connection, "name": one.name, "detail": one.detail});
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime": (shared.workers.uptime().as_secs_f64() * 1e3).round() / 1e3,
        "ports": shared.ports.iter().map(|(what, url)| json!({"what": what, "url": url})).collect::<Value>(),
        "workers": reports.len(),
        "workers_silent": reports.len() - known.len(),
        "connections": {"http1": sum(|report| report.connections) - http2, "http2": http2},
        "streams": sum(|report| report.streams),
        "requests": known.iter().map(|report| report.requests).sum::<u64>(),
        "handlers": {"at_work": at_work, "waiting": handlers.saturating_sub(at_work)},
        "script_errors": errors,
        "limits_met": total(|report| &report.limits_met),
        "expectations_failed": failed.iter().map(expectation).collect::<Value>(),
        "profiles": total(|report| &report.profiles),
        "profile_failures": total(|report| &report.profile_failures),
        "hooks": hooks,
    })
}

/// The hooks: their scripts, what they add, and what failed.
async fn hooks(worker: &Worker) -> Value {
    let Some(hooks) = worker.host.hooks() else {
        return json!({"scripts": [], "lines": [], "failures": []});
    };
    let lines: Value =
        hooks.status().await.into_iter().map(|line| json!({"name": line.name, "value": line.value})).collect();
    let failure = |failure: &Failure| {
        json!({
            "function": failure.function,
            "script": failure.script,
            "times": failure.times,
            "error": failure.error,
        })
    };
    let failures: Value = hooks.failures().iter().map(failure).collect();
    json!({"scripts": hooks.scripts().collect::<Vec<_>>(), "lines": lines, "failures": failures})
}

fn html(status: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=en><meta charset=utf-8><title>wireserve: status</title>\n<style>:root{color-scheme:light \
         dark}body{font:16px/1.45 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}th{text-align:left;\
         font-weight:400;vertical-align:top;padding-right:2rem}td{font-family:ui-monospace,monospace}</style>\n\
         <h1>Status</h1>\n<p><a href=\"?json\">As JSON</a> · <a href=\"/_wire/connections\">Connections</a> · \
         <a href=\"/\">Handlers</a></p>\n<table>\n",
    );
    let mut row = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "<tr><th>{}<td>{}", escape_html(name), escape_html(value));
    };
    let number = |name: &str| status[name].to_string();
    row("Version", status["version"].as_str().unwrap_or_default());
    row("Seconds since the start", &number("uptime"));
    row("Workers", &number("workers"));
    if status["workers_silent"] != 0 {
        row("Workers that do not answer, and are not counted below", &number("workers_silent"));
    }
    row("Connections over HTTP/1.1", &status["connections"]["http1"].to_string());
    row("Connections over HTTP/2", &status["connections"]["http2"].to_string());
    row("Streams", &number("streams"));
    row("Requests so far", &number("requests"));
    row("Handlers at work", &status["handlers"]["at_work"].to_string());
    row("Handlers that wait for something", &status["handlers"]["waiting"].to_string());
    for port in status["ports"].as_array().into_iter().flatten() {
        row(port["what"].as_str().unwrap_or_default(), port["url"].as_str().unwrap_or_default());
    }
    for (limit, times) in status["limits_met"].as_object().into_iter().flatten() {
        row(&format!("Limit met: {limit}"), &times.to_string());
    }
    for failed in status["expectations_failed"].as_array().into_iter().flatten() {
        let text = |key: &str| failed[key].as_str().unwrap_or_default();
        let name = format!("Expectation that failed on connection {}", failed["connection"]);
        row(&name, &format!("{}: {}", text("name"), text("detail")));
    }
    for (profile, connections) in status["profiles"].as_object().into_iter().flatten() {
        row(&format!("Connections shaped by {profile}"), &connections.to_string());
    }
    for (failure, times) in status["profile_failures"].as_object().into_iter().flatten() {
        row("Profile that failed", &format!("{failure} ({times} times)"));
    }
    for error in status["script_errors"].as_array().into_iter().flatten() {
        row("Script that does not compile", error.as_str().unwrap_or_default());
    }
    let hooks = |what: &str| status["hooks"][what].as_array().map(Vec::as_slice).unwrap_or_default();
    for script in hooks("scripts") {
        row("Hook script", script.as_str().unwrap_or_default());
    }
    for failure in hooks("failures") {
        let name = format!("Hook that failed: {}", failure["function"].as_str().unwrap_or_default());
        row(&name, &format!("{} times, at last: {}", failure["times"], failure["error"].as_str().unwrap_or_default()));
    }
    for line in hooks("lines") {
        let value = &line["value"];
        row(
            line["name"].as_str().unwrap_or_default(),
            &value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        );
    }
    page.push_str("</table>\n");
    page
}
