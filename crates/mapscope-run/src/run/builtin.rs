//! The maps that ship, each compiled with every common entry: most of what building this crate costs.

use std::marker::PhantomData;
use std::rc::Rc;

use super::subjects::{Of, OfConcurrent, OfShared, Origin, Subjects};
use crate::engines::ENGINES;
use crate::maps::{self, ConcurrentFamily, Family, FamilyVisitor};

impl Subjects {
    /// The maps that ship.
    pub fn builtin() -> Subjects {
        let mut subjects = Subjects { subjects: Vec::new() };
        maps::each(&mut subjects);
        ENGINES.iter().for_each(|engine| subjects.subjects.extend((engine.unfound)(None)));
        subjects
    }
}

impl FamilyVisitor for Subjects {
    fn visit<F: Family>(&mut self) {
        self.subjects.push(Rc::new(Of::<F>(Origin::Ships, PhantomData)));
    }

    fn visit_concurrent<F: Family + ConcurrentFamily>(&mut self) {
        self.subjects.push(Rc::new(OfConcurrent::<F>(Origin::Ships, PhantomData)));
    }

    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
        self.subjects.push(Rc::new(OfShared::<F>(Origin::Ships, PhantomData)));
    }
}
