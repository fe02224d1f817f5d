package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// The keys and values that the shapes are made of: one file a shape, chosen by a build tag, defines Key and Value and the
// four functions keyOf, idOf, valueOf and seedOf. They make the same entries as the Rust side.

// string24 is the string key: `user` and twenty decimal digits.
func string24(id uint64) string { return fmt.Sprintf("user%020d", id) }

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
