package main

import (
	"cmp"
	"maps"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// The types that the program uses, under HashiCorp's names. A type of another AWS service also needs that service in
// overlay.ts.
var types = []string{
	"aws_budgets_budget",
	"aws_budgets_budget_action",
	"aws_cloudwatch_log_group",
	"aws_cloudwatch_metric_alarm",
	"aws_dynamodb_table",
	"aws_ecs_task_definition",
	"aws_eks_pod_identity_association",
	"aws_iam_access_key",
	"aws_iam_group",
	"aws_iam_group_policy_attachment",
	"aws_iam_openid_connect_provider",
	"aws_iam_policy",
	"aws_iam_role",
	"aws_iam_role_policy",
	"aws_iam_role_policy_attachment",
	"aws_iam_user",
	"aws_iam_user_group_membership",
	"aws_iam_user_policy",
	"aws_kms_alias",
	"aws_kms_key",
	"aws_lambda_alias",
	"aws_lambda_function",
	"aws_lambda_function_url",
	"aws_lambda_permission",
	"aws_s3_bucket",
	"aws_s3_bucket_lifecycle_configuration",
	"aws_s3_bucket_ownership_controls",
	"aws_s3_bucket_policy",
	"aws_s3_bucket_public_access_block",
	"aws_s3_bucket_server_side_encryption_configuration",
	"aws_s3_bucket_versioning",
	"aws_scheduler_schedule",
	"aws_sns_topic",
	"aws_sns_topic_policy",
	"aws_sns_topic_subscription",
}

// What the official plugin names or shapes otherwise than the bridge would by itself, by type. AutoName makes up a name
// of at most so many characters where the program gives none.
var renamed = map[string]map[string]*tfbridge.SchemaInfo{
	"aws_cloudwatch_metric_alarm": {"alarm_name": tfbridge.AutoName("name", 255, "-")},
	"aws_lambda_function": {
		// AWS takes one, but it is a list in the official plugin.
		"architectures": {Name: "architectures", MaxItemsOne: tfbridge.False()},
		// HashiCorp reads a file: the bridge writes the program's archive into one.
		"filename": {Name: "code", Asset: &tfbridge.AssetTranslation{
			Kind: tfbridge.FileArchive, Format: resource.ZIPArchive, HashField: "source_code_hash",
		}},
		"function_name": tfbridge.AutoName("name", 64, "-"),
	},
	"aws_lambda_permission": {
		"function_name": {Name: "function"},
		"statement_id":  tfbridge.AutoName("statementId", 100, "-"),
	},
	"aws_sns_topic_subscription": {"topic_arn": {Name: "topic"}},
}

// Names of classes that the official plugin spells otherwise than the bridge would.
var classes = map[string]string{"aws_iam_openid_connect_provider": "OpenIdConnectProvider"}

var functions = map[string]*tfbridge.DataSourceInfo{
	"aws_iam_policy":      {Tok: "aws:iam/getPolicy:getPolicy"},
	"aws_caller_identity": {Tok: "aws:index/getCallerIdentity:getCallerIdentity"},
	"aws_partition":       {Tok: "aws:index/getPartition:getPartition"},
}

// Pulumi's names of the types: `aws_iam_access_key` is `aws:iam/accessKey:AccessKey`.
func resources(provider shim.Provider) map[string]*tfbridge.ResourceInfo {
	mapped := map[string]*tfbridge.ResourceInfo{}
	for _, name := range types {
		module, rest, _ := strings.Cut(strings.TrimPrefix(name, "aws_"), "_")
		class := tfbridge.TerraformToPulumiNameV2(rest, nil, nil)
		class = cmp.Or(classes[name], strings.ToUpper(class[:1])+class[1:])
		mapped[name] = &tfbridge.ResourceInfo{
			Tok:    tfbridge.MakeResource("aws", module, class),
			Fields: fields(name, provider.ResourcesMap().Get(name)),
		}
	}
	return mapped
}

// What the bridge cannot tell from HashiCorp's schema.
func fields(name string, resource shim.Resource) map[string]*tfbridge.SchemaInfo {
	fields := map[string]*tfbridge.SchemaInfo{}
	maps.Copy(fields, renamed[name])
	if _, tagged := resource.Schema().GetOk("tags_all"); tagged {
		// HashiCorp lets it be set; Pulumi computes it from the provider's default tags.
		fields["tags_all"] = &tfbridge.SchemaInfo{MarkAsComputedOnly: tfbridge.True(), MarkAsOptional: tfbridge.False()}
	}
	return fields
}
