import { drawers } from "./drawer";
import { filterChecks } from "./filter";
import { navigateDrawings } from "./drawings";
import { expandForPrint } from "./print";

// Without this script the page says the same: links lead to particulars that are further down.
drawers();
navigateDrawings();
filterChecks();
expandForPrint();
