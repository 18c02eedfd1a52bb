import { unknownModel } from "./errors";
import { type Prices } from "./options";

/** A model that has a price. */
export interface Model {
    /** Under which its price stands. */
    readonly key: string;
    /** The foundation model's, without a geography: its maker's name begins it. */
    readonly id: string;
    readonly prices: Prices;
}

/** What an inference profile across regions begins with. */
const geography = /^(us|us-gov|eu|apac|jp|au|ca|sa|global)\./;

/** Finds what a call asks for by the ids and ARNs that Bedrock knows a model by. */
export class Models {
    private readonly found = new Map<string, Model>();

    constructor(
        private readonly prices: Readonly<Record<string, Prices>>,
        private readonly profiles: Readonly<Record<string, string>>,
    ) {}

    /** @throws BedrockError for one without a price, as Bedrock does for one that it does not have. */
    find(asked: string): Model {
        const known = this.found.get(asked);
        if (known) return known;
        const model = this.lookUp(asked);
        this.found.set(asked, model);
        return model;
    }

    /** Every foundation model that has a price. */
    get foundationModels(): readonly string[] {
        return [...new Set(Object.keys(this.prices).map(foundationModel))].sort();
    }

    private lookUp(asked: string): Model {
        const id = this.profiles[asked] ?? asked;
        for (const key of [id, lastPart(id), foundationModel(id)]) {
            if (Object.hasOwn(this.prices, key)) return { key, id: foundationModel(id), prices: this.prices[key] };
        }
        throw unknownModel();
    }
}

/** Of `arn:aws:bedrock:us-east-1::foundation-model/meta.llama3` the model, of an id the id. */
function lastPart(id: string): string {
    return id.startsWith("arn:") ? id.slice(id.indexOf("/") + 1) : id;
}

function foundationModel(id: string): string {
    return lastPart(id).replace(geography, "");
}
