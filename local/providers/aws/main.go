// The plugin that Pulumi's engine loads for `aws`, where the official one cannot be downloaded: HashiCorp's provider
// behind Pulumi's own bridge, as the official one is made, with the types that this program uses.
//
// The module's path lies beneath the provider's own, since its constructors are in internal packages.
package main

import (
	"context"
	"io"
	"log"

	"github.com/YakDriver/smarterr"
	"github.com/hashicorp/terraform-provider-aws/internal"
	"github.com/hashicorp/terraform-provider-aws/internal/provider/framework"
	"github.com/hashicorp/terraform-provider-aws/internal/provider/sdkv2"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/x/muxer"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/metadata"
)

// The version of the npm package that the plugin serves; the linker sets it.
var version string

// What tells which of the two providers has a type: Pulumi's own build keeps it in a generated file.
type dispatcher interface {
	ResolveDispatch(*tfbridge.ProviderInfo) (muxer.DispatchTable, error)
}

func main() {
	ctx := context.Background()
	// The provider logs its own start; the engine shows what goes wrong.
	log.SetOutput(io.Discard)
	// The words of some services' errors; upstream's own function also logs each error whole.
	smarterr.SetFS(&smarterr.WrappedFS{FS: &internal.SmarterrFS}, "internal")
	primary := must(sdkv2.NewProvider(ctx))
	secondary := must(framework.NewProvider(ctx, primary))
	provider := pf.MuxShimWithDisjointgPF(ctx, shim.NewProvider(primary), secondary)
	served := tfbridge.ProviderInfo{
		P:            provider,
		Name:         "aws",
		Version:      version,
		MetadataInfo: info.NewProviderMetadata(nil),
		Resources:    resources(provider),
		DataSources:  functions,
		// The configuration is checked by the SDK's half already, as in the official plugin.
		SkipValidateProviderConfigForPluginFramework: true,
	}
	served.SetAutonaming(255, "-")
	table := must(provider.(dispatcher).ResolveDispatch(&served))
	if err := metadata.Set(served.GetMetadata(), "mux", table); err != nil {
		panic(err)
	}
	pf.MainWithMuxer(ctx, "aws", served, []byte(`{"name":"aws"}`))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
