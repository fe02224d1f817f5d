// Program callback makes maps above C: Go calls C, which calls Go.
package main

/*
extern void goFill(int);

static inline int twice(int n) { return 2 * n; }

static inline void fill(int n) { goFill(n); }
*/
import "C"

var kept []any

//export goFill
func goFill(n C.int) {
	m := map[string]int{}
	for i := 0; i < int(n); i++ {
		m[string(rune('0'+i))] = i
	}
	for i := 0; i < 10; i++ {
		delete(m, string(rune('0'+i)))
	}
	kept = append(kept, m)
}

func main() {
	m := map[C.int]C.int{}
	for i := C.int(0); i < 50; i++ {
		m[i] = C.twice(i)
	}
	kept = append(kept, m)
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() {
			C.fill(100)
			done <- true
		}()
	}
	for i := 0; i < 4; i++ {
		<-done
	}
}
