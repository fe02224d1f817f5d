// Program hints reads Go source for maps that are made without a hint, though what fills them has a length known by then.
//
// A request is JSON on its input, the answer JSON on its output. It asks for the findings of packages, for those of places
// that a recording names, or for files with such findings put in. Nothing is written, and nothing is built.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

type request struct {
	// Go is the go command, Folder where it is started, Patterns the packages that it is asked for.
	Go       string   `json:"go"`
	Folder   string   `json:"folder"`
	Patterns []string `json:"patterns"`
	// Places are those to look at; without any, all are.
	Places []place `json:"places"`
	// Fix has the files to change.
	Fix []change `json:"fix"`
}

// place is a line that a recording names, with a map's type as the runtime writes it.
type place struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Type string `json:"type"`
}

type answer struct {
	// Findings are in the order of files and lines.
	Findings []finding `json:"findings"`
	// Places answers each of the request's.
	Places []outcome `json:"places"`
	Fixed  []fixed   `json:"fixed"`
	// Packages is how many were read; Generic how many findings have types whose sizes are not known.
	Packages int `json:"packages"`
	Generic  int `json:"generic"`
}

// finding is a map for which a hint can be written. Columns count characters, from 1; offsets count bytes.
type finding struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	// Kind is what is known of the number of entries: kindCopy and its like, or "constant", where only a number can be written.
	Kind string `json:"kind"`
	Hint string `json:"hint"`
	// Loop is the line of what fills the map.
	Loop int    `json:"loop"`
	Type string `json:"type"`
	// GroupBytes is 0 where sizes depend on type parameters.
	GroupBytes    int64 `json:"group_bytes"`
	GroupPointers bool  `json:"group_pointers"`
	// With is the whole expression with the hint. Of it, New stands for the bytes from Offset to End, which are Old.
	With   string `json:"with"`
	Offset int    `json:"offset"`
	End    int    `json:"end"`
	Old    string `json:"old"`
	New    string `json:"new"`
	// Own says that its package is one of the user's modules.
	Own bool `json:"own"`
}

// outcome is a finding, or why there is none; both where only a number can be written, which stands for HINT.
type outcome struct {
	Finding *finding `json:"finding,omitempty"`
	Why     string   `json:"why,omitempty"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail(err)
	}
	given, err := answered(asked)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(given); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func answered(asked request) (answer, error) {
	given := answer{Findings: []finding{}, Places: []outcome{}, Fixed: []fixed{}}
	if len(asked.Fix) > 0 {
		var err error
		given.Fixed, err = fix(asked.Fix)
		return given, err
	}
	wanted := map[string]bool{}
	for _, p := range asked.Places {
		wanted[p.File] = true
	}
	files := map[string]*read{}
	failed := map[string]string{}
	of := func(f *file) { files[f.path] = f.read() }
	if len(asked.Places) == 0 {
		of = func(f *file) {
			if f.generated {
				return
			}
			for _, found := range f.read().findings() {
				if found.GroupBytes == 0 {
					given.Generic++
				} else {
					given.Findings = append(given.Findings, found)
				}
			}
		}
	}
	packages, err := load(asked, wanted, func(f *file) {
		if why := guarded(func() { of(f) }); why != "" {
			failed[f.path] = why
			fmt.Fprintf(os.Stderr, "%s: %s\n", f.path, why)
		}
	})
	given.Packages = packages
	for _, p := range asked.Places {
		found := outcome{Why: failed[p.File]}
		if found.Why == "" {
			if why := guarded(func() { found = files[p.File].at(p) }); why != "" {
				found = outcome{Why: why}
			}
		}
		given.Places = append(given.Places, found)
	}
	return given, err
}

// guarded says why something could not be done to its end: a fault met in one file is no reason to leave the others out.
func guarded(do func()) (why string) {
	defer func() {
		if met := recover(); met != nil {
			why = fmt.Sprintf("its file can't be looked at: %v", met)
		}
	}()
	do()
	return ""
}
