import { llmModels, type LlmModelsOutputs } from "../../services/llm-models";
import { longestSessionPolicy, sessionPolicy } from "../../services/llm-models/session";
import { type NarrowedSession } from "../aws/sessions";
import { type CommandContext } from "../cli/command";
import { exitCodes, InfraError } from "../common/errors";
import { requireModels } from "../gate/models";
import { serviceOutputs } from "../stack/outputs";

/** Seconds of the longest session of a role whose maximum nobody has raised. */
const longest = 3600;

/** What is asked for. */
interface Narrowing {
    /** In seconds. */
    readonly session?: number;
    readonly model?: readonly string[];
}

/** Refuses what no narrowed session can be. */
export function refuseNarrowing({ session, model = [] }: Narrowing, service: string): void {
    if (model.length === 0) return;
    const usage = (reason: string, fix: string) => new InfraError(exitCodes.usage, reason, fix);
    if (service !== llmModels.name) throw usage(`${service} invokes no models.`, "Leave --model out.");
    if (session === undefined) throw usage("--model narrows a session, and none is asked for.", "Add --session 1h.");
    if (session > longest) {
        throw usage("A session that is narrowed by --model lasts 1h at most.", "Ask for a new one when it ends.");
    }
}

/** What a session of the service's keys is narrowed by, to these models alone (E11). */
export async function narrowingTo(
    models: readonly string[],
    context: CommandContext,
): Promise<Pick<NarrowedSession, "roleArn" | "policy">> {
    const outputs = await serviceOutputs(context, llmModels.name);
    requireModels(models, outputs, context.stack);
    const { gate, sessionRoleArn } = outputs;
    if (gate) throw behindGate(models, outputs, context);
    if (sessionRoleArn === undefined) {
        throw new InfraError(
            exitCodes.failed,
            `Stack ${context.stack} has no role for such sessions yet.`,
            `Deploy it: ${context.host.upCommand(context.stack)}`,
        );
    }
    const [, partition, , , accountId] = sessionRoleArn.split(":");
    const policy = JSON.stringify(sessionPolicy(outputs, models, { partition, accountId }));
    if (policy.length <= longestSessionPolicy) return { roleArn: sessionRoleArn, policy };
    throw new InfraError(
        exitCodes.usage,
        `The session policy for these models has ${policy.length} characters, and STS takes ${longestSessionPolicy}.`,
        "Name fewer models.",
    );
}

/** A gate's function is called whatever the model: only the gate can tell one from another. */
function behindGate(
    models: readonly string[],
    { gate }: LlmModelsOutputs,
    { host: { program }, stack }: CommandContext,
): InfraError {
    const narrowed = models.map((model) => `--model ${model}`).join(" ");
    const create = `${program} gate keys create NAME --stack ${stack} ${narrowed} --expires 1h`;
    return new InfraError(
        exitCodes.failed,
        `Stack ${stack} has a gate, which alone invokes the models: AWS does not see which model a call of the gate ` +
            "asks for, so no session policy can narrow it.",
        gate?.keysUrl === undefined
            ? `A gate key can be narrowed. Set gate.keys: true in platform:llm-models, deploy, and run: ${create}`
            : `Use a gate key, which can be narrowed: ${create}`,
    );
}
