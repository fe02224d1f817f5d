package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// collections is what the garbage collector did while the map worked. It is asked between batches, and allocates
// nothing then.
type collections struct {
	samples []metrics.Sample
	stats   debug.GCStats
	// Bytes of objects on the heap before the map was built.
	base uint64
	// Cycles when the measuring began, and when last asked.
	first, now uint64
	// Nanoseconds that each cycle in between stopped the world for.
	pauses []uint64
	// The most bytes of objects on the heap beyond base, dead ones that were not yet swept included, when asked.
	peak uint64
}

// pausesMax is the most pauses kept; later ones are not.
const pausesMax = 1 << 16

func newCollections() *collections {
	c := &collections{
		samples: []metrics.Sample{
			{Name: "/memory/classes/heap/objects:bytes"},
			{Name: "/gc/cycles/total:gc-cycles"},
		},
		stats:  debug.GCStats{Pause: make([]time.Duration, 0, 1024)},
		pauses: make([]uint64, 0, pausesMax),
	}
	// What the first questions allocate is not to be taken for the map's.
	debug.ReadGCStats(&c.stats)
	c.begin()
	return c
}

// settle takes what is on the heap for the program's own. Called right after a collection, before the map is built.
func (c *collections) settle() {
	metrics.Read(c.samples)
	c.base = c.samples[0].Value.Uint64()
}

// begin forgets what was before.
func (c *collections) begin() {
	metrics.Read(c.samples)
	c.first = c.samples[1].Value.Uint64()
	c.now = c.first
	c.pauses = c.pauses[:0]
	c.peak = 0
}

func (c *collections) sample() {
	metrics.Read(c.samples)
	if heap := c.samples[0].Value.Uint64(); heap > c.base {
		c.peak = max(c.peak, heap-c.base)
	}
	if c.samples[1].Value.Uint64() == c.now {
		return
	}
	// Another cycle may have ended since: this reading's count goes with its pauses.
	debug.ReadGCStats(&c.stats)
	cycles := uint64(c.stats.NumGC) - c.now
	c.now += cycles
	// The latest pause comes first; the runtime keeps 256.
	for i := min(int(cycles), len(c.stats.Pause)) - 1; i >= 0 && len(c.pauses) < pausesMax; i-- {
		c.pauses = append(c.pauses, uint64(c.stats.Pause[i]))
	}
}
