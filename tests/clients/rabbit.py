"""Reads a subscription's queue.

    MUARA_AMQP=amqps://user:password@broker/%2f MUARA_QUEUE=muara.subscription.sub-... python rabbit.py

MUARA_SEEN is the file that remembers which events were worked on (seen.db).
"""

import json
import os
import sqlite3
import time

import pika
from cloudevents.core.formats.json import JSONFormat

db = sqlite3.connect(os.environ.get("MUARA_SEEN", "seen.db"))
db.execute("create table if not exists seen (id text primary key)")


def handle(event):
    """What the application does, best in the same database."""
    print(json.dumps({
        "id": event.get_id(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "sequence": event.get_extension("sequence"),
        "data": event.get_data(),
    }), flush=True)


def take(channel, method, _properties, body):
    event = JSONFormat().read(None, body)
    with db:  # One transaction: the event is noted and worked on, or neither.
        if event.get_type() == "muara.subscription.resync.v1":
            db.execute("delete from seen")  # Everything follows, also what was seen.
        if db.execute("insert or ignore into seen values (?)", [event.get_id()]).rowcount:
            handle(event)
    channel.basic_ack(method.delivery_tag)


while True:
    try:
        with pika.BlockingConnection(pika.URLParameters(os.environ["MUARA_AMQP"])) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=20)
            channel.basic_consume(os.environ["MUARA_QUEUE"], take)
            channel.start_consuming()
    except pika.exceptions.AMQPConnectionError:
        time.sleep(5)
