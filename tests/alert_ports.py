"""Where the API keeps alerts in a test, when the test does not look at them."""

from __future__ import annotations

from functions.api.alert_services import AlertPorts
from shared.adapters.memory.alerts import MemoryAlertStore
from shared.adapters.memory.versioned import MemoryVersionedStore


def alert_ports_in_memory() -> AlertPorts:
    return AlertPorts(MemoryAlertStore(), MemoryVersionedStore("alert rule"), MemoryVersionedStore("escalation policy"))
