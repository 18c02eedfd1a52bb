import { healthy } from "../../services/checks";
import { askGate, type GateAnswer } from "../aws/gate";
import { type Answer } from "./outcome";
import { type Executor } from "./run";

/** What two equal requests are answered with, and what each is charged. */
export const gateCache: Executor<"gateCache"> = async ({ url, model }, { clients, scratch }) => {
    const text = `Say yes. (${scratch.runId})`;
    const first = await askGate(clients, url, model, text);
    const second = await askGate(clients, url, model, text);
    return { got: `first: ${inWords(first)}; second: ${inWords(second)}`, ...noteOf(first, second) };
};

/** Whether a model answers through the gate, and if not, why, with the time that it took (E10). */
export const gateHealth: Executor<"gateHealth"> = async ({ url, model }, { clients, scratch }) => {
    const began = Date.now();
    const answer = await askGate(clients, url, model, `Say yes. (health, ${scratch.runId})`);
    if (answer.status !== 200) return { got: refusalInWords(answer), ...noteOf(answer) };
    return { got: healthy, note: `Through the gate, in ${Date.now() - began} ms.` };
};

function inWords(answer: GateAnswer): string {
    const { status, gate } = answer;
    if (status !== 200) return refusalInWords(answer);
    const cost = Number(gate["cost-microusd"]);
    const charged = cost > 0 ? "charged" : "nothing charged";
    return `${status}, ${gate.cache}, ${Number.isNaN(cost) ? "cost not told" : charged}`;
}

const refusalInWords = ({ status, gate: { error = "refused" } }: GateAnswer) => `${status}: ${error}`;

function noteOf(...answers: readonly GateAnswer[]): Pick<Answer, "note"> {
    const message = answers.find((answer) => answer.message !== undefined)?.message;
    return message === undefined ? {} : { note: message };
}
