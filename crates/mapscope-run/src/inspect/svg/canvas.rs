//! SVG as it is written.

use std::fmt::Write as _;

use super::{INK, PAPER, SOFT};

const SANS: &str = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', \
                    'Liberation Sans', sans-serif";
const MONO: &str = "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/// What has been drawn, and how far it reaches.
#[derive(Default)]
pub(super) struct Canvas {
    body: String,
    right: f64,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub size: f64,
    pub weight: u32,
    pub fill: &'static str,
    pub anchor: &'static str,
    pub mono: bool,
}

impl Default for Text {
    fn default() -> Text {
        Text { size: 12.0, weight: 400, fill: INK, anchor: "start", mono: false }
    }
}

impl Text {
    /// About how wide it will be.
    pub fn wide(self, text: &str) -> f64 {
        // The widest of the usual fonts has such letters.
        let letter = match () {
            () if self.mono => 0.61,
            () if self.weight > 500 => 0.66,
            () => 0.58,
        };
        text.chars().count() as f64 * self.size * letter
    }
}

impl Canvas {
    pub fn text(&mut self, x: f64, y: f64, text: &str, look: Text) {
        if text.is_empty() {
            return;
        }
        let Text { size, weight, fill, anchor, mono } = look;
        let class = if mono { " class=\"m\"" } else { "" };
        let weight = if weight == 400 { String::new() } else { format!(" font-weight=\"{weight}\"") };
        let anchor_at = if anchor == "start" { String::new() } else { format!(" text-anchor=\"{anchor}\"") };
        let _ = writeln!(
            self.body,
            "<text{class} x=\"{}\" y=\"{}\" font-size=\"{size}\" fill=\"{fill}\"{weight}{anchor_at}>{}</text>",
            short(x),
            short(y),
            escaped(text)
        );
        if anchor == "start" {
            self.reach(x + look.wide(text));
        }
    }

    /// A word in bold, and what is said of it.
    pub fn entry(&mut self, x: f64, y: f64, word: &str, said: &str, size: f64) {
        let _ = writeln!(
            self.body,
            "<text x=\"{}\" y=\"{}\" font-size=\"{size}\" fill=\"{SOFT}\"><tspan font-weight=\"600\" fill=\"{INK}\">{}\
             </tspan><tspan dx=\"8\">{}</tspan></text>",
            short(x),
            short(y),
            escaped(word),
            escaped(said)
        );
        let bold = Text { size, weight: 600, ..Text::default() };
        self.reach(x + bold.wide(word) + 8.0 + Text { size, ..Text::default() }.wide(said));
    }

    pub fn rect(&mut self, (x, y): (f64, f64), (wide, high): (f64, f64), fill: &str, stroke: &str, stroke_width: f64) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"1.5\" fill=\"{fill}\" stroke=\"{stroke}\" \
             stroke-width=\"{stroke_width}\"/>",
            short(x),
            short(y),
            short(wide),
            short(high)
        );
        self.reach(x + wide);
    }

    /// Squares of one colour.
    pub fn squares(&mut self, places: &[(f64, f64)], side: f64, fill: &str) {
        let side = short(side);
        let _ = write!(self.body, "<path fill=\"{fill}\" d=\"");
        for (x, y) in places {
            let _ = write!(self.body, "M{} {}h{side}v{side}h-{side}z", short(*x), short(*y));
            self.right = self.right.max(*x);
        }
        self.body.push_str("\"/>\n");
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, stroke_width: f64) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{stroke}\" stroke-width=\"{stroke_width}\"/>",
            short(from.0),
            short(from.1),
            short(to.0),
            short(to.1)
        );
        self.reach(from.0.max(to.0));
    }

    /// Begins a group that says so when pointed at.
    pub fn open(&mut self, title: &str) {
        let _ = writeln!(self.body, "<g><title>{}</title>", escaped(title));
    }

    pub fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    fn reach(&mut self, x: f64) {
        self.right = self.right.max(x);
    }

    /// The whole file.
    pub fn finish(self, height: f64, width_min: f64, margin: f64, title: &str) -> String {
        let (width, height) = ((self.right + margin).max(width_min).ceil(), height.ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{SANS}\">\n<title>{}</title>\n<style>.m {{ font-family: {MONO} }} text {{ \
             font-variant-numeric: tabular-nums }}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"{PAPER}\"/>\n{}</svg>\n",
            escaped(title),
            self.body
        )
    }
}

/// A coordinate without needless digits.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
