// The chilling ledger as a picture.
import { make } from "./element.js";

export function ledgerFigure() {
  return make("div");
}
