// Reads an AsyncAPI document with the official parser; prints what is wrong with it and then ends with 1.
//
//   node asyncapi.mjs asyncapi.json

import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
for (const { severity, code, path, message } of diagnostics) console.log(JSON.stringify({ severity, code, path, message }));
// 0 is an error, 1 a warning, 2 and 3 are hints.
process.exit(document && diagnostics.every(({ severity }) => severity > 1) ? 0 : 1);
