// Command inside makes maps at known lines, says its number, and waits until its standard input ends.
package main

import (
	"fmt"
	"os"
	"strconv"
)

var kept []any

func fill(n, less int) map[uint64]string {
	m := make(map[uint64]string) // filled
	for i := 0; i < n; i++ {
		m[uint64(i)] = "v"
	}
	for i := 0; i < less; i++ {
		delete(m, uint64(i))
	}
	return m
}

func main() {
	for _, n := range []int{10, 5000, 300} {
		kept = append(kept, fill(n, n/2))
	}
	names := map[string]int{} // names
	for i := 0; i < 40; i++ {
		names[strconv.Itoa(i)] = i
	}
	kept = append(kept, names)
	fmt.Println(os.Getpid())
	buffer := make([]byte, 1)
	os.Stdin.Read(buffer)
	fmt.Fprintln(os.Stderr, len(kept), len(names))
}
