// Reads a subscription's queue.
//
//   MUARA_AMQP=amqps://user:password@broker/%2f MUARA_QUEUE=muara.subscription.sub-... node rabbit.mjs
//
// MUARA_SEEN is the file that remembers which events were worked on (seen.txt). Where there is a database, keep the ids
// there, in the transaction that does the work. It ends when the connection breaks; let what started it start it again.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import amqp from "amqplib";
import { CloudEvent } from "cloudevents";

const file = process.env.MUARA_SEEN ?? "seen.txt";
const seen = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);

/** What the application does. After a crash an event may come here again, so the same twice has to be as good as once. */
function handle({ id, type, subject, sequence, data }) {
  console.log(JSON.stringify({ id, type, subject, sequence, data }));
}

const connection = await amqp.connect(process.env.MUARA_AMQP);
const channel = await connection.createChannel();
await channel.prefetch(20);
await channel.consume(process.env.MUARA_QUEUE, (message) => {
  if (!message) throw new Error("the queue is gone");
  const event = new CloudEvent(JSON.parse(message.content));
  if (event.type === "muara.subscription.resync.v1") {
    seen.clear(); // Everything follows, also what was seen.
    writeFileSync(file, "");
  }
  if (!seen.has(event.id)) {
    handle(event);
    appendFileSync(file, `${event.id}\n`);
    seen.add(event.id);
  }
  channel.ack(message);
});
