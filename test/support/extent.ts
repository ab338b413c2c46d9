/** `npm run test:faults` and `npm run test:long` try out all that there is, `npm test` a sample of what takes long. */
export const ALL = process.env["TESTS"] === "all";
