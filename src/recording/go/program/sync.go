package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// neededInSync is each hook in the HashTrieMap of internal/sync, of which sync.Map is made.
var neededInSync = []need{
	{"the field of the struct HashTrieMap before root", 1},
	{"the type of maps in func (*HashTrieMap) initSlow", 1},
	{"the last statement of func (*HashTrieMap) initSlow", 1},
	{"func (*HashTrieMap) Load", 1},
	{"func (*HashTrieMap) LoadOrStore", 1},
	{"func (*HashTrieMap) CompareAndSwap", 1},
	{"func (*HashTrieMap) CompareAndDelete", 1},
	{"func (*HashTrieMap) Clear", 1},
	{"func (*HashTrieMap) iter of the root", 2},
	{"newEntryNode of an insert", 2},
	{"if swapped of func (*HashTrieMap) Swap", 1},
	{"return true of func (*HashTrieMap) CompareAndSwap", 1},
	{"if e != nil of func (*HashTrieMap) LoadAndDelete", 1},
	{"return of a miss in func (*HashTrieMap) LoadAndDelete", 2},
	{"if e != nil of func (*HashTrieMap) CompareAndDelete", 1},
	{"newIndirectNode of func (*HashTrieMap) expand", 2},
	{"i.dead.Store of a remove", 2},
}

// trie hooks what a function of the HashTrieMap does.
func (p *patcher) trie(f *ast.FuncDecl) {
	of, name := receiver(f), f.Name.Name
	if of != "HashTrieMap" {
		return
	}
	method := "func (*HashTrieMap) " + name
	begin := func(on, call string) {
		p.insert(f.Body.Lbrace+1, method, " if "+on+" { ht."+call+" };")
	}
	const on, counts = "msOn()", "msCounts()"
	switch name {
	case "initSlow":
		last := f.Body.List[len(f.Body.List)-1]
		// The word that says that it is ready comes last.
		if text(last) == "ht.inited.Store" {
			p.insert(last.Pos(), "the last statement of "+method, "if "+on+" { ht.msBegun(unsafe.Pointer(mapType)) }; ")
		}
	case "Clear":
		// The root is there when it returns.
		begin(on, "init(); ht.msCleared()")
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ExprStmt:
			switch what := text(n); {
			case what == "ht.init" && (name == "Load" || name == "LoadOrStore" || name == "CompareAndSwap" || name == "CompareAndDelete"):
				p.insert(n.End(), method, "; if "+counts+" { ht.msLookedUp(key) }")
			case what == "i.dead.Store":
				p.insert(n.End(), "i.dead.Store of a remove", "; if "+on+" { ht.msPruned() }")
			case what == "ht.iter" && name != "iter":
				p.insert(n.Pos(), "func (*HashTrieMap) iter of the root", "if "+counts+" { ht.msIterated() }; ")
			}
		case *ast.AssignStmt:
			if id, ok := n.Lhs[0].(*ast.Ident); ok && id.Name == "mapType" && name == "initSlow" {
				p.hooks["the type of maps in "+method]++
			}
			switch made := made(n); {
			case made == "newEntryNode" && n.Tok == token.DEFINE:
				p.insert(n.End(), "newEntryNode of an insert", "; if "+on+" { ht.msWrote(key, true) }")
			case made == "newIndirectNode" && name == "expand":
				p.insert(n.End(), "newIndirectNode of "+method, "; if "+on+" { ht.msNode() }")
			}
		case *ast.IfStmt:
			if cond, ok := n.Cond.(*ast.Ident); ok && cond.Name == "swapped" && name == "Swap" {
				p.insert(n.Body.Lbrace+1, "if swapped of "+method, " if "+on+" { ht.msWrote(key, false) };")
			}
			// The entry is found to be there, and the lock of its slot is not yet given up: whoever writes the key next comes
			// later in the trace, too.
			if isRest(n.Cond) && (name == "LoadAndDelete" || name == "CompareAndDelete") {
				p.insert(n.Pos(), "if e != nil of "+method, "if "+on+" { ht.msRemoved(key) }; ")
			}
		case *ast.ReturnStmt:
			last, ok := ast.Expr(nil), len(n.Results) > 0
			if ok {
				last = n.Results[len(n.Results)-1]
			}
			id, ok := last.(*ast.Ident)
			switch {
			case !ok:
			case name == "CompareAndSwap" && id.Name == "true":
				p.insert(n.Pos(), "return true of "+method, "if "+on+" { ht.msWrote(key, false) }; ")
			case name == "LoadAndDelete" && id.Name == "false":
				p.insert(n.Pos(), "return of a miss in "+method, "if "+counts+" { ht.msMissed(key) }; ")
			}
		}
		return true
	})
}

// isRest is e != nil: whether a remove leaves other entries of the same hash.
func isRest(cond ast.Expr) bool {
	of, ok := cond.(*ast.BinaryExpr)
	if !ok || of.Op != token.NEQ {
		return false
	}
	e, ok := of.X.(*ast.Ident)
	null, isNil := of.Y.(*ast.Ident)
	return ok && isNil && e.Name == "e" && null.Name == "nil"
}

// text is what a statement calls: a.b.c of a.b.c(d).
func text(s ast.Stmt) string {
	e, ok := s.(*ast.ExprStmt)
	if !ok {
		return ""
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return ""
	}
	var names []string
	for at := call.Fun; ; {
		switch of := at.(type) {
		case *ast.SelectorExpr:
			names = append([]string{of.Sel.Name}, names...)
			at = of.X
			continue
		case *ast.Ident:
			names = append([]string{of.Name}, names...)
		}
		return strings.Join(names, ".")
	}
}

// made is the function, generic or not, whose result alone is assigned.
func made(s *ast.AssignStmt) string {
	if len(s.Rhs) != 1 {
		return ""
	}
	call, ok := s.Rhs[0].(*ast.CallExpr)
	if !ok {
		return ""
	}
	fun := call.Fun
	switch of := fun.(type) {
	case *ast.IndexExpr:
		fun = of.X
	case *ast.IndexListExpr:
		fun = of.X
	}
	if id, ok := fun.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
