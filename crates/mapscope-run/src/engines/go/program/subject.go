package main

import "unsafe"

// subject is a map of the runtime under test.
type subject interface {
	// make builds the map as make(map[Key]Value, hint) does.
	make(hint int)
	// ready readies what the operations need besides the map, after make.
	ready()
	// drop forgets it.
	drop()
	// begin and end enclose an operation whose allocations are counted. end tells what the two have allocated themselves.
	begin()
	end() (bytes, allocs uint64)
	// apply does the operations of a batch.
	apply(b *batch)
	// timed does them with the clock read after each, and writes the intervals between the readings.
	timed(b *batch, intervals []uint64)
	// one does operation i of a batch; whether it found its key.
	one(b *batch, i int) bool
	// hash is what the key hashes to in the map as it stands.
	hash(key Key) uint64
	// layout names how the runtime lays the map out.
	layout() string
	// clears tells whether it has an operation that drops all entries.
	clears() bool
	// columns names what state writes; none where the header is not understood.
	columns() []string
	// state writes the map's header as it stands. It allocates nothing, and neither does hash.
	state(row []uint64)
	// table tells the inner map that keys are added to from others; nil where there is none, or but one ever.
	table() unsafe.Pointer
	// each visits every entry.
	each(visit func(Key, Value))
}

// builtin is the map of the language.
type builtin struct {
	m map[Key]Value
}

func (s *builtin) make(hint int) {
	if hint == 0 {
		s.m = make(map[Key]Value)
	} else {
		s.m = make(map[Key]Value, hint)
	}
}

func (s *builtin) ready() {}

func (s *builtin) clears() bool { return true }

func (s *builtin) drop() { s.m = nil }

func (s *builtin) begin() {}

func (s *builtin) end() (bytes, allocs uint64) { return 0, 0 }

func (s *builtin) table() unsafe.Pointer { return nil }

// found keeps lookups from being optimised away.
var found bool

func (s *builtin) apply(b *batch) {
	m := s.m
	for i, kind := range b.kinds {
		switch kind {
		case opPut:
			m[b.keys[i]] = b.values[i]
		case opRemove:
			delete(m, b.keys[i])
		case opGet:
			_, found = m[b.keys[i]]
		case opClear:
			clear(m)
		case opRange:
			for range m {
			}
		}
	}
}

func (s *builtin) timed(b *batch, intervals []uint64) {
	m := s.m
	last := ticks()
	for i, kind := range b.kinds {
		switch kind {
		case opPut:
			m[b.keys[i]] = b.values[i]
		case opRemove:
			delete(m, b.keys[i])
		case opGet:
			_, found = m[b.keys[i]]
		case opClear:
			clear(m)
		case opRange:
			for range m {
			}
		}
		now := ticks()
		intervals[i] = now - last
		last = now
	}
}

func (s *builtin) one(b *batch, i int) bool {
	before := len(s.m)
	switch b.kinds[i] {
	case opPut:
		s.m[b.keys[i]] = b.values[i]
		return len(s.m) == before
	case opRemove:
		delete(s.m, b.keys[i])
		return len(s.m) < before
	case opGet:
		_, ok := s.m[b.keys[i]]
		return ok
	case opClear:
		clear(s.m)
	case opRange:
		for range s.m {
		}
	}
	return before > 0
}

func (s *builtin) each(visit func(Key, Value)) {
	for key, value := range s.m {
		visit(key, value)
	}
}
