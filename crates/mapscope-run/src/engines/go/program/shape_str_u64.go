//go:build str_u64

package main

const shapeName = "str/u64"

type (
	Key   = string
	Value = uint64
)

func keyOf(id uint64) Key               { return string24(id) }
func idOf(key Key) uint64               { return idOf24(key) }
func valueOf(seed uint64) Value         { return seed }
func seedOf(value Value) (uint64, bool) { return value, true }

// lentKey is the key of a lookup or a remove: it lasts for a batch, and is not made on the heap.
func lentKey(id uint64, place int) Key { return lent24(id, place) }
