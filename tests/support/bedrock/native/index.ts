import { invalid } from "../errors";
import { claude } from "./claude";
import { type NativeFormat } from "./format";
import { llama } from "./llama";
import { nova } from "./nova";
import { titan } from "./titan";

/** By what the ids of a family's models begin with. */
const formats: Readonly<Record<string, NativeFormat>> = {
    "meta.llama": llama,
    "anthropic.claude": claude,
    "amazon.nova": nova,
    "amazon.titan-text": titan,
};

/** @param model id of a foundation model */
export function nativeFormat(model: string): NativeFormat {
    const family = Object.keys(formats).find((prefix) => model.startsWith(prefix));
    if (family === undefined) throw invalid(`The fake has no native format for ${model}; Converse has one for all.`);
    return formats[family];
}
