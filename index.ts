import "./stacks/error-handling";

import { deployServices } from "./stacks";
import { readSettings } from "./stacks/config";
import { stackContext } from "./stacks/context";

export = async () => {
    const settings = readSettings();
    return deployServices(settings, stackContext(settings));
};
