//! Call stacks of a record, as the formats that show them need them.
