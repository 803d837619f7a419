"""Cold import of each function, as a ratio to `import boto3` and two clients in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Final

from benchmarks.table import print_table

_RUNS: Final = 9
FLOOR: Final = "import boto3; boto3.client('dynamodb'); boto3.client('sqs')"
# What a cold start does before the first event's own work: import the handler and build what it is made of.
STARTS: Final = {
    "api": "import functions.api.handler as h; h.warm_up()",
    "authorizer": "import functions.api.authorizer as h; h.warm_up()",
    "populator": "import functions.populator.handler as h; h.tick()",
    "populator-stream": "import functions.populator.stream_handler as h; h.queue_changed_jobs()",
    "executor": "import functions.executor.handler as h; h.execute_job()",
    "watcher": "import functions.watcher.handler as h; h.each_minute()",
    "journal": "import functions.watcher.journal_handler as h; h.read_journal()",
    "recurrence": "import functions.recurrence.handler as h; h.tick()",
    "runner": "import functions.runner.handler",
}
# The API and recurrence read schedules, the others do not.
ASKED: Final = {"api": 2.2, "populator": 1.35, "executor": 1.35, "watcher": 1.35, "recurrence": 1.6}
_QUEUES: Final = {
    f"QUEUE_URL_{lane}": f"http://127.0.0.1:9/000000000000/{lane.lower()}" for lane in ("HIGH", "NORMAL", "LOW", "LONG")
}
ENVIRONMENT: Final = {
    **_QUEUES,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "JOBS_TABLE": "jobs",
    "CONTROL_TABLE": "control",
    "TEMPLATES_TABLE": "templates",
    "DATA_BUCKET": "data",
    "DUE_SHARDS": "4",
    "GROUP_SHARDS": "4",
    "ACCOUNT_ID": "123456789012",
    "API_URL": "http://127.0.0.1:9",
    "EVENT_BUS": "bench",
    "EVENT_TYPES": "job.started,job.succeeded,job.failed,job.cancelled,job.skipped",
    "RUNNER_FUNCTION": "runner",
    "COMMAND_TARGET": "disabled",
    "ALLOWED_TARGET_HOSTS": "",
    "ALLOWED_TARGET_ARNS": "",
    **{f"RETENTION_{end}_DAYS": "30" for end in ("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED")},
    "RETENTION_MINIMUM_DAYS": "1",
    "RETENTION_MAXIMUM_DAYS": "365",
    "ARCHIVE_DAYS": "400",
    "STAGE": "bench",
    "SIGNING_SECRET_PREFIX": "/punctual/bench/signing/",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "Punctual",
}


def measure() -> dict[str, float]:
    """Ratio of each function's cold start to the floor's, by function: medians of CPU time, taken in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in ("floor", *STARTS)}
    for _ in range(_RUNS):
        for name, program in {"floor": FLOOR, **STARTS}.items():
            seconds[name].append(_cpu_seconds(program))
    # The interpreter's own start is in every figure; Lambda has done it before.
    bare = statistics.median(_cpu_seconds("pass") for _ in range(_RUNS))
    medians = {name: statistics.median(values) - bare for name, values in seconds.items()}
    print_table(
        "Cold start, CPU (import and wiring)",
        ("function", "ms", "ratio to boto3 + two clients", "asked"),
        [
            (name, median * 1000, median / medians["floor"], f"<= {ASKED[name]}" if name in ASKED else "")
            for name, median in medians.items()
        ],
    )
    return {name: round(medians[name] / medians["floor"], 3) for name in STARTS}


def _cpu_seconds(program: str) -> float:
    environment = {**os.environ, **ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": ""}
    before = os.times()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = os.times()
    return (after.children_user + after.children_system) - (before.children_user + before.children_system)


if __name__ == "__main__":
    measure()
