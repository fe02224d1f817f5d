//! The cells of a table: the product of its lists.

use super::axes::{self, AXES, Absent, Axis, Draft, Put, Scope, Unfit};
use super::cell::CellSpec;
use super::place::{PlanError, Raw};
use super::wire::{PAIR, Table};
use super::{Catalog, LeftOut, UnknownName};

/// Appends the product of the table's lists, and returns what is left out of it.
pub(super) fn expand(
    table: &Table,
    catalog: &Catalog,
    memory_bytes: u64,
    cells_max: u64,
    cells: &mut Vec<CellSpec>,
) -> Result<Vec<LeftOut>, PlanError> {
    let mut scope = Scope::new(catalog, memory_bytes);
    scope.maps = table.needed("map", |raw| axes::called(raw, &scope))?.into_iter().flatten().collect();
    axes::check(&table.lists)?;
    let lists = AXES.iter().map(|axis| items(axis, table, &scope)).collect::<Result<Vec<_>, _>>()?;
    let loops = loops(table, &lists)?;

    // Before anything is made as many times.
    let product = loops.iter().fold(1, |product: u64, walked| product.saturating_mul(walked.length as u64));
    let meant = product.saturating_add(cells.len() as u64);
    if meant > cells_max {
        let what = format!(
            "the lists multiply to {meant} cells, and a plan has {cells_max} at the most: shorten them, or raise \
             max_cells in the profile, or --max-cells"
        );
        return Err(table.place.error(what));
    }
    let before = cells.len();
    let mut refused = None;
    for number in 0..product {
        let mut left = number;
        let mut chosen: Chosen<'_> = [None; AXES.len()];
        for walked in loops.iter().rev() {
            let at = (left % walked.length as u64) as usize;
            for &axis in &walked.axes {
                chosen[axis] = lists[axis].get(at).or(lists[axis].first());
            }
            left /= walked.length as u64;
        }
        match cell(&chosen, table, &scope)? {
            Ok(cell) => cells.push(cell),
            Err(error) => drop(refused.get_or_insert(error)),
        }
    }
    match refused {
        Some(error) if cells.len() == before => Err(error),
        _ => Ok(scope.into_left_out()),
    }
}

/// A value that is written in a list, or that a default stands for.
struct Item {
    raw: Raw,
    put: Put,
}

/// A list that is walked while a plan is made; or several side by side, a list of one value staying at it.
struct Loop {
    /// By index.
    axes: Vec<usize>,
    length: usize,
}

/// The loops that make the cells of a table, the outermost first.
fn loops(table: &Table, lists: &[Vec<Item>]) -> Result<Vec<Loop>, PlanError> {
    let pair = pair(table, lists)?;
    let alone = (0..AXES.len()).filter(|axis| !pair.contains(axis)).map(|axis| vec![axis]);
    let walked = |axes: Vec<usize>| {
        let length = axes.iter().map(|&axis| lists[axis].len()).max().unwrap_or(0);
        Loop { axes, length }
    };
    let mut loops: Vec<Loop> = alone.chain([pair.clone()]).map(walked).filter(|walked| walked.length > 0).collect();
    loops.sort_by_key(|walked| walked.axes.iter().map(|&axis| AXES[axis].depth).min());
    Ok(loops)
}

/// The axes, by index, whose lists go together element by element.
fn pair(table: &Table, lists: &[Vec<Item>]) -> Result<Vec<usize>, PlanError> {
    let mut pair: Vec<usize> = Vec::new();
    for raw in table.lists.get(PAIR).into_iter().flatten() {
        let key = raw.text.replace('-', "_");
        let Some(axis) = AXES.iter().position(|axis| axis.key == key) else {
            return Err(raw.place.error(UnknownName::new("axis", &raw.text, AXES.iter().map(|axis| axis.key))));
        };
        if pair.contains(&axis) {
            return Err(raw.place.error(format!("{key} is named twice")));
        }
        if !table.lists.contains_key(AXES[axis].key) {
            return Err(raw.place.error(format!("{key} is not given, and only lists that are given can go together")));
        }
        let long = |&other: &usize| lists[other].len() > 1 && lists[other].len() != lists[axis].len();
        if let Some(&other) = pair.iter().find(|other| long(other)).filter(|_| lists[axis].len() > 1) {
            return Err(raw.place.error(format!(
                "{} has {} values and {key} has {}: lists that go together are equally long",
                AXES[other].key,
                lists[other].len(),
                lists[axis].len()
            )));
        }
        pair.push(axis);
    }
    match table.lists.get(PAIR) {
        Some(list) if pair.len() < 2 => Err(list[0].place.error("needs two axes or more, as in \"ops\", \"hint\"")),
        _ => Ok(pair),
    }
}

/// For each axis its value in a cell; `None` where it has none.
type Chosen<'a> = [Option<&'a Item>; AXES.len()];

/// The values of an axis in a table.
fn items(axis: &Axis, table: &Table, scope: &Scope<'_>) -> Result<Vec<Item>, PlanError> {
    let default = |text: &str| vec![Raw { text: text.to_owned(), place: table.place.clone() }];
    let list = match (table.lists.get(axis.key), axis.absent) {
        (Some(list), _) => list.clone(),
        (None, Absent::Default(text)) => default(text),
        (None, Absent::Open(_)) => Vec::new(),
        (None, Absent::NeededWithoutTrace) if table.lists.contains_key("trace") => Vec::new(),
        (None, Absent::NeededWithoutTrace) if axis.key == "ops" && axes::are_of_files(&table.lists) => Vec::new(),
        (None, Absent::Needed | Absent::NeededWithoutTrace) => return Err(table.missing(axis.key)),
    };
    let mut items = Vec::new();
    for raw in list {
        let puts = (axis.read)(&raw, scope).map_err(|what| raw.place.error(what))?;
        items.extend(puts.into_iter().map(|put| Item { raw: raw.clone(), put }));
    }
    Ok(items)
}

/// The cell of these values; why it is left out, where it is, for a map that a pattern matched.
fn cell(chosen: &Chosen<'_>, table: &Table, scope: &Scope<'_>) -> Result<Result<CellSpec, PlanError>, PlanError> {
    let mut draft = Draft::new(&scope.maps[0]);
    for item in chosen.iter().flatten() {
        (item.put)(&mut draft);
    }
    for (axis, item) in AXES.iter().zip(chosen) {
        let raw = item.map(|item| &item.raw);
        let Err(Unfit { what, of_map }) = (axis.settle)(&mut draft, scope, raw) else { continue };
        let error = raw.map_or(&table.place, |raw| &raw.place).error(what);
        let Some(why) = of_map.filter(|_| draft.by_pattern) else { return Err(error) };
        scope.leave_out(draft.cell.map.name, why);
        return Ok(Err(error));
    }
    Ok(Ok(draft.cell))
}
