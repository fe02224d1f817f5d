// Program keys makes maps whose keys have no room for a hash, a line each.
package main

import "fmt"

var kept []any

func filled[K comparable, V any](m map[K]V, n int, key func(int) K) {
	for i := 0; i < n; i++ {
		var value V
		m[key(i)] = value
	}
	kept = append(kept, m)
}

func main() {
	filled(map[uint8]uint64{}, 300, func(i int) uint8 { return uint8(i) })
	filled(map[int32]bool{}, 300, func(i int) int32 { return int32(i) })
	filled(map[uint16]struct{}{}, 300, func(i int) uint16 { return uint16(i) })
	filled(map[string]uint8{}, 300, func(i int) string { return fmt.Sprint(i % 100) })
	filled(map[string]int8{}, 300, func(i int) string { return fmt.Sprintf("%016d", i) })
	filled(map[bool]struct{}{}, 2, func(i int) bool { return i == 1 })
	filled(map[[3]byte]string{}, 300, func(i int) [3]byte { return [3]byte{byte(i)} })
}
