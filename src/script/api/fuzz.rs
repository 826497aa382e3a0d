//! `fuzz::`: frames and octets changed as a seed says, and numbers that follow from a seed.

use std::cell::Cell;
use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, INT};

use super::arguments::octets;
use super::functions::Functions;
use super::outcome::{Outcome, fail};
use crate::script::octets::{MAX_MADE, Octets};
use crate::script::types;
use crate::wire::frame::Frame;
use crate::wire::fuzz::{Random, mutate, mutate_octets};

/// A generator that all who hold it draw from.
#[derive(Clone)]
pub struct Generator(Rc<Cell<Random>>);

impl Generator {
    fn draw<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        let mut random = self.0.get();
        let drawn = draw(&mut random);
        self.0.set(random);
        drawn
    }
}

/// Every number is a seed; negative ones are taken as the 64 bits that they are.
pub(super) fn seed_of(seed: INT) -> u64 {
    seed.cast_unsigned()
}

/// The changed frame or octets, and what was done to them.
fn mutated(value: &Dynamic, seed: INT) -> Outcome<(Dynamic, String)> {
    if let Some(frame) = value.read_lock::<Frame>() {
        let (mutant, mutation) = mutate(&frame, seed_of(seed));
        return Ok((Dynamic::from(mutant), mutation.to_string()));
    }
    let (mutant, mutation) = mutate_octets(&octets("what is mutated besides frames", value)?, seed_of(seed));
    Ok((Dynamic::from(Octets(mutant)), mutation.to_string()))
}

pub fn register(engine: &mut Engine) {
    let mut module = Functions::default();
    module.add("mutate", |value: Dynamic, seed: INT| -> Outcome<Dynamic> {
        mutated(&value, seed).map(|(mutant, _)| mutant)
    });
    module.add("describe", |value: Dynamic, seed: INT| -> Outcome<String> {
        mutated(&value, seed).map(|(_, mutation)| mutation)
    });
    module.add("random", |seed: INT| Generator(Rc::new(Cell::new(Random::new(seed_of(seed))))));
    module.register(engine, "fuzz");
    register_generator(engine);
}

fn register_generator(engine: &mut Engine) {
    types::register(engine, "generator", |_: &Generator| "generator of fuzz::random".to_owned());
    engine.register_fn("integer", |random: &mut Generator, least: INT, most: INT| -> Outcome<INT> {
        if least > most {
            return fail(format!("there is no number from {least} to {most}"));
        }
        Ok(random.draw(|random| random.between(least, most)))
    });
    engine.register_fn("blob", |random: &mut Generator, count: INT| -> Outcome<Octets> {
        match usize::try_from(count) {
            Ok(count) if count <= MAX_MADE => Ok(Octets(random.draw(|random| random.octets(count)))),
            _ => fail(format!("a blob has 0 to {MAX_MADE} bytes, not {count}")),
        }
    });
    engine.register_fn("choice", |random: &mut Generator, of: Array| -> Outcome<Dynamic> {
        let at = random.draw(|random| random.position(of.len()));
        of.into_iter().nth(at).map_or_else(|| fail("there is nothing to choose in an empty list"), Ok)
    });
    engine.register_fn("shuffle", |random: &mut Generator, mut all: Array| -> Array {
        random.draw(|random| random.shuffle(&mut all));
        all
    });
}
