//! One line of a source: whether `with_capacity` can stand there, and with which number.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprCall, ExprForLoop, ExprMethodCall, File, Lit, Pat, RangeLimits, Stmt};

use super::{Edit, Kind};

/// A map that could be made with a hint.
#[derive(Debug)]
pub(super) struct Found {
    /// Line and column, from 1.
    pub from: (u32, u32),
    pub to: (u32, u32),
    pub kind: Kind,
    /// The number, or a hole for it.
    pub hint: String,
    pub loop_line: u32,
    pub edit: Edit,
    pub with: String,
    /// Why no length is known, where there is a hole.
    pub why: Option<String>,
}

const HOLE: &str = "HINT";

/// What there is at a line that makes maps of this type.
pub(super) fn find(source: &str, line: u32, ty: &str) -> Result<Found, String> {
    if nests_deep(source) {
        return Err("it nests too deep to be read".to_owned());
    }
    let file: File = syn::parse_str(source).map_err(|error| format!("it can't be read: {error}"))?;
    let mut calls = Calls { line, found: Vec::new() };
    calls.visit_file(&file);
    let call = match calls.found[..] {
        [call] => call,
        [] => return Err(why_none(source, line)),
        _ => return Err("several maps are made in this line".to_owned()),
    };
    let form = Form::of(call, source, ty)?;
    let mut blocks = Blocks { call: call.span().byte_range(), source, found: None };
    blocks.visit_file(&file);
    let (kind, hint, loop_line, why) = match blocks.found {
        Some(Ok((kind, hint, loop_line))) => (kind, hint, loop_line, None),
        Some(Err(why)) => (Kind::Constant, HOLE.to_owned(), line, Some(why)),
        None => (Kind::Constant, HOLE.to_owned(), line, Some("it is no variable of a block that fills it".to_owned())),
    };
    let range = call.span().byte_range();
    let with = form.with(&hint);
    let edit = Edit { offset: range.start, end: range.end, old: source[range].to_owned(), new: with.clone() };
    let [from, to] = [call.span().start(), call.span().end()].map(|at| (at.line as u32, at.column as u32 + 1));
    Ok(Found { from, to, kind, hint, loop_line, edit, with, why })
}

/// Whether something may lie so deep in itself that the parser, which calls itself for each level, never gets there. What is
/// counted is at least as much as what nests: some sources that don't are refused, too.
fn nests_deep(source: &str) -> bool {
    const BRACKETS_MAX: usize = 500;
    const CHAIN_MAX: usize = 4000;
    const LINKS_MAX: usize = 1000;
    // Brackets and angles that are open. Of a chain (`a = a = a`, `&&&a`, `return return a`) the words and signs, which end
    // with what separates; bars and arrows of closures and functions, which commas don't end; and branches, which blocks don't.
    let (mut brackets, mut angles, mut chain, mut links, mut branches) = (0_usize, 0_usize, 0, 0, 0);
    let mut before = ' ';
    source.chars().any(|c| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        match c {
            '(' | '[' | '{' => brackets += 1,
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '<' => angles += 1,
            '>' if before == '-' => links += 1,
            '>' => angles = angles.saturating_sub(1),
            '|' => links += 1,
            'e' if !is_word(before) => branches += 1,
            _ => {}
        }
        match c {
            ';' => (angles, chain, links, branches) = (0, 0, 0, 0),
            '{' | '}' => (angles, chain, links) = (0, 0, 0),
            ',' => chain = 0,
            _ if c.is_whitespace() || is_word(c) && is_word(before) => {}
            _ => chain += 1,
        }
        before = c;
        brackets.max(angles) > BRACKETS_MAX || chain > CHAIN_MAX || links > LINKS_MAX || branches > CHAIN_MAX
    })
}

/// Why no map is made without a hint in a line.
fn why_none(source: &str, line: u32) -> String {
    let text = source.lines().nth((line as usize).saturating_sub(1)).unwrap_or_default();
    let why = match () {
        () if is_of_map(text, &["::with_capacity"]) => "it has a hint, which was too small",
        () if text.contains("derive(") => "a derived Default makes it",
        // Named, and not called: `or_insert_with(IndexMap::new)`.
        () if is_of_map(text, &["::new)", "::new,", "::default)", "::default,"]) => {
            "the function that makes it is handed on, and takes no number"
        }
        () if text.contains("collect") || text.contains("from_iter") || is_of_map(text, &["::from("]) => {
            "what it is collected from says how many there are, and said too few"
        }
        () if text.contains("default()") => "a Default makes it, which takes no number",
        () if text.contains(".clone()") => "it is a copy",
        () => "nothing there is seen to make an empty map",
    };
    why.to_owned()
}

/// Whether a line has one of these functions of a type that is a map or set by its name, or of `Default`.
fn is_of_map(text: &str, functions: &[&str]) -> bool {
    let is_map = |before: &str| {
        let owner = without_generics(before);
        ["Map", "Set", "Default"].iter().any(|end| owner.ends_with(end))
    };
    functions.iter().any(|function| text.match_indices(function).any(|(at, _)| is_map(&text[..at])))
}

/// `HashMap` of `HashMap::<u8, Vec<u8>>`.
fn without_generics(text: &str) -> &str {
    let mut depth = 0;
    let opens = text.char_indices().rev().find(|(_, c)| {
        depth += i32::from(*c == '>') - i32::from(*c == '<');
        depth <= 0
    });
    match opens {
        Some((at, '<')) => text[..at].trim_end_matches("::"),
        _ => text,
    }
}

/// Calls that make an empty map in a line.
struct Calls<'a> {
    line: u32,
    found: Vec<&'a ExprCall>,
}

impl<'a> Visit<'a> for Calls<'a> {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if call.span().start().line as u32 == self.line && maker(call).is_some() {
            self.found.push(call);
        }
        visit::visit_expr_call(self, call);
    }
}

/// The function of a call that makes an empty map.
fn maker(call: &ExprCall) -> Option<&'static str> {
    let Expr::Path(path) = &*call.func else { return None };
    let segments = &path.path.segments;
    let name = segments.last()?.ident.to_string();
    let owner = segments.iter().rev().nth(1)?.ident.to_string();
    if !(owner.ends_with("Map") || owner.ends_with("Set")) {
        return None;
    }
    let makers = [("new", 0), ("default", 0), ("with_hasher", 1)];
    makers.into_iter().find(|&(maker, count)| name == maker && call.args.len() == count).map(|(maker, _)| maker)
}

/// How a call is written with a hint.
struct Form {
    /// `HashMap::<K, V>::`.
    owner: String,
    /// What comes after the number.
    hasher: Option<String>,
}

impl Form {
    fn of(call: &ExprCall, source: &str, ty: &str) -> Result<Form, String> {
        let Expr::Path(path) = &*call.func else { return Err("it is no call of a path".to_owned()) };
        let name = path.path.segments.last().map(|last| last.span().byte_range()).unwrap_or_default();
        let owner = source[path.span().byte_range().start..name.start].to_owned();
        let hasher = match maker(call) {
            Some("with_hasher") => call.args.first().map(|hasher| source[hasher.span().byte_range()].to_owned()),
            Some("default") if has_hasher(ty) => Some("Default::default()".to_owned()),
            _ => None,
        };
        Ok(Form { owner, hasher })
    }

    fn with(&self, hint: &str) -> String {
        match &self.hasher {
            None => format!("{}with_capacity({hint})", self.owner),
            Some(hasher) => format!("{}with_capacity_and_hasher({hint}, {hasher})", self.owner),
        }
    }
}

/// Whether a type names its hasher: `HashMap<K, V, S>`, `IndexSet<T, S>`.
fn has_hasher(ty: &str) -> bool {
    let (mut depth, mut parameters) = (0, 1);
    // The arrow of a function closes nothing.
    for c in ty.replace("->", "").chars() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 1 => parameters += 1,
            _ => {}
        }
    }
    let name = ty.split('<').next().unwrap_or_default();
    parameters > if name.ends_with("Set") { 1 } else { 2 }
}

type Filled = Result<(Kind, String, u32), String>;

/// The block in which the call makes a variable.
struct Blocks<'a> {
    call: Range<usize>,
    source: &'a str,
    found: Option<Filled>,
}

impl<'a> Visit<'a> for Blocks<'a> {
    fn visit_block(&mut self, block: &'a Block) {
        for (at, stmt) in block.stmts.iter().enumerate() {
            let Stmt::Local(local) = stmt else { continue };
            let is_it = local.init.as_ref().is_some_and(|init| init.expr.span().byte_range() == self.call);
            if let (true, Some(name)) = (is_it, variable(&local.pat)) {
                self.found = Some(filled(&name, &block.stmts[at + 1..], self.source));
            }
        }
        visit::visit_block(self, block);
    }
}

/// The variable that a pattern is, with or without a type.
fn variable(pat: &Pat) -> Option<String> {
    match pat {
        Pat::Ident(ident) if ident.subpat.is_none() => Some(ident.ident.to_string()),
        Pat::Type(typed) => variable(&typed.pat),
        _ => None,
    }
}

/// What fills the variable, in the statements that follow.
fn filled(map: &str, rest: &[Stmt], source: &str) -> Filled {
    for (at, stmt) in rest.iter().enumerate() {
        let Stmt::Expr(Expr::ForLoop(of), _) = stmt else {
            if names(&source[stmt.span().byte_range()], map) {
                return Err("no loop fills it first".to_owned());
            }
            continue;
        };
        if !names(&source[of.span().byte_range()], map) {
            continue;
        }
        let kind = kind(map, of)?;
        let (hint, base, is_number) = length(&of.expr, source).ok_or("how often its loop runs is not known before")?;
        // What it is read from may be made or changed on the way.
        if rest[..at].iter().any(|stmt| names(&source[stmt.span().byte_range()], &base)) {
            return Err(format!("{base} is made or used between the map and its loop"));
        }
        return Ok((if is_number { Kind::Counted } else { kind }, hint, of.span().start().line as u32));
    }
    Err("no loop of its block fills it".to_owned())
}

/// What each round of a loop does to the map.
fn kind(map: &str, of: &ExprForLoop) -> Result<Kind, String> {
    let mut writes = Writes { map, depth: 0, found: 0, nested: false, adds: false, skips: false };
    writes.visit_block(&of.body);
    match writes {
        Writes { adds: true, .. } => Err("its loop adds to what is there: keys repeat".to_owned()),
        Writes { nested: true, .. } => Err("a loop within its loop fills it".to_owned()),
        Writes { found: 0, .. } => Err("its loop does not write to it".to_owned()),
        Writes { skips, .. } => {
            let is_each = of.body.stmts.iter().any(|stmt| match stmt {
                Stmt::Expr(Expr::MethodCall(call), _) => is_write(call, map),
                _ => false,
            });
            Ok(if is_each && !skips { Kind::Each } else { Kind::Some })
        }
    }
}

fn is_write(call: &ExprMethodCall, map: &str) -> bool {
    let is_map = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident(map));
    is_map && ["insert", "replace"].iter().any(|name| call.method == name)
}

/// Writes to a map in the body of a loop.
struct Writes<'a> {
    map: &'a str,
    depth: u32,
    found: u32,
    nested: bool,
    adds: bool,
    /// Whether a round may end before it writes, and the loop go on. What leaves the function ends the loop as well.
    skips: bool,
}

impl<'a> Visit<'a> for Writes<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        let is_loop = matches!(expr, Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_));
        self.skips |= matches!(expr, Expr::Break(_) | Expr::Continue(_));
        self.depth += u32::from(is_loop);
        visit::visit_expr(self, expr);
        self.depth -= u32::from(is_loop);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        let is_map = matches!(&*call.receiver, Expr::Path(path) if path.path.is_ident(self.map));
        self.adds |= is_map && call.method == "entry";
        if is_write(call, self.map) {
            self.found += 1;
            self.nested |= self.depth > 0;
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// How often a loop over this runs, at most; the variable that it is read from; whether it is a number.
fn length(expr: &Expr, source: &str) -> Option<(String, String, bool)> {
    /// Each gives as many as there are in what it is called on.
    const AS_MANY: [&str; 11] = [
        "iter",
        "iter_mut",
        "into_iter",
        "keys",
        "values",
        "values_mut",
        "enumerate",
        "rev",
        "copied",
        "cloned",
        "map",
    ];
    let text = |expr: &Expr| source[expr.span().byte_range()].to_owned();
    match expr {
        Expr::Reference(of) => length(&of.expr, source),
        Expr::Paren(of) => length(&of.expr, source),
        Expr::MethodCall(call) if AS_MANY.iter().any(|name| call.method == name) => length(&call.receiver, source),
        Expr::Path(_) | Expr::Field(_) => Some((format!("{}.len()", text(expr)), base(expr)?, false)),
        Expr::Range(range) if matches!(range.limits, RangeLimits::HalfOpen(_)) => {
            let is_zero = |expr: &Expr| matches!(expr, Expr::Lit(lit) if matches!(&lit.lit, Lit::Int(n) if n.base10_digits() == "0"));
            let end = range.end.as_deref().filter(|_| range.start.as_deref().is_some_and(is_zero))?;
            match end {
                Expr::Lit(lit) if matches!(lit.lit, Lit::Int(_)) => Some((text(end), String::new(), false)),
                Expr::MethodCall(call) if call.method == "len" => Some((text(end), base(&call.receiver)?, false)),
                Expr::Path(_) | Expr::Field(_) => Some((text(end), base(end)?, true)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The variable that an expression begins with.
fn base(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) => base(&field.base),
        Expr::Reference(of) => base(&of.expr),
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Whether a source has this name in it.
fn names(source: &str, name: &str) -> bool {
    fn any(tokens: TokenStream, name: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => any(group.stream(), name),
            TokenTree::Ident(ident) => ident == name,
            // A format string may name it.
            TokenTree::Literal(literal) => literal.to_string().contains(&format!("{{{name}")),
            TokenTree::Punct(_) => false,
        })
    }
    source.parse().map_or(true, |tokens: TokenStream| any(tokens, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found at the line that says `here`.
    fn at(source: &str, ty: &str) -> Result<(Kind, String), String> {
        let line = source.lines().position(|line| line.contains("here")).expect("a line") as u32 + 1;
        find(source, line, ty).map(|found| match found.why {
            Some(why) => (found.kind, format!("{}: {why}", found.with)),
            None => (found.kind, found.with),
        })
    }

    fn in_body(body: &str) -> Result<(Kind, String), String> {
        at(&format!("fn f(x: &[u8], n: usize) {{\n{body}\n}}"), "HashMap<u8, u8>")
    }

    #[test]
    fn a_loop_over_what_has_a_length_says_how_many() {
        let of = |body| in_body(body).expect("a hint");
        let with = |text: &str| format!("HashMap::with_capacity({text})");
        assert_eq!(
            of("let mut m = HashMap::new(); // here\nfor k in x { m.insert(k, 1); }"),
            (Kind::Each, with("x.len()"))
        );
        assert_eq!(
            of(
                "let mut m: M = HashMap::default(); // here\nlet y = 1;\nfor (i, k) in self.x.iter().enumerate() { m.insert(k, i); }"
            ),
            (Kind::Each, with("self.x.len()"))
        );
        assert_eq!(
            of("let mut m = HashMap::new(); // here\nfor k in x.iter() { if k > 3 { m.insert(k, 1); } }"),
            (Kind::Some, with("x.len()"))
        );
        assert_eq!(
            of("let mut m = HashMap::new(); // here\nfor k in 0..n { m.insert(k, 1); }"),
            (Kind::Counted, with("n"))
        );
        assert_eq!(
            of("let mut m = HashMap::new(); // here\nfor k in 0..99 { m.insert(k, 1); }"),
            (Kind::Each, with("99"))
        );
        assert_eq!(
            of(
                "let mut m = HashMap::<u8, u8>::new(); // here\nfor k in x { let Some(k) = g(k) else { continue }; m.insert(k, 1); }"
            ),
            (Kind::Some, "HashMap::<u8, u8>::with_capacity(x.len())".to_owned())
        );
        assert_eq!(
            of("let mut m = HashMap::new(); // here\nfor k in x { let k = g(k)?; m.insert(k, 1); }"),
            (Kind::Each, with("x.len()"))
        );
    }

    #[test]
    fn where_no_length_is_known_a_number_can_be_written() {
        for (body, why) in [
            ("let mut m = HashMap::new(); // here\nfor k in x { *m.entry(k).or_default() += 1; }", "keys repeat"),
            ("let mut m = HashMap::new(); // here\nlet x = g();\nfor k in x { m.insert(k, 1); }", "x is made"),
            ("let mut m = HashMap::new(); // here\nfor k in x { for l in k { m.insert(l, 1); } }", "a loop within"),
            ("let mut m = HashMap::new(); // here\nfor k in x.lines() { m.insert(k, 1); }", "is not known before"),
            (
                "let mut m = HashMap::new(); // here\ng(&mut m);\nfor k in x { m.insert(k, 1); }",
                "no loop fills it first",
            ),
            ("g(HashMap::new()); // here", "it is no variable"),
        ] {
            let (kind, said) = in_body(body).expect("a hole");
            assert!(kind == Kind::Constant && said.contains("HINT") && said.contains(why), "{said}");
        }
    }

    #[test]
    fn hashers_stay() {
        let source = "fn f() { let m = FxHashMap::default(); } // here";
        let with = at(source, "HashMap<(u8, u8), Vec<u8>, BuildHasherDefault<FxHasher>>").expect("a hole").1;
        assert!(with.starts_with("FxHashMap::with_capacity_and_hasher(HINT, Default::default())"), "{with}");
        let source = "fn f() { let m = HashSet::with_hasher(s.clone()); } // here";
        let with = at(source, "HashSet<u8, S>").expect("a hole").1;
        assert!(with.starts_with("HashSet::with_capacity_and_hasher(HINT, s.clone())"), "{with}");
        assert!(!has_hasher("HashMap<(u8, u8), HashMap<u8, u8, S>>") && !has_hasher("HashSet<(u8, u8)>"));
        assert!(!has_hasher("hashbrown::HashSet<u8>") && has_hasher("hashbrown::HashSet<u8, S>"));
        assert!(!has_hasher("indexmap::IndexMap<u8, u8>") && has_hasher("indexmap::IndexSet<u8, S>"));
    }

    #[test]
    fn whatever_sizes_itself_has_none() {
        for (source, why) in [
            ("fn f() { let m: HashMap<_, _> = x.collect(); } // here", "collected"),
            ("fn f() { let m = HashMap::with_capacity(3); } // here", "too small"),
            ("#[derive(Default)] // here\nstruct A { m: HashMap<u8, u8> }", "derived"),
            ("fn f() { m.entry(1).or_insert_with(HashMap::new).insert(1, 2); } // here", "handed on"),
            ("fn f() { m.entry(k.clone()).or_insert_with(HashMap::<u8, u8>::new); } // here", "handed on"),
            ("fn f() { m.entry(String::from(k)).or_insert_with(Default::default); } // here", "handed on"),
            ("fn f() { let m: HashMap<_, _> = x.map(T::new).collect(); } // here", "collected"),
            ("fn f() { let m = HashMap::from([(1, 2)]); } // here", "collected"),
            ("fn f() { m.entry(k.clone()).or_default().insert(1, 2); } // here", "a Default makes it"),
            ("fn f() -> A { A { v: Vec::with_capacity(3), m: Default::default() } } // here", "a Default makes it"),
            (
                "fn f() -> A { A { v: Vec::<u8>::with_capacity(3), m: Default::default() } } // here",
                "a Default makes it",
            ),
            ("fn f() { let m = n.clone(); } // here", "a copy"),
            ("fn f() { g(3); } // here", "is seen to make"),
            ("fn f() { let a = [HashMap::new(), HashMap::new()]; } // here", "several"),
            ("fn f( // here", "can't be read"),
            (&format!("fn f() {{ // here\n{}0{} }}", "(".repeat(9999), ")".repeat(9999)), "too deep"),
            (&format!("fn f() {{ // here\n{}0 }}", "! ".repeat(9999)), "too deep"),
        ] {
            let said = at(source, "HashMap<u8, u8>").expect_err("none");
            assert!(said.contains(why), "{said}");
        }
    }
}
