// Program tries uses maps of type sync.Map whose figures its test knows. What it prints is how much the runtime says was allocated.
// With an argument it has goroutines change one at once.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
)

var boxed [5000]any

// kept has the maps outlive their functions.
var kept []*sync.Map

func main() {
	if len(os.Args) > 1 {
		changed()
		return
	}
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

// changed has eight goroutines change the same keys in every way there is, and looks each up that is left.
func changed() {
	for i := range boxed {
		boxed[i] = i
	}
	m := new(sync.Map)
	m.Store(boxed[0], 0)
	for round := 0; round < 2; round++ {
		m.Clear()
		var all sync.WaitGroup
		for g := 0; g < 8; g++ {
			all.Add(1)
			go func() {
				for i := 0; i < 2000; i++ {
					key := boxed[(i+g)*7%61]
					switch (i*5 + g*3) % 11 {
					case 0, 1, 2:
						m.Store(key, i)
					case 3:
						m.Swap(key, i)
					case 4:
						m.LoadOrStore(key, i)
					case 5, 6:
						m.Delete(key)
					case 7:
						m.LoadAndDelete(key)
					case 8:
						m.CompareAndSwap(key, i-11, i)
					case 9:
						if value, ok := m.Load(key); ok {
							m.CompareAndDelete(key, value)
						}
					case 10:
						runtime.Gosched()
					}
				}
				all.Done()
			}()
		}
		all.Wait()
	}
	m.Range(func(key, _ any) bool {
		m.Load(key)
		return true
	})
}
