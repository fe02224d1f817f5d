//go:build u64_u64

package main

const shapeName = "u64/u64"

type (
	Key   = uint64
	Value = uint64
)

func keyOf(id uint64) Key               { return id }
func idOf(key Key) uint64               { return key }
func valueOf(seed uint64) Value         { return seed }
func seedOf(value Value) (uint64, bool) { return value, true }

func lentKey(id uint64, _ int) Key { return keyOf(id) }
