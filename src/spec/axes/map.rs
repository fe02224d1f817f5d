//! The map under test.

use super::{Absent, Axis, Called, Column, Put, Scope, Value};
use crate::spec::place::Raw;
use crate::spec::{Call, MapOffer, Term};

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
    let put = |Called { offer, call }: Called| -> Put {
        Box::new(move |draft| {
            draft.offer = offer;
            draft.cell.map = call.clone();
        })
    };
    Ok(called(raw, &scope.catalog.maps)?.into_iter().map(put).collect())
}

/// The maps that a call means: one by its own name, several by their group's.
pub(in crate::spec) fn called(raw: &Raw, offers: &[MapOffer]) -> Result<Vec<Called>, String> {
    let mut terms: Vec<Term> = offers.iter().map(|offer| offer.term).collect();
    for offer in offers {
        if let Some(group) = offer.group
            && !terms.iter().any(|term| term.name == group)
        {
            terms.push(Term { name: group, ..offer.term });
        }
    }
    let call = Call::parse(&raw.text, "map", &terms).map_err(|error| error.to_string())?;
    let meant = offers.iter().filter(|offer| offer.term.name == call.name || offer.group == Some(call.name));
    Ok(meant.map(|offer| Called { offer: *offer, call: Call { name: offer.term.name, ..call.clone() } }).collect())
}
