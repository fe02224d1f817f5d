// Program hinted makes maps that could have hints, and maps that could not.
package main

import (
	"maps"
	"strconv"
)

var kept []any

func main() {
	kept = make([]any, 0, 10_000)
	names := make([]string, 700)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	for i := 0; i < 20; i++ {
		indexed(names[:100+30*i])
	}
	set := numbered(names)
	copied(set)
	odd(names)
	counted(300)
	for i := 0; i < 16; i++ {
		stacked(names[:200])
		passed(names[:90+i%3])
		table(90 + i%4)
	}
}

// indexed is filled in a loop whose rounds each insert.
func indexed(names []string) {
	m := make(map[int]string) // by index
	var total int             // of letters
	for i, name := range names {
		m[i] = name
		total += len(name)
	}
	kept = append(kept, m, total)
}

// numbered may have fewer entries than names.
func numbered(names []string) map[string]int {
	numbers := map[string]int{}
	for i, name := range names {
		numbers[name] = i
	}
	kept = append(kept, numbers)
	return numbers
}

func copied(from map[string]int) {
	to := make(map[string]int, 0)
	maps.Copy(to, from)
	kept = append(kept, to)
}

func odd(names []string) {
	odd := map[string]bool{}
	for i, name := range names {
		if i%2 == 1 {
			odd[name] = true
		}
	}
	kept = append(kept, odd)
}

func counted(n int) {
	var squares = make(map[int]int)
	for i := 0; i < n; i++ {
		squares[i] = i * i
	}
	kept = append(kept, squares)
}

// stacked has its map on the stack, recorded by its first write, before which a key is looked up and removed.
func stacked(names []string) int {
	seen := map[string]struct{}{}
	delete(seen, "none")
	twice := 0
	for _, name := range names {
		if _, ok := seen[name]; ok {
			twice++
		}
		seen[name] = struct{}{}
	}
	return len(seen) + twice
}

// passed has a map that is filled elsewhere.
func passed(names []string) {
	fill(make(map[string]int), names)
}

func fill(m map[string]int, names []string) {
	for _, name := range names {
		m[name]++
	}
	kept = append(kept, m)
}

// table is filled in a way that shows no length, and is always about as large.
func table(n int) {
	m := map[int]int{}
	for n > 0 {
		m[n] = n
		n--
	}
	kept = append(kept, m)
}
