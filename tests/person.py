"""A person at a browser, who signs in and agrees wherever a page asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page, Route

PAGES_AT_MOST = 4  # sign-in, consent, and one repetition of each


@dataclass(frozen=True, slots=True)
class Person:
    """Knows one username and one password."""

    page: Page
    username: str
    password: str

    async def visit(self, url: str, callback: str) -> str:
        """Follow the link until the browser is sent to `callback`; its whole URL there, fragment included.

        Nothing needs to listen at `callback`: the browser is given a blank page.
        """

        async def arrive(route: Route) -> None:
            await route.fulfill(status=200, content_type="text/html", body="<title>back</title>")

        await self.page.route(lambda candidate: candidate.startswith(callback), arrive)
        await self.page.goto(url)
        for _ in range(PAGES_AT_MOST):
            if self.page.url.startswith(callback):
                return self.page.url
            if await self.page.locator("input[name=password]").count():
                await self.page.fill("input[name=username]", self.username)
                await self.page.fill("input[name=password]", self.password)
            async with self.page.expect_navigation():
                await self.page.locator("button[type=submit]").first.click()
        assert self.page.url.startswith(callback), f"stayed at {self.page.url}: {await self.page.inner_text('body')}"
        return self.page.url
