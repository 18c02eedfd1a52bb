import { unknownModel } from "./errors";
import { type Json } from "./json";
import { type Models } from "./models";

/** `modelSummaries` of ListFoundationModels: those that have a price. */
export function listModels(models: Models): Json {
    return { modelSummaries: models.foundationModels.map(summaryOf) };
}

/** `modelDetails` of GetFoundationModel, by id or ARN. */
export function describeModel(models: Models, asked: string): Json {
    const id = asked.slice(asked.indexOf("/") + 1);
    // An inference profile is none, though its model has a price.
    if (!models.foundationModels.includes(id)) throw unknownModel();
    return { modelDetails: summaryOf(id) };
}

function summaryOf(modelId: string): Json {
    return {
        modelArn: `arn:aws:bedrock:us-east-1::foundation-model/${modelId}`,
        modelId,
        modelName: modelId.slice(modelId.indexOf(".") + 1),
        providerName: modelId.slice(0, modelId.indexOf(".")),
        inputModalities: ["TEXT"],
        outputModalities: ["TEXT"],
        responseStreamingSupported: true,
        customizationsSupported: [],
        inferenceTypesSupported: ["ON_DEMAND", "INFERENCE_PROFILE"],
        modelLifecycle: { status: "ACTIVE" },
    };
}
