// Command inside makes maps, says where each is and what it has found in it itself, and waits until its standard input ends. With
// `live` it says where a map is that four goroutines change.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

type node struct{ next *node }

type holder struct {
	m map[uint64]*node
}

var kept []any

// isSwiss is whether maps have groups.
var isSwiss = strings.Compare(runtime.Version(), "go1.24") >= 0

func header[V any](m map[uint64]V) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&m)) }

func word(at unsafe.Pointer, offset uintptr) uint64 { return *(*uint64)(unsafe.Add(at, offset)) }

func pointer(at unsafe.Pointer, offset uintptr) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Add(at, offset))
}

func octet(at unsafe.Pointer, offset uintptr) byte { return *(*byte)(unsafe.Add(at, offset)) }

// The entries of these maps have two words.
const groupBytes, bucketBytes = 8 + 8*16, 8 + 8*16 + 8

// say keeps a map, and says its name, where it is, its length, and what was found in it.
func say[V any](name string, m map[uint64]V, found ...any) {
	kept = append(kept, m)
	fmt.Println(name, fmt.Sprintf("%p", header(m)), len(m), fmt.Sprint(found...))
}

// groups is what the control words of a map's groups say: groups by how many slots are full, and the deleted slots.
func groups(m unsafe.Pointer) string {
	var byFull [9]int
	deleted := 0
	group := func(at unsafe.Pointer) {
		full := 0
		for slot := uintptr(0); slot < 8; slot++ {
			switch control := octet(at, slot); {
			case control < 0x80:
				full++
			case control == 0xfe:
				deleted++
			}
		}
		byFull[full]++
	}
	directory, length := pointer(m, 16), uintptr(word(m, 24))
	if length == 0 {
		group(directory)
	}
	seen := map[unsafe.Pointer]bool{}
	for i := uintptr(0); i < length; i++ {
		table := pointer(directory, 8*i)
		if seen[table] {
			continue
		}
		seen[table] = true
		for g := uintptr(0); g <= uintptr(word(table, 24)); g++ {
			group(unsafe.Add(pointer(table, 16), g*groupBytes))
		}
	}
	return strings.Join(strings.Fields(fmt.Sprint(byFull, deleted)), ",")
}

// buckets is what buckets have that are in use, and old ones that are to be copied: of each kind how many they are, what
// overflows from them, and their entries; and the number below which all old ones are copied.
func buckets(m unsafe.Pointer) string {
	log, flags := octet(m, 9), octet(m, 8)
	array, old := pointer(m, 16), pointer(m, 24)
	oldLength := uintptr(1) << log
	if flags&8 == 0 {
		oldLength /= 2
	}
	isCopied := func(i uintptr) bool {
		top := octet(old, i*bucketBytes)
		return top >= 2 && top <= 4
	}
	chain := func(at unsafe.Pointer, counts *[3]int) {
		counts[0]++
		for first := true; at != nil; at, first = pointer(at, bucketBytes-8), false {
			if !first {
				counts[1]++
			}
			for cell := uintptr(0); cell < 8; cell++ {
				if octet(at, cell) >= 5 {
					counts[2]++
				}
			}
		}
	}
	var used, waiting [3]int
	for i := uintptr(0); i < 1<<log; i++ {
		if old == nil || isCopied(i&(oldLength-1)) {
			chain(unsafe.Add(array, i*bucketBytes), &used)
		}
	}
	for i := uintptr(0); old != nil && i < oldLength; i++ {
		if !isCopied(i) {
			chain(unsafe.Add(old, i*bucketBytes), &waiting)
		}
	}
	return strings.Join(strings.Fields(fmt.Sprint(used, waiting, word(m, 32))), ",")
}

func found[V any](m map[uint64]V) string {
	if isSwiss {
		return groups(header(m))
	}
	return buckets(header(m))
}

func fill(hint, n, less int) map[uint64]uint64 {
	m := make(map[uint64]uint64, hint)
	for i := 0; i < n; i++ {
		m[uint64(i)] = 1
	}
	for i := 0; i < less; i++ {
		delete(m, uint64(i))
	}
	return m
}

func all() {
	for name, m := range map[string]map[uint64]uint64{
		"small":   fill(0, 5, 1),
		"large":   fill(0, 20000, 0),
		"removed": fill(896, 896, 500),
		"emptied": fill(3000, 3000, 3000),
	} {
		say(name, m, found(m))
	}
	pointers := map[uint64]*node{}
	for i := uint64(0); i < 3000; i++ {
		pointers[i] = &node{}
	}
	kept = append(kept, &holder{pointers})
	say("pointers", pointers, found(pointers))
	if isSwiss {
		made := reflect.MakeMap(reflect.MapOf(reflect.TypeOf([5]uint16{}), reflect.TypeOf([9]uint8{})))
		for i := 0; i < 20; i++ {
			made.SetMapIndex(reflect.ValueOf([5]uint16{uint16(i)}), reflect.ValueOf([9]uint8{}))
		}
		kept = append(kept, made.Interface())
		fmt.Println("reflected", fmt.Sprintf("%#x", made.Pointer()), 20, "")
	} else {
		growing()
	}
	other := new([6]*node)
	kept = append(kept, other)
	fmt.Println("other", fmt.Sprintf("%p", other), 0, "")
}

// growing are maps in the middle of a growth, to twice the length and to the same, and one of which a bucket leads to itself.
func growing() {
	m := map[uint64]uint64{}
	for i := uint64(0); len(m) < 5000 || word(header(m), 24) == 0 || word(header(m), 32) < 10; i++ {
		m[i] = i
	}
	say("growing", m, found(m))
	// Buckets that overflow stay when their entries are removed, until there are too many.
	same := fill(0, 3000, 3000)
	for i := uint64(0); word(header(same), 24) == 0 || octet(header(same), 8)&8 == 0; i++ {
		same[i] = i
		if i >= 2000 {
			delete(same, i-2000)
		}
	}
	say("same", same, found(same))
	loop := map[uint64]*node{}
	for i := uint64(0); i < 1000; i++ {
		loop[i] = &node{}
	}
	for word(header(loop), 24) != 0 {
		loop[uint64(len(loop))] = nil
	}
	first := pointer(header(loop), 16)
	*(*unsafe.Pointer)(unsafe.Add(first, bucketBytes-8)) = first
	kept = append(kept, &holder{loop})
	fmt.Println("loop", fmt.Sprintf("%p", header(loop)), len(loop), "")
}

// live changes a map until the program ends, and lets it grow and begin anew.
func live() {
	m := map[uint64]*node{1: nil}
	kept = append(kept, &holder{m})
	fmt.Println("live", fmt.Sprintf("%p", header(m)), 0, "")
	var lock sync.Mutex
	for g := uint64(0); g < 4; g++ {
		go func(i uint64) {
			for ; ; i += 7 {
				lock.Lock()
				m[i%60000] = nil
				delete(m, i%40000)
				if i%900000 == 0 {
					clear(m)
				}
				lock.Unlock()
			}
		}(g)
	}
}

func main() {
	// Where the system lets no process read a sibling, this one lets any.
	const setPtracer = 0x59616d61
	syscall.RawSyscall(syscall.SYS_PRCTL, setPtracer, ^uintptr(0), 0)
	all()
	// Its header stays on this stack.
	local := make(map[uint64]uint64)
	for i := uint64(0); i < 200; i++ {
		local[i] = i
	}
	runtime.GC()
	if len(os.Args) > 1 {
		live()
	}
	fmt.Println("ready")
	buffer := make([]byte, 1)
	for {
		if n, err := os.Stdin.Read(buffer); n == 0 || err != nil {
			break
		}
	}
	fmt.Fprintln(os.Stderr, len(local), len(kept))
}
