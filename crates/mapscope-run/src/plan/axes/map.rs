//! The map under test.

use super::names::{Calls, calls};
use super::{Absent, Axis, Called, Column, Put, Scope, Value};
use crate::plan::place::Raw;
use crate::plan::{Call, Term};

pub(super) const AXIS: Axis = Axis {
    key: "map",
    flag: "--map",
    label: "map",
    help: "Maps",
    absent: Absent::Needed,
    column: Some(Column { value: |id| Some(Value::Text(&id.map)), ..Column::WORDS }),
    depth: 7,
    read,
    ..Axis::PLAIN
};

fn read(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Put>, String> {
    let put = |Called { offer, call, by_pattern }: Called| -> Put {
        Box::new(move |draft| {
            draft.offer = offer;
            draft.by_pattern = by_pattern;
            draft.cell.map = call.clone();
        })
    };
    Ok(called(raw, scope)?.into_iter().map(put).collect())
}

/// The maps that an item means: one by its own name, several by their group's or by a pattern.
pub(in crate::plan) fn called(raw: &Raw, scope: &Scope<'_>) -> Result<Vec<Called>, String> {
    let offers = &scope.catalog.maps;
    let mut terms: Vec<Term> = offers.iter().map(|offer| offer.term).collect();
    for offer in offers {
        if let Some(group) = offer.group
            && !terms.iter().any(|term| term.name == group)
        {
            terms.push(Term { name: group, ..offer.term });
        }
    }
    let Calls { calls, by_pattern } = calls(raw, "map", &terms, scope)?;
    let mut maps: Vec<Called> = Vec::new();
    let mut missing = None;
    for call in calls {
        let meant = offers.iter().filter(|offer| offer.term.name == call.name || offer.group == Some(call.name));
        for &offer in meant {
            let name = offer.term.name;
            match offer.missing.filter(|_| by_pattern) {
                Some(why) => {
                    missing.get_or_insert_with(|| format!("{name}: {why}"));
                    scope.leave_out(name, why.to_owned());
                }
                // A pattern may match a group and each of its maps.
                None if by_pattern && maps.iter().any(|map| map.offer.term.name == name) => {}
                None => maps.push(Called { offer, call: Call { name, ..call.clone() }, by_pattern }),
            }
        }
    }
    match missing {
        Some(why) if maps.is_empty() => Err(why),
        _ => Ok(maps),
    }
}
