//! The schema of a Parquet file, looked at before anything is made of it: what reads it goes as deep as it is nested, and
//! takes memory for as many children as it names.

/// Deeper than anybody nests.
const DEPTH_MAX: usize = 64;

/// Whether the schema in a file's footer, in Thrift's compact protocol, names no more than it has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(footer: &[u8]) -> Result<(), String> {
    walk(&mut Thrift(footer)).unwrap_or_else(|| Err("its schema is cut off".to_owned()))
}

/// `None` where it ends too early.
fn walk(footer: &mut Thrift<'_>) -> Option<Result<(), String>> {
    const SCHEMA: i64 = 2;
    const CHILDREN: i64 = 5;
    let mut id = 0;
    let elements = loop {
        match footer.field(&mut id)? {
            None => return Some(Err("it has no schema".to_owned())),
            Some(LIST) if id == SCHEMA => break footer.list()?,
            Some(_) if id == SCHEMA => return Some(Err("its schema is none".to_owned())),
            Some(kind) => footer.skip(kind, 0)?,
        }
    };
    let (count, kind) = elements;
    if kind != STRUCT {
        return Some(Err("its schema is none".to_owned()));
    }
    // Of each group that is not at its end, how many children are to come.
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..count {
        let (mut id, mut children) = (0, 0);
        while let Some(kind) = footer.field(&mut id)? {
            match kind {
                I32 if id == CHILDREN => children = footer.number()?,
                // Whoever reads it next goes by the number of a field, and not by its type.
                _ if id == CHILDREN => {
                    return Some(Err("how many columns a group of its schema has is no number of 32 bits".to_owned()));
                }
                kind => footer.skip(kind, 0)?,
            }
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children < 0 || children as u64 > count {
            return Some(Err(format!("a group of its schema has {children} of {count} columns")));
        }
        if children > 0 {
            open.push(children as u64);
        }
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > DEPTH_MAX {
            return Some(Err(format!("its columns are nested more than {DEPTH_MAX} deep")));
        }
    }
    Some(Ok(()))
}

const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// What is left of something in Thrift's compact protocol.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The type of a structure's next field, whose number becomes `id`; `Some(None)` at its end.
    #[expect(clippy::option_option, reason = "an end is no early end")]
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *id = match head >> 4 {
            0 => self.number()?,
            more => id.checked_add(more.into())?,
        };
        Some(Some(head & 0x0f))
    }

    /// How many items a list has, and their type.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.unsigned()? } else { (head >> 4).into() };
        Some((count, head & 0x0f))
    }

    fn skip_bytes(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Passes over a value of this type.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        const IN_A_LIST: u8 = 1;
        if depth > DEPTH_MAX {
            return None;
        }
        match kind {
            // True and false are their own types but in lists, where they take a byte.
            1 | 2 => (),
            3 => self.skip_bytes(1)?,
            4..=6 => _ = self.unsigned()?,
            7 => self.skip_bytes(8)?,
            8 => {
                let length = self.unsigned()?;
                self.skip_bytes(length)?;
            }
            LIST | 10 => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    if kind <= 2 { self.skip_bytes(IN_A_LIST.into())? } else { self.skip(kind, depth + 1)? }
                }
            }
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            // Maps are in no footer.
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with version 1 and these elements, each a name of a letter and so many children.
    fn footer(children: &[i32]) -> Vec<u8> {
        let mut bytes = vec![0x15, 2, 0x19, 0xfc];
        let varint = |bytes: &mut Vec<u8>, mut number: u32| {
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        };
        varint(&mut bytes, children.len() as u32);
        for &count in children {
            bytes.extend([0x48, 1, b'a', 0x15]);
            varint(&mut bytes, (count << 1 ^ count >> 31) as u32);
            bytes.push(0);
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn a_schema_names_what_it_has_and_is_not_too_deep() {
        assert_eq!(check(&footer(&[2, 0, 1, 0])), Ok(()));
        assert_eq!(check(&footer(&[1 << 30, 0])).unwrap_err(), "a group of its schema has 1073741824 of 2 columns");
        assert_eq!(check(&footer(&[-1])).unwrap_err(), "a group of its schema has -1 of 1 columns");
        let mut wide = footer(&[2, 0, 1, 0]);
        let children = wide.iter().rposition(|&byte| byte == 0x15).unwrap();
        wide[children] = 0x16;
        assert!(check(&wide).unwrap_err().contains("is no number of 32 bits"), "as 64 bits");
        let mut set = footer(&[1, 0]);
        set[2] = 0x1a;
        assert_eq!(check(&set).unwrap_err(), "its schema is none", "as a set");
        let chain = |depth: usize| [vec![1; depth], vec![0]].concat();
        assert_eq!(check(&footer(&chain(DEPTH_MAX))), Ok(()));
        assert_eq!(check(&footer(&chain(1 << 20))).unwrap_err(), "its columns are nested more than 64 deep");
        assert_eq!(check(&footer(&[2, 0])[..8]).unwrap_err(), "its schema is cut off");
        assert_eq!(check(&[0x15, 2, 0]).unwrap_err(), "it has no schema");
        assert_eq!(check(&[0x1c; 1000]).unwrap_err(), "its schema is cut off", "structures without end");
    }
}
