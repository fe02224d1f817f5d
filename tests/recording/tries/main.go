// Program tries uses maps of type sync.Map whose figures its test knows. What it prints is how much the runtime says was allocated.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
)

var boxed [5000]any

// kept has the maps outlive their functions.
var kept []*sync.Map

func main() {
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	kept = make([]*sync.Map, 0, 100)
	for i := range boxed {
		boxed[i] = fmt.Sprint("key ", i)
	}
	total := uint64(0)
	for _, n := range []int{1, 2, 16, 300, 5000} {
		total += filled(n)
	}
	fmt.Println(total)
	counted()
	runtime.GOMAXPROCS(4)
	shared()
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// filled does whatever allocates, and whatever gives up what was.
func filled(n int) uint64 {
	m := new(sync.Map)
	kept = append(kept, m)
	keys := boxed[:n]
	before := allocated()
	for _, key := range keys {
		m.Store(key, key)
	}
	for _, key := range keys {
		m.Swap(key, boxed[0])
		m.CompareAndSwap(key, boxed[0], key)
	}
	for _, key := range keys[n/2:] {
		m.Delete(key)
	}
	for _, key := range keys {
		m.LoadOrStore(key, key)
		m.LoadAndDelete(key)
		m.LoadOrStore(key, key)
	}
	m.Clear()
	m.Store(keys[0], keys[0])
	return allocated() - before
}

func counted() {
	m := new(sync.Map)
	kept = append(kept, m)
	for i := 0; i < 100; i++ {
		m.Store(boxed[i], boxed[i])
	}
	for i := 0; i < 10; i++ {
		m.Store(boxed[i], boxed[0])
	}
	for i := 0; i < 50; i++ {
		m.Load(boxed[i])
	}
	m.LoadOrStore(boxed[0], boxed[1])
	m.LoadOrStore(boxed[100], boxed[1])
	m.CompareAndSwap(boxed[50], boxed[50], boxed[0])
	m.CompareAndSwap(boxed[50], boxed[50], boxed[0])
	m.CompareAndDelete(boxed[51], boxed[51])
	m.CompareAndDelete(boxed[52], boxed[51])
	m.LoadAndDelete(boxed[53])
	m.LoadAndDelete(boxed[53])
	m.Delete(boxed[54])
	m.Range(func(any, any) bool { return true })
	new(sync.Map).Range(func(any, any) bool { return true })
}

func shared() {
	m := new(sync.Map)
	kept = append(kept, m)
	var all sync.WaitGroup
	for g := 0; g < 8; g++ {
		all.Add(1)
		go func() {
			for i := 0; i < 1000; i++ {
				m.Store(boxed[i], boxed[g])
				m.Load(boxed[i])
				m.Delete(boxed[2000+g])
				m.LoadOrStore(boxed[1000+i], boxed[g])
			}
			all.Done()
		}()
	}
	all.Wait()
}
