package main

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unsafe"
)

// The content of keys and values, byte for byte that of the Rust side. A file of its own, entry.go, defines the types Key
// and Value, and makes them of this:
//   - keyOf, the key of an identity, and idOf, the identity of a key;
//   - lentKey, the key of a lookup or a remove: it lasts for a batch, and is not made on the heap;
//   - valueOf, the value of a seed, as long as the operation says where that varies, and seedOf, which tells the seed again
//     and whether the whole content is what it gives;
//   - ownedBytes, how many bytes a value has on the heap.

// writeID fills a key that is an array: its identity, the highest byte first, and bytes that depend on it.
func writeID(key []byte, id uint64) {
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], id)
	n := min(len(key), 8)
	copy(key, head[8-n:])
	for i := range key[n:] {
		key[n+i] = byte((id + uint64(i+1)) * 0x9e3779b97f4a7c15 >> 56)
	}
}

func readID(key []byte) (id uint64) {
	for _, b := range key[:min(len(key), 8)] {
		id = id<<8 | uint64(b)
	}
	return id
}

// ycsbBytes is the length of the shortest string that is `user` and decimal digits; shorter ones are digits to the base
// of 32.
const ycsbBytes = 24

func form(bytes int) (letters string, base uint64) {
	if bytes >= ycsbBytes {
		return "user", 10
	}
	return "", 32
}

// writeText writes the string of an identity, and is that string. Where text is made for it, it is the one object of the
// heap that the string takes.
func writeText(text []byte, id uint64) string {
	letters, base := form(len(text))
	digits := text[copy(text, letters):]
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = "0123456789abcdefghijklmnopqrstuv"[id%base]
		id /= base
	}
	return unsafe.String(unsafe.SliceData(text), len(text))
}

func readText(text string) uint64 {
	letters, base := form(len(text))
	id, _ := strconv.ParseUint(text[len(letters):], int(base), 64)
	return id
}

func seedInText(text string) (uint64, bool) {
	seed := readText(text)
	return seed, writeText(scratch(len(text)), seed) == text
}

var room []byte

// scratch is a place that the next call takes again: with the collector off, what a check of each entry makes would stay.
func scratch(bytes int) []byte {
	if cap(room) < bytes {
		room = make([]byte, bytes)
	}
	return room[:bytes]
}

// fill writes a value's content: its seed at both ends, the seed's low byte between.
func fill(value []byte, seed uint64) {
	fillFront(value, seed)
	putSeed(value[max(len(value)-8, 0):], seed)
}

// fillFront writes the content of a value whose length varies: its seed, then the seed's low byte.
func fillFront(value []byte, seed uint64) {
	for i := range value {
		value[i] = byte(seed)
	}
	putSeed(value, seed)
}

// putSeed writes a seed's bytes, the lowest first, as many as there is room for.
func putSeed(place []byte, seed uint64) {
	var bytes [8]byte
	binary.LittleEndian.PutUint64(bytes[:], seed)
	copy(place, bytes[:])
}

// seedIn is the seed that fill wrote; false when the content is damaged.
func seedIn(value []byte) (uint64, bool) {
	return seedAt(value[max(len(value)-8, 0):], value, fill)
}

// seedInFront is the same for fillFront.
func seedInFront(value []byte) (uint64, bool) {
	return seedAt(value[:min(len(value), 8)], value, fillFront)
}

func seedAt(place, value []byte, fill func([]byte, uint64)) (uint64, bool) {
	var found [8]byte
	copy(found[:], place)
	seed := binary.LittleEndian.Uint64(found[:])
	whole := scratch(len(value))
	fill(whole, seed)
	return seed, bytes.Equal(value, whole)
}
