// Takes Muara's events by webhook: checks who sent it, keeps it once, answers, and works on it afterwards.
//
//   MUARA_SECRET=whsec_... node webhook.mjs
//
// MUARA_LISTEN is where it listens (127.0.0.1:9000), MUARA_INBOX the folder that keeps what came (inbox): a file for each
// event, empty when it was worked on. Where there is a database, keep it in a table whose primary key is the id.

import { link, mkdir, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const MOST_BYTES = 128 * 1024; // An event has 64 KiB at most.
const [host, port] = (process.env.MUARA_LISTEN ?? "127.0.0.1:9000").split(":");
const inbox = process.env.MUARA_INBOX ?? "inbox";
const secret = new Webhook(process.env.MUARA_SECRET);
let work = Promise.resolve();

/** What the application does. After a crash an event may come here again, so the same twice has to be as good as once. */
async function handle({ id, type, subject, sequence, data }) {
  console.log(JSON.stringify({ id, type, subject, sequence, data }));
}

function parse(body) {
  const event = HTTP.toEvent({ headers: { "content-type": "application/cloudevents+json" }, body });
  event.validate();
  return event;
}

/** Keeps an event; answers whether it is new. */
async function keep(event, body) {
  const file = `${inbox}/${event.id}`;
  await writeFile(`${file}.new`, body);
  try {
    await link(`${file}.new`, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(`${file}.new`);
  }
}

/** One after the other, in the order in which they came. */
function queue(event) {
  work = work.then(() => handle(event)).then(() => truncate(`${inbox}/${event.id}`));
}

async function take(request) {
  if (request.headers["content-length"] > MOST_BYTES) return 413;
  const body = await text(request);
  try {
    secret.verify(body, request.headers);
  } catch {
    return 401;
  }
  const event = parse(body);
  if (event.type === "muara.subscription.resync.v1") {
    await work;
    await Promise.all((await readdir(inbox)).map((name) => rm(`${inbox}/${name}`))); // Everything follows, also what was seen.
  }
  if (await keep(event, body)) queue(event);
  return 204;
}

await mkdir(inbox, { recursive: true });
const files = (await readdir(inbox)).filter((name) => !name.endsWith(".new"));
const left = (await Promise.all(files.map((name) => readFile(`${inbox}/${name}`, "utf8")))).filter(Boolean).map(parse);
left.sort((one, other) => (one.sequence < other.sequence ? -1 : 1)).forEach(queue);
createServer(async (request, response) => {
  const status = await take(request).catch((error) => (console.error(error), 500));
  response.writeHead(status).end();
}).listen(Number(port), host);
