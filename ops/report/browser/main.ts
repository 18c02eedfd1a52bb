import { Drawer } from "./drawer";
import { navigateDrawings } from "./drawings";
import { filterChecks } from "./filter";
import { matrix } from "./matrix";
import { expandForPrint } from "./print";

// Without this script the page says the same: links lead to particulars that are further down.
navigateDrawings();
matrix(new Drawer());
filterChecks();
expandForPrint();
