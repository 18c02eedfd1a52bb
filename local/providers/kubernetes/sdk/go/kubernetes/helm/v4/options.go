// Package v4 has the options of a chart.
package v4

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// RepositoryOpts say where a chart is.
type RepositoryOpts struct {
	CaFile   pulumi.AssetOrArchive
	CertFile pulumi.AssetOrArchive
	KeyFile  pulumi.AssetOrArchive
	Password *string
	Repo     *string
	Username *string
}

// RepositoryOptsInput is an input of RepositoryOpts.
type RepositoryOptsInput interface{ pulumi.Input }

// PostRenderer is a command that changes what a chart renders.
type PostRenderer struct {
	Args    []string
	Command string
}

// PostRendererInput is an input of PostRenderer.
type PostRendererInput interface{ pulumi.Input }
