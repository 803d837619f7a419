"""Things to try the scheduler on, which exist in the emulator only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from local.deployment import deploy

STACK: Final = "demo"
ECHO_FUNCTION: Final = "demo-echo"  # whatever any of the others is told, it logs
_TEMPLATE: Final = Path(__file__).parent / "demo.template.json"


def deploy_demo(cloudformation: Any) -> dict[str, dict[str, str]]:
    """Make one resource for each kind of target; the `target` of a job for each, as the API takes it."""
    made = deploy(cloudformation, STACK, {"TemplateBody": _TEMPLATE.read_text()})
    return {
        "lambda": {"type": "lambda", "function": made["Function"]},
        "sqs": {"type": "sqs", "queue_url": made["QueueUrl"]},
        "sns": {"type": "sns", "topic_arn": made["TopicArn"]},
        "eventbridge": {"type": "eventbridge", "bus": made["Bus"], "source": "demo", "detail_type": "tried"},
        "step_functions": {"type": "step_functions", "state_machine_arn": made["StateMachineArn"]},
    }
