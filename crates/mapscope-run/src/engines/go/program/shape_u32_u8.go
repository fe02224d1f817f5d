//go:build u32_u8

package main

const shapeName = "u32/u8"

type (
	Key   = uint32
	Value = uint8
)

func keyOf(id uint64) Key               { return uint32(id) }
func idOf(key Key) uint64               { return uint64(key) }
func valueOf(seed uint64) Value         { return uint8(seed) }
func seedOf(value Value) (uint64, bool) { return uint64(value), true }

func lentKey(id uint64, _ int) Key { return keyOf(id) }
