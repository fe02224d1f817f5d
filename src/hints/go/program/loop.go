package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Kinds of what fills a map.
const (
	// Every round inserts, and no two the same key; nothing ends it early: the map has as many entries as there are rounds.
	kindCopy = "copy"
	// Every round writes; keys may repeat, and the loop may end early.
	kindEach = "each"
	// Some rounds write.
	kindSome = "some"
	// Every round writes, of a number that is a variable: it may be anything.
	kindCounted = "counted"
)

// rounds is how often a loop does what it does.
type rounds struct {
	hint string
	// from is what the hint is worked out from; nil for a number.
	from ast.Expr
	// index is the variable that is another in each round, if there is one.
	index types.Object
	// isCount says that the number is a variable's.
	isCount bool
	isText  bool
	why     string
}

// ranged is how often the body of a range is done.
func (r *read) ranged(s *ast.RangeStmt) rounds {
	known := r.info.Types[s.X]
	if known.Type == nil {
		return rounds{why: "the type of what its loop ranges over is not known"}
	}
	key := r.variable(s.Key)
	n := rounds{hint: "len(" + r.text(s.X) + ")", from: s.X, index: key}
	if lit, ok := s.X.(*ast.CompositeLit); ok {
		n.from, n.hint = nil, number(len(lit.Elts))
		for _, element := range lit.Elts {
			if _, keyed := element.(*ast.KeyValueExpr); keyed && r.mapOf(known.Type) == nil {
				n.why = "the loop ranges over a list with numbered elements"
			}
		}
		return n
	}
	under := known.Type.Underlying()
	if pointer, ok := under.(*types.Pointer); ok {
		under = pointer.Elem().Underlying()
	}
	switch t := under.(type) {
	case *types.Slice, *types.Array, *types.Map:
		return n
	case *types.Basic:
		if t.Info()&types.IsString != 0 {
			n.isText = true
			return n
		}
		if t.Info()&types.IsInteger != 0 {
			n.hint, n.isCount = r.text(s.X), known.Value == nil
			return n
		}
	case *types.Chan:
		return rounds{why: "its loop ranges over a channel, whose end is not known before"}
	case *types.Signature:
		return rounds{why: "its loop ranges over a function, whose number of rounds is not known before"}
	}
	return rounds{why: "the length of what its loop ranges over can't be written"}
}

// counted is how often the body of `for i := 0; i < n; i++` is done.
func (r *read) counted(s *ast.ForStmt) rounds {
	no := rounds{why: "its loop does not count from 0 up to a number"}
	from, ok := s.Init.(*ast.AssignStmt)
	if !ok || len(from.Lhs) != 1 || len(from.Rhs) != 1 || !r.isZero(from.Rhs[0]) {
		return no
	}
	index := r.variable(from.Lhs[0])
	to, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || index == nil || r.variable(to.X) != index || to.Op != token.LSS && to.Op != token.NEQ {
		return no
	}
	step, ok := s.Post.(*ast.IncDecStmt)
	if !ok || step.Tok != token.INC || r.variable(step.X) != index || r.isSet(s.Body, index) {
		return no
	}
	known := r.info.Types[to.Y]
	basic, ok := known.Type.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return no
	}
	n := rounds{hint: r.text(to.Y), from: to.Y, index: index, isCount: known.Value == nil}
	if call, ok := to.Y.(*ast.CallExpr); ok && r.isBuiltin(call.Fun, "len") {
		n.isCount = false
	}
	return n
}

// write is a write to a map.
type write struct {
	at   ast.Stmt
	key  ast.Expr
	how  token.Token
	with ast.Expr
}

// writes are those to a map in a statement, functions in it included.
func (r *read) writes(in ast.Node, variable ast.Expr) []write {
	var all []write
	to := func(target ast.Expr, w write) {
		if index, ok := target.(*ast.IndexExpr); ok && r.same(index.X, variable) {
			w.key = index.Index
			all = append(all, w)
		}
	}
	ast.Inspect(in, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			for i, target := range s.Lhs {
				w := write{at: s, how: s.Tok}
				if len(s.Lhs) == len(s.Rhs) {
					w.with = s.Rhs[i]
				}
				to(target, w)
			}
		case *ast.IncDecStmt:
			to(s.X, write{at: s, how: s.Tok})
		}
		return true
	})
	return all
}

// loop decides what the rounds of a loop do to a map, and takes the hint if one can be written.
func (r *read) loop(m *made, before []ast.Stmt, body *ast.BlockStmt, writes []write, n rounds) string {
	if n.why != "" {
		return n.why
	}
	first := writes[0]
	for _, w := range writes {
		if w.how != token.ASSIGN || w.with != nil && r.reads(w.with, m.variable) {
			return "its loop adds to entries that are there, so that keys repeat"
		}
	}
	kind := kindSome
	var inner bool
	for _, statement := range body.List {
		if labeled, ok := statement.(*ast.LabeledStmt); ok {
			statement = labeled.Stmt
		}
		for _, w := range writes {
			if statement == w.at {
				first, kind = w, kindEach
			}
		}
	}
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit:
			inner = inner || len(r.writes(node, m.variable)) > 0
		case *ast.BranchStmt:
			kind = kindSome
		case *ast.CallExpr:
			if (r.isBuiltin(node.Fun, "delete") || r.isBuiltin(node.Fun, "clear")) && r.same(node.Args[0], m.variable) {
				inner = true
			}
		}
		return true
	})
	if inner {
		return "its loop writes in a loop or function of its own, or removes"
	}
	switch {
	case kind == kindSome:
	case n.isText:
	case n.isCount:
		kind = kindCounted
	case r.returns(body):
	case n.index != nil && r.variable(first.key) == n.index && !r.isSet(body, n.index):
		kind = kindCopy
	}
	if n.isCount {
		kind = kindCounted
	}
	return r.hint(m, before, fill{kind, n.hint, r.line(first.at)}, n.from)
}

// hint takes a hint, if what it is worked out from can be read where the map is made.
func (r *read) hint(m *made, before []ast.Stmt, f fill, from ast.Expr) string {
	switch {
	case !r.canName(m, "make") || !r.canName(m, "len"):
		return "make or len are other things there"
	case strings.Contains(f.hint, "\n"):
		return "what its loop ranges over takes several lines"
	case r.hasComment(m.expr):
		return "there is a comment in it"
	}
	if from != nil {
		if why := r.readable(m, before, from); why != "" {
			return why
		}
	}
	for _, statement := range before {
		if f.kind == kindCopy && r.returns(statement) {
			f.kind = kindEach
		}
	}
	// The first group has eight slots, whatever the hint.
	if n, ok := r.length(from, f.hint); ok && n <= 8 {
		return "it gets at most eight entries, for which a hint changes nothing"
	}
	m.fill = &f
	return ""
}
