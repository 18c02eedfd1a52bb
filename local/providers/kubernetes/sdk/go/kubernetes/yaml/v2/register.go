// Package v2 registers the objects of YAML files and charts.
package v2

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource refuses: charts and YAML files as components need the official plugin.
func RegisterResource(*pulumi.Context, string, string, string, pulumi.Input, ...pulumi.ResourceOption) (pulumi.CustomResource, error) {
	return nil, errors.New("components of charts and YAML files need the official kubernetes plugin; this one was built without them")
}
