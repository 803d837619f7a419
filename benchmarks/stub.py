"""A server that answers like DynamoDB and SQS at once and always well, so that what is measured is the caller."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.dynamodb.codec import encode_job
from shared.adapters.dynamodb.template_codec import encode_template
from shared.model import moves
from shared.model.change import applied
from shared.model.job import Job, JobKey, JobSpec, Sharding, from_epoch_ms, new_job
from shared.model.template import EXPAND_SHARDS, JobDefinition, Progress, Template

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = 1_000
TEMPLATES_DUE_AT: Final = datetime(2026, 3, 1, tzinfo=UTC)
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n"


def reference_job() -> Job:
    """The job that all counts are about: an HTTP target with a URL of 60 characters and one header, two tags."""
    now = from_epoch_ms(1_790_000_000_000)
    spec = JobSpec(
        target={
            "type": "http",
            "url": "https://" + "target.example.com/".ljust(52, "x"),
            "method": "POST",
            "headers": {"X-Team": "operations"},
        },
        run_at=now,
        name="rotate-logs",
        tags={"team": "ops", "env": "production"},
    )
    return new_job(spec, key=JobKey("acme-corp", "0" * 24), now=now, sharding=Sharding(4, 4))


def reference_template(now: datetime) -> Template:
    """A template that fires each minute and makes reference jobs, created at `now`."""
    job = reference_job()
    return Template(
        tenant=job.tenant,
        id="1" * 24,
        name=job.name or "",
        schedule={"cron": "* * * * *", "dialect": "unix", "timezone": "Europe/Berlin"},
        job=JobDefinition(target=job.target),
        tags=job.tags,
        created_at=now,
        changed_at=now,
        changed_by="acme-corp." + "k" * 16,
        change="create",
        progress=Progress(expanded_until=now, since=now),
        expand_at=now,
        expand_shard=0,
    )


def _claimed() -> dict[str, Any]:
    job = reference_job()
    # Claimed far in the future, so that its lease holds for as long as anybody measures.
    now = from_epoch_ms(4_000_000_000_000)
    return encode_job(applied(moves.claim(lane=job.lane, wake_at=job.run_at, claim_id="c" * 16, now=now), job))


def _page(number: int, pages: int) -> bytes:
    entries = [
        {
            "pk": {"S": f"acme-corp#{number:04d}{position:020d}"},
            "sk": {"S": "job"},
            "due_shard": {"S": "normal#00"},
            "wake_at": {"N": "1790000000000"},
        }
        for position in range(PAGE)
    ]
    page: dict[str, Any] = {"Items": entries, "Count": PAGE, "ScannedCount": PAGE}
    if number + 1 < pages:
        page["LastEvaluatedKey"] = entries[-1]
    return json.dumps(page).encode()


def _due_templates(count: int) -> bytes:
    """The expand index's answer for one shard of several that have `count` entries together."""
    entries = [
        {
            "pk": {"S": "acme-corp"},
            "sk": {"S": f"template#{number:024d}"},
            "expand_shard": {"S": "00"},
            "expand_at": {"N": "1"},
        }
        for number in range(count // EXPAND_SHARDS)
    ]
    return json.dumps({"Items": entries, "Count": len(entries), "ScannedCount": len(entries)}).encode()


def _serve(listener: socket.socket, pages: int, due_templates: int) -> None:
    due_index = [_page(number, pages) for number in range(pages)]
    claimed = json.dumps({"Attributes": _claimed()}).encode()
    expand_index = _due_templates(due_templates)
    daily = replace(reference_template(TEMPLATES_DUE_AT), schedule={"cron": "0 9 * * *", "timezone": "UTC"})
    template = json.dumps({"Item": encode_template(daily)}).encode()

    def answer(target: str, body: bytes) -> bytes:
        if target.endswith(".GetItem"):
            return template
        if target.endswith(".Query") and b'"expand"' in body:
            return expand_index
        if target.endswith(".Query"):
            return b'{"Items":[],"Count":0,"ScannedCount":0}' if b"cursor#" in body else due_index[_page_asked(body)]
        if target.endswith(".UpdateItem"):
            return claimed if b"ALL_NEW" in body else b"{}"
        return _sent(body) if target.endswith(".SendMessageBatch") else b"{}"

    def converse(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while (request := _read(stream)) is not None:
            content = answer(*request)
            connection.sendall(_HEAD % len(content) + content)

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=converse, args=(connection,), daemon=True).start()


def _page_asked(body: bytes) -> int:
    start = json.loads(body).get("ExclusiveStartKey")
    return 0 if start is None else int(start["pk"]["S"].partition("#")[2][:4]) + 1


def _read(stream: Any) -> tuple[str, bytes] | None:
    target, length = "", 0
    if not stream.readline():
        return None
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "x-amz-target":
            target = value.strip()
        elif name.lower() == "content-length":
            length = int(value)
    return target, stream.read(length)


def _sent(body: bytes) -> bytes:
    entries = json.loads(body)["Entries"]
    successful = [
        {
            "Id": entry["Id"],
            "MessageId": entry["Id"],
            "MD5OfMessageBody": hashlib.md5(entry["MessageBody"].encode()).hexdigest(),
        }
        for entry in entries
    ]
    return json.dumps({"Successful": successful, "Failed": []}).encode()


@contextmanager
def stub_server(pages: int, *, due_templates: int = 0) -> Iterator[str]:
    """A running stub's endpoint URL; each shard of the due index has `pages` pages, and the expand index so many
    templates that are due."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(listener, pages, due_templates), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.kill()
        process.join()
        listener.close()
