//! `/_wire/status`: how the server stands, gathered from the workers for each request.

use super::super::stats::{WorkerStats, add};
use super::super::worker::Worker;
use crate::exchange::{Prepared, Request};
use crate::http::accept;
use crate::script::hooks::shared::Failure;
use crate::site;
use crate::transcript::Failed;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Expectations that failed which are shown, the newest.
const MAX_EXPECTATIONS: usize = 64;

/// The page: HTML for people, or JSON with `?json` or where `accept` asks for it.
pub(super) async fn page(worker: &Worker, request: &Request) -> Prepared {
    let status = gather(worker).await;
    if request.query() == Some(b"json") || accept::prefers(&request.fields, "application/json", "text/html") {
        return json_page(&status);
    }
    let mut prepared = site::html_page(site::page(&worker.title("Status"), &html(&status)));
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
        "workers_ended": shared.workers.num_ended(),
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
    let mut view = status.clone();
    for counts in ["limits_met", "profiles", "profile_failures"] {
        let counted = status[counts].as_object().into_iter().flatten();
        view[counts] = counted.map(|(name, times)| json!({"name": name, "times": times})).collect();
    }
    site::render(include_str!("status.html"), &view)
}

/// A page of JSON that no cache keeps.
fn json_page(value: &Value) -> Prepared {
    let mut prepared = site::html_page(format!("{value:#}\n"));
    prepared.head.fields.set("content-type", "application/json");
    prepared.head.fields.append("cache-control", "no-store");
    prepared
}
