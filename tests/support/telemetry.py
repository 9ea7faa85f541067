"""A Telemetry that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

from countersign.ports import Field


@dataclass
class RecordingTelemetry:
    """A countersign.ports.Telemetry."""

    outcomes: list[tuple[str, dict[str, Field]]] = field(default_factory=list)
    warnings: list[tuple[str, dict[str, Field]]] = field(default_factory=list)

    def outcome(self, event: str, **fields: Field) -> None:
        self.outcomes.append((event, fields))

    def warning(self, message: str, **fields: Field) -> None:
        self.warnings.append((message, fields))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.outcomes]

    def fields(self, event: str) -> dict[str, Field]:
        """The fields of the last outcome of that name."""
        return [fields for name, fields in self.outcomes if name == event][-1]
