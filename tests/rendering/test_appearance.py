"""A real browser lays the mail out as a reader would see it: nothing runs over, Arabic reads from the right."""

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from components import lacking
from material import NAIROBI, NOUR, compiled

from mailer.rendering import Occasion

# Runs in a page of the test's own that holds the mail in a frame of the given width.
MEASURE = """
addEventListener("load", () => {
  const view = document.querySelector("iframe").contentWindow, page = view.document;
  const box = (needle, from = 0) => {
    // Where some characters of the text stand, wherever an isolate cuts it.
    const walker = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT), nodes = [];
    let text = "";
    while (walker.nextNode()) { nodes.push([walker.currentNode, text.length]); text += walker.currentNode.data; }
    const at = (index) => {
      const [node, start] = nodes.findLast(([, begin]) => begin <= index);
      const range = page.createRange();
      range.setStart(node, index - start);
      range.setEnd(node, index - start + 1);
      return range.getBoundingClientRect();
    };
    const index = text.indexOf(needle, from);
    return index < 0 ? null : [...needle].map((_, n) => Math.round(at(index + n).left));
  };
  const blocks = [...page.querySelectorAll("p, h1, h2, li")].filter((e) => e.textContent.trim());
  document.body.dataset.found = JSON.stringify({
    inner: view.innerWidth,
    scroll: page.documentElement.scrollWidth,
    wrong: blocks.filter((e) => view.getComputedStyle(e).direction !== (e.lang === "ar" ? "rtl" : "ltr")).length,
    arabic: blocks.filter((e) => e.lang === "ar").length,
    headline: (({ left, right }) => [Math.round(left), Math.round(right)])(
      ((range) => (range.selectNodeContents(page.querySelector("h1")), range.getClientRects()[0]))(page.createRange())
    ),
    picture: page.querySelector("img").getBoundingClientRect().width,
    acronym: box("(ESRF)"),
    phone: box("+961 1"),
    offset: box("(UTC+3)"),
  });
});
"""


def laid_out(folder: Path, html: str, width: int) -> dict[str, Any]:
    """What a browser of that width makes of the mail."""
    programs = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    program = next(filter(None, programs), None)
    if program is None:
        lacking("Chromium")
    page = folder / "page.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><body><iframe style="border:0;width:{width}px;height:3000px"'
        f' srcdoc="{escape(html)}"></iframe><script>{MEASURE}</script>',
        "utf-8",
    )
    command = [
        str(program), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'browser'}", "--window-size=1300,3100", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'data-found="([^"]*)"', done.stdout)
    assert found, done.stdout[:500] + done.stderr[-500:]
    measured: dict[str, Any] = json.loads(unescape(found[1]))
    return measured


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("languages", [("ar",), ("ar", "en")])
def test_arabic_is_laid_out_from_the_right_and_nothing_runs_over(
    tmp_path: Path, languages: tuple[str, ...], width: int
) -> None:
    message = compiled(*languages, place=NAIROBI, occasion=Occasion.UNDER_EMBARGO)
    found = laid_out(tmp_path, message.preview(NOUR).html, width)
    assert found["inner"] == width
    assert found["scroll"] <= width
    assert found["picture"] <= min(width, 640)
    assert found["wrong"] == 0
    assert found["arabic"] > 20
    left, right = found["headline"]
    sheet = min(width, 640)
    assert (width + sheet) / 2 - right < 40 < left - (width - sheet) / 2 + 30
    # Read from the right: the bracket that opens, the acronym's letters from left to right, the one that closes.
    opening, *letters, closing = found["acronym"]
    assert closing < letters[0]
    assert letters == sorted(letters)
    assert letters[-1] < opening
    opening, *letters, closing = found["offset"]
    assert closing < letters[0] < letters[-1] < opening
    assert found["phone"] == sorted(found["phone"])


def test_a_long_word_does_not_run_over(tmp_path: Path) -> None:
    html = compiled("en").preview(NOUR).html.replace("ferry ports</h1>", "ferry " + "ports" * 60 + "</h1>")
    assert laid_out(tmp_path, html, 390)["scroll"] <= 390
