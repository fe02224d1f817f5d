package main

import "go/types"

// group is how many bytes eight slots of a map take with their control word, and whether they hold pointers: what the
// compiler lays out, MapGroupType in cmd/compile/internal/reflectdata. 0 where sizes depend on type parameters.
func (r *read) group(m *types.Map) (int64, bool) {
	const slots, direct = 8, 128
	if !isSized(m.Key()) || !isSized(m.Elem()) {
		return 0, false
	}
	var fields []*types.Var
	pointers := false
	for _, t := range []types.Type{m.Key(), m.Elem()} {
		if r.sizes.Sizeof(t) > direct {
			t = types.NewPointer(t)
		}
		pointers = pointers || hasPointers(t)
		fields = append(fields, types.NewField(0, nil, "_", t, false))
	}
	slot := types.NewArray(types.NewStruct(fields, nil), slots)
	group := []*types.Var{
		types.NewField(0, nil, "_", types.Typ[types.Uint64], false),
		types.NewField(0, nil, "_", slot, false),
	}
	return r.sizes.Sizeof(types.NewStruct(group, nil)), pointers
}

func hasPointers(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Info()&types.IsString != 0 || t.Kind() == types.UnsafePointer
	case *types.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			if hasPointers(t.Field(i).Type()) {
				return true
			}
		}
		return false
	}
	return true
}

// isSized says that a type's size depends on no type parameter.
func isSized(t types.Type) bool {
	if _, ok := t.(*types.TypeParam); ok {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Array:
		return isSized(t.Elem())
	case *types.Struct:
		for i := 0; i < t.NumFields(); i++ {
			if !isSized(t.Field(i).Type()) {
				return false
			}
		}
	}
	return true
}
