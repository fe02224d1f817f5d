//go:build amd64 || arm64

package main

// ticks reads the processor's cycle counter.
func ticks() uint64
