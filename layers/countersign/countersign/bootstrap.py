"""The composition root: the only place that names concrete classes.

Everything is made at its first use and kept for the life of the container. What one
operation needs and another does not (vendors, libphonenumber, Secrets Manager's client)
is imported where it is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, final

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.clients import dynamodb_client, kms_client, secrets_client, trimmed_session
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients, SecretVendorAccounts
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.clock import Clock, SystemClock
from countersign.dialects.dialect import Function
from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.edge import Edge
from countersign.service.check import Checker
from countersign.settings import Setting, Settings, required, switched_on, whole
from countersign.telemetry import PowertoolsTelemetry, make_telemetry

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from countersign.aws.counters import DynamoCounters
    from countersign.aws.expiries import SqsWakes
    from countersign.aws.requests_queue import RequestsQueue
    from countersign.callbacks.edge import CallbackEdge
    from countersign.callbacks.engagelab import EngagelabCallback
    from countersign.callbacks.esms import EsmsCallback
    from countersign.cognito.edge import Answers, TriggerEdge
    from countersign.cognito.sms import SealedCodes
    from countersign.consumers import Consumer
    from countersign.intake import Intake
    from countersign.ports import Providers
    from countersign.publish import PublishEdge
    from countersign.reports import StatusSource
    from countersign.routing import Routes
    from countersign.service.courier import Courier
    from countersign.service.expiry import Expirer
    from countersign.service.guard import Guard
    from countersign.service.prove import Prover
    from countersign.service.receiving import Linker, Receiver
    from countersign.service.redelivery import Redeliverer
    from countersign.service.resend import Resender
    from countersign.service.sending import Sending
    from countersign.service.start import Starter
    from countersign.stream import StreamEdge
    from countersign.webhooks.deliverer import Deliverer
    from countersign.webhooks.edge import QueueEdge


@final
class Container:
    """Every object of one running function."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: Clock | None = None,
        telemetry: PowertoolsTelemetry | None = None,
        session: Session | None = None,
    ) -> None:
        """`session`: where the clients of AWS come from; several containers may share one."""
        self._given_session = session
        self._environment = environment
        self.clock = clock or SystemClock()
        self.telemetry = telemetry or make_telemetry()

    @cached_property
    def settings(self) -> Settings:
        return Settings.read(self._environment)

    @cached_property
    def _session(self) -> Session:
        return self._given_session or trimmed_session()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return dynamodb_client(self._session)

    @cached_property
    def secrets_manager(self) -> SecretsManagerClient:
        return secrets_client(self._session)

    @cached_property
    def kms(self) -> KMSClient:
        return kms_client(self._session)

    def _secret(self, arn: str, *, label: str) -> CachedSecret:
        return CachedSecret(
            arn,
            label=label,
            client=lambda: self.secrets_manager,
            ttl_seconds=whole(self._environment, Setting.SECRET_TTL_SECONDS),
            clock=self.clock,
            telemetry=self.telemetry,
        )

    @cached_property
    def _clients_secret(self) -> CachedSecret:
        return self._secret(required(self._environment, Setting.CLIENTS_SECRET_ARN), label="clients")

    @cached_property
    def peppers(self) -> SecretPeppers:
        return SecretPeppers(self._clients_secret)

    @cached_property
    def clients(self) -> SecretClients:
        return SecretClients(self._clients_secret, peppers=self.peppers, dialects=CLIENT_DIALECTS)

    @cached_property
    def vendor_accounts(self) -> SecretVendorAccounts:
        arn = required(self._environment, Setting.VENDORS_SECRET_ARN)
        return SecretVendorAccounts(self._secret(arn, label="vendors"))

    @cached_property
    def table(self) -> Table:
        name = required(self._environment, Setting.TABLE_NAME)
        return Table(name, client=lambda: self.dynamodb, clock=self.clock)

    @cached_property
    def store(self) -> DynamoStore:
        return DynamoStore(self.table)

    @cached_property
    def routes(self) -> Routes:
        from countersign.routing import Routes

        return Routes.parse(required(self._environment, Setting.ROUTES))

    @cached_property
    def providers(self) -> Providers:
        from countersign.aws.tokens import DynamoTokenStore
        from countersign.providers.registry import ProviderRegistry

        return ProviderRegistry(
            base_urls=self.settings.vendor_urls,
            accounts=self.vendor_accounts,
            tokens=DynamoTokenStore(self.table, ring=self.peppers.ring, clock=self.clock),
            clock=self.clock,
            telemetry=self.telemetry,
        )

    @cached_property
    def courier(self) -> Courier:
        from countersign.service.courier import Courier

        return Courier(
            providers=self.providers,
            store=self.store,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def guard(self) -> Guard:
        from countersign.limits import Budget
        from countersign.service.guard import Guard

        return Guard(
            store=self.store,
            telemetry=self.telemetry,
            budget=lambda: Budget(
                warning=whole(self._environment, Setting.DAILY_SENDS_WARNING),
                limit=whole(self._environment, Setting.DAILY_SENDS_LIMIT),
            ),
        )

    @cached_property
    def starter(self) -> Starter:
        from countersign.service.start import Starter

        return self._sending(Starter)

    @cached_property
    def resender(self) -> Resender:
        from countersign.service.resend import Resender

        return self._sending(Resender)

    @cached_property
    def redeliverer(self) -> Redeliverer:
        from countersign.service.redelivery import Redeliverer

        return Redeliverer(
            store=self.store, resender=self.resender, routes=lambda: self.routes, clock=self.clock
        )

    def _sending[UseCase: Sending](self, use_case: type[UseCase]) -> UseCase:
        return use_case(
            store=self.store,
            courier=self.courier,
            guard=self.guard,
            routes=lambda: self.routes,
            rehearses=switched_on(self._environment, Setting.TEST_NUMBERS),
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def checker(self) -> Checker:
        return Checker(
            store=self.store,
            providers=lambda: self.providers,
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @cached_property
    def prover(self) -> Prover:
        from countersign.aws.signing_key import KmsSigningKey
        from countersign.service.prove import Prover

        arn = required(self._environment, Setting.PROOF_KEY_ARN)
        return Prover(
            checker=self.checker,
            key=KmsSigningKey(arn, client=lambda: self.kms),
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
            issuer=required(self._environment, Setting.PROOF_ISSUER),
            ttl_seconds=whole(self._environment, Setting.PROOF_TTL_SECONDS),
        )

    @cached_property
    def counters(self) -> DynamoCounters:
        from countersign.aws.counters import DynamoCounters

        return DynamoCounters(self.table, clock=self.clock)

    def stream_edge(self) -> StreamEdge:
        from countersign.aws.changes import read_change
        from countersign.stream import StreamEdge

        return StreamEdge(read=read_change, counters=lambda: self.counters, telemetry=self.telemetry)

    @cached_property
    def events(self) -> EventBridgeClient:
        from countersign.aws.clients import events_client

        return events_client(self._session)

    @cached_property
    def queues(self) -> SQSClient:
        from countersign.aws.clients import queues_client

        return queues_client(self._session)

    @cached_property
    def _wakes(self) -> SqsWakes:
        from countersign.aws.expiries import SqsWakes

        return SqsWakes(required(self._environment, Setting.EXPIRIES_URL), client=lambda: self.queues)

    @cached_property
    def _consumers(self) -> tuple[Consumer, ...]:
        from countersign.aws.bus import EventBridgeBus
        from countersign.aws.redeliveries import SqsRedeliveries
        from countersign.service.expiry import ExpiryWatch
        from countersign.service.publishing import Publisher
        from countersign.service.redelivery import RedeliveryWatch

        bus_name = required(self._environment, Setting.EVENT_BUS_NAME)
        requests_url = required(self._environment, Setting.REQUESTS_URL)
        return (
            Publisher(bus=EventBridgeBus(bus_name, client=lambda: self.events)),
            ExpiryWatch(wakes=self._wakes, clock=self.clock),
            self.linker,
            RedeliveryWatch(
                redeliveries=SqsRedeliveries(requests_url, client=lambda: self.queues), clock=self.clock
            ),
        )

    @cached_property
    def _expirer(self) -> Expirer:
        from countersign.service.expiry import Expirer

        return Expirer(store=self.store, wakes=self._wakes, clock=self.clock)

    def publish_edge(self) -> PublishEdge:
        from countersign.aws.changes import read_change
        from countersign.aws.expiries import read_wake
        from countersign.publish import PublishEdge

        return PublishEdge(
            read=read_change,
            consumers=lambda: self._consumers,
            read_wake=read_wake,
            expirer=lambda: self._expirer,
            telemetry=self.telemetry,
        )

    @cached_property
    def hurried_queues(self) -> SQSClient:
        from countersign.aws.clients import hurried_queues_client

        return hurried_queues_client(self._session)

    def requests_queue(self, arn: str) -> RequestsQueue:
        from countersign.aws.requests_queue import RequestsQueue

        return RequestsQueue(arn, client=lambda: self.hurried_queues)

    @cached_property
    def intake(self) -> Intake:
        from secrets import randbelow

        from countersign.dialects.native import Native
        from countersign.intake import Intake

        return Intake(
            native=Native(self),
            queue=self.requests_queue,
            telemetry=self.telemetry,
            clock=self.clock,
            draw=randbelow,
        )

    @cached_property
    def webhooks(self) -> Deliverer:
        from secrets import randbelow

        from countersign.aws.clients import queues_client
        from countersign.aws.webhooks import DynamoGoneEndpoints, QueueWaiting, SecretEndpoints
        from countersign.providers.public_addresses import PublicAddresses
        from countersign.providers.receivers import ReceiverHttp
        from countersign.webhooks.deliverer import Deliverer

        loopback = switched_on(self._environment, Setting.WEBHOOK_LOOPBACK)
        queue_url = required(self._environment, Setting.WEBHOOKS_QUEUE_URL)
        sqs = queues_client(self._session)
        return Deliverer(
            endpoints=SecretEndpoints(self._clients_secret, loopback=loopback),
            gone=DynamoGoneEndpoints(self.table, clock=self.clock),
            post=ReceiverHttp(clock=self.clock, lookup=PublicAddresses(loopback=loopback)),
            waiting=QueueWaiting(queue_url, client=lambda: sqs),
            jitter=randbelow,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    def webhook_edge(self) -> QueueEdge:
        from countersign.webhooks.edge import QueueEdge

        return QueueEdge(deliverer=lambda: self.webhooks, telemetry=self.telemetry)

    @cached_property
    def receiver(self) -> Receiver:
        from countersign.aws.report_book import DynamoReportBook
        from countersign.service.receiving import Receiver

        return Receiver(book=DynamoReportBook(self.table), telemetry=self.telemetry, clock=self.clock)

    @cached_property
    def linker(self) -> Linker:
        from countersign.service.receiving import Linker

        return Linker(self.receiver)

    @cached_property
    def esms_statuses(self) -> StatusSource:
        from countersign.providers.esms import EsmsProvider
        from countersign.providers.transport import VendorHttp

        return EsmsProvider(
            base_url=required(self._environment, Setting.ESMS_URL),
            http=VendorHttp(clock=self.clock),
            accounts=self.vendor_accounts,
            clock=self.clock,
        )

    @cached_property
    def engagelab_callback(self) -> EngagelabCallback:
        from secrets import randbelow

        from countersign.callbacks.engagelab import EngagelabCallback

        return EngagelabCallback(
            accounts=lambda: self.vendor_accounts,
            receiver=lambda: self.receiver,
            telemetry=self.telemetry,
            clock=self.clock,
            draw=randbelow,
        )

    @cached_property
    def esms_callback(self) -> EsmsCallback:
        from countersign.callbacks.esms import EsmsCallback

        return EsmsCallback(
            accounts=lambda: self.vendor_accounts,
            statuses=lambda: self.esms_statuses,
            receiver=lambda: self.receiver,
            telemetry=self.telemetry,
        )

    def callback_edge(self) -> CallbackEdge:
        from countersign.callbacks.edge import CallbackEdge

        return CallbackEdge(
            {
                ("engagelab", False): ("POST", lambda: self.engagelab_callback),
                ("esms", True): ("GET", lambda: self.esms_callback),
            },
            telemetry=self.telemetry,
            clock=self.clock,
        )

    def sms_trigger(self, codes: Callable[[KMSClient, str], SealedCodes]) -> TriggerEdge:
        """`codes` makes what decrypts, of a client and the ARN of the pool's key."""
        from countersign.cognito.sms import SmsSender

        def sealed() -> SealedCodes:
            return codes(self.kms, required(self._environment, Setting.COGNITO_KEY_ARN))

        return self._trigger(SmsSender(self, client_id=self._cognito_client, codes=sealed))

    def challenge_trigger(self) -> TriggerEdge:
        from countersign.cognito.challenge import Challenge

        return self._trigger(Challenge(self, client_id=self._cognito_client))

    def _trigger(self, answer: Answers) -> TriggerEdge:
        from countersign.cognito.edge import TriggerEdge

        return TriggerEdge(
            answer=answer,
            client_id=self._cognito_client,
            pool_id=lambda: required(self._environment, Setting.COGNITO_USER_POOL_ID),
            telemetry=self.telemetry,
            clock=self.clock,
        )

    def _cognito_client(self) -> str:
        return required(self._environment, Setting.COGNITO_CLIENT)

    def edge(self, function: Function) -> Edge:
        return Edge(
            self,
            function=function,
            telemetry=self.telemetry,
            clock=self.clock,
            batches=(lambda: self.intake) if function is Function.SEND else None,
        )


@cache
def send_function() -> Edge:
    """The send function's entry, one per container."""
    return Container(os.environ).edge(Function.SEND)


@cache
def verify_function() -> Edge:
    """The verify function's entry, one per container."""
    return Container(os.environ).edge(Function.VERIFY)


@cache
def receipts_function() -> CallbackEdge:
    """The receipts function's entry, one per container."""
    return Container(os.environ).callback_edge()


@cache
def count_function() -> StreamEdge:
    """The count function's entry, one per container."""
    return Container(os.environ).stream_edge()


@cache
def publish_function() -> PublishEdge:
    """The publish function's entry, one per container."""
    return Container(os.environ).publish_edge()


@cache
def webhook_function() -> QueueEdge:
    """The webhook function's entry, one per container."""
    return Container(os.environ).webhook_edge()


@cache
def cognito_sms_function(codes: Callable[[KMSClient, str], SealedCodes]) -> TriggerEdge:
    """The entry of Cognito's custom SMS sender, one per container. The function brings what decrypts."""
    return Container(os.environ).sms_trigger(codes)


@cache
def cognito_challenge_function() -> TriggerEdge:
    """The entry of Cognito's custom authentication, one per container."""
    return Container(os.environ).challenge_trigger()
