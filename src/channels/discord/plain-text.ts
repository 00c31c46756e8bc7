export { cleanLine, cut } from "../shape/plain-text.ts";
