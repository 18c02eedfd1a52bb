// A stringified Output throws instead of ending up in a name or a policy.
process.env.PULUMI_ERROR_OUTPUT_STRING = "1";
// The pinned SDK runs on Node 20; its warning of what later versions will need is of no use here.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
