//! JUnit XML, which every system shows as tests: one suite of a case each.

use std::io;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A suite of cases.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// What holds for all of it: names and values.
    pub properties: Vec<(String, String)>,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What systems group cases by.
    pub classname: String,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub ended: Ended,
    /// What else to say of it.
    pub output: Option<String>,
}

/// How a case ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// Well.
    Passed,
    /// Not at all.
    Skipped {
        /// Why; one line.
        message: String,
    },
    /// Badly.
    Failed(Failure),
    /// In a way that says nothing of what was tested.
    Errored(Failure),
}

/// Why a case failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// In which way; one word.
    pub kind: String,
    /// Why; one line.
    pub message: String,
    /// All that there is to say.
    pub text: String,
}

/// The suite as a document. What XML can't hold (control characters, ANSI styles) is left out.
///
/// # Errors
///
/// The serializer's own.
pub fn document(suite: &Suite) -> io::Result<String> {
    let mut tests = TestSuite::new(suite.name.as_str());
    for (name, value) in &suite.properties {
        tests.add_property((name.as_str(), value.as_str()));
    }
    for case in &suite.cases {
        let mut test = TestCase::new(case.name.as_str(), status(&case.ended));
        test.set_classname(case.classname.as_str());
        if let Some(output) = &case.output {
            test.set_system_out(output.as_str());
        }
        tests.add_test_case(test);
    }
    let mut report = Report::new(suite.name.as_str());
    report.add_test_suite(tests);
    report.to_string().map_err(io::Error::other)
}

fn status(ended: &Ended) -> TestCaseStatus {
    let failed = |kind, Failure { kind: word, message, text }: &Failure| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(word.as_str()).set_message(message.as_str()).set_description(text.as_str());
        status
    };
    match ended {
        Ended::Passed => TestCaseStatus::success(),
        Ended::Skipped { message } => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message.as_str());
            status
        }
        Ended::Failed(failure) => failed(NonSuccessKind::Failure, failure),
        Ended::Errored(failure) => failed(NonSuccessKind::Error, failure),
    }
}
