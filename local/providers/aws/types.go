package main

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
)

// The types that the program uses, under HashiCorp's names. A type of another AWS service also needs that service in
// overlay.ts.
var types = []string{
	"aws_budgets_budget",
	"aws_budgets_budget_action",
	"aws_cloudwatch_log_group",
	"aws_ecs_task_definition",
	"aws_eks_pod_identity_association",
	"aws_iam_access_key",
	"aws_iam_group",
	"aws_iam_group_policy_attachment",
	"aws_iam_policy",
	"aws_iam_role",
	"aws_iam_role_policy",
	"aws_iam_role_policy_attachment",
	"aws_iam_user",
	"aws_iam_user_group_membership",
	"aws_iam_user_policy",
	"aws_s3_bucket",
	"aws_s3_bucket_lifecycle_configuration",
	"aws_s3_bucket_ownership_controls",
	"aws_s3_bucket_policy",
	"aws_s3_bucket_public_access_block",
	"aws_s3_bucket_server_side_encryption_configuration",
	"aws_s3_bucket_versioning",
	"aws_sns_topic",
	"aws_sns_topic_policy",
}

var functions = map[string]*tfbridge.DataSourceInfo{
	"aws_caller_identity": {Tok: "aws:index/getCallerIdentity:getCallerIdentity"},
	"aws_partition":       {Tok: "aws:index/getPartition:getPartition"},
}

// Pulumi's names of the types: `aws_iam_access_key` is `aws:iam/accessKey:AccessKey`.
func resources(provider shim.Provider) map[string]*tfbridge.ResourceInfo {
	mapped := map[string]*tfbridge.ResourceInfo{}
	for _, name := range types {
		module, rest, _ := strings.Cut(strings.TrimPrefix(name, "aws_"), "_")
		class := tfbridge.TerraformToPulumiNameV2(rest, nil, nil)
		mapped[name] = &tfbridge.ResourceInfo{
			Tok:    tfbridge.MakeResource("aws", module, strings.ToUpper(class[:1])+class[1:]),
			Fields: fields(provider.ResourcesMap().Get(name)),
		}
	}
	return mapped
}

// What a type's author may set and Pulumi computes from the provider's default tags.
func fields(resource shim.Resource) map[string]*tfbridge.SchemaInfo {
	if _, tagged := resource.Schema().GetOk("tags_all"); !tagged {
		return nil
	}
	return map[string]*tfbridge.SchemaInfo{"tags_all": {MarkAsComputedOnly: tfbridge.True(), MarkAsOptional: tfbridge.False()}}
}
