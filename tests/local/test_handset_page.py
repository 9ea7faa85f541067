"""The handset page in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.front import start_front
from tests.local import esms_customer as esms
from tests.local.browser import CHROMIUM, Page, opened_page
from tests.local.conftest import Vendors
from tests.support.loop import LoopThread

SECONDS = 60
MARKUP = "<img src=x onerror=\"document.title='owned'\"> 482913 <b>bold</b>"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium on this machine")


@pytest.fixture
def url(loop: LoopThread, vendors: Vendors) -> Iterator[str]:
    control = vendors.servers.control_url
    runner, url = loop.run(start_front(port=0, api_url=control, control_url=control))
    yield f"{url}/handset"
    loop.run(runner.cleanup())


def test_texts_appear_at_once_newest_first_and_are_never_markup(
    url: str, vendors: Vendors, tmp_path: Path
) -> None:
    async def look() -> None:
        async with opened_page(tmp_path) as page:
            await page.open(url)
            await page.until("document.getElementById('state')?.textContent === 'live'")
            assert "No messages yet" in await shown(page, "main")
            await asyncio.to_thread(esms.generate, vendors)
            await page.until("document.querySelectorAll('li').length === 1")
            await asyncio.to_thread(esms.text, vendors, Content=MARKUP)
            await page.until("document.querySelectorAll('li').length === 2")
            first = await shown(page, "li:first-child")
            assert MARKUP in first
            assert "eSMS" in first
            assert esms.TO in first
            assert await shown(page, "li:first-child .code") == "482913"
            assert await page.value("document.querySelectorAll('li img, li b').length") == 0
            assert await page.value("document.title") == "Handset · Countersign"
            assert MARKUP in await shown(page, "[aria-live]")

    asyncio.run(asyncio.wait_for(look(), SECONDS))


def test_what_the_bus_tells_appears_at_once_newest_first_and_is_never_markup(
    url: str, vendors: Vendors, tmp_path: Path
) -> None:
    def tell(name: str) -> None:
        event = {"detail-type": name, "time": "2026-11-22T09:30:41Z", "detail": {"to": "+84•••••8484"}}
        assert vendors.control("POST", "/local/events", event).status_code == 202

    async def look() -> None:
        await asyncio.to_thread(tell, "VerificationSent")
        async with opened_page(tmp_path) as page:
            await page.open(url)
            await page.until("document.querySelectorAll('.told').length === 1")
            await asyncio.to_thread(tell, MARKUP)
            await page.until("document.querySelectorAll('.told').length === 2")
            assert MARKUP in await shown(page, "#told")
            assert "VerificationSent" in await shown(page, ".told:last-child")
            assert await page.value("document.querySelectorAll('.told img, .told b').length") == 0
            assert await page.value("document.title") == "Handset · Countersign"

    asyncio.run(asyncio.wait_for(look(), SECONDS))


async def shown(page: Page, selector: str) -> str:
    return str(await page.value(f"document.querySelector({selector!r}).innerText"))
