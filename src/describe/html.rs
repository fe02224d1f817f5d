//! A description to look at: one file that opens offline in any browser, in the report's style. Everything is in the
//! markup; the script only chooses the colours.

use std::io;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::shown::{self, Figure, Part};
use super::{Description, Format, Like};
use crate::report::html::{STYLE, THEME};

pub(super) const FORMAT: Format = Format {
    name: "html",
    summary: "a page to look at, in one file that opens offline",
    render: |description| page(description).map_err(io::Error::other),
};

const TEMPLATE: &str = include_str!("page.html");
const OWN_STYLE: &str = include_str!("page.css");

/// Everything the template shows.
#[derive(Serialize)]
struct Page<'a> {
    mapscope: &'static str,
    styles: [&'static str; 2],
    scripts: [&'static str; 1],
    name: &'a str,
    head: Vec<String>,
    parts: Vec<Part>,
    like: Option<Alike>,
}

#[derive(Serialize)]
struct Alike {
    command: String,
    maps: Vec<Map>,
}

#[derive(Serialize)]
struct Map {
    name: &'static str,
    figures: Vec<Figure>,
}

impl Alike {
    fn new(like: &Like) -> Alike {
        let maps = like.compared.iter().map(|compared| Map { name: compared.map, figures: compared.shown() });
        Alike { command: like.command(), maps: maps.collect() }
    }
}

fn page(description: &Description) -> Result<String, minijinja::Error> {
    let page = Page {
        mapscope: env!("CARGO_PKG_VERSION"),
        styles: [STYLE, OWN_STYLE],
        scripts: [THEME],
        name: &description.name,
        head: shown::head(description),
        parts: shown::parts(description),
        like: description.like.as_ref().map(Alike::new),
    };
    let mut environment = Environment::new();
    environment.add_filter("capitalize_first", capitalized);
    // What the template shows is escaped because its name ends in `.html`.
    environment.add_template("page.html", TEMPLATE)?;
    environment.get_template("page.html")?.render(Serde(page))
}

/// The text with a capital letter in front.
fn capitalized(text: String) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
}
