//! What an item of a list of names stands for: itself, or all that its pattern matches.

use super::draft::Scope;
use crate::plan::place::Raw;
use crate::plan::{Arg, Call, CallError, Term, pattern};
use crate::text::quoted;

/// The calls that an item stands for: its own, or one of each term that its pattern matches, with the pattern's arguments.
/// What can't be called so for want of arguments is left out, unless nothing else is matched.
pub(super) fn calls(raw: &Raw, what: &'static str, terms: &[Term], scope: &Scope<'_>) -> Result<Calls, String> {
    let text = raw.text.trim();
    let (head, arguments) = text.split_at(text.find(['(', ':']).unwrap_or(text.len()));
    let names: Vec<_> = terms.iter().map(|term| term.name).collect();
    // A path is no pattern.
    let name = Some(head).filter(|_| !arguments.starts_with(':'));
    let Some(matched) = name.and_then(|name| pattern::matches(name, what, &names)) else {
        let call = Call::parse(text, what, terms).map_err(|error| error.to_string())?;
        return Ok(Calls { calls: vec![resolved(call, raw)], by_pattern: false });
    };
    let mut calls = Vec::new();
    let mut first_left_out = None;
    for term in matched?.into_iter().map(|index| &terms[index]) {
        let why = match Call::parse(&format!("{}{arguments}", term.name), what, &[*term]) {
            Ok(_) if term.needs_arguments && arguments.is_empty() => "needs arguments".to_owned(),
            Ok(call) => {
                calls.push(resolved(call, raw));
                continue;
            }
            Err(error @ (CallError::NoFile(_) | CallError::Missing { .. })) => error.to_string(),
            Err(error) => return Err(format!("{}: what it matches must take its arguments: {error}", quoted(text))),
        };
        first_left_out.get_or_insert_with(|| format!("{}: {}: {why}", quoted(text), term.name));
        scope.leave_out(term.name, why);
    }
    scope.count_matches(calls.len())?;
    match first_left_out {
        Some(why) if calls.is_empty() => Err(why),
        _ => Ok(Calls { calls, by_pattern: true }),
    }
}

/// The call with its paths as seen from where it is written.
fn resolved(mut call: Call, raw: &Raw) -> Call {
    let arguments = call.args.iter_mut().flatten().filter_map(Arg::path_mut);
    for path in call.path.iter_mut().chain(arguments) {
        *path = raw.place.resolve(&*path);
    }
    call
}

/// What an item stands for.
pub(super) struct Calls {
    /// In the registry's order.
    pub calls: Vec<Call>,
    /// Whether a pattern matched them.
    pub by_pattern: bool,
}
