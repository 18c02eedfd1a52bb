// A stringified Output throws instead of ending up in a name or a policy.
process.env.PULUMI_ERROR_OUTPUT_STRING = "1";
