// Command runtime does what mapscope tells it to with a map of the Go runtime that built it, and tells what that cost.
//
// It reads commands from standard input, each a letter, a count of bytes and as many bytes, and answers on standard
// output with numbers of eight bytes, little-endian. The one exception is the greeting, a line of JSON.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"
)

// batchOpsMax is the most operations that a batch may have; the Rust side keeps to it.
const batchOpsMax = 1024

type program struct {
	in        *bufio.Reader
	out       *bufio.Writer
	wire      []byte
	batch     batch
	intervals []uint64
	subject   subject
	row       []uint64
	before    runtime.MemStats
	after     runtime.MemStats
	// The keys that are alive, for subjects that make new inner maps.
	keys map[uint64]Key
	gc   *collections
}

type greeting struct {
	Go           string   `json:"go"`
	Layout       string   `json:"layout"`
	KeyBytes     uint64   `json:"key_bytes"`
	ElemBytes    uint64   `json:"elem_bytes"`
	TableBytes   uint64   `json:"table_bytes"`
	TablePointer bool     `json:"table_pointers"`
	Columns      []string `json:"columns"`
	Clears       bool     `json:"clears"`
	TicksPerNs   float64  `json:"ticks_per_ns"`
	FloorNs      float64  `json:"floor_ns"`
}

func main() {
	p := &program{
		in:        bufio.NewReaderSize(os.Stdin, 1<<16),
		out:       bufio.NewWriterSize(os.Stdout, 1<<16),
		wire:      make([]byte, batchOpsMax*opBytes),
		intervals: make([]uint64, batchOpsMax),
		row:       make([]uint64, 16),
		batch: batch{
			kinds:  make([]uint8, 0, batchOpsMax),
			ids:    make([]uint64, 0, batchOpsMax),
			keys:   make([]Key, 0, batchOpsMax),
			values: make([]Value, 0, batchOpsMax),
		},
		gc: newCollections(),
	}
	if len(os.Args) != 2 || p.choose(os.Args[1]) != nil {
		fmt.Fprintln(os.Stderr, "this program is for mapscope's own use")
		os.Exit(2)
	}
	spareThreads(8)
	for {
		if err := p.command(); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}

// spareThreads has the runtime make threads that wait for work. On a busy machine it needs another one when a system call
// takes long, and what it allocates for that would be some operation's: 5,320 bytes in 6 objects.
func spareThreads(n int) {
	var up, down sync.WaitGroup
	up.Add(n)
	down.Add(n)
	release := make(chan struct{})
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread()
			up.Done()
			<-release
			runtime.UnlockOSThread()
			down.Done()
		}()
	}
	up.Wait()
	close(release)
	down.Wait()
}

func (p *program) choose(name string) error {
	switch name {
	case "map":
		p.subject = &builtin{}
	case "syncmap":
		p.subject = &synced{}
	case "syncmap-colliding":
		p.subject = &synced{colliding: true}
	default:
		return fmt.Errorf("no subject is called %q", name)
	}
	return nil
}

// command reads one command, does it and answers.
func (p *program) command() error {
	letter, err := p.in.ReadByte()
	if err != nil {
		return err
	}
	var size [4]byte
	if _, err := io.ReadFull(p.in, size[:]); err != nil {
		return err
	}
	n := int(binary.LittleEndian.Uint32(size[:]))
	if n > len(p.wire) {
		return fmt.Errorf("a command of %d bytes", n)
	}
	wire := p.wire[:n]
	if _, err := io.ReadFull(p.in, wire); err != nil {
		return err
	}
	switch letter {
	case 'h':
		p.hello()
	case 'g':
		p.collect(int(number(wire, 0)), int64(number(wire, 1)), int(number(wire, 2)))
	case 'n':
		p.build(int(number(wire, 0)))
	case 's':
		// A cycle under way would be charged to what is measured.
		runtime.GC()
		p.gc.begin()
	case 'a':
		p.batch.decode(wire)
		start := ticks()
		p.subject.apply(&p.batch)
		p.put(ticks() - start)
		p.gc.sample()
	case 't':
		p.batch.decode(wire)
		intervals := p.intervals[:len(p.batch.kinds)]
		p.subject.timed(&p.batch, intervals)
		p.put(intervals...)
		p.gc.sample()
	case 'r', 'R':
		p.batch.decode(wire)
		for i := range p.batch.kinds {
			p.record(i, letter == 'R')
		}
	case 'm':
		p.memory()
	case 'c':
		p.gc.sample()
		p.put(p.gc.now-p.gc.first, p.gc.peak, uint64(len(p.gc.pauses)))
		p.put(p.gc.pauses...)
	case 'e':
		p.entries()
	case 'd':
		p.drain()
	default:
		return fmt.Errorf("no command is called %q", letter)
	}
	p.batch.clear()
	return p.out.Flush()
}

func number(wire []byte, index int) uint64 { return binary.LittleEndian.Uint64(wire[index*8:]) }

func (p *program) put(numbers ...uint64) {
	var bytes [8]byte
	for _, n := range numbers {
		binary.LittleEndian.PutUint64(bytes[:], n)
		p.out.Write(bytes[:])
	}
}

// hello answers 'h': who this is.
func (p *program) hello() {
	ticksPerNs, floorNs := calibrate()
	layout := typeOf(map[Key]Value{})
	line, _ := json.Marshal(greeting{
		Go:           runtime.Version(),
		Layout:       p.subject.layout(),
		KeyBytes:     uint64(unsafe.Sizeof(*new(Key))),
		ElemBytes:    uint64(unsafe.Sizeof(*new(Value))),
		TableBytes:   uint64(layout.bucket[0]),
		TablePointer: layout.bucket[1] != 0,
		Columns:      p.subject.columns(),
		Clears:       p.subject.clears(),
		TicksPerNs:   ticksPerNs,
		FloorNs:      floorNs,
	})
	p.out.Write(append(line, '\n'))
}

// calibrate measures the clock: its ticks in a nanosecond, and the median interval between two readings in a loop that
// does nothing else.
func calibrate() (ticksPerNs, floorNs float64) {
	start, from := time.Now(), ticks()
	for time.Since(start) < 20*time.Millisecond {
	}
	elapsed := time.Since(start)
	ticksPerNs = float64(ticks()-from) / float64(elapsed.Nanoseconds())
	var counts [4096]uint32
	last := ticks()
	const readings = 100001
	for i := 0; i < readings; i++ {
		now := ticks()
		if d := now - last; d < uint64(len(counts)) {
			counts[d]++
		}
		last = now
	}
	var seen uint32
	for d, n := range counts {
		if seen += n; seen > readings/2 {
			return ticksPerNs, float64(d) / ticksPerNs
		}
	}
	return ticksPerNs, 0
}

// collect sets the garbage collector: its percentage (negative: off), its memory limit in bytes (0: none), and how
// many processors the program may use (0: as many as there are).
func (p *program) collect(percent int, limit int64, processors int) {
	debug.SetGCPercent(percent)
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	if processors > 0 {
		runtime.GOMAXPROCS(processors)
	}
}

// build answers 'n' with what building the map allocated, as record does.
func (p *program) build(hint int) {
	p.subject.drop()
	p.keys = map[uint64]Key{}
	runtime.GC()
	p.gc.settle()
	runtime.ReadMemStats(&p.before)
	p.subject.begin()
	p.subject.make(hint)
	bytes, allocs := p.subject.end()
	runtime.ReadMemStats(&p.after)
	p.subject.ready()
	p.put(0)
	p.answer(false, 0, bytes, allocs)
}

// answer writes one row: hit, hash, bytes, objects, state. What was counted without being the operation's is taken off.
func (p *program) answer(hit bool, hash, bytes, allocs uint64) {
	row := p.row[:len(p.subject.columns())]
	p.subject.state(row)
	p.put(bit(hit), hash, p.after.TotalAlloc-p.before.TotalAlloc-bytes, p.after.Mallocs-p.before.Mallocs-allocs)
	p.put(row...)
}

// record answers one operation of 'r' or 'R' with what it allocated and the state after it.
func (p *program) record(i int, hashes bool) {
	kind, id, key := p.batch.kinds[i], p.batch.ids[i], p.batch.keys[i]
	var hash uint64
	if hashes && kind <= opGet {
		// Before the operation, which may leave the map empty, and that seeds its hash anew.
		hash = p.subject.hash(key)
	}
	table := p.subject.table()
	runtime.ReadMemStats(&p.before)
	p.subject.begin()
	hit := p.subject.one(&p.batch, i)
	bytes, allocs := p.subject.end()
	runtime.ReadMemStats(&p.after)
	if !hashes {
		p.put(0)
	} else {
		p.track(kind, id, key)
		if made := p.subject.table(); made != table && made != nil {
			p.rehash()
			hash = p.subject.hash(key)
		} else {
			p.put(0)
		}
		if hash == 0 && kind <= opGet {
			// A map that draws its seed in its first operation had none before.
			hash = p.subject.hash(key)
		}
	}
	p.answer(hit, hash, bytes, allocs)
}

// track keeps the keys that are alive.
func (p *program) track(kind uint8, id uint64, key Key) {
	switch kind {
	case opPut:
		p.keys[id] = key
	case opRemove:
		delete(p.keys, id)
	case opClear:
		clear(p.keys)
	}
}

// rehash tells what every key hashes to in an inner map just made.
func (p *program) rehash() {
	p.put(uint64(len(p.keys)))
	for id, key := range p.keys {
		p.put(id, p.subject.hash(key))
	}
}

// memory answers 'm': all bytes and objects allocated so far, and the bytes alive after a collection.
func (p *program) memory() {
	p.batch.clear()
	p.keys = nil
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&p.after)
	p.put(p.after.TotalAlloc, p.after.Mallocs, p.after.HeapAlloc, p.after.Frees)
}

// entries answers 'e': how many entries the map holds, the sum of their checksums, and how many bytes their values have on
// the heap.
func (p *program) entries() {
	var entries, sum, owned uint64
	p.subject.each(func(key Key, value Value) {
		entries++
		owned += uint64(ownedBytes(value))
		if seed, ok := seedOf(value); ok {
			sum += checksum(idOf(key), seed)
		} else {
			sum += ^uint64(0)
		}
	})
	p.put(entries, sum, owned)
}

// drain removes every entry, one by one.
func (p *program) drain() {
	b := &p.batch
	var ids []uint64
	p.subject.each(func(key Key, _ Value) { ids = append(ids, idOf(key)) })
	for _, id := range ids {
		b.clear()
		var value Value
		b.kinds, b.ids = append(b.kinds, opRemove), append(b.ids, id)
		b.keys, b.values = append(b.keys, keyOf(id)), append(b.values, value)
		p.subject.apply(b)
	}
	p.put(uint64(len(ids)))
}

// checksum is what an entry adds to the checksum of the content, as on the Rust side.
func checksum(key, seed uint64) uint64 {
	return mix((mix(key^0x6a09e667f3bcc908) + seed) ^ 0xbb67ae8584caa73b)
}

// mix is SplitMix64's finaliser.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
