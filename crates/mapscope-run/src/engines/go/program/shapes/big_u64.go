package main

type (
	Key   = [25]uint64
	Value = uint64
)

func keyOf(id uint64) Key {
	key := Key{}
	for i := range key {
		key[i] = id
	}
	return key
}
func idOf(key Key) uint64               { return key[0] }
func valueOf(seed uint64, _ int) Value  { return seed }
func seedOf(value Value) (uint64, bool) { return value, true }

func lentKey(id uint64, _ int) Key { return keyOf(id) }

func ownedBytes(Value) int { return 0 }
