"""Pulls changes and waits for more (long polling).

    MUARA_URL=https://muara.example.go.id MUARA_KEY=mua_... python pull.py

MUARA_PLACE is the file that remembers how far it came (pull.place). Without one it begins with the first change.
"""

import json
import os
import sys
import time
from pathlib import Path

import httpx
from cloudevents.core.formats.json import JSONFormat

PLACE = Path(os.environ.get("MUARA_PLACE", "pull.place"))
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


def pull():
    query = {"limit": 500, "wait": 30}
    if PLACE.exists():
        query["after"] = PLACE.read_text()
    answer = client.get("/api/v1/changes", params=query)
    if answer.status_code == 410:
        start_over()
        return remember(answer.json()["resync"]["after"])
    changes = answer.raise_for_status().json()
    for item in changes["items"]:
        handle(JSONFormat().read(None, json.dumps(item)))
    remember(changes["next"])  # Only now: what was not worked on is asked for again.


while True:
    try:
        pull()
    except httpx.HTTPError as error:
        print(f"pulling again: {error!r}", file=sys.stderr)
        time.sleep(3)
