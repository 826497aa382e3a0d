//! Frames and octets changed in one place each, as a seed says.
//!
//! The same seed gives the same octets, on every machine and in every build: a client that fails is asked again with
//! the number alone. Each change is one that a reader may get wrong: lengths, flags, identifiers, numbers at their
//! bounds, padding, and in field blocks what RFC 7541 forbids.

mod block;
mod frame;
mod octets;
mod random;
#[cfg(test)]
mod tests;

pub use block::BlockMutation;
pub use frame::{Mutation, mutate};
pub use octets::{OctetsMutation, mutate_octets};
pub use random::Random;
