import { actions } from "./intent";

/** What of Bedrock begins a charge: calls, whatever calls a model for its caller, jobs, training, and capacity that is bought. */
export const spendingActions = actions(
    "bedrock: InvokeModel InvokeModelWithResponseStream CallWithBearerToken",
    "bedrock: InvokeAgent InvokeInlineAgent InvokeBuilder InvokeFlow StartFlowExecution InvokeTool",
    "bedrock: Retrieve RetrieveAndGenerate AgenticRetrieveStream GenerateQuery Rerank OptimizePrompt",
    "bedrock: CreateAdvancedPromptOptimizationJob StartIngestionJob IngestKnowledgeBaseDocuments",
    "bedrock: ApplyGuardrail InvokeGuardrailChecks InvokeAutomatedReasoningPolicy",
    "bedrock: StartAutomatedReasoningPolicyBuildWorkflow StartAutomatedReasoningPolicyTestWorkflow",
    "bedrock: InvokeDataAutomation InvokeDataAutomationAsync InvokeDataAutomationLibraryIngestionJob",
    "bedrock: InvokeBlueprintOptimizationAsync InvokeBlueprintRecommendationAsync",
    "bedrock: CreateModelInvocationJob CreateModelCustomizationJob CreateModelEvaluationJob CreateEvaluationJob",
    "bedrock: CreateModelImportJob CreateModelCopyJob CreateCustomModel",
    "bedrock: CreateProvisionedModelThroughput UpdateProvisionedModelThroughput",
    "bedrock: CreateCustomModelDeployment UpdateCustomModelDeployment CreateFoundationModelAgreement",
    "bedrock: CreateMarketplaceModelEndpoint UpdateMarketplaceModelEndpoint RegisterMarketplaceModelEndpoint",
    "bedrock-mantle: CreateInference CallWithBearerToken CreateFineTuningJob CreateCustomizedModel CreateReservation",
);
