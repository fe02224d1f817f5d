//! libCacheSim's oracleGeneral traces, as the module above describes them.

use std::path::Path;

use crate::workload::input::Input;
use crate::workload::{Kind, Op, WorkloadError};

/// Whether a file is called as these are: `x.oracleGeneral`, `x.oraclegeneral.bin`, `x.oracleGeneral.zst`. The bytes
/// themselves tell nothing.
pub fn is_named(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').skip(1).any(|part| part.eq_ignore_ascii_case("oraclegeneral"))
}

/// The next request; `None` at the end.
pub(super) fn next(input: &mut Input) -> Result<Option<Op>, WorkloadError> {
    let Some(record) = input.next_record::<24>("oracleGeneral requests")? else {
        return Ok(None);
    };
    let key = u64::from_le_bytes(record[4..12].try_into().expect("8 bytes"));
    let size = u32::from_le_bytes(record[12..16].try_into().expect("4 bytes"));
    Ok(Some(Op { kind: Kind::Put, key, value: 0, hash: 0, value_bytes: size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_recognised_by_their_extension() {
        for name in ["a.oracleGeneral", "b/x.oraclegeneral.bin", "x.oracleGeneral.bin.zst", "x.y.ORACLEGENERAL.gz"] {
            assert!(is_named(Path::new(name)), "{name}");
        }
        for name in ["oracleGeneral", "x.csv", "x.oracleGeneral2.bin", "a.oracleGeneral/x.csv", ".."] {
            assert!(!is_named(Path::new(name)), "{name}");
        }
    }
}
