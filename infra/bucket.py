"""The data bucket: what is too big for a table's item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import nag
from infra.removal import removal_policy
from infra.settings import Transport

if TYPE_CHECKING:
    from infra.settings import Settings

# How far ahead a job may be scheduled: its payload must outlast that, and then the job's retention.
_FURTHEST_AHEAD_DAYS: Final = 5 * 366
# Items outlive their TTL by up to a few days; what they point to goes later than they do.
_MARGIN_DAYS: Final = 7
_TIERING_AFTER_DAYS: Final = 30
# An attempt may take a week, and the next one follows a day later at the most.
_CHECKPOINT_DAYS: Final = 8


class DataBucket(Construct):
    """Payloads over 128 KB under `payloads/`, long outputs under `outputs/`, checkpoints over 4 KB under
    `checkpoints/`, what jobs came to under `archive/`; private, encrypted with S3's own key.

    What belongs to a job goes with its item; the rules here are for what nobody came to remove."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "data")
        self.bucket = s3.Bucket(
            self,
            "bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=settings.transport is Transport.TLS_ONLY,
            removal_policy=removal_policy(settings),
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="payloads",
                    prefix="payloads/",
                    expiration=Duration.days(_FURTHEST_AHEAD_DAYS + settings.retention.maximum_days + _MARGIN_DAYS),
                    transitions=[
                        s3.Transition(
                            storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                            transition_after=Duration.days(_TIERING_AFTER_DAYS),
                        )
                    ],
                ),
                s3.LifecycleRule(
                    id="outputs",
                    prefix="outputs/",
                    expiration=Duration.days(settings.retention.maximum_days + _MARGIN_DAYS),
                ),
                s3.LifecycleRule(
                    id="checkpoints",
                    prefix="checkpoints/",
                    expiration=Duration.days(_CHECKPOINT_DAYS + settings.retention.maximum_days + _MARGIN_DAYS),
                ),
                # Nothing is moved to a cheaper class: the objects are smaller than what any of those is billed for.
                s3.LifecycleRule(id="archive", prefix="archive/", expiration=Duration.days(settings.archive_days)),
                s3.LifecycleRule(id="uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
            ],
        )
        nag.acknowledge(self, "S1", nag.BUCKET_LOG)
        if settings.transport is Transport.ANY:
            nag.acknowledge(self, "S10", nag.PLAIN_HTTP)

    @property
    def payloads(self) -> str:
        """All payload objects, for a policy."""
        return self.bucket.arn_for_objects("payloads/*")

    @property
    def outputs(self) -> str:
        """All output objects, for a policy."""
        return self.bucket.arn_for_objects("outputs/*")

    @property
    def checkpoints(self) -> str:
        """All checkpoint objects, for a policy."""
        return self.bucket.arn_for_objects("checkpoints/*")

    @property
    def archive(self) -> str:
        """All objects of the archive, for a policy."""
        return self.bucket.arn_for_objects("archive/*")
