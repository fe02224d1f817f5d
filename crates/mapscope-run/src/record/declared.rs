//! What maps declare: a name comes once in a cell, and means one thing in a record.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cell, Quantity};

/// What is wrong with the quantities that a map declares; `None` where nothing is.
pub fn flaw(declared: &[Quantity]) -> Option<String> {
    let mut names = BTreeSet::new();
    declared.iter().find_map(|quantity| {
        let twice = || (!names.insert(&quantity.name)).then(|| format!("the quantity {} comes twice", quantity.name));
        quantity.flaw().or_else(twice)
    })
}

/// The first cell that declares a quantity otherwise than one before it, by its index, and what is wrong with that.
pub fn contradiction(cells: &[Cell]) -> Option<(usize, String)> {
    let mut known = BTreeMap::new();
    let counts = cells.iter().enumerate().filter_map(|(index, cell)| Some((index, cell.count.as_ref()?)));
    let mut declared = counts.flat_map(|(index, count)| count.declared.iter().map(move |quantity| (index, quantity)));
    declared.find_map(|(index, quantity)| {
        let (first, said) = known.entry(&quantity.name).or_insert((index, quantity));
        let differs = || format!("the quantity {} is not what cells[{first}] declares it to be", quantity.name);
        (*said != quantity).then(|| (index, differs()))
    })
}
