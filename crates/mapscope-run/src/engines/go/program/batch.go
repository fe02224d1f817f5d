package main

import "encoding/binary"

// What an operation does; the same numbers as on the Rust side.
const (
	opPut = iota
	opRemove
	opGet
	opClear
	opRange
)

const opBytes = 24

// batch holds operations made ready: their keys and values are built before anything is measured.
type batch struct {
	kinds  []uint8
	ids    []uint64
	keys   []Key
	values []Value
}

// decode fills the batch from its wire form: kind, key and seed of the value, eight bytes each. The upper half of a kind is
// how many bytes its value has, where that varies.
func (b *batch) decode(wire []byte) {
	b.clear()
	for ; len(wire) >= opBytes; wire = wire[opBytes:] {
		first := binary.LittleEndian.Uint64(wire)
		kind, length := uint8(first), int(first>>32)
		id := binary.LittleEndian.Uint64(wire[8:])
		var value Value
		if kind == opPut {
			value = valueOf(binary.LittleEndian.Uint64(wire[16:]), length)
		}
		var key Key
		switch kind {
		case opPut:
			key = keyOf(id)
		case opRemove, opGet:
			key = lentKey(id, len(b.kinds))
		}
		b.kinds = append(b.kinds, kind)
		b.ids = append(b.ids, id)
		b.keys = append(b.keys, key)
		b.values = append(b.values, value)
	}
}

// clear lets go of the keys and values, so that only the map keeps any alive.
func (b *batch) clear() {
	clear(b.keys)
	clear(b.values)
	b.kinds, b.ids, b.keys, b.values = b.kinds[:0], b.ids[:0], b.keys[:0], b.values[:0]
}
