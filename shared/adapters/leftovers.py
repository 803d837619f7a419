"""`ports.leftovers` in the jobs table and the data bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.adapters.aws import ConditionFailed, translated_errors, unavailable
from shared.adapters.dynamodb import codec, schema
from shared.model.job import epoch_ms
from shared.model.leftovers import may_have_been_edited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from shared.model.job import Job

# What DeleteObjects takes at once; more it refuses each time, and the journal's shard would wait for it.
_OBJECTS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class StoredLeftovers:
    """`dynamodb` is a low-level client; `bucket_client` makes one of the data bucket, for the first object."""

    dynamodb: Any
    table: str
    bucket_client: Callable[[], Any]
    bucket: str

    def remove(self, job: Job, *, put_before: datetime) -> int:
        beside = self._beside(job)
        if any(item[schema.SK]["S"] == schema.JOB_SK for item in beside):
            return 0
        removed = sum(self._delete_item(item, put_before) for item in beside)
        return removed + self._delete_objects(set(self._objects(job, beside, put_before)))

    def _beside(self, job: Job) -> list[codec.Item]:
        """The items of the job's partition, without what they hold. Read consistently: a job that is there is seen."""
        items: list[codec.Item] = []
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": f"{schema.PK} = :pk",
            "ExpressionAttributeValues": {":pk": {"S": codec.partition_key(job.key)}},
            "ProjectionExpression": f"{schema.PK}, {schema.SK}, #ref",
            "ExpressionAttributeNames": {"#ref": "ref"},
            "ConsistentRead": True,
        }
        while True:
            with translated_errors("query what a job left"):
                answer = self.dynamodb.query(**parameters)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return items
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _delete_item(self, item: codec.Item, put_before: datetime) -> bool:
        try:
            with translated_errors("delete what a job left"):
                self.dynamodb.delete_item(
                    TableName=self.table,
                    Key={schema.PK: item[schema.PK], schema.SK: item[schema.SK]},
                    ConditionExpression="attribute_not_exists(#at) OR #at < :before",
                    ExpressionAttributeNames={"#at": schema.PUT_AT},
                    ExpressionAttributeValues={":before": codec.TIME.encode(put_before)},
                )
        except ConditionFailed:
            return False  # put for a job that is about to be created
        return True

    def _objects(self, job: Job, beside: Iterable[codec.Item], put_before: datetime) -> Iterator[str]:
        """The names of the objects that are to go; of those that were put for another job of this id, none."""
        folders = {kind: f"{kind}/{job.tenant}/{job.id}/" for kind in ("payloads", "outputs", "checkpoints")}
        named = [one.output.ref or "" for one in job.executions]
        named += [item["ref"]["S"] for item in beside if "ref" in item]
        yield from (name for name in named if name.startswith((folders["outputs"], folders["checkpoints"])))
        payload = job.payload.ref or ""
        is_object = payload.startswith(folders["payloads"])
        payloads = self._list(folders["payloads"]) if is_object or may_have_been_edited(job) else ()
        yield from (name for name in payloads if _created_ms(name) < epoch_ms(put_before))

    def _list(self, prefix: str) -> list[str]:
        names: list[str] = []
        while True:
            with translated_errors("list what a job left"):
                # A page of a thousand; an edit may leave one more.
                after = names[-1] if names else ""
                answer = self.bucket_client().list_objects_v2(Bucket=self.bucket, Prefix=prefix, StartAfter=after)
            names += (one["Key"] for one in answer.get("Contents", ()))
            if not answer["IsTruncated"]:
                return names

    def _delete_objects(self, names: set[str]) -> int:
        wanted = [{"Key": name} for name in sorted(names)]
        for start in range(0, len(wanted), _OBJECTS_AT_ONCE):
            some = {"Objects": wanted[start : start + _OBJECTS_AT_ONCE], "Quiet": True}
            with translated_errors("delete what a job left"):
                answer = self.bucket_client().delete_objects(Bucket=self.bucket, Delete=some)
            # An object that stays is no error of the call. Those that went are removed once more, which does nothing.
            refused = [str(error["Code"]) for error in answer.get("Errors", ())]
            if refused:
                raise unavailable("delete what a job left", refused, outcome_unknown=True)
        return len(names)


def _created_ms(name: str) -> int:
    """When the job was created that a payload's object was put for; objects of before names told it count as old."""
    time, dash, _ = name.rpartition("/")[2].partition("-")
    return int(time) if dash and time.isdigit() else 0
