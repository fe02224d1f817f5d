package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// listed is a package as `go list` describes it.
type listed struct {
	Dir, ImportPath, Name string
	GoFiles, CgoFiles     []string
	ImportMap             map[string]string
	DepOnly, Standard     bool
	Module                *struct{ Main bool }
	Error                 *struct{ Pos, Err string }
}

// paths are the package's files.
func (p *listed) paths() []string {
	var paths []string
	for _, name := range append(append([]string{}, p.GoFiles...), p.CgoFiles...) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(p.Dir, name)
		}
		paths = append(paths, name)
	}
	return paths
}

// path is what a package is imported by; its tests, within it and without, are part of it.
func (p *listed) path() string {
	path, tests, _ := strings.Cut(p.ImportPath, " ")
	if of := strings.TrimSuffix(path, "_test"); tests == "["+of+".test]" {
		return of
	}
	return path
}

// isMain says that the go command makes the package for a test, of a file that may not be there.
func (p *listed) isMain() bool {
	return strings.HasSuffix(p.ImportPath, ".test") && p.Name == "main"
}

// isOwn says that the package is not Go's, nor of a module that the user's only needs.
func (p *listed) isOwn() bool {
	return !p.Standard && (p.Module == nil || p.Module.Main)
}

// isEmpty says that all that is wrong with a package is that it has no files, or none but tests.
func (p *listed) isEmpty() bool {
	return strings.Contains(p.Error.Err, "no non-test Go files") || strings.Contains(p.Error.Err, "exclude all Go files")
}

// file is one of a package that is looked at.
type file struct {
	path      string
	source    []byte
	tree      *ast.File
	generated bool
	own       bool
	positions *token.FileSet
	info      *types.Info
	pkg       *types.Package
	sizes     types.Sizes
}

// load has the files of packages looked at, each once: those wanted, or all. Whatever they import is read too, but not its
// functions.
func load(asked request, wanted map[string]bool, look func(*file)) (int, error) {
	packages, err := list(asked)
	if err != nil {
		return 0, err
	}
	l := loader{
		positions: token.NewFileSet(),
		checked:   map[string]*types.Package{"unsafe": types.Unsafe},
		sizes:     types.SizesFor("gc", runtime.GOARCH),
		seen:      map[string]bool{},
	}
	count := map[string]bool{}
	for i := range packages {
		p := &packages[i]
		if p.isMain() || p.ImportPath == "unsafe" {
			continue
		}
		isTarget := false
		if !p.DepOnly {
			// Of a package that is listed twice, with its tests and without, the files that are new.
			for _, path := range p.paths() {
				isTarget = isTarget || !l.seen[path] && (len(wanted) == 0 || wanted[path])
			}
		}
		if !p.DepOnly && len(wanted) == 0 && p.Error != nil && !p.isEmpty() {
			return 0, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		if isTarget {
			count[p.path()] = true
		}
		if err := l.check(p, isTarget, len(wanted) == 0, wanted, look); err != nil {
			return 0, err
		}
	}
	if len(count) == 0 && len(wanted) == 0 {
		return 0, fmt.Errorf("%s: no Go files are built there", strings.Join(asked.Patterns, " "))
	}
	return len(count), nil
}

func list(asked request) ([]listed, error) {
	args := []string{"list", "-e", "-deps", "-test", "-json=Dir,ImportPath,Name,GoFiles,CgoFiles,ImportMap,DepOnly,Standard,Module,Error", "--"}
	command := exec.Command(asked.Go, append(args, asked.Patterns...)...)
	command.Dir = asked.Folder
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		if said := strings.TrimSpace(said.String()); said != "" {
			return nil, errors.New(said)
		}
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(output)); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(asked.Patterns, " "))
	}
	return packages, nil
}

type loader struct {
	positions *token.FileSet
	checked   map[string]*types.Package
	sizes     types.Sizes
	seen      map[string]bool
}

// importer finds a package's imports among those that come before it in the list.
type importer struct {
	l *loader
	p *listed
}

func (i importer) Import(path string) (*types.Package, error) {
	if mapped := i.p.ImportMap[path]; mapped != "" {
		path = mapped
	}
	if pkg := i.l.checked[path]; pkg != nil {
		return pkg, nil
	}
	return nil, fmt.Errorf("package %s is not there", path)
}

func (l *loader) check(p *listed, isTarget, strict bool, wanted map[string]bool, look func(*file)) error {
	paths := p.paths()
	sources, trees, failed := make([][]byte, len(paths)), make([]*ast.File, len(paths)), make([]error, len(paths))
	var group sync.WaitGroup
	for i, path := range paths {
		i, path := i, path
		group.Add(1)
		go func() {
			defer group.Done()
			mode := parser.SkipObjectResolution
			if isTarget {
				mode |= parser.ParseComments
			}
			if sources[i], failed[i] = os.ReadFile(path); failed[i] == nil {
				trees[i], failed[i] = parser.ParseFile(l.positions, path, sources[i], mode)
			}
		}()
	}
	group.Wait()
	var first error
	for _, err := range failed {
		if err != nil && first == nil {
			first = err
		}
	}
	var whole []*ast.File
	for _, tree := range trees {
		if tree != nil {
			whole = append(whole, tree)
		}
	}
	info := &types.Info{}
	if isTarget {
		info.Types = map[ast.Expr]types.TypeAndValue{}
		info.Defs = map[*ast.Ident]types.Object{}
		info.Uses = map[*ast.Ident]types.Object{}
		info.Selections = map[*ast.SelectorExpr]*types.Selection{}
	}
	config := types.Config{
		Importer:         importer{l, p},
		IgnoreFuncBodies: !isTarget,
		FakeImportC:      true,
		Sizes:            l.sizes,
		Error: func(err error) {
			if first == nil {
				first = err
			}
		},
	}
	path, _, _ := strings.Cut(p.ImportPath, " ")
	pkg, _ := config.Check(path, l.positions, whole, info)
	l.checked[p.ImportPath] = pkg
	if !isTarget {
		return nil
	}
	// What the compiler would refuse is not looked at; C is not known here.
	if strict && first != nil && len(p.CgoFiles) == 0 {
		return fmt.Errorf("%w: hints are found in what compiles", first)
	}
	for i, path := range paths {
		if l.seen[path] || trees[i] == nil || len(wanted) > 0 && !wanted[path] {
			continue
		}
		l.seen[path] = true
		look(&file{path, sources[i], trees[i], generated(trees[i]), p.isOwn(), l.positions, info, pkg, l.sizes})
	}
	return nil
}

// generated says that a file is marked as such, before its package clause.
func generated(tree *ast.File) bool {
	for _, group := range tree.Comments {
		for _, comment := range group.List {
			is := strings.HasPrefix(comment.Text, "// Code generated ") && strings.HasSuffix(comment.Text, " DO NOT EDIT.")
			if is && comment.Pos() < tree.Package {
				return true
			}
		}
	}
	return false
}
