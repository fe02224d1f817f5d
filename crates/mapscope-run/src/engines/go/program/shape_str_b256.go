//go:build str_b256

package main

const shapeName = "str/b256"

type (
	Key   = string
	Value = [256]byte
)

func keyOf(id uint64) Key               { return string24(id) }
func idOf(key Key) uint64               { return idOf24(key) }
func valueOf(seed uint64) Value         { value := Value{}; fill(value[:], seed); return value }
func seedOf(value Value) (uint64, bool) { return seedIn(value[:]) }

// lentKey is the key of a lookup or a remove: it lasts for a batch, and is not made on the heap.
func lentKey(id uint64, place int) Key { return lent24(id, place) }
