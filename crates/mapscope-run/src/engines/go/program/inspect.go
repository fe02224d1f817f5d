package main

import (
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Reading a map's header as the runtime lays it out. Nothing here allocates.

// classicHeader is hmap of runtime/map.go, Go 1.0 to 1.23.
type classicHeader struct {
	count      int
	flags      uint8
	b          uint8
	noverflow  uint16
	hash0      uint32
	buckets    unsafe.Pointer
	oldbuckets unsafe.Pointer
	nevacuate  uintptr
	extra      unsafe.Pointer
}

const sameSizeGrow = 8

// swissHeader is Map of internal/runtime/maps/map.go, Go 1.24 and later.
type swissHeader struct {
	used        uint64
	seed        uintptr
	dirPtr      unsafe.Pointer
	dirLen      int
	globalDepth uint8
	globalShift uint8
}

// swissTable is table of internal/runtime/maps/table.go.
type swissTable struct {
	used       uint16
	capacity   uint16
	growthLeft uint16
	localDepth uint8
	index      int
}

// mapType is abi.MapType as far as both layouts agree.
type mapType struct {
	_      [6]uintptr // abi.Type
	key    *[6]uintptr
	elem   *[6]uintptr
	bucket *[6]uintptr // or group; its first words are its size and how many bytes of it may hold pointers
	hasher func(unsafe.Pointer, uintptr) uintptr
}

// goMinor is 23 for go1.23.9; 0 for a version that has another form.
func goMinor() int {
	fields := strings.Split(strings.TrimPrefix(runtime.Version(), "go1."), ".")
	digits := fields[0]
	for i, c := range digits {
		if c < '0' || c > '9' {
			digits = digits[:i]
			break
		}
	}
	minor, _ := strconv.Atoi(digits)
	return minor
}

// layout names how this runtime lays its maps out.
func layout() string {
	if minor := goMinor(); minor > 0 && minor < 24 {
		return "classic"
	}
	return "swiss"
}

func headerOf[M any](m M) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&m))
}

// typeOf is the type of a map. Inlined, it has the linker of Go 1.27 take the hash function for a type.
//
//go:noinline
func typeOf(m any) *mapType {
	return *(**mapType)(unsafe.Pointer(&m))
}

var columns = map[string][]string{
	"classic": {"len", "b", "noverflow", "nevacuate", "growing", "same_size"},
	"swiss":   {"len", "dir_len", "tables", "capacity", "growth_left"},
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (h *classicHeader) state(row []uint64) {
	row[0] = uint64(h.count)
	row[1] = uint64(h.b)
	row[2] = uint64(h.noverflow)
	row[3] = uint64(h.nevacuate)
	row[4] = bit(h.oldbuckets != nil)
	row[5] = bit(h.flags&sameSizeGrow != 0)
}

func (h *swissHeader) state(row []uint64) {
	var tables, capacity, growthLeft uint64
	switch {
	case h.dirLen > 0:
		for i, table := range unsafe.Slice((**swissTable)(h.dirPtr), h.dirLen) {
			if table.index == i {
				tables++
				capacity += uint64(table.capacity)
				growthLeft += uint64(table.growthLeft)
			}
		}
	case h.dirPtr != nil:
		capacity, growthLeft = 8, 8-h.used
	}
	row[0] = h.used
	row[1] = uint64(h.dirLen)
	row[2] = tables
	row[3] = capacity
	row[4] = growthLeft
}

func (s *builtin) layout() string {
	if !readable {
		return "unknown"
	}
	return layout()
}

func (s *builtin) columns() []string { return columns[s.layout()] }

func (s *builtin) state(row []uint64) {
	if !readable {
		return
	}
	if header := headerOf(s.m); isClassic {
		(*classicHeader)(header).state(row)
	} else {
		(*swissHeader)(header).state(row)
	}
}

func (s *builtin) hash(key Key) uint64 {
	seed := uintptr(0)
	if header := headerOf(s.m); isClassic {
		seed = uintptr((*classicHeader)(header).hash0)
	} else {
		seed = (*swissHeader)(header).seed
	}
	hashedKey = key
	return uint64(hasher(unsafe.Pointer(&hashedKey), seed))
}

var (
	isClassic = layout() == "classic"
	readable  = understood()
	hasher    = typeOf(map[Key]Value{}).hasher
	// hashedKey is a place whose address may leave the stack without an allocation.
	hashedKey Key
)

// understood fills a map and reads it: whether the header is where this program believes it to be.
func understood() bool {
	m := map[uint64]uint64{}
	for id := uint64(0); id < 1000; id++ {
		m[id] = id
	}
	row := make([]uint64, 6)
	header := headerOf(m)
	if layout() == "classic" {
		h := (*classicHeader)(header)
		h.state(row)
		return row[0] == 1000 && row[1] == 8 && row[2] < 256 && row[5] == 0
	}
	h := (*swissHeader)(header)
	if h.used != 1000 || h.dirLen < 1 || h.dirLen > 8 || 1<<h.globalDepth != h.dirLen || h.globalShift != 64-h.globalDepth {
		return false
	}
	h.state(row)
	return row[2] >= 1 && row[3] >= 1024 && row[3] <= 4096 && row[4] == row[3]*7/8-1000
}
