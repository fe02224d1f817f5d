package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"sort"
)

// change is what to put into a file.
type change struct {
	File  string `json:"file"`
	Edits []edit `json:"edits"`
}

// edit stands for the bytes from Offset to End, which are Old.
type edit struct {
	Offset int    `json:"offset"`
	End    int    `json:"end"`
	Old    string `json:"old"`
	New    string `json:"new"`
}

type fixed struct {
	File   string `json:"file"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// fix makes the changes, in memory. A file that gofmt would leave alone stays such a file.
func fix(changes []change) ([]fixed, error) {
	all := []fixed{}
	for _, c := range changes {
		before, err := os.ReadFile(c.File)
		if err != nil {
			return nil, err
		}
		sort.SliceStable(c.Edits, func(i, j int) bool { return c.Edits[i].Offset < c.Edits[j].Offset })
		var after bytes.Buffer
		done, last := 0, -1
		for _, e := range c.Edits {
			if e.Offset == last {
				// One place has one hint: the first that is asked for.
				continue
			}
			if e.Offset < done || e.End > len(before) || e.End < e.Offset || string(before[e.Offset:e.End]) != e.Old {
				return nil, fmt.Errorf("%s: changed while it was read: try again", c.File)
			}
			after.Write(before[done:e.Offset])
			after.WriteString(e.New)
			done, last = e.End, e.Offset
		}
		after.Write(before[done:])
		text := after.Bytes()
		if clean, err := format.Source(before); err == nil && bytes.Equal(clean, before) {
			if text, err = format.Source(text); err != nil {
				return nil, fmt.Errorf("%s: %w", c.File, err)
			}
		}
		all = append(all, fixed{c.File, string(before), string(text)})
	}
	return all, nil
}
