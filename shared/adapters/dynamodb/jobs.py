"""`ports.jobs.JobStore` on the jobs table and the data bucket."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import codec, schema
from shared.adapters.dynamodb.batch_get import batch_get
from shared.adapters.dynamodb.expressions import update_parameters
from shared.model import limits
from shared.model.errors import ChangeRefused, JobNotFound, PayloadUnavailable, UnreadableJob
from shared.model.job import Job, JobKey, Payload, epoch_ms, from_epoch_ms
from shared.ports.jobs import Creation, DueEntry, DuePage, ListedEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from shared.model.change import Change
    from shared.model.lanes import DueShard

# To whoever may not list a bucket, S3 says of what is not there that it is denied.
_NOT_THERE: Final = frozenset({"AccessDenied", "NoSuchKey"})


def _no_bucket() -> Any:
    raise RuntimeError("this function handles no payloads, and has no data bucket")


@dataclass(frozen=True, slots=True)
class DynamoJobStore:
    """`dynamodb` is a low-level client. `bucket_client` makes one of the data bucket, when the first large payload
    comes; a function that handles no payloads goes without."""

    dynamodb: Any
    table: str
    bucket_client: Callable[[], Any] = _no_bucket
    bucket: str = ""

    def place_payload(self, job: Job) -> Job:
        data = job.payload.data
        if data is None or codec.item_bytes(codec.encode_job(job)) <= limits.INLINE_ITEM_BYTES:
            return job
        digest = hashlib.sha256(data).hexdigest()
        if len(data) > limits.TABLE_PAYLOAD_BYTES:
            # An id may be used again: the object of a job that is gone is not one of the next.
            ref = f"payloads/{job.tenant}/{job.id}/{epoch_ms(job.created_at)}-{digest}"
            with translated_errors("put payload object"):
                self.bucket_client().put_object(Bucket=self.bucket, Key=ref, Body=data)
        else:
            ref = f"{schema.PAYLOAD_SK}#{digest}"
            put_at = codec.TIME.encode(job.created_at)
            item = {**codec.item_key(job.key, ref), "data": {"S": data.decode()}, schema.PUT_AT: put_at}
            # Named by its content, so putting it again changes nothing: the one write without a condition.
            with translated_errors("put payload item"):
                self.dynamodb.put_item(TableName=self.table, Item=item)
        return replace(job, payload=Payload(ref=ref))

    def load_payload(self, job: Job) -> bytes | None:
        ref = job.payload.ref
        if ref is None:
            return job.payload.data
        is_item = ref.startswith(f"{schema.PAYLOAD_SK}#")
        with translated_errors("get payload"):
            data = self._payload_item(job.key, ref) if is_item else self._payload_object(ref)
        if data is None:
            raise PayloadUnavailable(f"payload {ref} of job {job.id} is not there")
        return data

    def create(self, job: Job) -> Creation:
        try:
            with translated_errors("create job"):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=codec.encode_job(job),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as refusal:
            existing = self.get(job.key) if refusal.item is None else codec.decode_job(refusal.item)
            return Creation(existing, created=False)
        return Creation(job, created=True)

    def get(self, key: JobKey) -> Job:
        with translated_errors("get job"):
            answer = self.dynamodb.get_item(TableName=self.table, Key=codec.item_key(key), ConsistentRead=True)
        if "Item" not in answer:
            raise JobNotFound(key.job_id)
        return codec.decode_job(answer["Item"])

    def get_many(self, keys: Sequence[JobKey], *, consistent: bool) -> list[Job]:
        found: dict[JobKey, Job] = {}
        # BatchGetItem refuses a batch that names a key twice, and an index may.
        distinct = list(dict.fromkeys(keys))
        wanted = [codec.item_key(key) for key in distinct]
        for item in batch_get(self.dynamodb, self.table, wanted, consistent=consistent, action="get jobs"):
            with suppress(UnreadableJob):
                job = codec.decode_job(item)
                found[job.key] = job
        return [found[key] for key in keys if key in found]

    def change(self, key: JobKey, change: Change) -> None:
        self._update(key, change, "NONE")

    def change_and_get(self, key: JobKey, change: Change) -> Job:
        return codec.decode_job(self._update(key, change, "ALL_NEW")["Attributes"])

    def due(self, shard: DueShard, *, until: datetime, after: DueEntry | None, limit: int) -> DuePage:
        parameters: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": schema.DUE_INDEX,
            "KeyConditionExpression": f"{schema.DUE_SHARD} = :shard AND {schema.WAKE_AT} <= :until",
            "ExpressionAttributeValues": {
                ":shard": {"S": str(shard)},
                ":until": {"N": str(epoch_ms(until))},
            },
            "Limit": limit,
        }
        if after is not None:
            if after.wake_at > until:
                return DuePage((), None)
            parameters["ExclusiveStartKey"] = {
                **codec.item_key(JobKey(after.tenant, after.job_id)),
                schema.DUE_SHARD: {"S": str(shard)},
                schema.WAKE_AT: {"N": str(epoch_ms(after.wake_at))},
            }
        with translated_errors("query due index"):
            answer = self.dynamodb.query(**parameters)
        entries = [_due_entry(item) for item in answer["Items"]]
        last = answer.get("LastEvaluatedKey")
        return DuePage(entries, None if last is None else _due_entry(last))

    def list_group(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        index = (schema.GROUP_INDEX, schema.GROUP_PK, schema.GROUP_SK)
        return self._list(index, partition, before, not_before, limit)

    def list_attention(self, partition: str, *, before: str, not_before: str, limit: int) -> list[ListedEntry]:
        index = (schema.ATTENTION_INDEX, schema.ATTENTION_PK, schema.ATTENTION_SK)
        return self._list(index, partition, before, not_before, limit)

    def _list(
        self, index: tuple[str, str, str], partition: str, before: str, not_before: str, limit: int
    ) -> list[ListedEntry]:
        if before <= not_before:
            return []  # AWS takes a BETWEEN whose ends are the wrong way round for a mistake
        name, index_pk, index_sk = index
        with translated_errors(f"query {name} index"):
            answer = self.dynamodb.query(
                TableName=self.table,
                IndexName=name,
                # BETWEEN is closed at both ends, and a key condition can name the sort key only once: an entry equal
                # to `before` is dropped below, and one more than asked is read.
                KeyConditionExpression=f"{index_pk} = :partition AND {index_sk} BETWEEN :low AND :high",
                ExpressionAttributeValues={
                    ":partition": {"S": partition},
                    ":low": {"S": not_before},
                    ":high": {"S": before},
                },
                ScanIndexForward=False,
                Limit=limit + 1,
            )
        entries = [ListedEntry(item[index_sk]["S"], *codec.job_key(item[schema.PK]["S"])) for item in answer["Items"]]
        return [entry for entry in entries if entry.sort_key < before][:limit]

    def _payload_item(self, key: JobKey, ref: str) -> bytes | None:
        answer = self.dynamodb.get_item(TableName=self.table, Key=codec.item_key(key, ref), ConsistentRead=True)
        return str(answer["Item"]["data"]["S"]).encode() if "Item" in answer else None

    def _payload_object(self, ref: str) -> bytes | None:
        try:
            body: bytes = self.bucket_client().get_object(Bucket=self.bucket, Key=ref)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise
        return body

    def _update(self, key: JobKey, change: Change, return_values: str) -> Any:
        try:
            with translated_errors(f"{change.move} job"):
                return self.dynamodb.update_item(
                    TableName=self.table,
                    Key=codec.item_key(key),
                    ReturnValues=return_values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **update_parameters(change),
                )
        except ConditionFailed as refusal:
            raise ChangeRefused(codec.decode_job(refusal.item) if refusal.item else None) from None


def _due_entry(item: codec.Item) -> DueEntry:
    key = codec.job_key(item[schema.PK]["S"])
    return DueEntry(from_epoch_ms(int(item[schema.WAKE_AT]["N"])), key.tenant, key.job_id)
