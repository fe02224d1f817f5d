//! The words for operations.

use super::Action;

/// What a word asks for, in order.
pub type Verb = &'static [Action];

/// The longest word that is known.
const BYTES_MAX: usize = 16;

/// What a word asks for, in whatever case; none of an unknown word.
#[inline]
pub fn verb(word: &[u8]) -> Option<Verb> {
    // As mapscope writes them.
    match word {
        b"insert" => Some(&[Action::Insert]),
        b"get" => Some(&[Action::Get]),
        b"remove" => Some(&[Action::Remove]),
        _ => synonym(word),
    }
}

fn synonym(word: &[u8]) -> Option<Verb> {
    let mut lower = [0; BYTES_MAX];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"new" => &[Action::New],
        b"insert" | b"put" | b"set" | b"write" | b"add" | b"update" | b"upsert" | b"store" | b"replace"
        | b"overwrite" | b"w" | b"set_lease" | b"cas" | b"incr" | b"decr" | b"append" | b"prepend" => &[Action::Insert],
        b"get" | b"read" | b"find" | b"lookup" | b"fetch" | b"load" | b"search" | b"contains" | b"exists" | b"has"
        | b"r" | b"gets" | b"get_lease" => &[Action::Get],
        b"remove" | b"delete" | b"del" | b"erase" | b"unlink" | b"evict" | b"discard" | b"d" => &[Action::Remove],
        b"clear" | b"flush" | b"flushall" | b"flush_all" | b"reset" => &[Action::Clear],
        // Recordings of `sync.Map` call it after Go's method.
        b"iterate" | b"range" | b"iter" | b"foreach" => &[Action::Iterate],
        b"scan" => &[Action::Scan],
        b"rmw" | b"readmodifywrite" => &[Action::Get, Action::Insert],
        _ => return None,
    })
}
