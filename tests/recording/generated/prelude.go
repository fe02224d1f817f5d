package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"
)

// What every generated program has: operations that are written down with the hash of their key under the map's seed, as it was
// when they began.

const keysMax = 8192

var (
	keys   [keysMax]Key
	value  Value
	kept   []map[Key]Value
	rows   []row
	hinted int
	sink   bool
	hasher = typeOf(map[Key]Value{}).hasher
	// hashed is a place whose address may leave the stack without an allocation.
	hashed Key
)

type row struct {
	operation string
	key       int
	hash      uint64
}

// header is the beginning of Map of internal/runtime/maps.
type header struct {
	used uint64
	seed uintptr
}

// mapType is the beginning of abi.MapType.
type mapType struct {
	_      [6]uintptr
	_      [3]uintptr
	hasher func(unsafe.Pointer, uintptr) uintptr
}

// typeOf is the type of a map. Inlined, it has the linker of Go 1.27 take the hash function for a type.
//
//go:noinline
func typeOf(m any) *mapType { return *(**mapType)(unsafe.Pointer(&m)) }

func init() {
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	kept = make([]map[Key]Value, 0, 100)
	rows = make([]row, 0, 1<<17)
	for i := range keys {
		keys[i] = keyOf(i)
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

//go:noinline
func log(operation string, m map[Key]Value, key int) {
	hashed = keys[key]
	seed := (*(**header)(unsafe.Pointer(&m))).seed
	rows = append(rows, row{operation, key, uint64(hasher(unsafe.Pointer(&hashed), seed))})
}

// begin is for a map that has just been made with a hint.
func begin(m map[Key]Value, hint int) {
	kept = append(kept, m)
	rows, hinted = append(rows[:0], row{operation: "new"}), hint
}

//go:noinline
func put(m map[Key]Value, key int) {
	log("insert", m, key)
	m[keys[key]] = value
}

//go:noinline
func drop(m map[Key]Value, key int) {
	log("remove", m, key)
	delete(m, keys[key])
}

//go:noinline
func look(m map[Key]Value, key int) {
	log("get", m, key)
	_, sink = m[keys[key]]
}

//go:noinline
func wipe(m map[Key]Value) {
	rows = append(rows, row{operation: "clear"})
	clear(m)
}

// end says how much the runtime allocated since, and writes down what was done.
func end(name string, bytes uint64) {
	if len(rows) == cap(rows) {
		panic("more operations than there is room for")
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# go=%s layout=swiss type=%s hint=%d key_size=%d elem_size=%d\n", runtime.Version(), shape, hinted,
		unsafe.Sizeof(keys[0]), unsafe.Sizeof(value))
	text.WriteString("op,key,hash\n")
	for _, r := range rows {
		switch r.operation {
		case "new", "clear":
			fmt.Fprintf(&text, "%s,,\n", r.operation)
		default:
			fmt.Fprintf(&text, "%s,%d,%016x\n", r.operation, r.key, r.hash)
		}
	}
	if err := os.WriteFile(name+".csv", []byte(text.String()), 0o600); err != nil {
		panic(err)
	}
	fmt.Println(name, bytes)
}
