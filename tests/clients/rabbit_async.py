"""Reads a subscription's queue, for applications on asyncio.

    MUARA_AMQP=amqps://user:password@broker/%2f MUARA_QUEUE=muara.subscription.sub-... python rabbit_async.py

MUARA_SEEN is the file that remembers which events were worked on (seen.db).
"""

import asyncio
import json
import os
import sqlite3

import aio_pika
from cloudevents.core.formats.json import JSONFormat

db = sqlite3.connect(os.environ.get("MUARA_SEEN", "seen.db"))
db.execute("create table if not exists seen (id text primary key)")


async def handle(event):
    """What the application does, best in the same database."""
    print(json.dumps({
        "id": event.get_id(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "sequence": event.get_extension("sequence"),
        "data": event.get_data(),
    }), flush=True)


async def take(event):
    with db:  # One transaction: the event is noted and worked on, or neither.
        if event.get_type() == "muara.subscription.resync.v1":
            db.execute("delete from seen")  # Everything follows, also what was seen.
        if db.execute("insert or ignore into seen values (?)", [event.get_id()]).rowcount:
            await handle(event)


async def main():
    async with await aio_pika.connect_robust(os.environ["MUARA_AMQP"]) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=20)
        queue = await channel.get_queue(os.environ["MUARA_QUEUE"], ensure=False)
        async with queue.iterator() as messages:
            async for message in messages:
                async with message.process(requeue=True):
                    await take(JSONFormat().read(None, message.body))


asyncio.run(main())
