//go:build !amd64 && !arm64

package main

import "time"

var epoch = time.Now()

// ticks counts nanoseconds, where no cycle counter is known.
func ticks() uint64 { return uint64(time.Since(epoch)) }
