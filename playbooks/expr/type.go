package expr

import (
	"slices"
	"sort"
	"strings"
)

// kind is a set of the sorts of values that can stand somewhere.
type kind uint16

const (
	kNull kind = 1 << iota
	kBool
	kInt
	kFloat
	kString
	kSeverity
	kTime
	kDuration
	kList
	kObject

	kNumber = kInt | kFloat
	kText   = kString | kSeverity | kTime // in JSON they are all strings
	kAny    = 1<<iota - 1
)

// Type is a static description of the values that can stand somewhere. The zero Type holds no value; use the
// constructors. A Type is immutable.
type Type struct {
	kinds  kind
	elem   *Type           // of a list; nil is any
	fields map[string]Type // of an object; nil is any
	open   bool            // fields are not all there are
	enum   []string        // of a string; nil is any
}

// String is the type of texts.
func String() Type { return Type{kinds: kString} }

// Enum is the type of texts that are one of the given words.
func Enum(words ...string) Type { return Type{kinds: kString, enum: slices.Clone(words)} }

// Number is the type of numbers, whole or not.
func Number() Type { return Type{kinds: kNumber} }

// Integer is the type of whole numbers.
func Integer() Type { return Type{kinds: kInt} }

// Bool is the type of true and false.
func Bool() Type { return Type{kinds: kBool} }

// Time is the type of instants; in JSON an RFC 3339 string.
func Time() Type { return Type{kinds: kTime} }

// Duration is the type of lengths of time, such as `duration("2h")`.
func Duration() Type { return Type{kinds: kDuration} }

// Severity is the type of the seven severity words, which compare in order.
func Severity() Type { return Type{kinds: kSeverity} }

// Null is the type of nothing but null.
func Null() Type { return Type{kinds: kNull} }

// Any is the type of every value.
func Any() Type { return Type{kinds: kAny} }

// List is the type of lists of elem.
func List(elem Type) Type { return Type{kinds: kList, elem: &elem} }

// Object is the type of objects with exactly these members: reading another is a mistake.
func Object(fields map[string]Type) Type {
	own := make(map[string]Type, len(fields))
	for name, t := range fields {
		own[name] = t
	}
	return Type{kinds: kObject, fields: own}
}

// OpenObject is the type of objects with these members and perhaps others.
func OpenObject(fields map[string]Type) Type {
	t := Object(fields)
	t.open = true
	return t
}

// Optional is t or null.
func Optional(t Type) Type {
	t.kinds |= kNull
	return t
}

// IsAny tells whether nothing is known of the type.
func (t Type) IsAny() bool { return t.kinds == kAny && t.fields == nil && t.elem == nil }

// IsOptional tells whether null is one of the type's values.
func (t Type) IsOptional() bool { return t.kinds&kNull != 0 }

// Required is t without null; any stays any.
func (t Type) Required() Type {
	if t.kinds != kNull && !t.IsAny() {
		t.kinds &^= kNull
	}
	return t
}

// CanBeBool tells whether a condition can have this type.
func (t Type) CanBeBool() bool { return t.kinds&(kBool|kNull) != 0 }

// CanBeList tells whether a list can have this type.
func (t Type) CanBeList() bool { return t.kinds&kList != 0 }

// CanBeObject tells whether an object can have this type.
func (t Type) CanBeObject() bool { return t.kinds&kObject != 0 }

// CanBeString tells whether a JSON string can have this type.
func (t Type) CanBeString() bool { return t.kinds&(kText|kDuration) != 0 }

// Elem is the type of a list's elements; Any for what is no list or a list of anything.
func (t Type) Elem() Type {
	if t.elem == nil {
		return Any()
	}
	return *t.elem
}

// Member is the type of an object's member and whether there can be such a member.
func (t Type) Member(name string) (Type, bool) {
	if t.kinds&kObject == 0 {
		return Any(), false
	}
	if member, ok := t.fields[name]; ok {
		return member, true
	}
	return Any(), t.fields == nil || t.open
}

// Members are the known members of an object, sorted.
func (t Type) Members() []string {
	names := make([]string, 0, len(t.fields))
	for name := range t.fields {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// String names the type for people.
func (t Type) String() string {
	if t.kinds == 0 {
		return "nothing"
	}
	if t.kinds == kAny {
		return "any"
	}
	var names []string
	add := func(k kind, name string) {
		if t.kinds&k == k {
			names = append(names, name)
		}
	}
	add(kBool, "boolean")
	switch t.kinds & kNumber {
	case kNumber, kFloat:
		names = append(names, "number")
	case kInt:
		names = append(names, "integer")
	}
	if t.kinds&kString != 0 {
		if len(t.enum) > 1 && len(t.enum) <= 6 {
			names = append(names, "one of "+strings.Join(t.enum, ", "))
		} else {
			names = append(names, "string")
		}
	}
	add(kSeverity, "severity")
	add(kTime, "time")
	add(kDuration, "duration")
	if t.kinds&kList != 0 {
		if t.elem == nil || t.elem.kinds == kAny || t.elem.kinds == 0 {
			names = append(names, "list")
		} else {
			names = append(names, "list of "+t.elem.String())
		}
	}
	add(kObject, "object")
	add(kNull, "null")
	return strings.Join(names, " or ")
}

// Assignable tells whether a value of type t may be one of type to. It is lenient where it cannot know: null is left
// to run time, any may be anything, and a number may be whole. A why is given when not.
func (t Type) Assignable(to Type) (ok bool, why string) {
	left := maxTypes
	return t.assignable(to, &left)
}

// maxTypes bounds the types that one comparison or union looks at. Types share parts, so that a short expression can
// describe a tree without end; what is beyond is taken to be any.
const maxTypes = 10000

func (t Type) assignable(to Type, left *int) (bool, string) {
	if *left--; *left < 0 || t.kinds&^kNull == 0 || t.kinds == kAny || to.kinds == kAny {
		return true, ""
	}
	both := asJSON(t.kinds) & asJSON(to.kinds) &^ kNull
	if both == 0 {
		return false, "is " + t.Required().String() + ", but " + to.Required().String() + " is asked for"
	}
	if both == kList && t.elem != nil && to.elem != nil {
		if ok, why := t.elem.assignable(*to.elem, left); !ok {
			return false, "has an element that " + why
		}
	}
	if both == kObject && t.fields != nil && to.fields != nil {
		for _, name := range t.Members() {
			want, known := to.fields[name]
			if !known {
				if !to.open {
					return false, "has a member " + name + " that is not asked for"
				}
				continue
			}
			if ok, why := t.fields[name].assignable(want, left); !ok {
				return false, "has a member " + name + " that " + why
			}
		}
	}
	if both == kString && t.enum != nil && to.enum != nil && t.kinds&kText == kString && to.kinds&kText == kString {
		for _, word := range t.enum {
			if slices.Contains(to.enum, word) {
				return true, ""
			}
		}
		return false, "is " + t.Required().String() + ", but " + to.Required().String() + " is asked for"
	}
	return true, ""
}

// asJSON folds the kinds that JSON cannot tell apart.
func asJSON(k kind) kind {
	if k&(kText|kDuration) != 0 {
		k |= kString
	}
	if k&kNumber != 0 {
		k |= kInt
	}
	return k &^ (kSeverity | kTime | kDuration | kFloat)
}

// union is the type of values that are a's or b's.
func union(a, b Type) Type {
	left := maxTypes
	return unionOf(a, b, &left)
}

func unionOf(a, b Type, left *int) Type {
	if a.kinds == 0 {
		return b
	}
	if b.kinds == 0 {
		return a
	}
	if *left--; *left < 0 || a.IsAny() || b.IsAny() {
		return Any()
	}
	out := Type{kinds: a.kinds | b.kinds}
	switch {
	case a.kinds&kList == 0:
		out.elem = b.elem
	case b.kinds&kList == 0:
		out.elem = a.elem
	case a.elem != nil && b.elem != nil:
		elem := unionOf(*a.elem, *b.elem, left)
		out.elem = &elem
	}
	switch {
	case a.kinds&kString == 0:
		out.enum = b.enum
	case b.kinds&kString == 0:
		out.enum = a.enum
	case a.enum != nil && b.enum != nil:
		out.enum = append(slices.Clone(a.enum), b.enum...)
		sort.Strings(out.enum)
		out.enum = slices.Compact(out.enum)
	}
	switch {
	case a.kinds&kObject == 0:
		out.fields, out.open = b.fields, b.open
	case b.kinds&kObject == 0:
		out.fields, out.open = a.fields, a.open
	case a.fields != nil && b.fields != nil:
		out.fields, out.open = unionFields(a, b, left), a.open || b.open
	}
	return out
}

// unionFields joins members; one that only one side has may be missing.
func unionFields(a, b Type, left *int) map[string]Type {
	out := make(map[string]Type, len(a.fields)+len(b.fields))
	for _, name := range a.Members() {
		if other, ok := b.fields[name]; ok {
			out[name] = unionOf(a.fields[name], other, left)
		} else {
			out[name] = Optional(a.fields[name])
		}
	}
	for name, t := range b.fields {
		if _, ok := a.fields[name]; !ok {
			out[name] = Optional(t)
		}
	}
	return out
}
