use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn claimed(out: &Path) -> Staged {
    Staged::at(out).unwrap()
}

fn refused(out: &Path) -> String {
    format!("{:#}", Staged::at(out).err().expect("refused"))
}

fn fill(staged: &Staged) {
    fs::create_dir(staged.path().join("flame")).unwrap();
    for name in ["index.html", LAST, "flame/a.svg", "zzz"] {
        fs::write(staged.path().join(name), name).unwrap();
    }
}

const FILLED: [&str; 4] = ["flame", "index.html", LAST, "zzz"];

#[test]
fn what_is_not_there_appears_whole_and_what_is_dropped_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("a/b/out");
    drop(claimed(&out));
    assert!(names(place.path()).is_empty());
    let staged = claimed(&out);
    assert_eq!(names(&place.path().join("a/b")), ["out.partial"]);
    fill(&staged);
    assert_eq!(staged.publish().unwrap(), out);
    assert_eq!(
        (names(&place.path().join("a/b")), names(&out)),
        (vec!["out".to_owned()], FILLED.map(str::to_owned).into())
    );
}

#[test]
fn a_name_is_one_process_s() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let first = claimed(&out);
    assert!(refused(&out).ends_with("out.partial; name another folder with --out"), "{}", refused(&out));
    first.publish().unwrap();
    // Published, it is not empty once there is anything in it.
    fs::write(out.join("file"), "").unwrap();
    assert!(refused(&out).contains("is not empty"));
}

#[test]
fn of_many_at_once_one_has_it() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let claimed: Vec<Option<Staged>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| Staged::at(&out).ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(claimed.iter().flatten().count(), 1);
    assert_eq!(names(place.path()), ["out.partial"]);
}

#[test]
fn what_a_killed_run_left_stays_and_the_next_name_serves() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let left = place.path().join("out.partial");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("cells.jsonl"), "{}\n").unwrap();
    let staged = claimed(&out);
    assert_eq!(staged.path(), place.path().join("out.partial-2"));
    assert!(refused(&out).contains("out.partial-2"), "{}", refused(&out));
    staged.publish().unwrap();
    assert_eq!(
        (names(place.path()), names(&left)),
        (vec!["out".into(), "out.partial".into()], vec!["cells.jsonl".into()])
    );
    // Whatever else is there under that name: a link, a pipe, a file.
    for (name, make) in [("link", link as fn(&Path)), ("file", file), ("dangling", dangling)] {
        let partial = place.path().join(format!("{name}.partial"));
        make(&partial);
        let staged = claimed(&place.path().join(name));
        assert!(staged.path().ends_with(format!("{name}.partial-2")), "{name}");
        assert!(partial.symlink_metadata().is_ok());
    }
    fn link(at: &Path) {
        std::os::unix::fs::symlink("/", at).unwrap();
    }
    fn dangling(at: &Path) {
        std::os::unix::fs::symlink("nowhere", at).unwrap();
    }
    fn file(at: &Path) {
        fs::write(at, "").unwrap();
    }
}

#[test]
fn what_a_user_has_called_so_stays_and_is_no_run() {
    let place = tempfile::tempdir().unwrap();
    let (out, theirs) = (place.path().join("out"), place.path().join("out.partial"));
    fs::create_dir(&theirs).unwrap();
    // Empty, it serves, and stays in either case.
    let staged = claimed(&out);
    assert_eq!(staged.path(), theirs);
    fill(&staged);
    drop(staged);
    assert_eq!((names(place.path()), names(&theirs)), (vec!["out.partial".into()], vec![]));
    let staged = claimed(&out);
    fill(&staged);
    staged.publish().unwrap();
    assert_eq!((names(&out), names(&theirs)), (FILLED.map(str::to_owned).into(), vec![]));
    fs::remove_dir_all(&out).unwrap();
    // With something in it, even a record, the next name serves, and nothing is to be resumed.
    fs::write(theirs.join(LAST), "theirs").unwrap();
    assert_eq!(claimed(&out).path(), place.path().join("out.partial-2"));
    let why = Staged::resume(&out, None, false).err().expect("there is none").to_string();
    assert!(why.contains("out: cannot be read"), "{why}");
    assert_eq!((names(place.path()), names(&theirs)), (vec!["out.partial".into()], vec![LAST.into()]));
    // Within a folder, it is something that is there.
    fs::create_dir_all(out.join("partial-2/inside")).unwrap();
    assert!(refused(&out).contains("is not empty"));
    assert_eq!(names(&out), ["partial-2"]);
}

#[test]
fn what_another_run_has_just_made_is_whoever_holds_it_first() {
    let place = tempfile::tempdir().unwrap();
    let (out, made) = (place.path().join("out"), place.path().join("out.partial"));
    std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o1777).create(&made).unwrap();
    let staged = claimed(&out);
    assert_eq!(staged.path(), made);
    fill(&staged);
    staged.publish().unwrap();
    assert_eq!(names(place.path()), ["out"]);
    let mode = |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions());
    fs::create_dir(place.path().join("plain")).unwrap();
    assert_eq!(mode(&out), mode(&place.path().join("plain")));
}

#[test]
fn of_several_unfinished_runs_the_one_to_resume_is_named() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    for name in ["out.partial", "out.partial-2", "out.partial-old", "other.partial", "out/partial"] {
        fs::create_dir_all(place.path().join(name)).unwrap();
        fs::write(place.path().join(name).join("cells.jsonl"), "").unwrap();
    }
    let why = Staged::resume(&out, None, false).err().expect("which?").to_string();
    let at = place.path().display();
    assert_eq!(
        why,
        format!(
            "{at}/out: 3 runs are unfinished: {at}/out/partial, {at}/out.partial, {at}/out.partial-2; give one of them"
        )
    );
    let second = place.path().join("out.partial-2");
    fs::remove_dir_all(&out).unwrap();
    assert_eq!(Staged::resume(&second, None, false).unwrap().expect("it").destination(), out);
    // One alone is meant, whatever its number.
    fs::remove_dir_all(place.path().join("out.partial")).unwrap();
    assert_eq!(Staged::resume(&out, None, false).unwrap().expect("it").path(), second);
}

#[test]
fn an_empty_folder_and_a_link_to_one_are_finished_into() {
    let place = tempfile::tempdir().unwrap();
    let (plain, link) = (place.path().join("plain"), place.path().join("link"));
    fs::create_dir(&plain).unwrap();
    let linked = place.path().join("linked");
    fs::create_dir(&linked).unwrap();
    // As file systems that are just made have it.
    fs::create_dir(linked.join("lost+found")).unwrap();
    std::os::unix::fs::symlink("linked", &link).unwrap();
    for (out, mut there) in [(&plain, vec![]), (&link, vec!["lost+found".to_owned()])] {
        use std::os::unix::fs::MetadataExt as _;
        let before = fs::metadata(out).unwrap().ino();
        let staged = claimed(out);
        assert_eq!(staged.path(), out.join(PARTIAL));
        assert!(refused(out).contains("another mapscope is at work on it"));
        fill(&staged);
        staged.publish().unwrap();
        there.extend(FILLED.map(str::to_owned));
        there.sort();
        assert_eq!(names(out), there);
        assert_eq!(fs::metadata(out).unwrap().ino(), before, "the very folder");
    }
    assert!(link.is_symlink());
    drop(place);
}

#[test]
fn what_can_t_be_is_refused_before_anything_is_made() {
    let place = tempfile::tempdir().unwrap();
    let long = "x".repeat(256);
    fs::write(place.path().join("file"), "").unwrap();
    for (name, word) in [
        (long.as_str(), "File name too long"),
        (&long[..250], "File name too long"),
        ("file", "is not a folder"),
        ("file/out", "Not a directory"),
        ("new/..", "can't be written"),
    ] {
        let why = refused(&place.path().join(name));
        assert!(why.contains(word) && why.contains("--out"), "{why}");
    }
    assert!(refused(Path::new("/proc/out")).contains("can't be written"));
    assert_eq!(names(place.path()), ["file"]);
}

#[test]
fn what_is_finished_stays_where_it_is_said_to_lie() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let staged = claimed(&out);
    fill(&staged);
    // Somebody else's, come meanwhile.
    fs::create_dir(&out).unwrap();
    fs::write(out.join("theirs"), "").unwrap();
    let why = format!("{:#}", staged.publish().unwrap_err());
    assert!(why.contains("out: what is finished can't be moved here and lies in "), "{why}");
    assert!(why.contains("out.partial: Directory not empty"), "{why}");
    assert_eq!(
        (names(&out), names(&place.path().join("out.partial"))),
        (vec!["theirs".into()], FILLED.map(str::to_owned).into())
    );
    // The same within a folder that was empty.
    let inside = place.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let staged = claimed(&inside);
    fill(&staged);
    fs::write(inside.join("index.html"), "theirs").unwrap();
    let why = format!("{:#}", staged.publish().unwrap_err());
    assert!(why.contains("inside/partial: index.html came meanwhile"), "{why}");
    assert_eq!(fs::read(inside.join("index.html")).unwrap(), b"theirs");
    assert_eq!(names(&inside.join(PARTIAL)), FILLED);
}

#[test]
fn where_a_run_goes_on_is_where_it_was_to_be() {
    for (folder, destination) in [
        ("a/out.partial", "a/out"),
        ("out.partial-12", "out"),
        ("a/partial", "a"),
        ("a/partial-2", "a"),
        ("partial", "."),
        ("out", "out"),
        ("impartial", "impartial"),
        ("out.partial-x", "out.partial-x"),
        ("out-2", "out-2"),
        (".partial", ".partial"),
        (".", "."),
    ] {
        assert_eq!(destination_of(Path::new(folder)), Path::new(destination), "{folder}");
    }
}

#[test]
fn a_run_goes_on_where_it_was_or_where_it_is_told_and_what_was_torn_is_gone() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let left = |folder: &Path| {
        fs::create_dir_all(folder.join("flame")).unwrap();
        for name in ["cells.jsonl", LAST, ".mapscope-x.tmp", "flame/.mapscope-y.tmp", "flame/a.svg", "x.tmp"] {
            fs::write(folder.join(name), name).unwrap();
        }
    };
    let resumed =
        |given: &Path, out: Option<&Path>| Staged::resume(given, out, false).unwrap().expect("something to resume");
    let whole = ["cells.jsonl", "flame", LAST, "x.tmp"];
    // By the name that was asked for, by its own, and into another.
    for (given, into) in [("out", None), ("out.partial", None), ("out.partial", Some("new"))] {
        left(&place.path().join("out.partial"));
        let into = into.map(|name| place.path().join(name));
        let staged = resumed(&place.path().join(given), into.as_deref());
        let held = Staged::resume(&out, None, false).err().expect("one at a time").to_string();
        assert!(held.ends_with("out.partial: another mapscope is at work on it"), "{held}");
        let published = staged.publish().unwrap();
        assert_eq!(published, into.unwrap_or(out.clone()));
        assert_eq!(
            (names(&published), names(&published.join("flame"))),
            (whole.map(str::to_owned).into(), vec!["a.svg".into()])
        );
        fs::remove_dir_all(published).unwrap();
        assert!(names(place.path()).is_empty());
    }
    // Inside of its folder, and in place.
    left(&out.join("partial"));
    assert_eq!(resumed(&out, None).publish().unwrap(), out);
    assert_eq!(names(&out), whole);
    assert_eq!(resumed(&out, None).publish().unwrap(), out);
    assert_eq!(names(&out), whole);
    // What is dropped stays.
    left(&place.path().join("out.partial"));
    fs::remove_file(out.join("cells.jsonl")).unwrap();
    let taken =
        Staged::resume(&place.path().join("out.partial"), None, false).err().expect("something is there").to_string();
    assert!(taken.contains("out: is not empty"), "{taken}");
    drop(resumed(&place.path().join("out.partial"), Some(&place.path().join("new"))));
    assert_eq!(names(&place.path().join("out.partial")), whole);
}

/// A record of no cell, as `report` would write it.
fn record(at: &Path) {
    let mut results = read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden_cells/record.json"))).unwrap();
    results.cells.clear();
    fs::create_dir_all(at).unwrap();
    let formats: Vec<_> = crate::report::FORMATS.iter().filter(|format| format.always).collect();
    output::write_reports(at, &formats, &results).unwrap();
}

#[test]
fn a_record_is_replaced_when_the_next_one_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    record(&out);
    fs::write(out.join("cells.jsonl"), "").unwrap();
    let before = names(&out);
    assert!(refused(&out).contains("is not empty"));
    drop(Staged::replacing(&out).unwrap());
    assert_eq!((names(place.path()), names(&out)), (vec!["out".to_owned()], before), "not begun, nothing is lost");
    let staged = Staged::replacing(&out).unwrap();
    fill(&staged);
    assert_eq!(staged.publish().unwrap(), out);
    assert_eq!((names(place.path()), names(&out)), (vec!["out".to_owned()], FILLED.map(str::to_owned).into()));
    // Where nothing is, there is nothing to replace.
    for free in [place.path().join("new"), out.join("..").join("made")] {
        let staged = Staged::replacing(&free).unwrap();
        fill(&staged);
        staged.publish().unwrap();
    }
}

#[test]
fn a_run_that_is_to_replace_a_record_goes_on_to_do_so() {
    let place = tempfile::tempdir().unwrap();
    let (out, left) = (place.path().join("out"), place.path().join("out.partial"));
    record(&out);
    // As an interrupted run leaves it, which has more to do.
    fs::write(out.join("cells.jsonl"), "").unwrap();
    fs::write(out.join("12-least-7"), "").unwrap();
    fs::create_dir(&left).unwrap();
    fs::write(left.join("cells.jsonl"), "").unwrap();
    assert!(Staged::resume(&left, None, false).err().expect("taken").to_string().contains("out: is not empty"));
    let staged = Staged::resume(&left, None, true).unwrap().expect("something to resume");
    assert!(staged.replaces());
    fill(&staged);
    assert_eq!(staged.publish().unwrap(), out);
    assert_eq!(names(place.path()), ["out"]);
    // Where nothing is in the way, there is nothing to replace.
    let free = Staged::resume(&out, Some(&place.path().join("new")), true).unwrap().expect("something to resume");
    assert!(!free.replaces());
    // Its name while it is replaced is taken: that is said before anything is run.
    record(&place.path().join("other"));
    fs::write(place.path().join("other.replaced"), "").unwrap();
    let said = Staged::replacing(&place.path().join("other")).err().expect("refused").to_string();
    assert!(said.contains("other.replaced is in the way"), "{said}");
}

#[test]
fn what_is_no_record_or_more_than_one_is_not_replaced() {
    let place = tempfile::tempdir().unwrap();
    let said = |out: &Path| format!("{:#}", Staged::replacing(out).err().expect("refused"));
    let [home, more, link, file] = ["home", "more", "link", "file"].map(|name| place.path().join(name));
    fs::create_dir(&home).unwrap();
    fs::write(home.join("thesis.tex"), "").unwrap();
    assert!(said(&home).contains("only a record of mapscope is replaced"), "{}", said(&home));
    record(&more);
    fs::write(more.join("notes.md"), "mine").unwrap();
    assert!(said(&more).contains("more: notes.md is none of the record's files"), "{}", said(&more));
    fs::remove_file(more.join("notes.md")).unwrap();
    std::os::unix::fs::symlink(&more, &link).unwrap();
    assert!(said(&link).contains("can't be renamed"), "{}", said(&link));
    fs::write(&file, "").unwrap();
    assert!(said(&file).contains("is not a folder"), "{}", said(&file));
    // What comes while the run is at work stays, and so does what the run has found out.
    let staged = Staged::replacing(&more).unwrap();
    fill(&staged);
    fs::write(more.join("late.txt"), "mine").unwrap();
    let error = format!("{:#}", staged.publish().unwrap_err());
    assert!(error.contains("lies in") && error.contains("not those that were there"), "{error}");
    assert!(more.join("late.txt").exists() && place.path().join("more.partial").join(LAST).exists());
}
