"""Whoever does work that was accepted: it says that it lives, leaves checkpoints, reports the end; or dies, or stalls.

What it does, the target's URL says, or chance by the job's id and the attempt's fence. The checkpoints of a job count
upwards, so that the one that a worker finds tells how old it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from functions.api.report_execution import LeaseLost
from shared.model.errors import SchedulerError, StoreUnavailable
from shared.model.execution import Failure
from shared.model.lease_token import LeaseToken
from tests.simulation import functions
from tests.simulation.cloud import API_TIMEOUT_MS, Cloud, Unanswered
from tests.simulation.faults import MINUTE, SECOND
from tests.simulation.target import behaviour, is_by_chance

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.api.report_execution import ReportExecution
    from functions.executor.targets.protocol import Call
    from tests.simulation.functions import World
    from tests.simulation.kernel import Process
    from tests.simulation.observed import Observed

_BEAT_MS: Final = 8 * SECOND
_TRIES: Final = 6
_A_FENCE: Final = 1_000
_LONGEST_SECONDS: Final = 3_600


class Fate(StrEnum):
    """What becomes of a worker."""

    DOES_IT = "does_it"
    FAILS = "fails"
    DIES = "dies"  # and is not heard of again
    STALLS = "stalls"  # for longer than any lease, and then goes on
    NEVER_ENDS = "never_ends"  # though it is heard of


_FATES: Final = (*[Fate.DOES_IT] * 5, Fate.FAILS, Fate.FAILS, Fate.DIES, Fate.STALLS, Fate.NEVER_ENDS)


def _by_chance(token: LeaseToken) -> tuple[Fate, int]:
    chance = crc32(f"{token.key.job_id} works under {token.fence}".encode())
    fate, rest = _FATES[chance % len(_FATES)], chance // len(_FATES)
    return fate, (0, rest % 3_000, rest % MINUTE, rest % (6 * MINUTE))[rest % 4]


class Overtaken(Exception):
    """The attempt does not hold its job any more."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The work of the attempt that `token` stands for: how it goes, and how many milliseconds it takes. `cloud` is
    where it reports to."""

    cloud: Cloud
    observed: Observed
    token: LeaseToken
    fate: Fate
    duration: int

    @classmethod
    def of(cls, cloud: Cloud, observed: Observed, call: Call) -> Worker:
        assert call.reporting is not None
        token = LeaseToken.parse(call.reporting.token)
        assert token is not None
        if is_by_chance(call):
            return cls(cloud, observed, token, *_by_chance(token))
        duration, failure = behaviour(call, _LONGEST_SECONDS)
        return cls(cloud, observed, token, Fate.DOES_IT if failure is None else Fate.FAILS, duration)

    def work(self) -> None:
        try:
            self._work()
        except Overtaken:
            self.cloud.kernel.note("worker", "overtaken", self.token.key.job_id)

    def _work(self) -> None:
        fate, duration = self.fate, self.duration
        self._look_at_checkpoint()
        if fate is Fate.DIES:
            return
        if fate is Fate.STALLS:
            self.cloud.kernel.sleep(5 * MINUTE)
        self._go_on(None if fate is Fate.NEVER_ENDS else duration)
        error = "out_of_paper" if fate is Fate.FAILS else None
        self.observed.reports[self.token.key, self.token.fence] = error
        if error is None:
            self._report(lambda reports: reports.complete(self.token, b"x" * (duration % 3_000)))
        else:
            self._report(lambda reports: reports.fail(self.token, Failure(error, ""), b""))

    def _look_at_checkpoint(self) -> None:
        left = self.observed.checkpoints.get(self.token.key, 0)
        answered = self._report(lambda reports: [reports.load_checkpoint(self.token)])
        found = None if answered is None else answered[0]
        if left and answered is not None and (found is None or int(found.data) < left):
            what = f"checkpoint {left} was kept, and the next attempt finds {found and found.data}"
            self.observed.breaks("checkpoint", self.token.key, what)

    def _go_on(self, duration: int | None) -> None:
        """Until the work is done, with a sign of life now and then; for ever, if `duration` is None."""
        kernel, beats = self.cloud.kernel, 0
        ends_at = None if duration is None else kernel.now + duration
        while ends_at is None or kernel.now < ends_at:
            kernel.sleep(_BEAT_MS if ends_at is None else min(_BEAT_MS, ends_at - kernel.now))
            beats += 1
            if beats % 3:
                self._beat()
            else:
                self._save(self.token.fence * _A_FENCE + beats)

    def _beat(self) -> None:
        job = self._report(lambda reports: reports.heartbeat(self.token))
        if job is not None and job.cancel_requested_at is not None:
            # It gives up without a word: the lease, which is not extended any more, has to run out.
            raise Overtaken

    def _save(self, count: int) -> None:
        if self._report(lambda reports: reports.save_checkpoint(self.token, str(count).encode())) is not None:
            kept = self.observed.checkpoints
            kept[self.token.key] = max(count, kept.get(self.token.key, 0))

    def _report(self, ask: Callable[[ReportExecution], Any]) -> Any:
        """What is answered; None when nobody answers.

        Raises:
            Overtaken: nothing counts any more.
        """
        for _ in range(_TRIES):
            try:
                return self._call(ask)
            except LeaseLost:
                raise Overtaken from None
            except (Unanswered, StoreUnavailable):
                self.cloud.kernel.sleep(SECOND)
            except SchedulerError as error:
                self.cloud.kernel.note("worker", type(error).__name__)
        return None

    def _call(self, ask: Callable[[ReportExecution], Any]) -> Any:
        def work(world: World, process: Process, _: int) -> Any:
            return ask(functions.services(world, process).reports())

        return self.cloud.call("api", work, timeout_ms=API_TIMEOUT_MS)
