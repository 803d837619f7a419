"""The templates table, as the use cases see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.model.gap import Gap
    from shared.model.template import Template, TemplateKey


class Planned(StrEnum):
    """What the expand index holds: things that somebody has to look at by a time."""

    TEMPLATE = "template"  # to be expanded
    CALENDAR = "calendar"  # it was changed, and the templates that use it are to be planned anew
    BACKFILL = "backfill"  # its next jobs are to be made


class ExpandEntry(NamedTuple):
    """One entry of the expand index, ordered by `expand_at` and then by an order of the store's own.

    As a position it means "after this entry". `kind` is one of `Planned`, or what a newer version has put there.
    """

    expand_at: datetime
    tenant: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class ExpandPage:
    """`next` is the position to go on from (to a page that may be empty), or None when nothing is left."""

    entries: Sequence[ExpandEntry]
    next: ExpandEntry | None


@dataclass(frozen=True, slots=True)
class TemplateCreation:
    """`template` as it is stored; `created` is false when an item of that id was there before."""

    template: Template
    created: bool


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """Templates newest first; `next` is the id after which the list goes on, None at its end."""

    templates: Sequence[Template]
    next: str | None


class TemplateStore(Protocol):
    """One item per template; every write of it is conditional on the revision that the writer has seen.

    Every method raises `StoreUnavailable` as those of the job store do.
    """

    def create_template(self, template: Template) -> TemplateCreation:
        """Put `template` unless one of its id exists."""
        ...

    def get_template(self, key: TemplateKey) -> Template:
        """The template, read consistently; a deleted one too, until its item goes.

        Raises:
            TemplateNotFound: there is none.
            UnreadableTemplate: a newer version of Punctual wrote it.
        """
        ...

    def replace_template(self, template: Template) -> None:
        """Put `template` in the place of the one whose revision is one less. Its very own earlier write, whose answer
        was lost, counts as done.

        Raises:
            TemplateChanged: another has written since, or it is gone; nothing was written.
        """
        ...

    def list_templates(self, tenant: str, *, before: str | None, limit: int) -> TemplatePage:
        """At most `limit` of a tenant's templates with ids less than `before`, newest first, read consistently; deleted
        ones are among them. A page may be shorter than `limit` and still go on; those that this version cannot read are
        left out."""
        ...

    def to_expand(self, shard: int, *, until: datetime, after: ExpandEntry | None, limit: int) -> ExpandPage:
        """Entries of one shard of the expand index with `expand_at <= until`, oldest first.

        Read from an index: it may lag behind, both ways.
        """
        ...

    def place_template_payload(self, template: Template) -> Template:
        """`template` with a large payload of its job put into an item of its own, immutable and named by its content:
        before the template names it."""
        ...

    def load_template_payload(self, template: Template) -> bytes | None:
        """The JSON text of its job's payload, wherever it lies, or None when there is none.

        Raises:
            PayloadUnavailable: it names a payload that cannot be read.
        """
        ...

    def archive_version(self, template: Template) -> None:
        """Keep this version for the history. To be called before the version is replaced: what a version says never
        changes, so that doing it twice, or for a replacement that is then refused, does no harm."""
        ...

    def archived_versions(self, key: TemplateKey, *, before: int | None, limit: int) -> list[Template]:
        """The archived versions below `before`, newest first, at most `limit`; those that this version of Punctual
        cannot read are left out."""
        ...

    def archived_version(self, key: TemplateKey, version: int) -> Template:
        """That archived version.

        Raises:
            TemplateNotFound: there is none of that number.
            UnreadableTemplate: a newer version of Punctual wrote it.
        """
        ...

    def claim_external_key(
        self,
        tenant: str,
        external_key: str,
        template_id: str,
        *,
        instead_of: str | None,
        keep_until: datetime | None = None,
    ) -> str:
        """Let `external_key` name the template `template_id`, if it names none, or the template `instead_of`; until
        `keep_until` at least, and for good without.

        Returns the id that it names now: another's when that was faster.
        """
        ...

    def named_by(self, tenant: str, external_key: str) -> str | None:
        """The id of the template that `external_key` names, which may be one that does not exist yet."""
        ...

    def expire_remains(self, template: Template) -> None:
        """Let what is kept beside a deleted template go with its item: the archived versions, their payloads, and the
        uses that they make of calendars; and the external key at once, while that names it. To be called when nobody
        writes them any more; doing it twice does no harm."""
        ...

    def record_gap(self, key: TemplateKey, gap: Gap, *, keep_until: datetime) -> None:
        """Remember until then why a span of occurrences did not run. The same again changes nothing."""
        ...

    def gaps(self, key: TemplateKey, *, since: datetime, until: datetime) -> list[Gap]:
        """The gaps that touch the nominal instants from `since` to `until`, oldest first."""
        ...
