"""`ports.checkpoints` in the jobs table, and for what is large in the data bucket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.adapters.aws import ConditionFailed, translated_errors
from shared.adapters.dynamodb import codec, schema
from shared.model import limits
from shared.model.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.model.job import JobKey


@dataclass(frozen=True, slots=True)
class DynamoCheckpoints:
    """`dynamodb` is a low-level client; `bucket_client` makes one of the data bucket, for a large one."""

    dynamodb: Any
    table: str
    bucket_client: Callable[[], Any]
    bucket: str

    def save(self, key: JobKey, checkpoint: Checkpoint) -> bool:
        item = {
            **codec.item_key(key, schema.CHECKPOINT_SK),
            "n": codec.INTEGER.encode(checkpoint.number),
            "attempt": codec.INTEGER.encode(checkpoint.attempt),
            schema.PUT_AT: codec.TIME.encode(checkpoint.saved_at),
            schema.TTL: codec.TIME_IN_SECONDS.encode(checkpoint.expire_item_at),
        }
        if len(checkpoint.data) > limits.INLINE_CHECKPOINT_BYTES:
            # Each its own object: one that comes late must not take the place of what the item names.
            ref = f"checkpoints/{key.tenant}/{key.job_id}/{checkpoint.number}"
            with translated_errors("put checkpoint object"):
                self.bucket_client().put_object(Bucket=self.bucket, Key=ref, Body=checkpoint.data)
            item["ref"] = codec.TEXT.encode(ref)
        else:
            item["data"] = codec.TEXT.encode(checkpoint.data.decode())
        try:
            with translated_errors("put checkpoint"):
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR n <= :n",
                    ExpressionAttributeValues={":n": item["n"]},
                )
        except ConditionFailed:
            return False
        return True

    def load(self, key: JobKey) -> Checkpoint | None:
        with translated_errors("get checkpoint"):
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=codec.item_key(key, schema.CHECKPOINT_SK), ConsistentRead=True
            )
        item = answer.get("Item")
        data = None if item is None else self._data(item)
        if item is None or data is None:
            return None
        return Checkpoint(
            data=data,
            number=codec.INTEGER.decode(item["n"]),
            attempt=codec.INTEGER.decode(item["attempt"]),
            saved_at=codec.TIME.decode(item[schema.PUT_AT]),
            expire_item_at=codec.TIME_IN_SECONDS.decode(item[schema.TTL]),
        )

    def _data(self, item: codec.Item) -> bytes | None:
        if "ref" not in item:
            return str(item["data"]["S"]).encode()
        with translated_errors("get checkpoint object"):
            try:
                answer = self.bucket_client().get_object(Bucket=self.bucket, Key=item["ref"]["S"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchKey":
                    raise
                return None  # it was kept for as long as was promised
            body: bytes = answer["Body"].read()
        return body
