package main

type (
	Key   = uint64
	Value = [25]uint64
)

func keyOf(id uint64) Key { return id }
func idOf(key Key) uint64 { return key }
func valueOf(seed uint64, _ int) Value {
	value := Value{}
	for i := range value {
		value[i] = seed
	}
	return value
}
func seedOf(value Value) (uint64, bool) { return value[0], true }

func lentKey(id uint64, _ int) Key { return keyOf(id) }

func ownedBytes(Value) int { return 0 }
