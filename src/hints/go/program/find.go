package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"unicode/utf8"
)

// read is a file and the maps that it makes.
type read struct {
	*file
	made map[ast.Expr]*made
	// hinted are the expressions that make a map with a hint.
	hinted []*ast.CallExpr
	// shared are variables that something may change without their name: what a function within uses, or has the address of.
	shared map[types.Object]bool
}

// made is a map without a hint: `make(T)`, `make(T, 0)` or `T{}`.
type made struct {
	expr ast.Expr
	of   ast.Expr
	// variable is what it is assigned to, where it is, and in the statement that does.
	variable ast.Expr
	in       ast.Stmt
	// write is the line of the first write that is seen, as a recording has it.
	write int
	fill  *fill
	why   string
}

// fill is what is known of the entries that a loop gives a map.
type fill struct {
	kind, hint string
	line       int
}

func (f *file) read() *read {
	r := &read{file: f, made: map[ast.Expr]*made{}, shared: map[types.Object]bool{}}
	r.share()
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if expr, ok := n.(ast.Expr); ok {
			if m := r.makes(expr); m != nil {
				m.why = "it is part of a larger expression, and filled elsewhere"
				r.made[expr] = m
			}
		}
		return true
	})
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			r.statements(n.List)
		case *ast.CaseClause:
			r.statements(n.Body)
		case *ast.CommClause:
			r.statements(n.Body)
		}
		return true
	})
	return r
}

// makes is the map that an expression makes without a hint, if it does.
func (r *read) makes(expr ast.Expr) *made {
	if r.mapOf(r.info.Types[expr].Type) == nil {
		return nil
	}
	switch e := expr.(type) {
	case *ast.CallExpr:
		if !r.isBuiltin(e.Fun, "make") || len(e.Args) == 0 || e.Ellipsis.IsValid() {
			return nil
		}
		if len(e.Args) > 1 && !r.isZero(e.Args[1]) {
			r.hinted = append(r.hinted, e)
			return nil
		}
		return &made{expr: expr, of: e.Args[0]}
	case *ast.CompositeLit:
		if len(e.Elts) == 0 && e.Type != nil {
			return &made{expr: expr, of: e.Type}
		}
	}
	return nil
}

func (r *read) mapOf(t types.Type) *types.Map {
	if t == nil {
		return nil
	}
	m, _ := t.Underlying().(*types.Map)
	return m
}

func (r *read) isBuiltin(fun ast.Expr, name string) bool {
	id, ok := bare(fun).(*ast.Ident)
	if !ok || id.Name != name {
		return false
	}
	_, ok = r.info.Uses[id].(*types.Builtin)
	return ok
}

func (r *read) isZero(expr ast.Expr) bool {
	value := r.info.Types[expr].Value
	return value != nil && value.Kind() == constant.Int && constant.Sign(value) == 0
}

// statements looks for maps that one of these makes and a later one fills.
func (r *read) statements(list []ast.Stmt) {
	for i, statement := range list {
		each(statement, func(variable, value ast.Expr) {
			m := r.made[value]
			if m == nil || variable == nil {
				return
			}
			m.variable, m.in = variable, statement
			m.why = r.filled(m, list[i+1:])
		})
	}
}

// each calls for what a statement assigns or declares, one by one.
func each(statement ast.Stmt, call func(variable, value ast.Expr)) {
	switch s := statement.(type) {
	case *ast.AssignStmt:
		if len(s.Lhs) == len(s.Rhs) && (s.Tok == token.ASSIGN || s.Tok == token.DEFINE) {
			for i := range s.Lhs {
				call(s.Lhs[i], s.Rhs[i])
			}
		}
	case *ast.DeclStmt:
		declared, ok := s.Decl.(*ast.GenDecl)
		if !ok || declared.Tok != token.VAR {
			return
		}
		for _, spec := range declared.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
				for i := range spec.Names {
					call(spec.Names[i], spec.Values[i])
				}
			}
		}
	}
}

// filled looks for the loop that fills a map, in the rest of its block; otherwise it says why there is none.
func (r *read) filled(m *made, rest []ast.Stmt) string {
	if !r.isPath(m.variable) {
		return "it is kept where no loop can be seen to fill it"
	}
	for i, statement := range rest {
		if labeled, ok := statement.(*ast.LabeledStmt); ok {
			statement = labeled.Stmt
		}
		if r.assigns(statement, m.variable) {
			return "its variable is given another map before a loop fills this one"
		}
		writes := r.writes(statement, m.variable)
		if len(writes) > 0 && m.write == 0 {
			m.write = r.recorded(writes[0].at)
		}
		var why string
		switch s := statement.(type) {
		case *ast.RangeStmt:
			if len(writes) == 0 {
				continue
			}
			why = r.loop(m, rest[:i], s.Body, writes, r.ranged(s, m.variable))
		case *ast.ForStmt:
			if len(writes) == 0 {
				continue
			}
			why = r.loop(m, rest[:i], s.Body, writes, r.counted(s))
		case *ast.ExprStmt:
			from := r.copied(s, m.variable)
			if from == nil {
				continue
			}
			m.write = r.recorded(s)
			why = r.hint(m, rest[:i], fill{r.unsure(m, rest[:i], kindCopy), "len(" + r.text(from) + ")", r.line(s)}, from)
		default:
			continue
		}
		return why
	}
	return "no loop in its block fills it"
}

// copied is the map that `maps.Copy(m, from)` copies.
func (r *read) copied(s *ast.ExprStmt, variable ast.Expr) ast.Expr {
	call, ok := bare(s.X).(*ast.CallExpr)
	if !ok || len(call.Args) != 2 || !r.same(call.Args[0], variable) {
		return nil
	}
	callee, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	if of := r.info.Uses[callee.Sel]; of == nil || of.Pkg() == nil || of.Pkg().Path() != "maps" || of.Name() != "Copy" {
		return nil
	}
	return call.Args[1]
}

// findings are those of the whole file.
func (r *read) findings() []finding {
	var all []finding
	for _, m := range r.made {
		if m.fill != nil {
			all = append(all, r.finding(m))
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Offset < all[j].Offset })
	return all
}

// at is what there is at a place that a recording names: where the map is made or, where that lies on a stack, first written.
func (r *read) at(p place) outcome {
	switch {
	case r == nil:
		return outcome{Why: "its package can't be read from the folder of the command"}
	case r.generated:
		return outcome{Why: "its file is generated: change what generates it"}
	}
	var there []*made
	for _, m := range r.made {
		if r.recorded(m.expr) == p.Line {
			there = append(there, m)
		}
	}
	if len(there) == 0 {
		for _, m := range r.made {
			if m.write == p.Line {
				there = append(there, m)
			}
		}
	}
	var of []*made
	for _, m := range there {
		if r.isGeneric(m.of) || isOf(r.info.Types[m.expr].Type, p.Type) {
			of = append(of, m)
		}
	}
	switch {
	case len(of) == 1 && of[0].fill != nil:
		found := r.finding(of[0])
		return outcome{Finding: &found}
	case len(of) == 1 && of[0].variable != nil && r.canName(of[0], "make"):
		// A number can be written in place of HINT.
		m := *of[0]
		m.fill = &fill{"constant", "HINT", r.line(m.expr)}
		found := r.finding(&m)
		return outcome{Finding: &found, Why: m.why}
	case len(of) == 1:
		return outcome{Why: of[0].why}
	case len(of) > 1:
		return outcome{Why: "its line makes several maps of this type"}
	}
	for _, call := range r.hinted {
		if r.recorded(call) == p.Line && isOf(r.info.Types[call].Type, p.Type) {
			hint := strings.Join(strings.Fields(r.text(call.Args[1])), " ")
			return outcome{Why: "it is made with the hint " + hint + ", which is too small for what was recorded"}
		}
	}
	return outcome{Why: "its line makes no map of this type: what it calls does, or the source changed"}
}

// isOf says that maps of a type may be recorded with this name. Where the first write is by a function of another type with
// the same entries, they have that type's name.
func isOf(t types.Type, name string) bool {
	isNamed := !strings.HasPrefix(name, "map[")
	return isNamed || spelled(t) == squeezed(name) || spelled(t.Underlying()) == squeezed(name)
}

// spelled is a type as the runtime spells it, without blanks.
func spelled(t types.Type) string {
	return squeezed(types.TypeString(t, func(p *types.Package) string { return p.Name() }))
}

func squeezed(name string) string {
	var words strings.Builder
	word := ""
	end := func() {
		switch word {
		case "any":
			word = "interface{}"
		case "byte":
			word = "uint8"
		case "rune":
			word = "int32"
		}
		words.WriteString(word)
		word = ""
	}
	for _, c := range name {
		if c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf {
			word += string(c)
			continue
		}
		end()
		if c != ' ' {
			words.WriteRune(c)
		}
	}
	end()
	return words.String()
}

func (r *read) finding(m *made) finding {
	start, end := r.position(m.expr.Pos()), r.position(m.expr.End())
	found := finding{
		File:      r.path,
		Line:      start.Line,
		Column:    r.column(start),
		EndLine:   end.Line,
		EndColumn: r.column(end),
		Kind:      m.fill.kind,
		Hint:      m.fill.hint,
		Loop:      m.fill.line,
		Type:      r.text(m.of),
		Own:       r.own,
		With:      "make(" + r.text(m.of) + ", " + m.fill.hint + ")",
	}
	found.GroupBytes, found.GroupPointers = r.group(r.mapOf(r.info.Types[m.expr].Type))
	found.Offset, found.End = start.Offset, end.Offset
	found.New = found.With
	if call, ok := m.expr.(*ast.CallExpr); ok {
		// What else stands in it, comments too, stays.
		found.Offset = r.position(m.of.End()).Offset
		found.End, found.New = found.Offset, ", "+m.fill.hint
		if len(call.Args) > 1 {
			zero := call.Args[1]
			found.Offset, found.End = r.position(zero.Pos()).Offset, r.position(zero.End()).Offset
			found.New = m.fill.hint
		}
	}
	found.Old = string(r.source[found.Offset:found.End])
	return found
}

func (r *read) text(n ast.Node) string {
	from, to := r.position(n.Pos()).Offset, r.position(n.End()).Offset
	return string(r.source[from:to])
}

// position is one in the file itself, whatever its line directives say.
func (r *read) position(at token.Pos) token.Position { return r.positions.PositionFor(at, false) }

func (r *read) line(n ast.Node) int { return r.position(n.Pos()).Line }

// recorded is the line that the compiler takes from line directives.
func (r *read) recorded(n ast.Node) int { return r.positions.Position(n.Pos()).Line }

func (r *read) column(at token.Position) int {
	return utf8.RuneCount(r.source[at.Offset-at.Column+1:at.Offset]) + 1
}
