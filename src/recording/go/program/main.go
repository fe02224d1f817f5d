// Program recorder writes a copy of the maps of the Go at GOROOT, with hooks that record what they do, and the overlay that has
// the go command build it in their place: recorder GOROOT FOLDER.
//
// Every hook is put in where the source has what it looks for, on the line where that is, so that lines stay. A hook that is
// found nowhere, or not as often as in the versions that are known, ends the program: what it would leave out is missed.
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
	"strings"

	_ "embed"
)

//go:embed maps.go.txt
var mapsFile string

//go:embed bytes.go.txt
var bytesFile string

//go:embed tries.go.txt
var triesFile string

//go:embed sync.go.txt
var syncFile string

//go:embed runtime.go.txt
var runtimeFile string

//go:embed places.go.txt
var placesFile string

// need is a hook, and how often it is there at least.
type need struct {
	hook  string
	least int
}

// needed is each hook in the maps of the language.
var needed = []need{
	{"the field of the struct Map before clearSeq", 1},
	{"func NewMap", 1},
	{"func NewEmptyMap", 1},
	{"func runtime_mapassign and its fast kinds", 6},
	{"func (*Map) PutSlot", 1},
	{"func runtime_mapaccess and its fast kinds", 4},
	{"func (*Map) growToSmall", 1},
	{"func (*Map) growToTable", 1},
	{"func (*table) grow", 1},
	{"func (*table) split", 1},
	{"func (*Map) Clear", 1},
	{"func (*Map) Delete", 1},
	{"func (*Iter) Init", 1},
	{"m.used++ of an insert", 12},
	{"m.used-- of a remove", 2},
}

// keyKinds is how a hook ends whose map has keys of a kind, by how the runtime's functions for it end.
var keyKinds = map[string]string{"32": "32", "64": "64", "str": "Str", "32ptr": "Ptr", "64ptr": "Ptr"}

const (
	hooked   = "MsLevel != 0 && %[1]s != nil && %[1]s.msid != msNone"
	lookedUp = "MsLevel > 1 && %[1]s != nil && %[1]s.msid != msNone"
)

func main() {
	if len(os.Args) != 3 {
		fail("recorder GOROOT FOLDER")
	}
	if err := patch(os.Args[1], os.Args[2]); err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

func patch(goroot, folder string) error {
	sources := filepath.Join(goroot, "src")
	paths, err := filepath.Glob(filepath.Join(sources, "internal/runtime/maps/*.go"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("it has no internal/runtime/maps: its maps are those of Go 1.23 or older")
	}
	p := patcher{hooks: map[string]int{}, overlay: map[string]string{}, folder: folder}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		if err := p.file(path, p.function); err != nil {
			return err
		}
	}
	if p.hasClone {
		if p.hooks["return of func (*Map) Clone"] == 0 {
			return fmt.Errorf("hook missing: return of func (*Map) Clone")
		}
	}
	if err := p.check(needed); err != nil {
		return err
	}
	if err := p.file(filepath.Join(sources, "internal/sync/hashtriemap.go"), p.trie); err != nil {
		return fmt.Errorf("hook missing: the map of internal/sync: %w", err)
	}
	if err := p.check(neededInSync); err != nil {
		return err
	}
	system := "internal/runtime/syscall"
	if matches, _ := filepath.Glob(filepath.Join(sources, system, "linux/*.go")); len(matches) > 0 {
		system += "/linux"
	}
	slots := "MapGroupSlots"
	if strings.HasPrefix(p.mapType, "Swiss") {
		slots = "SwissMapGroupSlots"
	}
	fill := strings.NewReplacer("MAPTYPE", p.mapType, "MAPSLOTS", slots, "SYSCALLPKG", system)
	for name, text := range map[string]string{
		"internal/runtime/maps/zz_mapscope.go":       mapsFile,
		"internal/runtime/maps/zz_mapscope_bytes.go": bytesFile,
		"internal/runtime/maps/zz_mapscope_tries.go": triesFile,
		"internal/sync/zz_mapscope.go":               syncFile,
		"runtime/zz_mapscope.go":                     runtimeFile,
		"runtime/zz_mapscope_places.go":              placesFile,
	} {
		if err := p.write(filepath.Join(sources, name), strings.ReplaceAll(name, "/", "_"), fill.Replace(text)); err != nil {
			return err
		}
	}
	overlay, err := json.MarshalIndent(map[string]any{"Replace": p.overlay}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "overlay.json"), overlay, 0o600)
}

type patcher struct {
	hooks   map[string]int
	overlay map[string]string
	folder  string
	// mapType is the type of a map's description in internal/abi.
	mapType  string
	hasClone bool

	// Of the file at hand.
	positions *token.FileSet
	edits     []edit
}

// edit replaces so many bytes at an offset.
type edit struct {
	at, bytes int
	text      string
}

// check is whether each hook is there as often as it must.
func (p *patcher) check(all []need) error {
	for _, n := range all {
		if p.hooks[n.hook] < n.least {
			return fmt.Errorf("hook missing: %s (found %d of %d)", n.hook, p.hooks[n.hook], n.least)
		}
	}
	return nil
}

func (p *patcher) write(path, name, text string) error {
	to := filepath.Join(p.folder, name)
	p.overlay[path] = to
	return os.WriteFile(to, []byte(text), 0o600)
}

// file puts hooks into the declarations of a file.
func (p *patcher) file(path string, function func(*ast.FuncDecl)) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	p.positions, p.edits = token.NewFileSet(), nil
	file, err := parser.ParseFile(p.positions, path, source, parser.ParseComments)
	if err != nil {
		return err
	}
	for _, declared := range file.Decls {
		switch declared := declared.(type) {
		case *ast.GenDecl:
			p.field(declared)
		case *ast.FuncDecl:
			if declared.Body != nil {
				function(declared)
			}
		}
	}
	if len(p.edits) == 0 {
		return nil
	}
	sort.SliceStable(p.edits, func(i, j int) bool { return p.edits[i].at < p.edits[j].at })
	var patched strings.Builder
	done := 0
	for _, e := range p.edits {
		patched.Write(source[done:e.at])
		patched.WriteString(e.text)
		done = e.at + e.bytes
	}
	patched.Write(source[done:])
	return p.write(path, filepath.Base(filepath.Dir(path))+"_"+filepath.Base(path), patched.String())
}

func (p *patcher) insert(at token.Pos, hook, text string) {
	p.edits = append(p.edits, edit{at: p.positions.Position(at).Offset, text: text})
	p.hooks[hook]++
}

// identities is where a struct has room for an identity: before this field, after a small one.
var identities = map[string]struct{ before, field string }{
	"Map":         {"clearSeq", "msid uint32"},
	"HashTrieMap": {"root", "msid atomic.Uint32"},
}

// field puts the identity into the padding after the last small field.
func (p *patcher) field(declared *ast.GenDecl) {
	for _, spec := range declared.Specs {
		declared, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		identity, ok := identities[declared.Name.Name]
		if !ok {
			continue
		}
		fields, ok := declared.Type.(*ast.StructType)
		if !ok {
			continue
		}
		var last *ast.Field
		for _, field := range fields.Fields.List {
			if len(field.Names) > 0 && field.Names[0].Name == identity.before && last != nil {
				p.insert(last.End(), "the field of the struct "+declared.Name.Name+" before "+identity.before, "; "+identity.field)
			}
			last = field
		}
	}
}

func (p *patcher) function(f *ast.FuncDecl) {
	name, params, of := f.Name.Name, names(f.Type.Params), receiver(f)
	param := func(i int) string {
		if i < len(params) {
			return params[i]
		}
		return "missing"
	}
	entry := func(hook, text string, args ...any) {
		p.insert(f.Body.Lbrace+1, hook, " "+fmt.Sprintf(text, args...)+";")
	}
	// As it is given to the hooks: a pointer to it, or itself.
	keyed := func(hook string) string {
		_, kind, _ := strings.Cut(name, "_fast")
		return hook + keyKinds[kind]
	}
	method := "func (*" + of + ") " + name
	switch {
	case of == "" && (name == "NewMap" || name == "NewEmptyMap"):
		p.edits = append(p.edits, edit{at: p.positions.Position(f.Name.Pos()).Offset, bytes: len(name), text: "ms" + name})
		p.hooks["func "+name]++
		if name == "NewMap" && len(f.Type.Params.List) > 0 {
			if star, ok := f.Type.Params.List[0].Type.(*ast.StarExpr); ok {
				if of, ok := star.X.(*ast.SelectorExpr); ok {
					p.mapType = of.Sel.Name
				}
			}
		}
	case of == "" && strings.HasPrefix(name, "runtime_mapassign"):
		entry("func runtime_mapassign and its fast kinds", "if "+hooked+" { %[1]s.%[3]s(%[2]s, %[4]s) }", param(1), param(0), keyed("msWrote"), param(2))
	case of == "" && strings.HasPrefix(name, "runtime_mapaccess"):
		// One that calls another is counted there.
		if !calls(f, "runtime_mapaccess") {
			entry("func runtime_mapaccess and its fast kinds", "if "+lookedUp+" { %[1]s.%[3]s(%[2]s, %[4]s) }", param(1), param(0), keyed("msLookedUp"), param(2))
		}
	case method == "func (*Map) PutSlot":
		entry(method, "if "+hooked+" { %[1]s.msWrote(%[2]s, %[3]s) }", "m", param(0), param(1))
	case method == "func (*Map) Delete":
		entry(method, "if "+hooked+" { %[1]s.msRemoves(%[2]s, %[3]s) }", "m", param(0), param(1))
	case method == "func (*Map) growToSmall":
		entry(method, "if "+hooked+" { %[1]s.msGrewToSmall(%[2]s) }", "m", param(0))
	case method == "func (*Map) growToTable":
		entry(method, "if "+hooked+" { %[1]s.msGrewToTable(%[2]s) }", "m", param(0))
	case method == "func (*Map) Clear":
		entry(method, "if "+hooked+" && m.used != 0 { %[1]s.msCleared(%[2]s) }", "m", param(0))
	case method == "func (*table) grow":
		entry(method, "if "+hooked+" { %[1]s.msGrew(%[2]s, t, %[3]s) }", param(1), param(0), param(2))
	case method == "func (*table) split":
		entry(method, "if "+hooked+" { %[1]s.msSplit(%[2]s, t) }", param(1), param(0))
	case method == "func (*Iter) Init":
		entry(method, "if "+lookedUp+" && %[1]s.used != 0 { %[1]s.msIterated(%[2]s) }", param(1), param(0))
	case method == "func (*Map) Clone":
		p.hasClone = true
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
				if id, ok := r.Results[0].(*ast.Ident); ok {
					p.insert(r.Pos(), "return of "+method, fmt.Sprintf("if MsLevel != 0 { %s.msCloned(%s) }; ", id.Name, param(0)))
				}
			}
			return true
		})
	}
	p.used(f, params)
}

// used hooks wherever a map's number of entries changes by one.
func (p *patcher) used(f *ast.FuncDecl, params []string) {
	if len(params) == 0 {
		return
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		s, ok := n.(*ast.IncDecStmt)
		if !ok {
			return true
		}
		field, ok := s.X.(*ast.SelectorExpr)
		if !ok || field.Sel.Name != "used" {
			return true
		}
		if id, ok := field.X.(*ast.Ident); !ok || id.Name != "m" {
			return true
		}
		hook, what := "m.used++ of an insert", "msInserted"
		if s.Tok == token.DEC {
			hook, what = "m.used-- of a remove", "msRemoved"
		}
		p.insert(s.End(), hook, fmt.Sprintf("; if "+hooked+" { m.%s(%s) }", "m", what, params[0]))
		return true
	})
}

// receiver is the type, generic or not, to which a method belongs by a pointer.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return ""
	}
	of := star.X
	if generic, ok := of.(*ast.IndexListExpr); ok {
		of = generic.X
	}
	if id, ok := of.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func names(fields *ast.FieldList) []string {
	var all []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			all = append(all, name.Name)
		}
	}
	return all
}

func calls(f *ast.FuncDecl, prefix string) bool {
	found := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if id, ok := call.Fun.(*ast.Ident); ok && strings.HasPrefix(id.Name, prefix) {
				found = true
			}
		}
		return true
	})
	return found
}
