//! What the records of a connection say, for lists.

use super::cursor::{Copied, Cursor};
use super::exchanges::Exchanges;

/// What the records say. Each is read once, however often it is asked for.
#[derive(Debug)]
pub(super) struct Summary {
    cursor: Cursor,
    exchanges: Exchanges,
}

impl Summary {
    /// Reads from `cursor` on.
    pub fn new(cursor: Cursor) -> Self {
        Self { cursor, exchanges: Exchanges::for_lists() }
    }

    /// Reads what there is; `copy` copies more for the cursor.
    pub fn catch_up(&mut self, mut copy: impl FnMut(&mut Cursor) -> Copied) -> &Exchanges {
        loop {
            while let Some(record) = self.cursor.next() {
                self.exchanges.take(&record);
            }
            if copy(&mut self.cursor) == Copied::Nothing {
                return &self.exchanges;
            }
        }
    }
}
