"""What keeps the removal of leftovers from what is still needed, and the archive from showing what is another's."""

from __future__ import annotations

from functools import partial
from typing import Final

from tests.mutation.mutant import SourceMutant

_leftovers = partial(SourceMutant, "shared/adapters/leftovers.py")
_may_have = partial(SourceMutant, "shared/model/leftovers.py")
_remove = partial(SourceMutant, "functions/watcher/journal/remove_leftovers.py")
_archive = partial(SourceMutant, "shared/adapters/archive.py")
_archived = partial(SourceMutant, "shared/model/archived_job.py")

CLEANING_GUARDS: Final = (
    _may_have("leftovers: an edit goes unnoticed", "return beyond != 0 or", "return beyond < 0 or"),
    _may_have("leftovers: a job that has not ended left nothing", " or not job.status.is_terminal", ""),
    _remove("leftovers: what is put just now is taken", "written_at - _BEING_CREATED", "written_at + _BEING_CREATED"),
    _archived("archive: secrets are kept", "target=shown_target(job.target), ", ""),
    _archived("archive: what was redriven ended for good", "status not in _FOLLOWED", "status not in ()"),
)
CLEANING_STORE_GUARDS: Final = (
    _leftovers("leftovers: a job that is there again loses its own", "            return 0\n", "            pass\n"),
    _leftovers("leftovers: an item of the next job is taken", " OR #at < :before", " OR #at <> :before"),
    _leftovers("leftovers: an object of the next job is taken", " if _created_ms(name) < epoch_ms(put_before)", ""),
    _leftovers(
        "leftovers: another job's output is taken",
        ' if name.startswith((folders["outputs"], folders["checkpoints"]))',
        "",
    ),
    _archive("archive: a job that mentions an id is taken for the job of it", " and job.key == key", ""),
    _archive("archive: what ended later than the batch began is passed over", "max(map(end_of", "min(map(end_of"),
    _archive("archive: the first end of a job stands for the last", " and is_final(found)", ""),
)
