// Package kubernetes stands in for Pulumi's generated SDK of 26 MB, of which the provider uses a handful of names, and
// those for charts and YAML files only, which it would deploy as components. This program uses neither.
package kubernetes

import (
	"reflect"
)

// UntypedArgs are the arguments of any kind of object.
type UntypedArgs map[string]any

// ElementType is what the arguments resolve to.
func (UntypedArgs) ElementType() reflect.Type { return reflect.TypeFor[map[string]any]() }
