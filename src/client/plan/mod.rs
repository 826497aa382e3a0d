//! Frames as a file gives them: a JSON array of steps.

mod frames;
mod source;
#[cfg(test)]
mod tests;

use self::source::{Keys, Source};
use super::exit::Failure;
use super::steps::{Pattern, Step, Wait};
use crate::wire::hpack::Encoder;
use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use std::path::Path;
use std::time::Duration;

/// Reads a plan from a file.
///
/// # Errors
/// The file cannot be read, or is not a plan: with line and column.
pub fn read(path: &Path) -> Result<Plan, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read the plan {}: {error}", path.display())))?;
    parse(&path.display().to_string(), &text)
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The preface, SETTINGS, acknowledgements and WINDOW_UPDATE frames are sent besides.
    pub automatic: bool,
    /// In this order.
    pub steps: Vec<Step>,
}

/// Reads a plan.
///
/// # Errors
/// As for [`read`].
pub fn parse(name: &str, text: &str) -> Result<Plan, Failure> {
    let source = Source::new(name, text);
    let value = source.parse()?;
    let Value::Array(array) = &value else {
        return Err(source.error(value.range(), "a plan is a list of steps", Some("begin it with `[`")));
    };
    let (mut plan, mut encoder) = (Plan { automatic: true, steps: Vec::new() }, Encoder::new());
    for (number, step) in array.elements.iter().enumerate() {
        let Value::Object(object) = step else {
            let help = "write {\"type\": …} for a frame, {\"hex\": …} for bytes, or {\"wait\": …}";
            return Err(source.error(step.range(), "a step is an object", Some(help)));
        };
        let mut keys = Keys::new(&source, object);
        if let Some(automatic) = keys.get("automatic") {
            if number > 0 {
                return Err(source.error(automatic.range(), "`automatic` must be the first step", None));
            }
            plan.automatic = source.boolean(automatic)?;
        } else if let Some(hex) = keys.get("hex") {
            plan.steps.push(Step::Send(source.hex(hex)?.into()));
        } else if let Some(wait) = keys.get("wait") {
            plan.steps.push(Step::Wait(self::wait(&source, wait)?));
        } else if let Some(frame_type) = keys.get("type") {
            let frame_type = source.frame_type(frame_type)?;
            match frame_type {
                Some(frame_type) => {
                    plan.steps.push(Step::Frame(frames::frame(&mut keys, frame_type, &mut encoder)?));
                }
                None => plan.steps.push(Step::Send(crate::h2::PREFACE.as_slice().into())),
            }
        } else {
            let help = "give it one of `type`, `hex`, `wait` and `automatic`";
            return Err(keys
                .unknown()
                .unwrap_or_else(|| source.error(object.range, "this step does nothing", Some(help))));
        }
        keys.finish()?;
    }
    Ok(plan)
}

/// Seconds, the name of a frame type, a frame's properties, or `close`.
fn wait(source: &Source<'_>, value: &Value<'_>) -> Result<Wait, Failure> {
    match value {
        Value::NumberLit(_) => {
            let seconds = source.number(value)?;
            let wrong = || source.error(value.range(), "seconds must be from 0 to 86400", None);
            Some(seconds).filter(|seconds| (0.0..=86_400.0).contains(seconds)).ok_or_else(wrong)?;
            Ok(Wait::Time(Duration::from_secs_f64(seconds)))
        }
        Value::StringLit(text) if text.value == "close" => Ok(Wait::Close),
        Value::StringLit(_) => Ok(Wait::Frame(Pattern { frame_type: source.frame_type(value)?, ..Pattern::default() })),
        Value::Object(object) => {
            let mut keys = Keys::new(source, object);
            let mut pattern = Pattern::default();
            if let Some(frame_type) = keys.get("type") {
                pattern.frame_type = source.frame_type(frame_type)?;
            }
            if let Some(stream) = keys.get("stream_id").or_else(|| keys.get("stream")) {
                pattern.stream = Some(source.whole(stream, 0x7fff_ffff)?);
            }
            if let Some(flags) = keys.get("flags") {
                pattern.flags = source.flags(flags)?;
            }
            keys.finish()?;
            Ok(Wait::Frame(pattern))
        }
        other => {
            let help = "write seconds, a frame type, {\"type\": …, \"stream_id\": …, \"flags\": […]}, or \"close\"";
            Err(source.error(other.range(), "this is not something to wait for", Some(help)))
        }
    }
}
