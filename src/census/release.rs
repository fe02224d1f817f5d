//! Which Go built the program, and where its runtime keeps what is read here.

use super::memory::Memory;

/// Where the fields of the runtime's structs lie, in bytes. Source: `runtime/mheap.go` of Go 1.21 to 1.27.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    /// Maps of groups and tables, or of buckets.
    pub maps: Maps,
    /// Of `heapArena`: `spans`.
    pub arena_spans: u64,
    /// Of `mspan`, from `freeindex` on.
    pub span: SpanFields,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maps {
    Swiss,
    Classic,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SpanFields {
    pub alloc_bits: usize,
    pub class: usize,
    pub state: usize,
    pub elem_bytes: usize,
    /// Of a single large object; up to Go 1.21 no object has a type.
    pub large_type: Option<usize>,
    /// `freeindex` and `nelems` are words, not halves.
    pub wide: bool,
}

const SINCE_1_22: SpanFields =
    SpanFields { alloc_bits: 64, class: 98, state: 99, elem_bytes: 104, large_type: Some(152), wide: false };
const IN_1_21: SpanFields =
    SpanFields { alloc_bits: 72, class: 106, state: 107, elem_bytes: 112, large_type: None, wide: true };
/// In Go 1.21 a bit for each word of an arena, and one for each 64 of these, come first.
const ARENA_SPANS_IN_1_21: u64 = (1 << 20) + (1 << 14);

impl Release {
    /// Whether objects over 512 bytes that have pointers name their type.
    pub(super) fn has_types(&self) -> bool {
        self.span.large_type.is_some()
    }

    /// Of `go1.27.3`, or `go1.26.1-X:jsonv2`. `None` where they aren't known.
    pub(super) fn of(version: &str) -> Option<Release> {
        let minor: u32 = version.strip_prefix("go1.")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        let off = version.split([':', ',']).any(|experiment| experiment == "noswissmap");
        let maps = if minor >= 24 { Maps::Swiss } else { Maps::Classic };
        match minor {
            // Their header is another than that of Go 1.23.
            _ if off => None,
            21 => Some(Release { maps, arena_spans: ARENA_SPANS_IN_1_21, span: IN_1_21 }),
            22..=27 => Some(Release { maps, arena_spans: 0, span: SINCE_1_22 }),
            _ => None,
        }
    }
}

/// The version of Go in the program's build information (`debug/buildinfo`).
pub(super) fn version_of(memory: &Memory) -> Option<String> {
    const MAGIC: &[u8] = b"\xff Go buildinf:";
    const ALIGN: usize = 16;
    const FLAGS: usize = 15;
    /// The version follows the head, its length first.
    const INLINE: u8 = 2;
    const HEAD_BYTES: usize = 32;
    const LENGTH_MAX: usize = 100;
    let mut found = None;
    for region in memory.data() {
        memory.scan(region.start, region.end, 256, |_, bytes| {
            let blocks = bytes.chunks(ALIGN).enumerate().filter(|(_, block)| block.starts_with(MAGIC));
            for (index, _) in blocks {
                let head = &bytes[index * ALIGN..];
                let is_inline = head.get(FLAGS).is_some_and(|flags| flags & INLINE != 0);
                let length = head.get(HEAD_BYTES).map_or(0, |&length| usize::from(length));
                let text = head.get(HEAD_BYTES + 1..HEAD_BYTES + 1 + length).filter(|_| is_inline);
                let text = text.filter(|text| (1..=LENGTH_MAX).contains(&text.len()) && text.starts_with(b"go"));
                found = found.take().or_else(|| text.map(|text| String::from_utf8_lossy(text).into_owned()));
            }
        });
        if found.is_some() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_the_maps_that_they_were_built_with() {
        let maps = |version| Release::of(version).map(|release| release.maps);
        assert_eq!(maps("go1.27.3"), Some(Maps::Swiss));
        assert_eq!(maps("go1.24rc1 X:greenteagc"), Some(Maps::Swiss));
        assert_eq!(maps("go1.27.3-X:mapsplitgroup"), Some(Maps::Swiss));
        assert_eq!(maps("go1.24.11 X:aliastypeparams,noswissmap"), None);
        assert_eq!(maps("go1.21"), Some(Maps::Classic));
        assert_eq!([maps("go1.20.1"), maps("go1.28"), maps("devel go1.27-abc"), maps("")], [None; 4]);
    }
}
