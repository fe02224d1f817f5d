package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
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
	// isOpen says that there may be fewer rounds, or more.
	isOpen bool
	why    string
}

// ranged is how often the body of a range is done.
func (r *read) ranged(s *ast.RangeStmt, variable ast.Expr) rounds {
	known := r.info.Types[s.X]
	if known.Type == nil {
		return rounds{why: "the type of what its loop ranges over is not known"}
	}
	key := r.variable(s.Key)
	n := rounds{hint: "len(" + r.text(s.X) + ")", from: s.X, index: key}
	if lit, ok := bare(s.X).(*ast.CompositeLit); ok {
		n.from, n.hint = nil, number(len(lit.Elts))
		if array, ok := known.Type.Underlying().(*types.Array); ok {
			n.hint = strconv.FormatInt(array.Len(), 10)
		}
		for _, element := range lit.Elts {
			pair, keyed := element.(*ast.KeyValueExpr)
			if keyed && r.mapOf(known.Type) == nil {
				n.why = "the loop ranges over a list with numbered elements"
			}
			// Two keys may be one, unless the compiler has compared them.
			n.isOpen = n.isOpen || keyed && r.info.Types[pair.Key].Value == nil
		}
		return n
	}
	under := known.Type.Underlying()
	if pointer, ok := under.(*types.Pointer); ok {
		under = pointer.Elem().Underlying()
	}
	switch t := under.(type) {
	case *types.Map:
		n.isOpen = !r.isQuiet(s.Body, variable)
		return n
	case *types.Slice, *types.Array:
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
	if from.Tok != token.ASSIGN && from.Tok != token.DEFINE {
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
	if known.Type == nil {
		return no
	}
	basic, ok := known.Type.Underlying().(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 {
		return no
	}
	n := rounds{hint: r.text(to.Y), from: to.Y, index: index, isCount: known.Value == nil}
	if call, ok := bare(to.Y).(*ast.CallExpr); ok && r.isBuiltin(call.Fun, "len") {
		n.isCount = false
	}
	if known.Value == nil {
		if why := r.bound(&n, s.Body); why != "" {
			return rounds{why: why}
		}
	}
	return n
}

// bound looks at what a counted loop compares with before each round, and says why its first value is not its last.
func (r *read) bound(n *rounds, body ast.Node) string {
	why := ""
	ast.Inspect(n.from, func(node ast.Node) bool {
		switch e := node.(type) {
		case *ast.Ident:
			of, ok := r.info.Uses[e].(*types.Var)
			if ok && r.isSet(body, of) {
				why = "its loop changes how far it counts"
			}
			n.isOpen = n.isOpen || ok && (r.isOpen(of) || isFilled(of.Type()))
		case *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			n.isOpen = true
		}
		if expr, ok := node.(ast.Expr); ok {
			if known := r.info.Types[expr].Type; known != nil {
				if _, ok := known.Underlying().(*types.Chan); ok {
					why = "its loop counts up to the length of a channel, which changes"
				}
			}
		}
		return true
	})
	return why
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
		if index, ok := bare(target).(*ast.IndexExpr); ok && r.same(index.X, variable) {
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
			if len(node.Args) > 0 && (r.isBuiltin(node.Fun, "delete") || r.isBuiltin(node.Fun, "clear")) && r.same(node.Args[0], m.variable) {
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
	case n.isOpen || r.leaves(body):
	case n.index != nil && !r.isOpen(n.index) && r.variable(first.key) == n.index && !r.isSet(body, n.index):
		kind = r.unsure(m, append(before[:len(before):len(before)], body), kindCopy)
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
	case r.isTooLarge(from):
		return "its loop counts further than a hint can"
	}
	if from != nil {
		if why := r.readable(m, before, from); why != "" {
			return why
		}
	}
	for _, statement := range before {
		if f.kind == kindCopy && r.leaves(statement) {
			f.kind = kindEach
		}
	}
	if f.kind == kindCopy && from != nil && r.hasField(from, m.variable) {
		f.kind = kindEach
	}
	// The first group has eight slots, whatever the hint.
	if n, ok := r.length(from, f.hint); ok && n <= 8 {
		return "it gets at most eight entries, for which a hint changes nothing"
	}
	m.fill = &f
	return ""
}

// unsure is the kind, or a guess where what fills the map and what comes before may have another map in its variable, or give
// it to what removes from it.
func (r *read) unsure(m *made, in []ast.Stmt, kind string) string {
	of := r.variable(m.variable)
	isOpen := of == nil || r.isOpen(of)
	for _, statement := range in {
		if r.isPassed(statement, m.variable) || isOpen && !r.isQuiet(statement, m.variable) {
			return kindEach
		}
	}
	return kind
}

// hasField says that an expression reads a field of the name that a path ends in: it may be that of the same struct.
func (r *read) hasField(in, path ast.Expr) bool {
	selector, ok := bare(path).(*ast.SelectorExpr)
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		field, is := n.(*ast.SelectorExpr)
		found = found || ok && is && field.Sel.Name == selector.Sel.Name
		return !found
	})
	return found
}

// share collects the variables that something may change without their name.
func (r *read) share() {
	to := func(of types.Object) {
		if of != nil {
			r.shared[of] = true
		}
	}
	ast.Inspect(r.tree, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.UnaryExpr:
			if e.Op == token.AND {
				to(r.holder(e.X))
			}
		case *ast.SelectorExpr:
			if of := r.info.Selections[e]; of != nil && of.Kind() == types.MethodVal && hasPointer(of) {
				to(r.holder(e.X))
			}
		case *ast.SliceExpr:
			if known := r.info.Types[e.X].Type; known != nil {
				if _, ok := known.Underlying().(*types.Array); ok {
					to(r.holder(e.X))
				}
			}
		case *ast.FuncLit:
			ast.Inspect(e, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					of, ok := r.info.Uses[id].(*types.Var)
					if ok && !of.IsField() && (of.Pos() < e.Pos() || of.Pos() >= e.End()) {
						to(of)
					}
				}
				return true
			})
		}
		return true
	})
}

// hasPointer says that a method gets the address of what it is called on.
func hasPointer(method *types.Selection) bool {
	signature, ok := method.Obj().Type().(*types.Signature)
	if !ok || signature.Recv() == nil {
		return true
	}
	_, is := signature.Recv().Type().(*types.Pointer)
	return is
}

// holder is the variable whose own bytes an expression stands for, not those that it points to.
func (r *read) holder(expr ast.Expr) types.Object {
	expr = bare(expr)
	var in ast.Expr
	switch e := expr.(type) {
	case *ast.SelectorExpr:
		in = e.X
	case *ast.IndexExpr:
		in = e.X
	default:
		return r.variable(expr)
	}
	if known := r.info.Types[in].Type; known != nil {
		switch known.Underlying().(type) {
		case *types.Pointer, *types.Slice, *types.Map:
			return nil
		}
	}
	return r.holder(in)
}

// isOpen says that a variable may change where its name does not stand.
func (r *read) isOpen(of types.Object) bool {
	return r.shared[of] || of.Pkg() != nil && of.Parent() == of.Pkg().Scope()
}

// isFilled says that what a variable of a type holds may get another length.
func isFilled(t types.Type) bool {
	if _, ok := t.(*types.TypeParam); ok {
		return true
	}
	switch t.Underlying().(type) {
	case *types.Map, *types.Chan:
		return true
	}
	return false
}

// isPlain says that a statement gives values to local variables, and does nothing else.
func (r *read) isPlain(in ast.Stmt, variable ast.Expr) bool {
	switch in.(type) {
	case *ast.AssignStmt, *ast.DeclStmt, *ast.IncDecStmt:
		return r.isQuiet(in, variable)
	}
	return false
}

// isQuiet says that nothing in a statement changes more than local variables, and entries of the map that is filled: it
// calls no function, and waits for nothing.
func (r *read) isQuiet(in ast.Node, variable ast.Expr) bool {
	quiet := true
	ast.Inspect(in, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.CallExpr:
			quiet = quiet && (r.info.Types[e.Fun].IsType() || r.isPure(e.Fun))
		case *ast.UnaryExpr:
			quiet = quiet && e.Op != token.ARROW
		case *ast.RangeStmt:
			quiet = quiet && !r.waits(e.X)
		case *ast.SendStmt, *ast.GoStmt, *ast.DeferStmt, *ast.SelectStmt:
			quiet = false
		}
		for _, target := range targets(n) {
			quiet = quiet && r.isLocal(target, variable)
		}
		return quiet
	})
	return quiet
}

func (r *read) isPure(fun ast.Expr) bool {
	for _, name := range []string{"len", "cap", "make", "new", "min", "max"} {
		if r.isBuiltin(fun, name) {
			return true
		}
	}
	return false
}

// waits says that a loop over something calls a function, or receives.
func (r *read) waits(over ast.Expr) bool {
	if known := r.info.Types[over].Type; known != nil {
		switch known.Underlying().(type) {
		case *types.Slice, *types.Array, *types.Map, *types.Pointer, *types.Basic:
			return false
		}
	}
	return true
}

// isLocal says that nothing else changes with what is set: a local variable, or the map that is filled.
func (r *read) isLocal(target, variable ast.Expr) bool {
	target = bare(target)
	if index, ok := target.(*ast.IndexExpr); ok {
		target = index.X
	} else if id, ok := target.(*ast.Ident); ok {
		of := r.variable(id)
		return id.Name == "_" || of != nil && !r.isOpen(of)
	}
	return r.same(target, variable)
}

// isPassed says that a map stands where more is done with it than to read or write an entry or to take its length.
func (r *read) isPassed(in ast.Node, variable ast.Expr) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.IndexExpr:
			if r.same(e.X, variable) {
				found = found || r.isPassed(e.Index, variable)
				return false
			}
		case *ast.CallExpr:
			if r.isBuiltin(e.Fun, "len") && len(e.Args) == 1 && r.same(e.Args[0], variable) {
				return false
			}
		case ast.Expr:
			found = found || r.same(e, variable)
		}
		return !found
	})
	return found
}

// leaves says that a statement may go elsewhere than to the next one.
func (r *read) leaves(in ast.Node) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt, *ast.BranchStmt:
			found = true
		case *ast.CallExpr:
			found = found || r.isBuiltin(e.Fun, "panic")
		}
		return !found
	})
	return found
}
