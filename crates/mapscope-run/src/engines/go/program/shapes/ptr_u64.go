package main

import "unsafe"

type (
	Key   = *uint64
	Value = uint64
)

func keyOf(id uint64) Key { return &pointed[id] }
func idOf(key Key) uint64 {
	return uint64(uintptr(unsafe.Pointer(key))-uintptr(unsafe.Pointer(&pointed))) / 8
}
func valueOf(seed uint64, _ int) Value  { return seed }
func seedOf(value Value) (uint64, bool) { return value, true }

// A key is its identity's place in here.
var pointed [1 << 16]uint64

func lentKey(id uint64, _ int) Key { return keyOf(id) }

func ownedBytes(Value) int { return 0 }
