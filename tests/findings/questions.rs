//! The questions of README.md, each asked by its command of fewer entries and operations: the last screen answers in words.

use std::fs;

use crate::cli_process::Place;

/// The commands, in their order.
fn commands() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("### Questions and the command that answers each\n").expect("the section");
    let (_, commands) = section.split_once("```sh\n").expect("commands");
    let (commands, _) = commands.split_once("```").expect("their end");
    commands.lines().filter_map(|line| line.strip_prefix("mapscope ")).map(str::to_owned).collect()
}

/// Words as a shell splits them.
fn words(command: &str) -> Vec<String> {
    let quoted = command.split('\'').enumerate();
    let words = quoted.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn each_question_is_answered_in_words_on_the_last_screen() {
    let smaller = [
        ("string(24)/200", "string(24)/256"),
        ("3000000", "3000"),
        ("300000", "1500"),
        ("1000000", "3000"),
        ("--hint 0,50000", "--hint 0,3000"),
        ("--ops 50000", "--ops 3000"),
        ("--mix fill", "--mix fill --ops 1500 --rounds 7"),
    ];
    let answers: [&[&str]; 5] = [
        &["3,000 entries take ", " bytes each", " in hashbrown and std after uniform "],
        &["a hint of 3,000 saves go-classic ", " % of the bytes that it allocates on uniform fill (", "; go-swiss "],
        &["On uniform fill, ", " hashbrown-ahash ", " ns an operation, "],
        &[" on trace:accesses.csv@"],
        &[" entries per insert on uniform fill, ", " bytes per byte of payload at the peak on uniform fill, "],
    ];
    let commands = commands();
    assert_eq!(commands.len(), answers.len(), "{commands:?}");
    for (command, answer) in commands.iter().zip(answers) {
        let of_ab = command.starts_with("ab ");
        let mut command = command.clone();
        for (large, small) in smaller.iter().filter(|(large, _)| of_ab || *large != "--mix fill") {
            command = command.replace(large, small);
        }
        let maps =
            words(&command).iter().skip_while(|word| *word != "--map").nth(1).map_or(2, |maps| maps.split(',').count());
        assert!(maps <= 3, "{command}");
        let place = Place::new();
        let rows: String = (0..3000).map(|row: u32| format!("{},insert\n", row.wrapping_mul(2_654_435_761))).collect();
        fs::write(place.path().join("accesses.csv"), format!("key,op\n{rows}")).expect("written");
        let args = words(&command);
        let outcome = place.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        // Of a hasher the policy may say that it is slower.
        assert!(outcome.code == Some(0) || of_ab && outcome.code == Some(1), "{command}: {}", outcome.stderr);
        // What is no terminal breaks no sentence; a screen has 24 lines of 80 columns.
        let mut screen: Vec<&str> = outcome.stdout.lines().rev().take(16).collect();
        screen.truncate(
            screen
                .iter()
                .scan(0, |taken, line| {
                    *taken += line.chars().count().div_ceil(76).max(1);
                    Some(*taken)
                })
                .take_while(|taken| *taken <= 23)
                .count(),
        );
        let screen = screen.join(" ");
        for words in answer {
            assert!(screen.contains(words), "{command}: no {words:?} in {screen}");
        }
    }
}
