"""What leaves for the logs and the metrics: constant messages, safe fields, few dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from countersign.model import TEST_PROVIDER
from countersign.ports import Field

SERVICE = "countersign"

# What an operator must hear of, per vendor.
_VENDOR_FAILURES = frozenset({"DeliveryRejected", "DeliveryUnknown", "CheckUnknown"})


@final
class PowertoolsTelemetry:
    """ports.Telemetry over Powertools' Logger and Metrics (embedded metric format)."""

    def __init__(self, *, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics

    def outcome(self, event: str, **fields: Field) -> None:
        self._logger.info(event, extra={name: value for name, value in fields.items() if value is not None})
        provider = str(fields.get("provider"))
        if provider == TEST_PROVIDER:
            # Apart from what users and vendors did: no graph and no alarm must take it for that.
            _count(event, provider=provider)
            return
        self._metrics.add_metric(name=event, unit=MetricUnit.Count, value=1)
        if event in _VENDOR_FAILURES:
            _count("VendorFailure", provider=provider)

    def warning(self, message: str, **fields: Field) -> None:
        self._logger.warning(
            message, extra={name: value for name, value in fields.items() if value is not None}
        )

    def configuration_fault(self, setting: str) -> None:
        """The operator's fault: one clear line, and a metric that an alarm watches."""
        self._logger.error("configuration fault", extra={"fault": setting})
        self._metrics.add_metric(name="ConfigurationFault", unit=MetricUnit.Count, value=1)

    def failure(self, error: BaseException) -> None:
        """An error that nobody expected: its type and place, never its text (texts may carry data)."""
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{place.tb_lineno}" if place else "?"
        self._logger.error("unexpected failure", extra={"error_type": type(error).__name__, "where": where})
        self._metrics.add_metric(name="UnexpectedFailure", unit=MetricUnit.Count, value=1)

    def measured(self, values: Mapping[str, int], *, country: str, provider: str) -> None:
        """Metrics by country and vendor, in one line. Each pair in use is a metric that CloudWatch bills."""
        metrics = EphemeralMetrics(service=SERVICE)
        metrics.add_dimension(name="country", value=country)
        metrics.add_dimension(name="provider", value=provider)
        for name, value in values.items():
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
        metrics.flush_metrics()

    def flush(self) -> None:
        """Write the metrics of this request."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()


def _count(event: str, *, provider: str) -> None:
    """One more, with the dimension `provider`."""
    dimensions = {"service": SERVICE, "provider": provider}
    with single_metric(name=event, unit=MetricUnit.Count, value=1, default_dimensions=dimensions):
        pass


def make_telemetry() -> PowertoolsTelemetry:
    """Level and namespace come from Powertools' own environment variables."""
    return PowertoolsTelemetry(
        logger=Logger(service=SERVICE, location=None), metrics=Metrics(service=SERVICE)
    )
