//! What a verdict is of: the cells of runs, or the places of recordings.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use crate::record::CellId;

/// What figures are held against each other of.
pub trait Subject: fmt::Display + Serialize {
    /// The word for one.
    const NOUN: &'static str;

    /// The order of identities; equal ones are the same.
    fn order<'a>(&'a self, other: &'a Self) -> Ordering;

    /// What it shares with others, for systems that group.
    fn group(&self) -> String;

    /// Its file and line, where it is a line of a source.
    fn line(&self) -> Option<(&str, &str)>;
}

impl Subject for CellId {
    const NOUN: &'static str = "cell";

    fn order<'a>(&'a self, other: &'a CellId) -> Ordering {
        self.key().cmp(&other.key())
    }

    fn group(&self) -> String {
        self.workload()
    }

    fn line(&self) -> Option<(&str, &str)> {
        None
    }
}

/// The maps of one type that one line of a program makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PlaceId {
    /// File and line: `go/printer/printer.go:1426`.
    pub at: String,
    /// The function that they are in.
    pub function: String,
    /// The type of the maps.
    #[serde(rename = "type")]
    pub ty: String,
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.ty)
    }
}

impl Subject for PlaceId {
    const NOUN: &'static str = "place";

    fn order<'a>(&'a self, other: &'a PlaceId) -> Ordering {
        self.cmp(other)
    }

    fn group(&self) -> String {
        self.function.clone()
    }

    fn line(&self) -> Option<(&str, &str)> {
        self.at.rsplit_once(':')
    }
}

/// A subject as its identity.
pub(super) struct Identity<'a, Id>(pub &'a Id);

impl<Id: Subject> Ord for Identity<'_, Id> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(other.0)
    }
}

impl<Id: Subject> PartialOrd for Identity<'_, Id> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<Id: Subject> PartialEq for Identity<'_, Id> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<Id: Subject> Eq for Identity<'_, Id> {}
