//! The functions by which the server calls scripts: names and parameters.

/// The functions by which the server calls a handler or a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    HandleHeaders,
    HandleData,
    HandleFrame,
    Main,
    OnConnect,
    OnFrame,
    OnClose,
}

impl Entry {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::HandleHeaders,
        Self::HandleData,
        Self::HandleFrame,
        Self::Main,
        Self::OnConnect,
        Self::OnFrame,
        Self::OnClose,
    ];

    /// Those of a handler, which answers requests.
    pub const HANDLER: [Self; 4] = [Self::HandleHeaders, Self::HandleData, Self::HandleFrame, Self::Main];

    /// Those of a profile, which shapes a connection.
    pub const PROFILE: [Self; 3] = [Self::OnConnect, Self::OnFrame, Self::OnClose];

    /// Its name in a script.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HandleHeaders => "handle_headers",
            Self::HandleData => "handle_data",
            Self::HandleFrame => "handle_frame",
            Self::Main => "main",
            Self::OnConnect => "on_connect",
            Self::OnFrame => "on_frame",
            Self::OnClose => "on_close",
        }
    }

    /// Its parameters.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Main => &["request", "response"],
            Self::OnConnect => &["connection"],
            Self::OnFrame => &["connection", "frame"],
            Self::OnClose => &["connection", "reason"],
            Self::HandleHeaders | Self::HandleData | Self::HandleFrame => &["frame", "request", "response"],
        }
    }

    /// How it is written: its name and its parameters.
    pub fn call(self) -> String {
        format!("{}({})", self.name(), self.parameters().join(", "))
    }
}

/// The functions by which the server calls a hook script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// The server has started.
    Start,
    /// A worker has compiled a script.
    ScriptLoad,
    /// A worker goes by the compiled script no more.
    ScriptUnload,
    /// A connection is open.
    Connection,
    /// A connection is over.
    ConnectionClose,
    /// A request has come.
    Request,
    /// A response is about to be sent.
    Response,
    /// Somebody looks at the status page.
    Status,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::ScriptLoad,
        Self::ScriptUnload,
        Self::Connection,
        Self::ConnectionClose,
        Self::Request,
        Self::Response,
        Self::Status,
    ];

    /// Its name in a script.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "on_start",
            Self::ScriptLoad => "on_script_load",
            Self::ScriptUnload => "on_script_unload",
            Self::Connection => "on_connection",
            Self::ConnectionClose => "on_connection_close",
            Self::Request => "on_request",
            Self::Response => "on_response",
            Self::Status => "on_status",
        }
    }

    /// Its parameters.
    pub const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Start => &["server"],
            Self::ScriptLoad | Self::ScriptUnload => &["path"],
            Self::Connection => &["connection"],
            Self::ConnectionClose => &["connection", "reason"],
            Self::Request | Self::Response => &["request", "response"],
            Self::Status => &["status"],
        }
    }

    /// How many of its parameters there must be.
    pub const fn min_parameters(self) -> usize {
        match self {
            Self::Request => 1,
            _ => self.parameters().len(),
        }
    }

    /// How it is written: its name and its parameters.
    pub fn call(self) -> String {
        format!("{}({})", self.name(), self.parameters().join(", "))
    }
}
