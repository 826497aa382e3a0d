//! Functions that scripts offer to each other. Function pointers stay on their worker: each worker has its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rhai::FnPtr;

use super::budget::Run;
use super::compiled::Script;
use crate::http::words::similar;

/// Functions that one worker's scripts may offer.
const MAX_OFFERS: usize = 10_000;

/// A function that a script offers.
#[derive(Clone)]
pub struct Offer {
    /// The function.
    pub function: FnPtr,
    /// The script that it belongs to.
    pub script: Rc<Script>,
}

/// The hook script that runs in a call.
#[derive(Clone)]
pub struct RunningHook {
    /// The script whose function runs, or its statements outside of functions.
    pub script: Rc<Script>,
    /// Whether it may offer functions to others: the calls that may happen on every worker.
    pub may_offer: bool,
}

#[derive(Default)]
struct Running(RefCell<Option<RunningHook>>);

impl RunningHook {
    /// The one of a call, if it runs a hook script.
    pub fn of(run: &Run) -> Option<Self> {
        run.slot::<Running>().0.borrow().clone()
    }

    /// Changes which hook script a call runs; gives the one before.
    pub fn replace(run: &Run, hook: Option<Self>) -> Option<Self> {
        run.slot::<Running>().0.replace(hook)
    }
}

/// Why a function cannot be offered or called, which is the fault of the script that tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferError {
    /// Another script offers a function of this name.
    Taken { name: String, by: PathBuf },
    /// Too many are offered.
    TooMany,
    /// Nobody offers a function of this name; those that are offered, and the one that was probably meant.
    Unknown { name: String, known: Vec<String>, meant: Option<String> },
}

impl fmt::Display for OfferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { name, by } => {
                write!(f, "{} has registered a function {name:?} already: choose another name", by.display())
            }
            Self::TooMany => write!(f, "{MAX_OFFERS} functions are registered, the most there may be"),
            Self::Unknown { name, known, .. } if known.is_empty() => write!(
                f,
                "no hook script has registered a function {name:?}, or any other: list a script in [hooks] of wpt.toml \
                 that calls hooks::register"
            ),
            Self::Unknown { name, known, meant } => {
                write!(f, "no hook script has registered a function {name:?}")?;
                if let Some(meant) = meant {
                    write!(f, ": did you mean {meant:?}?")?;
                }
                write!(f, "; there are {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for OfferError {}

/// What the scripts of one worker offer each other, by name.
#[derive(Default)]
pub struct Offers(RefCell<BTreeMap<String, Offer>>);

impl Offers {
    /// Offers a function; one that the same script offered before under this name is offered no more.
    ///
    /// # Errors
    /// [`OfferError::Taken`], [`OfferError::TooMany`]
    pub fn register(&self, name: &str, offer: Offer) -> Result<(), OfferError> {
        let mut offers = self.0.borrow_mut();
        match offers.get(name) {
            Some(known) if known.script.path() != offer.script.path() => {
                return Err(OfferError::Taken { name: name.to_owned(), by: known.script.path().to_owned() });
            }
            None if offers.len() >= MAX_OFFERS => return Err(OfferError::TooMany),
            _ => {}
        }
        let former = offers.insert(name.to_owned(), offer);
        drop(offers);
        // What a function holds may be anything.
        drop(former);
        Ok(())
    }

    /// The function of a name.
    ///
    /// # Errors
    /// [`OfferError::Unknown`]
    pub fn find(&self, name: &str) -> Result<Offer, OfferError> {
        let offers = self.0.borrow();
        if let Some(offer) = offers.get(name) {
            return Ok(offer.clone());
        }
        let meant = similar(name, offers.keys().map(String::as_str)).map(str::to_owned);
        Err(OfferError::Unknown { name: name.to_owned(), known: offers.keys().cloned().collect(), meant })
    }

    /// Nothing of this script is offered any more.
    pub fn forget(&self, script: &Path) {
        let mut former = Vec::new();
        self.0.borrow_mut().retain(|_, offer| {
            let stays = offer.script.path() != script;
            if !stays {
                former.push(offer.clone());
            }
            stays
        });
    }
}
