//go:build u64_b256

package main

const shapeName = "u64/b256"

type (
	Key   = uint64
	Value = [256]byte
)

func keyOf(id uint64) Key               { return id }
func idOf(key Key) uint64               { return key }
func valueOf(seed uint64) Value         { value := Value{}; fill(value[:], seed); return value }
func seedOf(value Value) (uint64, bool) { return seedIn(value[:]) }

func lentKey(id uint64, _ int) Key { return keyOf(id) }
