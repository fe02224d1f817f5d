package main

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
)

func number(n int) string { return strconv.Itoa(n) }

// bare is an expression without the parentheses around it.
func bare(expr ast.Expr) ast.Expr {
	for {
		in, ok := expr.(*ast.ParenExpr)
		if !ok {
			return expr
		}
		expr = in.X
	}
}

// variable is what a name stands for.
func (r *read) variable(expr ast.Expr) types.Object {
	id, ok := bare(expr).(*ast.Ident)
	if !ok {
		return nil
	}
	if of := r.info.Defs[id]; of != nil {
		return of
	}
	of, _ := r.info.Uses[id].(*types.Var)
	if of == nil {
		return nil
	}
	return of
}

// isPath says that an expression is a variable, or a field of one.
func (r *read) isPath(expr ast.Expr) bool {
	if selector, ok := bare(expr).(*ast.SelectorExpr); ok {
		return r.isPath(selector.X)
	}
	return r.variable(expr) != nil
}

// same says that two paths are one.
func (r *read) same(a, b ast.Expr) bool {
	x, ok := bare(a).(*ast.SelectorExpr)
	if !ok {
		of := r.variable(a)
		return of != nil && of == r.variable(b)
	}
	y, ok := bare(b).(*ast.SelectorExpr)
	return ok && x.Sel.Name == y.Sel.Name && r.same(x.X, y.X)
}

// base is the variable that an expression begins with.
func (r *read) base(expr ast.Expr) types.Object {
	switch e := expr.(type) {
	case *ast.SelectorExpr:
		return r.base(e.X)
	case *ast.IndexExpr:
		return r.base(e.X)
	case *ast.StarExpr:
		return r.base(e.X)
	case *ast.ParenExpr:
		return r.base(e.X)
	}
	return r.variable(expr)
}

// assigns says that a path, or what it begins with, is given another value somewhere in a statement.
func (r *read) assigns(in ast.Node, path ast.Expr) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		for _, target := range targets(n) {
			for p := path; ; {
				found = found || r.same(target, p)
				selector, ok := bare(p).(*ast.SelectorExpr)
				if !ok {
					break
				}
				p = selector.X
			}
		}
		return !found
	})
	return found
}

// targets are what a node by itself gives a value.
func targets(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.AssignStmt:
		return s.Lhs
	case *ast.IncDecStmt:
		return []ast.Expr{s.X}
	case *ast.RangeStmt:
		var all []ast.Expr
		for _, target := range []ast.Expr{s.Key, s.Value} {
			if target != nil {
				all = append(all, target)
			}
		}
		return all
	}
	return nil
}

// isSet says that something in a statement gives a variable or a part of it another value, or takes its address.
func (r *read) isSet(in ast.Node, of types.Object) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		for _, target := range targets(n) {
			found = found || r.base(target) == of
		}
		if s, ok := n.(*ast.UnaryExpr); ok {
			found = found || s.Op == token.AND && r.base(s.X) == of
		}
		return !found
	})
	return found
}

// mentions says that a variable stands somewhere in a statement.
func (r *read) mentions(in ast.Node, of types.Object) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && r.info.Uses[id] == of
		return !found
	})
	return found
}

// reads says that an expression has a path in it.
func (r *read) reads(in ast.Expr, path ast.Expr) bool {
	found := false
	ast.Inspect(in, func(n ast.Node) bool {
		if expr, ok := n.(ast.Expr); ok {
			found = found || r.same(expr, path)
		}
		return !found
	})
	return found
}

// canName says that a name of Go's own means what it means where a map is made.
func (r *read) canName(m *made, name string) bool {
	_, of := r.lookUp(m, name)
	return of == types.Universe.Lookup(name)
}

func (r *read) lookUp(m *made, name string) (*types.Scope, types.Object) {
	scope := r.pkg.Scope().Innermost(m.expr.Pos())
	if scope == nil {
		return nil, nil
	}
	return scope.LookupParent(name, m.expr.Pos())
}

// readable says why an expression can't be read where the map is made, or would not be what it is at the loop.
func (r *read) readable(m *made, before []ast.Stmt, expr ast.Expr) string {
	p := path{r: r, m: m}
	if !p.has(expr) {
		return p.why
	}
	const later = "what its loop ranges over gets its length only after the map is made"
	for _, target := range targets(m.in) {
		if r.same(target, m.variable) {
			continue
		}
		for _, of := range p.variables {
			if r.base(target) == of {
				return later
			}
		}
	}
	if p.isDeep && !r.isQuiet(m.in, m.variable) {
		return "what its loop ranges over may be something else by then"
	}
	for _, statement := range before {
		for _, of := range p.variables {
			// A map can be filled wherever it is given to.
			if r.isSet(statement, of) || r.mapOf(of.Type()) != nil && r.mentions(statement, of) {
				return later
			}
		}
		if p.isDeep && !r.isPlain(statement, m.variable) {
			return "what its loop ranges over may be something else by then"
		}
	}
	return ""
}

// path is what an expression is made of.
type path struct {
	r         *read
	m         *made
	variables []types.Object
	// isDeep says that it reads what others may change, or where there may be nothing.
	isDeep bool
	why    string
}

func (p *path) has(expr ast.Expr) bool {
	r := p.r
	if known := r.info.Types[expr]; known.Value != nil {
		// A number, unless a name in it is not yet there.
		return p.names(expr)
	}
	switch e := expr.(type) {
	case *ast.Ident:
		of, ok := r.info.Uses[e].(*types.Var)
		if !ok {
			return p.no("what its loop ranges over can't be read there")
		}
		if r.base(p.m.variable) == of && r.variable(p.m.variable) == of {
			return p.no("its loop ranges over the map itself")
		}
		p.variables = append(p.variables, of)
		p.isDeep = p.isDeep || r.isOpen(of) || isFilled(of.Type())
		return p.names(expr)
	case *ast.ParenExpr:
		return p.has(e.X)
	case *ast.StarExpr:
		p.isDeep = true
		return p.has(e.X)
	case *ast.SelectorExpr:
		p.isDeep = true
		if id, ok := e.X.(*ast.Ident); ok {
			if _, ok := r.info.Uses[id].(*types.PkgName); ok {
				return p.names(id)
			}
		}
		if of := r.info.Selections[e]; of == nil || of.Kind() != types.FieldVal {
			return p.no("what its loop ranges over can't be read there")
		}
		if r.same(e, p.m.variable) {
			return p.no("its loop ranges over the map itself")
		}
		return p.has(e.X)
	case *ast.IndexExpr:
		p.isDeep = true
		return p.has(e.X) && p.has(e.Index)
	case *ast.SliceExpr:
		p.isDeep = true
		for _, part := range []ast.Expr{e.X, e.Low, e.High, e.Max} {
			if part != nil && !p.has(part) {
				return false
			}
		}
		return true
	case *ast.BinaryExpr:
		switch e.Op {
		case token.ADD, token.SUB, token.MUL:
			return p.has(e.X) && p.has(e.Y)
		}
	case *ast.CallExpr:
		if r.isBuiltin(e.Fun, "len") && len(e.Args) == 1 {
			return p.has(e.Args[0])
		}
	}
	return p.no("its loop ranges over the result of a call: name that before the map")
}

func (p *path) no(why string) bool {
	p.why = why
	return false
}

// names says that every name in an expression means the same where the map is made.
func (p *path) names(expr ast.Expr) bool {
	same := true
	ast.Inspect(expr, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.SelectorExpr:
			same = same && p.names(e.X)
			return false
		case *ast.Ident:
			_, of := p.r.lookUp(p.m, e.Name)
			same = same && of != nil && of == p.r.info.Uses[e]
		}
		return same
	})
	return same || p.no("what its loop ranges over is not there before the map is made")
}

// length is a hint that is known when the program is built.
func (r *read) length(from ast.Expr, hint string) (int64, bool) {
	if n, err := strconv.ParseInt(hint, 10, 64); err == nil {
		return n, true
	}
	if from == nil {
		return 0, false
	}
	known := r.info.Types[from]
	if known.Value != nil {
		switch known.Value.Kind() {
		case constant.Int:
			return constant.Int64Val(known.Value)
		case constant.String:
			return int64(len(constant.StringVal(known.Value))), true
		}
	}
	if known.Type == nil {
		return 0, false
	}
	under := known.Type.Underlying()
	if pointer, ok := under.(*types.Pointer); ok {
		under = pointer.Elem().Underlying()
	}
	if array, ok := under.(*types.Array); ok {
		return array.Len(), true
	}
	return 0, false
}

// isTooLarge says that a number is one that no int can be.
func (r *read) isTooLarge(from ast.Expr) bool {
	if from == nil {
		return false
	}
	value := r.info.Types[from].Value
	if value == nil || value.Kind() == constant.String {
		return false
	}
	_, fits := constant.Int64Val(constant.ToInt(value))
	return !fits
}

// hasComment says that there is a comment within an expression.
func (r *read) hasComment(expr ast.Expr) bool {
	for _, group := range r.tree.Comments {
		if group.Pos() > expr.Pos() && group.End() < expr.End() {
			return true
		}
	}
	return false
}

// isGeneric says that a type's name in the source has a type parameter in it.
func (r *read) isGeneric(of ast.Expr) bool {
	found := false
	ast.Inspect(of, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if named, ok := r.info.Uses[id].(*types.TypeName); ok {
				_, isParameter := named.Type().(*types.TypeParam)
				found = found || isParameter
			}
		}
		return !found
	})
	return found
}
