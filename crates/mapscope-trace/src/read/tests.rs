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

#[test]
#[cfg(not(feature = "parquet"))]
fn a_parquet_file_is_refused_in_words_where_none_can_be_read() {
    struct Empty;
    impl Anywhere for Empty {
        fn len(&self) -> u64 {
            0
        }
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> std::io::Result<()> {
            unreachable!("nothing is read")
        }
    }
    let sample = Sample::new(b"PAR1\x15\x04\x15\x10", true, "t");
    assert_eq!(detect(&sample, &Columns::default()).unwrap().name, "parquet");
    let refused = parquet(Box::new(Empty), &Columns::default()).err().unwrap().what;
    assert!(refused.starts_with("is a Parquet file, which this mapscope was built without"), "{refused}");
    assert!(refused.ends_with("duckdb -c \"copy (from 'IN') to 'OUT.csv'\""), "{refused}");
}
