//! How a script's response may be changed on its way, by whoever knows of the URL.

use super::conversation::Exchange;
use super::error::SendError;
use super::pace::Pace;
use super::prepared::Prepared;
use std::future::Future;
use std::pin::Pin;

/// What [`Delivery::deliver`] gives: done once the response is sent.
pub type Delivering = Pin<Box<dyn Future<Output = Result<(), SendError>>>>;

/// Sends a response that was decided, in place of whoever decided it.
pub trait Delivery {
    /// Sends `prepared`, changed or not, and ends the response.
    fn deliver(&self, exchange: Exchange, prepared: Prepared) -> Delivering;

    /// The rhythm of what is written bit by bit, where nothing else can be changed any more.
    fn pace(&self) -> Option<Pace>;
}
