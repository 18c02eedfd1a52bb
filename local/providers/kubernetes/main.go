// The plugin that Pulumi's engine loads for `kubernetes`, where the official one cannot be downloaded: Pulumi's own
// provider, from the state of its source that the module proxy has.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

// The version of the npm package that the plugin serves; the linker sets it.
var version string

// Copied out of the provider's module before it is compiled; an import asks for it.
//
//go:embed schema.json
var schema []byte

func main() {
	provider.Serve("kubernetes", version, schema, nil)
}
