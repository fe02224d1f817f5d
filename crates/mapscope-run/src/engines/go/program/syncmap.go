package main

import (
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// syncSubject is a sync.Map with typed keys and values, as a program has it whose calls of Store, Load and Delete box
// typed variables: what boxing allocates is part of what each method allocates.
//
// What a recorder must keep:
//   - One thread (GOMAXPROCS(1)) and no collection (SetGCPercent(-1)) from create on.
//   - Between two operations of a recording nothing else may allocate objects without pointers of less than 16 bytes,
//     save through smallObjects, whose begin and end enclose each operation, create included.
//   - A row's hash is read before the operation. When the operation made a new dirty map (generation was another and is
//     not nil now), rows with the hashes of all keys in it come first, and the row's own hash is read anew. So it is when
//     the operation was a trie's first, which has no seed before.
type syncSubject[K comparable, V any] struct {
	m     *sync.Map
	trie  trieFigures
	clean interface{ Clear() }
	sink  func(key, value any) bool
	// The type's word of an any that holds a key, and whether the key is a pointer.
	keyType   unsafe.Pointer
	isPointer bool
}

// create makes the map.
func (s *syncSubject[K, V]) create() {
	s.m = new(sync.Map)
	s.trie = trieFigures{}
}

// prepare readies what the methods need besides the map; called after create, and not measured.
func (s *syncSubject[K, V]) prepare() {
	s.clean, _ = any(s.m).(interface{ Clear() }) // since Go 1.23
	s.sink = func(key, value any) bool { return true }
	key := reflect.TypeOf((*K)(nil)).Elem()
	s.keyType, s.isPointer = (*[2]unsafe.Pointer)(unsafe.Pointer(&key))[1], key.Kind() == reflect.Pointer
}

func (s *syncSubject[K, V]) insert(k K, v V) { s.m.Store(k, v) }
func (s *syncSubject[K, V]) remove(k K)      { s.m.Delete(k) }
func (s *syncSubject[K, V]) get(k K)         { s.m.Load(k) }
func (s *syncSubject[K, V]) rng()            { s.m.Range(s.sink) }

func (s *syncSubject[K, V]) clear() {
	if s.clean == nil {
		panic("sync.Map has no Clear before Go 1.23")
	}
	s.clean.Clear()
}

// smallObjects keeps what is taken of the current block for small objects: those without pointers of less than 16 bytes
// share blocks of 16, boxed integers among them, but ReadMemStats makes the heap forget the current block. Called
// between the two readings around an operation, begin takes as much of a fresh block as was taken of the forgotten
// one, and end looks how much is taken now.
type smallObjects struct {
	taken uintptr
	// What begin and end have allocated themselves, to be subtracted from what the readings say.
	bytes, allocs uint64
}

// Small objects are reached from here, so that they are on the heap.
var (
	smallTaken []byte
	smallProbe *byte
)

func (s *smallObjects) begin() {
	s.bytes, s.allocs = 0, 0
	if s.taken > 0 {
		smallTaken = make([]byte, s.taken)
		s.bytes, s.allocs = 16, 1
	}
}

func (s *smallObjects) end() {
	smallProbe = new(byte)
	s.allocs++
	s.taken = uintptr(unsafe.Pointer(smallProbe)) % 16
	if s.taken == 0 { // the first byte of another block
		s.bytes += 16
	}
}

// syncLayout is where sync.Map keeps what a recording shows.
type syncLayout struct {
	read, dirty, misses uintptr
	hash                func(unsafe.Pointer, uintptr) uintptr
}

// syncMapLayout is nil where sync.Map is not the pair of maps it was up to Go 1.23, or those are not of buckets.
var syncMapLayout = findSyncLayout()

func findSyncLayout() *syncLayout {
	switch version := runtime.Version(); {
	case strings.HasPrefix(version, "go1.21"), strings.HasPrefix(version, "go1.22"), strings.HasPrefix(version, "go1.23"):
	default:
		return nil
	}
	of := reflect.TypeOf(sync.Map{})
	read, hasRead := of.FieldByName("read")
	dirty, hasDirty := of.FieldByName("dirty")
	misses, hasMisses := of.FieldByName("misses")
	if !hasRead || !hasDirty || !hasMisses || dirty.Type.Kind() != reflect.Map {
		return nil
	}
	// A map's type: a type of 48 bytes, the types of key, elem and bucket, the hash function.
	word := any(dirty.Type)
	of48 := (*struct {
		_    [48]byte
		_    [3]unsafe.Pointer
		hash func(unsafe.Pointer, uintptr) uintptr
	})((*[2]unsafe.Pointer)(unsafe.Pointer(&word))[1])
	return &syncLayout{read.Offset, dirty.Offset, misses.Offset, of48.hash}
}

// isPair and isTrie tell whether state and hash can see into this Go's sync.Map, and which it is.
func (s *syncSubject[K, V]) isPair() bool { return syncMapLayout != nil }
func (s *syncSubject[K, V]) isTrie() bool { return trieMapLayout != nil }

func (s *syncSubject[K, V]) at(offset uintptr) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(s.m), offset)
}

// syncReadOnly is what sync.Map.read points to.
type syncReadOnly struct {
	m       *syncInner
	amended bool
}

// syncInner is the header of an inner map.
type syncInner struct {
	count     int
	flags, b  uint8
	noverflow uint16
	seed      uint32
}

func (m *syncInner) len() uint64 {
	if m == nil {
		return 0
	}
	return uint64(m.count)
}

func (s *syncSubject[K, V]) maps() (read syncReadOnly, dirty *syncInner) {
	if at := *(**syncReadOnly)(s.at(syncMapLayout.read)); at != nil {
		read = *at
	}
	return read, *(**syncInner)(s.at(syncMapLayout.dirty))
}

// state is read_len, dirty_len, amended and misses of a pair of maps, the figures of a trie; zeros of neither. It allocates
// nothing.
func (s *syncSubject[K, V]) state() [4]uint64 {
	if s.isTrie() {
		return s.trie.state(trieRoot(s.m))
	}
	if !s.isPair() {
		return [4]uint64{}
	}
	read, dirty := s.maps()
	amended := uint64(0)
	if read.amended {
		amended = 1
	}
	return [4]uint64{read.m.len(), dirty.len(), amended, uint64(*(*int)(s.at(syncMapLayout.misses)))}
}

// generation is the dirty map's address; nil while there is none.
func (s *syncSubject[K, V]) generation() unsafe.Pointer {
	if syncMapLayout == nil {
		return nil
	}
	_, dirty := s.maps()
	return unsafe.Pointer(dirty)
}

// hash is the key's hash in the trie, or in the dirty map if there is one, else in the read map; 0 when there is none of
// these. It allocates nothing.
func (s *syncSubject[K, V]) hash(k K) uint64 {
	if s.isTrie() {
		hash, seed := trieHash(s.m)
		if hash == nil {
			return 0
		}
		boxed := s.boxed(&k)
		return uint64(hash(hidden(unsafe.Pointer(&boxed)), seed))
	}
	if !s.isPair() {
		return 0
	}
	read, inner := s.maps()
	if inner == nil {
		inner = read.m
	}
	if inner == nil {
		return 0
	}
	boxed := s.boxed(&k)
	return uint64(syncMapLayout.hash(hidden(unsafe.Pointer(&boxed)), uintptr(inner.seed)))
}

// boxed is the key as an any has it, its type and its address: the compiler's own would copy a large one to the heap. A
// pointer is itself in the place of its address.
func (s *syncSubject[K, V]) boxed(k *K) [2]unsafe.Pointer {
	if s.isPointer {
		return [2]unsafe.Pointer{s.keyType, *(*unsafe.Pointer)(unsafe.Pointer(k))}
	}
	return [2]unsafe.Pointer{s.keyType, unsafe.Pointer(k)}
}

// hashes appends the hash of each key to into, which has room for them.
func (s *syncSubject[K, V]) hashes(keys []K, into []uint64) []uint64 {
	for _, k := range keys {
		into = append(into, s.hash(k))
	}
	return into
}

// hidden keeps what it is given on the stack, where a call of an unknown function would move it to the heap.
func hidden(p unsafe.Pointer) unsafe.Pointer {
	address := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&address))
}
