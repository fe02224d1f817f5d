//! JSON with something in it changed: a figure, a field, a list, a word.

use serde_json::{Map, Value};

use crate::rng::{NUMBERS, Rng, WORDS};
use crate::text_mutator;

/// About the longest text that a change makes: one that was long, again and again, is more than there is memory.
const TEXT_MAX: usize = 1 << 20;

/// One to four changes; now and then, damage to the text.
pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(seed).expect("the corpus is JSON");
    for _ in 0..=rng.below(4) {
        let other = value.clone();
        change(&mut value, &other, rng);
    }
    let text = serde_json::to_vec(&value).expect("a value");
    if rng.one_in(6) { text_mutator::mutate(&text, rng) } else { text }
}

/// Goes down to a node at random and changes it.
fn change(value: &mut Value, whole: &Value, rng: &mut Rng) {
    let deeper = !rng.one_in(8);
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let name = fields.keys().nth(rng.below(fields.len())).cloned().expect("a field");
            match rng.below(12) {
                0 => _ = fields.remove(&name),
                1 => {
                    let moved = fields.remove(&name).expect("it is there");
                    fields.insert(format!("{name}{}", rng.word(&WORDS)), moved);
                }
                2 => {
                    let copied = any_of(whole, rng);
                    fields.insert(name, copied);
                }
                _ => change(fields.get_mut(&name).expect("it is there"), whole, rng),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = rng.below(items.len());
            match rng.below(10) {
                0 => _ = items.remove(at),
                1 => {
                    let item = items[at].clone();
                    let times = if rng.one_in(20) { 2000 } else { 1 + rng.below(5) };
                    items.splice(at..at, std::iter::repeat_n(item, times));
                }
                2 => items.clear(),
                3 => items.reverse(),
                _ => change(&mut items[at], whole, rng),
            }
        }
        Value::Number(number) => *value = other_number(number.as_f64().unwrap_or(0.0), rng),
        Value::String(text) => {
            *value = match rng.below(8) {
                0 => any_of(whole, rng),
                1 => Value::String(text.repeat((1 + rng.below(3000)).min(1 + TEXT_MAX / text.len().max(1)))),
                2 => {
                    let bytes = text_mutator::mutate(text.as_bytes(), rng);
                    Value::String(String::from_utf8_lossy(&bytes).into_owned())
                }
                _ => Value::String(rng.word(&WORDS).to_owned()),
            }
        }
        Value::Bool(truth) => *value = Value::Bool(!*truth),
        _ => *value = any(rng),
    }
}

fn other_number(number: f64, rng: &mut Rng) -> Value {
    match rng.below(4) {
        0 => Value::from((number as u64).wrapping_add(rng.next() % 3).wrapping_sub(1)),
        1 => Value::from(rng.next() >> rng.below(64)),
        2 => any(rng),
        _ => serde_json::from_str(rng.word(&NUMBERS)).unwrap_or(Value::from(u64::MAX)),
    }
}

/// A part of the whole.
fn any_of(whole: &Value, rng: &mut Rng) -> Value {
    let mut at = whole;
    for _ in 0..rng.below(8) {
        at = match at {
            Value::Object(fields) if !fields.is_empty() => {
                fields.values().nth(rng.below(fields.len())).expect("a field")
            }
            Value::Array(items) if !items.is_empty() => rng.of(items),
            _ => break,
        };
    }
    at.clone()
}

fn any(rng: &mut Rng) -> Value {
    match rng.below(6) {
        0 => Value::Null,
        1 => Value::Array(Vec::new()),
        2 => Value::Object(Map::new()),
        3 => Value::from(u64::MAX),
        4 => Value::from(-1),
        _ => Value::String(rng.word(&WORDS).to_owned()),
    }
}
