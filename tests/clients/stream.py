"""Listens to the stream of changes (server-sent events).

    MUARA_URL=https://muara.example.go.id MUARA_KEY=mua_... python stream.py

MUARA_PLACE is the file that remembers how far it came (stream.place). Without one it begins with what comes now.
"""

import json
import os
import sys
import time
from pathlib import Path

import httpx
from cloudevents.core.formats.json import JSONFormat
from httpx_sse import connect_sse

PLACE = Path(os.environ.get("MUARA_PLACE", "stream.place"))
# The hub says something every 15 seconds.
client = httpx.Client(
    base_url=os.environ["MUARA_URL"],
    headers={"Authorization": f"Bearer {os.environ['MUARA_KEY']}"},
    timeout=45,
)


def handle(event):
    """What the application does. After a crash an event may come here again, so the same twice has to be as good as once."""
    print(json.dumps({
        "id": event.get_id(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "sequence": event.get_extension("sequence"),
        "data": event.get_data(),
    }), flush=True)


def start_over():
    """The place means nothing any more: all that stands now replaces what the application has."""
    records, after = 0, None
    while True:
        query = {"limit": 500, "after": after} if after else {"limit": 500}
        page = client.get("/api/v1/records", params=query).raise_for_status().json()
        records, after = records + len(page["items"]), page["next"]
        if not after:
            break
    print(json.dumps({"resync": records}), flush=True)


def remember(place):
    new = PLACE.with_suffix(".new")
    new.write_text(place)
    new.replace(PLACE)


def listen():
    headers = {"Last-Event-ID": PLACE.read_text()} if PLACE.exists() else {}
    with connect_sse(client, "GET", "/api/v1/changes/stream", headers=headers) as stream:
        stream.response.raise_for_status()
        for frame in stream.iter_sse():
            if frame.event == "resync":
                start_over()
            elif frame.data:
                handle(JSONFormat().read(None, frame.data))
            if frame.id:  # A frame without data moves on too: what lies between was not for us.
                remember(frame.id)


while True:
    try:
        listen()
    except httpx.HTTPError as error:
        print(f"the stream broke, listening again: {error!r}", file=sys.stderr)
    time.sleep(3)
