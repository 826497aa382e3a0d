//! What a script may use, and how a script that used more is ended.

use std::time::Duration;

/// Limits of each handler. All sizes are those of one value with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rhai operations of one request; 0 for no limit.
    pub operations: u64,
    /// Time from the start of a handler to its end, asleep or busy.
    pub time: Duration,
    /// Nested calls of script functions, 1 to 64.
    pub call_depth: usize,
    /// Nested expressions, 1 to 64.
    pub expression_depth: usize,
    /// Octets of a string.
    pub string: usize,
    /// Elements of an array, or octets of a Rhai blob; at most [`MAX_NESTING`], since values nest that deep.
    pub array: usize,
    /// Entries of a map; at most [`MAX_NESTING`].
    pub map: usize,
    /// Variables in scope at once.
    pub variables: usize,
    /// Functions of one file.
    pub functions: usize,
    /// Modules imported by one handler.
    pub modules: usize,
    /// Octets by which a busy handler may make the process grow; 0 for no limit. What counts is the resident memory,
    /// so it is a guard against eaters that no size limit sees, and no exact account.
    pub memory: u64,
    /// Octets of a script file.
    pub source: usize,
    /// Handlers running or waiting at once, in the whole process; two mappings of `vm.max_map_count` each.
    pub live: usize,
    /// Frames of one flood.
    pub flood_frames: u32,
    /// Octets of one flood.
    pub flood_octets: u64,
}

/// How deep values may nest: native code that recurses over them must fit
/// [`STACK_RESERVE`](super::coroutine::STACK_RESERVE).
pub const MAX_NESTING: usize = 10_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations: 50_000_000,
            time: Duration::from_secs(60),
            call_depth: 64,
            expression_depth: 64,
            string: 16 << 20,
            array: MAX_NESTING,
            map: MAX_NESTING,
            variables: 512,
            functions: 1024,
            modules: 64,
            memory: 1 << 30,
            source: 1 << 20,
            live: 28_000,
            flood_frames: 100_000,
            flood_octets: 64 << 20,
        }
    }
}

/// Why a handler is ended although its script does not want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its stream, its connection or the server is over.
    Cancelled,
    /// More operations than [`Limits::operations`].
    Operations,
    /// Longer than [`Limits::time`].
    Time,
    /// Calls nested deeper than [`Limits::call_depth`].
    CallDepth,
    /// Calls and expressions nested so that the stack is used up.
    Stack,
    /// More than [`Limits::memory`].
    Memory,
    /// Function pointers that hold each other too deep.
    Nesting,
}

impl Ending {
    /// The key of the limit in `[limits.script]`; `None` if it was no limit.
    pub const fn limit(self) -> Option<&'static str> {
        match self {
            Self::Cancelled => None,
            Self::Operations => Some("script.operations"),
            Self::Time => Some("script.time"),
            Self::CallDepth => Some("script.call_depth"),
            Self::Stack => Some("script.stack"),
            Self::Memory => Some("script.memory"),
            Self::Nesting => Some("script.nesting"),
        }
    }
}
