"""The pages stand alone, are well formed, and take nothing that a producer wrote for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from cli.stream.load.page import page, table, tag
from cli.stream.load.tables import load_bar
from tests.cli.load.conftest import quick_sample

VOID = {"meta"}


class Page(HTMLParser):
    """Whether every element is closed, and what the page refers to."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str] = []
        self.references: list[str] = []
        self.texts: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.references += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def checked(document: str) -> Page:
    read = Page(document)
    assert read.open == []
    assert read.references == []
    assert not {"script", "link", "img", "iframe", "object"} & set(read.names)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", document)
    assert "default-src 'none'" in document.replace("&#x27;", "'")
    assert "prefers-color-scheme: dark" in document
    return read


NASTY = '<script>alert("1")</script>&"\''


@pytest.mark.parametrize("command", [("hot-keys", "--from", "20s", "--seconds", "20"), ("hot-shards",)])
def test_a_page_stands_alone_and_escapes_what_producers_wrote(project, stream, tmp_path, command, monkeypatch):
    monkeypatch.setattr("cli.stream.load.measure.take_sample", quick_sample)
    stream.put(NASTY, b"x" * 100, times=30)
    file = tmp_path / "page.html"
    outcome = project.run(
        "stream", command[0], "orders", "-e", stream.environment, "--html", str(file), *command[1:], "-o", "json"
    )
    assert outcome.exit_code == 0
    read = checked(file.read_text("utf-8"))
    assert read.names.count("svg") >= 1
    assert any("orders" in text for text in read.texts)
    if command[0] == "hot-keys":
        assert NASTY in read.texts
        assert "polyline" in read.names


def test_a_file_that_cannot_be_written_is_an_error(project, stream, tmp_path):
    stream.put("key", b"x")
    missing = tmp_path / "missing" / "page.html"
    arguments = ("-e", stream.environment, "--from", "1s", "--seconds", "1", "--html", str(missing))
    outcome = project.run("stream", "hot-keys", "orders", *arguments)
    assert outcome.exit_code == 1
    assert f"{missing}: No such file or directory" in outcome.stderr


def test_text_is_escaped_wherever_it_becomes_markup():
    document = page(NASTY, NASTY, [tag("p", NASTY, title=NASTY), table([NASTY], [[NASTY]])])
    assert "<script>" not in document
    assert checked(document).texts.count(NASTY) == 6  # title, h1, p, p, th, td


@pytest.mark.parametrize(
    ("average", "peak", "bar"),
    [
        (0, 0, "··········"),
        (0.5, 0.5, "█████·····"),
        (0.2, 0.6, "██▒▒▒▒····"),
        (1, 1, "██████████"),
        (0.3, 1.4, "███▒▒▒▒▒▒>"),
        (2, 3, "█████████>"),
    ],
)
def test_the_bar_ends_at_the_limit_of_a_shard(average, peak, bar):
    assert load_bar(average, peak, width=10) == bar
