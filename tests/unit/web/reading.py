"""Reads our pages as a browser would: fields of the form, and where the page goes by itself."""

from html.parser import HTMLParser

import httpx


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = ""
        self.fields: dict[str, str] = {}
        self.action = ""
        self.method = ""
        self.has_box = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.page = given["data-page"]
        elif tag == "form":
            self.action, self.method = given["action"], given["method"]
        elif tag == "input":
            self.has_box = self.has_box or given["type"] == "checkbox"
            self.fields[given["name"]] = given["value"]


def read(response: httpx.Response) -> _Reader:
    reader = _Reader()
    reader.feed(response.text)
    return reader


def refresh_path(response: httpx.Response) -> str:
    header: str = response.headers.get("refresh", "")
    return header.partition("url=")[2]
