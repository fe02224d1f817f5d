// Command census makes maps of known content, says what they are, and waits until its standard input ends. With `live` it
// changes others meanwhile, in four goroutines.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"syscall"
)

type point struct{ x, y int32 }

type node struct {
	name string
	next *node
}

type big [20]uint64

type words map[string]int

type server struct {
	byName map[string]*node
	hits   map[uint32]uint16
}

// kept keeps maps alive, by a type that says nothing about them.
var kept []any

var global = map[point]float64{}

// said is a line of the answer: the type, whether something names it, the length, and the bytes that the map allocated,
// if it has them all.
func said(ty string, named bool, length int, bytes uint64) {
	fmt.Printf("%s\t%v\t%d\t%d\n", ty, named, length, bytes)
}

// allocated is what the program has allocated.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// hinted makes a map that never grows, and keeps it.
func hinted[K comparable, V any](hint, n int, key func(int) K, value func(int) V) {
	// What a collection allocates is no map's.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := allocated()
	m := make(map[K]V, hint)
	for i := 0; i < n; i++ {
		m[key(i)] = value(i)
	}
	bytes := allocated() - before
	kept = append(kept, m)
	said(reflect.TypeOf(m).String(), true, n, bytes)
}

// fill makes a map of n entries, and takes the first `less` out again.
func fill[K comparable, V any](n, less int, key func(int) K, value func(int) V) map[K]V {
	m := make(map[K]V)
	for i := 0; i < n; i++ {
		m[key(i)] = value(i)
	}
	for i := 0; i < less; i++ {
		delete(m, key(i))
	}
	said(reflect.TypeOf(m).String(), true, len(m), 0)
	return m
}

func keep[K comparable, V any](n, less int, key func(int) K, value func(int) V) {
	kept = append(kept, fill(n, less, key, value))
}

func integer(i int) int         { return i }
func unsigned(i int) uint64     { return uint64(i) }
func short(i int) uint16        { return uint16(i) }
func text(i int) string         { return fmt.Sprint("key ", i) }
func pointer(i int) *node       { return &node{name: "n"} }
func nothing(int) struct{}      { return struct{}{} }
func pair(i int) point          { return point{int32(i), 1} }
func large(i int) big           { return big{uint64(i)} }
func slice(i int) []byte        { return []byte{byte(i)} }
func anything(i int) any        { return i }
func flag(i int) bool           { return i%2 == 0 }
func float(i int) float64       { return float64(i) }
func halves(i int) [2]uint32    { return [2]uint32{uint32(i), 7} }
func inner(i int) map[int8]bool { return nil }

func all() {
	for _, n := range []int{9, 14, 15, 100, 896, 897, 5000, 40000} {
		keep(n, 0, integer, text)
		keep(n, 0, text, integer)
		keep(n, 0, unsigned, float)
		keep(n, 0, integer, nothing)
		keep(n, n/2, short, pointer)
	}
	keep(1000, 0, pair, flag)
	keep(1000, 999, pair, flag)
	keep(300, 10, large, integer)
	keep(300, 0, integer, large)
	keep(700, 0, text, slice)
	keep(700, 0, anything, anything)
	keep(2000, 0, halves, inner)
	keep(60000, 59000, integer, text)
	keep(8, 0, text, large)
	keep(3, 0, large, text)
	hinted(5000, 4000, unsigned, float)
	hinted(100, 90, integer, large)
	hinted(900, 0, text, pointer)
	hinted(30, 30, large, halves)
}

func held() *server {
	s := &server{byName: map[string]*node{}, hits: map[uint32]uint16{}}
	for i := 0; i < 500; i++ {
		s.byName[text(i)] = pointer(i)
		s.hits[uint32(i)] = 1
		global[pair(i)] = 1
	}
	said("map[string]*main.node", true, 500, 0)
	said("map[uint32]uint16", false, 500, 0)
	said("map[main.point]float64", false, 500, 0)
	if version := runtime.Version(); version >= "go1.24" {
		made := reflect.MakeMap(reflect.MapOf(reflect.TypeOf([5]uint16{}), reflect.TypeOf([9]uint8{})))
		for i := 0; i < 20; i++ {
			made.SetMapIndex(reflect.ValueOf([5]uint16{uint16(i)}), reflect.ValueOf([9]uint8{}))
		}
		kept = append(kept, made.Interface())
		said("a type of reflection or of a plugin", false, 20, 0)
	}
	w := words{}
	for i := 0; i < 50; i++ {
		w[text(i)] = i
	}
	kept = append(kept, w)
	said("map[string]int", true, 50, 0)
	return s
}

// live changes maps until the program ends.
func live(seed int) {
	m, other := map[int]string{}, map[string]*node{}
	for i := seed; ; i++ {
		m[i%5000*(1+i%3)] = "v"
		other[text(i%3000)] = pointer(i)
		delete(m, i%700)
		if i%20000 == 0 {
			m, other = map[int]string{}, map[string]*node{}
		}
	}
}

func main() {
	// Where the system lets no process read a sibling, this one lets any.
	const setPtracer, setDumpable = 0x59616d61, 4
	syscall.RawSyscall(syscall.SYS_PRCTL, setPtracer, ^uintptr(0), 0)
	all()
	s := held()
	// Its header stays on this stack.
	local := make(map[int32]int64)
	for i := 0; i < 200; i++ {
		local[int32(i)] = int64(i)
	}
	said("map[int32]int64", false, len(local), 0)
	runtime.GC()
	for _, arg := range os.Args[1:] {
		switch arg {
		case "live":
			for i := 0; i < 4; i++ {
				go live(i)
			}
		case "private":
			syscall.RawSyscall(syscall.SYS_PRCTL, setDumpable, 0, 0)
		case "crash":
			fmt.Println("ready")
			panic("as asked")
		}
	}
	fmt.Println("ready")
	buffer := make([]byte, 1)
	for {
		if n, err := os.Stdin.Read(buffer); n == 0 || err != nil {
			break
		}
	}
	runtime.KeepAlive(s)
	fmt.Fprintln(os.Stderr, len(local), len(global), len(kept))
}
