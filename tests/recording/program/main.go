// Program recorded makes maps whose figures its test knows. What it prints is how much the runtime says was allocated.
package main

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

type large [200]byte

type pointers [40]*int

// kept has the maps outlive their functions, so that all of them are on the heap.
var kept []any

func main() {
	debug.SetGCPercent(-1)
	kept = make([]any, 0, 1000)
	if len(os.Args) > 2 {
		n, err := strconv.ParseInt(os.Args[2], 10, 64)
		if err != nil {
			panic(err)
		}
		crashed(n)
	}
	if len(os.Args) > 1 {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil {
			counted()
			fmt.Println(os.Getpid())
			os.Stdin.Read(make([]byte, 1))
			return
		}
		killed(n)
	}
	spareThreads()
	for _, n := range []int{0, 1, 8, 9, 14, 15, 800} {
		shapes(n)
	}
	fmt.Println(taken)
	// Where a map of this size splits depends on its seed.
	shapes(20000)
	fmt.Println(taken)
	counted()
	known(800)
	hinted(800)
	runtime.GOMAXPROCS(4)
	shared()
}

// spareThreads has the runtime allocate its threads now, and not among the maps.
func spareThreads() {
	var up, down sync.WaitGroup
	release := make(chan struct{})
	for i := 0; i < 8; i++ {
		up.Add(1)
		down.Add(1)
		go func() {
			runtime.LockOSThread()
			up.Done()
			<-release
			runtime.UnlockOSThread()
			down.Done()
		}()
	}
	up.Wait()
	close(release)
	down.Wait()
	runtime.GOMAXPROCS(1)
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func shapes(n int) {
	for _, hint := range []int{0, n} {
		filled(n, hint, func(i int) int { return i }, 1)
		filled(n, hint, func(i int) uint32 { return uint32(i) }, struct{}{})
		filled(n, hint, func(i int) [40]byte { return [40]byte{byte(i), byte(i >> 8)} }, &kept)
		filled(n, hint, func(i int) int { return i }, large{})
		filled(n, hint, func(i int) large { return large{byte(i), byte(i >> 8)} }, pointers{})
		filled(n, hint, func(i int) any { return float64(i) / 7 }, "")
	}
}

func filled[K comparable, V any](n, hint int, key func(int) K, value V) {
	keys := keysOf(n, key)
	before := allocated()
	m := make(map[K]V, hint)
	for _, key := range keys {
		m[key] = value
	}
	for _, key := range keys[n/2:] {
		delete(m, key)
	}
	for _, key := range keys {
		m[key] = value
	}
	copied := maps.Clone(m)
	clear(m)
	for _, key := range keys {
		m[key] = value
	}
	taken += allocated() - before
	kept = append(kept, m, copied)
}

// taken is what the maps of filled took, without their keys.
var taken uint64

func keysOf[K any](n int, key func(int) K) []K {
	keys := make([]K, n)
	for i := range keys {
		keys[i] = key(i)
	}
	return keys
}

var names = keysOf(130, strconv.Itoa)

// counted: 2 maps, each with 100 inserts, 30 overwrites, 10 removes and a missed one, 50 lookups, 1 iteration.
func counted() {
	for i := 0; i < 2; i++ {
		m := map[string]int{}
		for _, name := range names[:100] {
			m[name] = 1
		}
		for _, name := range names[:30] {
			m[name] = 2
		}
		sum := 0
		for _, name := range names[:50] {
			sum += m[name]
		}
		for _, name := range names[90:101] {
			delete(m, name)
		}
		for _, value := range m {
			sum += value
		}
		if sum != 80+30+90 {
			panic(sum)
		}
		kept = append(kept, m)
	}
}

// known is a map that the model knows.
func known(n uint64) {
	m := map[uint64]uint64{}
	for i := uint64(0); i < n; i++ {
		m[i] = i
	}
	kept = append(kept, m)
}

// hinted is a map that grows three times: 128 slots become 256, 512 and 1,024.
func hinted(n uint64) {
	m := make(map[uint64]uint64, 100)
	for i := uint64(0); i < n; i++ {
		m[i] = i
	}
	kept = append(kept, m)
}

// shared: 8 goroutines look 10,000 keys each up in one map, and make one of 1,000.
func shared() {
	m := map[uint64]uint64{7: 7}
	kept = append(kept, m)
	var group sync.WaitGroup
	for g := 0; g < 8; g++ {
		group.Add(1)
		go func() {
			defer group.Done()
			own, sum := map[uint64]uint64{}, uint64(0)
			for i := uint64(0); i < 10000; i++ {
				sum += m[i]
				own[i%1000] = sum
			}
		}()
	}
	group.Wait()
}

// killed ends the process without notice after so many inserts.
func killed(n int) {
	m := map[int]int{}
	for i := 0; i < n; i++ {
		m[i] = i
	}
	kept = append(kept, m)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// crashed: four goroutines fill maps, each with 2,000 inserts, 667 overwrites and 400 removes. Whichever does the n-th of all of
// these ends the process, in the middle of what the others do.
func crashed(n int64) {
	runtime.GOMAXPROCS(4)
	var done atomic.Int64
	step := func() {
		if done.Add(1) == n {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	for g := 0; g < 4; g++ {
		go func() {
			for {
				crash(step)
			}
		}()
	}
	select {}
}

// crash returns its map, which is on the heap for that.
//
//go:noinline
func crash(step func()) map[int]large {
	m := map[int]large{}
	for i := 0; i < 2000; i++ {
		m[i] = large{}
		step()
		if i%3 == 0 {
			m[i] = large{1}
			step()
		}
		if i%5 == 0 {
			delete(m, i)
			step()
		}
	}
	return m
}
