// The plugin that Pulumi's engine loads for `vault`, where the official one cannot be downloaded: HashiCorp's provider
// behind Pulumi's own bridge, as the official one is made, with the types that this program uses.
package main

import (
	"io"
	"log"

	"github.com/hashicorp/terraform-provider-vault/vault"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// The version of the npm package that the plugin serves; the linker sets it.
var version string

// The types that the program uses. Pulumi's names follow no rule here.
var types = map[string]string{
	"vault_audit":                          "vault:index/audit:Audit",
	"vault_auth_backend":                   "vault:index/authBackend:AuthBackend",
	"vault_aws_secret_backend_role":        "vault:aws/secretBackendRole:SecretBackendRole",
	"vault_kubernetes_auth_backend_config": "vault:kubernetes/authBackendConfig:AuthBackendConfig",
	"vault_kubernetes_auth_backend_role":   "vault:kubernetes/authBackendRole:AuthBackendRole",
	"vault_kv_secret_v2":                   "vault:kv/secretV2:SecretV2",
	"vault_mount":                          "vault:index/mount:Mount",
	"vault_policy":                         "vault:index/policy:Policy",
}

func main() {
	// The provider logs its own start; the engine shows what goes wrong.
	log.SetOutput(io.Discard)
	resources := map[string]*tfbridge.ResourceInfo{}
	for name, token := range types {
		resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(token)}
	}
	served := tfbridge.ProviderInfo{
		P:            shim.NewProvider(vault.Provider()),
		Name:         "vault",
		Version:      version,
		MetadataInfo: info.NewProviderMetadata(nil),
		Resources:    resources,
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"vault_kv_secret": {Tok: "vault:kv/getSecret:getSecret"},
		},
		// As the official plugin: what the environment may set, and what holds where nothing does.
		Config: map[string]*tfbridge.SchemaInfo{
			"skip_tls_verify":       fromEnvironment(false, "VAULT_SKIP_VERIFY"),
			"max_lease_ttl_seconds": fromEnvironment(1200, "TERRAFORM_VAULT_MAX_TTL"),
			"max_retries":           fromEnvironment(2, "VAULT_MAX_RETRIES"),
		},
	}
	served.SetAutonaming(255, "-")
	tfbridge.Main("vault", version, served, nil)
}

func fromEnvironment(value any, variable string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Default: &tfbridge.DefaultInfo{EnvVars: []string{variable}, Value: value}}
}
