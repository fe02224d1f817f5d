// Program switched makes maps while its recording is switched: it prints its number, and goes on with each line that it reads.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

var input = bufio.NewReader(os.Stdin)

// wait is for what is recorded to be changed.
func wait() {
	fmt.Println(os.Getpid())
	if _, err := input.ReadString('\n'); err != nil {
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) > 1 {
		reads()
		return
	}
	before := first()
	wait()
	fill(before, 100, 200)
	whole, used := second()
	wait()
	fill(before, 200, 300)
	// Several goroutines at once are the first to use it.
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go func() {
			for i := 0; i < 1000; i++ {
				_ = used[i]
			}
			all.Done()
		}()
	}
	all.Wait()
	fill(used, 1000, 2000)
	never := third()
	wait()
	fill(before, 300, 400)
	fill(used, 2000, 3000)
	delete(used, 1)
	fill(never, 100, 200)
	later := fourth()
	fmt.Println(len(before), len(whole), len(used), len(never), len(later))
}

// reads has goroutines look up a key that takes far longer to hash for the trace than to miss.
//
//go:noinline
func reads() {
	m := map[string]int{}
	m["short"] = 1
	key := strings.Repeat("k", 1<<20)
	var all sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		all.Add(1)
		go func() {
			for !done.Load() {
				_ = m[key]
			}
			all.Done()
		}()
	}
	wait()
	done.Store(true)
	all.Wait()
	fmt.Println(len(m))
}

//go:noinline
func fill(m map[int]int, from, to int) {
	for i := from; i < to; i++ {
		m[i] = i
	}
}

//go:noinline
func first() map[int]int {
	m := map[int]int{}
	fill(m, 0, 100)
	return m
}

//go:noinline
func second() (whole, used map[int]int) {
	whole = map[int]int{}
	used = map[int]int{}
	fill(whole, 0, 500)
	fill(used, 0, 1000)
	delete(used, 0)
	for i := 0; i < 10; i++ {
		_ = used[i]
	}
	return whole, used
}

//go:noinline
func third() map[int]int {
	m := map[int]int{}
	fill(m, 0, 100)
	return m
}

//go:noinline
func fourth() map[int]int {
	m := map[int]int{}
	fill(m, 0, 50)
	return m
}
