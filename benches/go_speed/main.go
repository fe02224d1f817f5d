// Times one workload on Go's map and prints the nanoseconds that each operation took. The same workloads, on the same
// keys, as those of ../go_speed.rs.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// splitmix64 of an index: keys without a pattern, in an order that no memory follows.
func key(index uint64) uint64 {
	x := (index + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func filled(m map[uint64]uint64, entries uint64) map[uint64]uint64 {
	for i := uint64(0); i < entries; i++ {
		m[key(i)] = i
	}
	return m
}

func main() {
	workload := os.Args[1]
	entries, _ := strconv.ParseUint(os.Args[2], 10, 64)
	rounds, _ := strconv.ParseUint(os.Args[3], 10, 64)
	filled(make(map[uint64]uint64), 1000)

	var m map[uint64]uint64
	if workload != "fill" && workload != "presized-fill" {
		m = filled(make(map[uint64]uint64), entries)
	}
	var sum uint64
	operations := rounds
	start := time.Now()
	switch workload {
	case "fill":
		m = filled(make(map[uint64]uint64), entries)
		operations = entries
	case "presized-fill":
		m = filled(make(map[uint64]uint64, entries), entries)
		operations = entries
	case "churn":
		for i := uint64(0); i < rounds; i++ {
			delete(m, key(i))
			m[key(entries+i)] = i
		}
		operations = 2 * rounds
	case "hit":
		for i := uint64(0); i < rounds; i++ {
			sum += m[key(key(i)%entries)]
		}
	case "miss":
		for i := uint64(0); i < rounds; i++ {
			_, found := m[key(entries+i)]
			if found {
				sum++
			}
		}
	default:
		panic(workload)
	}
	elapsed := time.Since(start)
	fmt.Println(float64(elapsed.Nanoseconds()) / float64(operations))
	fmt.Fprintln(os.Stderr, sum, len(m))
}
