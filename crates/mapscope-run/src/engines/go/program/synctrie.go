package main

import (
	"reflect"
	"sync"
	"unsafe"
)

// trieLayout is where sync.Map keeps what a recording shows, from Go 1.24 on, where it is a hash trie.
type trieLayout struct {
	root, hash, seed uintptr
}

// trieIndirect is an inner node.
type trieIndirect struct {
	isEntry  bool
	dead     uint32
	mutex    [2]uint32
	parent   *trieIndirect
	children [trieChildren]*trieIndirect
}

// trieEntry is a leaf; what a child is, isEntry tells.
type trieEntry struct {
	isEntry    bool
	overflow   *trieEntry
	key, value any
}

const (
	trieLevelBits = 4
	trieChildren  = 1 << trieLevelBits
	trieLevels    = 64 / trieLevelBits
)

// trieMapLayout is nil where sync.Map is not the trie known.
var trieMapLayout = findTrieLayout()

func findTrieLayout() *trieLayout {
	m, has := reflect.TypeOf(sync.Map{}).FieldByName("m")
	if !has || m.Type.Kind() != reflect.Struct {
		return nil
	}
	root, hasRoot := m.Type.FieldByName("root")
	hash, hasHash := m.Type.FieldByName("keyHash")
	seed, hasSeed := m.Type.FieldByName("seed")
	if !hasRoot || !hasHash || !hasSeed || hash.Type.Kind() != reflect.Func || !isTrieRoot(root.Type) {
		return nil
	}
	layout := &trieLayout{m.Offset + root.Offset, m.Offset + hash.Offset, m.Offset + seed.Offset}
	if !layout.understood() {
		return nil
	}
	return layout
}

// isTrieRoot tells whether an atomic.Pointer is to an inner node as it is known; its first field names what it is to.
func isTrieRoot(pointer reflect.Type) bool {
	if pointer.Kind() != reflect.Struct || pointer.NumField() == 0 || pointer.Field(0).Type.Kind() != reflect.Array {
		return false
	}
	to := pointer.Field(0).Type.Elem()
	if to.Kind() != reflect.Pointer || to.Elem().Kind() != reflect.Struct {
		return false
	}
	known, node := reflect.TypeOf(trieIndirect{}), to.Elem()
	for _, name := range [...]string{"isEntry", "parent", "children"} {
		is, has := node.FieldByName(name)
		should, _ := known.FieldByName(name)
		if !has || is.Offset != should.Offset || is.Type.Size() != should.Type.Size() {
			return false
		}
	}
	return node.Size() == known.Size()
}

// understood fills a map and reads it: whether entries are where this program believes them to be.
func (l *trieLayout) understood() bool {
	var m sync.Map
	at := func(offset uintptr) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(&m), offset) }
	if *(**trieIndirect)(at(l.root)) != nil {
		return false
	}
	const entries = 1000
	for key := 0; key < entries; key++ {
		m.Store(key, key)
	}
	var figures trieFigures
	root := *(**trieIndirect)(at(l.root))
	figures.add(root, 0)
	if figures.entries != entries || figures.overflow != 0 || figures.nodes[0] != 1 || figures.nodes[1] != trieChildren {
		return false
	}
	boxed := any(7)
	hash := uint64((*(*func(unsafe.Pointer, uintptr) uintptr)(at(l.hash)))(unsafe.Pointer(&boxed), *(*uintptr)(at(l.seed))))
	chain, _ := trieEnd(root, hash)
	return chain != nil && chain.key == boxed && chain.value == boxed
}

// trieRoot is nil before the first operation.
func trieRoot(m *sync.Map) *trieIndirect {
	return *(**trieIndirect)(unsafe.Add(unsafe.Pointer(m), trieMapLayout.root))
}

// trieHash is how a map hashes a boxed key; nil before the first operation.
func trieHash(m *sync.Map) (hash func(unsafe.Pointer, uintptr) uintptr, seed uintptr) {
	hash = *(*func(unsafe.Pointer, uintptr) uintptr)(unsafe.Add(unsafe.Pointer(m), trieMapLayout.hash))
	return hash, *(*uintptr)(unsafe.Add(unsafe.Pointer(m), trieMapLayout.seed))
}

// collidingHash is the map's own hash of which six bits are left, at both ends: hashes are alike down to the last digits,
// or altogether, as those of the runtime never are.
func collidingHash(key unsafe.Pointer, seed uintptr) uintptr {
	return trieOwnHash(key, seed) & (0xe<<60 | 0x7)
}

var trieOwnHash func(unsafe.Pointer, uintptr) uintptr

// collide gives a map without entries the colliding hash.
func collide(m *sync.Map) {
	trieOwnHash, _ = trieHash(m)
	*(*func(unsafe.Pointer, uintptr) uintptr)(unsafe.Add(unsafe.Pointer(m), trieMapLayout.hash)) = collidingHash
}

// trieEnd follows a hash to the first chain on its way, if there is one, in the last inner node on it.
func trieEnd(root *trieIndirect, hash uint64) (chain *trieEntry, node *trieIndirect) {
	node = root
	for shift := 64 - trieLevelBits; shift >= 0; shift -= trieLevelBits {
		child := node.children[hash>>shift%trieChildren]
		if child == nil || child.isEntry {
			return (*trieEntry)(unsafe.Pointer(child)), node
		}
		node = child
	}
	return nil, node
}

// trieFigures are counted along the way of each operation's key, where alone it changes anything: a map that is large is not
// read whole each time.
type trieFigures struct {
	entries, overflow uint64
	// Inner nodes by their level.
	nodes [trieLevels]uint64
	// Whether operations were made that were not counted.
	stale bool
}

// add counts a node and all below it.
func (f *trieFigures) add(node *trieIndirect, level int) {
	f.nodes[level]++
	f.count(node, 1)
	for _, child := range node.children {
		if child != nil && !child.isEntry {
			f.add(child, level+1)
		}
	}
}

// count adds the entries that a node has itself, so many times.
func (f *trieFigures) count(node *trieIndirect, times uint64) {
	for _, child := range node.children {
		if child == nil || !child.isEntry {
			continue
		}
		f.entries += times
		for entry := (*trieEntry)(unsafe.Pointer(child)).overflow; entry != nil; entry = entry.overflow {
			f.entries += times
			f.overflow += times
		}
	}
}

// way adds the nodes on a hash's way, so many times: minus once before an operation, and once after it.
func (f *trieFigures) way(node *trieIndirect, hash uint64, times uint64) {
	for level := 0; node != nil && !node.isEntry; level++ {
		f.nodes[level] += times
		f.count(node, times)
		node = node.children[hash>>(64-trieLevelBits*(level+1))%trieChildren]
	}
}

// state is len, indirect_nodes, levels and overflow_entries.
func (f *trieFigures) state(root *trieIndirect) [4]uint64 {
	if f.stale {
		*f = trieFigures{}
		if root != nil {
			f.add(root, 0)
		}
	}
	var nodes, levels uint64
	for level, n := range f.nodes {
		if n > 0 {
			nodes, levels = nodes+n, uint64(level)+1
		}
	}
	return [4]uint64{f.entries, nodes, levels, f.overflow}
}
