"""dbt without what costs a sixth of a run and tells nobody anything: events below a warning, and the search for who declared a flag."""

from __future__ import annotations

from typing import Any

from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager, get_event_manager

TOLD = (EventLevel.WARN, EventLevel.ERROR)
"""What is written to the log; see `--log-level-file` of the transformation."""


class WarningsOnly(EventManager):
    """Builds the message of an event only when somebody will read it."""

    def fire_event(
        self, e: BaseEvent, level: EventLevel | None = None, node: Any = None, force_warn_or_error_handling: bool = False
    ) -> None:
        """Hand on warnings and errors."""
        if force_warn_or_error_handling or (level or e.level_tag()) in TOLD:
            super().fire_event(e, level, node, force_warn_or_error_handling)


def make_lean() -> None:
    """Arrange it for this process; once more changes nothing."""
    if not isinstance(get_event_manager(), WarningsOnly):
        ctx_set_event_manager(WarningsOnly())
        # for each flag of each run dbt looks through the stack and every module of the process for a name that only a warning would show
        BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt")  # type: ignore[method-assign]
