// One line of JSON in, one line of JSON out: how a client here talks to the test that plays its user.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const hear = async () => JSON.parse((await lines.next()).value);
export const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
