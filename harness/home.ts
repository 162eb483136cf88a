export { homeFolder } from "./home.mjs";
