"""The alarms and the dashboard on our own metrics watch what the code really writes."""

from __future__ import annotations

import json

import pytest

from countersign.counting import Step
from countersign.telemetry import SERVICE, PowertoolsTelemetry, make_telemetry

from .access import ALARMS
from .reading import read_template
from .stream import searches

NAMESPACE = "Countersign"


def written(output: str, metric: str) -> list[tuple[str, dict[str, str]]]:
    """Namespace and dimensions under which the lines of embedded metrics in `output` write the metric."""
    found = []
    for line in output.splitlines():
        entry = json.loads(line)
        for directive in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            if metric in [definition["Name"] for definition in directive["Metrics"]]:
                dimensions = {name: entry[name] for names in directive["Dimensions"] for name in names}
                found.append((directive["Namespace"], dimensions))
    return found


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> PowertoolsTelemetry:
    """As in the functions, whose namespace and service come from the template's environment."""
    variables = read_template()["Globals"]["Function"]["Environment"]["Variables"]
    for name in ("POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"):
        monkeypatch.setenv(name, variables[name])
    return make_telemetry()


@pytest.mark.parametrize("provider", ["message_central", "esms", "engagelab"])
@pytest.mark.parametrize("event", ["DeliveryRejected", "DeliveryUnknown", "CheckUnknown"])
def test_a_vendors_failure_is_written_as_its_alarm_reads_it(
    event: str, provider: str, telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.outcome(event, provider=provider)
    telemetry.flush()
    dimensions = {"service": SERVICE, "provider": provider}
    assert written(capsys.readouterr().out, "VendorFailure") == [(NAMESPACE, dimensions)]
    assert dimensions in ALARMS[NAMESPACE, "VendorFailure"]


def test_a_configuration_fault_is_written_as_its_alarm_reads_it(
    telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configuration_fault("TABLE_NAME")
    telemetry.flush()
    dimensions = {"service": SERVICE}
    assert written(capsys.readouterr().out, "ConfigurationFault") == [(NAMESPACE, dimensions)]
    assert [dimensions] == ALARMS[NAMESPACE, "ConfigurationFault"]


@pytest.mark.parametrize("event", ["BudgetWarning", "BudgetExhausted", "PumpingSuspected"])
def test_what_the_guard_tells_is_written_as_its_alarm_reads_it(
    event: str, telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.outcome(event, scope="country", client="demo", country="VN")
    telemetry.flush()
    dimensions = {"service": SERVICE}
    assert written(capsys.readouterr().out, event) == [(NAMESPACE, dimensions)]
    assert [dimensions] == ALARMS[NAMESPACE, event]


def test_a_receiver_that_is_switched_off_is_written_as_its_alarm_reads_it(
    telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.outcome("WebhookDisabled", client="shop", event_type="VerificationApproved", attempt=1)
    telemetry.flush()
    dimensions = {"service": SERVICE}
    assert written(capsys.readouterr().out, "WebhookDisabled") == [(NAMESPACE, dimensions)]
    assert [dimensions] == ALARMS[NAMESPACE, "WebhookDisabled"]


@pytest.mark.parametrize("step", Step)
def test_a_step_of_a_text_is_written_as_the_dashboard_searches_for_it(
    step: Step, telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.measured({step.value: 3}, country="VN", provider="esms")
    dimensions = {"service": SERVICE, "country": "VN", "provider": "esms"}
    assert written(capsys.readouterr().out, step.value) == [(NAMESPACE, dimensions)]
    schema = ",".join([NAMESPACE, *sorted(dimensions)])
    assert (schema, step.value) in {found[1:] for found in searches(read_template())}


def test_a_success_is_no_failure_of_the_vendor(
    telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.outcome("DeliveryAccepted", provider="esms")
    telemetry.flush()
    assert written(capsys.readouterr().out, "VendorFailure") == []


@pytest.mark.parametrize("event", ["VerificationApproved", "DeliveryRejected", "DeliveryUnknown"])
def test_a_rehearsal_is_counted_apart_and_rings_no_alarm(
    event: str, telemetry: PowertoolsTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.outcome(event, provider="test")
    telemetry.flush()
    output = capsys.readouterr().out
    assert written(output, event) == [(NAMESPACE, {"service": SERVICE, "provider": "test"})]
    assert written(output, "VendorFailure") == []
    assert {"service": SERVICE, "provider": "test"} not in [one for found in ALARMS.values() for one in found]
