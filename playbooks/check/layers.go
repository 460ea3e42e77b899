package check

import "slices"

// layers is a map of which a copy costs next to nothing: a copy and its original share what they had, and each
// notes by itself what comes after. A playbook of a thousand steps is checked with a scope for each of its blocks.
type layers[V any] struct {
	parent *layers[V] // shared, never changed
	own    map[string]V
	depth  int
}

// maxLayers bounds how many layers a look-up walks through.
const maxLayers = 24

func (l *layers[V]) get(name string) (V, bool) {
	for ; l != nil; l = l.parent {
		if v, ok := l.own[name]; ok {
			return v, true
		}
	}
	var none V
	return none, false
}

func (l *layers[V]) set(name string, v V) {
	if l.own == nil {
		l.own = map[string]V{}
	}
	l.own[name] = v
}

func (l *layers[V]) copied() *layers[V] {
	if len(l.own) > 0 {
		shared := &layers[V]{parent: l.parent, own: l.own, depth: l.depth}
		if l.depth >= maxLayers {
			shared = &layers[V]{own: l.all()}
		}
		l.parent, l.own, l.depth = shared, nil, shared.depth+1
	}
	return &layers[V]{parent: l.parent, depth: l.depth}
}

// all is everything, in a map of its own.
func (l *layers[V]) all() map[string]V { return l.since(nil) }

// since is what l has and does not share with another one. It may hold some of what they share.
func (l *layers[V]) since(other *layers[V]) map[string]V {
	var shared []*layers[V]
	for o := other; o != nil; o = o.parent {
		shared = append(shared, o)
	}
	news := map[string]V{}
	for ; l != nil && !slices.Contains(shared, l); l = l.parent {
		for name, v := range l.own {
			if _, newer := news[name]; !newer {
				news[name] = v
			}
		}
	}
	return news
}
