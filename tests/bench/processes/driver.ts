import { type Burst, burst, type Schedule, schedule } from "../open-loop";
import { answerParent } from "./child";

/** What loads the subjects: a process of its own, so that its work is not theirs. */
export type DriverQuestion = ({ readonly kind: "schedule" } & Schedule) | ({ readonly kind: "burst" } & Burst);

answerParent(() =>
    Promise.resolve({
        ready: undefined,
        answer: (question: DriverQuestion) => (question.kind === "schedule" ? schedule(question) : burst(question)),
    }),
);
