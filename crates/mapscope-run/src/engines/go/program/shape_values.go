package main

import (
	"encoding/binary"
	"strconv"
	"unsafe"
)

// The keys and values that the shapes are made of: one file a shape, chosen by a build tag, defines Key and Value and the
// functions keyOf, lentKey, idOf, valueOf and seedOf. They make the same entries as the Rust side.

// string24 is the string key: `user` and twenty decimal digits.
// It is the one object of the heap that making it takes.
func string24(id uint64) string {
	text := make([]byte, 24)
	write24(text, id)
	return unsafe.String(&text[0], len(text))
}

// lent holds the string keys of a batch that no map keeps.
var lent [batchOpsMax][24]byte

// lent24 is the same key in a place that the next batch takes.
func lent24(id uint64, place int) string {
	text := lent[place][:]
	write24(text, id)
	return unsafe.String(&text[0], len(text))
}

func write24(text []byte, id uint64) {
	copy(text, "user")
	for i := 23; i >= 4; i-- {
		text[i] = byte('0' + id%10)
		id /= 10
	}
}

func idOf24(key string) uint64 {
	id, _ := strconv.ParseUint(key[4:], 10, 64)
	return id
}

// fill writes a value's content: its seed at both ends, the seed's low byte between.
func fill(value []byte, seed uint64) {
	for i := range value {
		value[i] = byte(seed)
	}
	binary.LittleEndian.PutUint64(value, seed)
	binary.LittleEndian.PutUint64(value[len(value)-8:], seed)
}

// seedIn is the seed that fill wrote; false when the content is damaged.
func seedIn(value []byte) (uint64, bool) {
	seed := binary.LittleEndian.Uint64(value)
	for _, b := range value[8 : len(value)-8] {
		if b != byte(seed) {
			return seed, false
		}
	}
	return seed, binary.LittleEndian.Uint64(value[len(value)-8:]) == seed
}
