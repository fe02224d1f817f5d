package main

import (
	"sync"
	"unsafe"
)

// synced is sync.Map as a subject.
type synced struct {
	syncSubject[Key, Value]
	small smallObjects
	// Whether a trie gets a hash that collides, once its first operation has left it empty.
	colliding bool
}

func (s *synced) make(int) {
	s.create()
}

func (s *synced) drop() { s.m = nil }

func (s *synced) ready() { s.prepare() }

func (s *synced) clears() bool {
	_, can := any(new(sync.Map)).(interface{ Clear() })
	return can
}

func (s *synced) begin() { s.small.begin() }

func (s *synced) end() (bytes, allocs uint64) {
	s.small.end()
	return s.small.bytes, s.small.allocs
}

func (s *synced) apply(b *batch) {
	s.trie.stale = true
	for i, kind := range b.kinds {
		switch kind {
		case opPut:
			s.m.Store(b.keys[i], b.values[i])
		case opRemove:
			s.m.Delete(b.keys[i])
		case opGet:
			_, found = s.m.Load(b.keys[i])
		case opClear:
			s.syncSubject.clear()
		case opRange:
			s.rng()
		}
	}
}

func (s *synced) timed(b *batch, intervals []uint64) {
	s.trie.stale = true
	last := ticks()
	for i, kind := range b.kinds {
		switch kind {
		case opPut:
			s.m.Store(b.keys[i], b.values[i])
		case opRemove:
			s.m.Delete(b.keys[i])
		case opGet:
			_, found = s.m.Load(b.keys[i])
		case opClear:
			s.syncSubject.clear()
		case opRange:
			s.rng()
		}
		now := ticks()
		intervals[i] = now - last
		last = now
	}
}

// one does an operation, and counts what it does to a trie.
func (s *synced) one(b *batch, i int) (hit bool) {
	if !s.isTrie() {
		return s.do(b, i)
	}
	// Before its first operation it has no nodes, and no hash either.
	s.trie.way(trieRoot(s.m), s.hash(b.keys[i]), ^uint64(0))
	first := trieRoot(s.m) == nil
	hit = s.do(b, i)
	if first && s.colliding {
		collide(s.m)
	}
	if b.kinds[i] == opClear {
		s.trie = trieFigures{}
	}
	s.trie.way(trieRoot(s.m), s.hash(b.keys[i]), 1)
	return hit
}

// do does what Store and Delete do, which drop the answer.
func (s *synced) do(b *batch, i int) (hit bool) {
	switch b.kinds[i] {
	case opPut:
		_, hit = s.m.Swap(b.keys[i], b.values[i])
	case opRemove:
		_, hit = s.m.LoadAndDelete(b.keys[i])
	case opGet:
		_, hit = s.m.Load(b.keys[i])
	case opClear:
		s.syncSubject.clear()
	case opRange:
		s.rng()
	}
	return hit
}

func (s *synced) layout() string {
	switch {
	case s.isPair():
		return "syncmap"
	case s.isTrie():
		return "synctrie"
	}
	return "unknown"
}

func (s *synced) columns() []string {
	return syncColumns[s.layout()]
}

var syncColumns = map[string][]string{
	"syncmap":  {"read_len", "dirty_len", "amended", "misses"},
	"synctrie": {"len", "indirect_nodes", "levels", "overflow_entries"},
	"unknown":  {},
}

func (s *synced) state(row []uint64) {
	state := s.syncSubject.state()
	copy(row, state[:])
}

func (s *synced) table() unsafe.Pointer { return s.generation() }

func (s *synced) each(visit func(Key, Value)) {
	s.m.Range(func(key, value any) bool {
		visit(key.(Key), value.(Value))
		return true
	})
}
