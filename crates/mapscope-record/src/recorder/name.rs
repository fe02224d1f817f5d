//! Names of types, short enough to be read.

/// The name of a type without the paths to what is the standard library's or this crate's: `HashMap<String, app::Key>`.
pub(crate) fn short(name: &str) -> String {
    let (mut to, mut rest) = (String::new(), name);
    while !rest.is_empty() {
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
        let (path, after) = rest.split_at(end);
        let is_known = ["std::", "core::", "alloc::", "mapscope_record::"].iter().any(|root| path.starts_with(root));
        to += match is_known {
            true => path.rsplit("::").next().unwrap_or(path),
            false => path,
        };
        let next = after.find(is_path).unwrap_or(after.len());
        to += &after[..next];
        rest = &after[next..];
    }
    to
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn paths_of_others_stay() {
        assert_eq!(short("u64"), "u64");
        assert_eq!(short("alloc::vec::Vec<alloc::string::String>"), "Vec<String>");
        assert_eq!(short("(app::a::Key, &str)"), "(app::a::Key, &str)");
        assert_eq!(short("mapscope_record::maps::hash_map::HashMap<u8, [core::x::Y; 4]>"), "HashMap<u8, [Y; 4]>");
    }
}
