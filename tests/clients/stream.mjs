// Listens to the stream of changes (server-sent events).
//
//   MUARA_URL=https://muara.example.go.id MUARA_KEY=mua_... node stream.mjs
//
// MUARA_PLACE is the file that remembers how far it came (stream.place). Without one it begins with what comes now.
// It ends when the hub refuses it; let what started it start it again.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { CloudEvent } from "cloudevents";
import { EventSource } from "eventsource";

const url = process.env.MUARA_URL;
const headers = { authorization: `Bearer ${process.env.MUARA_KEY}` };
const place = process.env.MUARA_PLACE ?? "stream.place";
let work = Promise.resolve();

/** What the application does. After a crash an event may come here again, so the same twice has to be as good as once. */
async function handle({ id, type, subject, sequence, data }) {
  console.log(JSON.stringify({ id, type, subject, sequence, data }));
}

/** The place means nothing any more: all that stands now replaces what the application has. */
async function startOver() {
  let records = 0;
  let after = "";
  do {
    const answer = await fetch(`${url}/api/v1/records?limit=500${after && `&after=${encodeURIComponent(after)}`}`, { headers });
    if (!answer.ok) throw new Error(`the records answer ${answer.status}`);
    const page = await answer.json();
    records += page.items.length;
    after = page.next;
  } while (after);
  console.log(JSON.stringify({ resync: records }));
}

/** One after the other; the place moves on only behind what was worked on. */
function then(step, lastEventId) {
  work = work.then(step).then(() => {
    writeFileSync(`${place}.new`, lastEventId);
    renameSync(`${place}.new`, place);
  });
}

const after = existsSync(place) ? `?after=${readFileSync(place, "utf8")}` : "";
const stream = new EventSource(`${url}/api/v1/changes/stream${after}`, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
});
stream.onmessage = ({ data, lastEventId }) => then(() => handle(new CloudEvent(JSON.parse(data))), lastEventId);
stream.addEventListener("resync", ({ lastEventId }) => then(startOver, lastEventId));
stream.onerror = ({ code, message }) => {
  console.error(`the stream broke: ${message}`);
  if (code) process.exit(1);
};
