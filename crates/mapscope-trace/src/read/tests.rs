use super::*;

#[test]
fn names_and_words_are_there_and_none_twice() {
    for format in &FORMATS {
        assert_eq!(FORMATS.iter().filter(|other| other.name == format.name).count(), 1, "{}", format.name);
        assert!(
            !format.summary.is_empty() && !format.fills.is_empty() && !format.fills.ends_with('.'),
            "{}",
            format.name
        );
    }
}
