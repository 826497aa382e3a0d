//! What is done about a broken rule.

use super::rules::Rule;

/// What to do when a peer breaks a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Action {
    /// End the stream or the connection as the rule says, and report it.
    #[default]
    Enforce,
    /// Report it and go on as well as possible.
    Report,
    /// Continue as well as possible, without a report.
    Ignore,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Report, Self::Ignore];

    /// Its name: `"enforce"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Report => "report",
            Self::Ignore => "ignore",
        }
    }

    /// The action with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// One [`Action`] per [`Rule`]; everything is enforced by default, except an ACK that no SETTINGS of ours
/// waits for: no RFC calls it an error, and it is what a conforming client sends when a script wrote SETTINGS raw.
///
/// Where going on is possible only in part, this is what happens: a frame whose payload cannot be read is skipped, a
/// field block that cannot be decoded is skipped with its fields, a window never passes 2^31-1, and a malformed
/// message is delivered as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    actions: [Action; Rule::ALL.len()],
}

impl Default for Policy {
    fn default() -> Self {
        let mut policy = Self { actions: [Action::Enforce; Rule::ALL.len()] };
        policy.set(Rule::SettingsAckUnexpected, Action::Report);
        policy
    }
}

impl Policy {
    /// Chooses what is done about `rule`.
    pub fn set(&mut self, rule: Rule, action: Action) -> &mut Self {
        if let Some(slot) = self.actions.get_mut(rule as usize) {
            *slot = action;
        }
        self
    }

    /// Chooses one action for every rule.
    pub fn set_all(&mut self, action: Action) -> &mut Self {
        self.actions = [action; Rule::ALL.len()];
        self
    }

    /// What is done about `rule`.
    pub fn action(&self, rule: Rule) -> Action {
        self.actions.get(rule as usize).copied().unwrap_or_default()
    }
}
