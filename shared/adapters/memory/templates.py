"""`ports.templates.TemplateStore` in memory."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.model.errors import PayloadUnavailable, TemplateChanged, TemplateNotFound
from shared.model.job import Payload
from shared.ports.templates import ExpandEntry, ExpandPage, Planned, TemplateCreation, TemplatePage

if TYPE_CHECKING:
    from datetime import datetime

    from shared.model.gap import Gap
    from shared.model.template import Template, TemplateKey


class MemoryTemplateStore:
    """Every call is atomic. `payload_threshold_bytes` plays the part of the item's size. `planned` are the entries of
    the expand index, with their shards, that stand for other things of the same table."""

    def __init__(self, *, payload_threshold_bytes: int = 500) -> None:
        self._templates: dict[TemplateKey, Template] = {}
        self._versions: dict[tuple[TemplateKey, int], Template] = {}
        self._payloads: dict[tuple[TemplateKey, str], bytes] = {}
        self._external_keys: dict[tuple[str, str], str] = {}
        self._gaps: dict[tuple[TemplateKey, datetime], Gap] = {}
        self._lock = threading.RLock()
        self.planned: dict[tuple[str, str, str], tuple[int, datetime]] = {}
        self._payload_threshold_bytes = payload_threshold_bytes

    def create_template(self, template: Template) -> TemplateCreation:
        with self._lock:
            is_new = template.key not in self._templates
            return TemplateCreation(self._templates.setdefault(template.key, template), created=is_new)

    def get_template(self, key: TemplateKey) -> Template:
        with self._lock:
            template = self._templates.get(key)
        if template is None:
            raise TemplateNotFound(key.template_id)
        return template

    def replace_template(self, template: Template) -> None:
        with self._lock:
            current = self._templates.get(template.key)
            if current != template and (current is None or current.revision != template.revision - 1):
                raise TemplateChanged(current)
            self._templates[template.key] = template

    def list_templates(self, tenant: str, *, before: str | None, limit: int) -> TemplatePage:
        with self._lock:
            found = [one for key, one in self._templates.items() if key.tenant == tenant]
        found = [one for one in found if before is None or one.id < before]
        found.sort(key=lambda one: one.id, reverse=True)
        return TemplatePage(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def to_expand(self, shard: int, *, until: datetime, after: ExpandEntry | None, limit: int) -> ExpandPage:
        with self._lock:
            entries = [
                ExpandEntry(one.expand_at, one.tenant, Planned.TEMPLATE, one.id)
                for one in self._templates.values()
                if one.expand_shard == shard and one.expand_at is not None
            ]
            entries += [
                ExpandEntry(at, tenant, kind, name)
                for (kind, tenant, name), (where, at) in self.planned.items()
                if where == shard
            ]
        entries = sorted(entry for entry in entries if entry.expand_at <= until)
        entries = [entry for entry in entries if after is None or entry > after]
        return ExpandPage(entries[:limit], entries[limit - 1] if len(entries) > limit else None)

    def place_template_payload(self, template: Template) -> Template:
        data = template.job.payload.data
        if data is None or len(data) <= self._payload_threshold_bytes:
            return template
        ref = hashlib.sha256(data).hexdigest()
        with self._lock:
            self._payloads[(template.key, ref)] = data
        return replace(template, job=replace(template.job, payload=Payload(ref=ref)))

    def load_template_payload(self, template: Template) -> bytes | None:
        ref = template.job.payload.ref
        if ref is None:
            return template.job.payload.data
        try:
            return self._payloads[(template.key, ref)]
        except KeyError:
            raise PayloadUnavailable(f"payload {ref} of template {template.id} is not there") from None

    def archive_version(self, template: Template) -> None:
        with self._lock:
            self._versions[(template.key, template.version)] = replace(template, expand_at=None, expand_shard=None)

    def archived_versions(self, key: TemplateKey, *, before: int | None, limit: int) -> list[Template]:
        with self._lock:
            found = [one for (other, _), one in self._versions.items() if other == key]
        found = [one for one in found if before is None or one.version < before]
        return sorted(found, key=lambda one: one.version, reverse=True)[:limit]

    def archived_version(self, key: TemplateKey, version: int) -> Template:
        with self._lock:
            template = self._versions.get((key, version))
        if template is None:
            raise TemplateNotFound(key.template_id)
        return template

    def claim_external_key(
        self,
        tenant: str,
        external_key: str,
        template_id: str,
        *,
        instead_of: str | None,
        keep_until: datetime | None = None,
    ) -> str:
        del keep_until  # nothing is kept for so long
        with self._lock:
            named = self._external_keys.get((tenant, external_key))
            if named not in (None, instead_of, template_id):
                return named
            self._external_keys[(tenant, external_key)] = template_id
            return template_id

    def named_by(self, tenant: str, external_key: str) -> str | None:
        with self._lock:
            return self._external_keys.get((tenant, external_key))

    def expire_remains(self, template: Template) -> None:
        del template  # nothing is kept for so long

    def record_gap(self, key: TemplateKey, gap: Gap, *, keep_until: datetime) -> None:
        del keep_until  # nothing is kept for so long
        with self._lock:
            self._gaps[(key, gap.first)] = gap

    def gaps(self, key: TemplateKey, *, since: datetime, until: datetime) -> list[Gap]:
        with self._lock:
            found = [gap for (other, _), gap in self._gaps.items() if other == key]
        return sorted((gap for gap in found if gap.last >= since and gap.first <= until), key=lambda gap: gap.first)
